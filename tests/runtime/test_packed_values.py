"""PackedValues: variables that are parts of one array are still variables."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.plan import buffers
from flowgraph.program.packs import Pack
from flowgraph.program.passes import packed_updates as packing
from flowgraph.runtime.packed_values import PackedValues

SHAPES = [(8, 8), (3,), (32,)]


@pytest.fixture(params=["interpreter", "source"])
def training(request, monkeypatch):
    """(session, a step that adds 1 to three variables, the variables)."""
    monkeypatch.setattr(packing, "LEAST", 1)
    monkeypatch.setattr(buffers, "_OWN_MEMORY", 1)
    variables = [fg.Variable(np.zeros(shape, np.float32), name=f"v{i}")
                 for i, shape in enumerate(SHAPES)]
    step = fg.group(*(fg.assign_add(v, fg.square(v) * 0.0 + 1.0) for v in variables))
    session = fg.Session(runner=request.param)
    session.run(fg.global_variables_initializer())
    return session, step, variables


def memory_of(session):
    return {id(session._state.values[f"v{i}"].base) for i in range(len(SHAPES))}


def numbers(session, variables):
    values = session.run(variables)
    assert [value.shape for value in values] == SHAPES
    assert all((value == value.flat[0]).all() for value in values)
    return [int(value.flat[0]) for value in values]


def test_all_are_in_one_array_and_two_arrays_take_turns(training) -> None:
    session, step, variables = training
    seen = set()
    for i in range(6):
        session.run(step)
        assert len(memory_of(session)) == 1
        seen |= memory_of(session)
        assert numbers(session, variables) == [i + 1] * 3
    assert len(seen) == 2


def test_what_is_assigned_in_between_counts(training) -> None:
    session, step, variables = training
    for _ in range(3):
        session.run(step)
    session.run(variables[1].initializer)
    variables[2].load(np.full(32, 10, np.float32), session)
    for i in range(3):
        session.run(step)
        assert numbers(session, variables) == [4 + i, 1 + i, 11 + i]


def test_a_fetched_value_never_changes(training) -> None:
    session, step, variables = training
    fetched = [session.run([variables, step])[0] for _ in range(4)]
    fetched[0][0][...] = 100  # the caller's own
    assert [[int(v.flat[0]) for v in values] for values in fetched] == [
        [100, 0, 0], [1, 1, 1], [2, 2, 2], [3, 3, 3]]
    assert numbers(session, variables) == [4, 4, 4]


@pytest.mark.parametrize("taken", [lambda value: value, lambda value: value[:2], np.transpose])
def test_memory_that_somebody_has_is_left_alone(training, taken) -> None:
    session, step, _ = training
    session.run(step)
    session.run(step)
    held = taken(session._state.values["v0"])
    for _ in range(5):
        session.run(step)
    assert (held == 2).all()


def test_a_run_that_fails_leaves_all_variables_as_they_were(training) -> None:
    session, _, variables = training
    index = fg.placeholder(fg.int32, [])
    last = fg.gather([1.0, 2.0], index)
    step = fg.group(*(fg.assign_add(v, fg.square(v) * 0.0 + last) for v in variables))
    for at, expected in ((0, 1), (1, 3), (7, 3), (0, 4), (7, 4), (7, 4), (0, 5)):
        if at > 1:
            with pytest.raises(fg.errors.InvalidArgumentError):
                session.run(step, {index: at})
        else:
            session.run(step, {index: at})
        assert numbers(session, variables) == [expected] * 3


def test_runs_with_other_choices_of_variables_take_turns(training) -> None:
    session, step, variables = training
    two = fg.group(*(fg.assign_add(v, fg.square(v) * 0.0 + 10.0) for v in variables[1:]))
    for i in range(4):
        session.run(step)
        session.run(two)
        assert numbers(session, variables) == [i + 1, 11 * (i + 1), 11 * (i + 1)]


def test_a_variable_without_a_value_is_named(training) -> None:
    _, step, _ = training
    session = fg.Session()
    session.run(fg.get_default_graph().get_operation_by_name("v0/Assign"))
    with pytest.raises(fg.errors.FailedPreconditionError, match="uninitialized value v"):
        session.run(step)


def test_threads_lose_no_step_and_see_whole_values(training) -> None:
    session, step, variables = training
    wrong = []

    def train() -> None:
        for _ in range(40):
            session.run(step)

    def look() -> None:
        for _ in range(80):
            values = session.run(variables)
            if len({float(x) for value in values for x in value.reshape(-1)}) != 1:
                wrong.append(values)

    threads = [threading.Thread(target=target) for target in (train, look, train)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert numbers(session, variables) == [80, 80, 80]


def test_a_saver_restores_packed_variables(training, tmp_path) -> None:
    session, step, variables = training
    saver = fg.train.Saver()
    session.run(step)
    path = saver.save(session, str(tmp_path / "model"))
    session.run(step)
    saver.restore(session, path)
    session.run(step)
    assert numbers(session, variables) == [2, 2, 2]


def test_values_are_copied_together_only_when_they_are_others() -> None:
    packed = PackedValues(Pack(((2,), (3, 1))), np.dtype(np.float32))
    values = np.float32([1, 2]), np.float32([[3], [4], [5]])
    assert packed.whole(values).tolist() == [1, 2, 3, 4, 5]
    spare = packed.take_spare()
    spare.array[...] = 7
    parts = packed.parts(spare.array, spare)
    assert [part.tolist() for part in parts] == [[7, 7], [[7], [7], [7]]]
    assert packed.whole(parts) is spare.array
    assert packed.whole((parts[0], values[1])).tolist() == [7, 7, 3, 4, 5]
    fresh = np.arange(5, dtype=np.float32)
    again = packed.parts(fresh, None)
    assert packed.whole(again) is fresh
