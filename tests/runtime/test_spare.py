"""The arrays that variables had serve for what they are to be, when no one else has them."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.old_copy import OldCopy


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


# ---- changes of a few rows -----------------------------------------------------------------------


@pytest.fixture
def copied(monkeypatch):
    """How many rows each scatter copied."""
    counts = []

    def refreshed(self, ref, rows, others=None):
        partly = self.rows is not None and self.current is ref
        stale = partly and (self.rows if others is None else self.rows[others[self.rows]])
        counts.append(len(stale) if partly else len(ref))
        return real(self, ref, rows, others)

    real = OldCopy.refreshed
    monkeypatch.setattr(OldCopy, "refreshed", refreshed)
    return counts


def test_a_scatter_copies_only_the_rows_that_changed_last(copied) -> None:
    w = fg.Variable(np.zeros((400, 30), np.float32))
    rows = fg.placeholder(fg.int32, [None])
    step = fg.scatter_add(w, rows, fg.ones([1, 30])).op
    session = fg.Session()
    session.run(w.initializer)
    for row in range(6):
        session.run(step, {rows: [row]})
    assert copied[-3:] == [1, 1, 1]
    assert session.run(w)[:8, 0].tolist() == [1, 1, 1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("scatter", [fg.scatter_add, fg.scatter_update, fg.scatter_max])
def test_rows_that_change_again_are_not_copied_before(copied, scatter) -> None:
    w = fg.Variable(np.zeros((400, 30), np.float32))
    rows, updates = fg.placeholder(fg.int32, [None]), fg.placeholder(fg.float32, [None, 30])
    step = scatter(w, rows, updates).op
    session = fg.Session()
    session.run(w.initializer)
    for number in range(1, 7):
        session.run(step, {rows: [3, 9, number], updates: np.full((3, 30), number)})
    assert copied[-2:] == [1, 1]  # of rows 3, 9 and the one before, the last
    top = 21 if scatter is fg.scatter_add else 6
    assert session.run(w)[:10, 0].tolist() == [0, 1, 2, {21: 24, 6: 6}[top], 4, 5, 6, 0, 0, top]


@pytest.mark.parametrize("seed", range(12))
def test_random_changes_of_a_variable_are_those_of_numpy(copied, seed) -> None:
    r, numbers = random.Random(seed), np.random.default_rng(seed)
    w = fg.Variable(numbers.normal(size=(400, 30)).astype(np.float32))
    rows, updates = fg.placeholder(fg.int32, [None]), fg.placeholder(fg.float32, [None, 30])
    add, sub = fg.scatter_add(w, rows, updates), fg.scatter_sub(w, rows, updates)
    set_ = fg.scatter_update(w, rows, updates)
    twice = fg.scatter_add(fg.scatter_sub(w, rows, updates), rows[:1], updates[:1])
    halve = fg.assign(w, w * 0.5)
    with fg.control_dependencies([add]):
        failing = fg.gather([1.0], rows[0])
    session = fg.Session(poison=seed % 4 == 0)
    session.run(w.initializer)
    expected = session.run(w)
    for _ in range(40):
        some = numbers.integers(1, 400, r.randint(1, 20))
        feed = {rows: some, updates: numbers.normal(size=(len(some), 30)).astype(np.float32)}
        what = r.choice([add, sub, set_, twice, halve, failing])
        if what is failing:
            with pytest.raises(fg.errors.InvalidArgumentError):
                session.run(failing, feed)
        else:
            session.run(what, feed)
        if what is add:
            np.add.at(expected, some, feed[updates])
        elif what in (sub, twice):
            np.subtract.at(expected, some, feed[updates])
            expected[some[0]] += feed[updates][0] if what is twice else 0
        elif what is set_:
            expected[some] = feed[updates]
        elif what is halve:
            expected *= np.float32(0.5)
        np.testing.assert_allclose(session.run(w), expected, rtol=2e-4, atol=2e-4)
    assert seed % 4 == 0 or min(copied) < 400


def test_rows_that_the_run_computes_are_remembered_after_it() -> None:
    some = fg.placeholder(fg.int32, [20])
    w = fg.Variable(np.zeros([20_000], np.float32))
    rows = fg.concat([some, np.arange(64, dtype=np.int32)], 0)  # lies in memory of the run
    step = fg.scatter_add(w, rows, fg.ones([84])).op
    session = fg.Session()
    session.run(w.initializer)
    expected = np.zeros(20_000, np.float32)
    for i in range(6):
        session.run(step, {some: np.arange(20, dtype=np.int32) + 100 * (i + 1)})
        expected[100 * (i + 1):][:20] += 1
        expected[:64] += 1
        np.testing.assert_array_equal(session.run(w), expected)


def test_rows_that_were_fed_may_be_changed_after_the_run() -> None:
    rows = fg.placeholder(fg.int64, [None])
    w = fg.Variable(np.zeros([20_000], np.float32))
    step = fg.scatter_add(w, rows, [1.0]).op
    session = fg.Session()
    session.run(w.initializer)
    fed = np.zeros(1, np.int64)
    for i in range(8):
        fed[0] = i
        session.run(step, {rows: fed})
    assert session.run(w)[:10].tolist() == [1] * 8 + [0] * 2


def test_what_an_assignment_hands_on_is_written_into_the_array_of_two_runs_ago() -> None:
    w = fg.Variable(np.zeros((200, 200), np.float32), name="w")
    step = fg.assign(w, fg.tanh(w) + fg.fill([200, 200], 1.5))
    plain, session = fg.Session(passes=[]), fg.Session()
    for each in (plain, session):
        each.run(w.initializer)
    seen = set()
    for _ in range(8):
        np.testing.assert_array_equal(session.run(step), plain.run(step))
        seen.add(id(array_of(session)))
    assert len(seen) <= 3
    np.testing.assert_array_equal(session.run(w), plain.run(w))


def test_one_array_is_never_handed_to_two_variables() -> None:
    v, w = (fg.Variable(np.zeros((200, 200), np.float32), name=name) for name in "vw")
    new = v * 2.0 + 1.0
    step = fg.group(fg.assign(v, new), fg.assign(w, new))
    more = fg.assign_add(w, fg.ones([200, 200]))
    session = fg.Session()
    session.run(fg.global_variables_initializer())
    for i in range(1, 6):
        session.run(step)
        assert (session.run(more) == 2**i).all()
        assert (session.run(v) == 2**i - 1).all()
