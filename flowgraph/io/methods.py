"""What GraphDefs add to `Graph` and `Operation`: `as_graph_def`, `node_def`, text, `get_attr`.

`graph/` stands before `io/` and must not import it, so the methods are put on the classes from here
when the package is imported. What writes GraphDefs is imported when one is first called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowgraph.core.dtypes import DType
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation

if TYPE_CHECKING:
    from flowgraph.io.graphs.graph_messages import GraphDef, NodeDef, VersionDef


def as_graph_def(self: Graph, from_version: int | None = None,
                 add_shapes: bool = False) -> GraphDef:
    """The graph as a message that TensorFlow reads, and `tf.import_graph_def`.

    Branches and loops are functions in its `library`, as TensorFlow's `If` and `While` take them.

    Args:
        from_version: accepted; all nodes are written, as in TensorFlow 1.15.
        add_shapes: whether nodes get an attribute `_output_shapes`.

    Returns:
        A GraphDef.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.add(fg.placeholder(fg.float32, name="x"), 1.0, name="y")
        >>> [(node.name, node.op) for node in g.as_graph_def().node]
        [('x', 'Placeholder'), ('y/y', 'Const'), ('y', 'Add')]
    """
    from flowgraph.io.exporting.graph_export import graph_def
    return graph_def(self, add_shapes=add_shapes)


def graph_def_versions(self: Graph) -> VersionDef:
    """The version of GraphDefs that the graph is written in, as a VersionDef."""
    from flowgraph.io.exporting.graph_export import versions
    return versions()


def create_op(self: Graph, op_type: str, inputs: Any, dtypes: Any = None, input_types: Any = None,
              name: str | None = None, attrs: Any = None, op_def: Any = None,
              compute_shapes: bool = True, compute_device: bool = True) -> Operation:
    """Adds an operation by the name of its type; `tf.matmul` and its like are the way otherwise.

    Args:
        op_type: a type of TensorFlow's that flowgraph has, as "MatMul".
        inputs: list of tensors of this graph.
        dtypes: list of the outputs' dtypes, checked where it is given.
        input_types: accepted; the tensors have dtypes.
        name: its name; default the type.
        attrs: dict from names to `tf.AttrValue`. Dtypes and counts of inputs need not be in it.
        op_def, compute_shapes, compute_device: accepted.

    Returns:
        The Operation.

    Raises:
        TypeError: an input is no tensor, an attribute no AttrValue, or a dtype another one.
        ValueError: there is no such type, or the inputs or attributes do not fit it.
        UnimplementedError: TensorFlow has this type, and flowgraph does not.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     op = g.create_op("Add", [fg.constant(1.0), fg.constant(2.0)], name="sum")
        >>> op.name, fg.Session(graph=g).run(op.outputs[0])
        ('sum', np.float32(3.0))
    """
    from flowgraph.io.importing import created
    return created.create_op(self, op_type, inputs, dtypes, name, attrs)


def node_def(self: Operation) -> NodeDef:
    """The operation as a NodeDef.

    Example:
        >>> import flowgraph as fg
        >>> fg.square(2.0, name="y").op.node_def
        name: "y"
        op: "Square"
        input: "y/x"
        attr {
          key: "T"
          value {
            type: DT_FLOAT
          }
        }
        <BLANKLINE>
    """
    from flowgraph.io.exporting.graph_export import node_def
    return node_def(self)


def text(self: Operation) -> str:
    """The operation as the text of its NodeDef: what `print(op)` prints."""
    return str(node_def(self))


def get_attr(self: Operation, name: str) -> Any:
    """An attribute as TensorFlow's registry has it, with those that the op's tensors tell.

    Args:
        name: its name, as "T", "strides", "shape".

    Returns:
        A DType for a dtype, a TensorShapeProto for a shape, a TensorProto for the value of a
        constant, else a number or text; a list of them.

    Raises:
        ValueError: the op has no such attribute.

    Example:
        >>> import flowgraph as fg
        >>> op = fg.concat([fg.zeros([2]), fg.ones([1])], 0).op
        >>> op.get_attr("T"), op.get_attr("N")
        (tf.float32, 2)
    """
    if name in self.attrs and isinstance(self.attrs[name], (bool, int, float, str, bytes, DType)):
        return self.attrs[name]
    from flowgraph.io.exporting.graph_export import python_attribute
    return python_attribute(self, name)


def attach() -> None:
    """Puts them on Graph and Operation; importing `flowgraph.io` does it."""
    as_graph_def.__qualname__ = "Graph.as_graph_def"
    Graph.as_graph_def = as_graph_def  # type: ignore[attr-defined]
    create_op.__qualname__ = "Graph.create_op"
    Graph.create_op = create_op  # type: ignore[attr-defined]
    Graph.graph_def_versions = property(graph_def_versions)  # type: ignore[attr-defined]
    Operation.get_attr = get_attr  # type: ignore[method-assign]
    Operation.node_def = property(node_def)  # type: ignore[attr-defined]
    Operation.__str__ = text  # type: ignore[assignment, method-assign]
