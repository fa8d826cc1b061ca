"""The GPUs of this machine, as CuPy sees them, and one of them as a session uses it.

CuPy is imported when a session first asks whether there is a GPU, and only where a driver is: on
other machines that costs a look at a file.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core import checks, tensor_float_32

INSTALL = "pip install cupy-cuda12x (for CUDA 13: cupy-cuda13x)"
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # of Linux, of Linux inside Windows, of AMD


class GpuInfo(NamedTuple):
    """What is known of a GPU without using it.

    Attributes:
        number: CuPy's number of it.
        model: its name, as "NVIDIA H100".
        memory: its memory in bytes.
        capability: its compute capability, as (9, 0).
        bus: its number on the bus, as "0000:65:00.0".
    """

    number: int
    model: str
    memory: int
    capability: tuple[int, int]
    bus: str


class Gpu:
    """A GPU as one session uses it: its stream, its memory, and CuPy's functions.

    It is a context in which what CuPy is told goes to this GPU, in the session's stream.

    Args:
        name: "gpu:0", as programs have it.
        xp: the module of array functions: `cupy`.

    Attributes:
        left: the checks of runs that have ended without waiting for the GPU.
        stamps: by id of arrays that graphs write again and again, a list of one number, which is
            another one each time.
    """

    def __init__(self, name: str, xp: Any) -> None:
        self.name = name
        self.xp = xp
        self.left: deque[checks.Check] = deque()
        self.stamps: dict[int, list[int]] = {}

    def __enter__(self) -> Gpu:
        raise NotImplementedError

    def __exit__(self, *exc: object) -> None:
        raise NotImplementedError

    def holds(self, array: Any) -> bool:
        """Whether an array is in this GPU's memory."""
        raise NotImplementedError

    def upload(self, value: Any, source: Gpu | None = None) -> Any:
        """A value in this GPU's memory: itself if it is there already.

        Args:
            value: an array of the host, or of any GPU; a list of tensors; None.
            source: the GPU that it is on, if it is on another one. What that has been told before
                is done first, and what it is told from now on waits for the copy.
        """
        if value is None or self.holds(value):
            return value
        if source is not None:
            self._follow(source)
        with self:
            copy = value.mapped(self.upload) if _is_list(value) else self._upload(value)
        if source is not None:
            source._follow(self)
        return copy

    def download(self, values: Sequence[Any]) -> list[Any]:
        """Copies of values in the host's memory, when all that makes them is done.

        Args:
            values: arrays of this GPU, lists of tensors.

        Raises:
            FailedCheck: what a kernel has checked before was wrong.
        """
        copies = [value.mapped(self._download) if _is_list(value) else self._download(value)
                  for value in values]
        kept = checks.taken(self, self.left)
        if kept:
            with self:
                failed = self._download(self.xp.stack([one.check.failed for one in kept]))
        self._wait()
        if kept and failed.any():
            raise kept[failed.argmax()]
        return copies

    def look(self) -> None:
        """Waits if there are checks that the host has not seen; raises FailedCheck as `download`.
        """
        if self.left or checks.has_kept(self):
            self.download(())

    def adopt(self, value: Any) -> Any:
        """An array of another library as one of CuPy's, in the memory where it is.

        Args:
            value: what `is_on_gpu` is true of.
        """
        raise NotImplementedError

    def graphs(self) -> Any:
        """An object that records what the GPU is told, see core/gpu_graphs.py."""
        raise NotImplementedError

    def memory(self) -> tuple[int, int]:
        """(bytes that this session's arrays use, bytes that it may use) of the GPU's memory."""
        raise NotImplementedError

    def free(self) -> None:
        """Gives memory back that is kept for arrays to come."""
        raise NotImplementedError

    def _upload(self, array: Any) -> Any:
        raise NotImplementedError

    def _download(self, array: Any) -> Any:
        """A copy that is there when the host has waited; what is on the host stays as it is."""
        raise NotImplementedError

    def _wait(self) -> None:
        """Waits until all is done that the GPU was told."""
        raise NotImplementedError

    def _follow(self, other: Any) -> None:
        """Has what this GPU is told from now on wait for all that the other was told."""
        raise NotImplementedError


def _is_list(value: Any) -> bool:
    """Whether a value is a list of tensors, which moves item by item."""
    return hasattr(type(value), "mapped")


NO_GPUS: Mapping[str, Gpu] = MappingProxyType({})


def opened(gpus: Sequence[GpuInfo]) -> dict[str, Gpu]:
    """GPUs for a session, by the names that programs have for them.

    Args:
        gpus: those that it may use, some of `found()`, each with the memory that it may use of it;
            the first one becomes "gpu:0".
    """
    made: dict[str, Gpu] = {}
    streams: dict[int, Any] = {}  # parts of one GPU have one: what one makes the other may take
    for i, info in enumerate(gpus):
        gpu = CupyGpu(info.number, f"gpu:{i}", info.memory, streams.get(info.number))
        streams[info.number] = gpu.stream
        made[gpu.name] = gpu
    return made


_HOST_KINDS = (1, 3)  # of DLPack: the host's memory, and such as GPUs can see


def is_on_gpu(value: Any) -> bool:
    """Whether a value is an array in the memory of a GPU: CuPy's, PyTorch's, JAX's.

    Args:
        value: anything.
    """
    if hasattr(value, "__cuda_array_interface__"):
        return True
    device = getattr(value, "__dlpack_device__", None)
    return device is not None and device()[0] not in _HOST_KINDS


def on(gpu: Gpu, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that makes a GPU the current one while it is called.

    Args:
        gpu: the GPU.
        kernel: a function.
    """
    def call(*args: Any, **kwargs: Any) -> Any:
        with gpu:
            return kernel(*args, **kwargs)
    call.__wrapped__ = kernel  # type: ignore[attr-defined]
    return call


def arrays_of(gpu: Gpu, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel whose results are arrays of a GPU; some give a number of NumPy for rank 0.

    Args:
        gpu: the GPU.
        kernel: a function that returns an array, or a tuple or list of arrays.
    """
    def array(value: Any) -> Any:
        return gpu.xp.asarray(value) if isinstance(value, (np.generic, np.ndarray)) else value

    def call(*args: Any, **kwargs: Any) -> Any:
        result = kernel(*args, **kwargs)
        return tuple(map(array, result)) if isinstance(result, (tuple, list)) else array(result)
    return call


def found() -> tuple[GpuInfo, ...]:
    """The GPUs that CuPy can use, none where it is not installed or finds no driver.

    Example:
        >>> from flowgraph.core import gpu
        >>> isinstance(gpu.found(), tuple)
        True
    """
    return _look()[0]


def why_none() -> str:
    """What is missing for a GPU to be used, a clause; "" where there is one.

    Example:
        >>> from flowgraph.core import gpu
        >>> bool(gpu.found()) == (gpu.why_none() == "")
        True
    """
    return "" if found() else _look()[1] or "this session has none"


@functools.cache
def _look() -> tuple[tuple[GpuInfo, ...], str]:
    """The GPUs, and why there are none."""
    if "cupy" not in sys.modules:
        has_package = importlib.util.find_spec("cupy") is not None
        if sys.platform == "linux" and not any(Path(driver).exists() for driver in _DRIVERS):
            return (), ("this machine has no driver of a GPU (there is no /dev/nvidiactl)"
                        + ("" if has_package else ", and CuPy is not installed"))
        if not has_package:
            return (), f"CuPy is not installed: {INSTALL}"
    try:
        cupy = import_module("cupy")
        if cupy.cuda.is_available():
            return tuple(_info(cupy, number)
                         for number in range(cupy.cuda.runtime.getDeviceCount())), ""
    except Exception as error:  # whatever CuPy raises where a library or the driver does not fit it
        text = " ".join(str(error).split())
        return (), f"CuPy does not work here: {type(error).__name__}: {text:.200}"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    return (), ("CuPy finds no GPU that CUDA can use" if hidden is None else
                f"CuPy finds no GPU: CUDA_VISIBLE_DEVICES is {hidden!r}")


def _info(cupy: Any, number: int) -> GpuInfo:
    device = cupy.cuda.Device(number)
    properties = cupy.cuda.runtime.getDeviceProperties(number)
    text = device.compute_capability
    return GpuInfo(number, properties["name"].decode(), int(properties["totalGlobalMem"]),
                   (int(text[:-1]), int(text[-1])), str(device.pci_bus_id))


class CupyGpu(Gpu):
    """A GPU of this machine.

    Args:
        number: CuPy's number of it.
        name: what programs call it; "gpu:" and the number among those that the session sees.
        limit: bytes of its memory that may be used.
        stream: of another part of the same GPU; None for a new one.
    """

    def __init__(self, number: int, name: str, limit: int, stream: Any = None) -> None:
        super().__init__(name, import_module("cupy"))
        cuda = self.xp.cuda
        self._device = cuda.Device(number)
        self._allocator = threading.local()  # per thread: the contexts that are entered
        with self._device:
            # One that waits for CuPy's default stream, and that one for it: what a caller has
            # computed there may be fed, and what is handed out may be used there.
            self.stream = cuda.Stream() if stream is None else stream
            self._pool = cuda.MemoryPool()
            self._pool.set_limit(size=limit)
            tensor_float_32.tell(self.xp)

    def __enter__(self) -> CupyGpu:
        self._device.__enter__()
        self.stream.__enter__()
        allocator = self.xp.cuda.using_allocator(self._pool.malloc)
        allocator.__enter__()
        vars(self._allocator).setdefault("entered", []).append(allocator)
        return self

    def __exit__(self, *exc: object) -> None:
        self._allocator.entered.pop().__exit__(*exc)
        self.stream.__exit__(*exc)
        self._device.__exit__(*exc)

    def graphs(self) -> Any:
        """An object that records what the GPU is told."""
        from flowgraph.core.gpu_graphs import CupyGraphs  # late: it is for what runs often
        return CupyGraphs(self, self.stream, self._pool.get_limit())

    def memory(self) -> tuple[int, int]:
        """(bytes that this session's arrays use, bytes that it may use) of the GPU's memory."""
        free, total = self._device.mem_info
        there = min(total, free + self._pool.total_bytes())
        return self._pool.used_bytes(), min(self._pool.get_limit(), there)

    def free(self) -> None:
        """Gives memory back that is kept for arrays to come."""
        with self._device:
            self._pool.free_all_blocks()

    def holds(self, array: Any) -> bool:
        """Whether an array is in this GPU's memory."""
        return isinstance(array, self.xp.ndarray) and array.device.id == self._device.id

    def adopt(self, value: Any) -> Any:
        """An array of another library as one of CuPy's, in the memory where it is."""
        with self._device:
            if hasattr(value, "__cuda_array_interface__"):
                return self.xp.asarray(value)
            return self.xp.from_dlpack(value)

    def _upload(self, array: Any) -> Any:
        return self.xp.array(array)

    def _download(self, array: Any) -> Any:
        if not isinstance(array, self.xp.ndarray):
            return array
        return self.xp.asnumpy(array, self.stream, blocking=False)

    def _wait(self) -> None:
        self.stream.synchronize()

    def _follow(self, other: CupyGpu) -> None:
        with other._device:
            event = other.stream.record()
        self.stream.wait_event(event)
