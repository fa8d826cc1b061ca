"""`flowgraph step`: one run, step by step."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable
from typing import Any

from flowgraph.cli.failure import Usage
from flowgraph.cli.moment import Moment
from flowgraph.cli.output import standard_output
from flowgraph.core.text import counted
from flowgraph.profiling.recorder import RecordedRun, record
from flowgraph.profiling.recording import Recording


def run(options: argparse.Namespace) -> int:
    """Prints the steps; gives the exit code."""
    def look(run: Any, fetches: Any, keep: Callable[[Recording], None]) -> None:
        if fetches is not run.fetches:
            keep(record(run.session, fetches, run.feed_dict, values=True))
            return
        recorded = RecordedRun(run.session, fetches, values=True)
        try:
            recorded.during(run)
        finally:
            keep(recorded.recording())

    return Moment(options, look, lambda recording: listing(
        recording, options.start, options.stop)).run(standard_output())


def listing(recording: Recording, start: str | None = None, stop: str | None = None) -> str:
    """The steps of a run as text.

    Args:
        recording: the run.
        start, stop: the first and the last step to list: numbers from 0, or names of operations.

    Raises:
        Usage: there is no such step.
    """
    first = 0 if start is None else _number(recording, start, "--from", 0)
    last = len(recording.steps) - 1 if stop is None else _number(recording, stop, "--to", -1)
    return recording.listing(first, last)


def _number(recording: Recording, given: str, option: str, which: int) -> int:
    """The number of a step that was given as number or name; the first or the last of a name."""
    count = len(recording.steps)
    if not count:  # all that was fetched is known without running anything
        return 0
    if given.isdecimal():
        if int(given) >= count:
            raise Usage(f"{option} {given}: the run has {counted(count, 'step')}, counted from 0")
        return int(given)
    wanted = given.partition(":")[0]
    found = [number for number, step in enumerate(recording.steps)
             if wanted in (step.op.name, *(origin.name for origin in step.origins))]
    if not found:
        names = sorted({origin.name for step in recording.steps for origin in step.origins})
        near = difflib.get_close_matches(wanted, names, n=3)
        raise Usage(f"{option} {given}: no step of the run is of that operation"
                    + (f"; did you mean {' or '.join(near)}?" if near else ""))
    return found[which]
