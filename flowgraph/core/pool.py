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
from contextlib import suppress
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
    """Jobs that belong together: whoever is free takes the next one."""

    __slots__ = ("_lock", "error", "finished", "jobs", "left")

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = list(reversed(jobs))
        self.left = len(jobs)
        self.finished = threading.Lock()
        self.finished.acquire()
        self.error: BaseException | None = None
        self._lock = threading.Lock()

    def work(self, worker: _Worker | None = None) -> None:
        """Does jobs until there are none left to begin; then `worker` is idle."""
        is_idle = worker is None
        while True:
            try:
                job = self.jobs.pop()
            except IndexError:
                if not is_idle:
                    _idle.append(worker)  # type: ignore[arg-type]
                return
            done = 1
            try:
                job()
            except BaseException as error:  # raised again by `parallel`; nothing more is begun
                self.error = self.error or error
                with suppress(IndexError):
                    while True:
                        self.jobs.pop()
                        done += 1
            if not self.jobs and not is_idle:
                # Before the batch is seen to be done: the next one wants its help at once.
                _idle.append(worker)  # type: ignore[arg-type]
                is_idle = True
            with self._lock:
                self.left -= done
                if not self.left:
                    self.finished.release()


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
                batch.work(self)
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
    batch.work()
    interrupted: BaseException | None = None
    while batch.left:  # memory that a job writes into is in use until it ends, Ctrl-C or not
        try:
            batch.finished.acquire()
        except BaseException as raised:
            interrupted = raised
    _late.extend(worker for worker in asked if worker.batch is batch)
    error = batch.error or interrupted
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
