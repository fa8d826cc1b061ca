"""The same entries at other places: reorder, reshape, transpose, expand_dims, reset_shape."""

from __future__ import annotations

import math
import numbers

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.arithmetic import Maximum, add
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, less_equal
from flowgraph.ops.constant import constant, ones_like, zeros
from flowgraph.ops.constant import range as range_
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import identity, with_dependencies
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import concat
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_all, reduce_max
from flowgraph.ops.reshape import invert_permutation, transpose
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import rank
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.sparse_rows import (
    INT64,
    check_parts,
    linear_places,
    rows_at,
    sorted_order,
    sparse_rule,
    sparse_specs,
)
from flowgraph.ops.sparse_tensor import SparseTensor, as_sparse, sparse_parts, static_shape


class SparseReorder(OpDef):
    """The entries of a sparse tensor, their indices sorted."""

    T = dt.ANY
    dtypes = {"input_indices": INT64, "input_shape": INT64}
    host_inputs = ("input_shape",)
    multiple = True
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, input_indices, input_values, input_shape):
        count, rank = sparse_rule(input_indices, input_values, input_shape)
        return sparse_specs(count, rank, input_values.dtype)[:2]

    def kernel(self, xp, input_indices, input_values, input_shape):
        check_parts(input_indices, input_values, input_shape)
        order = sorted_order(xp, input_indices)
        return xp.take(input_indices, order, axis=0), xp.take(input_values, order)

    def grad(self, op, _, dy):
        indices, _, sizes = op.inputs
        numbered = range_(shape_of(indices)[0])
        order = SparseReorder.build(indices, numbered, sizes)[1]
        return None, gather(dy, invert_permutation(order)), None


def sparse_reorder(sp_input, name=None):
    """Sorts the entries of a sparse tensor by their indices.

    Args:
        sp_input: SparseTensor or SparseTensorValue.
        name: name of the node.

    Returns:
        A SparseTensor with the same entries, in row-major order.

    Raises:
        TypeError: `sp_input` is dense.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sparse_reorder(fg.SparseTensor([[3], [1]], [9, 7], [4])).values)
        array([7, 9], dtype=int32)
    """
    sp_input = as_sparse(sp_input)
    indices, values = SparseReorder.build(*sparse_parts(sp_input), name=name)
    sizes = sp_input.get_shape()
    return SparseTensor(indices, values, sizes.as_list() if sizes.is_fully_defined()
                        else identity(sp_input.dense_shape))


class SparseReshape(OpDef):
    """The indices that the entries of a sparse tensor have in a tensor of another shape."""

    dtypes = {"input_indices": INT64, "input_shape": INT64, "new_shape": INT64}
    host_inputs = ("input_shape", "new_shape")
    multiple = True
    grad = NotDifferentiable

    def infer(self, input_indices, input_shape, new_shape):
        count, _ = sparse_rule(input_indices, Spec(dt.int64, (None,)), input_shape)
        shape_rules.require_rank(new_shape, 1, "a new_shape")
        if is_known(input_shape.value) and is_known(new_shape.value):
            _full_shape(input_shape.value, new_shape.value, ShapeError)
        rank = None if new_shape.shape is None else new_shape.shape[0]
        return Spec(dt.int64, (count, rank)), Spec(dt.int64, (rank,))

    def kernel(self, xp, input_indices, input_shape, new_shape):
        sizes = _full_shape(input_shape, new_shape, lambda problem, advice: InvalidArgumentError(
            None, None, f"the sparse tensor {problem}; {advice}"))
        places = linear_places(xp, input_indices, input_shape)
        return rows_at(xp, places, sizes), xp.array(sizes, dtype="int64")

    def known(self, input_indices, input_shape, new_shape):
        new = new_shape.value
        if not is_known(new) or (-1 in new and not is_known(input_shape.value)):
            return None if new is None else (None, tuple(n if n != -1 else None for n in new))
        try:
            return None, (new if -1 not in new
                          else _full_shape(input_shape.value, new, ShapeError))
        except ShapeError:
            return None  # the op itself reports it


def _full_shape(sizes, new, error):
    """`new` with the size that is -1 filled in."""
    count, asked = math.prod(sizes), math.prod(n for n in new if n != -1)
    advice = f"a tensor of shape {list(sizes)} has {count} elements."
    if new.count(-1) > 1 or any(n < -1 for n in new):
        raise error(f"cannot be reshaped to {list(new)}", "At most one size can be -1, to be "
                    "inferred; the others must not be negative.")
    if count >= 2**63:
        raise error(f"cannot be reshaped to {list(new)}", f"{advice[:-1]}: too many to number.")
    if -1 in new and (asked == 0 or count % asked):
        raise error(f"cannot be reshaped to {list(new)}", advice)
    full = tuple(count // asked if n == -1 else n for n in new)
    if math.prod(full) != count:
        raise error(f"cannot be reshaped to {list(new)}", advice)
    return full


def sparse_reshape(sp_input, shape, name=None):
    """Reshapes a sparse tensor: its entries keep their row-major order.

    Args:
        sp_input: SparseTensor or SparseTensorValue.
        shape: the new shape, a 1-D integer tensor; one size may be -1, to be inferred.
        name: name of the node.

    Returns:
        A SparseTensor with the same values.

    Raises:
        ValueError: the new shape has another number of elements.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 1], [1, 2]], [7, 8], [2, 3])
        >>> fg.Session().run(fg.sparse_reshape(sparse, [3, -1]).indices)
        array([[0, 1],
               [2, 1]])
    """
    sp_input = as_sparse(sp_input)
    shape = cast(shape, dt.int64)
    with name_scope(name, "SparseReshape", [sp_input.indices]) as scope:
        indices, dense_shape = SparseReshape.build(sp_input.indices, sp_input.dense_shape, shape,
                                                   name=scope)
        sizes = known_value(dense_shape)
        if is_known(sizes) and sp_input.get_shape().is_fully_defined():
            dense_shape = constant(list(sizes), dt.int64)
        return SparseTensor(indices, identity(sp_input.values), dense_shape)


def sparse_transpose(sp_input, perm=None, name=None):
    """Permutes the dimensions of a sparse tensor.

    Args:
        sp_input: SparseTensor.
        perm: a permutation: dimension i of the result is dimension `perm[i]` of the input; default
            the reverse order.
        name: name scope of the new nodes.

    Returns:
        A SparseTensor, its indices sorted.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 2], [1, 0]], [7, 8], [2, 3])
        >>> fg.Session().run(fg.sparse_transpose(sparse).indices)
        array([[0, 1],
               [2, 0]])
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseTranspose", [sp_input.indices]):
        if perm is None:
            length = rank(sp_input)
            perm = (length - 1) - range_(0, length, 1)
        indices = transpose(gather(transpose(sp_input.indices), perm))
        order, sizes = known_value(convert_to_tensor(perm)), sp_input.get_shape()
        if is_known(order) and sizes.is_fully_defined() and sorted(order) == list(
                range(len(sizes))):
            dense_shape = [sizes.as_list()[p] for p in order]
        else:
            dense_shape = gather(sp_input.dense_shape, perm)
        return sparse_reorder(SparseTensor(indices, sp_input.values, dense_shape))


def sparse_expand_dims(sp_input, axis=None, name=None):
    """Inserts a dimension of size 1 into a sparse tensor.

    Args:
        sp_input: SparseTensor.
        axis: where the new dimension goes, in [-rank - 1, rank]; default the last.
        name: name scope of the new nodes.

    Returns:
        A SparseTensor with the same values.

    Raises:
        TypeError: `axis` is neither an int nor a tensor.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0], [2]], [7, 8], [3])
        >>> fg.Session().run(fg.sparse.expand_dims(sparse, 0).dense_shape)
        array([1, 3])
    """
    sp_input = as_sparse(sp_input)
    axis = -1 if axis is None else axis
    with name_scope(name, "expand_dims", [sp_input.indices]):
        if isinstance(axis, numbers.Integral):
            axis = convert_to_tensor(int(axis), dt.int32, "axis")
        elif not isinstance(axis, Tensor):
            raise DTypeError(located("axis must be an integer in [-rank - 1, rank], got "
                                     f"{axis!r:.80}", section="dtype-error"))
        length = sp_input.dense_shape.spec.size
        if length is None:
            length = cast(rank(sp_input), axis.dtype)
        axis = where_v2(axis >= 0, axis, axis + length + 1)
        new = zeros([shape_of(sp_input.indices)[0], 1], dt.int64)
        indices = concat([slice_(sp_input.indices, [0, 0], [-1, axis]), new,
                          slice_(sp_input.indices, [0, axis], [-1, -1])], axis=1)
        dense_shape = concat([slice_(sp_input.dense_shape, [0], [axis]),
                              convert_to_tensor([1], dt.int64, "new_shape"),
                              slice_(sp_input.dense_shape, [axis], [-1])], axis=0)
        return SparseTensor(indices, sp_input.values, dense_shape)


def sparse_reset_shape(sp_input, new_shape=None):
    """Gives a sparse tensor a larger shape, or the smallest that holds its entries.

    Args:
        sp_input: SparseTensor or SparseTensorValue.
        new_shape: the shape, of the same rank and no size smaller; default the smallest one.

    Returns:
        A SparseTensor with the same entries.

    Raises:
        ValueError: `new_shape` has another rank or a smaller size.
        InvalidArgumentError: the same, found at run.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 1], [1, 0]], [7, 8], [5, 5])
        >>> fg.Session().run(fg.sparse_reset_shape(sparse).dense_shape)
        array([2, 2])
    """
    sp_input = as_sparse(sp_input)
    indices, values, sizes = (identity(part) for part in sparse_parts(sp_input))
    if new_shape is None:
        largest = reduce_max(indices, axis=0)
        bound = Maximum.build(constant(0, dt.int64), add(largest, ones_like(sizes)))
        return SparseTensor(indices, values, bound)
    new = convert_to_tensor(new_shape)
    if not shapes.compatible(new.spec.shape, (sizes.spec.size,)):
        raise ShapeError(located("new_shape must be a vector with one size per dimension, got "
                                 f"{new.spec.shape}", section="shape-error"))
    new = cast(new, dt.int64)
    wanted, old = known_value(new), static_shape(sp_input.dense_shape)
    if is_known(wanted) and is_known(old):
        if any(n < m for n, m in zip(wanted, old, strict=True)):
            raise ShapeError(located(f"new_shape {list(wanted)} is smaller than the shape "
                                     f"{list(old)}",
                                     "No size may shrink.", "shape-error"))
        return SparseTensor(indices, values, list(wanted))
    ranks = assert_true(reduce_all(equal(shape_of(sizes), shape_of(new))),
                        ["new_shape has another rank:", new, sizes])
    new = with_dependencies([ranks], new)
    grows = assert_true(reduce_all(less_equal(sizes, new)), ["new_shape is smaller:", new, sizes])
    return SparseTensor(indices, values, with_dependencies([grows], new))
