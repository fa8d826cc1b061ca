"""What the viewer adds to `Graph`: `to_html`. Put on the class when `flowgraph.viz` is imported."""

from __future__ import annotations

import os
from typing import Any

from flowgraph.graph.graph import Graph


def to_html(self: Graph, path: str | os.PathLike[str] | None = None, fetches: Any = None, *,
            name: str = "", profile: Any = None) -> str:
    """The graph as one HTML file to click through; it needs no network and no server.

    Double-click opens and closes groups. Gradients, optimizers, save and init stand at the side.
    What is open and selected is in the page's address, so that links to it can be sent.

    Args:
        path: where to write; None returns the page as text.
        fetches: what to mark as asked for: tensors, operations, variables, or names of them. What
            these do not need is drawn pale.
        name: the page's title.
        profile: recorded runs, whose times, sizes and values are shown: an `fg.profile`, a
            recording of `Session.record`, or a list of these.

    Returns:
        The path; without a path, the page.

    Raises:
        KeyError: a name in `fetches` is not in the graph.
        ValueError: a fetch is of another graph, or `profile` recorded another graph.
        TypeError: `profile` is something else than recorded runs.
        OSError: the file cannot be written.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.square(fg.placeholder(fg.float32, [None, 2], name="x"), name="y")
        >>> g.to_html()[:15]
        '<!DOCTYPE html>'
    """
    from flowgraph.viz.viewer.page import page, write_html
    if path is None:
        return page(self, fetches, name=name, profile=profile)
    return write_html(path, self, fetches, name=name, profile=profile)


def attach() -> None:
    """Puts the method on Graph; importing `flowgraph.viz` does it."""
    to_html.__qualname__ = "Graph.to_html"
    setattr(Graph, "to_html", to_html)  # noqa: B010  (the type checker knows no such attribute)
