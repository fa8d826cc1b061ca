"""Sums of the rows that have one id: what segment sums, scatters and sparse products come to.

Few numbers are added one by one. Many into few sums are a matrix product with zeros and ones. Where
most ids occur once, their first rows are copied and the others added. Else the rows are sorted by
id and added by turns: first the first row of every id, then the second of every id that has one,
and so on, where the ids with most rows come first:

    id 4   a b c d        turn 0   a e g
    id 9   e f            turn 1   b f
    id 1   g              turn 2   c, turn 3   d
"""

from __future__ import annotations

import numpy as np

from flowgraph.core.old_copy import put_rows
from flowgraph.core.scratch import Scratch

FEW = 2048  # numbers: adding them one by one takes 5 ns each, sorting 100 us and more
_PRODUCT = 2 ** 23  # multiplications: about 0.2 ms
_TURNS = 32  # rows of one id that are added in turn; the sums of so many are then added up
_FEW_REPEATED = 4  # one row in so many may be a later one of its id
_ONE_BY_ONE = 20_000  # numbers of later rows, which may be of one id
_SHORT_TURNS = 4  # of such rows, if they are more
_SMALL = 1 << 15  # numbers that are at hand without asking the system for memory
_TIMES = 64  # as many ids as there are rows, of which most sums are zero


def summed_rows(xp, rows, ids, count):
    """[count, ...]: the sums of the rows with each id; rows with negative ids are left out.

    13,000 rows of 16 into 2,700: 0.4 ms, where `np.add.at` takes 3.

    Args:
        xp: NumPy or CuPy.
        rows: array [n, ...].
        ids: integer vector [n], below `count`.
        count: how many sums there are.
    """
    shape = (count, *rows.shape[1:])
    if xp is not np:  # the host does not wait for a GPU to see what is in ids
        result = xp.zeros((count + 1, *rows.shape[1:]), rows.dtype)
        update_at(xp, xp.add, result, xp.where(ids < 0, count, ids), rows)
        return result[:count]
    if ids.size and int(ids.min()) < 0:
        rows, ids = rows[ids >= 0], ids[ids >= 0]
    if not rows.size:
        return xp.zeros(shape, rows.dtype)
    width = rows.size // ids.size
    if width == 1 or rows.size <= FEW:
        result = xp.zeros(shape, rows.dtype)
        places = ids if width == 1 else ids.astype("int64")[:, None] * width + xp.arange(width)
        update_at(xp, xp.add, result.reshape(-1), places.reshape(-1), rows.reshape(-1))
        return result
    product = 4 * count <= ids.size and count * ids.size * (width + 8) <= _PRODUCT
    if product and rows.dtype.char in "fd":
        chosen = (xp.arange(count, dtype=ids.dtype)[:, None] == ids).astype(rows.dtype)
        result = chosen @ rows.reshape(ids.size, width)
        if xp.isfinite(result).all():  # else 0 * inf or 0 * NaN may have got into other sums
            return result.reshape(shape)
    result = _sums_of_few_repeated(rows, ids, shape, width)
    if result is not None:
        return result
    return sums_by_id(xp, lambda places: xp.take(rows, places, axis=0), ids, shape, rows.dtype)


def _sums_of_few_repeated(rows, ids, shape, width):
    """The same where most ids occur once, as those of words in a batch; else None.

    The first row of each id is copied, without sorting; the others are added. 2,048 rows of 128
    for 2,004 ids take 110 us, and by turns 235. Arrays of NumPy only.

    Args:
        rows: array [n, ...].
        ids: integer vector [n], each in [0, shape[0]).
        shape: shape of the result.
        width: numbers in a row.
    """
    n, count = ids.size, shape[0]
    if count > _TIMES * n:
        return None
    with Scratch(np) as scratch:
        first = table_of(scratch, count)
        new = first_of_each(ids, first)[1]
        later = np.flatnonzero(~new)
        if _FEW_REPEATED * later.size > n:
            return None
        if n - later.size == count:
            result = rows.take(first, axis=0)
        else:
            result = np.zeros(shape, rows.dtype)
            put_rows(result, ids[new], rows.compress(new, axis=0))
        for _ in range(_SHORT_TURNS):
            if later.size * width <= _ONE_BY_ONE:
                break
            at = ids[later]
            now = first_of_each(at, first)[1]
            at = at[now]
            put_rows(result, at, result.take(at, axis=0) + rows.take(later[now], axis=0))
            later = later[~now]
    entries = ids[later].astype("int64")[:, None] * width + np.arange(width)
    np.add.at(result.reshape(-1), entries.reshape(-1), rows.take(later, axis=0).reshape(-1))
    return result


def first_of_each(ids, table):
    """Where the id of each place first stands, and whether that is this place.

    They go into a table, the last first: what stays is the first. Only what is written is read.

    Args:
        ids: integer vector of NumPy, each in [0, len(table)).
        table: int32 memory.
    """
    places = np.arange(ids.size, dtype="int32")
    table[ids[::-1]] = places[::-1]
    own = table.take(ids)
    return own, own == places


def table_of(scratch, count):
    """Memory for `first_of_each`: that of a Scratch, or what is quicker to get."""
    return np.empty(count, "int32") if count < _SMALL else scratch.empty((count,), "int32")


def counted(xp, ids, count):
    """int64 [count]: how often each id occurs; negative ones are left out.

    Args:
        xp: NumPy or CuPy, whose bincount would wait for the GPU.
        ids: integer vector, below `count`.
        count: how many ids there may be.
    """
    if xp is np:
        return np.bincount(ids[ids >= 0] if ids.size and ids.min() < 0 else ids, minlength=count)
    return summed_rows(xp, xp.ones(ids.shape, "int64"), ids, count)


def update_at(xp, ufunc, result, index, values):
    """`ufunc.at(result, index, values)`, which CuPy has for few ufuncs and dtypes.

    Args:
        xp: NumPy or CuPy.
        ufunc: `xp.add`, `xp.subtract`, `xp.maximum` or `xp.minimum`.
        result: array, changed in place.
        index: array of indices in range, or a tuple of them.
        values: array that broadcasts to `result[index]`.
    """
    if xp is np:
        ufunc.at(result, index, values)
    elif ufunc is xp.subtract:
        update_at(xp, xp.add, result, index, -values)
    elif result.dtype.kind == "c":
        ufunc.at(result.real, index, values.real)
        ufunc.at(result.imag, index, values.imag)
    elif result.dtype.kind == "f" and ufunc is not xp.add:  # its maximum of NaN and 1 is 1
        nan = xp.zeros(result.shape, "int32")
        xp.add.at(nan, index, xp.isnan(values).astype("int32"))
        nan = (nan > 0) | xp.isnan(result)
        _update_at_one_by_one(xp, ufunc, result, index, values)
        result[...] = xp.where(nan, xp.nan, result)
    else:
        _update_at_one_by_one(xp, ufunc, result, index, values)


def _update_at_one_by_one(xp, ufunc, result, index, values):
    """What CuPy has, for the dtypes that it has it for."""
    if result.dtype.itemsize < 4 and not (result.dtype == "float16" and ufunc is xp.add):
        wide = result.astype("float32" if result.dtype.kind == "f" else "int32")
        ufunc.at(wide, index, values.astype(wide.dtype))
        result[...] = wide.astype(result.dtype)
    else:
        ufunc.at(result, index, values)


def sums_by_id(xp, picked, ids, shape, dtype, combine=None, neutral=0):
    """The same for rows that are made when they are wanted.

    Args:
        xp: NumPy or CuPy.
        picked: function that gives the rows of some places in `ids`, as a new array.
        ids: integer vector, not empty, each in [0, shape[0]).
        shape: shape of the result.
        dtype: NumPy dtype of the result.
        combine: what is done with two rows, a ufunc such as `xp.maximum`; default `xp.add`.
        neutral: what stands for an id without rows.
    """
    combine = combine or xp.add
    result = xp.full(shape, neutral, dtype) if neutral else xp.zeros(shape, dtype)
    places = None
    if not bool((ids[1:] >= ids[:-1]).all()):
        bits = max(ids.size - 1, 1).bit_length()
        keys = xp.sort((ids.astype("int64") << bits) + xp.arange(ids.size))  # by id, then by place
        ids, places = keys >> bits, keys & ((1 << bits) - 1)
    while True:
        new = xp.concatenate((xp.array([True]), ids[1:] != ids[:-1]))
        starts = xp.flatnonzero(new)
        lengths = _lengths(xp, starts, ids.size)
        split = int(lengths.max()) > _TURNS
        if split:
            place = xp.arange(ids.size) - xp.take(starts, xp.cumsum(new) - 1)
            starts = xp.flatnonzero(place % _TURNS == 0)
            lengths = _lengths(xp, starts, ids.size)
        order = xp.argsort((_TURNS - lengths).astype("uint8"), kind="stable")  # longest first
        sums = _by_turns(xp, picked, places, starts[order], lengths, combine)
        ids = xp.take(ids, starts)
        if not split:
            result[xp.take(ids, order)] = sums
            return result
        parts = xp.empty_like(sums)
        parts[order] = sums
        picked, places = parts.__getitem__, None


def _lengths(xp, starts, size):
    """How far it is from each start to the next; from the last to `size`."""
    return xp.diff(xp.concatenate((starts, xp.array([size]))))


def _by_turns(xp, picked, places, starts, lengths, combine):
    """The sums of runs of rows; `starts` in order of length, longest first, `lengths` in any."""
    more = starts.size - xp.cumsum(xp.bincount(lengths))  # more[k]: how many are longer than k
    for turn, many in enumerate(more[:-1].tolist()):
        at = starts[:many] + turn
        rows = picked(at if places is None else xp.take(places, at))
        if turn == 0:
            sums = rows
        else:
            combine(sums[:many], rows, out=sums[:many])
    return sums
