"""The graph for analysis with networkx: paths, cuts, counts, components."""

from __future__ import annotations

from typing import Any

from flowgraph.errors import MissingDependencyError, message
from flowgraph.graph.graph import Graph
from flowgraph.viz.roles import Roles


def to_networkx(graph: Graph) -> Any:
    """The graph as a `networkx.MultiDiGraph` of plain values, one node per operation.

    Nodes are the operations' names, in the order of creation, with these attributes:

    - `type`, `name`, `device`, and `frame`, the user's line as "model.py:12";
    - `role`: op, placeholder, variable, constant, summary, gradients, optimizer, save or init;
    - `shapes` and `dtypes`, one per output; shapes are tuples, None where unknown.

    An edge stands for one use of a tensor, with `tensor` (its name), `shape`, `dtype`, `input`
    (which one of the op's inputs) and `control=False`; or for a control dependency, with
    `control=True` and None for the rest.

    Args:
        graph: the graph.

    Returns:
        The MultiDiGraph; it holds no reference to the graph.

    Raises:
        MissingDependencyError: networkx is not installed.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.square(fg.constant(3.0, name="x"), name="y")
        >>> g.to_networkx().edges["x", "y", 0]["tensor"]
        'x:0'
    """
    networkx = _networkx()
    ops = graph.get_operations()
    roles = Roles(ops)
    result = networkx.MultiDiGraph()
    for op in ops:
        result.add_node(op.name, type=op.type, name=op.name, device=op.device, role=roles.role(op),
                        frame=str(op.frame), shapes=[t.spec.shape for t in op.outputs],
                        dtypes=[t.dtype.name for t in op.outputs])
    for op in ops:
        for i, tensor in enumerate(op.inputs):
            result.add_edge(tensor.op.name, op.name, tensor=tensor.name, shape=tensor.spec.shape,
                            dtype=tensor.dtype.name, input=i, control=False)
        for source in op.control_inputs:
            result.add_edge(source.name, op.name, tensor=None, shape=None, dtype=None, input=None,
                            control=True)
    return result


def _networkx() -> Any:
    try:
        import networkx
    except ImportError:
        raise MissingDependencyError(message(
            "to_networkx() needs networkx, which is not installed",
            advice="Run pip install networkx.", section="missing-dependency-error")) from None
    return networkx
