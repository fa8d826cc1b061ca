"""Ops that do more here than in TensorFlow: several nodes do the same there.

TensorFlow's Einsum takes one or two tensors, and its real transforms take no input that is shorter
than `fft_length`: its Python functions fill it up with zeros first.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.graph.operation import Operation
from flowgraph.io.exporting.graph_export import GraphWriter, attributes, row_of
from flowgraph.io.exporting.rules import rule
from flowgraph.io.exporting.variables import RULES
from flowgraph.io.graphs.attr_values import attr_value
from flowgraph.opdef.static_value import known_value

__all__ = ["RULES"]


@rule("Einsum")
def write_einsum(writer: GraphWriter, op: Operation) -> bool:
    """Of several tensors, one after the other."""
    if len(op.inputs) <= 2:
        return False
    left, _, result = op.attrs["equation"].partition("->")
    first, *terms = left.split(",")
    dtype = attr_value("type", op.outputs[0].dtype)
    name = writer.name_of(op.inputs[0])
    for i, (term, tensor) in enumerate(zip(terms, op.inputs[1:], strict=True), 1):
        later = set(result).union(*terms[i:])
        kept = "".join(letter for letter in dict.fromkeys(first + term) if letter in later)
        is_last = i == len(terms)
        inputs = [name, writer.name_of(tensor)]
        attrs = {"equation": attr_value("string", f"{first},{term}->{result if is_last else kept}"),
                 "N": attr_value("int", 2), "T": dtype}
        if is_last:
            writer.add(op.name, op.type, inputs, attrs, op)
            writer.names[op.outputs[0]] = writer.output_name(op.name, "Einsum", 0)
        else:
            name = writer.helper(op, "product", op.type, inputs, **attrs)
        first = kept
    return True


@rule("RFFT", "RFFT2D", "RFFT3D", "IRFFT", "IRFFT2D", "IRFFT3D")
def write_real_transform(writer: GraphWriter, op: Operation) -> bool:
    """Of a longer input, where this one may be too short."""
    shape, lengths = op.inputs[0].spec.shape, known_value(op.inputs[1])
    axes = op.inputs[1].spec.shape
    if shape is None or axes is None or axes[0] is None:
        return False
    count, is_back = axes[0], op.type.startswith("I")
    wanted = (None,) * count if lengths is None else tuple(lengths)
    if is_back:
        wanted = (*wanted[:-1], None if wanted[-1] is None else wanted[-1] // 2 + 1)
    if all(n is not None and m is not None and m <= n
           for n, m in zip(shape[-count:], wanted, strict=True)):
        return False
    source, length = map(writer.name_of, op.inputs)
    paddings = _paddings(writer, op, source, length, len(shape), count)
    padded = writer.helper(op, "padded", "Pad", [source, paddings],
                           T=attr_value("type", op.inputs[0].dtype), Tpaddings=_INT)
    row = row_of(op)
    writer.add(op.name, row, [padded, length], attributes(op, row), op)
    return True


_INT = attr_value("type", dt.int32)


def _paddings(writer: GraphWriter, op: Operation, source: str, length: str, rank: int,
              count: int) -> str:
    """How many zeros there must be behind each axis, as a tensor for Pad."""
    if op.type.startswith("I"):  # of the last axis, n // 2 + 1 numbers are needed
        halves = writer.const(op, "halves", [*[1] * (count - 1), 2])
        half = writer.helper(op, "half", "FloorDiv", [length, halves], T=_INT)
        one = writer.const(op, "one", [*[0] * (count - 1), 1])
        length = writer.helper(op, "needed", "AddV2", [half, one], T=_INT)
    shape = writer.helper(op, "shape", "Shape", [source], out_type=_INT,
                          T=attr_value("type", op.inputs[0].dtype))
    ends = [writer.const(op, part, [value]) for part, value in
            (("begin", rank - count), ("end", rank), ("step", 1))]
    sizes = writer.helper(op, "sizes", "StridedSlice", [shape, *ends], T=_INT, Index=_INT)
    missing = writer.helper(op, "missing", "Sub", [length, sizes], T=_INT)
    extra = writer.helper(op, "extra", "Maximum", [missing, writer.const(op, "zero", 0)], T=_INT)
    outer = writer.const(op, "outer", np.zeros(rank - count))
    behind = writer.helper(op, "behind", "ConcatV2", [outer, extra, writer.const(op, "axis", 0)],
                           N=attr_value("int", 2), T=_INT, Tidx=_INT)
    return writer.helper(op, "paddings", "Pack", [writer.const(op, "before", np.zeros(rank)),
                                                  behind],
                         N=attr_value("int", 2), T=_INT, axis=attr_value("int", 1))
