"""GraphDefs in files: `tf.train.write_graph`, and how to read one back."""

from __future__ import annotations

import os
from typing import Any

from flowgraph.core.durable import write_file
from flowgraph.core.frames import located
from flowgraph.core.message import Message
from flowgraph.core.message_scalar import TextError
from flowgraph.core.message_text import merge_text
from flowgraph.core.system_error import local_path, system_error
from flowgraph.graph.graph import Graph
from flowgraph.io.exporting.graph_export import graph_def as whole_graph
from flowgraph.io.graphs.graph_messages import GraphDef
from flowgraph.io.graphs.message_files import parsed, read_bytes


def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Writes a graph to a file.

    Args:
        graph_or_graph_def: a Graph or a GraphDef.
        logdir: folder; made if it is not there.
        name: name of the file.
        as_text: whether to write text, which people can read; else bytes.

    Returns:
        The path of the file.

    Raises:
        TypeError: it is neither a Graph nor a GraphDef.
        OpError: the file cannot be written; of the class that says why.

    Example:
        >>> import flowgraph as fg, os, tempfile
        >>> with fg.Graph().as_default() as g:
        ...     x = fg.constant(1.0, name="x")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = fg.train.write_graph(g, folder, "graph.pbtxt")
        ...     fg.io.read_graph(path).node[0].name
        'x'
    """
    graph_def = (whole_graph(graph_or_graph_def) if isinstance(graph_or_graph_def, Graph)
                 else graph_or_graph_def)
    if not isinstance(graph_def, Message):
        raise TypeError(located(f"needs a Graph or a GraphDef, got {graph_def!r:.100}",
                                "A session's graph is session.graph."))
    folder = local_path(logdir)
    path = os.path.join(folder, os.fsdecode(name))
    content = str(graph_def).encode() if as_text else graph_def.SerializeToString()
    try:
        os.makedirs(folder, exist_ok=True)
        write_file(path, content)
    except (OSError, ValueError) as error:
        raise system_error(path, error) from None
    return path


def read_graph(path: Any) -> GraphDef:
    """Reads a GraphDef that `tf.train.write_graph` wrote, as text or as bytes.

    Args:
        path: the file.

    Returns:
        A GraphDef.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no GraphDef.

    Example:
        >>> import flowgraph as fg, os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = fg.io.write_graph(fg.Graph(), folder, "empty.pb", as_text=False)
        ...     len(fg.io.read_graph(path).node)
        0
    """
    name = os.fsdecode(path)
    is_text = name.endswith((".pbtxt", ".txt", ".prototxt"))
    content = read_bytes(name)
    try:
        graph_def: GraphDef = parsed(content, GraphDef(), True if is_text else None)
        return graph_def
    except ValueError as error:
        raise ValueError(located(f"{name!r} holds no GraphDef: {error}")) from None


def parse_graph(text: str) -> GraphDef:
    """The GraphDef that a text says, as `str(graph_def)` writes it.

    Args:
        text: the text.

    Raises:
        ValueError: the text is no GraphDef.

    Example:
        >>> import flowgraph as fg
        >>> graph_def = fg.io.parse_graph('node { name: "x" op: "NoOp" }')
        >>> graph_def.node[0].op
        'NoOp'
    """
    graph_def = GraphDef()
    try:
        merge_text(text, graph_def)
    except TextError as error:
        raise ValueError(located(f"the text is no GraphDef: {error}")) from None
    return graph_def
