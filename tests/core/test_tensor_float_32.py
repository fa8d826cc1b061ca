"""TensorFloat-32 is left as it is until a program says something, and CuPy is told then."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import flowgraph as fg
from flowgraph.core import tensor_float_32

config = fg.config.experimental


@pytest.fixture
def cupy(monkeypatch):
    """What CuPy multiplies by: 9 as its user has set it."""
    monkeypatch.setattr(tensor_float_32, "_enabled", None)
    ways = SimpleNamespace(COMPUTE_TYPE_TF32=7, COMPUTE_TYPE_DEFAULT=1, told={"float32": 9})
    ways.set_compute_type = ways.told.__setitem__
    return SimpleNamespace(_core=SimpleNamespace(_routines_linalg=ways), told=ways.told)


def test_a_session_leaves_cupy_as_its_user_has_set_it(cupy) -> None:
    tensor_float_32.tell(cupy)
    assert cupy.told == {"float32": 9}
    assert not config.tensor_float_32_execution_enabled()


@pytest.mark.parametrize(("said", "told"), [([True], 7), ([True, False], 1), ([False], 1)])
def test_cupy_is_told_what_the_program_said_last(cupy, said, told: int) -> None:
    for enabled in said:
        config.enable_tensor_float_32_execution(enabled)
    tensor_float_32.tell(cupy)
    assert cupy.told == {"float32": told}
    assert config.tensor_float_32_execution_enabled() is said[-1]
