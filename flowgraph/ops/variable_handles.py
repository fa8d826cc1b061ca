"""Who takes a variable itself, to write to it or to ask for its state, also inside of branches.

A variable's output goes on in two ways: the output of an op that writes is the variable again, and
a branch or a loop has a stand-in for what it takes from outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor


def takers(variable: Tensor) -> Iterator[tuple[Operation, bool]]:
    """The ops that take a variable itself, each with whether it is in a branch or a loop.

    Args:
        variable: the output of its VariableV2.
    """
    left = [(variable, False)]
    while left:
        reference, is_inside = left.pop()
        for op in dict.fromkeys(reference._consumers):
            op_def = op.op_def
            if op_def.bodies:
                outside = op.inputs[len(op_def.params) - 1:]
                left += [(parameter, True) for graph in op_def.sub_graphs(op.attrs)
                         for tensor, parameter in zip(outside, graph.parameters, strict=False)
                         if tensor is reference and parameter is not None]
            elif op_def.refs and op.inputs[0] is reference:
                yield op, is_inside
                if op_def.overwrites:
                    left.append((op.outputs[0], is_inside))


def is_used_inside(variable: Tensor) -> bool:
    """Whether a branch or a loop takes a variable itself, not only its value.

    In a GraphDef it is a resource then, whose handle functions may have as an argument: TensorFlow
    runs no function that takes a reference.

    Args:
        variable: the output of its VariableV2.
    """
    return any(is_inside for _, is_inside in takers(variable))
