"""ArgMax and ArgMin: where along an axis the largest and the smallest element stand."""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import may_have
from flowgraph.core.deprecation import deprecated, renamed_argument
from flowgraph.core.spec import Spec
from flowgraph.errors import DTypeError, InvalidArgumentError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_FEW = 20_000  # numbers


class _ArgExtreme(OpDef, abstract=True):
    """The index of the first extreme element along one axis."""

    T = dt.NUMBER + dt.BOOL
    dtypes = {"dimension": "Tidx"}
    Tidx = dt.INDEX
    host_inputs = ("dimension",)

    def infer(self, input: Spec, dimension: Spec, *, output_type=dt.int64):
        if output_type not in (dt.int64, dt.int32):
            raise DTypeError(f"has the output_type {output_type.name}", "It is int64 or int32.")
        shape_rules.require_rank(dimension, 0, "an axis")
        shape, axis = input.shape, dimension.value
        if shape is not None and len(shape) < 2:
            return Spec(output_type, ())  # TensorFlow checks the axis of a vector in the run only
        if shape is None:
            return Spec(output_type, None)
        if axis is None:
            return Spec(output_type, (None,) * (len(shape) - 1))
        return Spec(output_type, shape_rules.reduced(shape, axis, False))


class ArgMax(_ArgExtreme):
    """The index of the first largest element along one axis; NaN is passed over."""

    def kernel(self, xp, input, dimension, *, output_type=dt.int64):
        _check_axis(input, dimension)
        if _may_have_nan(xp, input):
            input = xp.fmax(input, -math.inf)  # NaN is never the largest
        return xp.argmax(input, axis=dimension).astype(output_type.numpy, copy=False)

    grad = NotDifferentiable


class ArgMin(_ArgExtreme):
    """The index of the first smallest element along one axis; NaN is passed over."""

    def kernel(self, xp, input, dimension, *, output_type=dt.int64):
        _check_axis(input, dimension)
        if _may_have_nan(xp, input):
            input = xp.fmin(input, math.inf)
        return xp.argmin(input, axis=dimension).astype(output_type.numpy, copy=False)

    grad = NotDifferentiable


def _may_have_nan(xp, input) -> bool:
    """Whether there is a NaN, or so few numbers that to look for one is as much work as a copy."""
    return input.dtype.kind == "f" and (input.size < _FEW or may_have(xp, xp.isnan(xp.min(input))))


def _check_axis(input, axis: int) -> None:
    if not -input.ndim <= axis < input.ndim:
        raise InvalidArgumentError(None, None, f"Expected dimension in the range [{-input.ndim}, "
                                               f"{input.ndim}), but got {axis}")
    if input.shape[axis] == 0:
        raise InvalidArgumentError(None, None, f"Reduction axis {axis} is empty in shape "
                                               f"{list(input.shape)}")


def argmax(input, axis=None, name=None, dimension=None, output_type=dt.int64):
    """Finds the index of the largest element along an axis; of the first, if several are equal.

    Args:
        input: tensor of rank 1 or more, of a number dtype.
        axis: int or integer scalar in [-rank, rank); default 0.
        name: name of the node.
        dimension: older name of `axis`.
        output_type: tf.int64 or tf.int32.

    Returns:
        A tensor of `output_type`, without that axis.

    Raises:
        ValueError: there is no such axis in a tensor of rank 2 or more.
        InvalidArgumentError: in the run, when the axis has size 0, or a vector has no such axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.argmax([[1.0, 9.0, 3.0]], axis=1))
        array([1])
    """
    return ArgMax.build(input, _axis(axis, dimension), name=name,
                        output_type=dt.as_dtype(output_type))


def argmin(input, axis=None, name=None, dimension=None, output_type=dt.int64):
    """Finds the index of the smallest element along an axis; of the first, if several are equal.

    Args:
        input: tensor of rank 1 or more, of a number dtype.
        axis: int or integer scalar in [-rank, rank); default 0.
        name: name of the node.
        dimension: older name of `axis`.
        output_type: tf.int64 or tf.int32.

    Returns:
        A tensor of `output_type`, without that axis.

    Raises:
        ValueError: there is no such axis in a tensor of rank 2 or more.
        InvalidArgumentError: in the run, when the axis has size 0, or a vector has no such axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.argmin([[1.0, 9.0, 3.0]], axis=1))
        array([0])
    """
    return ArgMin.build(input, _axis(axis, dimension), name=name,
                        output_type=dt.as_dtype(output_type))


def arg_max(input, dimension, output_type=dt.int64, name=None):
    """Finds the index of the largest element along an axis; an older form of `argmax`.

    Args:
        input: tensor of rank 1 or more, of a number dtype.
        dimension: int or integer scalar in [-rank, rank).
        output_type: tf.int64 or tf.int32.
        name: name of the node.

    Returns:
        A tensor of `output_type`, without that axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.arg_max([[1.0, 9.0, 3.0]], 1))
        array([1])
    """
    deprecated("Use `tf.math.argmax` instead.")
    return ArgMax.build(input, dimension, name=name, output_type=dt.as_dtype(output_type))


def arg_min(input, dimension, output_type=dt.int64, name=None):
    """Finds the index of the smallest element along an axis; an older form of `argmin`.

    Args:
        input: tensor of rank 1 or more, of a number dtype.
        dimension: int or integer scalar in [-rank, rank).
        output_type: tf.int64 or tf.int32.
        name: name of the node.

    Returns:
        A tensor of `output_type`, without that axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.arg_min([[1.0, 9.0, 3.0]], 1))
        array([0])
    """
    deprecated("Use `tf.math.argmin` instead.")
    return ArgMin.build(input, dimension, name=name, output_type=dt.as_dtype(output_type))


def _axis(axis, dimension):
    axis = renamed_argument("axis", axis, "dimension", dimension)
    return 0 if axis is None else axis
