"""Products by calls of cuBLAS: what it is told, by a library that does on the host what it says."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flowgraph.core.cublas import Cublas
from flowgraph.core.recorded_module import RecordedModule, leading_size

_DTYPES = {0: np.float32, 1: np.float64, 2: np.float16}


class Library:
    """The calls of cuBLAS that are used, as its documentation describes them."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.calls.append(name)
            if name == "cublasGemmEx":
                _multiply(*arguments)
            elif name == "cublasGemmStridedBatchedEx":
                _multiply_stacks(*arguments)
            return 0
        return call


def _multiply(handle, across, up, m, n, k, alpha, a, a_type, lda, b, b_type, ldb, beta, c, c_type,
              ldc, compute, algorithm):
    """C = op(A) op(B), in order of columns."""
    assert alpha._obj.value == 1
    assert beta._obj.value == 0
    assert compute.value == {0: 68, 1: 70, 2: 68}[c_type.value]
    left = _matrix(a, a_type, lda, *((k, m) if across.value else (m, k)))
    right = _matrix(b, b_type, ldb, *((n, k) if up.value else (k, n)))
    _matrix(c, c_type, ldc, m, n)[...] = (left.T if across.value else left) @ (
        right.T if up.value else right)


def _multiply_stacks(handle, across, up, m, n, k, alpha, a, a_type, lda, a_apart, b, b_type, ldb,
                     b_apart, beta, c, c_type, ldc, c_apart, count, compute, algorithm):
    for i in range(count.value):
        x, y, z = (ctypes.c_void_p(p.value + i * apart.value * np.dtype(_DTYPES[t.value]).itemsize)
                   for p, apart, t in ((a, a_apart, a_type), (b, b_apart, b_type),
                                       (c, c_apart, c_type)))
        _multiply(handle, across, up, m, n, k, alpha, x, a_type, lda, y, b_type, ldb, beta, z,
                  c_type, ldc, compute, algorithm)


def _matrix(pointer, kind, ld, rows, columns):
    """The matrix at an address, in order of columns."""
    rows, columns = rows.value, columns.value
    assert ld.value >= max(1, rows)
    dtype = np.dtype(_DTYPES[kind.value])
    size = (ld.value * (columns - 1) + rows) * dtype.itemsize
    memory = np.frombuffer((ctypes.c_char * size).from_address(pointer.value), dtype)
    return np.lib.stride_tricks.as_strided(memory, (rows, columns), (
        dtype.itemsize, ld.value * dtype.itemsize), writeable=True)


class Array(np.ndarray):
    """An array with CuPy's attribute for its address."""

    @property
    def data(self) -> Any:
        return SimpleNamespace(ptr=self.ctypes.data)


class Module:
    """What Cublas takes from CuPy."""

    _core = SimpleNamespace(get_compute_type=lambda dtype: 1)

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = getattr(np, name)(*args, **kwargs)
            return result.view(Array) if isinstance(result, np.ndarray) else result
        return call

    @staticmethod
    def empty(shape, dtype):
        return np.empty(shape, dtype).view(Array)


@pytest.fixture
def recorded():
    library = Library()
    blas = Cublas(Module(), SimpleNamespace(ptr=7), library)
    assert library.calls == ["cublasCreate_v2", "cublasSetStream_v2", "cublasSetWorkspace_v2"]
    return RecordedModule(Module(), lambda a, b, out: blas.product(
        a, leading_size(a), b, leading_size(b), out))


def numbers(shape, dtype=np.float32):
    return (np.arange(int(np.prod(shape)), dtype=dtype).reshape(shape) % 7 - 3).view(Array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16], ids=lambda d: d.__name__)
def test_matrices_are_multiplied_as_they_lie(recorded, dtype) -> None:
    wide = numbers((9, 11), dtype)
    lefts = [numbers((3, 4), dtype), numbers((4, 3), dtype).T, wide[1:4, 2:6], wide[2:6, 1:4].T,
             wide[::2, ::3][:3, :4], wide[:, :4][:3], numbers((1, 4), dtype)]
    rights = [numbers((4, 5), dtype), numbers((5, 4), dtype).T, wide[1:5, 2:7], wide[2:7, 1:5].T,
              numbers((4, 1), dtype), numbers((1, 4), dtype).T]
    for left in lefts:
        for right in rights:
            found = recorded.dot(left, right)
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, np.dot(left, right))


@pytest.mark.parametrize(("a", "b"), [
    ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((6, 1, 3, 4), (2, 4, 5)),
    ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5)),
    ((0, 4), (4, 5)), ((3, 0), (0, 5))], ids=str)
def test_stacks_of_matrices_broadcast(recorded, a, b) -> None:
    x, y = numbers(a), numbers(b)
    expected = np.matmul(x, y)
    np.testing.assert_array_equal(recorded.matmul(x, y), expected)
    if expected.ndim:
        out = np.empty_like(expected).view(Array)
        recorded.matmul(x, y, out=out)
        np.testing.assert_array_equal(out, expected)


def test_other_products_are_products_of_matrices(recorded) -> None:
    x, y = numbers((2, 3, 4)), numbers((4, 5))
    np.testing.assert_array_equal(recorded.dot(x, y), np.dot(x, y))
    np.testing.assert_array_equal(recorded.vdot(x, x), np.vdot(x, x))
    np.testing.assert_array_equal(recorded.tensordot(x, y, 1), np.tensordot(x, y, 1))
    z = numbers((5, 4, 3))
    np.testing.assert_array_equal(recorded.tensordot(x, z, ([1, 2], [2, 1])),
                                  np.tensordot(x, z, ([1, 2], [2, 1])))


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_arrays_are_joined_part_by_part(recorded, axis) -> None:
    parts = [numbers((3, 3)), numbers((3, 3)) * 2, numbers((3, 3)) + 1]
    np.testing.assert_array_equal(recorded.concatenate(parts, axis), np.concatenate(parts, axis))
    if axis is not None:
        np.testing.assert_array_equal(recorded.stack(parts, axis), np.stack(parts, axis))
        out = np.empty((3, 9) if axis else (9, 3), np.float32)
        recorded.concatenate(parts, axis, out=out)
        np.testing.assert_array_equal(out, np.concatenate(parts, axis))


def test_integers_are_left_to_the_module(recorded) -> None:
    x = numbers((2, 3), np.int32)
    np.testing.assert_array_equal(recorded.matmul(x, x.T), x @ x.T)


def test_a_call_that_fails_tells_its_status() -> None:
    class Broken(Library):
        def __getattr__(self, name: str) -> Any:
            return lambda *arguments: 13
    with pytest.raises(RuntimeError, match="cublasCreate_v2 failed with status 13"):
        Cublas(Module(), SimpleNamespace(ptr=7), Broken())
