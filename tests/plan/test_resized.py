"""Plans for other sizes: what they share with the first one; runs give the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.plan import resized as module
from flowgraph.plan.plan import Plan
from flowgraph.plan.resized import resized
from flowgraph.program.extract import extract
from flowgraph.program.pipeline import PASSES, PLANNING, optimise, prepare
from flowgraph.program.specs import specialise


@pytest.fixture(autouse=True)
def _small_ones_too(monkeypatch) -> None:
    monkeypatch.setattr(module, "LEAST", 1)


def _programs(fetches, x, *sizes):
    prepared = prepare(extract(fetches, [x]))
    return [optimise(specialise(prepared, ((size, *x.shape.as_list()[1:]),))) for size in sizes]


def _chain(width: int = 16):
    x = fg.placeholder(fg.float32, [None, width], name="x")
    hidden = x
    for _ in range(5):
        hidden = fg.tanh(hidden) * fg.exp(-hidden) + x
    return fg.gradients(fg.reduce_sum(hidden), [x]), x


def _softmax():
    x = fg.placeholder(fg.float32, [None, 512], name="x")
    w = fg.get_variable("w", [512, 512])
    return [fg.nn.softmax(fg.tanh(fg.matmul(x, w) + 1.0) * 2.0)], x


def _trained():
    x = fg.placeholder(fg.float32, [None, 16], name="x")
    w = fg.get_variable("w", [16, 64])
    loss = fg.reduce_mean(fg.square(fg.nn.relu(fg.matmul(x, w)) - 0.1))
    return [loss, fg.train.AdamOptimizer(0.1).minimize(loss)], x


def _packed():
    """Gradients that are written where they stand in one flat array, whatever the batch."""
    x = fg.placeholder(fg.float32, [None, 16], name="x")
    hidden = x
    for i in range(6):
        hidden = fg.tanh(fg.matmul(hidden, fg.get_variable(f"w{i}", [16, 16])))
    loss = fg.reduce_mean(fg.square(hidden - 0.1))
    return [loss, fg.train.AdamOptimizer(0.1).minimize(loss)], x


@pytest.mark.parametrize("make,sizes", [
    (_chain, (4, 6)), (_chain, (6, 4)), (_chain, (4, 1)), (_softmax, (400, 300)),
    (_trained, (40, 8)), (_packed, (4, 64)), (_packed, (40, 20))])
def test_steps_and_buffers_are_those_of_a_plan_made_anew(make, sizes) -> None:
    fetches, x = make()
    old, new = _programs(fetches, x, *sizes)
    made, anew = resized(Plan(old), new), Plan(new)
    assert made is not None
    for name in ("feed_slots", "read_slots", "fetches", "host_constants"):
        assert getattr(made, name) == getattr(anew, name)
    assert [(slot, value.tolist()) for slot, value in made.constants] == [
        (slot, value.tolist()) for slot, value in anew.constants]
    for ours, theirs in zip(made.steps, anew.steps, strict=True):
        for name in ("instr", "inputs", "outputs", "view", "views", "drops", "frees", "host",
                     "xp"):
            assert getattr(ours, name) == getattr(theirs, name)
    assert made.slots == anew.slots
    assert made.buffers.view_of == anew.buffers.view_of
    assert made.buffers.views == anew.buffers.views
    assert made.buffers.outgoing == anew.buffers.outgoing
    assert made.buffers.has_joins == anew.buffers.has_joins == (make is _packed)
    assert made.lifetimes.roots == anew.lifetimes.roots


def test_specs_that_are_equal_by_chance_are_not_taken_for_the_same() -> None:
    x = fg.placeholder(fg.float32, [None, 8], name="x")
    y = fg.tanh(fg.transpose(fg.tanh(x)) + 1.0) @ fg.exp(x)
    old, new = _programs([y], x, 8, 5)
    assert resized(Plan(old), new) is None
    old, new = _programs([y], x, 4, 5)
    assert resized(Plan(old), new) is not None


def test_constants_that_are_one_for_another_size_are_not_taken_for_the_same() -> None:
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    y = fg.tanh(x) * fg.cast(fg.shape(x)[0], fg.float32) + fg.exp(x) * 8.0
    session = fg.Session()
    for size in (4, 8, 5, 4):
        given = np.linspace(-1, 1, size * 3, dtype=np.float32).reshape(size, 3)
        np.testing.assert_array_equal(session.run(y, {x: given}), fg.Session().run(y, {x: given}))


def test_parts_of_concatenations_have_their_places_by_size() -> None:
    x = fg.placeholder(fg.float32, [None, 8], name="x")
    joined = fg.exp(fg.concat([fg.exp(x), fg.sin(x)], 0)) @ fg.ones([8, 2])
    for sizes in ((400, 500), (400, 2), (2, 400)):
        old, new = _programs([joined], x, *sizes)
        assert Plan(old).buffers.has_joins or Plan(new).buffers.has_joins
        assert resized(Plan(old), new) is None


def test_no_rows_at_all_are_planned_anew() -> None:
    fetches, x = _chain()
    old, new = _programs(fetches, x, 4, 0)
    assert resized(Plan(old), new) is None


@pytest.mark.parametrize("poison", [False, True])
@pytest.mark.parametrize("make", [_chain, _softmax, _trained, _packed])
def test_runs_give_what_a_session_with_plans_made_anew_gives(make, poison, monkeypatch) -> None:
    fetches, x = make()
    used = []
    monkeypatch.setattr(module, "resized",
                        lambda *args: used.append(resized(*args)) or used[-1])
    found = []
    for passes in (None, [*PASSES, *(PLANNING.keys() - {"resized_plans"})]):
        fg.set_random_seed(1)
        session = fg.Session(passes=passes, poison=poison)
        session.run([v.assign(fg.ones(v.shape) * 0.25) for v in fg.global_variables()])
        for size in (64, 48, 64, 48, 48):
            given = np.linspace(-1, 1, size * x.shape[1].value, dtype=np.float32)
            found.append(session.run(fetches[0], {x: given.reshape(size, -1)}))
    assert [plan is not None for plan in used].count(True) >= 1
    for ours, theirs in zip(found[:5], found[5:], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_shape_that_does_not_fit_is_told_with_op_and_line() -> None:
    x = fg.placeholder(fg.float32, [None, None], name="x")
    y = fg.tanh(x) @ fg.ones([3, 2])
    session = fg.Session()
    session.run(y, {x: np.ones((4, 3))})
    with pytest.raises(fg.errors.InvalidArgumentError, match=r"MatMul 'matmul'.*test_resized\.py"):
        session.run(y, {x: np.ones((4, 5))})
