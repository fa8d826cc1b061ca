"""Changes of some rows of a variable: in the array from before the last change, where there is one.

The rows are taken from the variable, changed, and put in their place; what comes later for a row
that is named twice is added to that entry by entry, in turn. A table with a bool for each row of
the variable tells whether there are such rows, and which of the others have to be copied.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core.checks import raise_if
from flowgraph.core.old_copy import OldCopy, put_rows
from flowgraph.core.scratch import Scratch
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.row_sums import first_of_each, table_of, update_at

_FEW = 20_000  # numbers: entry by entry they take less time than sorting
_TIMES = 256  # as many rows as are changed; for each of the others there is a byte to look at


def changed(xp, ufunc, ref, indices, updates, out):
    """A variable with `ufunc(ref[indices], updates)` in the rows `indices`, in turn.

    Args:
        xp: NumPy or CuPy.
        ufunc: `xp.add` or its like.
        ref: the variable's value.
        indices: integer array of any shape.
        updates: array [*indices.shape, *ref.shape[1:]], or a scalar.
        out: memory for the result, or an OldCopy, or None.

    Raises:
        InvalidArgumentError: an index is out of range.
    """
    check_rows(xp, indices, ref.shape[0])
    rows = indices.reshape(-1)
    others = _other_rows(rows, ref) if xp is np and ref.ndim > 1 else None
    if others is None:
        result = copied(xp, ref, out, indices)
        combine(xp, ufunc, result, indices, updates)
        return result
    at, later = rows, None
    if updates.ndim:
        updates = updates.reshape(rows.shape + ref.shape[1:])
    if np.count_nonzero(others) != len(others) - rows.size:  # some are named again
        with Scratch(np) as scratch:
            first = first_of_each(rows, table_of(scratch, len(ref)))[1]
        at, later = rows[first], np.flatnonzero(~first)
    new = ref.take(at, axis=0)
    ufunc(new, updates if later is None or not updates.ndim
          else updates.compress(first, axis=0), out=new)
    result = copied(xp, ref, out, rows, others)
    put_rows(result, at, new)
    if later is not None:
        _one_by_one(ufunc, result, rows.take(later),
                    updates.take(later, axis=0) if updates.ndim else updates)
    return result


def replaced(xp, ref, indices, updates, out):
    """A variable with `updates` in the rows `indices`; for the arguments see `changed`."""
    check_rows(xp, indices, ref.shape[0])
    if xp is not np or updates.ndim == 0:
        result = copied(xp, ref, out, indices)
        result[indices] = updates
        return result
    rows = indices.reshape(-1)
    result = copied(xp, ref, out, rows, _other_rows(rows, ref))
    put_rows(result, rows, updates.reshape(rows.shape + ref.shape[1:]))
    return result


def check_rows(xp, indices, count):
    """Raises InvalidArgumentError unless every index names one of `count` rows."""
    def error():
        flat = indices.reshape(-1)
        at = int(((flat < 0) | (flat >= count)).argmax())
        return InvalidArgumentError(
            None, None, f"indices[{at}] = {int(flat[at])} is not in [0, {count})")

    if indices.size:  # read as unsigned, a negative one is very large
        raise_if(xp, indices.view(f"u{indices.itemsize}").max() >= count, error)


def _other_rows(rows, ref):
    """A bool for each row of a variable that is not among `rows`; None if there are too many."""
    if len(ref) > _TIMES * rows.size:
        return None
    others = np.ones(len(ref), bool)
    others[rows] = False
    return others


def copied(xp, ref, out, rows=None, others=None):
    """The variable's value in a buffer that may be written to; `rows` will be, if that is known.

    Those are not copied if `others` tells them apart.
    """
    if out is None:
        return xp.array(ref, order="C")
    if isinstance(out, OldCopy):
        return out.refreshed(ref, rows, others)
    out[...] = ref
    return out


def combine(xp, ufunc, result, indices, updates) -> None:
    """Writes `ufunc(result[indices], updates)` to `result[indices]`, in turn for repeated indices.

    `ufunc.at` is quick on vectors only: 4096 rows of 128 into 100000 took 18 ms with it; it is 3 ms
    where no index repeats (one plain indexing). Where some do, what comes first at each index goes
    so, and what comes later entry by entry.
    """
    if xp is not np:  # the host does not wait for a GPU to see which indices repeat
        update_at(xp, ufunc, result, indices, updates)
        return
    if result.ndim == 1 and updates.shape == indices.shape and updates.dtype == result.dtype:
        update_at(xp, ufunc, result, indices.reshape(-1), updates.reshape(-1))
        return
    rows = indices.reshape(-1)
    ordered = xp.sort(rows)
    again = ordered[1:] == ordered[:-1]
    if not bool(again.any()):
        result[indices] = ufunc(result[indices], updates)
    elif result.ndim == 1:
        update_at(xp, ufunc, result, indices, updates)
    else:
        shape = result.shape[1:]
        updates = xp.broadcast_to(updates, indices.shape + shape).reshape(rows.shape + shape)
        if updates.size > _FEW:
            bits = rows.size.bit_length()
            keys = xp.sort((rows.astype("int64") << bits) + xp.arange(rows.size))
            places = keys & ((1 << bits) - 1)  # by index, then in turn
            first = places[xp.concatenate((xp.array([True]), ~again))]
            at = rows[first]
            result[at] = ufunc(result[at], updates[first])
            later = places[1:][again]
            rows, updates = rows[later], updates[later]
        _one_by_one(ufunc, result, rows, updates)


def _one_by_one(ufunc, result, rows, updates):
    """The same entry by entry, in NumPy: 5 ns each."""
    width = math.prod(result.shape[1:])
    if not updates.ndim:
        updates = np.broadcast_to(updates, rows.shape + result.shape[1:])
    entries = rows.astype("int64")[:, None] * width + np.arange(width)
    ufunc.at(result.reshape(-1), entries.reshape(-1), updates.reshape(-1))
