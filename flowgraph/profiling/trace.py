"""Recordings as a trace that Perfetto and chrome://tracing draw."""

from __future__ import annotations

import os
from collections.abc import Iterable

from flowgraph.core.durable import write_file
from flowgraph.profiling.recording import Recording
from flowgraph.summary.timeline import ChromeTrace

_PROCESS = 1


def chrome_trace(recordings: Iterable[Recording]) -> str:
    """A trace as JSON: a row for each thread, a bar for each run, in it one for each step.

    What runs inside of a loop or branch is a bar inside of the bar of that step. Rounds of a long
    loop that were added up are one bar for each step. A track below shows the memory in use. Times
    are microseconds since the first of the runs began.

    Args:
        recordings: the runs.
    """
    trace = ChromeTrace()
    trace.name_process(_PROCESS, "flowgraph")
    rows: dict[str, int] = {}
    recordings = list(recordings)
    first = min((recording.begun for recording in recordings), default=0.0)
    for recording in recordings:
        if recording.thread not in rows:
            rows[recording.thread] = len(rows)
            trace.name_thread(_PROCESS, rows[recording.thread], recording.thread)
        _add(trace, recording, rows[recording.thread], (recording.begun - first) * 1e6)
    return trace.format_to_string()


def _add(trace: ChromeTrace, recording: Recording, row: int, begun: float) -> None:
    trace.add("X", "Run", recording.title, _PROCESS, row, begun, dur=recording.seconds * 1e6,
              args={"steps": len(recording.steps), "peak bytes": recording.peak_bytes,
                    **({"raised": recording.error} if recording.error else {})})
    starts: list[float] = []
    next_free: dict[tuple[int, bool], float] = {}  # where sums of rounds go, by step around them
    for step in recording.steps:
        start = step.start
        if step.calls > 1:  # its rounds lie scattered: it is drawn as one bar after those before
            around = step.parent, True
            inside_sum = step.parent >= 0 and recording.steps[step.parent].calls > 1
            start = next_free.get(around, starts[step.parent] if inside_sum else step.start)
            next_free[around] = start + step.seconds
        starts.append(start)
        trace.add("X", "Op", step.type, _PROCESS, row, begun + start * 1e6,
                  dur=step.seconds * 1e6, args={
                      "name": step.op.name, "line": str(step.op.frame), "NumPy": step.line,
                      "inputs": ", ".join(step.inputs),
                      "outputs": ", ".join(f"{output.name} {output.dtype}{list(output.shape)}"
                                           for output in step.outputs),
                      "self us": round(step.self_seconds * 1e6, 3), "bytes": step.bytes,
                      "flops": step.flops,
                      **({"calls": step.calls} if step.calls > 1 else {}),
                      **({"round": step.round} if step.parent >= 0 else {})})
        if step.calls == 1:
            trace.add("C", "Memory", "live bytes", _PROCESS, row,
                      begun + (step.start + step.seconds) * 1e6, args={"bytes": step.live_bytes})


def write_chrome_trace(recordings: Iterable[Recording], path: str | os.PathLike[str]) -> None:
    """Writes a trace into a file.

    Args:
        recordings: the runs.
        path: the file; `.json` is what viewers look for.
    """
    write_file(os.fspath(path), chrome_trace(recordings).encode())
