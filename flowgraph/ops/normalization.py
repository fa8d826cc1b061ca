"""Means and variances over axes, and normalising by them."""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add, multiply, squared_difference, subtract
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant, zeros_like
from flowgraph.ops.division import div_no_nan
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import stop_gradient
from flowgraph.ops.reduce import reduce_mean, reduce_prod, reduce_sum
from flowgraph.ops.reshape import squeeze
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import reciprocal, rsqrt, square


def moments(x, axes, shift=None, name=None, keep_dims=None, keepdims=None):
    """Computes the mean and the variance over axes.

    Args:
        x: tensor of a floating dtype; float16 is summed in float32.
        axes: list of ints: the axes to reduce.
        shift: accepted; has no effect.
        name: name of the scope of the nodes.
        keep_dims: older name of `keepdims`.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Two tensors: the mean, and the variance (the mean squared distance from the mean).

    Example:
        >>> import flowgraph as fg
        >>> mean, variance = fg.nn.moments([1.0, 2.0, 3.0, 4.0], [0])
        >>> fg.Session().run([mean, variance])
        [np.float32(2.5), np.float32(1.25)]
    """
    keepdims = bool(either("keepdims", keepdims, "keep_dims", keep_dims))
    with name_scope(name, "moments", [x, axes]):
        x = convert_to_tensor(x, name="x")
        half = x.dtype.base_dtype is dt.float16
        y = cast(x, dt.float32) if half else x
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        variance = reduce_mean(squared_difference(y, stop_gradient(mean)), axes, keepdims=True,
                               name="variance")
        return _finished(mean, variance, axes, keepdims, half)


def weighted_moments(x, axes, frequency_weights, name=None, keep_dims=None, keepdims=None):
    """Computes the weighted mean and variance over axes.

    Args:
        x: tensor of a floating dtype; float16 is summed in float32.
        axes: list of ints: the axes to reduce.
        frequency_weights: tensor of weights >= 0 that broadcasts with `x`.
        name: name of the scope of the nodes.
        keep_dims: older name of `keepdims`.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Two tensors: the mean and the variance; 0 where the weights sum to 0.

    Example:
        >>> import flowgraph as fg
        >>> mean, variance = fg.nn.weighted_moments([1.0, 2.0, 5.0], [0], [1.0, 1.0, 0.0])
        >>> fg.Session().run([mean, variance])
        [np.float32(1.5), np.float32(0.25)]
    """
    keepdims = bool(either("keepdims", keepdims, "keep_dims", keep_dims))
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        half = x.dtype.base_dtype is dt.float16
        x = cast(x, dt.float32) if half else x
        if weights.dtype.base_dtype is not x.dtype.base_dtype:
            weights = cast(weights, x.dtype.base_dtype)
        total = reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        weight = reduce_sum(weights + zeros_like(x), axes, name="sum_of_weights", keepdims=True)
        mean = div_no_nan(total, weight)
        distances = reduce_sum(multiply(weights, squared_difference(x, mean), name="mul"), axes,
                               name="weighted_distsq", keepdims=True)
        return _finished(mean, div_no_nan(distances, weight), axes, keepdims, half)


def _finished(mean, variance, axes, keepdims, half):
    if not keepdims:
        mean, variance = squeeze(mean, axes), squeeze(variance, axes)
    if half:
        return cast(mean, dt.float16), cast(variance, dt.float16)
    return mean, variance


def sufficient_statistics(x, axes, shift=None, keep_dims=None, name=None, keepdims=None):
    """Computes the counts and sums from which `normalize_moments` makes mean and variance.

    Args:
        x: tensor of a floating dtype.
        axes: list of ints: the axes to reduce.
        shift: value close to the mean, subtracted first so that little precision is lost; or None.
        keep_dims: older name of `keepdims`.
        name: name of the scope of the nodes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        The number of elements that are summed, their sum, the sum of their squares, and the shift
        (None if there is none).

    Example:
        >>> import flowgraph as fg
        >>> count, total, squares, _ = fg.nn.sufficient_statistics([1.0, 2.0, 3.0], [0])
        >>> fg.Session().run([count, total, squares])
        [np.float32(3.0), np.float32(6.0), np.float32(14.0)]
    """
    keepdims = bool(either("keepdims", keepdims, "keep_dims", keep_dims))
    axes = sorted(set(axes))
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert_to_tensor(x, name="x")
        dtype = x.dtype.base_dtype
        sizes = None if x.spec.shape is None else [x.spec.shape[axis] for axis in axes]
        if sizes is not None and None not in sizes:
            counts = constant(math.prod(sizes), dtype)
        else:
            counts = reduce_prod(gather(cast(shape(x), dtype), [axis % x.spec.rank if axis < 0
                                                                else axis for axis in axes]),
                                 name="count")
        if shift is not None:
            shift = convert_to_tensor(shift, dtype, name="shift")
            distances, squares = subtract(x, shift), squared_difference(x, shift)
        else:
            distances, squares = x, square(x)
        return (counts, reduce_sum(distances, axes, keepdims=keepdims, name="mean_ss"),
                reduce_sum(squares, axes, keepdims=keepdims, name="var_ss"), shift)


def normalize_moments(counts, mean_ss, variance_ss, shift, name=None):
    """Computes mean and variance from `sufficient_statistics`.

    Args:
        counts: number of elements that were summed.
        mean_ss: their sum, after the shift.
        variance_ss: the sum of their squares, after the shift.
        shift: the shift, or None.
        name: name of the scope of the nodes.

    Returns:
        Two tensors: the mean and the variance.

    Example:
        >>> import flowgraph as fg
        >>> mean, variance = fg.nn.normalize_moments(4.0, 10.0, 30.0, None)
        >>> fg.Session().run([mean, variance])
        [np.float32(2.5), np.float32(1.25)]
    """
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = reciprocal(counts, name="divisor")
        if shift is not None:
            shifted = multiply(mean_ss, divisor, name="shifted_mean")
            mean = add(shifted, shift, name="mean")
        else:
            shifted = mean = multiply(mean_ss, divisor, name="mean")
        variance = subtract(multiply(variance_ss, divisor), square(shifted), name="variance")
    return mean, variance


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """Computes `scale * (x - mean) / sqrt(variance + variance_epsilon) + offset`.

    Args:
        x: tensor of a floating dtype.
        mean, variance: tensors that broadcast with `x`.
        offset: tensor that broadcasts with `x`, or None for 0.
        scale: tensor that broadcasts with `x`, or None for 1.
        variance_epsilon: small number that keeps the root from 0.
        name: name of the scope of the nodes.

    Returns:
        A tensor of `x`'s dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.batch_normalization([1.0, 3.0], 2.0, 4.0, None, None, 0.0))
        array([-0.5,  0.5], dtype=float32)
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        x = convert_to_tensor(x, name="x")
        mean = convert_to_tensor(mean, name="mean")
        factor = rsqrt(convert_to_tensor(variance, name="variance") + variance_epsilon)
        if scale is not None:
            factor = factor * scale
        dtype = x.dtype.base_dtype
        scaled = x * cast(factor, dtype)
        rest = -mean * factor if offset is None else offset - mean * factor
        return scaled + cast(rest, dtype)


def batch_norm_with_global_normalization(t=None, m=None, v=None, beta=None, gamma=None,
                                         variance_epsilon=None, scale_after_normalization=None,
                                         name=None, input=None, mean=None, variance=None):
    """An older form of `batch_normalization`.

    Args:
        t: tensor of a floating dtype.
        m, v: mean and variance.
        beta: offset.
        gamma: scale, used if `scale_after_normalization`.
        variance_epsilon: small number that keeps the root from 0.
        scale_after_normalization: whether to multiply by `gamma`.
        name: name of the scope of the nodes.
        input, mean, variance: other names of `t`, `m` and `v`.

    Returns:
        A tensor of `t`'s dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.batch_norm_with_global_normalization(
        ...     [1.0, 3.0], 2.0, 4.0, 1.0, None, 0.0, False))
        array([0.5, 1.5], dtype=float32)
    """
    return batch_normalization(
        either("input", input, "t", t), either("mean", mean, "m", m),
        either("variance", variance, "v", v), beta, gamma if scale_after_normalization else None,
        variance_epsilon, name)
