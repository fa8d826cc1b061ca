"""Cases of the edit distance; the oracle is the recursion, one pair at a time."""

from functools import cache

import numpy as np

import flowgraph as fg
from flowgraph.ops.edit_distance import edit_distance
from flowgraph.testing import BadCase, Case

RANDOM = np.random.RandomState(5)
ROWS = [RANDOM.randint(0, 3, size=n).tolist() for n in (6, 0, 3, 7, 1, 0)]
OTHERS = [RANDOM.randint(0, 3, size=n).tolist() for n in (4, 2, 0, 7, 1, 0)]


def sparse(rows, dtype=np.int64, shape=None):
    """Lists as a SparseTensor."""
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    values = np.array([item for row in rows for item in row], dtype)
    return fg.SparseTensor(np.array(places, np.int64).reshape(-1, 2), values,
                           shape or [len(rows), max(map(len, rows), default=0)])


def levenshtein(a, b):
    """The distance by its definition."""
    @cache
    def distance(i, j):
        if not i or not j:
            return i + j
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1,
                   distance(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
    return distance(len(a), len(b))


DISTANCES = np.array([levenshtein(a, b) for a, b in zip(ROWS, OTHERS, strict=True)])
LENGTHS = np.array([len(row) for row in OTHERS])


def volume(shape):
    """A SparseTensor of rank 3: the sequences [1, 2] at (0, 1) and [3] at (1, 0)."""
    return fg.SparseTensor([[0, 1, 0], [0, 1, 1], [1, 0, 0]], [1, 2, 3], shape)


CASES = [
    Case("EditDistance/count", lambda: edit_distance(sparse(ROWS), sparse(OTHERS), False), (),
         DISTANCES),
    Case("EditDistance/normalized", lambda: edit_distance(sparse(ROWS), sparse(OTHERS)), (),
         np.where(LENGTHS > 0, DISTANCES / np.maximum(LENGTHS, 1),
                  np.where(DISTANCES > 0, np.inf, 0))),
    Case("EditDistance/text", lambda: edit_distance(
        sparse([list("kitten")], object), sparse([list("sitting")], object), False), (),
         np.array([3])),
    Case("EditDistance/float32", lambda: edit_distance(
        sparse([[1.5, 2.5]], np.float32), sparse([[2.5, 1.5]], np.float32)), (), np.array([1.0])),
    Case("EditDistance/rank_3", lambda: edit_distance(volume([2, 2, 2]), volume([2, 3, 2]), False),
         (), np.zeros((2, 3))),
    Case("EditDistance/fewer_rows", lambda: edit_distance(sparse([[1, 2]]), sparse([[1], [5, 6]])),
         (), np.array([1.0, 1.0])),
    Case("EditDistance/fed", lambda indices, values, shape: edit_distance(
        fg.SparseTensor(indices, values, shape), sparse([[1, 1, 1]]), False),
         (np.int64([[0, 0], [0, 1]]), np.int64([1, 2]), np.int64([1, 2])), np.array([2.0])),
]

BAD = [
    BadCase("EditDistance/dense", lambda: edit_distance([[1]], [[1]]), TypeError,
            ("SparseTensor",)),
    BadCase("EditDistance/ranks", lambda: edit_distance(volume([2, 2, 2]), sparse([[1]], np.int32)),
            ValueError, ("one rank", "3", "2")),
    BadCase("EditDistance/dtypes", lambda: edit_distance(sparse([[1]]), sparse([[1]], np.int32)),
            TypeError, ("int64", "int32")),
    BadCase("EditDistance/no_rows",
            lambda: edit_distance(sparse([], shape=[0, 2]), sparse([], shape=[0, 3])),
            fg.errors.InvalidArgumentError, ("0 elements",), (), "run"),
]
