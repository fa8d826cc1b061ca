"""The GPUs of this machine, as CuPy sees them, and what a session asks of one of them.

CuPy is imported when a session first asks whether there is a GPU, and only where a driver is: on
other machines that costs a look at a file.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core import checks

INSTALL = "pip install cupy-cuda12x (for CUDA 13: cupy-cuda13x)"
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg")  # of Linux, of Linux inside Windows


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
        from flowgraph.core.left_checks import LeftChecks  # late: few have a GPU
        self.left = LeftChecks()
        self.stamps: dict[int, list[int]] = {}
        self._graphs: Any = None
        self._constants: dict[int, tuple[Any, Any]] = {}
        self._lock = threading.RLock()

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
            value: an array of the host, or of any GPU; a list of tensors; None. It may be changed
                when this returns.
            source: the GPU of this session that it is on, if that is known, and another one. What
                the GPU with the value has been told before is done first, and what it is told from
                now on waits for the copy.
        """
        if value is None or self.holds(value):
            return value
        if _is_list(value):
            with self:
                return value.mapped(lambda one: self.upload(one, source))
        if source is None:
            if is_on_gpu(value):
                return self._copied(value)
            with self:
                return self._upload(self.kept(value))
        self._follow(source)
        with self:
            copy = self._upload(value)
        source._follow(self)
        return copy

    def constant(self, value: Any) -> Any:
        """A constant in this GPU's memory, the same array for all who ask as long as one has it.

        Args:
            value: an array of the host that does not change.
        """
        if not isinstance(value, np.ndarray):  # numbers cannot be referred to weakly
            return self.upload(value)
        with self._lock:
            found = self._constants.get(id(value))
            there = None if found is None or found[0]() is not value else found[1]()
            if there is None:
                there, number = self.upload(value), id(value)
                self._constants[number] = (
                    weakref.ref(value), weakref.ref(there, lambda _: self._forget(number)))
            return there

    def _forget(self, number: int) -> None:
        found = self._constants.get(number)
        if found is not None and found[1]() is None:
            self._constants.pop(number, None)

    def kept(self, array: Any) -> Any:
        """An array of the host that may be sent to this GPU, though it is changed soon afterwards.

        Args:
            array: the array; a copy of it where the GPU would read it later.
        """
        return array.copy() if isinstance(array, np.ndarray) and self._reads_late(array) else array

    def download(self, values: Sequence[Any]) -> list[Any]:
        """Copies of values in the host's memory, when all that makes them is done.

        Args:
            values: arrays of this GPU, lists of tensors.

        Raises:
            FailedCheck: what a kernel has checked before was wrong.
        """
        copies = [value.mapped(self._download) if _is_list(value) else self._download(value)
                  for value in values]
        self._see(checks.taken(self))
        return copies

    def look(self) -> None:
        """Waits if there are checks that the host has not seen; raises FailedCheck as `download`.
        """
        if checks.has_kept(self):
            self._see(checks.taken(self))

    def look_back(self, everyone: bool = False) -> None:
        """The same for what earlier runs have left.

        Args:
            everyone: whether other threads that are running are meant too.
        """
        found = self.left.taken(everyone) if self.left else ()
        if found:
            self._see(found)

    def _see(self, found: Sequence[checks.FailedCheck]) -> None:
        """Waits, and raises the first of the checks that has failed."""
        if found:
            with self:
                failed = self._download(self.xp.stack([one.check.failed for one in found]))
        self.wait()
        if found and failed.any():
            raise found[failed.argmax()]

    def adopt(self, value: Any) -> Any:
        """An array of another library as one of CuPy's, in the memory where it is.

        What its stream, or the current one of the caller, has been told before is done first.

        Args:
            value: what `is_on_gpu` is true of.
        """
        if isinstance(value, self.xp.ndarray):
            self._await_caller()
            return value
        with self:
            if hasattr(value, "__dlpack__"):
                return self.xp.from_dlpack(value)
            return self.xp.asarray(value)

    def hand_over(self) -> None:
        """Has what the caller tells CuPy from now on wait for what this GPU was told."""

    def graphs(self) -> Any:
        """What records for this session what the GPU is told, see core/gpu_graphs.py."""
        with self._lock:
            if self._graphs is None:
                self._graphs = self._make_graphs()
            return self._graphs

    def forget_graphs(self) -> bool:
        """Gives up what was recorded, with its memory; whether there was something."""
        return self._graphs is not None and self._graphs.forget()

    def allocate(self, size: int) -> Any:
        """Memory for an array. Before there is none, that of graphs is given up.

        Args:
            size: its bytes.

        Raises:
            MemoryError: there is none.
        """
        try:
            return self._malloc(size)
        except MemoryError:
            if not self.forget_graphs():
                raise
        self.free()
        return self._malloc(size)

    def memory(self) -> tuple[int, int]:
        """(bytes that this session's arrays use, bytes that it may use) of the GPU's memory."""
        raise NotImplementedError

    def free(self) -> None:
        """Gives memory back that is kept for arrays to come, and that no graph needs any more."""
        if self._graphs is not None:
            self._graphs.trim()
        self._free()

    def _make_graphs(self) -> Any:
        raise NotImplementedError

    def _malloc(self, size: int) -> Any:
        raise NotImplementedError

    def _free(self) -> None:
        raise NotImplementedError

    def _await_caller(self) -> None:
        """Has what this GPU is told from now on wait for what the caller has told CuPy."""

    def _reads_late(self, array: np.ndarray) -> bool:
        """Whether the GPU may read an array of the host after it was told to copy it."""
        raise NotImplementedError

    def _copied(self, array: Any) -> Any:
        """A copy of an array in the memory of another GPU, each waiting for the other."""
        raise NotImplementedError

    def _upload(self, array: Any) -> Any:
        raise NotImplementedError

    def _download(self, array: Any) -> Any:
        """A copy that is there when the host has waited; what is on the host stays as it is."""
        raise NotImplementedError

    def wait(self) -> None:
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
    if not gpus:
        return {}
    from flowgraph.core.cupy_gpu import CupyGpu  # late: few machines have one
    made: dict[str, Gpu] = {}
    first: dict[int, Any] = {}  # parts of one GPU have one stream: what one makes the others take
    for i, info in enumerate(gpus):
        gpu = made[f"gpu:{i}"] = CupyGpu(info.number, f"gpu:{i}", info.memory,
                                         first.get(info.number))
        first.setdefault(info.number, gpu)
    return made


_HOST_KINDS = (1, 3)  # of DLPack: the host's memory, and such as GPUs can see


def is_on_gpu(value: Any) -> bool:
    """Whether a value is an array in the memory of a GPU: CuPy's, PyTorch's, JAX's.

    Args:
        value: anything.
    """
    device = getattr(value, "__dlpack_device__", None)
    if device is not None:  # PyTorch's other attribute raises where gradients are wanted
        return device()[0] not in _HOST_KINDS
    return hasattr(value, "__cuda_array_interface__")


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
    return () if _is_forked() else _look()[0]


def why_none() -> str:
    """What is missing for a GPU to be used, a clause; "" where there is one.

    Example:
        >>> from flowgraph.core import gpu
        >>> bool(gpu.found()) == (gpu.why_none() == "")
        True
    """
    if _is_forked():
        return ("this process was forked from one that has used CUDA, which a fork cannot use: "
                "start it by 'spawn' or 'forkserver' of multiprocessing")
    return "" if found() else _look()[1] or "this session has none"


_looked_in: list[int] = []  # the process that has found GPUs, after which CUDA works in no fork


def _is_forked() -> bool:
    return bool(_looked_in) and _looked_in[0] != os.getpid()


@functools.cache
def _look() -> tuple[tuple[GpuInfo, ...], str]:
    """The GPUs, and why there are none."""
    has_driver = sys.platform != "linux" or any(Path(driver).exists() for driver in _DRIVERS)
    no_driver = "this machine has no driver of a GPU (there is no /dev/nvidiactl)"
    if "cupy" not in sys.modules:
        has_package = importlib.util.find_spec("cupy") is not None
        if not has_driver:
            return (), no_driver + ("" if has_package else ", and CuPy is not installed: "
                                    f"{INSTALL}, after the driver")
        if not has_package:
            return (), f"CuPy is not installed: {INSTALL}"
    try:
        cupy = import_module("cupy")
        if getattr(cupy.cuda.runtime, "is_hip", False):
            return (), "CuPy is the one for AMD's GPUs, and the kernels here are for NVIDIA's"
        if cupy.cuda.is_available():
            _looked_in[:] = [os.getpid()]
            return tuple(_info(cupy, number)
                         for number in range(cupy.cuda.runtime.getDeviceCount())), ""
    except Exception as error:  # whatever CuPy raises where a library or the driver does not fit it
        text = " ".join(str(error).split())
        if not has_driver:
            return (), f"{no_driver}; CuPy says {type(error).__name__}: {text:.200}"
        return (), f"CuPy does not work here: {type(error).__name__}: {text:.200}"
    if not has_driver:
        return (), no_driver
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    return (), ("CuPy finds no GPU that CUDA can use" if hidden is None else
                f"CuPy finds no GPU: CUDA_VISIBLE_DEVICES is {hidden!r}")


def _info(cupy: Any, number: int) -> GpuInfo:
    device = cupy.cuda.Device(number)
    properties = cupy.cuda.runtime.getDeviceProperties(number)
    text = device.compute_capability
    return GpuInfo(number, properties["name"].decode(), int(properties["totalGlobalMem"]),
                   (int(text[:-1]), int(text[-1])), str(device.pci_bus_id))
