"""The frame of a generated function: functions of many variables leave room behind them."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.plan.source import _CHUNK, Source
from tests.plan.plans import plan_of


def run_of(count, *, calls):
    x = fg.placeholder(fg.float32, [4], name="x")
    y = x
    for _ in range(count):
        y = fg.tanh(y) + (fg.add_n(fg.split(y, 2) * 2)[:1] if calls else x)
    return Source(plan_of(y, {x: np.ones(4)})).compile()


@pytest.mark.parametrize("count,calls,has_room", [(100, True, True), (10, True, False),
                                                  (300, False, False)])
def test_many_variables_and_calls_of_functions_get_a_chunk_of_their_own(count, calls,
                                                                        has_room) -> None:
    code = run_of(count, calls=calls).__code__
    assert (code.co_stacksize >= _CHUNK) == has_room


def test_it_runs_as_before() -> None:
    x = fg.placeholder(fg.float32, [4], name="x")
    y = x
    for _ in range(150):
        y = fg.tanh(y) + fg.concat(fg.split(y, 2)[::-1], 0)
    given = {x: np.linspace(-1, 1, 4)}
    np.testing.assert_array_equal(fg.Session(runner="source").run(y, given),
                                  fg.Session(runner="interpreter").run(y, given))
