"""Products split over the pool give what NumPy gives, whatever is split and however it lies."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.core import parallel_numpy


@pytest.fixture(autouse=True)
def everything_is_split(monkeypatch) -> None:
    monkeypatch.setattr(parallel_numpy, "LARGE", 1)
    monkeypatch.setattr(parallel_numpy, "width", lambda: 3)


def numbers(*shape):
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("m,k,n", [(64, 5, 48), (200, 7, 3), (3, 7, 200), (17, 1, 97), (50, 4, 50),
                                   (1, 8, 33), (33, 8, 1), (0, 4, 40), (40, 0, 40), (129, 9, 129)])
@pytest.mark.parametrize("turned", ["", "a", "b", "ab"])
@pytest.mark.parametrize("is_busy", [False, True])
def test_dot(m, k, n, turned, is_busy, monkeypatch) -> None:
    monkeypatch.setattr(parallel_numpy, "_VERY_LARGE", 1)
    monkeypatch.setattr(parallel_numpy, "is_held_back", lambda: is_busy)
    a = numbers(k, m).T if "a" in turned else numbers(m, k)
    b = numbers(n, k).T if "b" in turned else numbers(k, n)
    expected = np.dot(a, b)
    np.testing.assert_allclose(parallel_numpy.dot(a, b), expected, rtol=1e-12)
    out = np.full((m, n), np.nan)
    assert parallel_numpy.dot(a, b, out=out) is out
    np.testing.assert_allclose(out, expected, rtol=1e-12)


def test_rows_are_shared_out_while_the_library_is_held_back(monkeypatch) -> None:
    shared = []
    monkeypatch.setattr(parallel_numpy, "parallel", lambda jobs: [
        shared.append(job.args[0].shape) or job() for job in jobs])
    a, b = numbers(20, 30), numbers(30, 10)
    for is_busy in (True, False):
        monkeypatch.setattr(parallel_numpy, "is_held_back", lambda is_busy=is_busy: is_busy)
        monkeypatch.setattr(parallel_numpy, "_VERY_LARGE", 20 * 30 * 10)
        parallel_numpy.dot(a, b)
        parallel_numpy.dot(a[1:], b)
    assert shared == [(3, 30), (3, 30), (4, 30), (3, 30), (3, 30), (4, 30)]


@pytest.mark.parametrize("rows", [1, 3, 4, 32, 33])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_few_rows_times_large_weights_that_are_transposed(rows, dtype) -> None:
    a, w = numbers(rows, 192).astype(dtype), numbers(200, 192).astype(dtype)
    a[0, 0], w[3, 4] = np.nan, np.inf
    expected = np.dot(a, w.T)
    np.testing.assert_allclose(parallel_numpy.dot(a, w.T), expected, rtol=2e-5, atol=1e-4)
    out = np.full((rows, 200), np.nan, dtype)
    assert parallel_numpy.dot(a, w.T, out=out) is out
    np.testing.assert_allclose(out, expected, rtol=2e-5, atol=1e-4)


def test_what_lies_apart_goes_to_numpys_dot_which_copies_it(monkeypatch) -> None:
    monkeypatch.setattr(parallel_numpy.np, "matmul", None)
    a, b = numbers(64, 80)[:, ::2], numbers(40, 64)
    np.testing.assert_allclose(parallel_numpy.dot(a, b), np.dot(a, b), rtol=1e-12)


def test_large_products_are_known_by_their_sizes() -> None:
    assert parallel_numpy.is_large((784, 256), (128, 256))  # many results
    assert parallel_numpy.is_large((32, 256), (1024, 256))  # few rows, large weights
    assert not parallel_numpy.is_large((32, 256), (64, 256))
    assert not parallel_numpy.is_large((1, 40_000), (512, 40_000))  # a row
    assert not parallel_numpy.is_large((40_000, 1), (512, 1))


@pytest.mark.parametrize("a,b", [((4, 5, 6), (4, 6, 3)), ((4, 5, 6), (6, 3)), ((5, 6), (7, 6, 3)),
                                 ((1, 5, 6), (7, 6, 3)), ((2, 3, 5, 6), (3, 6, 4)),
                                 ((2, 1, 5, 6), (1, 3, 6, 4)), ((5, 6), (6, 3)),
                                 ((0, 5, 6), (0, 6, 3)), ((4, 30, 1), (4, 1, 16)),
                                 ((3, 1, 5, 1), (2, 1, 7)), ((0, 5, 1), (0, 1, 2))])
def test_matmul(a, b) -> None:
    a, b = numbers(*a), numbers(*b)
    expected = np.matmul(a, b)
    np.testing.assert_allclose(parallel_numpy.matmul(a, b), expected, rtol=1e-12)
    out = np.full(expected.shape, np.nan)
    assert parallel_numpy.matmul(a, b, out=out) is out
    np.testing.assert_allclose(out, expected, rtol=1e-12)


@pytest.mark.parametrize("a,b,product", [((33, 40), (40, 21), "dot"), ((4, 5, 6), (6, 3), "matmul"),
                                         ((5, 6), (6, 3), "matmul"), ((0, 4), (4, 3), "dot")])
def test_halves_are_multiplied_as_float32(a, b, product, monkeypatch) -> None:
    seen = []

    def spy(real):
        def call(x, y, out=None):
            seen.append(x.dtype)
            return real(x, y, out=out)
        return call

    monkeypatch.setattr(parallel_numpy.np, "dot", spy(np.dot))
    monkeypatch.setattr(parallel_numpy.np, "matmul", spy(np.matmul))
    a, b = numbers(*a).astype(np.float16), numbers(*b).astype(np.float16)
    multiply = getattr(parallel_numpy, product)
    expected = multiply(a.astype(np.float32), b.astype(np.float32)).astype(np.float16)
    out = np.zeros(expected.shape, np.float16)
    assert multiply(a, b, out=out) is out
    for found in (multiply(a, b), out):
        assert found.dtype == np.float16
        np.testing.assert_array_equal(found, expected)
    assert set(seen) <= {np.dtype(np.float32)}
