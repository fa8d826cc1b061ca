"""Products over any axes, by way of one matrix product: tf.tensordot, tf.linalg.matvec."""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import op_def
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reshape import expand_dims, reshape, squeeze, transpose
from flowgraph.ops.shape import rank, shape


def tensordot(a, b, axes, name=None):
    """Multiplies two tensors and sums over pairs of axes.

    Args:
        a: tensor of a number dtype.
        b: tensor of the same dtype.
        axes: N for the last N axes of `a` with the first N of `b`; or [axes of a, axes of b].
        name: name scope of the nodes.

    Returns:
        A tensor with the other axes of `a`, then the other axes of `b`.

    Raises:
        ValueError: the sizes of a pair of axes differ, or there are not as many on both sides.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tensordot([[1, 2], [3, 4]], [[1, 0], [0, 1]], [[0, 1], [0, 1]]))
        np.int32(5)
    """
    with name_scope(name, "Tensordot", [a, b, axes]) as scope:
        dtype = next((x.dtype.base_dtype for x in (b, a) if is_tensor_like(x)), None)
        a = convert_to_tensor(a, None if is_tensor_like(a) else dtype, name="a")
        b = convert_to_tensor(b, None if is_tensor_like(b) else a.dtype.base_dtype, name="b")
        a_axes, b_axes = _axes(a, axes)
        left, a_free, a_sizes = _matrix(a, a_axes, last=True)
        right, b_free, b_sizes = _matrix(b, b_axes, last=False)
        product = matmul(left, right)
        if isinstance(a_free, list) and isinstance(b_free, list):
            return reshape(product, np.array(a_free + b_free, np.int32), name=scope)
        result = reshape(product, concat([_vector(a_free), _vector(b_free)], 0), name=scope)
        if a_sizes is not None and b_sizes is not None:
            result.set_shape([*a_sizes, *b_sizes])
        return result


def _axes(a, axes):
    """The axes of a and of b: ints or lists of ints, or 1-D tensors."""
    if isinstance(axes, (int, np.integer)):
        if axes < 0:
            raise ValueError(located(f"tensordot needs axes >= 0, got {axes}"))
        sizes = a.spec.shape
        if sizes is None:
            count = rank(a)
            return op_def("Range").build(count - int(axes), count, 1), list(range(axes))
        if axes > len(sizes):
            raise ValueError(located(f"tensordot over {axes} axes needs a tensor of rank {axes} or "
                                     f"more, got {shape_text(sizes)}"))
        return list(range(len(sizes) - axes, len(sizes))), list(range(axes))
    if is_tensor_like(axes):
        axes = convert_to_tensor(axes)
        known = known_value(axes)
        if known is None:
            return axes[0], axes[1]
        axes = known
    if len(axes) != 2:
        raise ValueError(located(f"tensordot needs axes for both tensors, got {axes!r}"))
    first, second = (_listed(part) for part in axes)
    if isinstance(first, list) and isinstance(second, list) and len(first) != len(second):
        raise ValueError(located(f"tensordot needs as many axes of a as of b, got {len(first)} and "
                                 f"{len(second)}"))
    return first, second


def _listed(part):
    """An int, a list of ints or a tensor, as a list of ints where possible."""
    if is_tensor_like(part):
        part = convert_to_tensor(part)
        known = known_value(part)
        if known is None:
            return part
        part = known
    return [int(n) for n in np.atleast_1d(np.asarray(part, int))]


def _matrix(x, axes, last):
    """`x` with the summed axes merged to the last (or first) of two, and its free sizes.

    Returns:
        (matrix, free sizes as a list or a tensor, static free sizes or None).
    """
    sizes = x.spec.shape
    if isinstance(axes, Tensor) or sizes is None:
        return _matrix_at_run(x, axes, last)
    try:
        axes = [shape_rules.axis_index(axis, len(sizes)) for axis in axes]
    except ShapeError as error:
        raise ValueError(located(f"tensordot {error.args[0]} in {shape_text(sizes)}")) from None
    free = [axis for axis in range(len(sizes)) if axis not in axes]
    order = free + axes if last else axes + free
    whole = shape(x) if None in sizes else None
    if order != list(range(len(order))):
        x = transpose(x, np.array(order, np.int32))
    free_sizes, summed_sizes = [sizes[axis] for axis in free], [sizes[axis] for axis in axes]
    unknown = free_sizes.count(None) + summed_sizes.count(None)
    if unknown == 0:
        shapes = [math.prod(free_sizes), math.prod(summed_sizes)]
        matrix = reshape(x, shapes if last else shapes[::-1])
        return matrix, free_sizes, free_sizes
    rows, columns = _gathered(whole, free), _gathered(whole, axes)
    pair = [op_def("Prod").build(rows, 0), op_def("Prod").build(columns, 0)]
    if None not in free_sizes:
        pair[0] = math.prod(free_sizes)
    if None not in summed_sizes:
        pair[1] = math.prod(summed_sizes)
    matrix = reshape(x, op_def("Pack").build(pair if last else pair[::-1]))
    return matrix, (free_sizes if None not in free_sizes else rows), free_sizes


def _matrix_at_run(x, axes, last):
    """The same where only the run knows the axes or the rank."""
    count = rank(x)
    axes = _vector(axes)
    axes = op_def("SelectV2").build(axes < 0, axes + count, axes)
    every = op_def("Range").build(0, count, 1)
    among = op_def("Any").build(op_def("Equal").build(
        expand_dims(every, 1), expand_dims(axes, 0)), 1)
    left = op_def("Where").build(op_def("LogicalNot").build(among))
    free = reshape(op_def("Cast").build(left, DstT=dt.int32), [-1])
    whole = shape(x)
    rows, columns = (op_def("GatherV2").build(whole, part, 0) for part in (free, axes))
    pair = [op_def("Prod").build(rows, 0), op_def("Prod").build(columns, 0)]
    turned = transpose(x, concat([free, axes] if last else [axes, free], 0))
    return reshape(turned, op_def("Pack").build(pair if last else pair[::-1])), rows, None


def _gathered(whole, axes):
    return op_def("GatherV2").build(whole, np.array(axes, np.int32), 0)


def _vector(sizes):
    if isinstance(sizes, Tensor):
        return sizes
    return convert_to_tensor(np.array(sizes, np.int32))


def matvec(a, b, transpose_a=False, adjoint_a=False, a_is_sparse=False, b_is_sparse=False,
           name=None):
    """Multiplies matrices by vectors: a @ b.

    Args:
        a: [..., m, k] tensor of a number dtype.
        b: [..., k] tensor of the same dtype.
        transpose_a: transpose a's matrices first; a is then [..., k, m].
        adjoint_a: conjugate and transpose a's matrices first.
        a_is_sparse: accepted; the product is dense and the same.
        b_is_sparse: accepted; the product is dense and the same.
        name: name scope of the nodes.

    Returns:
        A [..., m] tensor.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.linalg.matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0]))
        array([21., 43.], dtype=float32)
    """
    with name_scope(name, "MatVec", [a, b]):
        dtype = next((x.dtype.base_dtype for x in (a, b) if is_tensor_like(x)), None)
        b = convert_to_tensor(b, None if is_tensor_like(b) else dtype, name="b")
        product = matmul(a, expand_dims(b, -1), transpose_a=transpose_a, adjoint_a=adjoint_a,
                         a_is_sparse=a_is_sparse, b_is_sparse=b_is_sparse)
        return squeeze(product, axis=-1)
