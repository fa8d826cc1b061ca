"""The arrays that variables had serve for what they are to be, when no one else has them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import flowgraph as fg


@pytest.fixture
def training():
    """(session, a step that adds 1 to w, w), w of 40,000 numbers."""
    w = fg.Variable(np.zeros((200, 200), np.float32), name="w")
    step = fg.assign_add(w, fg.ones([200, 200])).op
    session = fg.Session()
    session.run(w.initializer)
    return session, step, w


def array_of(session):
    return session._state.values["w"]


def test_two_arrays_take_turns(training) -> None:
    session, step, w = training
    seen = set()
    for i in range(8):
        session.run(step)
        seen.add(id(array_of(session)))
        assert session.run(w)[7, 7] == i + 1
    assert len(seen) <= 3  # the first value may be a constant of the initializer


def test_an_array_that_somebody_has_is_left_alone(training) -> None:
    session, step, _ = training
    session.run([step])
    taken = array_of(session)
    view = taken[:2]
    del taken
    for _ in range(4):
        session.run(step)
    assert (view == 1).all()


def test_a_fetched_value_never_changes(training) -> None:
    session, step, w = training
    fetched = []
    for _ in range(4):
        fetched.append(session.run([w, step])[0])
    assert [int(value[0, 0]) for value in fetched] == [0, 1, 2, 3]


def test_a_run_that_fails_leaves_the_variable_as_it_was() -> None:
    w = fg.Variable(np.zeros((200, 200), np.float32), name="w")
    index = fg.placeholder(fg.int32, [])
    grown = fg.assign_add(w, fg.ones([200, 200]))
    with fg.control_dependencies([grown]):
        picked = fg.gather(fg.constant([1.0, 2.0]), index)
    session = fg.Session()
    session.run(w.initializer)
    for _ in range(3):
        session.run(picked, {index: 0})
        with pytest.raises(fg.errors.InvalidArgumentError):
            session.run(picked, {index: 5})
    assert (session.run(w) == 3).all()


def test_readers_in_other_threads_see_whole_values(training) -> None:
    session, step, w = training
    total = fg.reduce_max(w) - fg.reduce_min(w)
    failures: list[float] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            spread = session.run(total)
            if spread:
                failures.append(spread)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        session.run(step)
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert session.run(w)[0, 0] == 200
