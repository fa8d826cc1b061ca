"""`flowgraph profile`: where a program's time and memory go."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from flowgraph.cli import names, pictures
from flowgraph.cli.costs import Costs
from flowgraph.cli.failure import Failure, note
from flowgraph.cli.output import Output, alone_on_standard_output, standard_output
from flowgraph.cli.sources import Source, chosen_graph, with_program
from flowgraph.core.printable import printable_lines
from flowgraph.core.text import counted


def run(options: argparse.Namespace) -> int:
    """Profiles; gives the exit code."""
    fetch = names.split(options.fetch)
    costs = Costs(options.runs, options.run_all, fetch)
    result = standard_output()
    trace = (Output(options.trace, ("json",), format="json", option="--trace")
             if options.trace else None)
    picture = (Output(options.render, pictures.FORMATS, option="--render")
               if options.render else None)
    alone_on_standard_output(trace=options.trace == "-", render=options.render == "-",
                             json=options.json)
    piped = "-" in (options.trace, options.render)

    def use(watcher: object, failed: bool) -> None:
        profile = costs.profile
        if not profile.runs:
            if fetch:
                names.elements(chosen_graph(costs.watcher, options.graph), fetch)
                raise Failure(f"the program has made no run that fetches {', '.join(fetch)}")
            raise Failure("the program has run nothing")
        if not costs.is_warm:
            note("each choice of fetches ran only once: times include the warm-up")
        table = getattr(profile, f"by_{options.by}")()
        if options.json:
            result.text(as_json(profile, table, options.top))
        elif piped:
            print(printable_lines(as_text(profile, table, options.top)), file=sys.stderr)
        else:
            result.text(as_text(profile, table, options.top))
        if trace is not None:
            trace.write(profile.to_chrome_trace)
            tell(trace)
        if picture is not None:
            graph = chosen_graph(costs.watcher, options.graph)
            source = Source(graph, pictures.default_name(options.input, ".py"))
            pictures.draw(source, picture, argparse.Namespace(color="time"), profile)
            tell(picture)

    return with_program(options, result, costs.watcher, use)


def tell(output: Output) -> None:
    """Tells which file was written."""
    if not output.is_stdout:
        note(f"wrote {output.shown}")


def as_text(profile: Any, table: Any, top: int | None) -> str:
    """The table for people; a last line tells how many rows were left out."""
    head = str(profile).partition("\n")[0]
    hidden = 0 if top is None else max(len(table.rows) - top, 0)
    table.rows = table.rows[:top]
    lines = [head, "", str(table)]
    if hidden:
        lines.append(f"... and {counted(hidden, 'more row')}")
    return "\n".join(lines)


def as_json(profile: Any, table: Any, top: int | None) -> str:
    """The table for programs: numbers in full, seconds, bytes, shares from 0 to 1."""
    rows = [{name.replace(" ", "_"): value for name, value in row.items()} for row in table]
    return json.dumps({"runs": profile.runs, "seconds": profile.seconds,
                       "overhead_seconds": profile.overhead, "rows": rows[:top]}, indent=1)
