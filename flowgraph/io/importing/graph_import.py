"""From a GraphDef to a Graph: `tf.import_graph_def`.

The nodes are put in order, each is looked up (`op_table` has the defaults of attributes left out),
its attributes become Python values, and the op is built as a program would build it, so that shapes
and dtypes are checked anew. Old op types and those of resource variables have rules in
`rules`; functions become branches, loops, or plain ops (`functions`).
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.io.graphs.graph_messages import GraphDef, NodeDef
from flowgraph.io.graphs.op_messages import OpList
from flowgraph.io.graphs.op_table import signature
from flowgraph.io.importing.nodes import Importer, Library
from flowgraph.opdef.convert import convert_to_tensor


def import_graph_def(graph_def: Any, input_map: dict[str, Any] | None = None,
                     return_elements: Any = None, name: str | None = None, op_dict: Any = None,
                     producer_op_list: Any = None) -> list[Any] | None:
    """Adds the ops of a GraphDef to the default graph.

    Op types of every version of TensorFlow 1 are taken. Variables of both kinds become variables,
    and functions, branches and loops (of both kinds) what `tf.cond` and `tf.while_loop` make.

    Args:
        graph_def: a GraphDef.
        input_map: from names in the GraphDef ("x:0", or "^x" for an operation that others wait
            for) to the tensors and operations that stand for them.
        return_elements: names in the GraphDef of operations and tensors to return.
        name: prefix of the names of the new ops, made unique; default "import", "" for none.
        op_dict: accepted; deprecated.
        producer_op_list: the OpList of the program that wrote the GraphDef: attributes that we do
            not know are left out where they have its default.

    Returns:
        The operations and tensors in `return_elements`; None without it.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: the GraphDef names an op type, an input or an attribute that there is not, has
            one of the wrong dtype or shape, or does not have what is asked for.
        UnimplementedError: TensorFlow has an op type that flowgraph does not have.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default() as g:
        ...     y = fg.square(fg.placeholder(fg.float32, name="x"), name="y")
        >>> y, = fg.import_graph_def(g.as_graph_def(), {"x:0": fg.constant(3.0)}, ["y:0"])
        >>> y.name, fg.Session().run(y)
        ('import/y:0', np.float32(9.0))
    """
    graph_def = _checked_graph_def(graph_def)
    if input_map is None:
        input_map = {}
    if not (isinstance(input_map, dict)
            and all(isinstance(key, (str, bytes)) for key in input_map)):
        raise TypeError(located("input_map must be a dictionary mapping strings to Tensor "
                                "objects."))
    if return_elements is not None:
        return_elements = tuple(return_elements)
        if not all(isinstance(element, (str, bytes)) for element in return_elements):
            raise TypeError(located("return_elements must be a list of strings."))
        return_elements = [_text(element) for element in return_elements]
    if producer_op_list is not None:
        _remove_defaults(graph_def, producer_op_list)
    graph = get_default_graph()
    with name_scope(name, "import", [v for v in input_map.values() if isinstance(v, Tensor)]
                    ) as scope:
        inputs = _as_inputs(name, input_map)
    importer = Importer(graph, scope, Library(graph_def), inputs)
    importer.add_graph(graph_def.node)
    found = None if return_elements is None else [importer.element(text)
                                                  for text in return_elements]
    unused = [text for text in inputs if text not in importer.mapped
              and not importer.has(text)]
    if unused:
        raise ValueError(located("Attempted to map inputs that were not found in graph_def: "
                                 f"[{', '.join(unused)}]"))
    return found


def _checked_graph_def(graph_def: Any) -> GraphDef:
    if isinstance(graph_def, GraphDef):
        return graph_def
    if hasattr(graph_def, "SerializeToString") and hasattr(graph_def, "node"):  # protobuf's own
        return GraphDef.FromString(graph_def.SerializeToString())
    raise TypeError(located(f"graph_def must be a GraphDef proto, not {graph_def!r:.60}",
                            "For a file write tf.GraphDef.FromString(open(path, 'rb').read())."))


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _as_inputs(name: str | None, input_map: dict[Any, Any]) -> dict[str, Any]:
    """The map with names of tensors as "x:0", and with tensors as values."""
    inputs = {}
    for key, value in input_map.items():
        text = _text(key)
        if text.startswith("^"):
            inputs[text] = getattr(value, "op", value)
            continue
        _, colon, number = text.partition(":")
        if colon and not number.isdecimal():
            raise ValueError(located(f"Cannot convert {text!r} to a tensor name."))
        if not isinstance(value, Tensor):
            if name == "":
                raise ValueError(located(
                    "tf.import_graph_def() requires a non-empty `name` if `input_map` contains "
                    "non-Tensor values. Try calling tf.convert_to_tensor() on `input_map` values "
                    "before calling tf.import_graph_def()."))
            with name_scope("_inputs"):
                value = convert_to_tensor(value)
        inputs[text if colon else f"{text}:0"] = value
    return inputs


def _remove_defaults(graph_def: GraphDef, producer_op_list: OpList) -> None:
    """Takes away the attributes that we do not know, where they have their producer's default."""
    producers = {op.name: {attr.name: attr for attr in op.attr} for op in producer_op_list.op}
    nodes: list[NodeDef] = [*graph_def.node]
    for node in nodes:
        row, theirs = signature(node.op), producers.get(node.op)
        if row is None or theirs is None:
            continue
        for key in list(node.attr):
            attr = theirs.get(key)
            if (key not in row.attrs and attr is not None and attr.HasField("default_value")
                    and node.attr[key] == attr.default_value):
                del node.attr[key]
