"""Sparse tensors as texts and back: serialize_sparse, deserialize_many_sparse.

A sparse tensor becomes three texts: its indices, values and dense_shape, each written as TensorFlow
writes a TensorProto, so that either engine reads what the other one wrote.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes, wire
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.sparse_rows import INT64, check_bounds, check_parts, sparse_rule, sparse_specs
from flowgraph.ops.sparse_tensor import SparseTensor, as_sparse, sparse_parts
from flowgraph.ops.tensor_proto import WRITTEN, parsed_tensor, tensor_message

_TEXTS = "its result is text"


class _Serialize(OpDef, abstract=True):
    """The parts of a sparse tensor as texts."""

    T = WRITTEN
    dtypes = {"sparse_indices": INT64, "sparse_shape": INT64}
    host_inputs = ("sparse_shape",)
    host_only = _TEXTS
    grad = NotDifferentiable


class SerializeSparse(_Serialize):
    """Indices, values and dense_shape of a sparse tensor as three texts."""

    def infer(self, sparse_indices, sparse_values, sparse_shape, *, out_type=dt.string):
        sparse_rule(sparse_indices, sparse_values, sparse_shape)
        return Spec(_out_type(out_type), (3,))

    def kernel(self, xp, sparse_indices, sparse_values, sparse_shape, *, out_type=dt.string):
        check_parts(sparse_indices, sparse_values, sparse_shape)
        parts = (sparse_indices, sparse_values, np.array(sparse_shape, np.int64))
        return _cells([[_packed(part, out_type) for part in parts]])[0]


class SerializeManySparse(_Serialize):
    """Row i: the texts of the sparse tensor that stands at index i of the first dimension."""

    def infer(self, sparse_indices, sparse_values, sparse_shape, *, out_type=dt.string):
        _, rank = sparse_rule(sparse_indices, sparse_values, sparse_shape)
        if rank is not None and rank < 2:
            raise ShapeError(f"needs a sparse tensor of rank 2 or more, got rank {rank}")
        return Spec(_out_type(out_type), (sparse_shape.value[0] if sparse_shape.value else None, 3))

    def kernel(self, xp, sparse_indices, sparse_values, sparse_shape, *, out_type=dt.string):
        check_parts(sparse_indices, sparse_values, sparse_shape)
        slices = slices_of(xp, sparse_indices, sparse_values, sparse_shape)
        sizes = _packed(np.array(sparse_shape[1:], np.int64), out_type)
        return _cells([[_packed(indices, out_type), _packed(values, out_type), sizes]
                       for indices, values in slices])


def slices_of(xp, indices, values, sizes):
    """(indices, values) of each slice of a sparse tensor along its first dimension."""
    if len(sizes) < 2:
        raise InvalidArgumentError(None, None, "needs a sparse tensor of rank 2 or more, got "
                                   f"shape {list(sizes)}")
    check_bounds(xp, indices, sizes)
    first = indices[:, 0]
    if (first[1:] < first[:-1]).any():
        raise InvalidArgumentError(None, None, "the indices are out of order: the first column "
                                   "must not fall; tf.sparse.reorder sorts them")
    ends = np.searchsorted(first, np.arange(sizes[0] + 1))
    return [(indices[i:j, 1:], values[i:j]) for i, j in pairwise(ends)]


def _out_type(out_type):
    if out_type not in (dt.string, dt.variant):
        raise DTypeError(f"has out_type {out_type.name}", "It must be tf.string or tf.variant.")
    return out_type


def _packed(array, out_type):
    """What one cell of the result holds: text, or for variants the array in a box."""
    return _text(array) if out_type is dt.string else _Box(np.array(array))


class _Box:
    """Keeps NumPy from looking inside an array that is an element of another one."""

    __slots__ = ("array",)

    def __init__(self, array):
        self.array = array


def _cells(rows):
    """[n, 3] objects."""
    return np.array(rows, object).reshape(len(rows), 3)


class _Deserialize(OpDef, abstract=True):
    """A sparse tensor of rows of three texts; each row adds a slice."""

    T = dt.DTypeSet("string or variant", (dt.string, dt.variant))
    host_only = "it reads text"
    multiple = True
    grad = NotDifferentiable


class DeserializeSparse(_Deserialize):
    """The sparse tensor that texts of shape [..., 3] stand for; leading axes come first in it."""

    def infer(self, serialized_sparse, *, dtype):
        shape_rules.require_rank_at_least(serialized_sparse, 1, "serialized_sparse")
        _check_width(serialized_sparse)
        return sparse_specs(None, None, dtype)

    def kernel(self, xp, serialized_sparse, *, dtype):
        return _read(serialized_sparse, dtype)


class DeserializeManySparse(_Deserialize):
    """The sparse tensor whose slice i is what row i of the texts stands for."""

    T = dt.STRING

    def infer(self, serialized_sparse, *, dtype):
        shape_rules.require_rank(serialized_sparse, 2, "serialized_sparse")
        _check_width(serialized_sparse)
        return sparse_specs(None, None, dtype)

    def kernel(self, xp, serialized_sparse, *, dtype):
        return _read(serialized_sparse, dtype)


def _check_width(spec):
    if spec.shape is not None and not shapes.compatible(spec.shape[-1:], (3,)):
        raise ShapeError(f"needs serialized sparse tensors [..., 3], got {shape_text(spec.shape)}")


def _read(cells, dtype):
    if cells.ndim < 1 or cells.shape[-1] != 3 or not cells.size:
        raise InvalidArgumentError(None, None, f"needs at least one serialized sparse tensor, of "
                                   f"shape [..., 3], got shape {list(cells.shape)}")
    lead, parts = cells.shape[:-1], []
    for place in np.ndindex(lead):
        wanted = (dt.int64, dtype, dt.int64)
        one = [_array(cell, what) for cell, what in zip(cells[place], wanted, strict=True)]
        check_parts(one[0], one[1], one[2].tolist())
        parts.append(one)
    return stacked(parts, lead)


def stacked(parts, lead):
    """The sparse tensor of the (indices, values, shape) of slices, stacked to leading sizes."""
    rows, sizes = [], parts[0][2]
    for place, (indices, _, own) in zip(np.ndindex(lead), parts, strict=True):
        if len(sizes) != len(own):
            raise InvalidArgumentError(None, None, f"the serialized sparse tensors differ in rank: "
                                       f"{len(sizes)} and {len(own)}")
        sizes = np.maximum(sizes, own)
        rows.append(np.concatenate((np.tile(np.array(place, np.int64), (len(indices), 1)), indices),
                                   axis=1))
    return (np.concatenate(rows), np.concatenate([values for _, values, _ in parts]),
            np.concatenate((np.array(lead, np.int64), sizes)))


def _array(cell, dtype):
    array = _parsed(cell) if isinstance(cell, bytes) else getattr(cell, "array", np.array(None))
    if array.dtype != dtype.numpy:
        raise InvalidArgumentError(None, None, f"a serialized part holds {array.dtype}, not "
                                   f"{dtype.name}")
    return array


def _text(array):
    """An array as TensorFlow writes it here: texts as their lengths, then all of them in one."""
    if array.dtype != object:
        return tensor_message(array)
    texts = array.reshape(-1).tolist()
    content = b"".join(wire.varint(len(text)) for text in texts) + b"".join(texts)
    sizes = b"".join(wire.field(2, wire.varint_field(1, n) if n else b"") for n in array.shape)
    return (wire.varint_field(1, dt.string.as_datatype_enum) + wire.field(2, sizes)
            + (wire.field(4, content) if content else b""))


def _parsed(text):
    try:
        return parsed_tensor(text)
    except ValueError as error:
        raise InvalidArgumentError(None, None, f"a text is no serialized tensor: {error}") from None


# ---- the public functions ------------------------------------------------------------------------


def serialize_sparse(sp_input, name=None, out_type=dt.string):
    """Writes a sparse tensor as three texts, in TensorFlow's format.

    Args:
        sp_input: SparseTensor or SparseTensorValue.
        name: name of the node.
        out_type: `tf.string`, or `tf.variant` for opaque objects.

    Returns:
        A vector of length 3: indices, values and dense_shape.

    Raises:
        TypeError: `sp_input` is dense.

    Example:
        >>> import flowgraph as fg
        >>> texts = fg.serialize_sparse(fg.SparseTensor([[1]], [7], [3]))
        >>> fg.Session().run(texts)[1]
        b'\\x08\\x03\\x12\\x04\\x12\\x02\\x08\\x01"\\x04\\x07\\x00\\x00\\x00'
    """
    return SerializeSparse.build(*sparse_parts(as_sparse(sp_input)), name=name,
                                 out_type=dt.as_dtype(out_type))


def serialize_many_sparse(sp_input, name=None, out_type=dt.string):
    """Writes each slice along the first dimension of a sparse tensor as three texts.

    Args:
        sp_input: SparseTensor or SparseTensorValue of rank 2 or more; the first column of its
            indices is sorted.
        name: name of the node.
        out_type: `tf.string`, or `tf.variant` for opaque objects.

    Returns:
        An [N, 3] matrix, N the first size.

    Raises:
        TypeError: `sp_input` is dense.

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 1], [2, 0]], [7, 8], [3, 2])
        >>> fg.Session().run(fg.serialize_many_sparse(sparse)).shape
        (3, 3)
    """
    return SerializeManySparse.build(*sparse_parts(as_sparse(sp_input)), name=name,
                                     out_type=dt.as_dtype(out_type))


def deserialize_sparse(serialized_sparse, dtype, rank=None, name=None):
    """Reads sparse tensors of rows of three texts; leading axes come first in the result.

    Args:
        serialized_sparse: [..., 3] tensor, as from `serialize_sparse` or `serialize_many_sparse`.
        dtype: dtype of the values.
        rank: rank of the result, when it is known.
        name: name of the node.

    Returns:
        A SparseTensor.
    """
    return _deserialized(DeserializeSparse, serialized_sparse, dtype, rank, name)


def deserialize_many_sparse(serialized_sparse, dtype, rank=None, name=None):
    """Reads sparse tensors of rows of three texts and stacks them along a new first dimension.

    Args:
        serialized_sparse: [N, 3] string matrix, as from `serialize_many_sparse`.
        dtype: dtype of the values.
        rank: rank of the result, when it is known.
        name: name of the node.

    Returns:
        A SparseTensor; its first size is N, the others are the largest of each tensor's.

    Raises:
        InvalidArgumentError: a text cannot be read, or the dtypes or ranks differ (at run).

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 1], [2, 0]], [7, 8], [3, 2])
        >>> again = fg.deserialize_many_sparse(fg.serialize_many_sparse(sparse), fg.int32)
        >>> fg.Session().run(again.indices)
        array([[0, 1],
               [2, 0]])
    """
    return _deserialized(DeserializeManySparse, serialized_sparse, dtype, rank, name)


def _deserialized(kind, serialized_sparse, dtype, rank, name):
    indices, values, dense_shape = kind.build(serialized_sparse, dtype=dt.as_dtype(dtype),
                                              name=name)
    indices.set_shape([None, rank])
    dense_shape.set_shape([rank])
    return SparseTensor(indices, values, dense_shape)
