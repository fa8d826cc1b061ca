"""Functions of a GraphDef's library as branches, loops, or plain ops.

Inside a function, nodes name what they take by "argument", or "node:output:0" with the output's
name in the registry; `FunctionImporter` finds its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import compatible, widen
from flowgraph.errors import UnimplementedError
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.attr_values import python_value
from flowgraph.io.graph_messages import FunctionDef, NodeDef
from flowgraph.io.import_nodes import Build, Importer, Library
from flowgraph.io.op_table import signature
from flowgraph.opdef.opdef import op_def
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.ops.branch import build_case, build_if
from flowgraph.ops.loop import build_while


class FunctionImporter(Importer):
    """Builds the nodes of a function.

    Args:
        graph: the graph they are built in.
        prefix: what is put before their names.
        library: the functions that nodes may name.
        function: the function.
        arguments: a tensor for each of its arguments.
        scope: the scope in which the node stands that uses the function; taken off names.
    """

    def __init__(self, graph: Graph, prefix: str, library: Library, function: FunctionDef,
                 arguments: Sequence[Tensor], scope: str = "") -> None:
        super().__init__(graph, prefix, library)
        self.function = function
        self._scope = scope
        names = [arg.name for arg in function.signature.input_arg]
        if len(names) != len(arguments):
            raise ValueError(located(f"The function {function.signature.name!r} takes {len(names)} "
                                     f"arguments, got {len(arguments)}"))
        self._arguments = dict(zip(names, arguments, strict=True))

    def build(self) -> list[Tensor]:
        """Builds the nodes; the results of the function."""
        self.library.open.append(self.function.signature.name)
        try:
            self.add(_renamed(node, self._scope) for node in self.function.node_def)
            results = []
            for arg in self.function.signature.output_arg:
                if arg.name not in self.function.ret:
                    raise ValueError(located(f"The function {self.function.signature.name!r} does "
                                             f"not say what its result {arg.name!r} is"))
                results.append(self.tensor(_without(self.function.ret[arg.name], self._scope),
                                           f"{self.function.signature.name}:{arg.name}"))
            return results
        finally:
            self.library.open.pop()

    def ends(self) -> list[Operation]:
        """The operations that must have run when the function has: those it says, and stateful."""
        names = [_without(name, self._scope) for name in self.function.control_ret.values()]
        return [self.operations[name] for name in names if name in self.operations] + [
            op for op in self.operations.values()
            if op.graph is self.graph and (op.op_def.effects in ("io", "resource")
                                           or op.op_def.overwrites)]

    def split(self, text: str) -> tuple[str, int]:
        """(name of the node, number of its output) of an input."""
        name, colon, rest = text.partition(":")
        if not colon or name not in self._nodes:
            return name, 0
        label, _, number = rest.rpartition(":")
        label, number = (label, number) if label else (rest, "0")
        if not (number.isdecimal() and len(number) < 10):
            raise ValueError(located(f"{text!r} is no name of a tensor"))
        return name, self._first(self._nodes[name], label) + int(number)

    def _first(self, node: NodeDef, label: str) -> int:
        """The number of the first tensor of an output."""
        row = signature(node.op)
        args: Any
        if row is not None:
            args, build = row.outputs, Build(self, node, row, [])
        elif node.op in self.library.functions:
            names = [arg.name for arg in
                     self.library.functions[node.op].signature.output_arg]
            return names.index(label) if label in names else _no_output(node, label)
        else:
            return 0
        first = 0
        for arg in args:
            if arg.name == label:
                return first
            first += arg.count(build.attr)
        return _no_output(node, label)

    def tensor(self, text: str, node: str = "") -> Tensor:
        """The tensor that an input names."""
        if text in self._arguments:
            return self._arguments[text]
        return super().tensor(text, node)


def _no_output(node: NodeDef, label: str) -> int:
    raise ValueError(located(f"{node.op} {node.name!r} has no output {label!r}"))


def _without(text: str, scope: str) -> str:
    return text.removeprefix(scope)


def _renamed(node: NodeDef, scope: str) -> NodeDef:
    """The node without the scope that its name begins with, in a function that was made there."""
    if not scope:
        return node
    copy = NodeDef.FromString(node.SerializeToString())
    copy.name = _without(copy.name, scope)
    for i, text in enumerate(copy.input):
        copy.input[i] = ("^" + _without(text[1:], scope) if text.startswith("^")
                         else _without(text, scope))
    return copy


def _scope_of(build: Build, function: FunctionDef) -> str:
    """The scope of the node, if all names in the function begin with it, and differ without it."""
    scope = build.node.name.rpartition("/")[0] + "/"
    names = [node.name for node in function.node_def]
    arguments = {arg.name for arg in function.signature.input_arg}
    if scope == "/" or not all(name.startswith(scope) for name in names):
        return ""
    return "" if arguments & {_without(name, scope) for name in names} else scope


def function_name(build: Build, attr: str) -> str:
    """The name of the function that an attribute holds.

    Args:
        build: the node.
        attr: the attribute.
    """
    name: str = build.attr(attr, "func").name
    return name


# ---- plain calls ---------------------------------------------------------------------------------


def call(build: Build, name: str) -> list[Tensor]:
    """Builds the nodes of a function in place of the node that calls it.

    Args:
        build: the node.
        name: the function.
    """
    function = build.importer.library.function(name, build.node)
    inner = FunctionImporter(build.importer.graph, f"{build.name}/", build.importer.library,
                             function, build.inputs, _scope_of(build, function))
    results = inner.build()
    build.operation = _call_node(build, results, inner.ends())
    return (list(build.operation.outputs) if build.operation.type == "IdentityN" else results)


def _call_node(build: Build, results: list[Tensor], ends: list[Operation]) -> Operation:
    """The node that stands for the call: it gives the results, when all else has run."""
    with build.importer.graph.control_dependencies(ends):
        plain = [tensor.dtype not in (dt.resource, dt.variant) and not tensor.dtype._is_ref_dtype
                 for tensor in results]
        if results and all(plain):
            made: list[Tensor] = op_def("IdentityN").build(results, name=build.name + "/")
            return made[0].op
        none: Operation = op_def("NoOp").build(name=build.name + "/")
        return none


# ---- branches and loops --------------------------------------------------------------------------


def if_node(build: Build) -> Any:
    """If, StatelessIf."""
    pred, outside = _as_bool(build, build.inputs[0]), build.inputs[1:]
    branches = [_branch(build, function_name(build, f"{part}_branch"), part, outside)
                for part in ("then", "else")]
    _check_branches(build, branches)
    return build_if(pred, *branches, name=build.name + "/")


def case_node(build: Build) -> Any:
    """Case, StatelessCase."""
    functions = python_value("list(func)", build.node.attr["branches"])
    if not functions:
        raise build.wrong("has no branches")
    branches = [_branch(build, function.name, f"branch{i}", build.inputs[1:])
                for i, function in enumerate(functions)]
    _check_branches(build, branches)
    return build_case(build.inputs[0], branches, name=build.name + "/")


def _check_branches(build: Build, branches: list[SubGraph]) -> None:
    types = [[tensor.dtype.base_dtype for tensor in branch.outputs] for branch in branches]
    if any(other != types[0] for other in types):
        raise build.wrong("has branches whose results are of different dtypes")


def _branch(build: Build, name: str, part: str, outside: Sequence[Tensor]) -> SubGraph:
    graph = SubGraph(build.importer.graph)
    function = build.importer.library.function(name, build.node)
    with graph.as_default():
        inner = FunctionImporter(graph, f"{build.name}/{part}/", build.importer.library, function,
                                 [graph.adopt(tensor) for tensor in outside],
                                 _scope_of(build, function))
        graph.outputs = inner.build()
        _wait_for(graph, graph.outputs, inner.ends())
    return graph


def _wait_for(graph: SubGraph, outputs: list[Tensor], ends: list[Operation]) -> None:
    """Makes the results come after what else the function does."""
    ends = [op for op in ends if op not in {tensor.op for tensor in outputs}]
    if not ends or not outputs:
        return
    with graph.control_dependencies(ends):
        outputs[0] = op_def("Identity").build(outputs[0], name="result")


def _as_bool(build: Build, tensor: Tensor) -> Tensor:
    """A condition as TensorFlow takes it: a number is true unless 0, text unless empty."""
    if tensor.dtype.base_dtype is dt.bool_:
        return tensor
    if tensor.dtype.base_dtype is dt.string:
        tensor = build.sub("StringLength", tensor, part="length")
    zero = build.sub("ZerosLike", tensor, part="zero")
    made: Tensor = build.sub("NotEqual", tensor, zero, part="is_true")
    return made


def while_node(build: Build) -> list[Tensor]:
    """While, StatelessWhile: what the body hands on as it is, at the end, comes from outside."""
    library, inputs = build.importer.library, build.inputs
    cond = library.function(function_name(build, "cond"), build.node)
    body = library.function(function_name(build, "body"), build.node)
    carried = _carried(build, body)
    shapes = _start_shapes(build, carried)
    for _ in range(4):
        graphs, stand_ins = _loop_graphs(build, cond, body, carried, shapes)
        after = [tensor.spec.shape for tensor in graphs[1].outputs]
        if all(widen(a, b) == a for a, b in zip(shapes, after, strict=True)):
            break
        shapes = [a if widen(a, b) == a else widen(a, b)
                  for a, b in zip(shapes, after, strict=True)]
    else:
        raise build.wrong("has loop variables whose shapes never settle")
    results = build_while(*graphs, [inputs[i] for i in carried], *stand_ins, shapes,
                          name=build.name + "/")
    places = {i: k for k, i in enumerate(carried)}
    return [results[places[i]] if i in places else inputs[i] for i in range(len(inputs))]


def _carried(build: Build, body: FunctionDef) -> list[int]:
    """The numbers of the inputs that the body computes anew.

    Inputs that it hands on as they are, and variables, are used from outside instead: those at the
    end, so that outputs keep their numbers.
    """
    arguments = [arg.name for arg in body.signature.input_arg]
    results = [body.ret.get(arg.name, "") for arg in body.signature.output_arg]
    if len(arguments) != len(build.inputs) or len(results) != len(build.inputs):
        raise build.wrong(f"has {len(build.inputs)} inputs for a body of {len(arguments)} "
                          f"arguments and {len(results)} results")
    same = [a == b for a, b in zip(arguments, results, strict=True)]
    carried = [i for i, tensor in enumerate(build.inputs)
               if not (tensor.dtype._is_ref_dtype or tensor.dtype is dt.resource)]
    for i, tensor in enumerate(build.inputs):
        if i not in carried and not same[i] and not _hands_on(body, results[i]):
            raise UnimplementedError(None, None, f"{build.node.op} {build.node.name!r} changes "
                                     f"which variable {tensor.name!r} is; that is not offered")
    while carried and same[carried[-1]]:
        carried.pop()
    if not carried:
        carried = [i for i, tensor in enumerate(build.inputs)
                   if not (tensor.dtype._is_ref_dtype or tensor.dtype is dt.resource)][:1]
    return carried


def _hands_on(body: FunctionDef, result: str) -> bool:
    """Whether a result is an argument behind Identity nodes."""
    by_name = {node.name: node for node in body.node_def}
    arguments = {arg.name for arg in body.signature.input_arg}
    for _ in range(len(by_name) + 1):
        if result in arguments:
            return True
        node = by_name.get(result.partition(":")[0])
        if node is None or node.op != "Identity" or not node.input:
            return False
        result = node.input[0]
    return False


def _start_shapes(build: Build, carried: list[int]) -> list[Any]:
    shapes = [build.inputs[i].spec.shape for i in carried]
    given = build.attr("output_shapes")
    if len(given) == len(build.inputs):
        shapes = [given[i] if compatible(given[i], shape) and widen(given[i], shape) == given[i]
                  else shape for i, shape in zip(carried, shapes, strict=True)]
    return shapes


def _loop_graphs(build: Build, cond: FunctionDef, body: FunctionDef, carried: list[int],
                 shapes: list[Any]) -> tuple[list[SubGraph], list[list[Tensor]]]:
    """Condition and body, and what stands for the loop variables in each."""
    graphs, stand_ins = [], []
    for function, part in ((cond, "cond"), (body, "body")):
        graph = SubGraph(build.importer.graph)
        with graph.as_default():
            own = {i: graph.parameter(f"{build.name}/{part}/variable", build.inputs[i], shape)
                   for i, shape in zip(carried, shapes, strict=True)}
            arguments = [own[i] if i in own else graph.adopt(tensor)
                         for i, tensor in enumerate(build.inputs)]
            inner = FunctionImporter(graph, f"{build.name}/{part}/", build.importer.library,
                                     function, arguments, _scope_of(build, function))
            results = inner.build()
            if part == "cond":
                if len(results) != 1:
                    raise build.wrong(f"has a condition with {len(results)} results")
                graph.outputs = [_as_bool(build, results[0])]
            else:
                graph.outputs = [results[i] for i in carried]
                for i, tensor in zip(carried, graph.outputs, strict=True):
                    if tensor.dtype.base_dtype is not build.inputs[i].dtype.base_dtype:
                        raise build.wrong(f"has a loop variable that is {tensor.dtype.name} after "
                                          f"a round and {build.inputs[i].dtype.name} before")
            _wait_for(graph, graph.outputs, inner.ends())
        graphs.append(graph)
        stand_ins.append(list(own.values()))
    return graphs, stand_ins
