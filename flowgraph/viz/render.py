"""Writing pictures: DOT text as it is, everything else through a Graphviz engine.

The engine is the system's `dot`, or the one that pygraphviz carries in its wheel from 2.0 on.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from typing import Any

from flowgraph.core.durable import write_file
from flowgraph.core.frames import located
from flowgraph.errors import MissingDependencyError, message

FORMATS = ("svg", "png", "pdf", "dot")
PAGE = "html"
_one_at_a_time = threading.Lock()  # the library inside pygraphviz keeps global state


def picture(dot_text: str, format: str) -> bytes:
    """The picture that DOT text describes.

    Args:
        dot_text: a graph in DOT.
        format: "svg", "png", "pdf" or "dot".

    Returns:
        The contents of the file.

    Raises:
        ValueError: the format is unknown.
        MissingDependencyError: there is no Graphviz engine; "dot" needs none.

    Example:
        >>> picture("digraph { a -> b }", "dot")
        b'digraph { a -> b }'
    """
    if format not in FORMATS:
        raise ValueError(located(
            f"cannot draw the format {format!r}; there are {', '.join(FORMATS)}"))
    if format == "dot":
        return dot_text.encode()
    if shutil.which("dot"):
        import graphviz
        return graphviz.pipe("dot", format, dot_text.encode(), quiet=True)
    pygraphviz = _pygraphviz()
    with _one_at_a_time:
        drawing = pygraphviz.AGraph(string=dot_text)
        try:
            return drawing.draw(format=format, prog="dot")
        finally:
            drawing.close()


def write(path: str | os.PathLike[str], make_dot: Callable[[], str],
          write_page: Callable[[str], str]) -> str:
    """Writes a picture; the format follows from the suffix of `path`.

    The file appears whole or not at all.

    Args:
        path: a name ending in .svg, .png, .pdf, .dot or .html; `~` is the home folder.
        make_dot: gives the DOT text; called when the suffix is known to be right.
        write_page: writes the page to click through to a path, and returns that.

    Returns:
        The path.

    Raises:
        ValueError: the suffix is none of these.
        MissingDependencyError: there is no Graphviz engine; ".dot" needs none.
        OSError: the file cannot be written.
    """
    path = os.path.expanduser(os.fspath(path))
    format = os.path.splitext(path)[1].lower().removeprefix(".")
    if format == PAGE:
        return write_page(path)
    if format not in FORMATS:
        raise ValueError(located(f"cannot tell the format of {path!r}: the name must end in "
                                 f"{', '.join(f'.{f}' for f in FORMATS)} or .{PAGE}"))
    contents = picture(make_dot(), format)
    write_file(path, contents)
    return path


def _pygraphviz() -> Any:
    try:
        import pygraphviz
    except ImportError:
        raise MissingDependencyError(message(
            "drawing svg, png or pdf needs a Graphviz engine, and none is here",
            advice="Install the system package graphviz, or run "
                   'pip install ".[viz]" in a clone of flowgraph. '
                   'render("graph.dot") and to_dot() need neither.',
            section="missing-dependency-error")) from None
    return pygraphviz
