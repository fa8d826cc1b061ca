"""A GPU of this machine, through CuPy."""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import Any

import numpy as np

from flowgraph.core import tensor_float_32
from flowgraph.core.gpu import Gpu


class CupyGpu(Gpu):
    """A GPU of this machine. It is told nothing, and takes no memory of it, until it is entered.

    Args:
        number: CuPy's number of it.
        name: what programs call it; "gpu:" and the number among those that the session sees.
        limit: bytes of its memory that may be used.
        sibling: another part of the same GPU, whose stream this one takes; None for a new one.
    """

    def __init__(self, number: int, name: str, limit: int, sibling: CupyGpu | None = None) -> None:
        super().__init__(name, import_module("cupy"))
        self.device = self.xp.cuda.Device(number)
        self._limit = limit
        self._sibling = sibling
        self._allocator = threading.local()  # per thread: the contexts that are entered
        self._stream: Any = None
        self._pool: Any = None

    @property
    def stream(self) -> Any:
        """The session's stream on this GPU.

        It waits for CuPy's default stream, and that one for it: what a caller has computed there
        may be fed, and what is handed out may be used there.
        """
        if self._stream is None:
            if self._sibling is not None:
                self._stream = self._sibling.stream
            else:
                with self._lock, self.device:
                    if self._stream is None:
                        tensor_float_32.tell(self.xp)
                        self._stream = self.xp.cuda.Stream()
        return self._stream

    def _memory(self) -> Any:
        """The session's memory pool, made when it is first needed."""
        if self._pool is None:
            with self._lock, self.device:
                if self._pool is None:
                    pool = self.xp.cuda.MemoryPool()
                    pool.set_limit(size=self._limit)
                    self._pool = pool
        return self._pool

    def __enter__(self) -> CupyGpu:
        allocator = self.xp.cuda.using_allocator(self.allocate)
        self.device.__enter__()
        self.stream.__enter__()
        allocator.__enter__()
        vars(self._allocator).setdefault("entered", []).append(allocator)
        return self

    def __exit__(self, *exc: object) -> None:
        self._allocator.entered.pop().__exit__(*exc)
        self.stream.__exit__(*exc)
        self.device.__exit__(*exc)

    def memory(self) -> tuple[int, int]:
        """(bytes that this session's arrays use, bytes that it may use) of the GPU's memory."""
        free, total = self.device.mem_info
        pool = self._memory()
        there = min(total, free + pool.total_bytes())
        return pool.used_bytes(), min(pool.get_limit(), there)

    def holds(self, array: Any) -> bool:
        """Whether an array is in this GPU's memory."""
        return isinstance(array, self.xp.ndarray) and array.device.id == self.device.id

    def hand_over(self) -> None:
        """Has the caller's stream wait for what this GPU was told."""
        if self._stream is None:
            return
        with self.device:
            stream = self.xp.cuda.get_current_stream()
            if _does_not_wait(stream):
                stream.wait_event(self.stream.record())

    def _make_graphs(self) -> Any:
        from flowgraph.core.gpu_graphs import CupyGraphs  # late: it is for what runs often
        return CupyGraphs(self, self._memory())

    def _malloc(self, size: int) -> Any:
        return self._memory().malloc(size)

    def _free(self) -> None:
        if self._pool is not None:
            with self.device:
                self._pool.free_all_blocks()

    def _await_caller(self) -> None:
        with self.device:
            stream = self.xp.cuda.get_current_stream()
            if _does_not_wait(stream):
                self.stream.wait_event(stream.record())

    def _reads_late(self, array: np.ndarray) -> bool:
        # CUDA copies from page-locked memory when it gets there, and takes other memory at once.
        return array.nbytes > 0 and (_SHARES_MEMORY or self.xp.cuda.pinned_memory.is_memory_pinned(
            array.ctypes.data))

    def _upload(self, array: Any) -> Any:
        return self.xp.array(array)

    def _copied(self, array: Any) -> Any:
        # What was told to that GPU before is told to its streams, all of which but CuPy's own
        # wait for the default one, and it for them.
        with array.device:
            default = self.xp.cuda.Stream.null
            made = default.record()
        self.stream.wait_event(made)
        with self:
            copy = self.xp.array(array)
            done = self.stream.record()
        with array.device:
            default.wait_event(done)
        return copy

    def _download(self, array: Any) -> Any:
        if not isinstance(array, self.xp.ndarray):
            return array
        if _SHARES_MEMORY:  # without `out` it would be the memory of the array itself
            return self.xp.asnumpy(array, self.stream, blocking=False,
                                   out=np.empty(array.shape, array.dtype))
        return self.xp.asnumpy(array, self.stream, blocking=False)

    def wait(self) -> None:
        """Waits until all is done that the GPU was told."""
        self.stream.synchronize()

    def _follow(self, other: CupyGpu) -> None:
        with other.device:
            event = other.stream.record()
        self.stream.wait_event(event)


_LEGACY_STREAM = 1
# Whether arrays of the host become arrays of the GPU without a copy, and the other way round.
_SHARES_MEMORY = os.environ.get("CUPY_ENABLE_UMP", "0") not in ("", "0")


def _does_not_wait(stream: Any) -> bool:
    """Whether a stream and that of a session do not wait for each other by themselves."""
    return stream.ptr not in (0, _LEGACY_STREAM)
