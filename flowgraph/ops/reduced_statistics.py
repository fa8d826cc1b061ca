"""What is built from reductions: log-sum-exp, variance and standard deviation, counts."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.errors import DTypeError
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import constant_node, to_tensor
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import _older, reduce_max, reduce_mean, reduce_sum


def reduce_logsumexp(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
                     keep_dims=None):
    """Computes log(sum(exp(x))) over axes, without overflow on the way.

    Args:
        input_tensor: floating tensor.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the last node, and of the scope of the others.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_logsumexp([1000.0, 0.0]))
        np.float32(1000.0)
    """
    axis, keepdims = _older(axis, keepdims, reduction_indices, keep_dims)
    x = _tensor(input_tensor)
    with name_scope(name, "ReduceLogSumExp", [x]) as scope:
        largest = reduce_max(x, axis=axis, keepdims=True)
        # an infinite shift would make inf - inf of the infinite elements
        finite = op_def("IsFinite").build(largest)
        shift = op_def("StopGradient").build(
            op_def("Select").build(finite, largest, op_def("ZerosLike").build(largest)))
        total = reduce_sum(op_def("Exp").build(op_def("Sub").build(x, shift)), axis=axis,
                           keepdims=keepdims)
        result = op_def("Log").build(total)
        if not keepdims:
            shift = op_def("Reshape").build(shift, op_def("Shape").build(result))
        return op_def("Add").build(result, shift, name=scope)


def reduce_variance(input_tensor, axis=None, keepdims=False, name=None):
    """Computes the variance over axes: the mean squared distance from the mean.

    Args:
        input_tensor: floating or complex tensor.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the scope of the nodes; default "reduce_variance".

    Returns:
        The reduced tensor, of the same dtype (of complex numbers: their real dtype).

    Raises:
        TypeError: the input is of integers.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.reduce_variance([1.0, 3.0]))
        np.float32(1.0)
    """
    with name_scope(name, "reduce_variance", [input_tensor]):
        x = _tensor(input_tensor)
        if not (x.dtype.base_dtype.is_floating or x.dtype.base_dtype.is_complex):
            raise DTypeError(located("tf.math.reduce_variance needs a floating or complex tensor, "
                                     f"got {x.name!r} ({x.op.frame}) of {x.dtype.base_dtype.name}; "
                                     "write tf.cast(..., tf.float32)", section="dtype-error"))
        distance = x - reduce_mean(x, axis=axis, keepdims=True)
        if x.spec.dtype.is_complex:
            squared = op_def("Real").build(distance * op_def("Conj").build(distance),
                                           Tout=x.spec.dtype.real_dtype)
        else:
            squared = op_def("Square").build(distance)
        return reduce_mean(squared, axis=axis, keepdims=keepdims)


def reduce_std(input_tensor, axis=None, keepdims=False, name=None):
    """Computes the standard deviation over axes: the square root of the variance.

    Args:
        input_tensor: floating or complex tensor.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the scope of the nodes; default "reduce_std".

    Returns:
        The reduced tensor, of the same dtype (of complex numbers: their real dtype).

    Raises:
        TypeError: the input is of integers.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.reduce_std([1.0, 3.0]))
        np.float32(1.0)
    """
    with name_scope(name, "reduce_std", [input_tensor]):
        return op_def("Sqrt").build(reduce_variance(input_tensor, axis=axis, keepdims=keepdims))


def count_nonzero(input_tensor=None, axis=None, keepdims=None, dtype=dt.int64, name=None,
                  reduction_indices=None, keep_dims=None, input=None):
    """Counts over axes the elements that are not 0 (or not "").

    Args:
        input_tensor: tensor of a number dtype, bool or string.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        dtype: dtype of the result.
        name: name of the scope of the nodes.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.
        input: newer name of `input_tensor`.

    Returns:
        The reduced tensor of counts.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.count_nonzero([[0, 5], [7, 8]], axis=0))
        array([1, 2])
    """
    axis, keepdims = _older(axis, keepdims, reduction_indices, keep_dims)
    input_tensor = either("input", input, "input_tensor", input_tensor)
    with name_scope(name, "count_nonzero", [input_tensor]):
        x = to_tensor(get_default_graph(), input_tensor, None, "input")
        zero = constant_node(x.graph, _zero(x.dtype.base_dtype), "zeros")
        differs = cast(op_def("NotEqual").build(x, zero), dt.int64)
        return cast(reduce_sum(differs, axis=axis, keepdims=keepdims), dtype)


def _zero(dtype: dt.DType) -> np.ndarray:
    return np.array(b"", object) if dtype is dt.string else np.zeros((), dtype.numpy)


def _tensor(x) -> Tensor:
    return x if type(x) is Tensor else to_tensor(get_default_graph(), x, None, "input_tensor")
