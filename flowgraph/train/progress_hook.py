"""A hook that shows how far the training of a monitored session is."""

from __future__ import annotations

from typing import Any

from flowgraph.platform.progress import Progress, checked_total
from flowgraph.train.logging_hooks import _element
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


class ProgressHook(SessionRunHook):
    """Shows how far training is, how fast it goes, and how long it still takes.

    A bar in a notebook or a terminal, a few plain lines in a log; every run of the session is one
    step.

    Args:
        num_steps: how many runs there are going to be; None if that is not known.
        tensors: dict of scalars, or their names, to show behind the bar by what to call them. They
            are fetched only when the bar is drawn.
        title: text in front of the bar.
        file: a text file to write to; default as for `tf.progress`.

    Raises:
        ValueError: `num_steps` is negative.
        TypeError: `num_steps` is no integer.

    Example:
        >>> import io
        >>> import flowgraph as fg
        >>> log = io.StringIO()
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> hook = fg.train.ProgressHook(20, {"step": train}, title="training", file=log)
        >>> with fg.train.SingularMonitoredSession(hooks=[hook]) as sess:
        ...     for _ in range(20):
        ...         _ = sess.run(train)
        >>> last = log.getvalue().splitlines()[-1]
        >>> last.startswith("training: 100% 20/20"), last.endswith("step=20")
        (True, True)
    """

    def __init__(self, num_steps: int | None = None, tensors: dict[str, Any] | None = None,
                 title: str = "", file: Any = None) -> None:
        self._settings: dict[str, Any] = {"total": num_steps, "title": title, "file": file}
        self._tensors = tensors or {}
        self._bar: Progress[Any] | None = None
        if num_steps is not None:
            checked_total(None, num_steps)

    def begin(self) -> None:
        """Finds the tensors in the graph."""
        self._elements = {name: _element(tensor) for name, tensor in self._tensors.items()}

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Shows the bar; one that a recovered session shows already goes on."""
        if self._bar is None:
            self._bar = Progress(**self._settings)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the values when they are going to be shown."""
        if self._bar is None or not self._elements or not self._bar.is_due(1):
            return None
        return SessionRunArgs(self._elements)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Moves the bar on."""
        if self._bar is not None:
            if run_values.results is not None:
                self._bar.set(**run_values.results)
            self._bar.update()

    def end(self, session: Any) -> None:
        """Draws the bar for the last time."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
