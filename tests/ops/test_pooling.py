"""Gradients of means over windows: images side by side, to the last bit as one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.ops import pooling

CASES = [
    ((3, 9, 8, 4), (1, 3, 3, 1), (1, 2, 2, 1), "VALID"),
    ((3, 9, 8, 4), (1, 3, 3, 1), (1, 2, 1, 1), "SAME"),
    ((3, 8, 6, 4), (1, 2, 2, 1), (1, 2, 2, 1), "VALID"),  # apart, without gaps
    ((3, 9, 7, 4), (1, 2, 2, 1), (1, 2, 2, 1), "VALID"),  # a last row that no window sees
    ((3, 9, 7, 4), (1, 2, 2, 1), (1, 2, 2, 1), "SAME"),
    ((3, 4, 9, 7), (1, 1, 2, 1), (1, 1, 3, 2), "SAME"),  # with gaps
    ((3, 4, 9, 7), (2, 1, 3, 2), (1, 1, 2, 2), "SAME"),  # over images too
    ((2, 2, 2, 3), (1, 9, 9, 1), (1, 4, 4, 1), "SAME"),  # larger than the image
    ((2, 5, 9, 3), (1, 5, 4, 1), (1, 3, 3, 1), "SAME"),
    ((3, 4, 5, 2), (1, 1, 1, 1), (1, 1, 1, 1), "SAME"),
    ((0, 4, 4, 2), (1, 2, 2, 1), (1, 2, 2, 1), "SAME"),
]


def added_up(sizes, dy, place):
    """One axis after the other: zeros, to which each element of the windows is added."""
    d = dy if dy.itemsize > 2 else dy.astype(np.float32)
    for share in pooling._shares(np, sizes, place, d.dtype):
        d = d * share
    for axis, taps in enumerate(place.taps(sizes)):
        if (place.sizes[axis], place.strides[axis]) != (1, 1):
            dx = np.zeros((*sizes[:axis + 1], *d.shape[axis + 1:]), d.dtype)
            for results, sources in taps:
                np.moveaxis(dx, axis, 0)[sources] += np.moveaxis(d, axis, 0)[results]
            d = dx
    return d.astype(dy.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("alone", [1, 1 << 30])  # bytes: in tiles, and not
@pytest.mark.parametrize("case", CASES, ids=str)
def test_means_are_shared_out(case, alone, dtype, monkeypatch):
    sizes, window, strides, padding = case
    monkeypatch.setattr(pooling, "_ALONE", alone)
    place = pooling.pool_windows(window, strides, padding)
    random = np.random.default_rng(0)
    dy = random.standard_normal(place.results(sizes)).astype(dtype)
    for number in (-0.0, np.nan, np.inf, -np.finfo(dtype).smallest_subnormal):
        dy[random.random(dy.shape) < 0.1] = number
    found = pooling.shared_out(np, sizes, dy, place)
    wanted = added_up(sizes, dy, place)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)
    if window != (1, 1, 1, 1):
        assert (np.signbit(found) == np.signbit(wanted))[~np.isnan(wanted)].all()
    assert not np.shares_memory(found, dy)
