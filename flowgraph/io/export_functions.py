"""Branches and loops as functions in the library of a GraphDef.

Inside a function, nodes name what they take in another way: an argument by its name, an output of a
node as "node:output:0", with the output's name in the registry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.graph_export import (
    WRITTEN_AS,
    Export,
    GraphWriter,
    attributes,
    derived_attributes,
    row_of,
)
from flowgraph.io.graph_messages import FunctionDef
from flowgraph.io.op_table import signature
from flowgraph.opdef.subgraph import SubGraph

_NO_NODES = ("Parameter", "VariableParameter")


class FunctionWriter(GraphWriter):
    """Writes the ops of a branch or of a loop's body.

    Args:
        name: wished name of the function.
        export: what the writers share.
    """

    in_function = True

    def __init__(self, name: str, export: Export) -> None:
        self.function = FunctionDef()
        base = name = re.sub(r"\W", "_", name)
        number = 0
        while name in export.names:
            number += 1
            name = f"{base}_{number}"
        export.names.add(name)
        self.function.signature.name = name
        super().__init__(self.function.node_def, export)
        self.stateful = False

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.signature.name

    def argument(self, like: Tensor, parameter: Tensor | None = None) -> str:
        """Adds an argument; its name.

        Args:
            like: a tensor of its dtype.
            parameter: what stands for it in the branch or body.
        """
        args = self.function.signature.input_arg
        name = f"arg_{len(args)}"
        args.add(name=name, type=like.dtype.base_dtype.as_datatype_enum,
                 is_ref=parameter is not None and _is_written(parameter))
        if parameter is not None:
            self.names[parameter] = name
        return name

    def result(self, source: str, like: Tensor) -> None:
        """Adds a result.

        Args:
            source: the tensor as nodes inside name it.
            like: a tensor of its dtype.
        """
        results = self.function.signature.output_arg
        name = f"result_{len(results)}"
        results.add(name=name, type=like.dtype.base_dtype.as_datatype_enum)
        self.function.ret[name] = source

    def write(self, op: Operation) -> None:
        """Adds an op."""
        row = signature(op.type)
        self.stateful = self.stateful or (bool(op.op_def.effects) if row is None else row.stateful)
        before = len(self.nodes)
        super().write(op)
        if row is not None and any(node.op.startswith("Stateless") for node in
                                   list(self.nodes)[before:] if node.name == op.name):
            self.stateful = self.stateful and op.type not in ("If", "While")

    def write_all(self, outputs: Sequence[Tensor]) -> None:
        """Adds the ops that some tensors need, in the order in which they were built.

        Args:
            outputs: the tensors.
        """
        graph = outputs[0].graph if outputs else None
        needed: set[Operation] = set()
        left = [tensor.op for tensor in outputs]
        while left:
            op = left.pop()
            if op not in needed and op.graph is graph:
                needed.add(op)
                left += [tensor.op for tensor in op.inputs]
                left += op._control_inputs
        stateful = False
        for op in sorted(needed, key=lambda op: op.index):
            if op.type not in _NO_NODES:
                self.write(op)
                stateful = stateful or self.stateful
                self.stateful = False
        self.stateful = stateful

    def finish(self) -> str:
        """Puts the function into the library; its name."""
        self.function.signature.is_stateful = self.stateful
        self.export.library.function.adopt(self.function)
        return self.name

    def output_name(self, node: str, op_type: str, index: int, op: Operation | None = None) -> str:
        """How a node names the output `index` of another one."""
        other = WRITTEN_AS.get(op_type)
        row = signature(other or op_type) if op is None or other else row_of(op)
        assert row is not None
        if op is None:
            return f"{node}:{row.outputs[index].name}:0"
        if len(row.outputs) == 1:
            return f"{node}:{row.outputs[0].name}:{index}"
        derived = {**op.attrs, **derived_attributes(op, row)}
        values = attributes(op, row)
        for arg in row.outputs:
            count = arg.count(lambda name: derived[name] if name in derived else values[name].i)
            if index < count:
                return f"{node}:{arg.name}:{index}"
            index -= count
        raise AssertionError(f"{op_type} has no such output")


def _is_written(parameter: Tensor) -> bool:
    """Whether an op of the branch or body takes the variable itself, to write to it."""
    return any(tensor is parameter and param in op.op_def.refs
               for op in parameter.consumers()
               for param, tensor in zip(op.op_def.flat_params(len(op.inputs)), op.inputs,
                                        strict=True))


def branch_function(op: Operation, branch: SubGraph, part: str, export: Export
                    ) -> FunctionWriter:
    """Writes a branch of If or Case into the library.

    Args:
        op: the op that holds it.
        branch: the branch.
        part: what the function's name ends in.
        export: what the writers share.
    """
    writer = FunctionWriter(f"{op.name}_{part}", export)
    for tensor, parameter in zip(op.inputs[1:], branch.parameters, strict=True):
        writer.argument(tensor, parameter)
    writer.write_all(branch.outputs)
    for tensor in branch.outputs:
        writer.result(writer.name_of(tensor), tensor)
    writer.finish()
    return writer
