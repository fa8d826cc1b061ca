"""SummarySaverHook: writes the graph's summaries to an event file while training."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.train.global_step import global_step_read
from flowgraph.train.hook_timer import SecondOrStepTimer
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


class SummarySaverHook(SessionRunHook):
    """Writes summaries at the first run, and every so many seconds or steps.

    Args:
        save_steps: global steps between two summaries.
        save_secs: seconds between two summaries; give one of the two.
        output_dir: folder of the event file.
        summary_writer: a FileWriter to use instead of one for `output_dir`.
        scaffold: the Scaffold whose `summary_op` is written.
        summary_op: string tensor with the summaries, or list of them; give this or `scaffold`.

    Raises:
        ValueError: both or none of `scaffold` and `summary_op` are given, or both or none of
            `save_steps` and `save_secs`.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> step = fg.train.get_or_create_global_step()
        >>> summary = fg.summary.scalar("twice", step * 2)
        >>> hook = fg.train.SummarySaverHook(save_steps=10, output_dir=tempfile.mkdtemp(),
        ...                                  summary_op=summary)
        >>> train = step.assign_add(1)
        >>> with fg.train.SingularMonitoredSession(hooks=[hook]) as sess:
        ...     sess.run(train)
        np.int64(1)
    """

    def __init__(self, save_steps: int | None = None, save_secs: float | None = None,
                 output_dir: str | None = None, summary_writer: Any = None, scaffold: Any = None,
                 summary_op: Any = None) -> None:
        if (scaffold is None) == (summary_op is None):
            raise ValueError(located("Exactly one of scaffold or summary_op must be provided."))
        self._summary_op, self._scaffold = summary_op, scaffold
        self._summary_writer, self._output_dir = summary_writer, output_dir
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        """Finds the global step, and opens the event file."""
        if self._summary_writer is None and self._output_dir:
            from flowgraph.summary import FileWriterCache
            self._summary_writer = FileWriterCache.get(self._output_dir)
        self._next_step: Any = None
        self._global_step_tensor = global_step_read("SummarySaverHook")

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the global step, and for the summaries when it is time."""
        self._request_summary = (self._next_step is None
                                 or self._timer.should_trigger_for_step(self._next_step))
        requests: dict[str, Any] = {"global_step": self._global_step_tensor}
        summaries = self._summaries() if self._request_summary else None
        if summaries is not None:
            requests["summary"] = summaries
        return SessionRunArgs(requests)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Writes the summaries that it asked for."""
        if not self._summary_writer:
            return
        step = run_values.results["global_step"] + 1
        if self._request_summary:
            step = run_context.session.run(self._global_step_tensor)
            if self._next_step is None:
                from flowgraph.summary import SessionLog
                self._summary_writer.add_session_log(SessionLog(status=SessionLog.START), step)
            self._timer.update_last_triggered_step(step)
            for summary in run_values.results.get("summary", ()):
                self._summary_writer.add_summary(summary, step)
        self._next_step = step + 1

    def end(self, session: Any = None) -> None:
        """Writes what is not in the file yet."""
        if self._summary_writer:
            self._summary_writer.flush()

    def _summaries(self) -> list[Any] | None:
        op = self._summary_op if self._summary_op is not None else self._scaffold.summary_op
        return op if op is None or isinstance(op, list) else [op]
