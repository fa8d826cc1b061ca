"""Branches and loops as functions in the library of a GraphDef.

Inside a function, nodes name what they take in another way: an argument by its name, an output of a
node as "node:output:0", with the output's name in the registry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowgraph.core.dtypes import DType, resource
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.exporting.graph_export import (
    WRITTEN_AS,
    Export,
    GraphWriter,
    attributes,
    derived_attributes,
    row_of,
)
from flowgraph.io.exporting.order import order_inside, written_inside
from flowgraph.io.graphs.attr_values import attr_value
from flowgraph.io.graphs.graph_messages import FunctionDef
from flowgraph.io.graphs.op_table import signature
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.program.extract import target

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
        self.outputs: set[Tensor] = set()
        self._first_reads: list[tuple[Operation, str]] = []
        self._has_own_effects = False

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.signature.name

    def argument(self, dtype: DType, parameter: Tensor | None = None) -> str:
        """Adds an argument; its name.

        Args:
            dtype: its dtype; that of a variable held by its handle is resource.
            parameter: what stands for it in the branch or body.
        """
        args = self.function.signature.input_arg
        name = f"arg_{len(args)}"
        args.add(name=name, type=dtype.base_dtype.as_datatype_enum)
        if parameter is not None:
            is_handle = dtype is resource and parameter.dtype is not resource
            (self.handles if is_handle else self.names)[parameter] = name
        return name

    def read_first(self, op: Operation, parameter: Tensor, variable: Operation, handle: str
                   ) -> None:
        """Reads a variable anew in each round, before the round writes to it.

        Args:
            op: the loop.
            parameter: what stands for the variable's value in the body.
            variable: the variable.
            handle: the argument that is its handle.
        """
        self.names[parameter] = self.helper(op, "read", "ReadVariableOp", [handle],
                                            dtype=attr_value("type", parameter.dtype))
        self._first_reads.append((variable, self.nodes[-1].name))

    def result(self, source: str, dtype: DType) -> None:
        """Adds a result.

        Args:
            source: the tensor as nodes inside name it.
            dtype: its dtype.
        """
        results = self.function.signature.output_arg
        name = f"result_{len(results)}"
        results.add(name=name, type=dtype.base_dtype.as_datatype_enum)
        self.function.ret[name] = source

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
        self.outputs = set(outputs)
        for op in sorted(needed, key=lambda op: op.index):
            if op.type not in _NO_NODES:
                self.write(op)
        for tensor in outputs:
            if tensor not in self.names and self.handle(tensor) is not None:
                self.names[tensor] = self.read(tensor.op, tensor)
        self._put_in_order(needed)

    def _put_in_order(self, ops: set[Operation]) -> None:
        """Gives writes to resource variables control inputs where flowgraph itself has an order."""
        nodes = {node.name: node for node in self.nodes}

        def own(op: Operation) -> str:
            return op.name if op.name in nodes else self.export.writes[op]

        for op, before in order_inside(ops, self.export.is_resource).items():
            node = nodes[self.export.writes.get(op, op.name)]
            node.input.extend({f"^{own(other)}": None for other in before})
        for variable, name in self._first_reads:
            for op in ops:
                if op.op_def.overwrites and target(op.inputs[0]) is variable:
                    nodes[self.export.writes.get(op, op.name)].input.append(f"^{name}")
                elif op.op_def.bodies and variable in written_inside(op):
                    nodes[op.name].input.append(f"^{name}")

    @property
    def stateful(self) -> bool:
        """Whether a node in it does more than to compute its outputs."""
        rows = [signature(node.op) for node in self.nodes]
        return self._has_own_effects or any(row is not None and row.stateful for row in rows)

    def _write(self, op: Operation) -> None:
        if op.op_def.effects and signature(op.type) is None:
            self._has_own_effects = True
        super()._write(op)

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


def branch_function(op: Operation, branch: SubGraph, part: str, export: Export,
                    dtypes: Sequence[DType]) -> FunctionWriter:
    """Writes a branch of If or Case into the library.

    Args:
        op: the op that holds it.
        branch: the branch.
        part: what the function's name ends in.
        export: what the writers share.
        dtypes: those of its arguments; resource for a variable held by its handle.
    """
    writer = FunctionWriter(f"{op.name}_{part}", export)
    for dtype, parameter in zip(dtypes, branch.parameters, strict=True):
        writer.argument(dtype, parameter)
    writer.write_all(branch.outputs)
    for tensor in branch.outputs:
        writer.result(writer.name_of(tensor), tensor.dtype)
    writer.finish()
    return writer
