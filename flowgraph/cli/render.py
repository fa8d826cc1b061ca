"""`flowgraph render`: a picture of a program's graph."""

from __future__ import annotations

import argparse

from flowgraph.cli import pictures
from flowgraph.cli.costs import Costs
from flowgraph.cli.failure import Failure, Usage, note
from flowgraph.cli.output import Output
from flowgraph.cli.sources import Source, chosen_graph, graph_of, is_graph_file, with_program
from flowgraph.core.text import counted


def run(options: argparse.Namespace) -> int:
    """Draws; gives the exit code."""
    path = options.output or pictures.default_name(options.input, f".{options.format or 'svg'}")
    output = Output(path, pictures.FORMATS, options.format, default="svg")
    if options.color in ("time", "memory"):
        return _by_costs(options, output)

    def use(source: Source) -> None:
        pictures.draw(source, output, options)
        tell(output, source)

    return graph_of(options, output, use)


def _by_costs(options: argparse.Namespace, output: Output) -> int:
    """Draws where time or memory goes: for that, some runs are recorded."""
    if is_graph_file(options.input):
        raise Usage(f"--color {options.color} needs the runs of a program, and {options.input!r} "
                    "is a graph")
    costs = Costs(runs=3, run_all=options.run_all)

    def use(watcher: object, failed: bool) -> None:
        graph = chosen_graph(costs.watcher, options.graph)
        if not costs.profile.runs:
            raise Failure(f"--color {options.color} needs runs, and the program has made none")
        source = Source(graph, pictures.default_name(options.input, ".py"), costs.watcher, failed)
        pictures.draw(source, output, options, costs.profile)
        tell(output, source)

    return with_program(options, output, costs.watcher, use)


def tell(output: Output, source: Source) -> None:
    """Says what was written."""
    if not output.is_stdout:
        note(f"wrote {output.shown} ({counted(source.graph.version, 'operation')}"
             + (", up to where the program failed)" if source.failed else ")"))
