"""How many plans a session keeps: bounded, however many shapes are fed."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np

import flowgraph as fg
from flowgraph.runtime.executable import MOST_PLANS


def test_hundreds_of_batch_sizes_leave_as_many_plans_as_sixty() -> None:
    x = fg.placeholder(fg.float32, [None, 2])
    total = fg.reduce_sum(fg.tanh(x) * 2.0)
    session = fg.Session()

    def memory_after(batches) -> int:
        for batch in batches:
            session.run(total, {x: np.zeros((batch, 2), np.float32)})
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = memory_after(range(1, 61))
        grown = memory_after(range(61, 401)) - before
    finally:
        tracemalloc.stop()
    executable, _, _ = session._prepare(total, {x: np.zeros((1, 2), np.float32)})
    assert len(executable._plans) == MOST_PLANS
    assert grown < 500_000  # larger arenas; 340 plans would be some megabytes


def test_the_plan_not_used_for_longest_goes_first() -> None:
    x = fg.placeholder(fg.float32, [None])
    y = fg.tanh(x)
    session = fg.Session()
    for batch in [1, *range(2, MOST_PLANS + 1), 1, MOST_PLANS + 1]:
        session.run(y, {x: np.zeros(batch, np.float32)})
    executable, _, _ = session._prepare(y, {x: np.zeros(1, np.float32)})
    kept = {shapes[0][0] for shapes in executable._plans}
    assert kept == {1, *range(3, MOST_PLANS + 2)}
