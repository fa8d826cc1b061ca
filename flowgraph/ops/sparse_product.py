"""Products of sparse and dense matrices, whose entries are put in order once for many runs.

A row of the product is the sum of the rows of the dense matrix that the entries of a row name, each
times its value. Rows are added by turns, as in `ops/row_sums.py`: first the first entry of every
row, then the second of every row that has one, and so on, the rows with most entries first:

    row 4   a b c d        turn 0   a e g
    row 9   e f            turn 1   b f
    row 1   g              turn 2   c, turn 3   d

Which entry comes when depends on the indices alone, and programs multiply by one matrix again and
again: the adjacency of a graph, forwards and back in every step. So the last orders are kept, each
with a copy of the indices that it was made for, to which new ones are compared: for 13,000 entries
that takes 0.01 ms, putting them in order 0.3, where they are not in order by row 0.6.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_TURNS = 32  # entries of one row that are added in turn; the sums of so many are then added up
_MOST = 1 << 24  # bytes of orders that are kept
_MANY = 64  # orders; each is looked at, where the indices are others in every run
_LOOKED_AT = 8  # entries, or nearly twice as many, by which most indices are told apart
_AT_ONCE = 1 << 18  # numbers that stay in the cache: beyond, turn by turn


class _Level(NamedTuple):
    """What is added up by turns.

    Attributes:
        places: of what is added, turn by turn.
        sizes: how many there are in each turn.
    """

    places: np.ndarray
    sizes: list[int]


class _Order:
    """How the entries of one sparse matrix are added up.

    Args:
        rows: int vector, not empty, of the row of each entry in the product.
        columns: of the row of the dense matrix that it takes.
    """

    __slots__ = ("columns", "levels", "rows")

    def __init__(self, rows: np.ndarray, columns: np.ndarray) -> None:
        places = np.arange(rows.size)
        if not bool((rows[1:] >= rows[:-1]).all()):
            bits = max(rows.size - 1, 1).bit_length()
            keys = np.sort((rows.astype(np.int64) << bits) + places)  # by row, then by place
            rows, places = keys >> bits, keys & ((1 << bits) - 1)
        self.levels: list[_Level] = []
        while True:
            new = np.concatenate((np.array([True]), rows[1:] != rows[:-1]))
            starts = np.flatnonzero(new)
            inside = np.arange(rows.size) - np.take(starts, np.cumsum(new) - 1)
            split = int(inside.max()) >= _TURNS
            if split:
                starts = np.flatnonzero(inside % _TURNS == 0)
            lengths = np.diff(np.append(starts, rows.size))
            order = np.argsort((_TURNS - lengths).astype(np.uint8), kind="stable")  # longest first
            sizes = (starts.size - np.cumsum(np.bincount(lengths)))[:-1].tolist()
            firsts = starts[order]
            self.levels.append(_Level(np.concatenate(
                [places[firsts[:many] + turn] for turn, many in enumerate(sizes)]), sizes))
            rows = rows[starts]
            if not split:
                break
            places = np.empty_like(order)
            places[order] = np.arange(order.size)
        self.rows = rows[order]
        self.columns = np.ascontiguousarray(columns[self.levels[0].places], np.intp)

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.columns.nbytes + self.rows.nbytes + sum(
            level.places.nbytes for level in self.levels)

    def product(self, values: np.ndarray, b: np.ndarray, count: int) -> np.ndarray:
        """[count, columns of b]: the product with `b`."""
        first = self.levels[0]
        weights = np.take(values, first.places)[:, None]
        if first.places.size * b.shape[1] <= _AT_ONCE:
            terms = np.take(b, self.columns, axis=0, mode="clip")
            terms *= weights
            sums = _added_up(terms, first.sizes)
        else:
            sums = self._turn_by_turn(weights, b)
        for places, sizes in self.levels[1:]:
            sums = _added_up(np.take(sums, places, axis=0), sizes)
        result = np.zeros((count, b.shape[1]), b.dtype)
        result[self.rows] = sums
        return result

    def _turn_by_turn(self, weights: np.ndarray, b: np.ndarray) -> np.ndarray:
        b = np.ascontiguousarray(b)
        sums = room = np.empty((0, 0))
        start = 0
        for many in self.levels[0].sizes:
            part = slice(start, start + many)
            terms = np.take(b, self.columns[part], axis=0, mode="clip",
                            out=room[:many] if start else None)
            terms *= weights[part]
            if start:
                sums[:many] += terms
            else:
                sums, room = terms, np.empty_like(terms)
            start += many
        return sums


def _added_up(terms: np.ndarray, sizes: list[int]) -> np.ndarray:
    """The sums of terms that stand turn by turn, written over those of the first turn."""
    start = sizes[0]
    for many in sizes[1:]:
        part = terms[:many]
        part += terms[start:start + many]
        start += many
    return terms[:sizes[0]]


class _Kept(NamedTuple):
    """An order that may be used again.

    Attributes:
        mark: what `_mark` gives for the matrix.
        sizes: (rows, columns) of the matrix.
        adjoint: whether they are exchanged.
        indices: of the matrix, a copy.
        order: for it.
        nbytes: how much memory all that takes.
    """

    mark: int
    sizes: tuple[int, ...]
    adjoint: bool
    indices: np.ndarray
    order: _Order
    nbytes: int


_kept: list[_Kept] = []  # the one used last is the first; replaced as a whole, never changed


def _mark(indices: np.ndarray, sizes: Any, adjoint: bool) -> int:
    """A number that tells most matrices apart, by a few of their indices."""
    step = max(1, len(indices) // _LOOKED_AT)
    return hash((adjoint, *map(int, sizes), indices.dtype.char, len(indices),
                 indices[::step].tobytes()))


def known_order(indices: np.ndarray, sizes: Any, adjoint: bool) -> _Order | None:
    """The order for a matrix of which another run had the same indices.

    Args:
        indices: [entries, 2] array.
        sizes: (rows, columns) of the matrix.
        adjoint: whether its rows and columns are exchanged.
    """
    global _kept
    mark = _mark(indices, sizes, adjoint)
    for place, one in enumerate(_kept):
        if (one.mark == mark and one.adjoint == adjoint and one.sizes == tuple(sizes)
                and one.indices.dtype == indices.dtype and np.array_equal(one.indices, indices)):
            if place:
                _kept = [one, *(other for other in _kept if other is not one)]
            return one.order
    return None


def new_order(indices: np.ndarray, sizes: Any, adjoint: bool) -> _Order:
    """An order for a matrix, kept for the next run.

    Args:
        indices: [entries, 2] array of places within the sizes, not empty.
        sizes: (rows, columns) of the matrix.
        adjoint: whether its rows and columns are exchanged.

    Example:
        >>> order = new_order(np.array([[1, 0], [1, 2]]), (3, 3), False)
        >>> order.product(np.array([2.0, 3.0]), np.eye(3), 3)[1]
        array([2., 0., 3.])
    """
    global _kept
    rows, columns = np.ascontiguousarray(indices.T[::-1 if adjoint else 1])
    order = _Order(rows, columns)
    mark = _mark(indices, sizes, adjoint)
    new = _Kept(mark, tuple(sizes), adjoint, indices.copy(), order,
                indices.nbytes + order.nbytes)
    left, fitting = _MOST, []
    for one in (new, *_kept[:_MANY - 1]):
        if one.nbytes <= left:
            left -= one.nbytes
            fitting.append(one)
    _kept = fitting
    return order
