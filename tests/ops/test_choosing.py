"""Choosing by conditions into memory that is given."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops.choosing import choose
from tests.plan.plans import run_everywhere

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("condition", [
    RNG.random((130, 190)) < 0.5, RNG.random((130, 1)) < 0.5, np.ones((130, 190), bool),
    np.array(False)], ids=["each", "rows", "all", "none"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "b1", "c8", "O"])
@pytest.mark.parametrize("lies", ["in one piece", "turned", "nowhere"])
def test_all_ways_choose_alike(condition, dtype, lies) -> None:
    yes, no = (RNG.normal(size=(130, 190)).astype(dtype) for _ in range(2))
    out = {"in one piece": np.empty((130, 190), dtype), "turned": np.empty((190, 130), dtype).T,
           "nowhere": None}[lies]
    chosen = choose(np, condition, yes, no, out=out)
    assert out is None or chosen is out
    np.testing.assert_array_equal(chosen, np.where(condition, yes, no))


@pytest.mark.parametrize("special", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("rows", [0, 1, 4])
def test_states_of_sentences_that_have_ended(special, rows) -> None:
    x = fg.placeholder(fg.float32, [5, rows, 3], name="x")
    lengths = fg.placeholder(fg.int32, [rows], name="lengths")

    def body(i, h, c):
        new = fg.sigmoid(h) * c + x[i]
        ended = i >= lengths
        return i + 1, fg.where(ended, h, new), fg.where(ended, c, fg.tanh(new))

    _, h, c = fg.while_loop(lambda i, *_: i < 5, body, [0, x[0], x[1]])
    given = RNG.normal(size=(5, rows, 3))
    given[2] += special
    first, *others = run_everywhere([h, c, *fg.gradients([h, c], x)],
                                    {x: given, lengths: np.arange(rows) + 1})
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-6)
