"""What runs of a program depend on besides the program: processor, cores, BLAS, packages, GPU."""

from __future__ import annotations

import ctypes
import glob
import os
import platform
import shutil
import time
from contextlib import suppress
from importlib import metadata
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core import blas, gpu, machine
from flowgraph.core.processor import CORE_TYPE, Processor, processor

# Packages that flowgraph can use: the name to import, that of the distribution, what it is for.
PACKAGES = (("networkx", "networkx", "analysis of graphs"),
            ("graphviz", "graphviz", "pictures by Graphviz's program"),
            ("pygraphviz", "pygraphviz", "pictures without that program"),
            ("matplotlib", "matplotlib", "curves"),
            ("PIL", "pillow", "decoding of images"),
            ("tensorboard", "tensorboard", "showing logs"),
            ("cupy", "cupy", "GPUs"))
_SETTINGS = (CORE_TYPE, "OPENBLAS_NUM_THREADS", "OPENBLAS_THREAD_TIMEOUT", "GOTO_NUM_THREADS",
             "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_FORMS = ("scipy_openblas_{}64_", "scipy_openblas_{}", "openblas_{}64_", "openblas_{}")
_SIZE = 1024  # of the product that is timed
_LOOK = 0.25  # seconds in which other programs are watched


class Facts(NamedTuple):
    """What was found on this machine.

    Attributes:
        processor: as the system describes it.
        cores: how many this process may use.
        machine_cores: how many the machine has.
        quota: how many the container allows; None without a limit.
        free_cores: how many of `cores` other programs leave.
        system: the operating system.
        python: version.
        numpy: version.
        blas: of the library: `name`, `version`, `kernels`, `threads`, `path`; "" or 0 if unknown.
        gflops: of a product of 1024×1024×1024 in float32, as NumPy does it.
        settings: the user's environment variables for BLAS.
        packages: name to version, "" where a package is not there.
        graphviz: Graphviz's program `dot`, "" if there is none.
        gpu: whether the system has an NVIDIA GPU.
        gpus: those that sessions use, a line each.
        no_gpu: why there are none, a clause; "" where there are.
    """

    processor: Processor
    cores: int
    machine_cores: int
    quota: float | None
    free_cores: float
    system: str
    python: str
    numpy: str
    blas: dict[str, Any]
    gflops: float
    settings: dict[str, str]
    packages: dict[str, str]
    graphviz: str
    gpu: bool
    gpus: tuple[str, ...] = ()
    no_gpu: str = ""


def facts() -> Facts:
    """Looks at this machine; takes about half a second."""
    return Facts(processor(), machine.cores(), os.cpu_count() or 1, machine.quota(), _free_cores(),
                 f"{platform.system()} {platform.release()} {platform.machine()}",
                 platform.python_version(), np.__version__, _blas(), _gflops(),
                 {name: os.environ[name] for name in _SETTINGS if name in os.environ},
                 {name: _version(name, distribution) for name, distribution, _ in PACKAGES},
                 shutil.which("dot") or "", bool(glob.glob("/dev/nvidia[0-9]*")),
                 tuple(map(gpu_line, gpu.found())), gpu.why_none())


def gpu_line(info: gpu.GpuInfo) -> str:
    """A line about a GPU.

    Args:
        info: what is known of it.
    """
    major, minor = info.capability
    return (f"/gpu:{info.number}  {info.model}, {info.memory / (1 << 30):.0f} GiB, compute "
            f"capability {major}.{minor}")


def _version(name: str, distribution: str) -> str:
    try:
        if find_spec(name) is None:
            return ""
    except (ImportError, ValueError):
        return ""
    of_cuda = [f"{distribution}-cuda{cuda}x" for cuda in (11, 12, 13)] * (name == "cupy")
    for installed in (distribution, *of_cuda):  # cupy is called after the CUDA that it is for
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(installed)
    return "of unknown version"


def _free_cores() -> float:
    machine.free_cores()  # begins to count, where nothing has counted yet
    time.sleep(_LOOK * 1.1)
    return machine.free_cores()


def _blas() -> dict[str, Any]:
    built: dict[str, Any] = np.show_config(mode="dicts") or {}  # type: ignore[assignment]
    told = built.get("Build Dependencies", {}).get("blas", {})
    found = {"name": str(told.get("name", "")), "version": str(told.get("version", "")),
             "kernels": "", "threads": 0, "path": ""}
    library = blas.find()
    if library is not None:
        found |= {"path": library.path, "threads": library.get_threads(),
                  "kernels": _text(library.handle, "get_corename")}
        config = _text(library.handle, "get_config").split()
        if config[:1] == ["OpenBLAS"]:
            found |= {"name": "OpenBLAS", "version": config[1]}
    return found


def _text(library: Any, name: str) -> str:
    """What a function of OpenBLAS's says; "" if the library has no such function."""
    for form in _FORMS:
        function = getattr(library, form.format(name), None)
        if function is not None:
            function.restype = ctypes.c_char_p
            return (function() or b"").decode("utf-8", "replace")
    return ""


def _gflops() -> float:
    a = np.ones((_SIZE, _SIZE), np.float32)
    out = a @ a
    times = []
    for _ in range(3):
        start = time.perf_counter()
        np.dot(a, a, out=out)
        times.append(time.perf_counter() - start)
    return 2.0 * _SIZE ** 3 / min(times) / 1e9
