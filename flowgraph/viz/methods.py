"""What pictures add to `Graph`: `to_dot`, `render`, `to_networkx`.

`graph/` stands before `viz/` and must not import it, so the methods are put on the class from here
when the package is imported, as `ops/operators.py` puts the operators on Tensor. Everything they
need is imported when one is first called.
"""

from __future__ import annotations

import os
from typing import Any, Literal

from flowgraph.graph.graph import Graph


def to_dot(self: Graph, fetches: Any = None, *, depth: int | None = None, gradients: bool = False,
           name: str = "", direction: str = "up", legend: bool = True,
           unused: Literal["hide", "grey"] = "hide", series: bool = True,
           color: Literal["structure", "device", "time", "memory"] = "structure",
           profile: Any = None) -> str:
    """The graph as DOT text, the language of Graphviz. Needs no engine.

    Name scopes are clusters. A variable stands for all the ops that keep it; gradients, optimizers,
    save and init are one box each.

    Args:
        fetches: draw only what these need: tensors, operations, variables, or names of them.
        depth: how many levels of scopes, loops and branches are open; deeper ones become boxes.
            Default: those are open that help most, as long as the picture can be read.
        gradients: whether gradients and optimizers are drawn op by op.
        name: the picture's title.
        direction: where data flows: "up" as in TensorBoard, "down", "right" or "left".
        legend: whether to explain the kinds of nodes and edges that occur.
        unused: what becomes of the rest of the graph when `fetches` are given: "hide" or "grey".
        series: whether what a Python loop made many times, as layer_1 to layer_12 or the steps of
            an unrolled RNN, is drawn once, with a dashed edge to the next one.
        color: what colours tell: "structure", the kinds of nodes; "device"; or "time" or "memory",
            what each node has cost.
        profile: for "time" and "memory": what `fg.profile()` measured.

    Returns:
        DOT text; the same graph always gives the same text.

    Raises:
        KeyError: a name in `fetches` is not in the graph.
        TypeError: `depth` is no int.
        ValueError: `depth` is negative, the direction is unknown, or a fetch is of another graph.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.square(fg.placeholder(fg.float32, [None, 2], name="x"), name="y")
        >>> print(g.to_dot(legend=False).splitlines()[-2])
          "x" -> "y" [label=" ?×2 " penwidth="1.12" tooltip="x:0  ?×2 float32" ...]
    """
    from flowgraph.viz.build import diagram
    from flowgraph.viz.dot import dot_text
    return dot_text(diagram(self, fetches, depth=depth, gradients=gradients, name=name,
                            unused=unused, series=series, color=color, profile=profile),
                    direction=direction, show_legend=legend)


def render(self: Graph, path: str | os.PathLike[str], fetches: Any = None, *,
           depth: int | None = None, gradients: bool = False, name: str = "",
           direction: str = "up", legend: bool = True,
           unused: Literal["hide", "grey"] = "hide", series: bool = True,
           color: Literal["structure", "device", "time", "memory"] = "structure",
           profile: Any = None) -> str:
    """Draws the graph into a file; the suffix says which: .svg, .png, .pdf, .dot or .html.

    ".html" writes a page to click through, as `to_html` does; of the options it takes `name` and
    `profile`, the others can be chosen in the page.

    Args:
        path: where to write.
        fetches: draw only what these need: tensors, operations, variables, or names of them.
        depth: how many levels of scopes, loops and branches are open; deeper ones become boxes.
            Default: those are open that help most, as long as the picture can be read.
        gradients: whether gradients and optimizers are drawn op by op.
        name: the picture's title.
        direction: where data flows: "up" as in TensorBoard, "down", "right" or "left".
        legend: whether to explain the kinds of nodes and edges that occur.
        unused: what becomes of the rest of the graph when `fetches` are given: "hide" or "grey".
        series: whether what a Python loop made many times, as layer_1 to layer_12 or the steps of
            an unrolled RNN, is drawn once, with a dashed edge to the next one.
        color: what colours tell: "structure", the kinds of nodes; "device"; or "time" or "memory",
            what each node has cost.
        profile: for "time" and "memory": what `fg.profile()` measured.

    Returns:
        The path.

    Raises:
        ValueError: the suffix is unknown, or an argument is wrong as for `to_dot`.
        KeyError: a name in `fetches` is not in the graph.
        MissingDependencyError: there is no Graphviz engine; ".dot" and ".html" need none.
        OSError: the file cannot be written.

    Example:
        >>> import flowgraph as fg, os, tempfile
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.constant(1.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     os.path.basename(g.render(os.path.join(folder, "graph.dot")))
        'graph.dot'
    """
    from flowgraph.viz.render import write
    return write(path, lambda: to_dot(
        self, fetches, depth=depth, gradients=gradients, name=name, direction=direction,
        legend=legend, unused=unused, series=series, color=color, profile=profile),
        lambda path: _write_page(path, self, fetches, name, profile))


def _write_page(path: str, graph: Graph, fetches: Any, name: str, profile: Any) -> str:
    from flowgraph.viz.viewer.page import write_html
    return write_html(path, graph, fetches, name=name, profile=profile)


def to_networkx(self: Graph) -> Any:
    """The graph as a `networkx.MultiDiGraph`, one node per operation; see `viz.to_networkx`.

    Returns:
        The MultiDiGraph, holding plain values only.

    Raises:
        MissingDependencyError: networkx is not installed.

    Example:
        >>> import flowgraph as fg, networkx
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.square(fg.constant(3.0), name="y")
        >>> networkx.is_directed_acyclic_graph(g.to_networkx())
        True
    """
    from flowgraph.viz.analysis import to_networkx
    return to_networkx(self)


def attach() -> None:
    """Puts the three methods on Graph; importing `flowgraph.viz` does it."""
    for method in (to_dot, render, to_networkx):
        method.__qualname__ = f"Graph.{method.__name__}"
        setattr(Graph, method.__name__, method)
