"""The page: template, style, scripts and payload in one HTML file that asks nothing of a network.

The scripts stand in one function, in the order of `SCRIPTS`; the colours of both themes come from
`style`, so that pictures and viewer agree. A content policy forbids the page to load anything.
"""

from __future__ import annotations

import os
from importlib import resources
from typing import Any

from flowgraph.core.durable import write_file
from flowgraph.graph.graph import Graph
from flowgraph.viz.labels import html
from flowgraph.viz.viewer.palette import css_variables
from flowgraph.viz.viewer.payload import payload, script_safe

STYLES = ("viewer.css", "panel.css")
SCRIPTS = (
    "text", "state", "model", "flow", "rank", "order", "place", "relax", "fold", "shapes",
    "labels", "pack", "layout", "colors", "elements", "draw", "minimap", "view", "pointer",
    "export", "dom", "items", "theme", "search", "marks", "runs", "tints", "menu", "legend",
    "card", "outline", "filters", "steps", "keys", "help", "print", "panel", "main",
)


def page(graph: Graph, fetches: Any = None, *, name: str = "", profile: Any = None) -> str:
    """The page of a graph, as text.

    Args:
        graph: the graph.
        fetches: what to mark as asked for: tensors, operations, variables, or names of them.
        name: the page's title.
        profile: recorded runs, whose times, sizes and values are shown.

    Returns:
        HTML.

    Raises:
        KeyError: a name in `fetches` is not in the graph.
        ValueError: a fetch is of another graph, or `profile` recorded another graph.
        TypeError: `profile` is something else than recorded runs.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.constant(1.0)
        >>> page(g).splitlines()[0]
        '<!DOCTYPE html>'
    """
    data = script_safe(payload(graph, fetches, name=name, profile=profile))
    parts = {"TITLE": html(name or "graph"), "STYLE": _style(), "SCRIPT": _script(), "DATA": data}
    text = []
    for piece in _asset("template.html").split("%%"):  # the parts' own text is not looked at
        text.append(parts.get(piece, piece))
    return "".join(text)


def write_html(path: str | os.PathLike[str], graph: Graph, fetches: Any = None, *, name: str = "",
               profile: Any = None) -> str:
    """Writes the page of a graph; the file appears whole or not at all.

    Args:
        path: where to write; `~` is the home folder.
        graph: the graph.
        fetches: what to mark as asked for: tensors, operations, variables, or names of them.
        name: the page's title.
        profile: recorded runs, whose times, sizes and values are shown.

    Returns:
        The path.

    Raises:
        KeyError: a name in `fetches` is not in the graph.
        ValueError: a fetch is of another graph, or `profile` recorded another graph.
        TypeError: `profile` is something else than recorded runs.
        OSError: the file cannot be written.

    Example:
        >>> import flowgraph as fg, os, tempfile
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.constant(1.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     os.path.basename(write_html(os.path.join(folder, "graph.html"), g))
        'graph.html'
    """
    path = os.path.expanduser(os.fspath(path))
    write_file(path, page(graph, fetches, name=name, profile=profile).encode())
    return path


def _asset(name: str) -> str:
    return resources.files("flowgraph.viz.viewer").joinpath("assets", name).read_text("utf-8")


def _style() -> str:
    return css_variables() + "".join(map(_asset, STYLES))


def _script() -> str:
    files = "".join(f"// ---- {name}.js\n{_asset(f'{name}.js')}" for name in SCRIPTS)
    return f'(function () {{\n"use strict";\n{files}}})();'


