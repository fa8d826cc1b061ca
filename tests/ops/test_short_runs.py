"""Reductions over middle axes and of short rows give the same, however they are done."""

import tracemalloc

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops.short_runs import eased, row_sums

SHAPES = [((32, 1024, 4), 1), ((8, 16, 16, 20), (1, 2)), ((8, 16, 16, 20), (2, 1)),
          ((4096, 3), 0), ((4096, 3), -1), ((3000, 21), (1,)), ((9000, 64), 1), ((9000, 65), 1),
          ((64, 50, 128), -2), ((6, 99, 40), 1), ((4, 64, 5, 64), (0, 2)), ((3, 4), 0),
          ((8192, 1), 1), ((128, 64, 1), 1), ((4, 4096), (0, 1)), ((8, 32, 8, 8), (0, 1, 2))]


@pytest.mark.parametrize("name", ["reduce_max", "reduce_min", "reduce_mean"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_every_shape_is_reduced_as_numpy_does(name, dtype, keepdims):
    random = np.random.default_rng(0)
    for sizes, axes in SHAPES:
        x = random.integers(-1000, 1000, sizes).astype(dtype)
        function = getattr(np, name[len("reduce_"):])
        expected = function(x, axis=axes, keepdims=keepdims)
        if name == "reduce_mean" and dtype == "int32":
            expected = np.trunc(expected)
        with fg.Graph().as_default():
            fed = fg.placeholder(dtype, sizes)
            got = fg.Session().run(getattr(fg, name)(fed, axes, keepdims=keepdims), {fed: x})
        assert got.dtype == dtype
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize(("sizes", "axes"), SHAPES)
@pytest.mark.parametrize("function", ["max", "min"])
def test_nan_infinity_and_zeros_come_out_as_of_numpy(sizes, axes, function):
    random = np.random.default_rng(1)
    x = random.standard_normal(sizes).astype(np.float32)
    special = np.float32([np.nan, np.inf, -np.inf, 0.0])
    x[random.random(sizes) < 0.01] = special[random.integers(0, 4)]
    np.testing.assert_array_equal(getattr(eased(function, x, axes), function)(axis=axes),
                                  getattr(x, function)(axis=axes))


def test_what_does_not_lie_together_is_left_alone():
    x = np.zeros((200, 100), np.float32).T
    assert eased("max", x, 0) is x


def test_the_work_is_done_where_it_pays():
    assert eased("max", np.zeros((32, 1024, 64)), 1).shape == (32, 8, 64)
    assert eased("sum", np.zeros((8, 16, 16, 32)), (1, 2)).shape == (8, 16, 1, 32)
    assert eased("min", np.zeros((1000, 10)), 1).shape == (1000, 1)


@pytest.mark.parametrize("columns", [2, 3, 64])
def test_sums_of_turned_rows_copy_none(columns):
    x = np.random.default_rng(0).random((20, columns, 10, 30), np.float32)
    for given in (x.transpose(0, 2, 3, 1), x.transpose(2, 3, 0, 1), x[0, :, 0].T):
        tracemalloc.start()
        got = row_sums(given)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        np.testing.assert_allclose(got, given.sum(axis=-1, keepdims=True), rtol=1e-6)
        assert most < 2 * got.nbytes + 3000
