"""How many plans a session keeps: bounded, however many shapes are fed; the plan for all sizes."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.program.pipeline import PASSES, PLANNING
from flowgraph.runtime import executable
from flowgraph.runtime.executable import MOST_PLANS, RUNS_BEFORE_OWN

OWN_PLANS = [*PASSES, *(name for name in PLANNING if name != "general_plans")]


def test_hundreds_of_batch_sizes_leave_as_many_plans_as_sixty() -> None:
    x = fg.placeholder(fg.float32, [None, 2])
    total = fg.reduce_sum(fg.tanh(x) * 2.0)
    session = fg.Session(passes=OWN_PLANS)

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
    session = fg.Session(passes=OWN_PLANS)
    for batch in [1, *range(2, MOST_PLANS + 1), 1, MOST_PLANS + 1]:
        session.run(y, {x: np.zeros(batch, np.float32)})
    executable, _, _ = session._prepare(y, {x: np.zeros(1, np.float32)})
    kept = {shapes[0][0] for shapes in executable._plans}
    assert kept == {1, *range(3, MOST_PLANS + 2)}


# ---- the general plan ----------------------------------------------------------------------------


def shapes_planned(session, fetches, feeds) -> list:
    executable, _, _ = session._prepare(fetches, feeds)
    return [shapes[0] for shapes in executable._plans]


def test_from_the_third_shape_on_a_shape_gets_its_plan_in_its_ninth_run() -> None:
    x = fg.placeholder(fg.float32, [None, 2])
    y = fg.reduce_sum(fg.tanh(x), 1)
    session = fg.Session()
    for batch in (4, 5, *[6] * RUNS_BEFORE_OWN, 7):
        session.run(y, {x: np.zeros((batch, 2))})
    assert shapes_planned(session, y, {x: np.zeros((4, 2))}) == [(4, 2), (5, 2)]
    session.run(y, {x: np.zeros((6, 2))})
    assert shapes_planned(session, y, {x: np.zeros((4, 2))}) == [(4, 2), (5, 2), (6, 2)]


def test_one_general_plan_serves_all_sizes_and_grows_with_the_ranks(monkeypatch) -> None:
    x = fg.placeholder(fg.float32)
    y = fg.reduce_sum(x * 2.0)
    session = fg.Session()
    generals = set()
    for shape in ((1, 2), (2, 2), (3, 2), (4, 2), (5, 3), (6, 3), (2, 2, 2), (7,), (9, 9)):
        assert session.run(y, {x: np.ones(shape)}) == 2 * np.prod(shape)
        executable, _, _ = session._prepare(y, {x: np.ones(shape)})
        if executable._general is not None:
            generals.add(executable._general[0])
    assert generals == {((None, 2),), ((None, None),), (None,)}


def test_explain_tells_the_plan_of_the_shapes_themselves() -> None:
    x = fg.placeholder(fg.float32, [None])
    y = fg.tanh(x)
    session = fg.Session()
    for batch in (1, 2, 3):
        session.run(y, {x: np.zeros(batch)})
    assert "float32[3]" in session.explain(y, {x: np.zeros(3)}).source


def test_shapes_that_do_not_fit_an_op_are_told_alike_with_any_plan() -> None:
    x, y = fg.placeholder(fg.float32, [None]), fg.placeholder(fg.float32, [None])
    z = fg.add_n([x, y], name="total")

    def told(*others: int) -> str:
        session = fg.Session()
        for size in others:
            session.run(z, {x: np.zeros(size), y: np.zeros(size)})
        with pytest.raises(InvalidArgumentError, match="AddN 'total'") as raised:
            session.run(z, {x: np.zeros(1), y: np.zeros(4)})
        return str(raised.value)

    assert "(1,) and (4,)" in told()
    assert told(1, 2, 3) == told()


def test_training_with_ever_other_sizes_is_the_same_training() -> None:
    x, y = fg.placeholder(fg.float32, [None, 3]), fg.placeholder(fg.float32, [None])
    w, b = fg.Variable(np.ones([3, 4], np.float32)), fg.Variable(np.zeros(4, np.float32))
    hidden = fg.tanh(fg.matmul(x, w) + b) * fg.sigmoid(fg.matmul(x, w))
    loss = fg.reduce_mean(fg.square(fg.reduce_sum(hidden, 1) - y))
    step = fg.train.AdamOptimizer(0.05).minimize(loss)
    sessions = [fg.Session(passes=passes) for passes in ([], None)]
    for session in sessions:
        session.run(fg.global_variables_initializer())
    random = np.random.default_rng(0)
    for size in (5, 7, 3, 3, 3, 1, 9, 5, 2, 4, 7):
        feeds = {x: random.normal(size=(size, 3)), y: random.normal(size=size)}
        plain, found = (session.run([loss, step, w], feeds) for session in sessions)
        np.testing.assert_allclose(found[0], plain[0], rtol=1e-5)
        np.testing.assert_allclose(found[2], plain[2], rtol=1e-5)


def test_other_threads_may_run_while_the_general_plan_is_looked_for(monkeypatch) -> None:
    x = fg.placeholder(fg.float32, [None])
    y = fg.tanh(x)
    session = fg.Session()
    fed = [{x: np.zeros(size, np.float32)} for size in (1, 2, 3)]
    session.run(y, fed[0])
    session.run(y, fed[1])
    widen = executable.widen

    def meanwhile(*shapes):  # what a run of another thread does, between any two lines
        session.run(y, fed[0])
        return widen(*shapes)

    monkeypatch.setattr(executable, "widen", meanwhile)
    assert session.run(y, fed[2]).shape == (3,)
