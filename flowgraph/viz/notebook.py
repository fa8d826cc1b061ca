"""How graphs show themselves in a notebook: a picture, and for a whole graph the viewer under it.

    graph                 the picture of the graph; "Open the viewer" shows it to click through
    tensor, operation     the picture of what it needs
    session.explain(y)    the plan: its instructions as a picture, and each stage as text

The picture is an <img> and the viewer a sandboxed <iframe>, so that no name of a graph becomes part
of the notebook's own page. Where there is no Graphviz engine, or the graph is too large to be read
as a picture, the text says what it is. What one output adds to the notebook stays below 2 MB.

`graph/` and `runtime/` stand before `viz/`: the methods are put on their classes from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.printable import printable_lines
from flowgraph.core.text import counted
from flowgraph.errors import MissingDependencyError
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.runtime.explain import Explanation

MOST_BYTES = 2_000_000  # of one output; the viewer, then the picture are left out
MOST_NODES = 300  # of a picture: more are not read, and take the engine long
_HEIGHT = 560  # of the viewer, in pixels

Bundle = dict[str, Any]


# ---- what is shown -------------------------------------------------------------------------------


def graph_bundle(graph: Graph, fetches: Any = None, *, text: str = "", name: str = "",
                 viewer: bool = True, is_open: bool = False, profile: Any = None) -> Bundle:
    """A graph as a MIME bundle: text, picture, HTML.

    Args:
        graph: the graph.
        fetches: draw only what these need.
        text: what stands above the picture, and alone where there is no picture.
        name: title of the picture and of the viewer.
        viewer: whether the viewer stands under the picture.
        is_open: whether the viewer is there at once, without a click, and no picture above it.
        profile: recorded runs, for the viewer.
    """
    text = text or _about(graph)
    page = graph.to_html(None, fetches, name=name, profile=profile) if viewer else ""  # type: ignore[attr-defined]
    frame = _frame(page) if page else ""
    svg = None if is_open and len(frame) < MOST_BYTES else _picture(graph, fetches, name)
    return _bundle(text, svg, frame, is_open, "g.to_html(\"graph.html\") writes it into a file.")


def explanation_bundle(explanation: Explanation) -> Bundle:
    """A plan as a MIME bundle: its instructions as a picture, each stage as text.

    Args:
        explanation: what `Session.explain` gave.
    """
    from flowgraph.viz.program_picture import program_dot
    program = explanation.optimised
    svg = _svg(program_dot(program)) if len(program.instrs) <= MOST_NODES else None
    bundle = _bundle(repr(explanation), svg, "", False, "")
    stages = (("Program, as extracted from the graph", str(explanation.extracted)),
              ("Program, after the passes", str(program)), ("NumPy source", explanation.source))
    parts = [_details(title, _pre(stage))
             for title, stage in stages]
    html = bundle.get("text/html", _pre(repr(explanation)))
    if len(html) + sum(map(len, parts)) < MOST_BYTES:
        bundle["text/html"] = html + "".join(parts)
    return bundle


def _about(graph: Graph) -> str:
    return f"<tf.Graph with {counted(len(graph.get_operations()), 'operation')}>"


def _bundle(text: str, svg: str | None, frame: str, is_open: bool, otherwise: str) -> Bundle:
    bundle: Bundle = {"text/plain": text}
    head = _pre(text)
    body = "" if svg is None else _image(svg)
    if body and len(body) + len(svg or "") > MOST_BYTES:
        body, svg = "", None
    if svg is not None:
        bundle["image/svg+xml"] = svg
    if frame and len(frame) + len(body) + len(svg or "") > MOST_BYTES:
        frame = ""
        body += f"<p>The viewer is too large for a notebook: {_escape(otherwise)}</p>"
    if frame:
        body += frame if is_open else _details("Open the viewer", frame)
    if body:
        bundle["text/html"] = f"{head}{body}"
    return bundle


# ---- pieces of HTML ------------------------------------------------------------------------------


def _pre(text: str) -> str:
    return f'<pre style="font-family: monospace">{_escape(printable_lines(text))}</pre>'


def _details(title: str, content: str) -> str:
    return f"<details><summary>{_escape(title)}</summary>{content}</details>"


def _image(svg: str) -> str:
    import base64
    # As an image, SVG runs no script and loads nothing.
    data = base64.b64encode(svg.encode()).decode()
    style = "max-width: 100%; max-height: 800px; background: white"
    return (f'<img alt="picture of the graph" style="{style}" src="data:image/svg+xml;base64,'
            f'{data}">')


def _frame(page: str) -> str:
    # In a sandbox of its own the page reaches neither the notebook nor its files.
    return (f'<iframe sandbox="allow-scripts" loading="lazy" title="graph" width="100%" '
            f'height="{_HEIGHT}" style="border: 1px solid #80868b" '
            f'srcdoc="{_escape(page)}"></iframe>')


def _escape(text: str) -> str:
    import html  # late, as everything here: programs outside of notebooks never need it
    return html.escape(text)


# ---- pictures ------------------------------------------------------------------------------------


def _picture(graph: Graph, fetches: Any, name: str) -> str | None:
    """The SVG of a graph, with fewer open scopes where it would have too many nodes."""
    from flowgraph.viz.build import diagram
    from flowgraph.viz.dot import dot_text
    for depth in (None, 1, 0):
        found = diagram(graph, fetches, depth=depth, name=name)
        if not found.nodes:
            return None
        if len(found.nodes) + len(found.edges) // 4 <= MOST_NODES:
            return _svg(dot_text(found))
    return None


def _svg(dot: str) -> str | None:
    """The SVG of DOT text; None where there is no engine."""
    from flowgraph.viz.render import picture
    try:
        return picture(dot, "svg").decode()
    except MissingDependencyError:
        return None


# ---- the methods ---------------------------------------------------------------------------------


def _shown(text: str, make: Callable[[], Bundle], include: Any, exclude: Any) -> Bundle:
    """What a notebook asks for; only text in IPython's own terminal.

    Args:
        text: the text.
        make: gives the whole bundle; pictures take their time.
        include, exclude: kinds, as notebooks give them.
    """
    from flowgraph.platform.progress import ipython_shell
    shell = ipython_shell()
    is_terminal = shell is not None and not hasattr(shell, "kernel")
    only_text = is_terminal or (include and set(include) <= {"text/plain"})
    bundle = {"text/plain": text} if only_text else make()
    return {kind: content for kind, content in bundle.items()
            if (not include or kind in include) and kind not in (exclude or ())}


def _graph_mimebundle(self: Graph, include: Any = None, exclude: Any = None) -> Bundle:
    """What a notebook shows of the graph."""
    return _shown(_about(self), lambda: graph_bundle(self), include, exclude)


def _element_mimebundle(self: Any, include: Any = None, exclude: Any = None) -> Bundle:
    """What a notebook shows of a tensor or operation."""
    text = repr(self)
    return _shown(text, lambda: graph_bundle(self.graph, self, text=text, viewer=False), include,
                  exclude)


def _explanation_mimebundle(self: Explanation, include: Any = None, exclude: Any = None) -> Bundle:
    """What a notebook shows of a plan."""
    return _shown(repr(self), lambda: explanation_bundle(self), include, exclude)


def attach() -> None:
    """Puts `_repr_mimebundle_` on the classes; importing `flowgraph.viz` does it."""
    for kind, method in ((Graph, _graph_mimebundle), (Tensor, _element_mimebundle),
                         (Operation, _element_mimebundle), (Explanation, _explanation_mimebundle)):
        setattr(kind, "_repr_mimebundle_", method)  # noqa: B010  (the checker does not know it)


def show_in_notebook(bundle: Bundle, display: Any) -> None:
    """Shows a bundle as the output of a cell.

    Args:
        bundle: what to show.
        display: IPython's `display` module.
    """
    display.display(bundle, raw=True)
