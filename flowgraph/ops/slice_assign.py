"""Assigning to a slice of a variable: `v[1:3].assign(values)`."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.index import numpy_index


class StridedSliceAssign(OpDef):
    """ref[begin:end:strides] = value, with the bit masks of StridedSlice."""

    dtypes = {"begin": "Index", "end": "Index", "strides": "Index"}
    Index = dt.INDEX
    host_inputs = ("begin", "end", "strides")
    refs = ("ref",)
    overwrites = "ref"
    is_ref = True
    grad = NotDifferentiable

    def infer(self, ref, begin, end, strides, value, *, begin_mask=0, end_mask=0, ellipsis_mask=0,
              new_axis_mask=0, shrink_axis_mask=0):
        return Spec(value.dtype, ref.shape)

    def kernel(self, xp, ref, begin, end, strides, value, *, begin_mask=0, end_mask=0,
               ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0):
        result = xp.array(ref)
        index = numpy_index(begin, end, strides, begin_mask, end_mask, ellipsis_mask,
                            new_axis_mask, shrink_axis_mask)
        wanted = result[index].shape
        if value.shape not in ((), wanted):
            raise InvalidArgumentError(None, None, f"cannot assign values of shape "
                                                   f"{shape_text(value.shape)} to a slice of shape "
                                                   f"{shape_text(wanted)}")
        result[index] = value
        return result


def assign_to_slice(part: Tensor, variable: Any, value: Any, name: str | None = None) -> Tensor:
    """Sets the part of a variable that a slice of it shows.

    Args:
        part: the slice, as `v[1:3]`.
        variable: the variable.
        value: a tensor of the slice's shape, or a scalar.
        name: name of the node.

    Returns:
        The variable after the assignment, as a tensor.
    """
    _, begin, end, strides = part.op.inputs
    return StridedSliceAssign.build(variable, begin, end, strides, value, **part.op.attrs,
                                    name=name)
