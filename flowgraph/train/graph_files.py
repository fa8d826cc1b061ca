"""A training run's graph: as text in its folder, and in its event file for TensorBoard."""

from __future__ import annotations

import os
from typing import Any

from flowgraph.graph.graph import Graph
from flowgraph.io.durable import write_file

GRAPH_FILE = "graph.pbtxt"


def write_graph_files(graph: Any, folder: str | None, summary_writer: Any, saver: Any) -> None:
    """Writes the graph to a folder and to an event file.

    Args:
        graph: the Graph.
        folder: where the text goes; None for nowhere.
        summary_writer: the FileWriter of the event file; None for none.
        saver: the Saver that restores the graph's variables; None for none.
    """
    from flowgraph.io.meta_graph import create_meta_graph_def
    assert isinstance(graph, Graph)
    graph_def = graph.as_graph_def(add_shapes=True)  # type: ignore[attr-defined]
    if folder is not None:
        os.makedirs(folder, exist_ok=True)
        write_file(os.path.join(folder, GRAPH_FILE), str(graph_def).encode())
    if summary_writer is not None:
        summary_writer.add_graph(graph)
        summary_writer.add_meta_graph(create_meta_graph_def(
            graph_def=graph_def, saver_def=saver.saver_def if saver else None, graph=graph))
