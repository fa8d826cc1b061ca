"""Sessions that have GPUs which are not there: CuPy's functions are those of `no_gpu`."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import numpy as np
import pytest

from flowgraph.core import cupy_gpu, gpu
from flowgraph.core.gpu_graphs import Graphs
from tests.gpu import no_gpu
from tests.gpu.no_gpu import DeviceArray, NotInCuPy
from tests.gpu.on_device import is_numeric
from tests.gpu.pool import BorrowedLease, Pool, check_mapped


class SimulatedGraphs(Graphs):
    """Graphs of a GPU that is not there: what is done while one is recorded is done again.

    All of it is computed anew into the memory that it was computed into, from the memory that it
    was computed from. An address that is no longer right, or a number of the host, shows.

    Attributes:
        made: all that there are.
        recordings: how many.
    """

    made: ClassVar[list[weakref.ref[SimulatedGraphs]]] = []

    def __init__(self, owner: SimulatedGpu) -> None:
        super().__init__(owner)
        self.recordings = 0
        self.made.append(weakref.ref(self))

    def _malloc(self, size: int) -> Any:
        return self.gpu.pool.malloc(size)

    @contextmanager
    def _memory(self) -> Iterator[None]:
        with self.gpu:
            no_gpu.recording.allocators.append(
                lambda size: BorrowedLease(self._lent.loan(size), size))
            try:
                yield
            finally:
                no_gpu.recording.allocators.pop()

    def _rehearse(self, work: Any) -> None:
        with self._memory():
            work()

    def _record(self, work: Any) -> tuple[Any, Any]:
        self.recordings += 1
        no_gpu.recording.tape = tape = []
        try:
            with self._memory():
                result = work()
        finally:
            no_gpu.recording.tape = None
        return tape, result

    def _launch(self, graph: Any) -> None:
        with self.gpu, np.errstate(all="ignore"):
            for work, result in graph:
                with suppress(NotInCuPy):  # about contents; CUDA goes on with any numbers
                    _write(result, work())

    def _set(self, array: Any, value: Any) -> None:
        no_gpu.wants_host("an upload")
        self.gpu.check_kept(value)
        array.host[...] = value

    def _product(self, a: Any, b: Any, out: Any) -> None:
        x, y, into = (no_gpu.by_address(array.host) for array in (a, b, out))
        np.matmul(x, y, out=into)
        no_gpu.done(lambda: np.matmul(x, y, out=into), None)


def _write(result: Any, fresh: Any) -> None:
    """Puts what was computed again where it was."""
    if isinstance(result, DeviceArray):
        check_mapped(result.host)
        given = np.asarray(getattr(fresh, "host", fresh))
        if not np.may_share_memory(result.host, given):
            result.host[...] = given
    elif isinstance(result, list | tuple):
        for one, other in zip(result, fresh, strict=True):
            _write(one, other)


class SimulatedGpu(gpu.Gpu):
    """A GPU that is not there.

    Args:
        number: which one.
        name: as programs have it.
        limit: bytes of memory.
        sibling: another part of it.

    Attributes:
        pool: its memory.
        uploads, downloads, waits: how many arrays were copied to it and from it, and how often it
            was waited for.
        freed: how often memory was given back.
        followed: the other GPUs that it was made to wait for, in order.
        awaited, handed: how often it was told to wait for the caller, and the caller for it.
    """

    def __init__(self, number: int, name: str, limit: int,
                 sibling: SimulatedGpu | None = None) -> None:
        super().__init__(name, no_gpu.cupy)
        self.number = number
        self.stream = object() if sibling is None else sibling.stream
        self.pool = Pool(limit)
        self.uploads = self.downloads = self.waits = self.freed = self.awaited = self.handed = 0
        self.followed: list[str] = []

    def __enter__(self) -> SimulatedGpu:
        no_gpu.current.append(self.number)
        no_gpu.recording.allocators.append(self.allocate)
        return self

    def __exit__(self, *exc: object) -> None:
        no_gpu.recording.allocators.pop()
        no_gpu.current.pop()

    def holds(self, array: Any) -> bool:
        return isinstance(array, DeviceArray) and array.gpu == self.number

    def hand_over(self) -> None:
        self.handed += 1

    def memory(self) -> tuple[int, int]:
        return self.pool.used, self.pool.limit

    def check_kept(self, array: np.ndarray) -> None:
        if self._reads_late(array):
            raise NotInCuPy("page-locked memory is read after the call, and the caller may change "
                            "it then")

    def wait(self) -> None:
        no_gpu.wants_host("waiting")
        self.waits += 1

    def _make_graphs(self) -> SimulatedGraphs:
        return SimulatedGraphs(self)

    def _malloc(self, size: int) -> Any:
        return self.pool.malloc(size)

    def _free(self) -> None:
        self.freed += 1
        self.pool.free_all_blocks()

    def _await_caller(self) -> None:
        self.awaited += 1

    def _reads_late(self, array: np.ndarray) -> bool:
        return id(array) in no_gpu.page_locked

    def _copied(self, array: Any) -> Any:
        self.followed.append(f"gpu:{array.gpu}")
        with self:
            return self._upload(array)

    def _upload(self, array: Any) -> Any:
        if isinstance(array, DeviceArray) and not self.followed:
            raise NotInCuPy("an array of another GPU is copied, and nothing waits for it")
        if not is_numeric(np.asarray(getattr(array, "host", array)).dtype):
            raise NotInCuPy(f"CuPy has no arrays like {array!r}")
        no_gpu.wants_host("an upload")
        self.check_kept(array)
        self.uploads += 1
        return DeviceArray(np.array(getattr(array, "host", array)))

    def _download(self, array: Any) -> Any:
        if isinstance(array, DeviceArray) and not self.holds(array):
            raise NotInCuPy(f"{array!r} is not in the memory of {self.name}")
        no_gpu.wants_host("a download")
        self.downloads += 1
        return array.host.copy() if isinstance(array, DeviceArray) else array

    def _follow(self, other: SimulatedGpu) -> None:
        self.followed.append(other.name)


def infos(count: int, memory: int = 1 << 34) -> tuple[gpu.GpuInfo, ...]:
    return tuple(gpu.GpuInfo(i, "Simulated", memory, (9, 0), f"0000:0{i}:00.0")
                 for i in range(count))


@contextmanager
def gpus(count: int = 1, memory: int = 1 << 34) -> Iterator[None]:
    """Sessions that are made inside have so many GPUs, each with so many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gpu, "found", lambda: infos(count, memory))
        patch.setattr(cupy_gpu, "CupyGpu", SimulatedGpu)
        yield
