"""ProfilerHook: traces a run now and then, and writes it as a timeline for Chrome."""

from __future__ import annotations

import os
from typing import Any

from flowgraph.core.durable import write_file
from flowgraph.core.logger import logger
from flowgraph.runtime.config import RunOptions
from flowgraph.summary.file_writer import FileWriterCache
from flowgraph.summary.timeline import Timeline
from flowgraph.train.global_step import global_step_read
from flowgraph.train.hook_timer import SecondOrStepTimer
from flowgraph.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


class ProfilerHook(SessionRunHook):
    """Traces a run every so many seconds or steps, and writes `timeline-STEP.json`.

    Open the files at chrome://tracing. The traces are in the folder's event file, too, for
    TensorBoard's graph.

    Args:
        save_steps: global steps between two traces.
        save_secs: seconds between two traces; give one of the two.
        output_dir: folder of the files.
        show_dataflow: whether to draw arrows from what makes a tensor to what takes it.
        show_memory: whether to show tensors and how much memory they take.

    Raises:
        ValueError: both or none of `save_steps` and `save_secs` are given.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> folder = tempfile.mkdtemp()
        >>> hook = fg.train.ProfilerHook(save_steps=2, output_dir=folder)
        >>> with fg.train.SingularMonitoredSession(hooks=[hook]) as sess:
        ...     for _ in range(4):
        ...         _ = sess.run(train)
        >>> sorted(name for name in os.listdir(folder) if name.endswith(".json"))
        ['timeline-2.json', 'timeline-4.json']
    """

    def __init__(self, save_steps: int | None = None, save_secs: float | None = None,
                 output_dir: str = "", show_dataflow: bool = True,
                 show_memory: bool = False) -> None:
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._output_file = os.path.join(output_dir, "timeline-{}.json")
        self._file_writer = FileWriterCache.get(output_dir)
        self._show_dataflow, self._show_memory = show_dataflow, show_memory

    def begin(self) -> None:
        """Finds the global step."""
        self._next_step: Any = None
        self._global_step_tensor = global_step_read("ProfilerHook")

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for a trace when it is time; never of the first run, which makes plans."""
        self._traced = (self._next_step is not None
                        and self._timer.should_trigger_for_step(self._next_step))
        options = RunOptions(trace_level=RunOptions.FULL_TRACE) if self._traced else None
        return SessionRunArgs({"global_step": self._global_step_tensor}, options=options)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Writes the trace that it asked for."""
        before = run_values.results["global_step"]
        if self._next_step is None:
            self._timer.update_last_triggered_step(before)
        step = before + 1
        if self._traced:
            step = run_context.session.run(self._global_step_tensor)
            self._timer.update_last_triggered_step(step)
            self._save(step, run_values.run_metadata)
        self._next_step = step + 1

    def _save(self, step: Any, run_metadata: Any) -> None:
        path = self._output_file.format(step)
        logger().info("Saving timeline for %d into '%s'.", step, path)
        trace = Timeline(run_metadata.step_stats).generate_chrome_trace_format(
            show_dataflow=self._show_dataflow, show_memory=self._show_memory)
        write_file(path, trace.encode())
        self._file_writer.add_run_metadata(run_metadata, f"step_{step}")
