"""From sparse tensors to dense ones and back: to_dense, from_dense, eye, indicators, masks."""

from __future__ import annotations

import numbers
from collections.abc import Iterable

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.arithmetic import Minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import not_equal
from flowgraph.ops.constant import constant, fill, ones, zeros
from flowgraph.ops.constant import range as range_
from flowgraph.ops.counting import setdiff1d
from flowgraph.ops.gather import gather, gather_nd
from flowgraph.ops.join import concat, stack
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import shape
from flowgraph.ops.sparse_layout import sparse_reorder
from flowgraph.ops.sparse_rows import check_bounds, check_order, linear_places
from flowgraph.ops.sparse_tensor import SparseTensor, as_sparse, is_sparse, sparse_parts


class SparseToDense(OpDef):
    """A tensor of `output_shape` with `sparse_values` at `sparse_indices`, else the default."""

    T = dt.ANY
    Tindices = dt.INDEX
    dtypes = {"sparse_indices": "Tindices", "output_shape": "Tindices"}
    host_inputs = ("output_shape",)
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, sparse_indices, output_shape, sparse_values, default_value, *,
              validate_indices=True):
        shape_rules.require_rank(default_value, 0, "a default_value")
        indices, values = sparse_indices.shape, sparse_values.shape
        if (indices is not None and len(indices) > 2) or (values is not None and len(values) > 1):
            raise ShapeError(f"needs indices of rank 2 or less and values of rank 1 or less, got "
                             f"{shape_text(indices)} and {shape_text(values)}")
        if indices and values and not shapes.compatible(indices[:1], values):
            raise ShapeError(f"cannot pair indices of {shape_text(indices)} with values of "
                             f"{shape_text(values)}", "There is one row of indices per value.")
        return Spec(sparse_values.dtype, shape_rules.shape_from_value(output_shape))

    def kernel(self, xp, sparse_indices, output_shape, sparse_values, default_value, *,
               validate_indices=True):
        return _scattered(xp, sparse_indices, output_shape, sparse_values, default_value,
                          validate_indices)

    def grad(self, op, dy):
        indices, _, values, _ = op.inputs
        if indices.spec.rank is not None and indices.spec.rank < 2:
            indices = reshape(indices, [-1, 1])
        picked = gather_nd(dy, indices)
        rest = reduce_sum(dy) - reduce_sum(picked)
        return None, None, reduce_sum(picked) if values.spec.rank == 0 else picked, rest


def _scattered(xp, indices, sizes, values, default_value, validate):
    if indices.ndim < 2:
        indices = indices.reshape(-1, 1)
    if indices.ndim != 2 or indices.shape[1] != len(sizes) or (
            values.ndim and values.shape != indices.shape[:1]):
        raise InvalidArgumentError(
            None, None, f"indices of shape {indices.shape} and values of shape {values.shape} "
            f"cannot make a tensor of shape {list(sizes)}")
    indices = indices.astype("int64", copy=False)
    check_bounds(xp, indices, sizes)
    if validate:
        check_order(xp, indices)
    dense = xp.full(sizes, default_value, dtype=values.dtype)
    dense.reshape(-1)[linear_places(xp, indices, sizes)] = values
    return dense


def sparse_to_dense(sparse_indices, output_shape, sparse_values, default_value=0,
                    validate_indices=True, name=None):
    """Makes a dense tensor of values at given places.

    Args:
        sparse_indices: int32 or int64; [N, ndims] tensor of places, [N] for a vector's places, or a
            scalar for one place of a vector.
        output_shape: shape of the result, a vector of the same dtype.
        sparse_values: [N] tensor, or one value for all places.
        default_value: what stands everywhere else.
        validate_indices: whether the places must be sorted, none repeated. If not, the last value
            of a repeated place stays.
        name: name of the node.

    Returns:
        A tensor of shape `output_shape`.

    Raises:
        InvalidArgumentError: a place is out of bounds, out of order or repeated (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sparse_to_dense([[0, 1], [1, 0]], [2, 2], [5, 6]))
        array([[0, 5],
               [6, 0]], dtype=int32)
    """
    deprecated("Create a `tf.sparse.SparseTensor` and use `tf.sparse.to_dense` instead.")
    return SparseToDense.build(sparse_indices, output_shape, sparse_values, default_value,
                               validate_indices=validate_indices, name=name)


def sparse_tensor_to_dense(sp_input, default_value=None, validate_indices=True, name=None):
    """Makes a dense tensor of a sparse one.

    Args:
        sp_input: SparseTensor or SparseTensorValue.
        default_value: what stands where there are no entries; default 0, False or empty text.
        validate_indices: whether the indices must be sorted, none repeated.
        name: name of the node.

    Returns:
        A tensor of the sparse one's dtype and shape.

    Raises:
        TypeError: `sp_input` is dense.
        InvalidArgumentError: an index is out of bounds, out of order or repeated (at run).

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0], [2]], [1.0, 2.0], [4])
        >>> fg.Session().run(fg.sparse_tensor_to_dense(sparse, default_value=-1.0))
        array([ 1., -1.,  2., -1.], dtype=float32)
    """
    indices, values, dense_shape = sparse_parts(as_sparse(sp_input))
    if default_value is None:
        default_value = zeros([], values.dtype.base_dtype)
    return SparseToDense.build(indices, dense_shape, values, default_value,
                               validate_indices=validate_indices, name=name)


def from_dense(tensor, name=None):
    """Makes a sparse tensor of the elements that are not 0.

    Args:
        tensor: dense tensor of a number dtype, bool or string.
        name: name scope of the new nodes.

    Returns:
        A SparseTensor of the same dtype and shape, its indices sorted.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sparse.from_dense([[0, 3], [4, 0]]).indices)
        array([[0, 1],
               [1, 0]])
    """
    with name_scope(name, "dense_to_sparse"):
        tensor = convert_to_tensor(tensor)
        zero = {"s": "", "b": False}.get(tensor.spec.dtype.kind, 0)
        indices = where_v2(not_equal(tensor, constant(zero, tensor.dtype.base_dtype)))
        return SparseTensor(indices, gather_nd(tensor, indices), shape(tensor, out_type=dt.int64))


def sparse_eye(num_rows, num_columns=None, dtype=dt.float32, name=None):
    """Makes a sparse matrix with ones on its diagonal.

    Args:
        num_rows: number of rows, an int or an integer scalar tensor.
        num_columns: number of columns; default `num_rows`.
        dtype: dtype of the ones.
        name: name scope of the new nodes.

    Returns:
        A SparseTensor of shape [num_rows, num_columns].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sparse.to_dense(fg.sparse.eye(2, 3)))
        array([[1., 0., 0.],
               [0., 1., 0.]], dtype=float32)
    """
    with name_scope(name, "eye", [num_rows, num_columns]):
        rows = _int64(num_rows, "num_rows")
        columns = rows if num_columns is None else _int64(num_columns, "num_columns")
        length = Minimum.build(rows, columns)
        diagonal = range_(length, dtype=dt.int64)
        return SparseTensor(stack([diagonal, diagonal], axis=1),
                            ones(reshape(length, [1]), dtype=dtype), [rows, columns])


def _int64(value, name):
    if isinstance(value, numbers.Integral):
        return convert_to_tensor(int(value), dt.int64, name)
    if not isinstance(value, Tensor):
        raise DTypeError(located(f"{name} must be an integer value, got {value!r:.80}",
                                 section="dtype-error"))
    return cast(value, dt.int64)


# ---- ids as places -------------------------------------------------------------------------------


def sparse_merge(sp_ids, sp_values, vocab_size, name=None, already_sorted=False):
    """Makes of ids and values, two sparse tensors, one with the values at the ids.

    An entry of `sp_ids` at [..., j] with value i, and the entry of `sp_values` at the same place
    with value v, become the entry v at [..., i].

    Args:
        sp_ids: integer SparseTensor, or a list of them: the last indices.
        sp_values: SparseTensor with entries at the same places.
        vocab_size: size of the new last dimension, above all ids; a list when `sp_ids` is one.
        name: name scope of the new nodes.
        already_sorted: whether the ids of each row are sorted already.

    Returns:
        A SparseTensor whose last dimensions have the sizes `vocab_size`.

    Raises:
        TypeError: an argument is of another kind.
        ValueError: there are not as many sizes as ids.

    Example:
        >>> import flowgraph as fg
        >>> ids = fg.SparseTensor([[0, 0], [0, 1], [1, 0]], [5, 2, 3], [2, 2])
        >>> values = fg.SparseTensor(ids.indices, [0.5, 0.2, 0.3], [2, 2])
        >>> fg.Session().run(fg.sparse_merge(ids, values, 6).indices)
        array([[0, 2],
               [0, 5],
               [1, 3]])
    """
    deprecated("No similar op available at this time.")
    sizes = vocab_size
    if is_sparse(sp_ids):
        sp_ids, sizes = [sp_ids], [sizes]
    elif not isinstance(sp_ids, Iterable) or isinstance(sp_ids, (Tensor, str)):
        raise _wrong_kind("sp_ids", "a SparseTensor or a list of them", sp_ids)
    if not isinstance(sizes, Iterable) or isinstance(sizes, (Tensor, str)):
        raise _wrong_kind("vocab_size", "a list as long as sp_ids", sizes)
    for size in sizes:
        if not isinstance(size, (Tensor, numbers.Integral)):
            raise _wrong_kind("vocab_size", "an int or an integer tensor", size)
    if len(sp_ids) != len(sizes):
        raise ValueError(located(f"sp_ids and vocab_size have {len(sp_ids)} and {len(sizes)} "
                                 "entries",
                                 "They need as many."))
    with name_scope(name, "SparseMerge", [*sp_ids, sp_values]):
        sp_ids = [as_sparse(ids) for ids in sp_ids]
        sp_values = as_sparse(sp_values)
        columns = [expand_dims(cast(ids.values, dt.int64), axis=1) for ids in sp_ids]
        sizes = [cast(size, dt.int64) for size in sizes]
        indices = concat([sp_ids[0].indices[:, :-1], *columns], 1)
        dense_shape = concat([sp_ids[0].dense_shape[:-1], sizes], 0)
        merged = SparseTensor(indices, sp_values.values, dense_shape)
        if already_sorted:
            return merged
        ordered = sparse_reorder(merged)
        return SparseTensor(ordered.indices, ordered.values, dense_shape)


def _wrong_kind(what, wanted, got):
    return DTypeError(located(f"{what} must be {wanted}, got {got!r:.80}", section="dtype-error"))


def sparse_to_indicator(sp_input, vocab_size, name=None):
    """Makes a bool tensor that is True at the ids that a sparse tensor holds.

    Args:
        sp_input: SparseTensor of int32 or int64 ids.
        vocab_size: size of the new last dimension, above all ids.
        name: name scope of the new nodes.

    Returns:
        A dense bool tensor; its last dimension counts ids.

    Example:
        >>> import flowgraph as fg
        >>> ids = fg.SparseTensor([[0, 0], [0, 1], [1, 0]], [0, 2, 1], [2, 2])
        >>> fg.Session().run(fg.sparse_to_indicator(ids, 3))
        array([[ True, False,  True],
               [False,  True, False]])
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseToIndicator", [sp_input.indices]) as scope:
        count = shape(sp_input.indices)[0]
        entries = SparseTensor(sp_input.indices, fill(expand_dims(count, 0), True),
                               sp_input.dense_shape)
        merged = sparse_merge(sp_input, entries, vocab_size, scope)
        return sparse_tensor_to_dense(merged, default_value=False, validate_indices=False,
                                      name=scope)


def sparse_mask(a, mask_indices, name=None):
    """Leaves rows out of an IndexedSlices.

    Args:
        a: IndexedSlices.
        mask_indices: the indices of the rows to leave out, each of them one of `a.indices`.
        name: name scope of the new nodes.

    Returns:
        An IndexedSlices of the other rows.

    Example:
        >>> import flowgraph as fg
        >>> rows = fg.IndexedSlices(fg.constant([1.0, 2.0, 3.0]), fg.constant([4, 5, 6]))
        >>> fg.Session().run(fg.sparse_mask(rows, [5]).values)
        array([1., 3.], dtype=float32)
    """
    with name_scope(name, "sparse_mask", [a.values, mask_indices]) as scope:
        indices, to_gather = setdiff1d(a.indices, mask_indices)
        return IndexedSlices(gather(a.values, to_gather, name=scope), indices,
                             a.dense_shape)
