"""`tf.graph_util`: parts of GraphDefs, and GraphDefs with their variables as constants."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import Graph
from flowgraph.graph.names import node_name
from flowgraph.graph.operation import Operation
from flowgraph.io.exporting.graph_export import node_def as written
from flowgraph.io.graphs.attr_values import attr_value
from flowgraph.io.graphs.graph_messages import AttrValue, GraphDef, NodeDef

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
_HANDS_ON = ("Switch", "Enter", "Exit", "Identity", "Merge", "NextIteration")
_OF_VARIABLES = ("Assign", "AssignAdd", "AssignSub", "Queue", "ScatterAdd", "ScatterSub",
                 "ScatterUpdate", "TruncatedNormal", "Variable", "VariableV2")


def extract_sub_graph(graph_def: GraphDef, dest_nodes: Iterable[str]) -> GraphDef:
    """Cuts out of a GraphDef what some nodes need.

    Args:
        graph_def: a GraphDef.
        dest_nodes: list of names of nodes.

    Returns:
        A GraphDef with these nodes, those before them, and those they are colocated with.

    Raises:
        TypeError: an argument is of the wrong type.
        AssertionError: there is no such node.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.square(fg.constant(2.0, name="x"), name="y")
        ...     z = fg.exp(y, name="z")
        >>> part = fg.graph_util.extract_sub_graph(g.as_graph_def(), ["y"])
        >>> [node.name for node in part.node]
        ['x', 'y']
    """
    _check_graph_def(graph_def)
    if isinstance(dest_nodes, str):
        raise TypeError(located("dest_nodes must be a list."))
    by_name = {node.name: node for node in graph_def.node}
    left = list(dest_nodes)
    for name in left:
        if name not in by_name:
            raise AssertionError(located(f"{name} is not in graph"))
    kept: set[str] = set()
    while left:
        name = left.pop()
        if name in kept or name not in by_name:
            continue
        kept.add(name)
        node = by_name[name]
        left += [node_name(text) for text in node.input]
        if "_class" in node.attr:
            left += [text.decode()[5:] for text in node.attr["_class"].list.s
                     if text.startswith(b"loc:@")]
    part = GraphDef(node=[node for node in graph_def.node if node.name in kept])
    part.library.CopyFrom(graph_def.library)
    part.versions.CopyFrom(graph_def.versions)
    return part


def convert_variables_to_constants(sess: Any, input_graph_def: GraphDef,
                                   output_node_names: Iterable[str],
                                   variable_names_whitelist: Collection[str] | None = None,
                                   variable_names_blacklist: Collection[str] | None = None
                                   ) -> GraphDef:
    """Freezes a graph: puts the values of its variables into it as constants.

    Args:
        sess: the Session that holds the variables.
        input_graph_def: the GraphDef.
        output_node_names: list of names of the nodes whose values are wanted; what they do not
            need is left out.
        variable_names_whitelist: names of the variables to convert; default all.
        variable_names_blacklist: names of variables to leave as they are.

    Returns:
        The frozen GraphDef.

    Raises:
        AssertionError: there is no such node.
        FailedPreconditionError: a variable has no value.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g, fg.Session() as sess:
        ...     w = fg.Variable(3.0, name="w")
        ...     y = fg.multiply(w, 2.0, name="y")
        ...     sess.run(w.initializer)
        ...     frozen = fg.graph_util.convert_variables_to_constants(sess, g.as_graph_def(), ["y"])
        >>> [(node.name, node.op) for node in frozen.node]
        [('w', 'Const'), ('w/read', 'Identity'), ('y/y', 'Const'), ('y', 'Mul')]
    """
    part = extract_sub_graph(input_graph_def, output_node_names)
    by_name = {node.name: node for node in part.node}
    names = [node.name for node in part.node if node.op in _VARIABLES
             and (variable_names_whitelist is None or node.name in variable_names_whitelist)
             and (variable_names_blacklist is None or node.name not in variable_names_blacklist)]
    arrays = dict(zip(names, sess.run([f"{name}:0" for name in names]) if names else [],
                      strict=True))
    logger().info("Froze %d variables.", len(arrays))
    dtypes = _handed_on(part, by_name)
    frozen = GraphDef()
    for node in part.node:
        if node.name in arrays:
            frozen.node.append(_const(node.name, node.attr["dtype"], arrays[node.name]))
        elif node.op == "ReadVariableOp" and _source(node, by_name) in arrays:
            frozen.node.append(_copy(node, "Identity", T=node.attr["dtype"]))
        elif node.op == "ResourceGather" and _source(node, by_name) in arrays:
            if node.attr["batch_dims"].i:
                raise ValueError(located("batch_dims != 0 is not supported by freeze_graph."))
            axis = f"{node.name}/axis"
            frozen.node.append(_const(axis, node.attr["Tindices"], 0))
            gather = _copy(node, "GatherV2", Tparams=node.attr["dtype"],
                           Tindices=node.attr["Tindices"], Taxis=node.attr["Tindices"])
            gather.input.insert(2, axis)
            frozen.node.append(gather)
        elif node.name in dtypes and _source(node, by_name, False) in arrays:
            copy = NodeDef.FromString(node.SerializeToString())
            copy.attr.pop("_output_shapes", None)
            copy.attr["T"].CopyFrom(dtypes[node.name])
            frozen.node.append(copy)
        else:
            frozen.node.append(node)
    frozen.library.CopyFrom(part.library)
    frozen.versions.CopyFrom(part.versions)
    return frozen


def _source(node: NodeDef, by_name: dict[str, NodeDef], takes: bool = True) -> str:
    """The name of the variable whose handle a node takes, or hands on."""
    name = node_name(node.input[0]) if takes else node.name
    for _ in range(len(by_name)):
        before = by_name.get(name)
        if before is None or before.op not in _HANDS_ON or not before.input:
            break
        name = node_name(before.input[0])
    found = by_name.get(name)
    if takes and (found is None or found.op != "VarHandleOp"):
        raise ValueError(located("Cannot find the variable that is an input to the "
                                 f"{node.op} {node.name!r}."))
    return name


def _handed_on(graph_def: GraphDef, by_name: dict[str, NodeDef]) -> dict[str, AttrValue]:
    """The dtype of the variable, for each node between a handle and what reads it."""
    dtypes: dict[str, AttrValue] = {}
    for node in graph_def.node:
        left = [node_name(node.input[0])] if node.op in ("ReadVariableOp", "ResourceGather") else []
        while left:
            name = left.pop()
            before = by_name.get(name)
            if before is not None and before.op in _HANDS_ON and name not in dtypes:
                dtypes[name] = node.attr["dtype"]
                left += [node_name(text) for text in
                         (before.input if before.op == "Merge" else list(before.input)[:1])]
    return dtypes


def _const(name: str, dtype: AttrValue, array: Any) -> NodeDef:
    from flowgraph.ops.make_tensor_proto import make_tensor_proto
    node = NodeDef(name=name, op="Const")
    node.attr["dtype"].CopyFrom(dtype)
    node.attr["value"].CopyFrom(attr_value("tensor", make_tensor_proto(array, dtype.type)))
    return node


def _copy(node: NodeDef, op: str, **attrs: AttrValue) -> NodeDef:
    """A node of another op type with the same name, inputs and device."""
    copy = NodeDef(name=node.name, op=op, input=node.input, device=node.device)
    for key, value in attrs.items():
        copy.attr[key].CopyFrom(value)
    if "_class" in node.attr:
        copy.attr["_class"].CopyFrom(node.attr["_class"])
    return copy


def remove_training_nodes(input_graph: GraphDef, protected_nodes: Collection[str] | None = None
                          ) -> GraphDef:
    """Leaves out nodes that only training needs: CheckNumerics, and Identity.

    Nodes that others wait for, or that wait for others, stay.

    Args:
        input_graph: a GraphDef.
        protected_nodes: names of nodes to keep.

    Returns:
        The smaller GraphDef.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     x = fg.identity(fg.constant(2.0, name="c"), name="x")
        ...     y = fg.square(x, name="y")
        >>> smaller = fg.graph_util.remove_training_nodes(g.as_graph_def())
        >>> [(node.name, list(node.input)) for node in smaller.node]
        [('c', []), ('y', ['c'])]
    """
    _check_graph_def(input_graph)
    protected = set(protected_nodes or ())
    kept = [node for node in input_graph.node if node.op != "CheckNumerics"
            or node.name in protected]
    shortcuts = {node.name: node.input[0] for node in input_graph.node
                 if node.op == "CheckNumerics" and node.name not in protected and node.input}
    kept = [_rewired(node, shortcuts) for node in kept]
    waited_for = {node_name(text) for node in kept for text in node.input if text.startswith("^")}
    shortcuts = {node.name: node.input[0] for node in kept
                 if node.op == "Identity" and node.name not in protected
                 and node.name not in waited_for and node.input
                 and not any(text.startswith("^") for text in node.input)}
    smaller = GraphDef(node=[_rewired(node, shortcuts) for node in kept
                             if node.name not in shortcuts])
    smaller.library.CopyFrom(input_graph.library)
    smaller.versions.CopyFrom(input_graph.versions)
    return smaller


def _rewired(node: NodeDef, shortcuts: dict[str, str]) -> NodeDef:
    """The node with the inputs of nodes that are left out, in the place of these."""
    copy = NodeDef.FromString(node.SerializeToString())
    for i, text in enumerate(node.input):
        for _ in range(len(shortcuts) + 1):
            name = text.removeprefix("^").removesuffix(":0")
            if name not in shortcuts:
                break
            text = "^" * text.startswith("^") + (
                node_name(shortcuts[name]) if text.startswith("^") else shortcuts[name])
        copy.input[i] = text
    return copy


def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Whether TensorFlow runs a node on the CPU always.

    Args:
        node: an Operation or a NodeDef.
        pin_variables_on_cpu: whether all ops on variables count.

    Example:
        >>> import flowgraph as fg
        >>> fg.graph_util.must_run_on_cpu(fg.constant([1, 2]).op)
        True
    """
    node_def = written(node) if isinstance(node, Operation) else node
    if not isinstance(node_def, NodeDef):
        raise AssertionError(located(f"an Operation or a NodeDef is needed, not {node!r:.60}"))
    if pin_variables_on_cpu and node_def.op in _OF_VARIABLES:
        return True
    attr, types = {"Const": ("dtype", (3, 7)), "DynamicStitch": ("T", (3,)),
                   "ParallelDynamicStitch": ("T", (3,)), "Cast": ("SrcT", (3,))
                   }.get(node_def.op, ("", ()))
    return bool(attr) and node_def.attr[attr].type in types


def tensor_shape_from_node_def_name(graph: Graph, input_name: str) -> TensorShape:
    """The static shape of a tensor, by the name that a NodeDef has for it.

    Args:
        graph: the Graph.
        input_name: the name; ":0" is added where there is no number.

    Returns:
        A TensorShape.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     x = fg.zeros([2, 3], name="x")
        >>> fg.graph_util.tensor_shape_from_node_def_name(g, "x")
        TensorShape([Dimension(2), Dimension(3)])
    """
    shape: TensorShape = graph.get_tensor_by_name(
        input_name if ":" in input_name else f"{input_name}:0").get_shape()
    return shape


def _check_graph_def(graph_def: Any) -> None:
    if not isinstance(graph_def, GraphDef):
        raise TypeError(located("graph_def must be a graph_pb2.GraphDef proto."))
