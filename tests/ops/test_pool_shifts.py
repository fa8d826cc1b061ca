"""Gradients of overlapping maxima: by shifts, as tap by tap, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.ops import pool_shifts, pooling

CASES = [
    ((3, 9, 8, 4), (1, 3, 3, 1), (1, 2, 2, 1), "VALID"),
    ((3, 9, 8, 4), (1, 3, 3, 1), (1, 2, 2, 1), "SAME"),
    ((3, 9, 8, 4), (1, 3, 3, 1), (1, 1, 1, 1), "SAME"),
    ((2, 3, 7, 9), (1, 1, 4, 3), (1, 1, 1, 2), "SAME"),  # channels first
    ((2, 7, 9, 3), (1, 1, 5, 1), (1, 3, 2, 1), "SAME"),  # rows that no window sees
    ((2, 10, 11, 1), (1, 3, 5, 2), (1, 2, 4, 1), "SAME"),  # over channels too
    ((2, 2, 2, 3), (1, 9, 9, 1), (1, 4, 4, 1), "SAME"),  # larger than the image
    ((2, 5, 4, 6, 2), (1, 2, 3, 3, 1), (1, 2, 1, 2, 1), "VALID"),  # volumes
]


@pytest.fixture(autouse=True)
def any_size(monkeypatch):
    monkeypatch.setattr(pool_shifts, "_LEAST", 0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_same_bits(case, dtype, monkeypatch):
    shape, sizes, strides, padding = case
    place = pooling.pool_windows(sizes, strides, padding)
    assert pool_shifts.pays(np, np.ones(shape, dtype), place)
    random = np.random.default_rng(0)
    x = random.integers(-2, 3, shape).astype(dtype)  # with many ties
    x[random.random(shape) < 0.1] = np.nan
    x[random.random(shape) < 0.1] = -np.inf
    x[random.random(shape) < 0.1] = -0.0
    y = pooling.largest(np, x, place)
    y[random.random(y.shape) < 0.1] = 5  # no element of the window
    dy = random.standard_normal(y.shape).astype(dtype)
    dy[random.random(y.shape) < 0.1] = -0.0
    dy[random.random(y.shape) < 0.1] = np.inf
    monkeypatch.setattr(pool_shifts, "_TILE", x.nbytes // len(x))
    with np.errstate(invalid="ignore"):
        found = pooling.to_first(np, x, y, dy, place)
        monkeypatch.setattr(pool_shifts, "pays", lambda *_: False)
        wanted = pooling.to_first(np, x, y, dy, place)
    assert found.dtype == wanted.dtype
    assert (np.signbit(found) == np.signbit(wanted))[~np.isnan(wanted)].all()
    np.testing.assert_array_equal(found, wanted)


def test_what_it_leaves():
    overlapping = pooling.pool_windows((1, 3, 3, 1), (1, 2, 2, 1), "SAME")
    x = np.ones((1, 5, 5, 1), np.float32)
    assert pool_shifts.pays(np, x, overlapping)
    assert not pool_shifts.pays(np, x.astype(np.int32), overlapping)
    assert not pool_shifts.pays(None, x, overlapping)
    for sizes, strides in (((1, 2, 2, 1), (1, 2, 2, 1)), ((2, 3, 3, 1), (1, 2, 2, 1))):
        assert not pool_shifts.pays(np, x, pooling.pool_windows(sizes, strides, "SAME"))
