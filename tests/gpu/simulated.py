"""Sessions that have GPUs which are not there: CuPy's functions are those of `no_gpu`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from flowgraph.core import gpu
from tests.gpu import no_gpu
from tests.gpu.no_gpu import DeviceArray, NotInCuPy


class SimulatedGpu:
    """A GPU for one session; see core.gpu.Gpu.

    Args:
        number: which one.
        name: as programs have it.

    Attributes:
        uploads, downloads: how many arrays were copied to it, and how often it was waited for.
    """

    def __init__(self, number: int, name: str) -> None:
        self.xp = no_gpu.cupy
        self.name = name
        self.number = number
        self.uploads = self.downloads = 0

    def __enter__(self) -> SimulatedGpu:
        no_gpu.current.append(self.number)
        return self

    def __exit__(self, *exc: object) -> None:
        no_gpu.current.pop()

    def holds(self, array: Any) -> bool:
        return isinstance(array, DeviceArray) and array.gpu == self.number

    def upload(self, array: Any) -> Any:
        if self.holds(array):
            return array
        if no_gpu.current[-1] != self.number:
            raise NotInCuPy("an array is uploaded while another GPU is the current one")
        self.uploads += 1
        return _mapped(array, lambda a: DeviceArray(np.array(getattr(a, "host", a))))

    def download(self, arrays: Sequence[Any]) -> list[Any]:
        self.downloads += 1
        return [_mapped(array, self._downloaded) for array in arrays]

    def _downloaded(self, array: Any) -> np.ndarray:
        if not self.holds(array):
            raise NotInCuPy(f"{array!r} is not in the memory of {self.name}")
        return array.host.copy()


def _mapped(value: Any, function: Any) -> Any:
    return function(value)


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
