"""`write_graph_log`: a graph and one traced run of it, written for TensorBoard in one call.

TensorBoard joins the two by name.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.device_spec import DeviceSpec
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.io.graphs.graph_messages import GraphDef
from flowgraph.runtime.config import RunOptions
from flowgraph.runtime.tracing import DEVICE
from flowgraph.summary.file_writer import _GRAPH_DEF, FileWriter
from flowgraph.summary.step_stats import RunMetadata

_LIBRARY = "__function_library__"  # what TensorBoard puts before the names of functions


def write_graph_log(logdir: Any, graph: Graph | None = None, session: Any = None,
                    fetches: Any = None, feed_dict: dict[Any, Any] | None = None,
                    global_step: int | None = None) -> Any:
    """Writes a graph for TensorBoard and, with `fetches`, the times and memory of one run of them.

    TensorBoard's graph page shows scopes, shapes and devices, and the functions that branches and
    loops run. Under Tag, "run" or "step 100" chooses what was traced: then nodes can be coloured by
    compute time and by memory (a variable's is what it holds), and what the run did not need is
    hatched.

    Args:
        logdir: the folder of the event file; made if it is not there.
        graph: the graph; default that of the session, else the default graph.
        session: a Session that runs `fetches`; its variables are initialised.
        fetches: as for `Session.run`. This is a real run: a train op trains.
        feed_dict: as for `Session.run`.
        global_step: the step that the run belongs to.

    Returns:
        The RunMetadata of the run; None without `fetches`.

    Raises:
        ValueError: `fetches` are given without a session, or the session is of another graph.
        TypeError: `graph` is something else than a Graph.
        tf.errors.OpError: the folder cannot be made, or the run fails.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [None, 3], name="x")
        >>> y = fg.nn.relu(fg.matmul(x, fg.ones([3, 2]), name="product"), name="y")
        >>> with tempfile.TemporaryDirectory() as logdir, fg.Session() as sess:
        ...     metadata = fg.summary.write_graph_log(logdir, session=sess, fetches=y,
        ...                                           feed_dict={x: [[1, 2, 3]]})
        >>> [node.node_name for node in metadata.step_stats.dev_stats[0].node_stats][:2]
        ['product', 'y']
    """
    if graph is None:
        graph = get_default_graph() if session is None else session.graph
    if not isinstance(graph, Graph):
        raise TypeError(located(f"graph must be a tf.Graph, not {graph!r:.100}"))
    if fetches is None and feed_dict is not None:
        raise ValueError(located("feed_dict is for a run, and there are no fetches"))
    if fetches is not None and (session is None or session.graph is not graph):
        raise ValueError(located(
            "fetches are run in a session of the graph", "Pass it as session=sess."))
    metadata = None
    if fetches is not None:
        metadata = RunMetadata()
        session.run(fetches, feed_dict, RunOptions(trace_level=RunOptions.FULL_TRACE), metadata)
    placed = graph.as_graph_def(add_shapes=True)  # type: ignore[attr-defined]
    place(placed)
    with FileWriter(logdir) as writer:
        writer._add(_GRAPH_DEF, placed.SerializeToString(), global_step)
        if metadata is not None:
            tag = "run" if global_step is None else f"step {global_step}"
            writer.add_run_metadata(for_tensorboard(metadata, graph, placed), tag, global_step)
    return metadata


def place(graph_def: GraphDef) -> None:
    """Gives every node a whole device, so that nodes can be coloured by device.

    Args:
        graph_def: the message, which is changed.
    """
    whole: dict[str, str] = {}
    functions = graph_def.library.function
    for nodes in (graph_def.node, *(function.node_def for function in functions)):
        for node in nodes:
            asked = node.device
            if asked not in whole:
                spec = DeviceSpec.from_string(DEVICE)
                spec.merge_from(DeviceSpec.from_string(asked))
                whole[asked] = spec.to_string()
            node.device = whole[asked]


def for_tensorboard(metadata: RunMetadata, graph: Graph, graph_def: GraphDef) -> RunMetadata:
    """The metadata as TensorBoard joins it best with the graph.

    What ran in functions is there a second time under the names that TensorBoard gives it, and
    variables have the memory that they hold.

    Args:
        metadata: of a run.
        graph: the graph that ran.
        graph_def: the same as a message.
    """
    whole = RunMetadata.FromString(metadata.SerializeToString())
    inside = {node.name: f"{_LIBRARY}{function.signature.name}/{node.name}"
              for function in graph_def.library.function for node in function.node_def}
    variables = {op.name: op.outputs[0] for op in graph.get_operations() if op.op_def.is_ref
                 and not op.inputs}
    outside = {node.name for node in graph_def.node}
    for device in whole.step_stats.dev_stats:
        for step in list(device.node_stats):
            if step.node_name in inside and step.node_name not in outside:
                copy = device.node_stats.add()
                copy.CopyFrom(step)
                copy.node_name = inside[step.node_name]
            held = variables.get(step.node_name)
            if held is not None and held.spec.size is not None and not step.memory:
                count = held.spec.size * held.dtype.size
                step.memory.add(allocator_name="cpu", total_bytes=count, peak_bytes=count,
                                live_bytes=count)
    return whole
