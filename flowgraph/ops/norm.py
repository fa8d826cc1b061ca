"""Norms of vectors and matrices, scaling to norm 1, and the cross product."""

from __future__ import annotations

import math
from numbers import Real

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.arithmetic import pow as power
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.counting import setdiff1d
from flowgraph.ops.decomposition import svd
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.reshape import expand_dims, invert_permutation, squeeze, transpose
from flowgraph.ops.unary import abs as absolute
from flowgraph.ops.unary import sqrt


def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None, keep_dims=None):
    """Computes a norm of the vectors or matrices along axes, or of the tensor as one vector.

    Args:
        tensor: floating or complex tensor.
        ord: for vectors "euclidean" (or 2), 1, infinity, or any number p > 0 for the p-norm. For
            matrices "euclidean" (or "fro"), 1 and infinity (the largest column and row sum), or 2
            (the largest singular value).
        axis: int, the axis of the vectors; a pair of ints, the axes of the matrices' rows and
            columns; default: all axes make one vector.
        keepdims: whether the axes stay, with size 1.
        name: name of the scope of the nodes.
        keep_dims: older name of `keepdims`.

    Returns:
        A tensor of the same dtype, without the axes.

    Raises:
        ValueError: there is no such norm, or `axis` is neither None, an int nor two different ints.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.norm([3.0, 4.0])))
        5.0
    """
    keepdims = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
    matrices = isinstance(axis, (tuple, list)) and len(axis) == 2
    _check_norm(ord, axis, matrices)
    with name_scope(name, "norm", [tensor]):
        tensor = convert_to_tensor(tensor)
        if matrices:
            axis = tuple(axis)
            result = _matrix_norm(tensor, ord, axis)
        else:
            axis = None if axis is None else (axis,)
            result = _vector_norm(tensor, ord, axis)
        return result if keepdims else squeeze(result, axis)


def _check_norm(ord, axis, matrices):
    if matrices:
        if not all(isinstance(a, int) for a in axis) or axis[0] == axis[1]:
            raise ValueError(located("'axis' must be None, an integer, or a tuple of 2 unique "
                                     f"integers, got {axis}"))
        if ord not in ("euclidean", "fro", 1, 2, math.inf):
            raise ValueError(located("'ord' must be a supported matrix norm: 'euclidean', 'fro', "
                                     f"1, 2 or inf, got {ord!r}"))
        return
    if axis is not None and not isinstance(axis, int):
        raise ValueError(located("'axis' must be None, an integer, or a tuple of 2 unique "
                                 f"integers, got {axis}"))
    if ord != "euclidean" and (not isinstance(ord, Real) or ord <= 0):
        raise ValueError(located("'ord' must be a supported vector norm: 'euclidean', 1, 2, inf or "
                                 f"a positive number, got {ord!r}"))


def _euclidean(tensor, axis):
    return sqrt(reduce_sum(tensor * conj(tensor), axis, keepdims=True))


def _vector_norm(tensor, ord, axis):
    if ord in ("euclidean", 2):
        return _euclidean(tensor, axis)
    sizes = absolute(tensor)
    axis = None if axis is None else axis[0]
    if ord == 1:
        return reduce_sum(sizes, axis, keepdims=True)
    if ord == math.inf:
        return reduce_max(sizes, axis, keepdims=True)
    return power(reduce_sum(power(sizes, ord), axis, keepdims=True), 1.0 / ord)


def _matrix_norm(tensor, ord, axis):
    if ord in ("euclidean", "fro"):
        return _euclidean(tensor, axis)
    if ord == 2:
        return _largest_singular_value(tensor, axis)
    sizes = absolute(tensor)
    if ord == 1:
        return reduce_max(reduce_sum(sizes, axis[0], keepdims=True), axis[1], keepdims=True)
    return reduce_max(reduce_sum(sizes, axis[1], keepdims=True), axis[0], keepdims=True)


def _largest_singular_value(tensor, axis):
    rank = tensor.spec.rank
    if rank is not None:
        pair = shape_rules.axes(axis, rank)
        order = [i for i in range(rank) if i not in pair] + list(pair)
        back = [order.index(i) for i in range(rank)]
    else:
        count = op_def("Rank").build(tensor)
        pair = op_def("FloorMod").build(axis + count, count)
        others, _ = setdiff1d(op_def("Range").build(0, count, 1), pair)
        order = concat([others, pair], 0)
        back = invert_permutation(order)
    singular = svd(transpose(tensor, order), compute_uv=False)
    largest = expand_dims(reduce_max(absolute(singular), axis=-1, keepdims=True), -1)
    return transpose(largest, back)


def normalize(tensor, ord="euclidean", axis=None, name=None):
    """Divides vectors or matrices by their norm.

    Args:
        tensor: floating or complex tensor.
        ord: which norm, as for `tf.norm`.
        axis: int or pair of ints as for `tf.norm`; default: all axes make one vector.
        name: name of the scope of the nodes.

    Returns:
        The pair (tensor of norm 1 and of the same shape, the norm with the axes kept as size 1).

    Raises:
        ValueError: there is no such norm.

    Example:
        >>> import flowgraph as fg
        >>> unit, length = fg.linalg.normalize([3.0, 4.0])
        >>> fg.Session().run([unit, length])
        [array([0.6, 0.8], dtype=float32), array([5.], dtype=float32)]
    """
    with name_scope(name, "normalize", [tensor]):
        tensor = convert_to_tensor(tensor)
        length = cast(norm(tensor, ord, axis, keepdims=True), tensor.dtype.base_dtype)
        return tensor / length, length


# ---- cross product -------------------------------------------------------------------------------


class Cross(OpDef):
    """The cross product of the 3-vectors along the last axis."""

    T = dt.REAL

    def infer(self, a, b):
        merged = shape_rules.merge("tensors", a, b)
        if merged is not None:
            shape_rules.require_rank_at_least(Spec(a.dtype, merged), 1, "vectors")
            if merged[-1] not in (None, 3):
                raise ShapeError(f"cannot multiply vectors of {shape_text(merged)}",
                                 "The last size must be 3.")
        return Spec(a.dtype, merged)

    def kernel(self, xp, a, b):
        return xp.stack([a[..., i - 2] * b[..., i - 1] - a[..., i - 1] * b[..., i - 2]
                         for i in range(3)], axis=-1)

    def grad(self, op, dy):
        a, b = op.inputs
        return cross(b, dy), cross(dy, a)


def cross(a, b, name=None):
    """Computes the cross product of the 3-vectors along the last axis.

    Args:
        a: tensor of a real number dtype, whose last axis has size 3.
        b: tensor of the same shape and dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype: vectors at right angles to those of a and b.

    Raises:
        ValueError: the shapes differ, or the last size is not 3.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.cross([1, 0, 0], [0, 1, 0]))
        array([0, 0, 1], dtype=int32)
    """
    return Cross.build(a, b, name=name)
