"""One small pool of threads, for all sessions: NumPy's C code runs beside itself.

NumPy lets go of the interpreter's lock in its loops, so that tiles of one step, or the images of a
convolution, run side by side. The threads sleep while there is nothing to do, so that they take
nothing from other programs. It takes one 20 to 30 µs to begin (on a virtual machine of two cores),
and the thread that asked as long to hear that it is done; a job should be some long calls of NumPy,
since two threads that need the interpreter at once wait as long for each other.

    parallel([lambda: np.exp(a[:half], out=b[:half]), lambda: np.exp(a[half:], out=b[half:])])
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import numpy as np

from flowgraph.core.blas import held_to_one_thread
from flowgraph.core.machine import cores

Job = Callable[[], object]


class _Batch:
    """Jobs that belong together: whoever is free takes the next one.

    Attributes:
        jobs: those that no one has begun, the next one last.
        helping: has an entry for each worker that takes part just now. One that comes too late
            finds no jobs.
        told: gets something whenever a worker has left.
        error: what the first job that failed raised; nothing is begun after that.
    """

    __slots__ = ("error", "helping", "jobs", "told")

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = list(reversed(jobs))
        self.helping: list[None] = []
        self.told: SimpleQueue[None] = SimpleQueue()
        self.error: BaseException | None = None

    def work(self) -> None:
        """Does jobs until there are none left to begin."""
        jobs = self.jobs
        while jobs:
            try:
                job = jobs.pop()
            except IndexError:  # another thread was quicker
                return
            try:
                job()
            except BaseException as error:  # raised again by `parallel`
                self.error = self.error or error
                jobs.clear()

    def help(self) -> None:
        """What a worker does: the same, told to who waits."""
        self.helping.append(None)
        self.work()
        self.helping.pop()
        self.told.put(None)

    def finish(self) -> None:
        """Does jobs, and waits for the workers that have begun one.

        Memory that a job writes into is in use until it ends, Ctrl-C or not.
        """
        while True:
            try:
                self.work()
                while self.helping:
                    self.told.get()
                return
            except BaseException as error:  # Ctrl-C between two jobs, or while waiting
                self.error = self.error or error
                self.jobs.clear()


def parallel(jobs: Sequence[Job]) -> None:
    """Does jobs side by side, in this thread too, and returns when all are done.

    No thread is waited for that has not begun: on a busy machine this thread does all of them. The
    BLAS library uses one thread meanwhile.

    Args:
        jobs: functions without arguments.

    Raises:
        BaseException: what the first job that failed raised, when those begun have ended.
    """
    batch = _Batch(jobs)
    helpers = _helpers(min(len(jobs), width()) - 1)
    if not helpers:
        batch.work()
    else:
        with held_to_one_thread:
            for _ in range(helpers):
                _asked.put(batch)
            batch.finish()
    if batch.error is not None:
        raise batch.error


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


# ---- how many threads ----------------------------------------------------------------------------


class _Limit(threading.local):
    """How many threads may work for a thread, itself among them."""

    threads = 1 << 30


def width() -> int:
    """How many threads the jobs of this thread may take, itself among them."""
    return min(cores(), _limit.threads)


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """Meanwhile the jobs of this thread take no more than so many threads, BLAS's own included.

    Example:
        >>> with at_most(1):
        ...     width()
        1
    """
    before = _limit.threads
    _limit.threads = threads
    try:
        if threads == 1:
            with held_to_one_thread:
                yield
        else:
            yield
    finally:
        _limit.threads = before


# ---- workers -------------------------------------------------------------------------------------

_limit = _Limit()
_lock = threading.Lock()
_asked: SimpleQueue[_Batch] = SimpleQueue()  # batches that wait for a worker
_workers = 0


def _helpers(wanted: int) -> int:
    """How many workers there are for a batch; new ones are made while there are fewer than wanted.
    """
    global _workers
    while _workers < wanted:
        with _lock:
            if _workers < wanted:
                try:
                    threading.Thread(target=_work, name="flowgraph worker", daemon=True).start()
                except RuntimeError:  # the interpreter is shutting down, or has too many threads
                    break
                _workers += 1
    return min(wanted, _workers)


def _work() -> None:
    """What a worker does for ever: it takes part in one batch after another."""
    np.seterr(all="ignore")  # as in the threads that run plans
    asked = _asked
    while True:
        asked.get().help()


def _forget() -> None:
    """In a process that was forked there are no threads but one."""
    global _lock, _asked, _workers
    _lock = threading.Lock()
    _asked = SimpleQueue()
    _workers = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
