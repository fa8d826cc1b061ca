"""Sessions that have GPUs which are not there: CuPy's functions are those of `no_gpu`."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import numpy as np
import pytest

from flowgraph.core import gpu
from flowgraph.core.gpu_graphs import Graphs
from tests.gpu import no_gpu
from tests.gpu.no_gpu import DeviceArray, NotInCuPy
from tests.gpu.on_device import is_numeric


class SimulatedGraphs(Graphs):
    """Graphs of a GPU that is not there: what is done while one is recorded is done again.

    All of it is computed anew into the memory that it was computed into, from the memory that it
    was computed from. An address that is no longer right, or a number of the host, shows.

    Attributes:
        made: all that there are.
        recordings, launches: how many.
    """

    made: ClassVar[list[weakref.ref[SimulatedGraphs]]] = []

    def __init__(self, owner: SimulatedGpu) -> None:
        super().__init__(owner)
        self.recordings = self.launches = 0
        self.made.append(weakref.ref(self))

    @contextmanager
    def memory(self) -> Iterator[None]:
        with self.gpu:
            yield

    def rehearse(self, work: Any) -> None:
        with self.gpu:
            work()

    def record(self, work: Any) -> tuple[Any, Any]:
        self.recordings += 1
        no_gpu.recording.tape = tape = []
        try:
            with self.gpu:
                result = work()
        finally:
            no_gpu.recording.tape = None
        return tape, result

    def launch(self, graph: Any) -> None:
        self.launches += 1
        with self.gpu, np.errstate(all="ignore"):
            for work, result in graph:
                with suppress(NotInCuPy):  # about contents; CUDA goes on with any numbers
                    _write(result, work())

    def fill(self, array: Any, value: Any) -> None:
        no_gpu.wants_host("an upload")
        array.host[...] = value.host if isinstance(value, DeviceArray) else value

    def _product(self, a: Any, b: Any, out: Any) -> None:
        np.matmul(a.host, b.host, out=out.host)
        no_gpu.done(lambda: np.matmul(a.host, b.host, out=out.host), None)


def _write(result: Any, fresh: Any) -> None:
    """Puts what was computed again where it was."""
    if isinstance(result, DeviceArray):
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

    Attributes:
        uploads, waits: how many arrays were copied to it, and how often it was waited for.
        freed: how often memory was given back.
        followed: the other GPUs that it was made to wait for, in order.
    """

    def __init__(self, number: int, name: str, limit: int,
                 stream: Any = None) -> None:
        super().__init__(name, no_gpu.cupy)
        self.number = number
        self.stream = object() if stream is None else stream
        self.uploads = self.waits = self.freed = 0
        self.followed: list[str] = []

    def __enter__(self) -> SimulatedGpu:
        no_gpu.current.append(self.number)
        return self

    def __exit__(self, *exc: object) -> None:
        no_gpu.current.pop()

    def holds(self, array: Any) -> bool:
        return isinstance(array, DeviceArray) and array.gpu == self.number

    def graphs(self) -> SimulatedGraphs:
        return SimulatedGraphs(self)

    def adopt(self, value: Any) -> Any:
        return value

    def memory(self) -> tuple[int, int]:
        return 0, no_gpu.most_bytes[-1]

    def free(self) -> None:
        self.freed += 1

    def _upload(self, array: Any) -> Any:
        if isinstance(array, DeviceArray) and not self.followed:
            raise NotInCuPy("an array of another GPU is copied, and nothing waits for it")
        if not is_numeric(np.asarray(getattr(array, "host", array)).dtype):
            raise NotInCuPy(f"CuPy has no arrays like {array!r}")
        no_gpu.wants_host("an upload")
        self.uploads += 1
        return DeviceArray(np.array(getattr(array, "host", array)))

    def _download(self, array: Any) -> Any:
        if isinstance(array, DeviceArray) and not self.holds(array):
            raise NotInCuPy(f"{array!r} is not in the memory of {self.name}")
        no_gpu.wants_host("a download")
        return array.host.copy() if isinstance(array, DeviceArray) else array

    def _wait(self) -> None:
        no_gpu.wants_host("waiting")
        self.waits += 1

    def _follow(self, other: SimulatedGpu) -> None:
        self.followed.append(other.name)


def infos(count: int) -> tuple[gpu.GpuInfo, ...]:
    return tuple(gpu.GpuInfo(i, "Simulated", 1 << 34, (9, 0), f"0000:0{i}:00.0")
                 for i in range(count))


@contextmanager
def gpus(count: int = 1) -> Iterator[None]:
    """Sessions that are made inside have so many GPUs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gpu, "found", lambda: infos(count))
        patch.setattr(gpu, "CupyGpu", SimulatedGpu)
        yield
