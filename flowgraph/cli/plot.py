"""`flowgraph plot`: loss and metric curves from event files."""

from __future__ import annotations

import argparse

from flowgraph.cli.failure import note
from flowgraph.cli.output import Output
from flowgraph.core.text import counted
from flowgraph.plots.curves import FORMATS, draw, sheet_of
from flowgraph.plots.runs import read_runs


def run(options: argparse.Namespace) -> int:
    """Draws; gives the exit code."""
    output = Output(options.output, FORMATS, options.format, default="png")
    runs = read_runs(options.logdirs, options.tags)
    for problem in [problem for found in runs for problem in found.problems][:5]:
        note(problem)
    sheet = sheet_of(runs, title=options.title, x=options.x, smoothing=options.smooth,
                     log=options.log)
    output.write(lambda name: draw(sheet, name))
    if not output.is_stdout:
        note(f"wrote {output.shown} ({counted(len(sheet.panels), 'tag')} of "
             f"{counted(len(runs), 'run')})")
    return 0
