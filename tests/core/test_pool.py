"""The pool: jobs run side by side, what they raise arrives, nested use does not wait for itself."""

from __future__ import annotations

import os
import threading

import pytest

from flowgraph.core import pool
from flowgraph.core.pool import cores, parallel


def test_all_jobs_are_done() -> None:
    done: list[int] = []
    for count in (1, 2, 3, 8):
        parallel([lambda i=i: done.append(i) for i in range(count)])
    assert sorted(done) == sorted(i for count in (1, 2, 3, 8) for i in range(count))


@pytest.mark.skipif(cores() < 2, reason="one core: there is no other thread")
def test_jobs_run_side_by_side() -> None:
    for _ in range(100):  # a worker is idle again before the batch that it helped with is done
        meeting = threading.Barrier(2)
        parallel([lambda: meeting.wait(60), lambda: meeting.wait(60)])  # noqa: B023


@pytest.mark.parametrize("failing", [0, 1])
def test_what_a_job_raises_arrives_when_all_have_ended(failing) -> None:
    done: list[int] = []

    def job(i: int) -> None:
        if i == failing:
            raise ZeroDivisionError("so it goes")
        done.append(i)

    with pytest.raises(ZeroDivisionError, match="so it goes"):
        parallel([lambda: job(0), lambda: job(1)])
    assert set(done) <= {1 - failing}
    done[:] = [0]
    parallel([lambda: done.append(2), lambda: done.append(3)])
    assert sorted(done[1:]) == [2, 3]


def test_jobs_may_have_jobs_of_their_own() -> None:
    done: list[int] = []
    inner = [lambda: done.append(1), lambda: done.append(2)]
    parallel([lambda: parallel(inner), lambda: parallel(inner), lambda: parallel(inner)])
    assert sorted(done) == [1, 1, 1, 2, 2, 2]


def test_a_worker_that_comes_too_late_leaves_no_trace() -> None:
    batch = pool._Batch([])
    batch.help()
    assert batch.helping == []
    batch.finish()


def test_no_job_is_given_away_where_one_thread_is_allowed() -> None:
    threads: set[int] = set()
    jobs = [lambda: threads.add(threading.get_ident())] * 4
    with pool.at_most(1):
        assert pool.width() == 1
        parallel(jobs)
    assert threads == {threading.get_ident()}
    assert pool.width() == cores()


@pytest.mark.skipif(cores() < 2, reason="one core: there is no other thread")
def test_an_interrupt_leaves_when_the_jobs_begun_have_ended() -> None:
    both, ended = threading.Barrier(2), []

    def interrupted() -> None:
        both.wait(60)
        raise KeyboardInterrupt

    def slow() -> None:
        both.wait(60)
        threading.Event().wait(0.05)
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        parallel([interrupted, slow])
    assert ended == [True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_its_own_threads() -> None:
    parallel([bool, bool])
    child = os.fork()
    if not child:
        parallel([bool, bool])
        os._exit(0 if pool._workers == cores() - 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
