"""Cases of ops/volume_patches.py: NumPy's sliding windows are the oracle."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.random.default_rng(4).normal(size=(2, 5, 4, 6, 2))


def patches(x, ksizes, strides):
    seen = np.lib.stride_tricks.sliding_window_view(x, ksizes, (1, 2, 3))
    seen = np.moveaxis(seen, 4, -1)[:, ::strides[0], ::strides[1], ::strides[2]]
    return seen.reshape((*seen.shape[:4], -1))


CASES = [
    Case("ExtractVolumePatches/valid", lambda x: fg.extract_volume_patches(
        x, [1, 2, 3, 2, 1], [1, 2, 1, 3, 1], "VALID"), (X,),
        lambda x: patches(x, (2, 3, 2), (2, 1, 3)), grad=True),
    Case("ExtractVolumePatches/squared", lambda x: fg.square(fg.extract_volume_patches(
        x, [1, 2, 3, 2, 1], [1, 2, 1, 3, 1], "VALID")), (X,),
        lambda x: patches(x, (2, 3, 2), (2, 1, 3))**2, grad=True),
    Case("ExtractVolumePatches/same", lambda x: fg.extract_volume_patches(
        x, [1, 3, 2, 3, 1], [1, 2, 1, 1, 1], "SAME"), (X,),
        lambda x: patches(np.pad(x, [(0, 0), (1, 1), (0, 1), (1, 1), (0, 0)]), (3, 2, 3),
                          (2, 1, 1)), grad=True),
    Case("ExtractVolumePatches/same_with_wide_strides", lambda x: fg.extract_volume_patches(
        x, [1, 1, 1, 1, 1], [1, 1, 1, 4, 1], "SAME"), (X,), X[:, :, :, [0, 4]], grad=True),
    Case("ExtractVolumePatches/int32", lambda x: fg.extract_volume_patches(
        x, [1, 1, 1, 2, 1], [1, 1, 1, 1, 1], "VALID"),
        (np.arange(3, dtype=np.int32).reshape(1, 1, 1, 3, 1),),
        np.array([0, 1, 1, 2], np.int32).reshape(1, 1, 1, 2, 2)),
]

BAD = [
    BadCase("ExtractVolumePatches/rank", lambda: fg.extract_volume_patches(
        fg.zeros([2, 3, 4, 5]), [1] * 5, [1] * 5, "SAME"), ValueError, ("rank 5",)),
    BadCase("ExtractVolumePatches/ksizes", lambda: fg.extract_volume_patches(
        X, [1, 2], [1] * 5, "SAME"), ValueError, ("ksizes", "[1, 2]")),
    BadCase("ExtractVolumePatches/padding", lambda: fg.extract_volume_patches(
        X, [1] * 5, [1] * 5, "FULL"), ValueError, ("'FULL'",)),
    BadCase("ExtractVolumePatches/window", lambda: fg.extract_volume_patches(
        X, [1, 9, 1, 1, 1], [1] * 5, "VALID"), ValueError, ("window of 9", "size 5")),
]
