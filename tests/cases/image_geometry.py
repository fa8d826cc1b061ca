"""Cases of images flipped, turned, cut and padded; and of what is measured in them."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(9)
ONE = RNG.normal(size=(3, 4, 2))
MANY = RNG.normal(size=(2, 3, 4, 1))
SQUARE = RNG.normal(size=(4, 4, 3))
PHOTOS = RNG.uniform(size=(2, 13, 12, 3)).astype(np.float32)
NOISY = np.clip(PHOTOS + RNG.normal(scale=0.1, size=PHOTOS.shape), 0, 1).astype(np.float32)


def ssim(a, b, size=11, sigma=1.5, peak=1.0):
    """Window by window; (similarity, contrast) of each image and channel."""
    at = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (at / sigma)**2)
    weights = np.outer(weights, weights)[:, :, None] / np.outer(weights, weights).sum()
    c1, c2 = (0.01 * peak)**2, (0.03 * peak)**2
    values = []
    for i, j in np.ndindex(a.shape[1] - size + 1, a.shape[2] - size + 1):
        x, y = (image[:, i:i + size, j:j + size].astype(float) for image in (a, b))

        def mean(z):
            return (z * weights).sum(axis=(1, 2))
        mx, my = mean(x), mean(y)
        contrast = (2 * (mean(x * y) - mx * my) + c2) / (mean(x * x) - mx * mx + mean(y * y)
                                                         - my * my + c2)
        values.append(((2 * mx * my + c1) / (mx * mx + my * my + c1) * contrast, contrast))
    return np.mean(values, axis=0)


def halved(image):
    image = np.pad(image, ((0, 0), (0, image.shape[1] % 2), (0, image.shape[2] % 2), (0, 0)),
                   "symmetric")
    n, h, w, c = image.shape
    return image.reshape(n, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))


def multiscale(a, b, powers, size):
    contrast = ssim(a, b, size)[1]
    similar = ssim(halved(a), halved(b), size)[0]
    return (np.maximum(contrast, 0)**powers[0] * np.maximum(similar, 0)**powers[1]).mean(axis=-1)


def sobel(image):
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    n, m = image.shape[1:3]
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    return np.stack([sum(kernel[i, j] * padded[:, i:i + n, j:j + m] for i in range(3)
                         for j in range(3)) for kernel in (down, down.T)], axis=-1)


def next_to(x, axis):
    difference = np.diff(x, axis=axis)
    return np.concatenate([difference, np.zeros_like(np.take(x, [0], axis=axis))], axis=axis)


def whole(shape):
    """For functions that want a known rank."""
    return lambda x: fg.ensure_shape(x, [None] * len(shape))


CASES = [
    Case("flip_left_right/one", fg.image.flip_left_right, (ONE,), ONE[:, ::-1], grad=True),
    Case("flip_left_right/batch", fg.image.flip_left_right, (MANY,), MANY[:, :, ::-1]),
    Case("flip_up_down/one", fg.image.flip_up_down, (ONE,), ONE[::-1]),
    Case("flip_up_down/batch", fg.image.flip_up_down, (MANY,), MANY[:, ::-1], grad=True),
    Case("transpose_image/one", fg.image.transpose_image, (ONE,), ONE.transpose(1, 0, 2),
         grad=True),
    Case("transpose_image/batch", fg.image.transpose, (MANY,), MANY.transpose(0, 2, 1, 3)),
    *(Case(f"rot90/{k}", lambda x, k=k: fg.image.rot90(x, k), (ONE,), np.rot90(ONE, k), grad=True)
      for k in (0, 1, 2, 3, -1, 6)),
    Case("rot90/batch", fg.image.rot90, (MANY,), np.rot90(MANY, axes=(1, 2))),
    Case("rot90/fed", fg.image.rot90, (SQUARE, np.int32(3)), np.rot90(SQUARE, 3)),
    Case("central_crop/one", lambda x: fg.image.central_crop(whole(SQUARE.shape)(x), 0.5),
         (SQUARE,), SQUARE[1:3, 1:3], grad=True),
    Case("central_crop/batch", lambda x: fg.image.central_crop(whole(MANY.shape)(x), 0.3), (MANY,),
         MANY[:, 1:2, 1:3]),
    Case("central_crop/fed", lambda x, part: fg.image.central_crop(whole(SQUARE.shape)(x), part),
         (SQUARE, np.float32(0.5)), SQUARE[1:3, 1:3]),
    Case("crop_to_bounding_box/one", lambda x: fg.image.crop_to_bounding_box(x, 1, 0, 2, 3), (ONE,),
         ONE[1:, :3], grad=True),
    Case("crop_to_bounding_box/fed", lambda x, n: fg.image.crop_to_bounding_box(
        x, n[0], n[1], n[2], n[3]), (ONE, np.array([1, 0, 2, 3], np.int32)), ONE[1:, :3]),
    Case("pad_to_bounding_box/one", lambda x: fg.image.pad_to_bounding_box(x, 1, 2, 5, 7), (ONE,),
         np.pad(ONE, ((1, 1), (2, 1), (0, 0))), grad=True),
    Case("pad_to_bounding_box/fed", lambda x, n: fg.image.pad_to_bounding_box(
        x, n[0], n[1], n[2], n[3]), (ONE, np.array([1, 2, 5, 7], np.int32)),
        np.pad(ONE, ((1, 1), (2, 1), (0, 0)))),
    Case("resize_image_with_crop_or_pad/both", lambda x: fg.image.resize_image_with_crop_or_pad(
        x, 6, 3), (ONE,), np.pad(ONE[:, :3], ((1, 2), (0, 0), (0, 0))), grad=True),
    Case("resize_image_with_crop_or_pad/fed", lambda x, n: fg.image.resize_with_crop_or_pad(
        x, n[0], n[1]), (ONE, np.array([1, 6], np.int32)),
        np.pad(ONE[1:2], ((0, 0), (1, 1), (0, 0)))),
    Case("total_variation/one", lambda x: fg.image.total_variation(whole(ONE.shape)(x)), (ONE,),
         abs(np.diff(ONE, axis=0)).sum() + abs(np.diff(ONE, axis=1)).sum(), grad=True),
    Case("total_variation/batch", lambda x: fg.image.total_variation(whole(MANY.shape)(x)), (MANY,),
         abs(np.diff(MANY, axis=1)).sum((1, 2, 3)) + abs(np.diff(MANY, axis=2)).sum((1, 2, 3))),
    Case("image_gradients/batch", lambda x: fg.image.image_gradients(whole(MANY.shape)(x)), (MANY,),
         [next_to(MANY, 1), next_to(MANY, 2)], grad=True),
    Case("sobel_edges/batch", fg.image.sobel_edges, (MANY,), sobel(MANY), grad=True),
    Case("psnr/batch", lambda a, b: fg.image.psnr(a, b, 1.0), (PHOTOS, NOISY),
         -10 * np.log10(((PHOTOS - NOISY)**2).mean(axis=(1, 2, 3)))),
    Case("psnr/bytes", lambda a, b: fg.image.psnr(a, b, 255),
         (np.full((2, 2, 1), 10, np.uint8), np.full((2, 2, 1), 15, np.uint8)),
         20 * np.log10(255 / 5)),
    Case("ssim/batch", lambda a, b: fg.image.ssim(a, b, 1.0), (PHOTOS, NOISY),
         ssim(PHOTOS, NOISY)[0].mean(axis=-1), rtol=1e-3),
    Case("ssim/small_window", lambda a, b: fg.image.ssim(a, b, 1.0, 4, 0.8), (PHOTOS[0], NOISY[0]),
         ssim(PHOTOS, NOISY, 4, 0.8)[0].mean(axis=-1)[0], rtol=1e-3),
    Case("ssim_multiscale/batch", lambda a, b: fg.image.ssim_multiscale(
        a, b, 1.0, [0.4, 0.6], filter_size=5), (PHOTOS, NOISY),
        multiscale(PHOTOS, NOISY, [0.4, 0.6], 5), rtol=1e-3),
]

BAD = [
    BadCase("flip_left_right/rank", lambda: fg.image.flip_left_right([[1.0]]), ValueError,
            ("three-dimensional", "(1, 1)")),
    BadCase("flip_up_down/rank_5", lambda: fg.image.flip_up_down(np.ones((1, 1, 1, 1, 1))),
            ValueError, ("3 or 4",)),
    BadCase("flip_up_down/empty", lambda: fg.image.flip_up_down(ONE[:0]), ValueError,
            ("above 0",)),
    BadCase("flip_up_down/empty_run", fg.image.flip_up_down, InvalidArgumentError, ("> 0",),
            (ONE[:0],), "run"),
    BadCase("rot90/k", lambda: fg.image.rot90(ONE, [1]), ValueError, ("scalar",)),
    BadCase("central_crop/zero", lambda: fg.image.central_crop(ONE, 0.0), ValueError, ("0.0",)),
    BadCase("central_crop/rank", lambda x: fg.image.central_crop(x, 0.5), ValueError,
            ("3 or 4",), (ONE,)),
    BadCase("crop_to_bounding_box/outside", lambda: fg.image.crop_to_bounding_box(ONE, 2, 0, 2, 2),
            ValueError, ("height",)),
    BadCase("crop_to_bounding_box/outside_run", lambda x: fg.image.crop_to_bounding_box(
        x, 2, 0, 2, 2), InvalidArgumentError, ("height",), (ONE,), "run"),
    BadCase("pad_to_bounding_box/offset", lambda: fg.image.pad_to_bounding_box(ONE, -1, 0, 5, 5),
            ValueError, ("offset_height",)),
    BadCase("resize_image_with_crop_or_pad/zero",
            lambda: fg.image.resize_image_with_crop_or_pad(ONE, 0, 2), ValueError,
            ("target_height",)),
    BadCase("psnr/sizes", lambda: fg.image.psnr(ONE, SQUARE, 1.0), ValueError,
            ("(3, 4, 2)", "(4, 4, 3)")),
    BadCase("psnr/sizes_run", lambda x: fg.image.psnr(x, SQUARE, 1.0), InvalidArgumentError,
            ("(3, 4, 2)",), (ONE,), "run"),
    BadCase("ssim/small", lambda x: fg.image.ssim(x, x, 1.0), InvalidArgumentError, (),
            (PHOTOS[:, :5],), "run"),
    BadCase("total_variation/rank", lambda: fg.image.total_variation([[1.0]]), ValueError,
            ("3 or 4",)),
    BadCase("image_gradients/rank", lambda: fg.image.image_gradients(ONE), ValueError,
            ("(3, 4, 2)",)),
]
