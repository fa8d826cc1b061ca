"""Threads of pipelines: they end with the session, an error reaches the reader, nothing hangs."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph.data import background

Dataset = fg.data.Dataset
ROOT = Path(__file__).parent.parent.parent
PARALLEL = {
    "prefetch": lambda d: d.prefetch(2),
    "map": lambda d: d.map(lambda x: x * 2, num_parallel_calls=3),
    "interleave": lambda d: d.interleave(
        lambda x: Dataset.from_tensors(x).repeat(), 2, num_parallel_calls=2),
    "map_and_batch": lambda d: d.apply(fg.data.experimental.map_and_batch(lambda x: x, 2)),
}


def workers():
    return {thread for thread in threading.enumerate() if thread.name == "tf.data"}


def ended(before, but=0):
    """Waits until no thread is left but those that were there before, and `but` others."""
    deadline = time.monotonic() + 60
    while len(workers() - before) > but and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(workers() - before) <= but


@pytest.fixture
def before():
    gc.collect()
    return workers()


@pytest.mark.parametrize("name", PARALLEL)
def test_closing_the_session_ends_the_threads(name, before) -> None:
    element = PARALLEL[name](Dataset.range(10**9)).make_one_shot_iterator().get_next()
    with fg.Session() as session:
        session.run(element)
        assert workers() - before
    assert ended(before)


def test_threads_end_when_no_one_holds_the_session(before) -> None:
    element = Dataset.range(10**9).prefetch(2).make_one_shot_iterator().get_next()
    session = fg.Session()
    session.run(element)
    del session
    gc.collect()
    assert ended(before)


def test_threads_end_when_the_iterator_is_initialised_anew(before) -> None:
    iterator = Dataset.range(10**9).prefetch(2).make_initializable_iterator()
    element = iterator.get_next()
    with fg.Session() as session:
        for _ in range(20):
            session.run(iterator.initializer)
            assert session.run(element) == 0
        assert ended(before, but=1)


def test_rounds_that_are_left_early_leave_no_threads(before) -> None:
    element = Dataset.range(9).prefetch(1).take(1).repeat().make_one_shot_iterator().get_next()
    with fg.Session() as session:
        for _ in range(50):
            assert session.run(element) == 0
        assert ended(before, but=1)


def test_who_waits_for_an_element_is_told_that_the_session_was_closed(before, monkeypatch) -> None:
    go_on, waits = threading.Event(), threading.Event()

    def generator():
        yield 1
        go_on.wait(60)

    element = Dataset.from_generator(generator, fg.int32, []).prefetch(
        1).make_one_shot_iterator().get_next()
    session = fg.Session()
    session.run(element)
    take, caught = background._Ahead.take, []

    def taken(ahead):
        waits.set()
        return take(ahead)

    monkeypatch.setattr(background._Ahead, "take", taken)

    def wait():
        with pytest.raises(fg.errors.CancelledError) as error:
            session.run(element)
        caught.append(error.value)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert waits.wait(60)
    session.close()
    waiting.join(60)
    go_on.set()
    assert len(caught) == 1
    assert ended(before)


def test_the_order_stays_when_calls_take_different_times() -> None:
    def slowly(x):
        time.sleep(0.003 * (x % 3))
        return x
    dataset = Dataset.range(12).map(lambda x: fg.py_func(slowly, [x], fg.int64), 4)
    element = dataset.make_one_shot_iterator().get_next()
    with fg.Session() as session:
        assert [int(session.run(element)) for _ in range(12)] == list(range(12))


@pytest.mark.parametrize("name", ["prefetch", "map"])
def test_an_error_in_a_thread_reaches_the_reader_in_its_turn(name) -> None:
    dataset = PARALLEL[name](Dataset.from_tensor_slices([1, 0, 4]).map(lambda x: 8 // x))
    element = dataset.make_one_shot_iterator().get_next()
    with fg.Session() as session:
        first = session.run(element)
        with pytest.raises(fg.errors.InvalidArgumentError, match="zero"):
            session.run(element)
        assert session.run(element) == first // 4


def test_many_threads_read_one_iterator() -> None:
    element = Dataset.range(400).map(lambda x: x, 2).prefetch(4).make_one_shot_iterator().get_next()
    found: list[int] = []
    with fg.Session() as session:
        def read():
            try:
                while True:
                    found.append(int(session.run(element)))
            except fg.errors.OutOfRangeError:
                return
        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(60)
    assert sorted(found) == list(range(400))


def test_a_program_ends_although_threads_are_at_work() -> None:
    code = ("import flowgraph as tf\n"
            "d = tf.data.Dataset.range(10**9).map(lambda x: x + 1, 2).prefetch(2)\n"
            "x = d.make_one_shot_iterator().get_next()\n"
            "sess = tf.Session()\n"
            "print(int(sess.run(x)))\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_run_that_trains_does_not_hold_up_the_pipeline_that_reads_its_variable() -> None:
    variable = fg.Variable(0)
    iterator = Dataset.range(50).map(lambda x: fg.cast(x, fg.int32) + variable, 2).prefetch(
        2).make_initializable_iterator()
    step = variable.assign_add(iterator.get_next())
    with fg.Session() as session:
        session.run(variable.initializer)
        session.run(iterator.initializer)
        with pytest.raises(fg.errors.OutOfRangeError):
            while True:
                session.run(step)
        assert session.run(variable) == sum(range(50))


def test_initialisers_run_at_once_leave_the_threads_of_one_pass(before) -> None:
    iterator = Dataset.range(10**9).prefetch(2).make_initializable_iterator()
    element = iterator.get_next()
    with fg.Session() as session:
        def initialise() -> None:
            for _ in range(20):
                session.run(iterator.initializer)

        threads = [threading.Thread(target=initialise) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert session.run(element) == 0
        assert ended(before, but=1)
