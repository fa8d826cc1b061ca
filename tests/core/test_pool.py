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
        parallel([lambda: meeting.wait(10), lambda: meeting.wait(10)])  # noqa: B023


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


def test_only_a_thread_that_is_waking_up_is_sent_to_another_batch(monkeypatch) -> None:
    worker, batch = pool._Worker(), pool._Batch([bool])
    assert not worker.help_instead(batch)  # asleep: nobody would wake it
    monkeypatch.setattr(pool, "_late", [worker])
    assert pool._redirected(batch) is None
    assert worker.batch is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_its_own_threads() -> None:
    parallel([bool, bool])
    child = os.fork()
    if not child:
        parallel([bool, bool])
        os._exit(0 if not pool._idle or pool._made else 1)
    assert os.waitpid(child, 0)[1] == 0
