"""Cases of ops/projective.py, against pixels taken one by one."""

from __future__ import annotations

import math

import numpy as np

from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.ops.projective import ImageProjectiveTransformV2, image_projective_transform
from flowgraph.testing import BadCase, Case

IMAGES = np.random.default_rng(6).integers(0, 99, (2, 4, 5, 2)).astype(np.float32)
TURNED = np.float32([[0.8, -0.5, 0.7, 0.6, 0.9, -0.4, 0.02, -0.01],
                     [1, 0, -0.25, 0, 1, 1.5, 0, 0]])
SHIFTED = np.float32([[1, 0, -1, 0, 1, 0, 0, 0]])


def pixel(image, row, column):
    inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
    return image[int(row), int(column)] if inside else np.zeros_like(image[0, 0])


def between(image, row, column, nearest):
    if nearest:
        return pixel(image, *(math.trunc(float(p) + math.copysign(0.5, p)) for p in (row, column)))
    i, j = math.floor(row), math.floor(column)
    upper, lower = ((j + 1 - column) * pixel(image, line, j)
                    + (column - j) * pixel(image, line, j + 1) for line in (i, i + 1))
    return (i + 1 - row) * upper + (row - i) * lower


def seen(images, transforms, sizes, nearest):
    result = np.zeros((len(images), *sizes, images.shape[3]), images.dtype)
    for n, image in enumerate(images):
        a0, a1, a2, b0, b1, b2, c0, c1 = transforms[n % len(transforms)]
        for y in range(sizes[0]):
            for x in range(sizes[1]):
                k = c0 * x + c1 * y + np.float32(1)
                if k:
                    result[n, y, x] = between(image, (b0 * x + b1 * y + b2) / k,
                                              (a0 * x + a1 * y + a2) / k, nearest)
    return result


def row(name, images, transforms, kind, sizes=(4, 5)):
    return Case(f"ImageProjectiveTransformV2/{name}",
                lambda x, t: image_projective_transform(x, t, sizes, kind), (images, transforms),
                lambda x, t: seen(x, t, sizes, kind == "NEAREST"), rtol=1e-4, atol=1e-3)


CASES = [
    row("nearest", IMAGES, TURNED, "NEAREST"), row("bilinear", IMAGES, TURNED, "BILINEAR"),
    row("one_for_all", IMAGES, TURNED[:1], "BILINEAR"),
    row("other_sizes", IMAGES, TURNED, "BILINEAR", (6, 3)),
    row("ints", IMAGES.astype(np.int32), TURNED, "NEAREST"),
    row("seen_from_within", IMAGES, np.float32([[1, 0, 0, 0, 1, 0, -0.5, 0]]), "BILINEAR"),
    Case("ImageProjectiveTransformV2/own_sizes", image_projective_transform,
         (IMAGES, np.float32([[-1, 0, 4, 0, 1, 0, 0, 0]])), IMAGES[:, :, ::-1]),
    Case("ImageProjectiveTransformV2/outside_of_nan",
         lambda t: image_projective_transform(np.float32([[[[np.nan], [1.0]]]]), t), (SHIFTED,),
         [[[[0.0], [np.nan]]]]),
    Case("ImageProjectiveTransformV2/no_pixels",
         lambda x, t: image_projective_transform(x, t, [1, 2]),
         (np.zeros((1, 0, 3, 1), np.float32), SHIFTED), np.zeros((1, 1, 2, 1))),
    Case("ImageProjectiveTransformV2/just_below_a_half",
         lambda t: image_projective_transform(np.float32([[[[7.0], [8.0]]]]), t, [1, 1]),
         (np.float32([[0, 0, np.nextafter(np.float32(0.5), np.float32(0)), 0, 0, 0, 0, 0]]),),
         [[[[7.0]]]]),
]

BAD = [
    BadCase("ImageProjectiveTransformV2/transforms", lambda: image_projective_transform(
        IMAGES, [[1.0, 2.0]]), ShapeError, ("[images, 8]", "(1, 2)")),
    BadCase("ImageProjectiveTransformV2/interpolation", lambda: image_projective_transform(
        IMAGES, TURNED, [2, 2], "CUBIC"), ShapeError, ("CUBIC", "BILINEAR")),
    BadCase("ImageProjectiveTransformV2/fill_mode", lambda: ImageProjectiveTransformV2.build(
        IMAGES, TURNED, [2, 2], interpolation="NEAREST", fill_mode="WRAP"), ShapeError,
        ("WRAP",)),
    BadCase("ImageProjectiveTransformV2/count", image_projective_transform, InvalidArgumentError,
            ("each of 2 images", "3"), (IMAGES, np.ones((3, 8), np.float32)), "run"),
]
