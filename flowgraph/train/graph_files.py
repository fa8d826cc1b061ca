"""A training run's graph: as text in its folder, and in its event file for TensorBoard."""

from __future__ import annotations

from typing import Any

from flowgraph.io.graphs.graph_files import write_graph
from flowgraph.io.graphs.meta_graph import create_meta_graph_def

GRAPH_FILE = "graph.pbtxt"


def write_graph_files(graph: Any, folder: str | None, summary_writer: Any, saver: Any) -> None:
    """Writes the graph to a folder and to an event file.

    Args:
        graph: the Graph.
        folder: where the text goes; None for nowhere.
        summary_writer: the FileWriter of the event file; None for none.
        saver: the Saver that restores the graph's variables; None for none.
    """
    # Made once, as it takes long; a writer of the user's may return nothing.
    graph_def = None if summary_writer is None else summary_writer.add_graph(graph)
    if graph_def is None:
        graph_def = graph.as_graph_def(add_shapes=True)
    if folder is not None:
        write_graph(graph_def, folder, GRAPH_FILE)
    if summary_writer is not None:
        meta_graph = create_meta_graph_def(
            graph_def=graph_def, saver_def=saver.saver_def if saver else None, graph=graph)
        summary_writer.add_meta_graph(meta_graph)
        if saver:
            saver.keep_graph(graph, meta_graph)
