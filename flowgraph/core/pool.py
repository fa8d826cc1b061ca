"""The threads that share the work of large steps: one small pool for the whole process.

NumPy releases the interpreter's lock inside of its loops and products, so pieces of one step run
side by side. The threads sleep on a lock while there is nothing to do, so that they take nothing
from other programs; waking one costs about 10 µs, which decides from which size on a step is split.

    parallel([lambda: np.dot(a[:512], b, out=c[:512]), lambda: np.dot(a[512:], b, out=c[512:])])
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

Job = Callable[[], object]


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such thing outside of Linux
        return os.cpu_count() or 1


class _Worker:
    """A thread that does one job after another."""

    def __init__(self) -> None:
        self._wake = threading.Lock()
        self._done = threading.Lock()
        self._wake.acquire()
        self._done.acquire()
        self._job: Job = bool
        self._error: BaseException | None = None
        threading.Thread(target=self._work, name="flowgraph worker", daemon=True).start()

    def start(self, job: Job) -> None:
        self._job = job
        self._wake.release()

    def wait(self) -> BaseException | None:
        """Waits for the job's end; what it raised."""
        self._done.acquire()
        error, self._error, self._job = self._error, None, bool
        return error

    def _work(self) -> None:
        while True:
            self._wake.acquire()
            try:
                self._job()
            except BaseException as error:  # it is raised again where the job was given
                self._error = error
            self._done.release()


_lock = threading.Lock()
_idle: list[_Worker] = []
_made = 0


def parallel(jobs: Sequence[Job]) -> None:
    """Does jobs side by side, the first in this thread, and returns when all are done.

    Jobs for which no thread is free (another run has them) are done here, one after another.

    Args:
        jobs: functions without arguments, as many as there are cores or fewer.

    Raises:
        BaseException: what the first job that failed raised, when all have ended.
    """
    started: list[_Worker] = []
    here = [jobs[0]]
    for job in jobs[1:]:
        worker = _take()
        if worker is None:
            here.append(job)
        else:
            worker.start(job)
            started.append(worker)
    error: BaseException | None = None
    try:
        for job in here:
            job()
    except BaseException as raised:
        error = raised
    for worker in started:
        error = _ended(worker, error)
        _idle.append(worker)
    if error is not None:
        raise error


def _ended(worker: _Worker, error: BaseException | None) -> BaseException | None:
    """Waits for a worker, also through Ctrl-C: what it writes into is in use until it ends."""
    while True:
        try:
            raised = worker.wait()
            return error or raised
        except BaseException as interrupted:
            error = error or interrupted


def _take() -> _Worker | None:
    """A free worker; a new one while there are fewer than cores."""
    global _made
    try:
        return _idle.pop()
    except IndexError:
        pass
    with _lock:
        if _made + 1 >= cores():
            return None
        _made += 1
    try:
        return _Worker()
    except RuntimeError:  # the interpreter is shutting down, or there are too many threads
        return None


def _forget() -> None:
    """In a process that was forked there are no threads but one."""
    global _lock, _made
    _lock = threading.Lock()
    _idle.clear()
    _made = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
