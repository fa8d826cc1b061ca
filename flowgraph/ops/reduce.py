"""Reductions: sums, means, products, extremes over some axes or over all.

The axes are an input of the op, so they may be computed in the graph; most often they are a
constant and the static shape follows. The gradient of each puts `dy` back on the axes that went
away (`_spread`). A reduction over nothing gives the neutral element: 0, 1, -inf, inf, True, False.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import renamed_argument
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import constant_node, to_tensor
from flowgraph.opdef.families import Reduction
from flowgraph.opdef.opdef import NotDifferentiable, is_known, op_def
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.cumulative import Cumprod
from flowgraph.ops.short_runs import eased


class Sum(Reduction):
    """The sum over axes, in the input's dtype."""

    def kernel(self, xp, input, reduction_indices, *, keep_dims=False, out=None):
        return input.sum(axis=reduction_indices, dtype=input.dtype, keepdims=keep_dims, out=out)

    def grad(self, op, dy):
        return _spread(op, dy), None


class Mean(Reduction):
    """The mean over axes; for integers rounded towards zero."""

    def kernel(self, xp, input, reduction_indices, *, keep_dims=False, out=None):
        if input.size and input.dtype.char in "fd":  # what `mean` does, in a third of its time
            total = eased("sum", input, reduction_indices).sum(axis=reduction_indices,
                                                               keepdims=keep_dims, out=out)
            total /= input.size // total.size
            return total
        if input.size and input.dtype.kind in "fc":
            return xp.mean(input, axis=reduction_indices, keepdims=keep_dims, out=out)
        wide = input.dtype if input.dtype.kind in "fc" else xp.int64  # small integers would wrap
        total = xp.sum(input, axis=reduction_indices, dtype=wide, keepdims=keep_dims)
        count = _count(input.shape, reduction_indices)
        if input.dtype.kind in "fc":
            return total / input.dtype.type(count)  # of nothing: NaN
        return (xp.sign(total) * (abs(total) // max(count, 1))).astype(input.dtype)

    def grad(self, op, dy):
        x, y = op.inputs[0], op.outputs[0]
        size = op_def("Size")
        if x.spec.size is not None and y.spec.size is not None:
            count = to_tensor(dy.graph, float(x.spec.size // max(y.spec.size, 1)), dy.spec.dtype,
                              "count")
        else:
            count = op_def("FloorDiv").build(
                size.build(x), op_def("Maximum").build(size.build(y), 1), name="count")
            count = cast(count, dy.spec.dtype)
        return _spread(op, dy / count), None


def _count(shape, axes) -> int:
    """How many elements go into one result."""
    count = 1
    for axis in axes if isinstance(axes, tuple) else (axes,):
        count *= shape[axis]
    return count


class Prod(Reduction):
    """The product over axes, in the input's dtype."""

    def kernel(self, xp, input, reduction_indices, *, keep_dims=False, out=None):
        return input.prod(axis=reduction_indices, dtype=input.dtype, keepdims=keep_dims, out=out)

    def grad(self, op, dy):
        x, axes = op.inputs
        # The derivative by x[i] is the product of all the others: of those before it and of those
        # after it, so that a zero among them does no harm. For that the reduced axes become one.
        moved, order, moved_shape = _reduced_axes_first(x, axes)
        before = Cumprod.build(moved, 0, exclusive=True)
        after = Cumprod.build(moved, 0, exclusive=True, reverse=True)
        others = op_def("Reshape").build(conj(before) * conj(after), moved_shape)
        back = op_def("InvertPermutation").build(order)
        return _spread(op, dy) * op_def("Transpose").build(others, back), None


def _reduced_axes_first(x: Tensor, axes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(x as a [reduced, kept] matrix, the order of its axes, its shape before it became one)."""
    graph = x.graph
    value = known_value(axes)
    if x.spec.shape is not None and is_known(value):
        gone = shape_rules.axes(value, len(x.spec.shape))
        kept = [i for i in range(len(x.spec.shape)) if i not in gone]
        order = constant_node(graph, np.array([*gone, *kept], np.int32), "order")
        count = to_tensor(graph, len(gone), dt.int32, "count")
    else:
        rank = op_def("Rank").build(x)
        every = op_def("Range").build(0, rank, 1)
        flat = op_def("Reshape").build(cast(axes, dt.int32), [-1])
        gone = op_def("FloorMod").build(flat + rank, rank)
        kept = op_def("Reshape").build(_without(every, gone), [-1])
        order = op_def("ConcatV2").build([gone, kept], 0)
        count = op_def("Size").build(gone)
    moved = op_def("Transpose").build(x, order)
    moved_shape = op_def("Shape").build(moved)
    rows = op_def("Prod").build(moved_shape[:count], 0)
    columns = op_def("Prod").build(moved_shape[count:], 0)
    matrix = op_def("Reshape").build(moved, op_def("Pack").build([rows, columns]))
    return matrix, order, moved_shape


class Max(Reduction):
    """The largest element over axes; NaN if one is among them."""

    T = dt.REAL

    def kernel(self, xp, input, reduction_indices, *, keep_dims=False, out=None):
        if input.size == 0:
            return _of_nothing(xp, input, reduction_indices, keep_dims, largest=False)
        return eased("max", input, reduction_indices).max(axis=reduction_indices,
                                                         keepdims=keep_dims, out=out)

    def grad(self, op, dy):
        return _to_the_extremes(op, dy), None


class Min(Reduction):
    """The smallest element over axes; NaN if one is among them."""

    T = dt.REAL

    def kernel(self, xp, input, reduction_indices, *, keep_dims=False, out=None):
        if input.size == 0:
            return _of_nothing(xp, input, reduction_indices, keep_dims, largest=True)
        return eased("min", input, reduction_indices).min(axis=reduction_indices,
                                                         keepdims=keep_dims, out=out)

    def grad(self, op, dy):
        return _to_the_extremes(op, dy), None


def _of_nothing(xp, input, axes, keep_dims, largest: bool):
    """What no element leaves of a maximum or minimum: infinity, or the dtype's limit."""
    shape = shape_rules.reduced(input.shape, axes, keep_dims)
    if input.dtype.kind == "f":
        return xp.full(shape, math.inf if largest else -math.inf, input.dtype)
    dtype = dt.of_numpy(input.dtype)
    return xp.full(shape, dtype.max if largest else dtype.min, input.dtype)


class All(Reduction):
    """Whether all elements over axes are true."""

    T = dt.BOOL
    function = "all"
    grad = NotDifferentiable


class Any(Reduction):
    """Whether any element over axes is true."""

    T = dt.BOOL
    function = "any"
    grad = NotDifferentiable


class EuclideanNorm(Reduction):
    """The square root of the sum of squares over axes."""

    def kernel(self, xp, input, reduction_indices, *, keep_dims=False):
        squares = input * input.conj()
        total = xp.sum(squares, axis=reduction_indices, dtype=input.dtype, keepdims=keep_dims)
        return xp.sqrt(total).astype(input.dtype)

    def grad(self, op, dy):
        return _spread(op, dy / op.outputs[0]) * op.inputs[0], None


# ---- gradients: putting dy back on the axes that went away ---------------------------------------


def _spread(op, dy: Tensor) -> Tensor:
    """`dy` of a reduction's output, repeated over the reduced axes."""
    x = op.inputs[0]
    if x.spec.shape == op.outputs[0].spec.shape == ():
        return dy
    return op_def("BroadcastTo").build(_kept(op, dy), _shape(x))


def _kept(op, y: Tensor) -> Tensor:
    """`y`, of the shape of a reduction's output, with the reduced axes put back as size 1."""
    x, axes = op.inputs
    if op.attrs["keep_dims"] or y.spec.shape == ():
        return y
    value = known_value(axes)
    if x.spec.shape is not None and is_known(value):
        for axis in sorted(set(shape_rules.axes(value, len(x.spec.shape)))):
            y = op_def("ExpandDims").build(y, axis)
        return y
    every = op_def("Range").build(0, op_def("Rank").build(x), 1)
    gone = op_def("FloorMod").build(
        op_def("Reshape").build(cast(axes, dt.int32), [-1]) + op_def("Rank").build(x),
        op_def("Rank").build(x))
    shape = op_def("Shape").build(x)
    kept_shape = op_def("Select").build(_among(every, gone), op_def("OnesLike").build(shape), shape)
    return op_def("Reshape").build(y, kept_shape)


def _among(every: Tensor, gone: Tensor) -> Tensor:
    """For each entry of the vector `every`, whether it is in the vector `gone`."""
    equal = op_def("Equal").build(op_def("ExpandDims").build(every, 1),
                                  op_def("ExpandDims").build(gone, 0))
    return Any.build(equal, 1)


def _without(every: Tensor, gone: Tensor) -> Tensor:
    """The entries of the vector `every` that are not in the vector `gone`."""
    left = op_def("Where").build(op_def("LogicalNot").build(_among(every, gone)))
    return cast(left, every.spec.dtype)


def _shape(x: Tensor):
    if x.spec.is_static:
        return np.array(x.spec.shape, np.int32)
    return op_def("Shape").build(x)


def _to_the_extremes(op, dy: Tensor) -> Tensor:
    """dy shared equally among the elements that reach the maximum or minimum."""
    x, axes = op.inputs
    chosen = cast(op_def("Equal").build(_kept(op, op.outputs[0]), x), dy.spec.dtype)
    count = Sum.build(chosen, axes, keep_dims=True)
    return chosen / count * _kept(op, dy)


# ---- public functions ----------------------------------------------------------------------------


def _reduce(op, input_tensor, axis, keepdims, name, reduction_indices=None, keep_dims=None):
    """Builds a reduction; `reduction_indices` and `keep_dims` are older names of two arguments."""
    axis, keepdims = _older(axis, keepdims, reduction_indices, keep_dims)
    if axis is not None:
        return op.build(input_tensor, axis, name=name, keep_dims=keepdims)
    if type(input_tensor) is not Tensor:
        input_tensor = to_tensor(get_default_graph(), input_tensor, None,
                                 f"{name or op.__name__}/input")
    shape = input_tensor.spec.shape
    if shape is not None:
        axes = constant_node(input_tensor.graph, np.arange(len(shape), dtype=np.int32), "Const")
        return op.build(input_tensor, axes, name=name, keep_dims=keepdims)
    axes = op_def("Range").build(0, op_def("Rank").build(input_tensor), 1, name="range")
    result = op.build(input_tensor, axes, name=name, keep_dims=keepdims)
    if not keepdims:
        result.set_shape(())
    return result


def _older(axis, keepdims, reduction_indices, keep_dims):
    if reduction_indices is not None:
        axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
    if keep_dims is not None:
        keepdims = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
    return axis, bool(keepdims)


def reduce_sum(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
               keep_dims=None):
    """Sums over axes.

    Args:
        input_tensor: tensor of a number dtype.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the node.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_sum([[1, 2], [3, 4]], axis=0))
        array([4, 6], dtype=int32)
    """
    return _reduce(Sum, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_mean(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
                keep_dims=None):
    """Computes the mean over axes; of integers it is rounded towards zero.

    Args:
        input_tensor: tensor of a number dtype.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the node.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_mean([[1.0, 2.0], [3.0, 4.0]]))
        np.float32(2.5)
    """
    return _reduce(Mean, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_prod(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
                keep_dims=None):
    """Multiplies over axes.

    Args:
        input_tensor: tensor of a number dtype.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the node.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_prod([[1, 2], [3, 4]], axis=1))
        array([ 2, 12], dtype=int32)
    """
    return _reduce(Prod, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_max(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
               keep_dims=None):
    """Finds the largest element over axes. Equal ones share the gradient.

    Args:
        input_tensor: tensor of a real number dtype.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the node.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_max([[1, 5], [3, 4]], axis=1))
        array([5, 4], dtype=int32)
    """
    return _reduce(Max, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_min(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
               keep_dims=None):
    """Finds the smallest element over axes. Equal ones share the gradient.

    Args:
        input_tensor: tensor of a real number dtype.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the node.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_min([[1, 5], [3, 4]], axis=1))
        array([1, 3], dtype=int32)
    """
    return _reduce(Min, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_all(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
               keep_dims=None):
    """Tells whether all elements over axes are true.

    Args:
        input_tensor: bool tensor.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the node.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_all([[True, False], [True, True]], axis=1))
        array([False,  True])
    """
    return _reduce(All, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_any(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None,
               keep_dims=None):
    """Tells whether any element over axes is true.

    Args:
        input_tensor: bool tensor.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the node.
        reduction_indices: older name of `axis`.
        keep_dims: older name of `keepdims`.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reduce_any([[True, False], [False, False]], axis=1))
        array([ True, False])
    """
    return _reduce(Any, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_euclidean_norm(input_tensor, axis=None, keepdims=False, name=None):
    """Computes the Euclidean norm over axes: the square root of the sum of squares.

    Args:
        input_tensor: tensor of a number dtype.
        axis: int, list of ints or integer tensor in [-rank, rank); None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        name: name of the node.

    Returns:
        The reduced tensor, of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.reduce_euclidean_norm([3.0, 4.0]))
        np.float32(5.0)
    """
    return _reduce(EuclideanNorm, input_tensor, axis, keepdims, name)
