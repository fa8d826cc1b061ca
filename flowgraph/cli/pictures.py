"""Drawing a graph for a command: by whatever format, with the options that were given."""

from __future__ import annotations

import argparse
import os
from typing import Any

from flowgraph.cli import names
from flowgraph.cli.output import Output
from flowgraph.cli.sources import Source

FORMATS = ("svg", "png", "pdf", "dot", "html")


def default_name(path: str, suffix: str) -> str:
    """The name of a result: that of the program, in the current folder."""
    base = os.path.basename(os.path.abspath(path)) or "graph"
    stem, ending = os.path.splitext(base)
    return (stem if ending in (".py", ".ipynb", ".pb", ".pbtxt", ".prototxt", ".meta") else base
            ) + suffix


def draw(source: Source, output: Output, options: argparse.Namespace, profile: Any = None) -> None:
    """Draws a graph.

    Args:
        source: the graph.
        output: where it goes.
        options: of `flowgraph render`; those that are not there have their defaults.
        profile: what its runs cost, a `fg.profile`; None for none.
    """
    given = names.split(getattr(options, "fetch", None))
    fetches = names.elements(source.graph, given) or None
    title = getattr(options, "title", "")
    if output.format == "html":
        page(source, output, fetches, title or source.name, profile)
        return
    chosen: dict[str, Any] = {"name": title}
    for option, default in (("depth", None), ("gradients", False), ("direction", "up"),
                            ("color", "structure")):
        value = getattr(options, option, default)
        if value != default:
            chosen[option] = value
    if getattr(options, "no_legend", False):
        chosen["legend"] = False
    if profile is not None:
        chosen["profile"] = profile
    graph: Any = source.graph
    output.write(lambda name: graph.render(name, fetches, **chosen))


def page(source: Source, output: Output, fetches: Any, title: str, profile: Any = None) -> None:
    """Makes the page to explore a graph.

    Args:
        source: the graph.
        output: where it goes.
        fetches: what is marked; None for all.
        title: of the page.
        profile: recordings of runs; None for none.
    """
    graph: Any = source.graph
    chosen = {} if profile is None else {"profile": profile}
    output.write(lambda name: graph.to_html(name, fetches, name=title, **chosen))
