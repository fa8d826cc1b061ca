"""Coordinator and LooperThread: stopping together, reporting once."""

import re
import threading
import time

import pytest

import flowgraph as fg


def started(target, *args, daemon=True):
    thread = threading.Thread(target=target, args=args, daemon=daemon)
    thread.start()
    return thread


def test_join_waits_for_threads_and_needs_no_stop():
    coord = fg.train.Coordinator()
    done = []
    coord.join([started(lambda: done.append(time.sleep(0.02)))])
    assert done == [None]
    assert coord.joined
    assert not coord.should_stop()


def test_join_raises_what_a_thread_reported():
    coord = fg.train.Coordinator()

    def fail():
        with coord.stop_on_exception():
            raise KeyError("lost")

    coord.register_thread(started(fail))
    with pytest.raises(KeyError, match="lost"):
        coord.join()
    assert coord.should_stop()
    with pytest.raises(KeyError):
        coord.raise_requested_exception()


def test_the_first_exception_counts():
    coord = fg.train.Coordinator()
    coord.request_stop(ValueError("first"))
    coord.request_stop(KeyError("second"))
    with pytest.raises(ValueError, match="first"):
        coord.join([])


def test_an_exception_after_a_plain_stop_is_not_reported():
    coord = fg.train.Coordinator()
    coord.request_stop()
    coord.request_stop(KeyError("late"))
    coord.join([])


@pytest.mark.parametrize("report", [lambda e: e, lambda e: (type(e), e, None)],
                         ids=["exception", "exc_info"])
def test_the_end_of_the_data_is_no_error(report):
    coord = fg.train.Coordinator()
    coord.request_stop(report(fg.errors.OutOfRangeError(None, None, "end")))
    coord.join([])


def test_which_exceptions_are_no_error_can_be_said():
    coord = fg.train.Coordinator(clean_stop_exception_types=(KeyError,))
    coord.request_stop(KeyError())
    coord.join([])
    coord = fg.train.Coordinator(clean_stop_exception_types=(KeyError,))
    coord.request_stop(fg.errors.OutOfRangeError(None, None, "end"))
    with pytest.raises(fg.errors.OutOfRangeError):
        coord.join([])


def test_after_join_nobody_would_hear_of_an_exception():
    coord = fg.train.Coordinator()
    coord.join([])
    with pytest.raises(ValueError, match="late"):
        coord.request_stop(ValueError("late"))
    coord.request_stop(fg.errors.OutOfRangeError(None, None, "end"))


def test_something_that_is_no_exception_is_an_error():
    coord = fg.train.Coordinator()
    coord.request_stop("why")
    with pytest.raises(ValueError, match="why"):
        coord.join([])


def test_threads_that_do_not_stop_are_named():
    coord = fg.train.Coordinator()
    release = threading.Event()
    thread = started(release.wait)
    coord.request_stop()
    with pytest.raises(RuntimeError, match=re.escape(f"still running: {thread.name}")):
        coord.join([thread], stop_grace_period_secs=0.01)
    coord.join([thread], stop_grace_period_secs=0.01, ignore_live_threads=True)
    release.set()


def test_a_coordinator_can_be_used_again():
    coord = fg.train.Coordinator()
    coord.request_stop(ValueError())
    coord.clear_stop()
    assert not coord.should_stop()
    coord.join([])
    coord.clear_stop()
    assert not coord.joined


def test_wait_for_stop_tells_whether_there_was_one():
    coord = fg.train.Coordinator()
    assert not coord.wait_for_stop(0.001)
    started(coord.request_stop)
    assert coord.wait_for_stop(float("inf"))
    coord.clear_stop()
    coord.request_stop()
    assert coord.wait_for_stop()


class Counting(fg.train.LooperThread):
    """Notes what is called, and stops after three rounds."""

    def __init__(self, coord, interval):
        super().__init__(coord, interval)
        self.calls = []

    def start_loop(self):
        self.calls.append("start")

    def run_loop(self):
        self.calls.append("round")
        if len(self.calls) == 4:
            self._coord.request_stop()

    def stop_loop(self):
        self.calls.append("stop")


@pytest.mark.parametrize("interval", [None, 0.001])
def test_a_looper_starts_runs_and_stops(interval):
    coord = fg.train.Coordinator()
    looper = Counting(coord, interval)
    looper.start()
    coord.join()
    assert looper.calls == ["start", "round", "round", "round", "stop"]


def test_a_looper_passes_arguments_and_reports_exceptions():
    coord = fg.train.Coordinator()

    def fail(word, number):
        raise ValueError(f"{word}{number}")

    fg.train.LooperThread.loop(coord, None, fail, args=("round ",), kwargs={"number": 1})
    with pytest.raises(ValueError, match="round 1"):
        coord.join()


def test_a_looper_needs_a_coordinator_and_a_target_for_its_arguments():
    with pytest.raises(ValueError, match="must be a Coordinator"):
        fg.train.LooperThread(None, 1)
    with pytest.raises(ValueError, match="'target'"):
        fg.train.LooperThread(fg.train.Coordinator(), 1, args=(1,))
