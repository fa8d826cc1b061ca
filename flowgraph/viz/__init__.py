"""Pictures of graphs, and graphs for analysis.

    graph.render("model.svg")        a picture (svg, png, pdf)
    graph.to_dot()                   the same as DOT text
    graph.to_html("model.html")      a page to click through
    graph.show()                     that page in the notebook or the browser; also tensor.show()
    graph.to_networkx()              for analysis

Importing this package puts these methods on Graph, and is cheap: what draws is imported when one
of them is called. To read it, start with `model`, which lists the steps from a Graph to a Diagram,
then `outline`, `series`, `parts`, `boxes`, `build`; `dot` writes a Diagram, `render` has it drawn.
"""

from __future__ import annotations

from typing import Any

from flowgraph.viz import methods, notebook
from flowgraph.viz import show as showing
from flowgraph.viz.viewer import methods as viewer_methods

methods.attach()
viewer_methods.attach()
notebook.attach()
showing.attach()

_HOMES = {"diagram": "build", "dot_text": "dot", "picture": "render", "to_networkx": "analysis",
          "Diagram": "model", "Edge": "model", "Group": "model", "Node": "model"}

__all__ = ["Diagram", "Edge", "Group", "Node", "diagram", "dot_text", "picture", "to_networkx"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
