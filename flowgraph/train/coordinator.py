"""Coordinator: threads that stop together, and report what one of them raised.

    coord = tf.train.Coordinator()

    in each thread                       in the main thread
      with coord.stop_on_exception():      try:
          while not coord.should_stop():       while not coord.should_stop():
              ...                                  sess.run(train)
                                           except tf.errors.OutOfRangeError:
                                               pass                       # end of the data
                                           finally:
                                               coord.request_stop()
                                           coord.join(threads)
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.core.deadline import LONGEST
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import OutOfRangeError


class Coordinator:
    """Lets threads stop together: any of them, or an exception, asks all to stop.

    Args:
        clean_stop_exception_types: classes of exceptions that end the threads as a matter of
            course and are not reported; default `tf.errors.OutOfRangeError`.

    Example:
        >>> import threading
        >>> import flowgraph as fg
        >>> coord = fg.train.Coordinator()
        >>> thread = threading.Thread(target=coord.wait_for_stop)
        >>> thread.start()
        >>> coord.request_stop()
        >>> coord.join([thread])
        >>> coord.should_stop(), thread.is_alive()
        (True, False)
    """

    def __init__(self, clean_stop_exception_types: Iterable[type[BaseException]] | None = None
                 ) -> None:
        self._clean = ((OutOfRangeError,) if clean_stop_exception_types is None
                       else tuple(clean_stop_exception_types))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._joined = False
        self._registered: set[threading.Thread] = set()

    @property
    def joined(self) -> bool:
        """Whether `join` has returned."""
        return self._joined

    def request_stop(self, ex: Any = None) -> None:
        """Asks all threads to stop; afterwards `should_stop()` is True.

        Args:
            ex: an exception, or `sys.exc_info()`, for `join` to raise; None for none. The first
                one counts.
        """
        error = ex[1] if isinstance(ex, tuple) and len(ex) == 3 else ex
        if error is not None and not isinstance(error, BaseException):
            error = ValueError(located("ex must be an exception or sys.exc_info(), got "
                                       f"{ex!r:.100}"))
        with self._lock:
            if isinstance(error, self._clean):
                error = None
            if self._joined and error is not None:
                raise error  # nobody would hear of it any more
            if not self._stop.is_set():
                if error is not None:
                    logger().info("Error reported to Coordinator: %s, %s", type(error), error)
                    self._error = error
                self._stop.set()

    def clear_stop(self) -> None:
        """Forgets that a stop was requested, and its exception: the coordinator is as new."""
        with self._lock:
            self._joined = False
            self._error = None
            self._stop.clear()

    def should_stop(self) -> bool:
        """Whether a stop was requested."""
        return self._stop.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Requests a stop when the with block raises; the exception is for `join` to raise."""
        try:
            yield
        except BaseException:
            self.request_stop(ex=sys.exc_info())

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Waits until a stop is requested.

        Args:
            timeout: for how many seconds at most; None for ever.

        Returns:
            Whether one was.
        """
        return self._stop.wait(None if timeout is None else min(timeout, LONGEST))

    def register_thread(self, thread: threading.Thread) -> None:
        """Notes a thread for `join`.

        Args:
            thread: a threading.Thread.
        """
        with self._lock:
            self._registered.add(thread)

    def join(self, threads: Iterable[threading.Thread] | None = None,
             stop_grace_period_secs: float = 120, ignore_live_threads: bool = False) -> None:
        """Waits until the threads have ended; raises what was given to `request_stop`.

        Args:
            threads: the threads, besides those registered.
            stop_grace_period_secs: how long to wait for them once a stop was requested.
            ignore_live_threads: whether threads that still run after that are no error.

        Raises:
            RuntimeError: a thread still runs after the grace period.
        """
        with self._lock:
            waiting = list(self._registered.union(threads or ()))
        while _alive(waiting) and not self.wait_for_stop(0.05):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for thread in waiting:
            if thread.is_alive():
                thread.join(min(max(end - time.monotonic(), 0.0), LONGEST))
        stragglers = [thread.name for thread in _alive(waiting)]
        with self._lock:
            self._joined = True
            self._registered = set()
            if self._error is not None:
                raise self._error
        if stragglers:
            text = f"Coordinator stopped with threads still running: {' '.join(stragglers)}"
            if not ignore_live_threads:
                raise RuntimeError(located(
                    text, "Threads are to end when coord.should_stop() is true; "
                    "stop_grace_period_secs is the time they have for that."))
            logger().info(text)

    def raise_requested_exception(self) -> None:
        """Raises what was given to `request_stop`, if anything was."""
        with self._lock:
            if self._error is not None:
                raise self._error


def _alive(threads: Iterable[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threads if thread.is_alive()]


class LooperThread(threading.Thread):
    """A thread that calls a function again and again until its coordinator stops.

    Override `run_loop` or give a `target`; `start_loop` is called before, `stop_loop` after.

    Args:
        coord: the Coordinator.
        timer_interval_secs: seconds from one call to the next; None for no pause.
        target: the function.
        args: its arguments.
        kwargs: its arguments by keyword.

    Raises:
        ValueError: `coord` is no Coordinator, or there are arguments but no `target`.

    Example:
        >>> import flowgraph as fg
        >>> coord = fg.train.Coordinator()
        >>> thread = fg.train.LooperThread.loop(coord, None, coord.request_stop)
        >>> coord.join()
        >>> thread.is_alive()
        False
    """

    def __init__(self, coord: Coordinator, timer_interval_secs: float | None,
                 target: Callable[..., Any] | None = None, args: Any = None,
                 kwargs: Any = None) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(located(f"'coord' argument must be a Coordinator: {coord!r:.100}"))
        super().__init__()
        self.daemon = True
        self._coord = coord
        self._timer_interval_secs = timer_interval_secs
        self._call = target
        self._call_args = args or ()
        self._call_kwargs = kwargs or {}
        if target is None and (args or kwargs):
            raise ValueError(located("'args' and 'kwargs' argument require that you also pass "
                                     "'target'"))
        coord.register_thread(self)

    @staticmethod
    def loop(coord: Coordinator, timer_interval_secs: float | None, target: Callable[..., Any],
             args: Any = None, kwargs: Any = None) -> LooperThread:
        """Makes such a thread and starts it.

        Args:
            coord, timer_interval_secs, target, args, kwargs: as for the class.
        """
        looper = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        looper.start()
        return looper

    def run(self) -> None:
        """What the thread does."""
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._timer_interval_secs is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                next_call = time.time()
                while not self._coord.wait_for_stop(max(next_call - time.time(), 0.0)):
                    next_call += self._timer_interval_secs
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called before the first round."""

    def stop_loop(self) -> None:
        """Called after the last round."""

    def run_loop(self) -> None:
        """One round: calls `target`."""
        if self._call is not None:
            self._call(*self._call_args, **self._call_kwargs)
