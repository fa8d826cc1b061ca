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

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.viz import methods, notebook
from flowgraph.viz import show as showing
from flowgraph.viz.viewer import methods as viewer_methods

methods.attach()
viewer_methods.attach()
notebook.attach()
showing.attach()

__getattr__ = _lazy("fg.viz", globals(), {
    "Diagram": "flowgraph.viz.model:Diagram",
    "Edge": "flowgraph.viz.model:Edge",
    "Group": "flowgraph.viz.model:Group",
    "Node": "flowgraph.viz.model:Node",
    "diagram": "flowgraph.viz.build:diagram",
    "dot_text": "flowgraph.viz.dot:dot_text",
    "picture": "flowgraph.viz.render:picture",
    "to_networkx": "flowgraph.viz.analysis:to_networkx",
})
