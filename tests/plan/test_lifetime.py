"""Lifetimes: whose memory a value may share, and how long it is needed."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.plan.lifetime import Lifetimes
from tests.plan.plans import plan_of


def lifetimes(fetches, feed=None) -> tuple[Lifetimes, dict]:
    program = plan_of(fetches, feed, passes=[]).program
    values = {feed.value.name: feed.value for feed in program.feeds}
    values |= {read.value.name: read.value for read in program.reads}
    values |= {out.name: out for instr in program.instrs for out in instr.outputs}
    return Lifetimes(program), values


def names(values) -> set:
    return {value.name for value in values}


def test_a_computed_value_has_memory_of_its_own() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    life, value = lifetimes(fg.tanh(fg.exp(x, name="e"), name="t"), {x: [1, 2]})
    assert names(life.roots[value["t"]]) == {"t"}


def test_views_share_the_memory_of_all_they_may_come_from() -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    e = fg.exp(x, name="e")
    view = fg.transpose(fg.reshape(e, [3, 2], name="r"), name="v")
    life, value = lifetimes(fg.tanh(view), {x: np.zeros((2, 3))})
    assert names(life.roots[value["v"]]) == {"e", "r", "v"}


def test_memory_is_needed_until_the_last_use_of_the_last_view() -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    e = fg.exp(x, name="e")
    view = fg.reshape(e, [6], name="view")
    other = fg.tanh(e, name="other")
    late = fg.add(fg.sin(view, name="sin"), 1.0, name="late")
    life, value = lifetimes([other, late], {x: np.zeros((2, 3))})
    order = ["e", "view", "other", "sin", "late"]
    assert order[life.last_use[value["e"]]] == "sin"
    assert order[life.last_use[value["other"]]] == "other"


def test_fetched_and_written_memory_escapes_also_through_views() -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    v = fg.Variable(np.zeros(6, np.float32), name="v")
    fetched = fg.reshape(fg.exp(x, name="e"), [6], name="r")
    written = fg.assign(v, fg.reshape(fg.sin(x, name="s"), [6]))
    life, value = lifetimes([fetched, written.op, fg.tanh(fg.cos(x, name="c"), name="t")],
                            {x: np.zeros((2, 3))})
    assert {"e", "r", "s", "t"} <= names(life.escaping)
    assert value["c"] not in life.escaping


def test_a_value_that_no_one_uses_dies_where_it_is_made() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    life, value = lifetimes([fg.exp(x, name="e").op, fg.tanh(x, name="t")], {x: [1, 2]})
    assert life.last_use[value["e"]] == 0


def test_feeds_state_and_constants_are_roots_too() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    v = fg.Variable([1.0, 2.0], name="v")
    big = fg.constant(np.zeros(100, np.float32), name="big")
    life, _ = lifetimes([fg.identity(x, name="ix"), fg.identity(v, name="iv"),
                         fg.identity(big, name="ib")], {x: [1, 2]})
    assert {"x", "v", "big"} <= names(life.escaping)
