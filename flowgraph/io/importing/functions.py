"""Functions of a GraphDef's library as branches, loops, or plain ops.

Inside a function, nodes name what they take by "argument", or "node:output:0" with the output's
name in the registry; `FunctionImporter` finds its number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import compatible, widen
from flowgraph.errors import UnimplementedError
from flowgraph.gradients.gradients import gradients, zeros_like
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.graphs.attr_values import python_value
from flowgraph.io.graphs.graph_messages import FunctionDef, NodeDef
from flowgraph.io.graphs.op_table import signature
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.nodes import Importer, Library
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.ops.branch import build_case, build_if
from flowgraph.ops.compare import NotEqual
from flowgraph.ops.constant import Const, ZerosLike
from flowgraph.ops.identity import Identity, IdentityN, NoOp
from flowgraph.ops.loop import build_while
from flowgraph.ops.strings import StringLength

_MOST_TRIES = 4  # each makes a size or a rank of a loop variable unknown, or is the last


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


def gradients_of_call(build: Build, name: str) -> list[Tensor]:
    """The gradients of a function's arguments, from those of its results.

    Args:
        build: the node; its inputs are the arguments and then the gradients of the results.
        name: the function.
    """
    function = build.importer.library.function(name, build.node)
    count, results = len(function.signature.input_arg), len(function.signature.output_arg)
    if len(build.inputs) != count + results:
        raise build.wrong(f"takes the {count} arguments of {name!r} and the gradients of its "
                          f"{results} results, got {len(build.inputs)} tensors")
    arguments = [build.sub("Identity", tensor, part=f"argument_{i}")
                 for i, tensor in enumerate(build.inputs[:count])]
    inner = FunctionImporter(build.importer.graph, f"{build.name}/", build.importer.library,
                             function, arguments, _scope_of(build, function))
    pairs = [(y, dy) for y, dy in zip(inner.build(), build.inputs[count:], strict=True)
             if y.dtype.is_floating or y.dtype.is_complex]
    found = gradients([y for y, _ in pairs], arguments, [dy for _, dy in pairs],
                      f"{build.name}/gradients")
    made: list[Any] = [zeros_like(argument) if dx is None else convert_to_tensor(dx)
                       for dx, argument in zip(found, arguments, strict=True)]
    return made


def _call_node(build: Build, results: list[Tensor], ends: list[Operation]) -> Operation:
    """The node that stands for the call: it gives the results, when all else has run."""
    with build.importer.graph.control_dependencies(ends):
        plain = [tensor.dtype not in (dt.resource, dt.variant) and not tensor.dtype._is_ref_dtype
                 for tensor in results]
        if results and all(plain):
            made: list[Tensor] = IdentityN.build(results, name=build.name + "/")
            return made[0].op
        none: Operation = NoOp.build(name=build.name + "/")
        return none


# ---- branches and loops --------------------------------------------------------------------------


def if_node(build: Build) -> Any:
    """If, StatelessIf."""
    pred, outside = as_bool(build.inputs[0]), build.inputs[1:]
    branches = [_branch(build, function_name(build, f"{part}_branch"), part, outside)
                for part in ("then", "else")]
    _check_branches(build, branches)
    return _results(build, build_if(pred, branches[0], branches[1], name=build.name + "/"))


def case_node(build: Build) -> Any:
    """Case, StatelessCase."""
    functions = python_value("list(func)", build.node.attr["branches"])
    if not functions:
        raise build.wrong("has no branches")
    branches = [_branch(build, function.name, f"branch{i}", build.inputs[1:])
                for i, function in enumerate(functions)]
    _check_branches(build, branches)
    return _results(build, build_case(build.inputs[0], branches, name=build.name + "/"))


def _results(build: Build, made: list[Tensor]) -> list[Tensor]:
    """The outputs that the node has in the file: none, where a branch only does something."""
    build.operation = made[0].op
    return made[:len(build.attr("Tout"))]


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
        graph.outputs = after(graph, inner.build(), inner.ends())
    return graph


def after(graph: SubGraph, results: list[Tensor], ends: Sequence[Operation]) -> list[Tensor]:
    """The results of a branch or loop, such that they come after some operations in it.

    Args:
        graph: the branch or loop, which is the default graph.
        results: the results.
        ends: the operations.
    """
    makers = {tensor.op for tensor in results}
    ends = [op for op in ends if op not in makers and op.graph is graph]
    if not ends and results:
        return results
    with graph.control_dependencies(ends):
        if not results:  # what has no result is asked for by this one
            return [Const.build(value=np.array(True), name="done")]
        return [Identity.build(results[0], name="result"), *results[1:]]


def as_bool(tensor: Tensor) -> Tensor:
    """A condition as TensorFlow takes it: a number is true unless 0, text unless empty.

    Args:
        tensor: the condition.
    """
    if tensor.dtype.base_dtype is dt.bool_:
        return tensor
    if tensor.dtype.base_dtype is dt.string:
        tensor = StringLength.build(tensor)
    made: Tensor = NotEqual.build(tensor, ZerosLike.build(tensor))
    return made


def while_node(build: Build) -> list[Tensor]:
    """While, StatelessWhile: what the body hands on as it is, at the end, comes from outside."""
    library, inputs = build.importer.library, build.inputs
    functions = {part: library.function(function_name(build, part), build.node)
                 for part in ("cond", "body")}
    carried = _carried(build, functions["body"])

    def make(part: str, graph: SubGraph, own: list[Tensor]) -> list[Tensor]:
        variables = dict(zip(carried, own, strict=True))
        arguments = [variables[i] if i in variables else graph.adopt(tensor)
                     for i, tensor in enumerate(inputs)]
        inner = FunctionImporter(graph, f"{build.name}/{part}/", library, functions[part],
                                 arguments, _scope_of(build, functions[part]))
        results = inner.build()
        if part == "body":
            results = [results[i] for i in carried]
        return after(graph, results, inner.ends())

    results = loop(build.importer.graph, build.name, [inputs[i] for i in carried],
                   _start_shapes(build, carried), make)
    places = {i: k for k, i in enumerate(carried)}
    return [results[places[i]] if i in places else inputs[i] for i in range(len(inputs))]


def loop(outer: Graph, name: str, starts: list[Tensor], shapes: list[Any],
         make: Callable[[str, SubGraph, list[Tensor]], list[Tensor]],
         variables: Sequence[str] = ()) -> list[Tensor]:
    """Builds a loop; the last values of its variables.

    Args:
        outer: the graph around.
        name: the name of its node.
        starts: the first values of the loop variables.
        shapes: their static shapes, as far as is known; made less precise where the body does so.
        make: function from ("cond" or "body", its graph, the loop variables in it) to its results.
        variables: the names of the loop variables' parameters.
    """
    for _ in range(_MOST_TRIES):
        before = outer._names.saved()
        graphs, stand_ins = [], []
        for part in ("cond", "body"):
            graph = SubGraph(outer)
            with graph.as_default():
                names = variables or [f"{name}/{part}/variable"] * len(starts)
                own = [graph.parameter(*row) for row in zip(names, starts, shapes, strict=True)]
                graph.outputs = make(part, graph, own)
                if part == "cond":
                    if len(graph.outputs) != 1:
                        raise ValueError(located(f"The condition of the loop {name!r} has "
                                                 f"{len(graph.outputs)} results"))
                    graph.outputs = [as_bool(graph.outputs[0])]
            graphs.append(graph)
            stand_ins.append(own)
        results = graphs[1].outputs
        for tensor, start in zip(results, starts, strict=True):
            if tensor.dtype.base_dtype is not start.dtype.base_dtype:
                raise ValueError(located(f"A variable of the loop {name!r} is {tensor.dtype.name} "
                                         f"after a round and {start.dtype.name} before"))
        wider = [widen(shape, tensor.spec.shape)
                 for shape, tensor in zip(shapes, results, strict=True)]
        if wider == shapes:
            return build_while(graphs[0], graphs[1], starts, stand_ins[0], stand_ins[1], shapes,
                               name=name + "/")
        shapes = wider
        outer._names.restore(before)
    raise ValueError(located(f"The shapes of the variables of the loop {name!r} never settle"))


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
