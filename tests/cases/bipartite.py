"""Cases of ops/bipartite.py, against the nearest pair taken again and again."""

from __future__ import annotations

import numpy as np

from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.ops.bipartite import bipartite_match
from flowgraph.testing import BadCase, Case

SMALL = np.float32([[0.5, 0.8, 0.1], [0.3, 0.2, 0.15]])
LARGE = np.random.default_rng(8).permutation(48).reshape(6, 8).astype(np.float32)


def matched(distances, valid, top_k):
    left = distances[:int(valid) if valid >= 0 else len(distances)].astype(np.float64)
    rows, columns = np.full(len(distances), -1), np.full(distances.shape[1], -1)
    for _ in range(min(left.shape) if top_k <= 0 else min(*left.shape, top_k)):
        i, j = np.unravel_index(left.argmin(), left.shape)
        rows[i], columns[j] = j, i
        left[i], left[:, j] = np.inf, np.inf
    return rows, columns


def row(name, distances, valid, top_k=-1):
    return Case(f"BipartiteMatch/{name}", lambda d: bipartite_match(d, valid, top_k), (distances,),
                lambda d: matched(d, valid, top_k))


CASES = [
    row("small", SMALL, 2), row("one_valid_row", SMALL, 1.0), row("no_valid_row", SMALL, 0),
    row("all_rows", SMALL, -1), row("large", LARGE, -1), row("more_rows", LARGE.T.copy(), 7),
    row("best_two", LARGE, -1, 2), row("top_zero_is_all", LARGE, 4, 0),
    Case("BipartiteMatch/given_values", lambda d: bipartite_match(d, [-1.0]), (SMALL,),
         ([2, 1], [-1, 1, 0])),
    Case("BipartiteMatch/ties", lambda d: bipartite_match(d, -1),
         (np.ones((2, 3), np.float32),), ([0, 1], [0, 1, -1])),
    Case("BipartiteMatch/no_columns", lambda d: bipartite_match(d, -1),
         (np.ones((2, 0), np.float32),), ([-1, -1], np.zeros(0, np.int32))),
]

BAD = [
    BadCase("BipartiteMatch/vector", lambda: bipartite_match([1.0, 2.0], -1), ShapeError,
            ("distances [rows, columns]", "(2,)")),
    BadCase("BipartiteMatch/two_numbers", lambda: bipartite_match(SMALL, [1.0, 2.0]), ShapeError,
            ("one number of valid rows", "(2,)")),
    BadCase("BipartiteMatch/too_many_rows", lambda d: bipartite_match(d, 3), InvalidArgumentError,
            ("at least 3 rows", "got 2"), (SMALL,), "run"),
]
