"""The threads of a Supervisor: every so many seconds they write summaries, speed, checkpoints."""

from __future__ import annotations

import time
from typing import Any

from flowgraph.core.logger import logger
from flowgraph.train.coordinator import LooperThread
from flowgraph.train.global_step import global_step

_MOST_LINES = 10  # about the speed


class SVSummaryThread(LooperThread):
    """Writes the summaries.

    Args:
        sv: the Supervisor.
        sess: the Session.
    """

    def __init__(self, sv: Any, sess: Any) -> None:
        super().__init__(sv.coord, sv.save_summaries_secs)
        self._sv, self._sess = sv, sess

    def run_loop(self) -> None:
        """Writes them once."""
        step = None
        if self._sv.global_step is None:
            summaries = self._sess.run(self._sv.summary_op)
        else:
            summaries, step = self._sess.run([self._sv.summary_op, self._sv.global_step])
        if self._sv.summary_writer:
            logger().info("Recording summary at step %s.", step)
            self._sv.summary_writer.add_summary(summaries, step)


class SVStepCounterThread(LooperThread):
    """Writes how many steps a second were made.

    Args:
        sv: the Supervisor.
        sess: the Session.
        step_counter: what counts the steps; default the global step.
    """

    def __init__(self, sv: Any, sess: Any, step_counter: Any = None) -> None:
        super().__init__(sv.coord, sv.save_summaries_secs)
        self._sv, self._sess = sv, sess
        self._step_counter = sv.global_step if step_counter is None else step_counter
        self._summary_tag = f"{self._step_counter.op.name}/sec"
        self._last_time, self._last_step = 0.0, 0
        self._lines = 0

    def start_loop(self) -> None:
        """Notes when it starts, and at which step."""
        self._last_time = time.time()
        self._last_step = global_step(self._sess, self._step_counter)

    def run_loop(self) -> None:
        """Writes the speed since the last time."""
        from flowgraph.summary import Summary
        step, now = global_step(self._sess, self._step_counter), time.time()
        steps, seconds = step - self._last_step, now - self._last_time
        self._last_step, self._last_time = step, now
        speed = steps / seconds if seconds > 0 else float("inf")
        if self._sv.summary_writer:
            self._sv.summary_writer.add_summary(Summary(value=[Summary.Value(
                tag=self._summary_tag, simple_value=speed)]), step)
        if self._lines < _MOST_LINES:
            self._lines += 1
            logger().info("%s: %g", self._summary_tag, speed)


class SVTimerCheckpointThread(LooperThread):
    """Saves checkpoints.

    Args:
        sv: the Supervisor.
        sess: the Session.
    """

    def __init__(self, sv: Any, sess: Any) -> None:
        super().__init__(sv.coord, sv.save_model_secs)
        self._sv, self._sess = sv, sess

    def run_loop(self) -> None:
        """Saves one."""
        from flowgraph.summary import SessionLog
        sv = self._sv
        logger().info("Saving checkpoint to path %s", sv.save_path)
        sv.saver.save(self._sess, sv.save_path, global_step=sv.global_step)
        if sv.summary_writer and sv.global_step is not None:
            log = SessionLog(status=SessionLog.CHECKPOINT, checkpoint_path=sv.save_path)
            sv.summary_writer.add_session_log(log, global_step(self._sess, sv.global_step))
