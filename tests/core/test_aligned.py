"""Arrays that begin at a line of the cache."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import aligned


@pytest.mark.parametrize("shape", [(), (0,), (5,), (3, 7), (1000, 33)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.bool_, np.int64])
def test_an_array_is_as_asked_for(shape, dtype) -> None:
    array = aligned.empty(shape, dtype)
    assert array.ctypes.data % 64 == 0
    assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
    assert array.flags.carray and array.flags.c_contiguous
    array[...] = 1
    assert (array == 1).all()


def test_a_view_is_seen_also_when_the_array_itself_is_not_held() -> None:
    array = aligned.empty((10, 3), np.float32)
    for view in (array[2:], array.reshape(-1), array.view(np.int32), array.T[1][::2]):
        assert aligned.has_views(array)
        assert np.shares_memory(view, array)
        del view
    assert not aligned.has_views(array)


def test_memory_of_a_plan_and_of_variables_is_aligned() -> None:
    w = fg.Variable(np.ones((100, 100), np.float32), name="w")
    step = fg.assign(w, fg.tanh(fg.tanh(w) * 2.0) + w)
    session = fg.Session()
    session.run(w.initializer)
    for _ in range(4):
        session.run(step.op)
        assert session._state.values["w"].ctypes.data % 64 == 0
