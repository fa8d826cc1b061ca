"""Cases of extract_image_patches."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.patches import extract_image_patches
from flowgraph.testing import BadCase, Case

IMAGE = np.random.default_rng(3).normal(size=(2, 5, 6, 2))


def by_loop(x, k, s, r, before):
    """Windows one by one, of an image that is zero outside."""
    (top, oh), (left, ow) = before
    far = np.zeros((x.shape[0], x.shape[1] + 20, x.shape[2] + 20, x.shape[3]), x.dtype)
    far[:, 10:10 + x.shape[1], 10:10 + x.shape[2]] = x
    result = np.zeros((x.shape[0], oh, ow, k[0] * k[1] * x.shape[3]), x.dtype)
    for i in range(oh):
        for j in range(ow):
            a, b = 10 + i * s[0] - top, 10 + j * s[1] - left
            window = far[:, a:a + k[0] * r[0]:r[0], b:b + k[1] * r[1]:r[1]]
            result[:, i, j] = window.reshape(x.shape[0], -1)
    return result


def patches(k, s, r, padding):
    return lambda x: extract_image_patches(x, [1, *k, 1], [1, *s, 1], [1, *r, 1], padding)


CASES = [
    Case("ExtractImagePatches/valid", patches((2, 3), (1, 2), (1, 1), "VALID"), (IMAGE,),
         by_loop(IMAGE, (2, 3), (1, 2), (1, 1), ((0, 4), (0, 2))), grad=True),
    Case("ExtractImagePatches/same", patches((3, 3), (2, 2), (1, 1), "SAME"), (IMAGE,),
         by_loop(IMAGE, (3, 3), (2, 2), (1, 1), ((1, 3), (0, 3))), grad=True),
    Case("ExtractImagePatches/rates", patches((2, 2), (2, 1), (2, 3), "VALID"), (IMAGE,),
         by_loop(IMAGE, (2, 2), (2, 1), (2, 3), ((0, 2), (0, 3))), grad=True),
    Case("ExtractImagePatches/squared",
         lambda x: fg.square(patches((2, 2), (2, 2), (1, 1), "SAME")(x)), (IMAGE,),
         by_loop(IMAGE, (2, 2), (2, 2), (1, 1), ((0, 3), (0, 3)))**2, grad=True),
    Case("ExtractImagePatches/same_rates", patches((2, 3), (1, 1), (2, 1), "SAME"), (IMAGE,),
         by_loop(IMAGE, (2, 3), (1, 1), (2, 1), ((1, 5), (1, 6)))),
    Case("ExtractImagePatches/gaps", patches((1, 1), (3, 4), (1, 1), "SAME"),
         (IMAGE.astype(np.float32),), IMAGE[:, ::3, ::4].astype(np.float32), grad=True),
    Case("ExtractImagePatches/ints", patches((2, 2), (1, 1), (1, 1), "VALID"),
         (np.array([[[[1], [2]], [[3], [4]]]], np.int32),), np.array([[[[1, 2, 3, 4]]]])),
    Case("ExtractImagePatches/sizes", lambda x: extract_image_patches(
        x, strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID", sizes=[1, 5, 6, 1]),
        (IMAGE,), IMAGE.reshape(2, 1, 1, 60)),
    Case("ExtractImagePatches/no_windows", patches((6, 2), (1, 1), (1, 1), "VALID"), (IMAGE,),
         np.zeros((2, 0, 5, 24))),
    Case("ExtractImagePatches/no_images", patches((2, 2), (1, 1), (1, 1), "SAME"), (IMAGE[:0],),
         np.zeros((0, 5, 6, 8))),
]

BAD = [
    BadCase("ExtractImagePatches/ksizes", lambda: extract_image_patches(
        IMAGE, [2, 2], [1, 1, 1, 1], [1, 1, 1, 1], "SAME"), ValueError, ("ksizes", "[2, 2]")),
    BadCase("ExtractImagePatches/missing", lambda: extract_image_patches(IMAGE, [1, 2, 2, 1]),
            TypeError, ("strides",)),
    BadCase("ExtractImagePatches/padding", lambda: patches((2, 2), (1, 1), (1, 1), "FULL")(IMAGE),
            ValueError, ("FULL",)),
    BadCase("ExtractImagePatches/large", lambda: patches((7, 2), (1, 1), (1, 1), "VALID")(IMAGE),
            ValueError, ("window of 7",)),
    BadCase("ExtractImagePatches/large_run", patches((7, 2), (1, 1), (1, 1), "VALID"),
            InvalidArgumentError, ("window of 7",), (IMAGE,), "run"),
]
