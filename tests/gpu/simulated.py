"""Sessions that have GPUs which are not there: CuPy's functions are those of `no_gpu`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from flowgraph.core import gpu
from tests.gpu import no_gpu
from tests.gpu.no_gpu import DeviceArray, NotInCuPy
from tests.gpu.on_device import is_numeric


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

    def __init__(self, number: int, name: str, limit: int) -> None:
        super().__init__(name, no_gpu.cupy)
        self.number = number
        self.uploads = self.waits = self.freed = 0
        self.followed: list[str] = []

    def __enter__(self) -> SimulatedGpu:
        no_gpu.current.append(self.number)
        return self

    def __exit__(self, *exc: object) -> None:
        no_gpu.current.pop()

    def holds(self, array: Any) -> bool:
        return isinstance(array, DeviceArray) and array.gpu == self.number

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
        self.uploads += 1
        return DeviceArray(np.array(getattr(array, "host", array)))

    def _download(self, array: Any) -> Any:
        if isinstance(array, DeviceArray) and not self.holds(array):
            raise NotInCuPy(f"{array!r} is not in the memory of {self.name}")
        return array.host.copy() if isinstance(array, DeviceArray) else array

    def _wait(self) -> None:
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
