"""Slots: variables an optimizer keeps beside a trained variable, as "w/Momentum" beside "w"."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.tensor import Tensor
from flowgraph.ops.constant import constant, fill, zeros
from flowgraph.ops.initializers import Constant, Zeros
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.variable import Variable
from flowgraph.ops.variable_scope import get_variable, variable_scope


def make_slot(primary: Variable | Tensor, start: Any, name: str, shape: Any = None,
              dtype: Any = None) -> Variable:
    """A slot of `primary`, not trained.

    Args:
        primary: the trained variable.
        start: tensor it starts from, or an initializer.
        name: name of the slot, put behind that of `primary` and made unique.
        shape, dtype: of the slot, when `start` is an initializer.
    """
    full = isinstance(start, Tensor) and start.spec.is_static
    with (variable_scope(None, f"{primary.op.name}/{name}") as scope,
          primary.op.graph.colocate_with(primary.op)):
        scope.set_partitioner(None)  # the slot of a part is not cut again
        slot = get_variable("", shape=shape, dtype=dtype, initializer=start, trainable=False,
                            validate_shape=callable(start) or full)
    part = primary._get_save_slice_info() if isinstance(primary, Variable) else None
    if part is not None:
        own_name = slot.op.name[len(primary.op.name) + 1:]
        slot._set_save_slice_info(Variable.SaveSliceInfo(
            f"{part.full_name}/{own_name}", part.full_shape, part.var_offset, part.var_shape))
    return slot


def make_zeros_slot(primary: Variable | Tensor, name: str) -> Variable:
    """A slot of zeros, of the shape and dtype of `primary`."""
    dtype = primary.dtype.base_dtype
    if primary.shape.is_fully_defined():
        return make_slot(primary, Zeros(), name, primary.shape, dtype)
    start = primary.initialized_value() if isinstance(primary, Variable) else primary
    return make_slot(primary, zeros(shape_of(start), dtype), name)


def make_filled_slot(primary: Variable, value: float, name: str) -> Variable:
    """A slot of `value`s, of the shape and dtype of `primary`."""
    dtype = primary.dtype.base_dtype
    if primary.shape.is_fully_defined():
        return make_slot(primary, Constant(value), name, primary.shape, dtype)
    return make_slot(primary, fill(shape_of(primary.initialized_value()),
                                   constant(value, dtype)), name)
