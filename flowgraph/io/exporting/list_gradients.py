"""Lists of gradients, in which a missing item means zero, written with TensorFlow's ops on lists.

TensorFlow's lists have a length, and lists that are added must have the same: each is made as long
as is needed first. A missing item that is read with a full shape is zero there, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.graph.operation import Operation
from flowgraph.io.exporting.graph_export import GraphWriter
from flowgraph.io.exporting.rules import RULES, rule
from flowgraph.io.graphs.attr_values import attr_value
from flowgraph.io.graphs.graph_messages import AttrValue

__all__ = ["RULES"]


def _type(dtype: Any) -> AttrValue:
    return attr_value("type", dtype)


_INT = _type(dt.int32)


class _Parts:
    """Nodes that stand beside an op.

    Args:
        writer: who writes them.
        op: the op.
    """

    def __init__(self, writer: GraphWriter, op: Operation) -> None:
        self.writer, self.op = writer, op
        self.inputs = [writer.name_of(tensor) for tensor in op.inputs]

    def node(self, part: str, op_type: str, inputs: list[str], **attrs: AttrValue) -> str:
        return self.writer.helper(self.op, part, op_type, inputs, **attrs)

    def after(self, index: str) -> str:
        """index + 1."""
        one = self.writer.const(self.op, "one", 1)
        return self.node("needed", "AddV2", [index, one], T=_INT)

    def largest(self, indices: str) -> str:
        """The largest of some indices, + 1."""
        axes = self.writer.const(self.op, "axes", [0])
        return self.after(self.node("largest", "Max", [indices, axes], T=_INT, Tidx=_INT,
                                    keep_dims=attr_value("bool", False)))

    def at_least(self, items: str, needed: str) -> str:
        """The list with so many items, or more."""
        length = self.node("length", "TensorListLength", [items])
        size = self.node("size", "Maximum", [length, needed], T=_INT)
        return self.node("resized", "TensorListResize", [items, size])

    def shape(self, like: str, dtype: Any) -> str:
        return self.node("shape", "Shape", [like], T=_type(dtype), out_type=_INT)

    def sizes(self, shape: str, first: int, last: int) -> str:
        """shape[first:], or for last = 1 the size shape[first]."""
        begin = self.writer.const(self.op, "begin", [first])
        end = self.writer.const(self.op, "end", [last])
        step = self.writer.const(self.op, "step", [1])
        masks = {name: attr_value("int", 0) for name in (
            "begin_mask", "ellipsis_mask", "new_axis_mask")}
        return self.node("sizes", "StridedSlice", [shape, begin, end, step], T=_INT, Index=_INT,
                         end_mask=attr_value("int", int(last == 0)),
                         shrink_axis_mask=attr_value("int", int(last == 1)), **masks)

    def row_shape(self, item: int) -> str:
        """The static shape of input number `item`, but for the number of its rows."""
        sizes = self.op.inputs[item].spec.shape
        return self.writer.const(self.op, "element_shape", -1 if sizes is None else [
            -1, *(-1 if n is None else n for n in sizes[1:])])

    def lengths(self, items: str, item: int) -> str:
        """How many rows the items of a list have, which are like those of input `item`."""
        none = self.writer.const(self.op, "no_dims", [], np.int64)
        joined = self.node("joined", "TensorListConcatV2", [items, self.row_shape(item), none],
                           element_dtype=_type(self.op.inputs[item].dtype), shape_type=_INT)
        return self.writer.output_name(joined.partition(":")[0], "TensorListConcatV2", 1)

    def finish(self, op_type: str, inputs: list[str], **attrs: AttrValue) -> bool:
        self.writer.add(self.op.name, op_type, inputs, attrs, self.op)
        return True


@rule("TensorListFromItem")
def write_from_item(writer: GraphWriter, op: Operation) -> bool:
    parts, dtype = _Parts(writer, op), _type(op.inputs[1].dtype)
    index, item = parts.inputs
    unknown = writer.const(op, "element_shape", -1)
    items = parts.node("list", "TensorListReserve", [unknown, parts.after(index)],
                       element_dtype=dtype, shape_type=_INT)
    return parts.finish("TensorListSetItem", [items, index, item], element_dtype=dtype)


@rule("TensorListFromItems")
def write_from_items(writer: GraphWriter, op: Operation) -> bool:
    parts, dtype = _Parts(writer, op), _type(op.inputs[1].dtype)
    indices, items = parts.inputs
    rows = parts.node("rows", "UnsortedSegmentSum", [items, indices, parts.largest(indices)],
                      T=dtype, Tindices=_INT, Tnumsegments=_INT)
    shape = parts.sizes(parts.shape(items, op.inputs[1].dtype), 1, 0)
    return parts.finish("TensorListFromTensor", [rows, shape], element_dtype=dtype,
                        shape_type=_INT)


@rule("TensorListGetOrZeros")
def write_get_or_zeros(writer: GraphWriter, op: Operation) -> bool:
    parts, like = _Parts(writer, op), op.inputs[2].dtype
    if like is dt.variant:
        return False
    items, index, tensor = parts.inputs
    longer = parts.at_least(items, parts.after(index))
    return parts.finish("TensorListGetItem", [longer, index, parts.shape(tensor, like)],
                        element_dtype=_type(like))


@rule("TensorListStackOrZeros")
def write_stack_or_zeros(writer: GraphWriter, op: Operation) -> bool:
    parts, like = _Parts(writer, op), op.inputs[1].dtype
    items, tensor = parts.inputs
    shape = parts.shape(tensor, like)
    resized = parts.node("resized", "TensorListResize", [items, parts.sizes(shape, 0, 1)])
    return parts.finish("TensorListStack", [resized, parts.sizes(shape, 1, 0)],
                        element_dtype=_type(like), num_elements=attr_value("int", -1))


@rule("TensorListGatherOrZeros")
def write_gather_or_zeros(writer: GraphWriter, op: Operation) -> bool:
    parts, like = _Parts(writer, op), op.inputs[2].dtype
    items, indices, tensor = parts.inputs
    longer = parts.at_least(items, parts.largest(indices))
    shape = parts.sizes(parts.shape(tensor, like), 1, 0)
    return parts.finish("TensorListGather", [longer, indices, shape], element_dtype=_type(like))


@rule("TensorListSplitLike")
def write_split_like(writer: GraphWriter, op: Operation) -> bool:
    parts = _Parts(writer, op)
    tensor, like = parts.inputs
    return parts.finish("TensorListSplit", [tensor, parts.row_shape(0), parts.lengths(like, 0)],
                        element_dtype=_type(op.inputs[0].dtype), shape_type=_INT)


@rule("TensorListConcatLike")
def write_concat_like(writer: GraphWriter, op: Operation) -> bool:
    parts = _Parts(writer, op)
    items, lengths, _ = parts.inputs
    longer = parts.at_least(items, parts.node("needed", "TensorListLength", [lengths]))
    return parts.finish(
        "TensorListConcatV2", [longer, parts.row_shape(2), parts.lengths(lengths, 2)],
        element_dtype=_type(op.inputs[2].dtype), shape_type=_INT)


@rule("TensorListAddN")
def write_sum(writer: GraphWriter, op: Operation) -> bool:
    """All lists are made as long as the longest one."""
    parts = _Parts(writer, op)
    lengths = [parts.node("length", "TensorListLength", [items]) for items in parts.inputs]
    longest = lengths[0]
    for length in lengths[1:]:
        longest = parts.node("longest", "Maximum", [longest, length], T=_INT)
    lists = [parts.node("resized", "TensorListResize", [items, longest])
             for items in parts.inputs]
    return parts.finish("AddN", lists, N=attr_value("int", len(lists)), T=_type(dt.variant))
