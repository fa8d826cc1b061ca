"""GraphDef and what it is made of: graphs as messages, with the bytes and text of TensorFlow's.

    GraphDef
      node        NodeDef: name, op type, names of inputs, device, attributes (AttrValue)
      versions    VersionDef
      library     FunctionDefLibrary: graphs of branches and loops (FunctionDef), gradients

An AttrValue is one number, text, dtype, shape, tensor, list of those, or the name of a function.
"""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Map, Part, Parts, Skipped
from flowgraph.core.message_scalar import (
    BOOL,
    FLOAT,
    INT,
    TEXT,
    Choice,
    Repeated,
    Scalar,
    ValueMap,
)
from flowgraph.core.tensor_message import BYTES, DATA_TYPE, TensorProto, TensorShapeProto
from flowgraph.io.graphs.op_messages import AttrDef, OpDefMessage


class ListValue(Message):
    """The list that an AttrValue holds; one of the fields is used, or none for an empty list."""

    s = Repeated(2, BYTES)
    i = Repeated(3, INT)
    f = Repeated(4, FLOAT)
    b = Repeated(5, BOOL)
    type = Repeated(6, DATA_TYPE)
    shape = Parts(7, TensorShapeProto)
    tensor = Parts(8, TensorProto)
    func = Parts(9, None)


class AttrValue(Message):
    """The value of an attribute of a node.

    Example:
        >>> import flowgraph as fg
        >>> value = fg.AttrValue(i=3)
        >>> value.WhichOneof("value"), value.i
        ('i', 3)
    """

    ListValue = ListValue
    _one_of = "value"
    list = Part(1, ListValue)
    s = Choice(2, BYTES)
    i = Choice(3, INT)
    f = Choice(4, FLOAT)
    b = Choice(5, BOOL)
    type = Choice(6, DATA_TYPE)
    shape = Part(7, TensorShapeProto)
    tensor = Part(8, TensorProto)
    placeholder = Choice(9, TEXT)
    func = Part(10, None)


class NameAttrList(Message):
    """The name of a function, with attributes.

    Example:
        >>> import flowgraph as fg
        >>> fg.NameAttrList(name="body")
        name: "body"
        <BLANKLINE>
    """

    name = Scalar(1, TEXT)
    attr = Map(2, AttrValue)


ListValue._fields["func"].message_class = NameAttrList
AttrValue._fields["func"].message_class = NameAttrList
AttrDef._fields["default_value"].message_class = AttrValue
AttrDef._fields["allowed_values"].message_class = AttrValue


class ExperimentalDebugInfo(Message):
    """Which nodes and functions a node was made from."""

    original_node_names = Repeated(1, TEXT)
    original_func_names = Repeated(2, TEXT)


class NodeDef(Message):
    """A node of a GraphDef.

    Example:
        >>> import flowgraph as fg
        >>> node = fg.NodeDef(name="c", op="Add", input=["a", "b:1", "^d"])
        >>> node.attr["T"].type = fg.float32.as_datatype_enum
        >>> list(node.input), node.attr["T"].WhichOneof("value")
        (['a', 'b:1', '^d'], 'type')
    """

    ExperimentalDebugInfo = ExperimentalDebugInfo
    name = Scalar(1, TEXT)
    op = Scalar(2, TEXT)
    input = Repeated(3, TEXT)
    device = Scalar(4, TEXT)
    attr = Map(5, AttrValue)
    experimental_debug_info = Part(6, ExperimentalDebugInfo)
    experimental_type = Skipped(7)


class VersionDef(Message):
    """Which version made a graph, and which ones can read it."""

    producer = Scalar(1, INT)
    min_consumer = Scalar(2, INT)
    bad_consumers = Repeated(3, INT)


class ArgAttrs(Message):
    """Attributes of one argument of a function."""

    attr = Map(1, AttrValue)


class FunctionDef(Message):
    """A graph with arguments and results: the branch of an If, the body of a While."""

    ArgAttrs = ArgAttrs
    signature = Part(1, OpDefMessage)
    node_def = Parts(3, NodeDef)
    ret = ValueMap(4, TEXT, TEXT)
    attr = Map(5, AttrValue)
    control_ret = ValueMap(6, TEXT, TEXT)
    arg_attr = Skipped(7)
    resource_arg_unique_id = Skipped(8)


class GradientDef(Message):
    """Which function computes the gradient of another one."""

    function_name = Scalar(1, TEXT)
    gradient_func = Scalar(2, TEXT)


class FunctionDefLibrary(Message):
    """The functions that the nodes of a graph name."""

    function = Parts(1, FunctionDef)
    gradient = Parts(2, GradientDef)
    registered_gradients = Skipped(3)


class GraphDef(Message):
    """A graph as a message.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.square(fg.constant(3.0, name="x"), name="y")
        >>> again = fg.GraphDef.FromString(g.as_graph_def().SerializeToString())
        >>> [(node.name, node.op) for node in again.node]
        [('x', 'Const'), ('y', 'Square')]
    """

    node = Parts(1, NodeDef)
    library = Part(2, FunctionDefLibrary)
    version = Scalar(3, INT)
    versions = Part(4, VersionDef)
    debug_info = Skipped(5)
