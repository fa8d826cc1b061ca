"""Products of matrices by calls of cuBLAS itself, for what is recorded as a CUDA graph.

CuPy's own products raise NotImplementedError while a stream is recorded. cuBLAS allows it for
products; it has to be given memory to work in, or each recorded call keeps some of its own.

cuBLAS has matrices column by column. In memory a matrix row by row is its transpose, so what is
computed is out^T = b^T a^T.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_NOT_TRANSPOSED, _TRANSPOSED = 0, 1
_WORKSPACE = 32 << 20  # bytes, as NVIDIA advises for the largest GPUs
_DEFAULT_ALGORITHM = -1
_R_32F, _R_64F, _R_16F = 0, 1, 2  # cudaDataType_t
_COMPUTE_32F, _COMPUTE_32F_PEDANTIC, _COMPUTE_32F_TF32, _COMPUTE_64F = 68, 69, 77, 70
_DATA = {"float32": _R_32F, "float64": _R_64F, "float16": _R_16F}
# CuPy's numbers of ways to compute, see cupy/_core/_routines_linalg.pxd
_CUPY_PEDANTIC, _CUPY_TF32 = 2, 7
_LIBRARIES = ("libcublas.so.13", "libcublas.so.12", "cublas64_13.dll", "cublas64_12.dll")


class Cublas:
    """A handle of cuBLAS that works on one stream, in memory of its own.

    Args:
        xp: `cupy`; what it allocates now is memory that lives as long as this.
        stream: the stream.
        library: cuBLAS; default the one that CuPy has loaded.
    """

    def __init__(self, xp: Any, stream: Any, library: Any = None) -> None:
        self._xp = xp
        self._library = _loaded(xp) if library is None else library
        self._workspace = xp.empty(_WORKSPACE, "uint8")
        handle = ctypes.c_void_p()
        self._call("cublasCreate_v2", ctypes.byref(handle))
        self._handle = handle
        self._call("cublasSetStream_v2", handle, ctypes.c_void_p(stream.ptr))
        self._call("cublasSetWorkspace_v2", handle, ctypes.c_void_p(self._workspace.data.ptr),
                   ctypes.c_size_t(_WORKSPACE))

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle is not None and not sys.is_finalizing():  # CUDA may be gone before Python is
            self._library.cublasDestroy_v2(handle)

    def product(self, a: Any, a_read: tuple[bool, int], b: Any, b_read: tuple[bool, int],
                out: Any) -> None:
        """Writes a @ b into `out`.

        Args:
            a, b, out: arrays of rank 2, or of rank 3 with as many matrices; floats of one dtype.
            a_read, b_read: whether the matrices are transposed in memory, and how many numbers
                are from one row (or column) to the next.
        """
        (rows, columns), length, size = out.shape[-2:], a.shape[-1], out.dtype.itemsize
        data, compute = _DATA[out.dtype.name], self._way(out.dtype)
        real = ctypes.c_double if out.dtype.name == "float64" else ctypes.c_float
        one, zero = real(1), real(0)
        count = out.shape[0] if out.ndim == 3 else 1

        def matrices(x: Any, ld: int) -> tuple[Any, ...]:
            apart = x.strides[0] // size if x.ndim == 3 else 0
            given = ctypes.c_void_p(x.data.ptr), ctypes.c_int(data), ctypes.c_int(ld)
            return given if out.ndim == 2 else (*given, ctypes.c_longlong(apart))

        self._call(
            "cublasGemmEx" if out.ndim == 2 else "cublasGemmStridedBatchedEx", self._handle,
            ctypes.c_int(_TRANSPOSED if b_read[0] else _NOT_TRANSPOSED),
            ctypes.c_int(_TRANSPOSED if a_read[0] else _NOT_TRANSPOSED),
            ctypes.c_int(columns), ctypes.c_int(rows), ctypes.c_int(length), ctypes.byref(one),
            *matrices(b, b_read[1]), *matrices(a, a_read[1]), ctypes.byref(zero),
            *matrices(out, columns), *([ctypes.c_int(count)] if out.ndim == 3 else []),
            ctypes.c_int(compute), ctypes.c_int(_DEFAULT_ALGORITHM))

    def _way(self, dtype: Any) -> int:
        """How cuBLAS computes, as CuPy would have it."""
        if dtype.name == "float64":
            return _COMPUTE_64F
        way = self._xp._core.get_compute_type(dtype)
        if way == _CUPY_PEDANTIC:
            return _COMPUTE_32F_PEDANTIC
        return (_COMPUTE_32F_TF32 if way == _CUPY_TF32 and dtype.name == "float32"
                else _COMPUTE_32F)

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status:
            raise RuntimeError(f"{name} failed with status {status}")


def _loaded(xp: Any) -> Any:
    """The cuBLAS that CuPy uses: the system has it loaded, and finds it by its name."""
    xp.cuda.device.get_cublas_handle()
    version = xp.cuda.cublas.getVersion(xp.cuda.device.get_cublas_handle()) // 10000
    for name in sorted(_LIBRARIES, key=lambda name: f"{version}" not in name):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise RuntimeError(f"none of {', '.join(_LIBRARIES)} can be loaded")
