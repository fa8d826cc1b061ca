"""Observers: who is handed every run of every session, and may look at it step by step.

    with observing(observer):
        sess.run(y)             # observer.observe(run), which calls run(), or run(hook)

A profiler, a debugger and the like are observers. While there is none, a run only looks whether the
tuple `observers` is empty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from flowgraph.runtime.runner import Hook

_lock = threading.Lock()
observers: tuple[Observer, ...] = ()


class Observer(Protocol):
    """Who is told of runs."""

    def observe(self, run: ObservedRun) -> Any:
        """Called instead of each run, in its thread; gives what `run(*hooks)` gives.

        It may raise, before the run or from a hook: the program gets that as an error of the run.
        """


class ObservedRun:
    """A run that is about to be: called, it runs and gives the results.

    Args:
        session: the session.
        fetches, feed_dict: as given to `Session.run`.
        action: function from the hooks to the results.
        others: the observers that are to be asked before it runs.
        hooks: hooks of the observers asked so far.

    Attributes:
        session, fetches, feed_dict: as given.
    """

    __slots__ = ("_action", "_hooks", "_others", "feed_dict", "fetches", "session")

    def __init__(self, session: Any, fetches: Any, feed_dict: Any,
                 action: Callable[[tuple[Hook, ...]], Any], others: tuple[Observer, ...],
                 hooks: tuple[Hook, ...] = ()) -> None:
        self.session = session
        self.fetches = fetches
        self.feed_dict = feed_dict
        self._action = action
        self._others = others
        self._hooks = hooks

    def __call__(self, *hooks: Hook) -> Any:
        """Runs, with hooks called around each step; without any it runs as fast as ever."""
        hooks = (*self._hooks, *hooks)
        if not self._others:
            return self._action(hooks)
        return self._others[0].observe(ObservedRun(
            self.session, self.fetches, self.feed_dict, self._action, self._others[1:], hooks))


@contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Hands every run that begins in the with block, in any thread, to an observer.

    Of several observers each is asked in turn, the one that came first before the others.

    Args:
        observer: who is told.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.runtime.observe import observing
        >>> class Counter:
        ...     runs = 0
        ...     def observe(self, run):
        ...         self.runs += 1
        ...         return run()
        >>> counter = Counter()
        >>> with observing(counter), fg.Session() as sess:
        ...     sess.run(fg.constant(2))
        np.int32(2)
        >>> counter.runs
        1
    """
    global observers
    with _lock:
        observers = (*observers, observer)
    try:
        yield
    finally:
        with _lock:  # the last of equals: it is the one that came last
            place = max(i for i, other in enumerate(observers) if other is observer)
            observers = observers[:place] + observers[place + 1:]


def observed(session: Any, fetches: Any, feed_dict: Any,
             action: Callable[[tuple[Hook, ...]], Any]) -> Any:
    """A run as the observers have it.

    Args:
        session, fetches, feed_dict, action: as of an ObservedRun.
    """
    return ObservedRun(session, fetches, feed_dict, action, observers)()
