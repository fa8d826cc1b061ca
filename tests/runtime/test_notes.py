"""Notes of a run: what is noted of loops, of memory, of members of groups."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.runtime import notes as notes_module
from flowgraph.runtime.notes import StepNotes


def noted(fetches, feeds=None, **settings):
    notes = StepNotes()
    with fg.Session(**settings) as sess:
        sess.run(fg.global_variables_initializer())
        sess.run_with_hooks(fetches, feeds, [notes])
    return notes


def flat(part, depth=0):
    """(depth, op type, body, round, calls) of all notes."""
    for note in part.notes:
        yield depth, note.step.op.type, part.body, part.round, note.calls
        if note.bodies is not None:
            for inner in note.bodies.parts:
                yield from flat(inner, depth + 1)


def loop(rounds, inner=0):
    """A loop that doubles, `rounds` times; with `inner`, by such a loop in each round."""
    def body(i, a):
        if inner:
            a = fg.while_loop(lambda j, b: j < inner, lambda j, b: (j + 1, b * 2.0), [0, a])[1]
        else:
            a = a * 2.0
        return i + 1, a

    x = fg.placeholder_with_default(1.0, [])
    return fg.while_loop(lambda i, a: i < rounds, body, [0, x])[1]


def test_each_round_of_a_loop_is_noted_with_its_number() -> None:
    (part,) = noted(loop(2)).parts
    assert list(flat(part)) == [
        (0, "While", -1, 0, 1),
        (1, "Less", 0, 0, 1), (1, "Mul", 1, 0, 1), (1, "AddV2", 1, 0, 1),
        (1, "Less", 0, 1, 1), (1, "Mul", 1, 1, 1), (1, "AddV2", 1, 1, 1),
        (1, "Less", 0, 2, 1)]


def test_only_the_branch_taken_is_noted() -> None:
    x = fg.placeholder(fg.float32, [])
    y = fg.cond(x > 0, lambda: fg.sqrt(x), lambda: fg.square(x))
    (part,) = noted(y, {x: -2.0}).parts
    assert [row[1:3] for row in flat(part)] == [("Greater", -1), ("If", -1), ("Square", 1)]


@pytest.mark.parametrize("inner", [0, 3])
def test_a_long_loop_keeps_its_ends_and_adds_up_what_is_between(monkeypatch, inner) -> None:
    monkeypatch.setattr(notes_module, "WHOLE", 10)
    (part,) = noted(loop(50, inner)).parts
    rows = list(flat(part))
    calls = {}
    for depth, kind, _, _, count in rows:
        calls[depth, kind] = calls.get((depth, kind), 0) + count
    assert calls[1, "Less"] == 51
    assert calls[1, "AddV2"] == 50
    assert calls[2 if inner else 1, "Mul"] == 50 * (inner or 1)
    assert len(rows) < 70
    rounds = {row[3] for row in rows if row[0] == 1 and row[4] == 1}
    assert {0, 1, 48, 49} <= rounds, "the first and the last ones are whole"


def test_a_long_loop_has_the_time_of_all_its_rounds(monkeypatch) -> None:
    monkeypatch.setattr(notes_module, "WHOLE", 10)
    (part,) = noted(loop(50, 3)).parts

    def check(note) -> None:
        inner = [n for p in note.bodies.parts for n in p.notes] if note.bodies else []
        assert sum(n.seconds for n in inner) == pytest.approx(note.inside)
        assert note.inside <= note.seconds
        for other in inner:
            check(other)

    for note in part.notes:
        check(note)


X = np.ones(1000, np.float32)


def chain(x):
    return fg.reduce_sum(fg.tanh(fg.concat([x, x], 0)))


MEMORY = [  # name, fetches of x, bytes that the steps take, most alive at once
    ("nothing", lambda x: x, 0, 0),
    ("one result", lambda x: fg.square(x), 4000, 4000),
    ("a view of a feed", lambda x: fg.reshape(x, [10, 100]), 0, 0),
    ("a view of a result", lambda x: fg.reshape(fg.square(x), [10, 100]), 4000, 4000),
    ("fetched: its memory is its own", lambda x: fg.tanh(fg.concat([x, x], 0)), 16000, 16000),
    ("in place, and dropped", chain, 16004, 8004),
    ("both alive", lambda x: [fg.tanh(fg.square(x)), fg.square(x)], 8000, 8000)]


@pytest.mark.parametrize("build, made, peak", [row[1:] for row in MEMORY],
                         ids=[row[0] for row in MEMORY])
def test_memory_made_and_the_most_of_it_alive(build, made, peak) -> None:
    x = fg.placeholder(fg.float32, [1000])
    notes = noted(build(x), {x: X})
    assert sum(note.made for note in notes.parts[0].notes) == made
    assert notes.peak == peak


def test_what_a_loop_keeps_for_its_gradient_is_alive_until_that_is_done() -> None:
    x = fg.placeholder(fg.float32, [1000])
    y = fg.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, fg.tanh(a * 2.0)), [0, x])[1]
    assert noted(y, {x: X}).peak < 5 * 4000
    (gradient,) = fg.gradients(y, x)
    assert 5 * 4000 <= noted(gradient, {x: X}).peak < 10 * 4000


def test_members_of_a_group_share_its_time() -> None:
    x = fg.placeholder(fg.float32, [1 << 20])
    y = fg.reduce_sum(fg.tanh(x * 2.0 + 1.0))
    kept = StepNotes(keep=lambda result: float(np.asarray(result).reshape(-1)[0]))
    with fg.Session() as sess:
        total = sess.run_with_hooks(y, {x: np.zeros(1 << 20)}, [kept])
    (group,) = kept.parts[0].notes
    members = group.bodies.first[0].notes
    assert [note.step.op.type for note in members] == ["Mul", "AddV2", "Tanh", "Sum"]
    assert sum(note.seconds for note in members) == pytest.approx(group.seconds)
    assert group.inside == group.seconds
    np.testing.assert_allclose([note.outputs[0].kept for note in members],
                               [0.0, 1.0, np.tanh(1.0), total], rtol=1e-4)


def test_a_run_that_waits_has_two_parts() -> None:
    queue = fg.FIFOQueue(1, fg.float32, [[]])
    enqueue, y = queue.enqueue(2.0), fg.square(queue.dequeue())
    notes = StepNotes()
    with fg.Session() as sess:
        sess.run(enqueue)
        assert sess.run_with_hooks(y, None, [notes]) == 4
    kinds = [[note.step.op.type for note in part.notes] for part in notes.parts]
    assert [kind[-1] for kind in kinds][-1] == "Square"
    assert "QueueDequeueV2" in kinds[0]


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_after_a_run_as_before_it(enabled) -> None:
    y = fg.while_loop(lambda i, a: i < 3, lambda i, a: (
        i + 1, fg.check_numerics(a * 1e30, "too large")), [0, 1.0])[1]
    (gc.enable if enabled else gc.disable)()
    try:
        noted(loop(3))
        assert gc.isenabled() == enabled
        with pytest.raises(fg.errors.InvalidArgumentError):
            noted(y)
        assert gc.isenabled() == enabled
    finally:
        gc.enable()


def test_the_clock_stands_still_while_a_hook_is_busy() -> None:
    notes = StepNotes()
    before = notes.now()
    notes._stopped += 100.0
    assert notes.now() < before - 99
