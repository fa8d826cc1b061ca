"""The threads that share the work of large steps: one small pool for the whole process.

NumPy releases the interpreter's lock inside of its loops and products, so pieces of one step run
side by side. The threads sleep on a lock while there is nothing to do, so that they take nothing
from other programs; it takes one about 70 µs to begin (on a virtual machine of two cores), which
decides from which size on a step is split.

    parallel([lambda: np.dot(a[:512], b, out=c[:512]), lambda: np.dot(a[512:], b, out=c[512:])])
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Job = Callable[[], object]


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such thing outside of Linux
        return os.cpu_count() or 1


class _Batch:
    """Jobs that belong together: whoever is free takes the next one.

    Attributes:
        jobs: those that no one has begun, the next one last.
        error: what the first job that failed raised; nothing is begun after that.
    """

    __slots__ = ("_helpers", "_idle_again", "error", "jobs")

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = list(reversed(jobs))
        self.error: BaseException | None = None
        self._helpers = 0
        self._idle_again = threading.Condition(threading.Lock())

    def work(self) -> None:
        """Does jobs until there are none left to begin."""
        while True:
            try:
                job = self.jobs.pop()
            except IndexError:
                return
            try:
                job()
            except BaseException as error:  # raised again by `parallel`
                self.error = self.error or error
                self.jobs.clear()

    def help(self, worker: _Worker) -> None:
        """What a worker does: the same, told to who waits."""
        with self._idle_again:
            self._helpers += 1
        self.work()
        _idle.append(worker)  # before the batch is seen to be done: the next one wants its help
        with self._idle_again:
            self._helpers -= 1
            self._idle_again.notify()

    def wait(self) -> None:
        """Waits for the workers that have begun a job."""
        with self._idle_again:
            while self._helpers:
                self._idle_again.wait()


class _Worker:
    """A thread that helps with one batch after another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # around each change of `batch`
        self._wake = threading.Lock()
        self._wake.acquire()
        self.batch: _Batch | None = None
        threading.Thread(target=self._work, name="flowgraph worker", daemon=True).start()

    def help(self, batch: _Batch) -> None:
        """Wakes the thread; it may come too late, when all is done."""
        self.batch = batch
        self._wake.release()

    def help_instead(self, batch: _Batch) -> bool:
        """Sends the thread to another batch; False if it has begun with the one that it had."""
        with self._lock:
            if self.batch is None:
                return False
            self.batch = batch
            return True

    def _work(self) -> None:
        np.seterr(all="ignore")  # as in the threads that run plans
        while True:
            self._wake.acquire()
            with self._lock:
                batch, self.batch = self.batch, None
            if batch is not None:
                batch.help(self)
            del batch


_lock = threading.Lock()
_idle: list[_Worker] = []
_late: list[_Worker] = []  # woken for a batch that was done before they came
_made = 0


def parallel(jobs: Sequence[Job]) -> None:
    """Does jobs side by side, in this thread too, and returns when all are done.

    No thread is waited for that has not begun: on a busy machine this thread does all of them.

    Args:
        jobs: functions without arguments.

    Raises:
        BaseException: what the first job that failed raised, when those begun have ended.
    """
    batch = _Batch(jobs)
    asked: list[_Worker] = []
    for _ in range(min(len(jobs), cores()) - 1):
        worker = _redirected(batch)
        if worker is None:
            worker = _take()
            if worker is None:
                break
            worker.help(batch)
        asked.append(worker)
    error: BaseException | None = None
    try:
        batch.work()
    except BaseException as raised:  # Ctrl-C between two jobs
        error = raised
        batch.jobs.clear()
    while True:  # memory that a job writes into is in use until it ends, Ctrl-C or not
        try:
            batch.wait()
            break
        except BaseException as raised:
            error = error or raised
            batch.jobs.clear()
    _late.extend(worker for worker in asked if worker.batch is batch)
    error = batch.error or error
    if error is not None:
        raise error


def side_by_side(xp: Any, jobs: Sequence[Job]) -> None:
    """Does the jobs of a kernel, side by side where the processor does them.

    Args:
        xp: the array module; another one than NumPy has a device that shares out the work itself.
        jobs: functions without arguments.
    """
    if xp is np and len(jobs) > 1:
        parallel(jobs)
    else:
        for job in jobs:
            job()


def shares(items: Sequence[Any]) -> list[Sequence[Any]]:
    """Items in as many runs as there are cores, or fewer.

    Example:
        >>> [item for share in shares([1, 2, 3]) for item in share]
        [1, 2, 3]
    """
    count = min(cores(), len(items))
    return [items[len(items) * i // count:len(items) * (i + 1) // count] for i in range(count)]


def _redirected(batch: _Batch) -> _Worker | None:
    """A worker that is still waking up for a batch that is done, now on its way to this one."""
    while True:
        try:
            worker = _late.pop()
        except IndexError:
            return None
        if worker.help_instead(batch):
            return worker


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
    _late.clear()
    _made = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
