"""How many threads the BLAS library behind NumPy uses, and for how long they stay awake.

OpenBLAS, which NumPy's wheels bring, splits products over threads of its own. They are the quickest
on an idle machine and ruinous on a busy one, since they spin while they wait for each other: with
both cores of two busy, a product of 128×784 by 784×256 took 32 ms with two threads and 0.95 ms with
one. And they go on spinning for a long time after a product, on the cores that our own threads
(`core.pool`) want. So:

- while a run multiplies matrices, the library may use as many threads as there are free cores;
- while jobs run side by side on our own pool, it is held to one, and also while two runs multiply
  at once;
- what the user had set is never exceeded, and put back when the last such run ends;
- its threads go to sleep 0.2 ms after a product, if the user has not set OPENBLAS_THREAD_TIMEOUT.

The library is asked through its own functions. One that is not known (Accelerate, say) is left
alone.
"""

from __future__ import annotations

import ctypes
import glob
import os
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from flowgraph.core.machine import free_cores

# OpenBLAS under the names of NumPy's wheels (64- and 32-bit integers) and of distributions, MKL.
_NAMES = (("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
          ("scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"),
          ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
          ("openblas_get_num_threads", "openblas_set_num_threads"),
          ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"))
_FILES = ("openblas", "mkl_rt", "libblas", "libcblas")  # parts of the names of such libraries
_TIMEOUT = "OPENBLAS_THREAD_TIMEOUT"
# 2**19 ticks of the processor's clock, 0.2 ms; OpenBLAS's own is 2**26. Between two products of a
# recurrent network lies 0.1 to 0.2 ms of arithmetic, and waking a thread takes as long as half of a
# product of 32x256 by 256x1024.
_AWAKE = "19"
_A_PART = 0.25  # of a core that others use is no reason to do without it


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


def let_sleep(library: Library) -> bool:
    """Lets the threads of OpenBLAS sleep 0.2 ms after their last product.

    OpenBLAS reads how long they spin from the environment, and applies it when it begins to serve
    threads. If it does so already, it is told to begin anew, with no threads to be made.

    Returns:
        Whether it was done: not if the user has chosen, nor with another library.
    """
    handle = library.handle
    if _TIMEOUT in os.environ or not hasattr(handle, "openblas_read_env"):
        return False
    try:
        serves, threads = (ctypes.c_int.in_dll(handle, name)
                           for name in ("blas_server_avail", "blas_num_threads"))
        # Called with the interpreter's lock held: no other thread of Python comes in between.
        begin = ctypes.PyDLL(library.path).blas_thread_init
    except (ValueError, AttributeError):  # a build that does not show them
        return False
    os.environ[_TIMEOUT] = _AWAKE
    try:
        handle.openblas_read_env()
    finally:
        del os.environ[_TIMEOUT]
    if serves.value == 1:
        made = threads.value
        threads.value, serves.value = 1, 0
        begin()
        threads.value = made
    return True


class _Threads:
    """The number of threads of the library: the user's, or what those who hold it allow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._library: Library | None = None
        self._is_found = False
        self._runs = self._held = 0
        self._users = self._now = 1

    def change(self, runs: int, held: int) -> None:
        """So many more runs that multiply, and so many more who hold it to one thread."""
        with self._lock:
            if not (self._runs or self._held):
                if not self._is_found:
                    self._find()
                if self._library is not None:
                    self._users = self._now = self._library.get_threads()
            self._runs += runs
            self._held += held
            try:
                if self._users > 1 and self._library is not None:
                    wanted = self._wanted()
                    if wanted != self._now:
                        self._library.set_threads(wanted)
                        self._now = wanted
            except BaseException:  # Ctrl-C: who is not let in does not leave either
                if runs + held > 0:
                    self._runs -= runs
                    self._held -= held
                raise

    def _wanted(self) -> int:
        if self._held or self._runs > 1:
            return 1
        if self._runs:
            return max(1, min(self._users, int(free_cores() + _A_PART)))
        return self._users

    @property
    def are_held_back(self) -> bool:
        """Whether a run has fewer threads than the user allows, since others use the cores."""
        return self._runs == 1 and not self._held and self._now < self._users

    def _find(self) -> None:
        self._library, self._is_found = find(), True
        if self._library is not None and self._library.get_threads() > 1:
            let_sleep(self._library)

    def forget(self) -> None:
        """In a process that was forked: those who held it are of the other process."""
        self._lock = threading.Lock()
        if self._library is not None and self._now != self._users:
            self._library.set_threads(self._users)
        self._now = self._users
        self._runs = self._held = 0


class _Held:
    """A `with` block; it nests, and serves all threads at once."""

    def __init__(self, threads: _Threads, runs: int, held: int) -> None:
        self._threads = threads
        self._change = runs, held

    def __enter__(self) -> None:
        self._threads.change(*self._change)

    def __exit__(self, *error: object) -> None:
        runs, held = self._change
        self._threads.change(-runs, -held)


_threads = _Threads()


def is_held_back() -> bool:
    """Whether the run that multiplies has fewer threads of the library than there could be."""
    return _threads.are_held_back


held_to_free_cores = _Held(_threads, 1, 0)  # `with held_to_free_cores:` around a run
held_to_one_thread = _Held(_threads, 0, 1)  # around what runs beside other products
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.forget)
