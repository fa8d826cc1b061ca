"""Cases of ops/gather_tree.py, against walks along each beam one by one."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.ops.gather_tree import gather_tree
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(2)
WORDS = RNG.integers(0, 6, (5, 3, 4)).astype(np.int32)
PARENTS = RNG.integers(0, 4, (5, 3, 4)).astype(np.int32)
LENGTHS, END = np.int32([5, 0, 3]), np.int32(0)


def walked(words, parents, lengths, end):
    steps, batch, beams = words.shape
    found = np.full_like(words, end)
    for b in range(batch):
        for k in range(beams):
            beam = k
            for t in range(min(steps, lengths[b]) - 1, -1, -1):
                found[t, b, k] = words[t, b, beam]
                beam = parents[t, b, beam]
            ends = np.flatnonzero(found[:, b, k] == end)
            if len(ends):
                found[ends[0]:, b, k] = end
    return found


CASES = [
    Case("GatherTree/lengths", gather_tree, (WORDS, PARENTS, LENGTHS, END), walked),
    Case("GatherTree/longer_than_the_steps", gather_tree, (WORDS, PARENTS, LENGTHS + 9,
                                                           np.int32(77)), walked),
    Case("GatherTree/no_parents_at_the_first_step", gather_tree, (
        WORDS, np.concatenate([np.full_like(PARENTS[:1], -1), PARENTS[1:]]), LENGTHS, END), walked),
    Case("GatherTree/no_steps", gather_tree, (WORDS[:0], PARENTS[:0], LENGTHS, END), WORDS[:0]),
]

BAD = [
    BadCase("GatherTree/rank", lambda: gather_tree([1], [1], [1], 0), ShapeError, ("rank 3",)),
    BadCase("GatherTree/shapes", lambda: gather_tree(
        fg.zeros([2, 1, 3], fg.int32), fg.zeros([2, 1, 4], fg.int32), [1], 0), ShapeError,
        ("(2, 1, 3)", "(2, 1, 4)")),
    BadCase("GatherTree/few_lengths", gather_tree, InvalidArgumentError, ("max_sequence_lengths",),
            (WORDS, PARENTS, LENGTHS[:2], END), "run"),
    BadCase("GatherTree/parents", gather_tree, InvalidArgumentError, ("invalid parent id", "4"),
            (WORDS, PARENTS + 1, LENGTHS, END), "run"),
]
