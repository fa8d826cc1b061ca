"""`flowgraph view`: a page to explore a program's graph in a browser."""

from __future__ import annotations

import argparse
import os

from flowgraph.cli import names, pictures
from flowgraph.cli.costs import Costs
from flowgraph.cli.failure import Usage
from flowgraph.cli.output import Output
from flowgraph.cli.render import tell
from flowgraph.cli.sources import Source, chosen_graph, graph_of, is_graph_file, with_program
from flowgraph.viz.show import has_display, open_in_browser


def run(options: argparse.Namespace) -> int:
    """Makes the page; gives the exit code."""
    path = options.output or pictures.default_name(options.input, ".html")
    output = Output(path, ("html",), default="html")
    given = names.split(options.fetch)

    def use(source: Source, profile: object = None) -> None:
        fetches = names.elements(source.graph, given) or None
        pictures.page(source, output, fetches, options.title or source.name, profile)
        tell(output, source)

    if options.values:
        if is_graph_file(options.input):
            raise Usage(f"--values needs a run of a program, and {options.input!r} is a graph")
        costs = Costs(runs=1, run_all=options.run_all, values=True)

        def use_runs(watcher: object, failed: bool) -> None:
            graph = chosen_graph(costs.watcher, options.graph)
            name = os.path.basename(options.input)
            use(Source(graph, name, costs.watcher, failed), costs.profile)

        code = with_program(options, output, costs.watcher, use_runs)
    else:
        code = graph_of(options, output, use)
    if not output.is_stdout and not options.no_open and has_display():
        open_in_browser(output.path)
    return code
