"""Softmax and its logarithm, along the last axis as ops, along any axis as functions."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.constant import range as range_
from flowgraph.ops.exponential import exp
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import transpose
from flowgraph.ops.shape import rank as rank_of


class Softmax(OpDef):
    """y = e^x / sum(e^x) along the last axis."""

    T = dt.FLOAT

    def infer(self, logits: Spec):
        shape_rules.require_rank_at_least(logits, 1, "logits")
        return Spec(logits.dtype, logits.shape)

    def kernel(self, xp, logits, *, out=None):
        if logits.size == 0:
            return xp.empty_like(logits)
        # shifted, so that the largest exponential is 1
        y = xp.subtract(logits, xp.max(logits, axis=-1, keepdims=True), out=out)
        y = xp.exp(y, out=y)
        return xp.divide(y, xp.sum(y, axis=-1, keepdims=True), out=y)

    def grad(self, op, dy):
        y = op.outputs[0]
        return (dy - reduce_sum(dy * y, -1, keepdims=True)) * y


class LogSoftmax(OpDef):
    """y = x - log(sum(e^x)) along the last axis."""

    T = dt.FLOAT

    def infer(self, logits: Spec):
        shape_rules.require_rank_at_least(logits, 1, "logits")
        return Spec(logits.dtype, logits.shape)

    def kernel(self, xp, logits, *, out=None):
        if logits.size == 0:
            return xp.empty_like(logits)
        y = xp.subtract(logits, xp.max(logits, axis=-1, keepdims=True), out=out)
        return xp.subtract(y, xp.log(xp.sum(xp.exp(y), axis=-1, keepdims=True)), out=y)

    def grad(self, op, dy):
        return dy - reduce_sum(dy, -1, keepdims=True) * exp(op.outputs[0])


def softmax(logits, axis=None, name=None, dim=None):
    """Computes `exp(logits) / sum(exp(logits))` along an axis, without overflow.

    Args:
        logits: tensor of a floating dtype, of rank 1 or more.
        axis: the axis that sums to 1; default the last one.
        name: name of the node.
        dim: older name of `axis`.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        InvalidArgumentError: `axis` is beyond the rank.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.softmax([1.0, 1.0, 1.0, 1.0]))
        array([0.25, 0.25, 0.25, 0.25], dtype=float32)
    """
    return _along(Softmax, logits, _axis(axis, dim), name)


def log_softmax(logits, axis=None, name=None, dim=None):
    """Computes `logits - log(sum(exp(logits)))` along an axis, without overflow.

    Args:
        logits: tensor of a floating dtype, of rank 1 or more.
        axis: the axis whose exponentials sum to 1; default the last one.
        name: name of the node.
        dim: older name of `axis`.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        InvalidArgumentError: `axis` is beyond the rank.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.log_softmax([0.0, 0.0]))
        array([-0.6931472, -0.6931472], dtype=float32)
    """
    return _along(LogSoftmax, logits, _axis(axis, dim), name)


def _axis(axis, dim):
    """The one that was given, or the last axis."""
    axis = renamed_argument("axis", axis, "dim", dim)
    return -1 if axis is None else axis


def _along(op_class, logits, axis, name):
    """The op along any axis: moved to the end and back."""
    logits = convert_to_tensor(logits)
    rank = logits.spec.rank
    if is_tensor_like(axis):
        value = known_value(convert_to_tensor(axis))
        axis = axis if value is None else value
    known = not is_tensor_like(axis)
    if known and (axis == -1 or (rank is not None and axis == rank - 1)):
        return op_class.build(logits, name=name)
    if known and rank is not None and not -rank <= axis < rank:
        raise InvalidArgumentError(None, None, located(
            f"Dimension ({axis}) must be in the range [{-rank}, {rank}) where {rank} is the "
            "number of dimensions in the input.", section="invalid-argument-error"))
    swap = swapped_with_last(logits, axis)
    result = transpose(op_class.build(transpose(logits, swap)), swap,
                       name=name or op_class.type)
    result.set_shape(logits.shape)
    return result


def swapped_with_last(tensor, axis):
    """The permutation of axes that swaps `axis` with the last one; it undoes itself."""
    rank = tensor.spec.rank
    if rank is not None and not is_tensor_like(axis):
        order = list(range(rank))
        order[axis], order[-1] = order[-1], order[axis]
        return order
    rank = rank_of(tensor)
    axis = convert_to_tensor(axis) % rank
    last = rank - 1
    return concat([range_(axis), [last], range_(axis + 1, last), [axis]], 0)
