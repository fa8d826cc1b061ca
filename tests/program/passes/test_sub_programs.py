"""Lists of gradients that stay empty in a loop: zeros stand in their place."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from tests.plan.plans import run_everywhere


def network(outputs_count, rows=3):
    x = fg.placeholder(fg.float32, [rows, 6, 2], name="x")
    lengths = fg.placeholder(fg.int32, [rows], name="lengths")
    outputs, last = fg.nn.dynamic_rnn(fg.nn.rnn_cell.GRUCell(4), x, lengths, dtype=fg.float32)
    loss = fg.reduce_sum(fg.square(last))
    if outputs_count:
        loss += fg.reduce_sum(outputs[:, :, 0])
    return x, lengths, [loss, *fg.gradients(loss, [x, *fg.trainable_variables()])]


def kinds(program):
    found = []
    for instr in program.instrs:
        found.append(instr.op_def.type)
        for body in instr.bodies:
            found += kinds(body)
    return found


@pytest.mark.parametrize("outputs_count", [False, True])
def test_of_outputs_that_no_one_uses_the_gradients_are_zeros(outputs_count) -> None:
    x, lengths, fetches = network(outputs_count)
    feed = {x: np.zeros((3, 6, 2), np.float32), lengths: np.array([1, 2, 6], np.int32)}
    session = fg.Session()
    executable, _, shapes = session._prepare(fetches, feed)
    assert ("TensorListGetOrZeros" in kinds(executable.optimised(shapes))) == outputs_count


@pytest.mark.parametrize("outputs_count", [False, True])
@pytest.mark.parametrize("special", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("sizes", [[0, 0, 0], [1, 2, 6], [6, 6, 6]])
def test_the_numbers_are_the_same(outputs_count, special, sizes) -> None:
    fg.set_random_seed(1)
    x, lengths, fetches = network(outputs_count)
    given = np.random.default_rng(0).normal(size=(3, 6, 2)).astype(np.float32)
    given[1, 4] += special
    with np.errstate(all="ignore"):
        first, *others = run_everywhere(fetches, {x: given, lengths: sizes})
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)
