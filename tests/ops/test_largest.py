"""The places of the largest elements: every way gives what a stable sort gives."""

import numpy as np
import pytest

from flowgraph.ops import largest
from flowgraph.ops.largest import largest_places

NUMBERS = np.random.RandomState(0)
DTYPES = ("float16", "float32", "float64", "int8", "uint8", "int32", "uint32", "int64")


def _rows(dtype, *shape):
    rows = NUMBERS.standard_normal(shape) * 20
    return rows.astype("int64").astype(dtype) if np.dtype(dtype).kind != "f" else rows.astype(dtype)


def _stably(x, k):
    falling = -x if x.dtype.kind == "f" else np.invert(x)
    return np.argsort(falling, axis=-1, kind="stable")[..., :k]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("sizes", "k"), [
    ((3, 7), 2), ((4, 900), 3), ((2, 3, 700), 1), ((4, 900), 300), ((4, 900), 900),
    ((2, 1100), 9), ((50, 3, 64), 8), ((200, 10), 1), ((1100, 64), 8),
    ((1100,), 1100),
    ((0, 2000), 3), ((3, 1100), 0)])
def test_every_way_is_that_of_a_stable_sort(dtype, sizes, k):
    x = _rows(dtype, *sizes)
    places = largest_places(np, x, k)
    assert places.dtype == np.int32
    np.testing.assert_array_equal(places, _stably(x, k))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("k", [1, 5, 400, 1500])
@pytest.mark.parametrize("special", [
    [np.nan], [-np.nan], [np.inf, -np.inf], [0.0, -0.0], [np.nan, -np.nan, np.inf, 0.0, -0.0]])
def test_nan_comes_last_and_zeros_are_equal(dtype, k, special):
    x = _rows(dtype, 3, 1500)
    chosen = NUMBERS.random_sample(x.shape) < 0.3
    x[chosen] = NUMBERS.choice(np.array(special, dtype), int(chosen.sum()))
    np.testing.assert_array_equal(largest_places(np, x, k), _stably(x, k))


@pytest.mark.parametrize("k", [1, 2, 8])
def test_few_of_each_row_are_found_in_memory_of_any_order(k):
    x = np.round(_rows("float32", 90, 80) / 10)  # many are equal
    before = x.copy()
    for given in (x, x.T, x[::2, ::-1], np.asfortranarray(x)):
        np.testing.assert_array_equal(largest_places(np, given, k), _stably(given, k))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(("length", "k", "turns"), [
    (8000, 8, True), (9000, 8, False), (30_000, 2, True), (40_000, 2, False), (100_000, 1, True)])
def test_long_rows_are_not_gone_through_many_times(length, k, turns, monkeypatch):
    taken = []
    real = largest._one_by_one
    monkeypatch.setattr(largest, "_one_by_one", lambda *args: taken.append(args) or real(*args))
    x = _rows("float32", 3, length)
    np.testing.assert_array_equal(largest_places(np, x, k), _stably(x, k))
    assert bool(taken) == turns


def test_a_row_of_equal_elements_keeps_its_order():
    x = np.zeros((2, 5000), np.float32)
    x[1, 17] = 1
    np.testing.assert_array_equal(largest_places(np, x, 3), [[0, 1, 2], [17, 0, 1]])


def test_a_nan_beyond_the_last_part_is_passed_over():
    x = _rows("float32", 2, 64 * 9 + 5)
    x[:, -1] = np.nan
    np.testing.assert_array_equal(largest_places(np, x, 4), _stably(x, 4))


def test_unsigned_extremes():
    x = np.tile(np.array([0, 2 ** 32 - 1, 2 ** 31, 2 ** 31 - 1, 1], np.uint32), 300)
    np.testing.assert_array_equal(largest_places(np, x, 1500), _stably(x, 1500))
    np.testing.assert_array_equal(largest_places(np, x.view(np.int32), 40),
                                  _stably(x.view(np.int32), 40))
