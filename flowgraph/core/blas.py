"""How many threads the BLAS library behind NumPy uses.

OpenBLAS's own threads spin while they wait for each other. That is the fastest where the machine is
idle, and ruinous where it is not: with both cores of a machine of two busy, a product of 128×784 by
784×256 took 32 ms with two threads and 0.95 ms with one. So a run that multiplies matrices holds
the library to one thread while it lasts, and products that are worth it are split over our own pool
(`core.pool`), whose threads sleep. What the user had set is put back when the last such run ends.

The library is asked through its own functions. One that is not known (Accelerate, say) is left
alone: `held_to_one_thread` does nothing then.
"""

from __future__ import annotations

import ctypes
import glob
import os
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

# OpenBLAS under the names of NumPy's wheels (64- and 32-bit integers) and of distributions, MKL.
_NAMES = (("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
          ("scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"),
          ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
          ("openblas_get_num_threads", "openblas_set_num_threads"),
          ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"))
_FILES = ("openblas", "mkl_rt", "libblas", "libcblas")  # parts of the names of such libraries


class Library(NamedTuple):
    """A BLAS library that is loaded.

    Attributes:
        path: its file.
        get_threads: tells how many threads it uses.
        set_threads: sets how many it may use.
        handle: the library itself.
    """

    path: str
    get_threads: Callable[[], int]
    set_threads: Callable[[int], Any]
    handle: Any


def find() -> Library | None:
    """The BLAS library that NumPy has loaded, if its threads can be set."""
    for path in _loaded():
        try:
            handle = ctypes.CDLL(path)
        except OSError:
            continue
        for get, set_ in _NAMES:
            if hasattr(handle, get) and hasattr(handle, set_):
                setter = getattr(handle, set_)
                setter.argtypes, setter.restype = [ctypes.c_int], None
                return Library(path, getattr(handle, get), setter, handle)
    return None


def _loaded() -> list[str]:
    """Files of BLAS libraries that this process has loaded, NumPy's own first."""
    import numpy as np  # the library is loaded with it
    beside = os.path.join(os.path.dirname(os.path.dirname(np.__file__)), "numpy.libs")
    found = sorted(glob.glob(os.path.join(glob.escape(beside), "*openblas*")))
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            paths = {line.split(maxsplit=5)[-1].strip() for line in maps if "/" in line}
    except OSError:  # no Linux: what stands beside NumPy has to do
        return found
    loaded = [path for path in sorted(paths)
              if any(part in os.path.basename(path) for part in _FILES)]
    return sorted(loaded, key=lambda path: path not in found)


class _Holder:
    """Holds the library to one thread while somebody asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._before = 0
        self._library: Library | None = None
        self._is_found = False

    def __enter__(self) -> None:
        with self._lock:
            self._holders += 1
            if self._holders == 1:
                if not self._is_found:
                    self._library, self._is_found = find(), True
                if self._library is not None:
                    self._before = self._library.get_threads()
                    if self._before > 1:
                        self._library.set_threads(1)

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._holders -= 1
            if self._holders == 0 and self._library is not None and self._before > 1:
                self._library.set_threads(self._before)

    def forget(self) -> None:
        """In a process that was forked: those who held it are of the other process."""
        self._lock = threading.Lock()
        if self._holders and self._library is not None and self._before > 1:
            self._library.set_threads(self._before)
        self._holders = 0


held_to_one_thread = _Holder()  # `with held_to_one_thread:`; nests, and serves all threads at once
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=held_to_one_thread.forget)
