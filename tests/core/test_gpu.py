"""Why no GPU can be used, on machines that lack one thing or another."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flowgraph.core import gpu


def cupy(available: Any, is_hip: bool = False) -> Any:
    """A CuPy whose `is_available` gives or raises something."""
    def is_available() -> bool:
        if isinstance(available, Exception):
            raise available
        return bool(available)

    properties = {"name": b"NVIDIA A100", "totalGlobalMem": 1 << 35}
    runtime = SimpleNamespace(is_hip=is_hip, getDeviceCount=lambda: 1,
                              getDeviceProperties=lambda number: properties)
    device = SimpleNamespace(compute_capability="80", pci_bus_id="0000:65:00.0")
    return SimpleNamespace(cuda=SimpleNamespace(
        is_available=is_available, runtime=runtime, Device=lambda number: device))


def test_a_cupy_that_is_imported_already_is_not_to_blame_for_a_driver(monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "exists", lambda path: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    gpu._look.cache_clear()
    try:
        for available in (False, RuntimeError("cudaErrorInsufficientDriver")):
            loaded = cupy(available)
            monkeypatch.setitem(sys.modules, "cupy", loaded)
            monkeypatch.setattr(gpu, "import_module", lambda name, loaded=loaded: loaded)
            gpu._look.cache_clear()
            assert gpu.why_none().startswith(
                "this machine has no driver of a GPU (there is no /dev/nvidiactl)")
    finally:
        gpu._look.cache_clear()


@pytest.mark.parametrize("driver, package, available, hidden, why", [
    (False, False, None, None, "this machine has no driver of a GPU (there is no /dev/nvidiactl), "
                               "and CuPy is not installed: pip install cupy-cuda12x (for CUDA 13: "
                               "cupy-cuda13x), after the driver"),
    (False, True, None, None, "this machine has no driver of a GPU (there is no /dev/nvidiactl)"),
    (True, False, None, None, "CuPy is not installed: pip install cupy-cuda12x (for CUDA 13: "
                              "cupy-cuda13x)"),
    (True, True, False, None, "CuPy finds no GPU that CUDA can use"),
    (True, True, False, "-1", "CuPy finds no GPU: CUDA_VISIBLE_DEVICES is '-1'"),
    (True, True, ImportError("libcuda.so.1:\n  no such file"), None,
     "CuPy does not work here: ImportError: libcuda.so.1: no such file"),
    (True, True, True, None, ""),
])
def test_what_is_missing_for_a_gpu(monkeypatch, driver, package, available, hidden, why) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "exists", lambda path: driver)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: package or None)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(gpu, "import_module", lambda name: cupy(available))
    if hidden is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    gpu._look.cache_clear()
    try:
        assert gpu.why_none() == why
        assert gpu.found() == (() if why else (
            gpu.GpuInfo(0, "NVIDIA A100", 1 << 35, (8, 0), "0000:65:00.0"),))
    finally:
        gpu._look.cache_clear()


@pytest.fixture
def a_gpu(monkeypatch):
    """A machine with a GPU, which no process has looked at."""
    monkeypatch.setattr(gpu, "_looked_in", [])
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(gpu, "import_module", lambda name: cupy(True))
    gpu._look.cache_clear()
    yield
    gpu._look.cache_clear()


def test_a_process_that_was_forked_after_cuda_was_used_has_no_gpu(a_gpu, monkeypatch) -> None:
    assert len(gpu.found()) == 1
    here = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: here + 1)
    assert gpu.found() == ()
    assert gpu.why_none().startswith("this process was forked from one that has used CUDA")


def test_a_fork_of_a_process_that_has_not_looked_may_look(a_gpu, monkeypatch) -> None:
    here = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: here + 1)
    assert len(gpu.found()) == 1


def test_a_cupy_for_other_gpus_is_not_used(a_gpu, monkeypatch) -> None:
    monkeypatch.setattr(gpu, "import_module", lambda name: cupy(True, is_hip=True))
    assert gpu.found() == ()
    assert "AMD" in gpu.why_none()


class OnDevice:
    """An array of a library that says where it is by DLPack, and raises when asked otherwise."""

    def __init__(self, kind: int) -> None:
        self.kind = kind

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.kind, 0

    @property
    def __cuda_array_interface__(self) -> Any:
        raise RuntimeError("it requires grad")


@pytest.mark.parametrize("value, expected", [
    (OnDevice(2), True), (OnDevice(13), True), (OnDevice(1), False), (OnDevice(3), False),
    (np.zeros(2), False), ([1.0], False), (2.0, False),
    (SimpleNamespace(__cuda_array_interface__={}), True)],
    ids=["GPU", "managed", "host", "page-locked", "NumPy", "list", "number", "the older way"])
def test_where_an_array_is(value, expected) -> None:
    assert gpu.is_on_gpu(value) == expected
