"""The critical path: which chain of steps it is, in branches of a graph, in loops, in groups."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.profiling.critical import critical_path

X = np.ones((4, 4), np.float32)


def timed(fetches, feeds, seconds):
    """A recording with made-up times, by name of the op its own seconds."""
    return with_times(fg.Session().record(fetches, feeds), seconds)


def with_times(recording, seconds):
    own = [seconds.get(step.op.name, 1.0) * step.calls for step in recording.steps]
    whole = list(own)
    for index in range(len(own) - 1, -1, -1):
        if recording.steps[index].parent >= 0:
            whole[recording.steps[index].parent] += whole[index]
    return dataclasses.replace(recording, steps=tuple(
        dataclasses.replace(step, self_seconds=mine, seconds=all_)
        for step, mine, all_ in zip(recording.steps, own, whole, strict=True)))


def diamond():
    x = fg.placeholder(fg.float32, [4, 4], name="x")
    first = fg.matmul(x, x, name="first")
    left = fg.matmul(first, x, name="left")
    right = fg.matmul(x, first, name="right")
    more = fg.matmul(x, right, name="more")
    return x, fg.matmul(left, more, name="last")


ROWS = [({}, ["first", "right", "more", "last"], 0.8),
        ({"left": 5.0}, ["first", "left", "last"], 7 / 9),
        ({"right": 0.0, "more": 0.5}, ["first", "left", "last"], 3 / 3.5)]


@pytest.mark.parametrize("seconds, chain, share", ROWS)
def test_the_chain_that_takes_longest(seconds, chain, share) -> None:
    x, y = diamond()
    path = critical_path(timed(y, {x: X}, seconds))
    assert [step.op.name for step in path.steps] == chain
    assert path.share == pytest.approx(share)
    assert repr(path) == f"<CriticalPath: {len(chain)} steps, {path.seconds:.3g} s>"
    assert repr(path.steps[0]).startswith("<RecordedStep first  MatMul  ")


def test_rounds_of_a_loop_follow_each_other() -> None:
    x = fg.placeholder(fg.float32, [4, 4])
    y = fg.while_loop(lambda i, a: i < 2, lambda i, a: (i + 1, fg.matmul(
        fg.matmul(a, a, name="one"), a, name="two")), [0, x])[1]
    path = critical_path(timed(y, {x: X}, {}))
    # The loop, three conditions, and the longer one of two chains in two rounds.
    assert [step.type for step in path.steps] == [
        "While", "Less", "MatMul", "MatMul", "Less", "MatMul", "MatMul", "Less"]
    assert path.seconds == 8


def test_a_group_is_one_step_of_the_chain() -> None:
    x = fg.placeholder(fg.float32, [1 << 19])
    recording = fg.Session().record(fg.tanh(x) * fg.sigmoid(x), {x: np.ones(1 << 19)})
    path = critical_path(recording)
    assert path.seconds == pytest.approx(recording.steps[0].seconds)
    assert path.share == pytest.approx(1)


def test_what_waits_comes_before_what_it_gives() -> None:
    queue = fg.FIFOQueue(1, fg.float32, [[4, 4]])
    enqueue = queue.enqueue(X)
    y = fg.matmul(queue.dequeue(name="get"), X, name="product")
    with fg.Session() as sess:
        sess.run(enqueue)
        path = critical_path(sess.record(y))
    assert [step.op.name for step in path.steps][-2:] == ["get", "product"]


def test_of_a_run_without_steps() -> None:
    path = fg.Session().record(fg.constant(1.0)).critical_path()
    assert (path.steps, path.seconds, path.share) == ((), 0, 0)
    assert str(path).startswith("0 steps")


def test_a_profile_takes_the_run_that_took_longest(monkeypatch) -> None:
    x, y = diamond()
    with fg.profile() as profile, fg.Session() as sess:
        sess.run(fg.square(x), {x: X})
        sess.run(y, {x: X})
        sess.run(fg.square(x), {x: X})
    made_up = [with_times(recording, {}) for recording in profile.recordings]
    monkeypatch.setattr(type(profile), "recordings", made_up)
    path = profile.critical_path()
    assert path.steps[-1].op.name == "last"
    assert profile.critical_path(profile.recordings[0]).steps[0].type == "Square"
    table = path.table
    assert sum(row["share"] for row in table) == pytest.approx(1)
    assert "last" in str(path) and "last" in path._repr_html_()
