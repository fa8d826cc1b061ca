"""Weights of losses and metrics: which shapes they may have, and how they are broadcast.

Weights are a scalar, or of the rank of the values with sizes that are 1 or the values' own. That is
checked when the graph is built where both shapes are known, else in the run.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import frames
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError, message
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import minimum, multiply
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import fill, ones_like
from flowgraph.ops.identity import no_op
from flowgraph.ops.join import concat
from flowgraph.ops.logic import logical_and, logical_or
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.reshape import reshape, squeeze
from flowgraph.ops.shape import rank as rank_of
from flowgraph.ops.shape import shape as shape_of

_PREFIX = "weights can not be broadcast to values."


def assert_broadcastable(weights: Any, values: Any) -> Operation:
    """An operation that checks that `weights` can be broadcast to `values`.

    Args:
        weights: tensor of weights.
        values: tensor of what they weigh.

    Raises:
        ValueError: the static shapes show already that they cannot.
    """
    with name_scope(None, "assert_broadcastable", [weights, values]) as scope:
        with name_scope(None, "weights", [weights]) as inner:
            weights = convert_to_tensor(weights, name=inner)
            weights_shape = shape_of(weights, name="shape")
            weights_rank = rank_of(weights, name="rank")
        with name_scope(None, "values", [values]) as inner:
            values = convert_to_tensor(values, name=inner)
            values_shape = shape_of(values, name="shape")
            values_rank = rank_of(values, name="rank")
        if _fits(weights, values):
            kind = "scalar" if weights.shape.ndims == 0 else "dims"
            return no_op(name=f"static_{kind}_check_success")
        is_scalar = equal(0, weights_rank, name="is_scalar")
        data = (_PREFIX, "weights.shape=", weights.name, weights_shape, "values.shape=",
                values.name, values_shape, "is_scalar=", is_scalar)

        return assert_true(logical_or(is_scalar, _sizes_fit(weights_shape, weights_rank,
                                                            values_shape, values_rank)),
                           data, name=scope)


def _sizes_fit(sizes: Any, rank: Any, wanted: Any, wanted_rank: Any) -> Tensor:
    """Whether the ranks are equal, and each size is 1 or the one wanted."""
    same_rank = equal(wanted_rank, rank, name="is_same_rank")
    both = minimum(rank, wanted_rank)  # so that shapes of two ranks can be compared at all
    fit = logical_or(equal(sizes, 1)[:both], equal(sizes[:both], wanted[:both]))
    return logical_and(same_rank, reduce_all(fit))


def _fits(weights: Tensor, values: Tensor) -> bool:
    """Whether the static shapes show that the weights fit; raises where they do not."""
    rank, wanted = weights.shape.ndims, values.shape.ndims
    if rank == 0:
        return True
    if rank is None or wanted is None:
        return False
    if rank != wanted:
        raise _unfit(weights, values, f"The weights' rank is {rank}, that of the values {wanted}.")
    shapes = list(zip(weights.shape.as_list(), values.shape.as_list(), strict=True))
    known = None not in [size for pair in shapes for size in pair]
    for axis, (size, of_values) in enumerate(shapes):
        if known and size not in (1, of_values):
            raise _unfit(weights, values, f"Mismatch at dim {axis}.")
    return known


def _unfit(weights: Tensor, values: Tensor, why: str) -> ShapeError:
    return ShapeError(message(
        f"{_PREFIX} ({frames.user_frame()}) {why}",
        [(f"{role} =", repr(tensor.name),
          f"{shape_text(tensor.shape.as_tuple())} {tensor.dtype.name}", str(tensor.op.frame))
         for role, tensor in (("weights", weights), ("values", values))],
        "Weights are a scalar, or of the rank of the values with sizes that are 1 or the values' "
        "own.", "shape-error"))


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """`weights` in the shape of `values`.

    Args:
        weights: tensor, as `assert_broadcastable` allows it.
        values: tensor.
    """
    with name_scope(None, "broadcast_weights", [weights, values]) as scope:
        values = convert_to_tensor(values, name="values")
        weights = convert_to_tensor(weights, values.dtype.base_dtype, name="weights")
        if (weights.shape.is_fully_defined() and values.shape.is_fully_defined()
                and weights.shape.is_compatible_with(values.shape)):
            return weights
        with control_dependencies([assert_broadcastable(weights, values)]):
            return multiply(weights, ones_like(values), name=scope)


# ---- a last axis of size 1 -----------------------------------------------------------------------


def remove_squeezable_dimensions(labels: Any, predictions: Any,
                                 expected_rank_diff: int = 0) -> tuple[Tensor, Tensor]:
    """Labels and predictions without a last axis of size 1 that one has too many.

    Args:
        labels: tensor.
        predictions: tensor.
        expected_rank_diff: how many axes more the predictions should have: 1 where they have an
            entry for each class.
    """
    with name_scope(None, "remove_squeezable_dimensions", [labels, predictions]):
        predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
        more, fewer = predictions.shape.ndims, labels.shape.ndims
        if more is not None and fewer is not None:
            if more - fewer == expected_rank_diff + 1:
                predictions = squeeze(predictions, [-1])
            elif more - fewer == expected_rank_diff - 1:
                labels = squeeze(labels, [-1])
            return labels, predictions
        difference = rank_of(predictions) - rank_of(labels)
        return (_squeezed_if(equal(expected_rank_diff - 1, difference), labels),
                _squeezed_if(equal(expected_rank_diff + 1, difference), predictions))


def squeezed_weights(weights: Any, values: Tensor) -> Tensor:
    """Weights without a last axis of size 1 that they have more than the values."""
    weights = convert_to_tensor(weights)
    rank, wanted = weights.shape.ndims, values.shape.ndims
    if rank is not None and wanted is not None:
        return squeeze(weights, [-1]) if rank - wanted == 1 else weights
    return _squeezed_if(equal(1, rank_of(weights) - rank_of(values)), weights)


def _squeezed_if(condition: Tensor, tensor: Tensor) -> Tensor:
    """`tensor` without its last axis, if the run says so and that axis can be of size 1."""
    if tensor.shape.ndims == 0 or (tensor.shape.ndims is not None
                                   and tensor.shape[-1].value not in (1, None)):
        return tensor
    return with_last_axis(tensor, squeeze_it=condition)


def with_last_axis(tensor: Tensor, squeeze_it: Any = False, expand_it: Any = False) -> Tensor:
    """`tensor` without its last axis, or with one more of size 1, as two bool tensors say."""
    sizes, rank = shape_of(tensor), rank_of(tensor)
    kept = sizes[:rank - cast(squeeze_it, dt.int32)]
    return reshape(tensor, concat([kept, fill([cast(expand_it, dt.int32)], 1)], 0))
