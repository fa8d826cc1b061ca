"""Unique: the distinct values of a vector, in the order in which they first occur."""

from __future__ import annotations

from collections import namedtuple

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_MANY = 1000  # from here on a plain sort is quicker than np.unique

UniqueResult = namedtuple("UniqueResult", ("y", "idx"))
UniqueWithCountsResult = namedtuple(  # type: ignore[name-match]
    "UniqueWithCounts", ("y", "idx", "count"))


class Unique(OpDef):
    """(y, idx): the distinct values y of x as they first occur, and x[i] = y[idx[i]]."""

    multiple = True
    grad = NotDifferentiable
    waits_for_gpu = "its result is as long as there are such elements"

    def infer(self, x, *, out_idx=dt.int32):
        shape_rules.require_rank(x, 1, "a vector")
        return Spec(x.dtype, (None,)), Spec(out_idx, x.shape)

    def kernel(self, xp, x, *, out_idx=dt.int32):
        y, idx, _ = _unique(xp, x)
        return y, idx.astype(out_idx.numpy)


def unique(x, out_idx=dt.int32, name=None):
    """The distinct values of a vector, in the order in which they first occur.

    Args:
        x: vector.
        out_idx: dtype of the indices, int32 or int64.
        name: name of the node.

    Returns:
        A named tuple: `y`, the distinct values; `idx`, for each element of x its place in y.

    Example:
        >>> import flowgraph as fg
        >>> y, idx = fg.unique([30, 10, 30])
        >>> fg.Session().run([y, idx])
        [array([30, 10], dtype=int32), array([0, 1, 0], dtype=int32)]
    """
    return UniqueResult(*Unique.build(x, name=name, out_idx=dt.as_dtype(out_idx)))


class UniqueWithCounts(OpDef):
    """(y, idx, count): as Unique, and how often each y occurs."""

    multiple = True
    grad = NotDifferentiable
    waits_for_gpu = "its result is as long as there are such elements"

    def infer(self, x, *, out_idx=dt.int32):
        shape_rules.require_rank(x, 1, "a vector")
        return (Spec(x.dtype, (None,)), Spec(out_idx, x.shape),
                Spec(out_idx, (None,)))

    def kernel(self, xp, x, *, out_idx=dt.int32):
        y, idx, count = _unique(xp, x)
        return y, idx.astype(out_idx.numpy), count.astype(out_idx.numpy)


def unique_with_counts(x, out_idx=dt.int32, name=None):
    """The distinct values of a vector, and how often each occurs.

    Args:
        x: vector.
        out_idx: dtype of the indices and counts, int32 or int64.
        name: name of the node.

    Returns:
        A named tuple: `y`, the distinct values; `idx`, for each element of x its place in y;
        `count`, how often each y occurs.

    Example:
        >>> import flowgraph as fg
        >>> y, idx, count = fg.unique_with_counts([30, 10, 30])
        >>> fg.Session().run([y, count])
        [array([30, 10], dtype=int32), array([2, 1], dtype=int32)]
    """
    return UniqueWithCountsResult(*UniqueWithCounts.build(x, name=name,
                                                          out_idx=dt.as_dtype(out_idx)))


def _unique(xp, x):
    """The distinct values by first occurrence, the place of each element among them, counts."""
    if x.size >= _MANY and x.dtype.kind in "iu" and x.dtype != "uint64":
        bits, low = x.size.bit_length(), int(x.min())
        if int(x.max()) - low < 1 << (63 - bits):
            return _unique_integers(xp, x, low, bits)
    values, first, places, counts = xp.unique(x, return_index=True, return_inverse=True,
                                              return_counts=True)
    order = xp.argsort(first)
    rank = xp.empty_like(order)
    rank[order] = xp.arange(order.size)
    return values[order], rank[places.reshape(-1)], counts[order]


def _unique_integers(xp, x, low, bits):
    """The same by a sort of numbers that hold value and place: 2 to 3 times quicker.

    Args:
        xp: NumPy or CuPy.
        x: vector of integers, not empty, none below `low`.
        low: what to subtract from them.
        bits: how many bits a place takes.
    """
    keys = xp.sort(((x.astype("int64") - low) << bits) | xp.arange(x.size))
    places = keys & ((1 << bits) - 1)
    values = keys >> bits
    new = xp.concatenate((xp.array([True]), values[1:] != values[:-1]))
    starts = xp.flatnonzero(new)
    first = places[starts]
    order = xp.argsort(first)
    rank = xp.empty_like(order)
    rank[order] = xp.arange(order.size)
    idx = xp.empty_like(places)
    idx[places] = rank[xp.cumsum(new) - 1]
    counts = xp.diff(xp.concatenate((starts, xp.array([x.size]))))
    return x[first[order]], idx, counts[order]
