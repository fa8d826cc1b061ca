"""Builds the ops that NodeDefs describe, in a graph or in a branch or loop of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.errors import (
    FlowgraphError,
    GraphError,
    InvalidArgumentError,
    UnimplementedError,
)
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.attr_values import dtype_of, from_table, python_value
from flowgraph.io.dataflow_items import MERGE, STRUCTURE, SWITCH, Item
from flowgraph.io.graph_messages import AttrValue, FunctionDef, GraphDef, NodeDef
from flowgraph.io.op_table import MISSING, Arg, Signature, signature
from flowgraph.io.op_types import load_every_op
from flowgraph.io.rules import rules
from flowgraph.opdef.opdef import REGISTRY, REQUIRED, OpDef

_MOST_NODES = 20_000  # that functions may add beyond those of the file; they can name each other
_DEEPEST = 40  # functions in functions
_CPP_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
# Attributes of later versions that change no result.
_HINTS = {"grad_a", "grad_b", "grad_x", "grad_y", "debug_name", "allowed_devices"}
# Attributes of later versions that change nothing here.
_IGNORED = {"validate_shape", "debug_name", "allowed_devices", "grad_a", "grad_b", "grad_x",
            "grad_y", "metadata", "bad_indices_policy", "sparse_gradient"}
# Text that kernels take as bytes.
_BYTES = {"field_delim", "na_value", "xmp_metadata", "separator", "pattern", "rewrite",
          "placeholder", "template"}


class Library:
    """The functions of a GraphDef, and what its nodes must share.

    Attributes:
        functions: by name.
        gradients: from the name of a function to that of its gradient.
        producer: version of the program that wrote the graph.
        left: how many more nodes functions may add.
        variables: the VariableV2 op of each shared name of resource variables.
    """

    def __init__(self, graph_def: GraphDef) -> None:
        load_every_op()
        self.functions: dict[str, FunctionDef] = {
            function.signature.name: function for function in graph_def.library.function}
        self.producer = graph_def.versions.producer if graph_def.HasField("versions") else 0
        self.left = _MOST_NODES + 20 * len(graph_def.node)
        self.open: list[str] = []  # the functions that stand around what is built now
        self.variables: dict[tuple[str, str], Tensor] = {}

    def function(self, name: str, node: NodeDef) -> FunctionDef:
        """The function called `name`.

        Args:
            name: its name.
            node: the node that names it.

        Raises:
            ValueError: there is none, or it contains itself.
        """
        if name not in self.functions:
            raise ValueError(located(f"{node.op} {node.name!r} names the function {name!r}, which "
                                     "is not in the library of the GraphDef"))
        if name in self.open:
            raise UnimplementedError(None, None, f"The function {name!r} calls itself "
                                     f"(node {node.name!r}); that is not offered")
        if len(self.open) >= _DEEPEST:
            raise ValueError(located(f"Functions of the GraphDef stand in one another more than "
                                     f"{_DEEPEST} deep at node {node.name!r}"))
        return self.functions[name]


class Importer:
    """Builds nodes.

    Args:
        graph: the graph they are built in.
        prefix: what is put before their names: "" or "import/".
        library: the functions that nodes may name.
        inputs: tensors and operations that stand for names: "x:0", "^x".

    Attributes:
        outputs: from the name of a node to its output tensors.
        operations: from the name of a node to its operation.
        mapped: the names of `inputs` that were used.
    """

    def __init__(self, graph: Graph, prefix: str, library: Library,
                 inputs: dict[str, Any] | None = None) -> None:
        self.graph = graph
        self.prefix = prefix
        self.library = library
        self.inputs = inputs or {}
        self.outputs: dict[str, list[Tensor]] = {}
        self.operations: dict[str, Operation] = {}
        self.mapped: set[str] = set()
        self.all_names: set[str] = set()  # of the graph, also those that are no nodes any more
        self._nodes: dict[str, NodeDef] = {}

    def add_graph(self, nodes: Iterable[NodeDef]) -> None:
        """Builds the nodes of a whole graph, in which there may be branches and loops as
        TensorFlow 1 writes them.

        Args:
            nodes: the nodes, in any order.
        """
        nodes = list(nodes)
        _check_unique(nodes)
        _check_control_flow(nodes)
        self.all_names = {node.name for node in nodes}
        from flowgraph.io.control_flow_v1 import functionalized
        try:
            items = functionalized(nodes)
        except InvalidArgumentError as error:
            raise ValueError(located(f"The GraphDef's branches or loops cannot be read: {error}")
                             ) from None
        self.add(items)

    def add(self, nodes: Iterable[Item]) -> None:
        """Builds nodes, branches and loops, each after those it needs.

        Args:
            nodes: the nodes, in any order.
        """
        items = list(nodes)
        self._nodes = {node.name: node for node in items if isinstance(node, NodeDef)}
        _check_unique(items)
        self._check_types([*self._nodes.values()])
        for item in in_order(items, self):
            self.library.left -= 1
            if self.library.left < 0:
                raise ValueError(located("The functions of the GraphDef would make far more nodes "
                                         "than it has"))
            if isinstance(item, NodeDef):
                self._add(item)
            else:
                from flowgraph.io.import_regions import add_item
                add_item(self, item)
        self._colocate([*self._nodes.values()])

    def _check_types(self, nodes: list[NodeDef]) -> None:
        """Names all op types at once that cannot be built."""
        missing: dict[str, list[str]] = {}
        for node in nodes:
            if node.op not in REGISTRY and node.op not in rules() and (
                    node.op not in self.library.functions):
                missing.setdefault(node.op, []).append(node.name)
        unknown = {op: names for op, names in missing.items() if signature(op) is None}
        if unknown:
            raise ValueError(located(
                f"Op type not registered {_listed(unknown)}: neither TensorFlow nor flowgraph has "
                "it", "It may be a custom op, or a function that is not in the library of the "
                "GraphDef."))
        if missing:
            raise UnimplementedError(None, None, (
                f"flowgraph does not have the op type {_listed(missing)}. Cut the graph with "
                "tf.graph_util.extract_sub_graph, or replace these nodes through input_map."))

    # ---- names -----------------------------------------------------------------------------------

    def split(self, text: str) -> tuple[str, int]:
        """(name of the node, number of its output) of an input as "x" or "x:1".

        Args:
            text: the input.
        """
        name, colon, number = text.partition(":")
        if colon and not (number.isdecimal() and len(number) < 10):
            raise ValueError(located(f"{text!r} is no name of a tensor"))
        return name, int(number or 0)

    def tensor(self, text: str, node: str = "") -> Tensor:
        """The tensor that an input names.

        Args:
            text: the input.
            node: the name of the node that takes it.
        """
        name, index = self.split(text)
        key = f"{name}:{index}"
        if key in self.inputs:
            self.mapped.add(key)
            found: Tensor = self.inputs[key]
            return found
        if name not in self.outputs:
            raise ValueError(located(f"Node {node!r}: Unknown input node {text!r}" if node else
                                     f"Requested return tensor {text!r} not found in graph def"))
        outputs = self.outputs[name]
        if index >= len(outputs):
            raise ValueError(located(
                f"Node {node!r}: Connecting to invalid output {index} of source node {name} which "
                f"has {len(outputs)} outputs" if node else
                f"Invalid return output {index} of node {name!r}, which has {len(outputs)} "
                "output(s)"))
        return outputs[index]

    def operation(self, name: str, node: str) -> Operation:
        """The operation that a control input "^name" names.

        Args:
            name: the name.
            node: the name of the node that waits for it.
        """
        if f"^{name}" in self.inputs:
            self.mapped.add(f"^{name}")
            found: Operation = self.inputs[f"^{name}"]
            return found
        if name not in self.operations:
            raise ValueError(located(f"Node {node!r}: Unknown input node '^{name}'"))
        return self.operations[name]

    def element(self, text: str) -> Any:
        """What a name in `return_elements` stands for.

        Args:
            text: name of a tensor, with a colon, or of an operation.
        """
        if ":" in text:
            return self.tensor(text)
        if text not in self.operations:
            raise ValueError(located(f"Requested return node {text!r} not found in graph def"))
        return self.operations[text]

    def has(self, text: str) -> bool:
        """Whether the GraphDef has what a key of `input_map` names.

        Args:
            text: the key.
        """
        name, _, number = text.removeprefix("^").partition(":")
        if name not in self.outputs:
            return False
        return not number or int(number) < max(len(self.outputs[name]), 1)

    def given(self, name: str, text: str) -> bool:
        """Whether `input_map` stands for an input, so that its node need not come before.

        Args:
            name: the node's name.
            text: the input.
        """
        if text.startswith("^"):
            return text in self.inputs
        return f"{name}:{self.split(text)[1]}" in self.inputs

    # ---- building --------------------------------------------------------------------------------

    def _add(self, node: NodeDef) -> None:
        texts = list(node.input)
        inputs = [self.tensor(text, node.name) for text in texts if not text.startswith("^")]
        controls = [self.operation(text[1:], node.name) for text in texts if text.startswith("^")]
        row = signature(node.op)
        build = Build(self, node, row, inputs)
        rule = rules().get(node.op)
        try:
            with ExitStack() as stack:
                stack.enter_context(self.graph.as_default())
                stack.enter_context(self.graph.name_scope(None))
                stack.enter_context(self.graph.control_dependencies(None))
                if controls:
                    stack.enter_context(self.graph.control_dependencies(controls))
                if node.device:
                    stack.enter_context(self.graph.device(node.device))
                if node.op in self.library.functions:
                    from flowgraph.io.import_functions import call
                    result: Any = call(build, node.op)
                else:
                    if row is not None:
                        build.check(row)
                    result = build.plain(node.op) if rule is None else rule(build)
        except FlowgraphError as error:
            if isinstance(error, ValueError):
                raise
            raise GraphError(str(error)) from None
        except InvalidArgumentError as error:
            raise ValueError(located(f"{node.op} {node.name!r} cannot be built: {error}")) from None
        except (RecursionError, MemoryError, TypeError, KeyError, IndexError, AttributeError,
                ArithmeticError) as error:
            raise ValueError(located(f"{node.op} {node.name!r} cannot be built: "
                                     f"{type(error).__name__} {error}")) from None
        outputs = ([result] if isinstance(result, Tensor) else
                   list(result.outputs) if isinstance(result, Operation) else list(result))
        op = build.operation or (result if isinstance(result, Operation) else
                                 outputs[0].op if outputs else None)
        assert op is not None, node.op
        if rule is None and controls and op.graph is self.graph:
            op._control_inputs = [c for c in dict.fromkeys(controls) if c.graph is self.graph]
        self._keep_attributes(op, node, row)
        if row is not None and not row.outputs:
            outputs = []
        self.outputs[node.name] = outputs
        self.operations[node.name] = op

    def _keep_attributes(self, op: Operation, node: NodeDef, row: Signature | None) -> None:
        """Remembers attributes as `_class` that say nothing to us, for who writes the graph."""
        kept = {key: node.attr[key] for key in node.attr
                if key.startswith("_") and key != "_output_shapes"}
        if kept:
            op._extra = {**(op._extra or {}), "node_attrs": kept}

    def _colocate(self, nodes: list[NodeDef]) -> None:
        """Gives ops that stand with another one its device."""
        for node in nodes:
            if "_class" not in node.attr:
                continue
            groups = [text.decode("utf-8", "replace")[5:] for text in node.attr["_class"].list.s
                      if text.startswith(b"loc:@")]
            for name in groups:
                if name == node.name:
                    continue
                other = self.operations.get(name) or self.graph._by_name.get(name)
                if other is None and name in self.all_names:
                    continue  # it is inside a branch or a loop, or was a part of its making
                if other is None:
                    raise ValueError(located("Specified colocation to an op that does not exist "
                                             f"during import: {name} in {self.prefix}{node.name}"))
                if other.device:
                    self.operations[node.name]._set_device(other.device)
                    break


class Build:
    """A node that is being built: what rules work with.

    Attributes:
        importer: who builds it.
        node: the NodeDef.
        row: its op type in TensorFlow's registry, if it is there.
        inputs: its input tensors.
        name: the name that the op gets, made unique if it is taken.
        operation: the op that stands for the node, where it is not that of the first output.
    """

    def __init__(self, importer: Importer, node: NodeDef, row: Signature | None,
                 inputs: list[Tensor]) -> None:
        self.importer = importer
        self.node = node
        self.row = row
        self.inputs = inputs
        self.name = importer.prefix + node.name
        self.operation: Operation | None = None

    def wrong(self, problem: str) -> ValueError:
        """An error that names the node.

        Args:
            problem: reads after the node's name.
        """
        return ValueError(located(f"{self.node.op} {self.node.name!r} {problem}"))

    def attr(self, name: str, kind: str = "") -> Any:
        """The Python value of an attribute, or of its default; text as str.

        Args:
            name: its name.
            kind: its kind; default the registry's.
        """
        entry = self.row.attrs.get(name) if self.row is not None else None
        kind = kind or (entry.kind if entry is not None else "")
        if name in self.node.attr:
            message: AttrValue = self.node.attr[name]
            try:
                return self._text(name, python_value(kind or _kind(message), message))
            except ValueError as error:
                raise self.wrong(f"has a wrong attribute {name!r}: {error}") from None
        if entry is None or entry.default is MISSING:
            raise self.wrong(f"has no attribute {name!r}")
        return self._text(name, from_table(kind, entry.default))

    def _text(self, name: str, value: Any) -> Any:
        if isinstance(value, bytes) and name not in _BYTES:
            return value.decode("utf-8", "surrogateescape")
        if isinstance(value, tuple) and value and isinstance(value[0], bytes):
            return tuple(item.decode("utf-8", "surrogateescape") for item in value)
        return value

    def check(self, row: Signature) -> None:
        """Checks the number and the dtypes of the inputs against the node's attributes."""
        at = 0
        for arg in row.inputs:
            count = arg.count(self.attr)
            if count < 0 or at + count > len(self.inputs):
                break
            types = self.attr(arg.list_attr) if arg.list_attr else ()
            for k in range(count):
                tensor = self.inputs[at + k]
                expected = (types[k] if arg.list_attr else self._declared(arg.type_attr)
                            if arg.type_attr else dtype_of(arg.dtype))
                if not (_fits(tensor, expected) or (arg.dtype and self._takes(row, arg, tensor))):
                    source = self.node.input[at + k]
                    source = source if ":" in source else f"{source}:0"
                    raise ValueError(located(
                        f"Input {at + k} of node {self.name} was passed {_cpp(tensor.dtype)} from "
                        f"{self.importer.prefix}{source} incompatible with expected "
                        f"{_cpp(expected)}."))
            at += count
        else:
            if at == len(self.inputs):
                return
        raise self.wrong(f"takes {', '.join(arg.name for arg in row.inputs) or 'no inputs'}; "
                         f"NodeDef expected inputs do not match {len(self.inputs)} inputs "
                         "specified")

    def _takes(self, row: Signature, arg: Arg, tensor: Tensor) -> bool:
        """Whether our op takes a dtype that TensorFlow's does not: RFFT of float64."""
        op_def = REGISTRY.get(row.name)
        if op_def is None or len(op_def.params) <= row.inputs.index(arg):
            return False
        allowed = op_def.dtypes[op_def.params[row.inputs.index(arg)]]
        allowed = getattr(op_def, allowed) if isinstance(allowed, str) else allowed
        return allowed is not dt.ANY and tensor.dtype.base_dtype in allowed.members

    def _declared(self, name: str) -> dt.DType:
        entry = self.row.attrs[name] if self.row is not None else None
        if name in self.node.attr or (entry is not None and entry.default is not MISSING):
            dtype: dt.DType = self.attr(name)
            return dtype
        raise self.wrong(f"has no attribute {name!r}")

    def groups(self, inputs: Sequence[Tensor] | None = None) -> list[Any]:
        """The inputs, one entry per argument of the op type; a list for several.

        Args:
            inputs: other tensors in their place.
        """
        flat = list(self.inputs if inputs is None else inputs)
        assert self.row is not None
        groups: list[Any] = []
        at = 0
        for arg in self.row.inputs:
            count = arg.count(self.attr)
            several = arg.number_attr or arg.list_attr
            groups.append(flat[at:at + count] if several else flat[at])
            at += count
        return groups

    def attrs(self, op_def: OpDef, skip: Iterable[str] = ()) -> dict[str, Any]:
        """The attributes that an op of ours takes, as Python values.

        Args:
            op_def: the op.
            skip: names of those to leave out.
        """
        values = {}
        for name, default in op_def.attr_defaults.items():
            known = self.row is not None and name in self.row.attrs
            if name in skip:
                continue
            if known or name in self.node.attr:
                values[name] = self.attr(name)
                if isinstance(default, list) or (default is REQUIRED and _is_int_list(
                        self.row, name)):
                    values[name] = list(values[name])
            elif default is REQUIRED:
                raise self.wrong(f"has no attribute {name!r}")
        return values

    def plain(self, op_type: str, *groups: Any, **attrs: Any) -> Any:
        """Builds an op of ours under the node's name.

        Args:
            op_type: its type.
            groups: its inputs; default the node's.
            attrs: attributes; those left out are the node's.
        """
        op_def = REGISTRY[op_type]
        if self.row is not None:
            self._check_attributes(self.row)
        given = list(groups)
        if not groups and op_def.params:
            given = (self.groups() if self.row is not None and op_type == self.node.op
                     else list(op_def.group(self.inputs)))
        if len(given) > len(op_def.params):
            extra = [group for group in given[len(op_def.params):] if group != []]
            if extra:
                raise self.wrong(f"takes more inputs here than {', '.join(op_def.params)}")
            del given[len(op_def.params):]
        values = {**self.attrs(op_def, attrs), **attrs}
        return op_def.build(*given, name=self.name + "/", **values)

    def _check_attributes(self, row: Signature) -> None:
        """Attributes of later versions must have their defaults, others must be known."""
        for name in self.node.attr:
            entry = row.attrs.get(name)
            if entry is None and not name.startswith("_"):
                raise self.wrong(
                    f"mentions attr {name!r}, which is not in Op<name={row.name}>. (Check whether "
                    "your GraphDef-interpreting binary is up to date with your "
                    "GraphDef-generating binary.)")
            if name in _HINTS:
                continue
            if entry is not None and entry.later and name not in _IGNORED | {
                    *_own_attrs(row.name)} and (
                    self.attr(name) != self._text(name, from_table(entry.kind, entry.default))):
                raise self.wrong(f"has {name} = {self.attr(name)!r}, which came after TensorFlow "
                                 "1.15 and is not offered")

    def sub(self, op_type: str, *groups: Any, part: str, **attrs: Any) -> Any:
        """Builds one more op beside the node.

        Args:
            op_type: its type.
            groups: its inputs.
            part: what is put behind the node's name.
            attrs: its attributes.
        """
        return REGISTRY[op_type].build(*groups, name=f"{self.name}/{part}", **attrs)


def _own_attrs(op_type: str) -> Iterable[str]:
    """The attributes that our op has, its dtypes among them."""
    op_def = REGISTRY.get(op_type)
    return () if op_def is None else {*op_def.attr_defaults, *(
        name for name in op_def.dtypes.values() if isinstance(name, str))}


def _is_int_list(row: Signature | None, name: str) -> bool:
    return row is not None and name in row.attrs and row.attrs[name].kind == "list(int)"


def _kind(message: AttrValue) -> str:
    """The kind of an attribute that no registry knows, by what it holds."""
    fields = {"s": "string", "i": "int", "f": "float", "b": "bool"}
    held = message.WhichOneof("value")
    if held == "list":
        for field in ("s", "i", "f", "b", "type", "shape", "tensor", "func"):
            if getattr(message.list, field):
                return f"list({fields.get(field, field)})"
        return "list(int)"
    return fields.get(held or "", held or "none")


def _fits(tensor: Tensor, expected: dt.DType) -> bool:
    actual = tensor.dtype.base_dtype
    if actual is expected:
        return True
    if expected is dt.resource:  # a variable stands for its handle, an object for its name
        return tensor.dtype._is_ref_dtype
    # the handle of a v1 queue or table is a string, the flow of a TensorArray a float
    return actual in (dt.resource, dt.variant) and expected in (dt.string, dt.float32, dt.resource,
                                                                 dt.variant)


def _cpp(dtype: dt.DType) -> str:
    name = dtype.base_dtype.name
    return _CPP_NAMES.get(name, name)


def _listed(types: dict[str, list[str]]) -> str:
    return ", ".join(f"{op!r} (node{'s' * (len(names) > 1)} {', '.join(map(repr, names[:3]))}"
                     f"{f' and {len(names) - 3} more' if len(names) > 3 else ''})"
                     for op, names in types.items())


def _check_unique(items: list[Any]) -> None:
    names = [item.name for item in items]
    if len(set(names)) != len(names):
        counts = Counter(names)
        twice = next(name for name in names if counts[name] > 1)
        raise ValueError(located(f"Node {twice!r} is not unique"))


def _check_control_flow(nodes: list[NodeDef]) -> None:
    """The nodes of v1 branches and loops have the inputs that they must have."""
    for node in nodes:
        if node.op in STRUCTURE:
            count = sum(not text.startswith("^") for text in node.input)
            least = 2 if node.op in SWITCH else 1
            if count < least or (count > least and node.op not in MERGE):
                raise ValueError(located(f"{node.op} {node.name!r} has {count} inputs"))


def in_order(nodes: list[Item], importer: Importer) -> list[Item]:
    """The nodes, each after those that it takes something from; else in the order given.

    Args:
        nodes: the nodes.
        importer: knows which inputs are given from outside.

    Raises:
        ValueError: some of them need each other.
    """
    by_name = {node.name: node for node in nodes}
    needs: dict[str, set[str]] = {}
    users: dict[str, list[str]] = {}
    for node in nodes:
        before = set()
        for text in node.input:
            name = text.removeprefix("^").partition(":")[0]
            if name in by_name and not importer.given(name, text):
                before.add(name)
        needs[node.name] = before
        for name in before:
            users.setdefault(name, []).append(node.name)
    position = {node.name: i for i, node in enumerate(nodes)}
    import heapq
    ready = [position[name] for name, before in needs.items() if not before]
    heapq.heapify(ready)
    ordered = []
    while ready:
        node = nodes[heapq.heappop(ready)]
        ordered.append(node)
        for user in users.get(node.name, ()):
            needs[user].discard(node.name)
            if not needs[user]:
                heapq.heappush(ready, position[user])
    if len(ordered) != len(nodes):
        done = {node.name for node in ordered}
        stuck = [node.name for node in nodes if node.name not in done]
        raise ValueError(located(f"Graph is invalid, contains a cycle with {len(stuck)} nodes, "
                                 f"including: {', '.join(stuck[:5])}"))
    return ordered
