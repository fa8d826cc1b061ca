"""Feature crosses: every combination of one feature from each column, row by row.

A row with the features a and b in one column and c in another one has the crosses a_X_c and b_X_c.
`cross_hashed` gives numbers in their place, computed from the features' fingerprints.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import fill
from flowgraph.ops.reshape import reshape
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import shape
from flowgraph.ops.sparse_rows import (
    INT64,
    check_bounds,
    check_order,
    check_parts,
    sparse_rule,
    sparse_specs,
)
from flowgraph.ops.sparse_tensor import SparseTensor, sparse_parts
from flowgraph.ops.string_hash import fingerprint64

_HASH_KEY = 0xDECAFCAFFE


class SparseCross(OpDef):
    """The crosses of sparse columns, as text or as numbers."""

    dtypes = {"indices": INT64, "shapes": INT64,
              "values": dt.DTypeSet("int64 or string", (dt.int64, dt.string))}
    lists = ("indices", "values", "shapes")
    host_inputs = ("shapes",)
    host_only = "it joins or hashes text"
    multiple = True
    grad = NotDifferentiable

    def infer(self, indices, values, shapes, *, hashed_output, num_buckets, hash_key):
        if num_buckets < 0:
            raise ShapeError(f"has num_buckets {num_buckets}", "It must be 0 or more.")
        for parts in zip(indices, values, shapes, strict=True):
            _, rank = sparse_rule(*parts)
            if rank not in (2, None):
                raise ShapeError(f"needs columns of rank 2, got rank {rank}")
        return sparse_specs(None, 2, dt.int64 if hashed_output else dt.string)

    def kernel(self, xp, indices, values, shapes, *, hashed_output, num_buckets, hash_key):
        rows = _rows(xp, indices, values, shapes)
        starts = [np.searchsorted(i[:, 0], np.arange(rows + 1)) for i in indices]
        counts = [np.diff(start) for start in starts]
        crosses = np.prod(counts, axis=0, dtype=np.int64)
        row = np.repeat(np.arange(rows), crosses)
        number = np.arange(len(row)) - np.repeat(np.cumsum(crosses) - crosses, crosses)
        picked, left = [], number
        for entries, start, count in reversed(list(zip(values, starts, counts, strict=True))):
            picked.append(entries[start[row] + left % count[row]])  # the last column turns fastest
            left = left // count[row]
        picked.reverse()
        made = _hashed(picked, num_buckets, hash_key) if hashed_output else _joined(picked)
        largest = int(crosses.max()) if rows else 0
        return (np.stack((row, number), axis=1), made, np.array([rows, largest], np.int64))


def _rows(xp, indices, values, shapes):
    """How many rows the columns have; all must have as many."""
    for parts in zip(indices, values, shapes, strict=True):
        check_parts(*parts)
        if len(parts[2]) != 2:
            raise InvalidArgumentError(None, None, f"columns must be matrices, got shape "
                                       f"{list(parts[2])}")
        check_bounds(xp, parts[0], parts[2])
        check_order(xp, parts[0])
    if len({sizes[0] for sizes in shapes}) != 1:
        raise InvalidArgumentError(None, None, "columns must have one number of rows, got "
                                   f"{[sizes[0] for sizes in shapes]}")
    return shapes[0][0]


def _joined(columns):
    texts = [[entry if isinstance(entry, bytes) else b"%d" % entry for entry in column.tolist()]
             for column in columns]
    result = np.empty(len(texts[0]), object)
    result[:] = [b"_X_".join(parts) for parts in zip(*texts, strict=True)]
    return result


def _hashed(columns, num_buckets, hash_key):
    """The fingerprints of each cross's features, mixed one after the other into the key."""
    total = np.full(len(columns[0]), hash_key % 2**64, np.uint64)
    for column in columns:
        if column.dtype == object:
            column = np.array([fingerprint64(text) for text in column], np.uint64)
        total = _mixed(total, column.astype(np.uint64))
    return (total % np.uint64(num_buckets or 2**63 - 1)).astype(np.int64)


_FACTOR = np.uint64(0xC6A4A7935BD1E995)


def _mixed(first, second):
    """TensorFlow's FingerprintCat64; products are taken modulo 2^64."""
    total = first ^ _FACTOR
    total = (total ^ _folded(second * _FACTOR) * _FACTOR) * _FACTOR
    return _folded(_folded(total) * _FACTOR)


def _folded(number):
    return number ^ (number >> np.uint64(47))


def sparse_cross(inputs, name=None):
    """Joins features: every combination of one feature from each input, row by row, as text.

    Args:
        inputs: list of SparseTensors and tensors of rank 2, of integers or strings, with one number
            of rows.
        name: name of the node.

    Returns:
        A string SparseTensor: the combinations, joined by `_X_`.

    Raises:
        TypeError: `inputs` is no list of tensors.
        InvalidArgumentError: the numbers of rows differ (at run).

    Example:
        >>> import flowgraph as fg
        >>> crosses = fg.sparse.cross([fg.constant([["a", "b"]]), fg.constant([[1]])])
        >>> fg.Session().run(crosses.values).tolist()
        [b'a_X_1', b'b_X_1']
    """
    return _crossed(inputs, name, False, 0, None)


def sparse_cross_hashed(inputs, num_buckets=0, hash_key=None, name=None):
    """Joins features: every combination of one feature from each input, row by row, as numbers.

    Args:
        inputs: list of SparseTensors and tensors of rank 2, of integers or strings, with one number
            of rows.
        num_buckets: results are in [0, num_buckets); with 0 in [0, 2^63 - 1).
        hash_key: int that the hash starts from; default 0xDECAFCAFFE.
        name: name of the node.

    Returns:
        An int64 SparseTensor.

    Raises:
        TypeError: `inputs` is no list of tensors.
        InvalidArgumentError: the numbers of rows differ (at run).

    Example:
        >>> import flowgraph as fg
        >>> crosses = fg.sparse.cross_hashed([fg.constant([["a", "b"]]), fg.constant([[1]])], 100)
        >>> fg.Session().run(crosses.dense_shape)
        array([1, 2])
    """
    return _crossed(inputs, name, True, num_buckets, hash_key)


def _crossed(inputs, name, hashed_output, num_buckets, hash_key):
    if not isinstance(inputs, list) or not all(isinstance(one, (SparseTensor, Tensor))
                                               for one in inputs):
        raise DTypeError(located("Inputs must be a list of SparseTensors and tensors, got "
                                 f"{inputs!r:.100}", section="dtype-error"))
    columns = ([one for one in inputs if isinstance(one, SparseTensor)]
               + [_every_element(one) for one in inputs if isinstance(one, Tensor)])
    parts = [sparse_parts(one) for one in columns]
    values = [v if v.dtype.base_dtype is dt.string else cast(v, dt.int64) for _, v, _ in parts]
    return SparseTensor(*SparseCross.build(
        [p[0] for p in parts], values, [p[2] for p in parts], hashed_output=hashed_output,
        num_buckets=num_buckets, hash_key=hash_key or _HASH_KEY, name=name))


def _every_element(dense):
    """A dense matrix as a sparse one that has all its elements, zeros too."""
    sizes = shape(dense, out_type=dt.int64)
    return SparseTensor(where_v2(fill(sizes, True)), reshape(dense, [-1]), sizes)
