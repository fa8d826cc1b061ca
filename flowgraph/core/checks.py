"""Checks of what is in arrays: indices in range, labels that are classes, no division by zero.

On the host a check is made at once. The host would have to wait for a GPU to see what is in its
arrays, so there a kernel only says what would be wrong, and goes on:

    kernel     raise_if(xp, indices >= size, lambda: InvalidArgumentError(...))
    GPU        any(indices >= size), one bool in its memory, is kept with the error and the step
    the host   when it waits anyway, since something is fetched: looks at all that is kept, and
               raises the first error whose bool is true, before the new state is kept

What a run has kept that waits for nothing is looked at before the next run that does (see
core/left_checks.py). After a check a
kernel must do no harm with any numbers: CuPy wraps indices that are out of range.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np


class Check(NamedTuple):
    """Something that a kernel on a GPU has found out, and the host has not seen yet.

    Attributes:
        failed: a bool in the memory of the GPU.
        error: makes the exception; it may look at arrays.
        step: the step of a plan that was running.
        gpu: the GPU.
    """

    failed: Any
    error: Callable[[], Exception]
    step: Any
    gpu: Any


class FailedCheck(Exception):
    """A check has failed whose step is over; who runs plans tells the user what it was.

    Args:
        check: the check.
        is_earlier: whether it was in a run before this one.
    """

    def __init__(self, check: Check, is_earlier: bool) -> None:
        super().__init__("a check on a GPU has failed")
        self.check = check
        self.is_earlier = is_earlier


class _Thread(threading.local):
    """What a thread is running: the step on a GPU, and what its run has kept so far."""

    step: Any = None
    gpu: Any = None
    kept: deque[Check] | None = None


_thread = _Thread()


def raise_if(xp: Any, failed: Any, error: Callable[[], Exception]) -> None:
    """Raises an error if an array has a True in it: now, or when the host waits for the GPU.

    Args:
        xp: the array module of the kernel; its op says `checks_data = True`.
        failed: a bool, or an array of them.
        error: makes the exception; it may look at arrays then.

    Example:
        >>> raise_if(np, np.array([2, 3]) > 2, lambda: ValueError("too large"))
        Traceback (most recent call last):
        ...
        ValueError: too large
    """
    if isinstance(failed, (bool, np.bool_)):
        if failed:
            raise error()
    elif isinstance(failed, np.ndarray):
        if failed.any():
            raise error()
    elif _thread.step is None or _thread.kept is None:  # called by something that is no plan
        if bool(xp.any(failed)):
            raise error()
    else:
        _thread.kept.append(Check(failed if failed.ndim == 0 else xp.any(failed), error,
                                  _thread.step, _thread.gpu))


def may_have(xp: Any, mask: Any) -> bool:
    """Whether an array has a True in it; for one of a GPU, which would have to be waited for, True.

    Args:
        xp: the array module of the kernel.
        mask: an array of bools.

    Example:
        >>> may_have(np, np.array([False, False]))
        False
    """
    return xp is not np or bool(mask.any())


def noting(gpu: Any, step: Any, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel whose checks are kept as those of a step.

    Args:
        gpu: the GPU that it runs on.
        step: of a plan.
        kernel: a function.
    """
    def call(*args: Any, **kwargs: Any) -> Any:
        _thread.gpu, _thread.step = gpu, step
        try:
            return kernel(*args, **kwargs)
        finally:
            _thread.gpu = _thread.step = None
    return call


@contextmanager
def run_of_this_thread() -> Iterator[deque[Check]]:
    """Keeps the checks of what runs inside, apart from those of a run that this one is inside of.

    Example:
        >>> with run_of_this_thread() as kept:
        ...     len(kept)
        0
    """
    before, _thread.kept = _thread.kept, deque()
    try:
        yield _thread.kept
    finally:
        _thread.kept = before


def keep(found: Iterable[Check]) -> None:
    """Keeps checks that were made before as those of the run of this thread.

    Args:
        found: the checks.
    """
    if _thread.kept is not None:
        _thread.kept.extend(found)


def kept_so_far() -> tuple[Check, ...]:
    """The checks that the run of this thread has kept."""
    return tuple(_thread.kept or ())


def has_kept(gpu: Any) -> bool:
    """Whether the run of this thread has kept checks on a GPU.

    Args:
        gpu: the GPU.
    """
    return any(check.gpu is gpu for check in _thread.kept or ())


def taken(gpu: Any) -> list[FailedCheck]:
    """What the run of this thread has kept on a GPU, as it would be raised; it is kept no more.

    Args:
        gpu: the GPU.
    """
    own = _thread.kept or deque()
    found = [FailedCheck(check, False) for check in own if check.gpu is gpu]
    others = [check for check in own if check.gpu is not gpu]
    own.clear()
    own.extend(others)
    return found
