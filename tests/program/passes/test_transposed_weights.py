"""Transposed weights: which are copied, and that the numbers stay."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.transposed_weights import MOST_ROWS, transposed_weights
from tests.plan.plans import run_everywhere, source_of
from tests.program.programs import program_of


def chain(count=4, rows=2, size=96, **flags):
    x = fg.placeholder(fg.float32, [rows, size], name="x")
    w = fg.placeholder(fg.float32, [size, size], name="w")
    y = x
    for i in range(count):
        y = fg.matmul(y, w, name=f"y{i}", **flags)
    return y, x, w


def test_products_share_one_copy() -> None:
    y, x, w = chain(transpose_b=True)
    program = transposed_weights(program_of(y, [x, w]))
    copy, *products = program.instrs
    assert copy.op_def.type == "TransposedCopy"
    assert copy.inputs == (program.feeds[1].value,)
    assert all(p.inputs[1] is copy.outputs[0] and not p.attrs["transpose_b"] for p in products)


@pytest.mark.parametrize("options", [
    {"count": 3, "transpose_b": True}, {"rows": MOST_ROWS + 1, "transpose_b": True},
    {"size": 8, "transpose_b": True}, {}], ids=["few", "many rows", "small", "not transposed"])
def test_it_stays(options) -> None:
    y, x, w = chain(**options)
    program = program_of(y, [x, w])
    assert transposed_weights(program) is program


@pytest.mark.parametrize("special", [0.0, np.nan, np.inf])
def test_the_numbers_are_the_same(special) -> None:
    y, x, w = chain(transpose_b=True)
    numbers = np.random.default_rng(0)
    given = {x: numbers.normal(size=(2, 96)), w: numbers.normal(size=(96, 96)) / 10}
    given[w][3, 5] += special
    first, *others = run_everywhere([y], given)
    for other in others:
        np.testing.assert_allclose(other[0], first[0], rtol=1e-4, atol=1e-4)


def test_the_source_shows_the_copy() -> None:
    y, x, w = chain(transpose_b=True)
    text = source_of(y, {x: np.ones((2, 96)), w: np.ones((96, 96))})
    assert "w_transposed = TransposedCopy(np, w, out=" in text
    assert ".T" not in text
