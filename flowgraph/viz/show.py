"""`show`: a graph on the screen, wherever the program runs.

    in a notebook                 the viewer under the cell
    in a program with a display   the viewer in the browser
    elsewhere                     the viewer in a file, whose path is printed
"""

from __future__ import annotations

import os
import sys
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.tensor import Tensor


def show(what: Any = None, path: str | os.PathLike[str] | None = None, *, name: str = "",
         profile: Any = None, browser: bool | None = None) -> str | None:
    """Shows a graph, to click through: in the notebook, or else in the browser.

    Without a display (on a server, say) it only writes the page and prints where.

    Args:
        what: a graph or a session; or a tensor, operation, variable, or list of these, then what
            they do not need is drawn pale. Default: the default graph.
        path: the page's file, ending in .html; default a new temporary file. With a path ending in
            .svg, .png, .pdf or .dot a picture is drawn instead.
        name: the page's title.
        profile: recorded runs, as for `Graph.to_html`.
        browser: whether to open the browser; default where there is a display. Not in a notebook.

    Returns:
        The path; None in a notebook, unless `path` was given.

    Raises:
        TypeError: `what` is nothing that belongs to a graph.
        ValueError: the path's ending is unknown.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> y = fg.square(fg.placeholder(fg.float32, [2], name="x"), name="y")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = fg.show(y, f"{folder}/y.html", browser=False)
        The graph is in ...y.html
    """
    graph, fetches = _parts(what)
    suffix = "" if path is None else os.path.splitext(os.fspath(path))[1].lower()
    if suffix in (".svg", ".png", ".pdf", ".dot"):
        assert path is not None
        written = graph.render(path, fetches, name=name)  # type: ignore[attr-defined]
    elif suffix not in ("", ".html", ".htm") or (path is not None and not suffix):
        raise ValueError(located(f"show cannot tell what to write from the path {path!r:.100}",
                                 "It ends in .html, .svg, .png, .pdf or .dot."))
    else:
        from flowgraph.platform.progress import notebook_display
        display = notebook_display()
        if display is not None:
            from flowgraph.viz.notebook import graph_bundle, show_in_notebook
            show_in_notebook(graph_bundle(graph, fetches, text=_text(what), name=name,
                                          is_open=True, profile=profile), display)
            if path is None:
                return None
        if path is None:
            import tempfile
            path = os.path.join(tempfile.mkdtemp(prefix="flowgraph-"), "graph.html")
        written = graph.to_html(path, fetches, name=name,  # type: ignore[attr-defined]
                                profile=profile)
        if display is not None:
            return written
    if not (has_display() if browser is None else browser) or not open_in_browser(written):
        print(f"The graph is in {written}")
    return written


def _parts(what: Any) -> tuple[Graph, Any]:
    """The graph, and what to show of it."""
    if what is None:
        return get_default_graph(), None
    if isinstance(what, Graph):
        return what, None
    first = what
    while isinstance(first, (list, tuple, dict)) and first:
        first = next(iter(first.values() if isinstance(first, dict) else first))
    graph = getattr(first, "graph", None)
    if not isinstance(graph, Graph):
        raise TypeError(located(f"show draws graphs, tensors and operations, not {what!r:.100}"))
    return graph, what if hasattr(first, "op") or hasattr(first, "outputs") else None


def _text(what: Any) -> str:
    return repr(what) if isinstance(what, Tensor) else ""


def has_display() -> bool:
    """Whether a browser opened here would be seen."""
    if sys.platform.startswith("linux") or "bsd" in sys.platform:
        return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    return True


def open_in_browser(path: str) -> bool:
    """Opens a page in the browser; whether one was found.

    Args:
        path: the page's file.
    """
    import webbrowser
    from pathlib import Path
    try:
        return webbrowser.open(Path(path).resolve().as_uri())
    except webbrowser.Error:
        return False


def _show_graph(self: Graph, fetches: Any = None, path: str | os.PathLike[str] | None = None, *,
                name: str = "", profile: Any = None) -> str | None:
    """Shows the graph in the notebook or the browser; see `show`.

    Args:
        fetches: tensors, operations or names of them; what these do not need is drawn pale.
        path: the page's file; default a new temporary file.
        name: the page's title.
        profile: recorded runs, as for `to_html`.

    Returns:
        The path; None in a notebook, unless `path` was given.
    """
    if fetches is not None:
        from flowgraph.viz.model import needed
        fetches = sorted(needed(self, fetches)[1], key=lambda op: op.index)
    return show(self if fetches is None else fetches, path, name=name, profile=profile)


def _show_element(self: Any, path: str | os.PathLike[str] | None = None, *, name: str = "",
                  profile: Any = None) -> str | None:
    """Shows the graph in the notebook or the browser, and in it what this needs; see `show`.

    Args:
        path: the page's file; default a new temporary file.
        name: the page's title.
        profile: recorded runs, as for `Graph.to_html`.

    Returns:
        The path; None in a notebook, unless `path` was given.
    """
    return show(self, path, name=name, profile=profile)


def attach() -> None:
    """Puts `show` on Graph and Tensor; importing `flowgraph.viz` does it."""
    for kind, method in ((Graph, _show_graph), (Tensor, _show_element)):
        method.__qualname__ = f"{kind.__name__}.show"
        setattr(kind, "show", method)  # noqa: B010  (the checker does not know it)
