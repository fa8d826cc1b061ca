"""Cases of the four ops that resize images, and of the functions around them."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.image_resize import ResizeNearestNeighborGrad
from flowgraph.testing import BadCase, Case

# Results are float32: images of 0 keep rounding out of the differences that check gradients.
ZEROS = np.zeros((2, 3, 4, 2))
IMAGE = np.random.default_rng(4).normal(size=(2, 5, 7, 3)).astype(np.float32)
BYTES = np.random.default_rng(5).integers(0, 256, (1, 4, 6, 1)).astype(np.uint8)


def scales(image, size, align):
    return [(n - 1) / (m - 1) if align and m > 1 else n / m
            for n, m in zip(image.shape[1:3], size, strict=True)]


def nearest(image, size, align=False, half=False):
    """Pixel by pixel."""
    result = np.zeros((len(image), *size, image.shape[3]), image.dtype)
    for place in np.ndindex(size):
        at = [(p + 0.5 * half) * s for p, s in zip(place, scales(image, size, align), strict=True)]
        row, column = (min(int(np.floor(a + 0.5 * align)), n - 1)
                       for a, n in zip(at, image.shape[1:3], strict=True))
        result[:, place[0], place[1]] = image[:, row, column]
    return result


def by_weights(image, size, align, half, weight):
    """Pixel by pixel: a sum over all old pixels, weighted by their distance."""
    result = np.zeros((len(image), *size, image.shape[3]))
    for place in np.ndindex(size):
        whole = np.ones((1, 1))
        for p, s, n in zip(place, scales(image, size, align), image.shape[1:3], strict=True):
            at = (p + 0.5) * s - 0.5 if half else p * s
            whole = np.multiply.outer(whole, weight(at, n))
        result[:, place[0], place[1]] = np.einsum("nhwc,hw->nc", image.astype(float),
                                                  whole.reshape(image.shape[1:3]))
    return result.astype(np.float32)


def linear(at, n):
    at = min(max(at, 0), n - 1)
    return np.maximum(0, 1 - abs(np.arange(n) - at))


def cubic(at, n):
    """Cubic convolution, a = -0.75, the edge repeated."""
    result = np.zeros(n)
    for tap in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
        d, a = abs(tap - at), -0.75
        result[min(max(tap, 0), n - 1)] += ((a + 2) * d**3 - (a + 3) * d**2 + 1 if d <= 1 else
                                            a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a)
    return result


def keys(at, n):
    """Keys' cubic, a = -0.5, places outside left out."""
    d, a = abs(np.arange(n) - at), -0.5
    near, far = (a + 2) * d**3 - (a + 3) * d**2 + 1, a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    result = np.where(d <= 1, near, np.where(d < 2, far, 0))
    return result / result.sum()


def area(image, size):
    """The mean over what each pixel covers, in steps of a 60th."""
    fine = np.repeat(np.repeat(image.astype(float), size[0], 1), size[1], 2)
    n, h, w, c = image.shape
    return fine.reshape(n, size[0], h, size[1], w, c).mean(axis=(2, 4)).astype(np.float32)


def resized(name, size, **options):
    return lambda x: getattr(fg.image, name)(x, size, **options)


def case(name, function, expect, image=IMAGE, **more):
    return Case(name, function, (image,), expect, rtol=2e-5, atol=2e-5, **more)


CASES = [
    Case("ResizeNearestNeighbor/up", resized("resize_nearest_neighbor", (8, 9)), (IMAGE,),
         nearest(IMAGE, (8, 9)), grad=True),
    Case("ResizeNearestNeighbor/corners", resized("resize_nearest_neighbor", (3, 11),
                                                  align_corners=True), (IMAGE,),
         nearest(IMAGE, (3, 11), align=True), grad=True),
    Case("ResizeNearestNeighbor/half_pixels", resized("resize_nearest_neighbor", (2, 10),
                                                      half_pixel_centers=True), (BYTES,),
         nearest(BYTES, (2, 10), half=True)),
    Case("ResizeNearestNeighborGrad/squared", lambda x: fg.square(
        resized("resize_nearest_neighbor", (5, 2))(x)), (IMAGE.astype(float),),
        nearest(IMAGE.astype(float), (5, 2))**2, grad=True),
    Case("ResizeNearestNeighborGrad/sums", lambda x: ResizeNearestNeighborGrad.build(x, [1, 2]),
         (np.arange(8, dtype=np.float32).reshape(1, 2, 4, 1),), np.array([[[[10], [18]]]]),
         grad=True),
    case("ResizeBilinear/up", resized("resize_bilinear", (8, 9)),
         by_weights(IMAGE, (8, 9), False, False, linear)),
    case("ResizeBilinear/down_corners", resized("resize_bilinear", (2, 4), align_corners=True),
         by_weights(IMAGE, (2, 4), True, False, linear)),
    case("ResizeBilinear/half_pixels", resized("resize_bilinear", (9, 3), half_pixel_centers=True),
         by_weights(IMAGE, (9, 3), False, True, linear)),
    case("ResizeBilinear/bytes", resized("resize_bilinear", (5, 5)),
         by_weights(BYTES, (5, 5), False, False, linear), BYTES),
    case("ResizeBilinear/many_channels", resized("resize_bilinear", (4, 6)),
         by_weights(np.tile(IMAGE, 7), (4, 6), False, False, linear), np.tile(IMAGE, 7)),
    Case("ResizeBilinear/same_size", resized("resize_bilinear", (1, 2)),
         (np.array([[[[np.inf], [1.0]]]]),), np.array([[[[np.inf], [1.0]]]], np.float32)),
    Case("ResizeBilinear/no_images", resized("resize_bilinear", (4, 4)), (IMAGE[:0],),
         np.zeros((0, 4, 4, 3), np.float32)),
    Case("ResizeBilinear/gradient", resized("resize_bilinear", (5, 3)), (ZEROS,),
         np.zeros((2, 5, 3, 2)), grad=True),
    Case("ResizeBilinearGrad/squared", lambda x: fg.square(resized("resize_bilinear", (5, 3))(x)),
         (ZEROS,), np.zeros((2, 5, 3, 2)), grad=True),
    Case("ResizeBilinearGrad/half_pixels", lambda x: fg.square(resized(
        "resize_bilinear", (2, 7), half_pixel_centers=True)(x)), (ZEROS,),
        np.zeros((2, 2, 7, 2)), grad=True),
    case("ResizeBicubic/up", resized("resize_bicubic", (10, 14)),
         by_weights(IMAGE, (10, 14), False, False, cubic)),
    case("ResizeBicubic/half_pixels", resized("resize_bicubic", (10, 14), half_pixel_centers=True),
         by_weights(IMAGE, (10, 14), False, True, keys)),
    Case("ResizeBicubicGrad/squared", lambda x: fg.square(resized("resize_bicubic", (5, 3))(x)),
         (ZEROS,), np.zeros((2, 5, 3, 2)), grad=True),
    Case("ResizeBicubicGrad/corners", lambda x: fg.square(resized(
        "resize_bicubic", (6, 2), align_corners=True)(x)), (ZEROS,), np.zeros((2, 6, 2, 2)),
        grad=True),
    case("ResizeArea/up_and_down", resized("resize_area", (6, 4)), area(IMAGE, (6, 4))),
    case("ResizeArea/bytes", resized("resize_area", (3, 4)), area(BYTES, (3, 4)), BYTES),
    case("ResizeArea/one_pixel_corners", resized("resize_area", (3, 2), align_corners=True),
         np.full((1, 3, 2, 1), 7.0), np.full((1, 1, 1, 1), 7.0)),
    case("resize_images/one_image", lambda x: fg.image.resize_images(x, [4, 6]),
         by_weights(IMAGE, (4, 6), False, False, linear)[0], IMAGE[0], unknown_shapes=False),
    case("resize_images/ratio", lambda x: fg.image.resize_images(
        x, [10, 9], preserve_aspect_ratio=True),
        by_weights(IMAGE, (6, 9), False, False, linear), unknown_shapes=False),
    Case("resize_images/same", lambda x: fg.image.resize_images(x, [4, 6]), (BYTES,), BYTES,
         unknown_shapes=False),
    Case("resize_images/computed_size", lambda x, size: fg.image.resize(
        fg.ensure_shape(x, [None] * 4), size, "nearest", preserve_aspect_ratio=True),
        (IMAGE, np.array([3, 7], np.int32)), nearest(IMAGE, (3, 4))),
    Case("resize_image_with_pad/wide", lambda x: fg.image.resize_image_with_pad(x, 9, 4, method=1),
         (BYTES,), np.pad(nearest(BYTES, (2, 4)), ((0, 0), (3, 4), (0, 0), (0, 0))),
         unknown_shapes=False),
]

BAD = [
    BadCase("ResizeBilinear/rank", lambda: fg.image.resize_bilinear(IMAGE[0], [2, 2]), ValueError,
            ("rank 4", "(5, 7, 3)")),
    BadCase("ResizeBicubic/size", lambda: fg.image.resize_bicubic(IMAGE, [2, 2, 2]), ValueError,
            ("2 numbers",)),
    BadCase("ResizeArea/negative", lambda: fg.image.resize_area(IMAGE, [2, -2]), ValueError,
            ("-2",)),
    BadCase("ResizeNearestNeighbor/zero", lambda x: fg.image.resize_nearest_neighbor(x, [0, 2]),
            InvalidArgumentError, ("positive",), (IMAGE,), "run"),
    BadCase("ResizeBilinear/flags", lambda x: fg.image.resize_bilinear(
        x, [2, 2], align_corners=True, half_pixel_centers=True), InvalidArgumentError,
        ("half_pixel_centers",), (IMAGE,), "run"),
    BadCase("ResizeBilinear/empty", lambda x: fg.image.resize_bilinear(x, [2, 2]),
            InvalidArgumentError, ("non-zero",), (IMAGE[:, :0],), "run"),
    BadCase("resize_images/method", lambda: fg.image.resize_images(IMAGE, [2, 2], 7), ValueError,
            ("7", "ResizeMethod")),
    BadCase("resize_images/size", lambda: fg.image.resize_images(IMAGE, [2.5, 2.0]), ValueError,
            ("int32",)),
    BadCase("resize_images/rank", lambda x: fg.image.resize_images(x, [2, 2]), ValueError,
            ("rank",), (IMAGE,)),
    BadCase("resize_image_with_pad/zero", lambda: fg.image.resize_image_with_pad(IMAGE, 0, 2),
            ValueError, ("target_height",)),
]
