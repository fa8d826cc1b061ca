"""Why no GPU can be used, on machines that lack one thing or another."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flowgraph.core import gpu


def cupy(available: Any) -> Any:
    """A CuPy whose `is_available` gives or raises something."""
    def is_available() -> bool:
        if isinstance(available, Exception):
            raise available
        return bool(available)

    properties = {"name": b"NVIDIA A100", "totalGlobalMem": 1 << 35}
    runtime = SimpleNamespace(getDeviceCount=lambda: 1,
                              getDeviceProperties=lambda number: properties)
    device = SimpleNamespace(compute_capability="80", pci_bus_id="0000:65:00.0")
    return SimpleNamespace(cuda=SimpleNamespace(
        is_available=is_available, runtime=runtime, Device=lambda number: device))


@pytest.mark.parametrize("driver, package, available, hidden, why", [
    (False, False, None, None, "this machine has no driver of a GPU (there is no /dev/nvidiactl), "
                               "and CuPy is not installed"),
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
