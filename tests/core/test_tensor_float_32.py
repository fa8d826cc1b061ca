"""TensorFloat-32 is off until a program asks for it, and CuPy is told then."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import flowgraph as fg
from flowgraph.core import tensor_float_32


@pytest.fixture
def ways(monkeypatch):
    """CuPy's ways to compute products, and which one it was told."""
    monkeypatch.setattr(tensor_float_32, "_enabled", False)
    found = SimpleNamespace(COMPUTE_TYPE_TF32=7, COMPUTE_TYPE_DEFAULT=1, told={})
    found.set_compute_type = found.told.__setitem__
    return found


def test_cupy_is_told(ways) -> None:
    cupy = SimpleNamespace(_core=SimpleNamespace(_routines_linalg=ways))
    tensor_float_32.tell(cupy)
    assert ways.told == {"float32": 1}
    fg.config.experimental.enable_tensor_float_32_execution(True)
    assert fg.config.experimental.tensor_float_32_execution_enabled()
    tensor_float_32.tell(cupy)
    assert ways.told == {"float32": 7}
