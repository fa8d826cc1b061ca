"""Products of one-hot rows: which become rows of the matrix, and that the numbers stay."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.one_hot_products import one_hot_products
from tests.plan.plans import run_everywhere
from tests.program.programs import program_of

DEPTH = 130


@pytest.fixture(autouse=True)
def _small_products_count(request, monkeypatch):
    if "pays" not in request.function.__name__:
        monkeypatch.setattr(sys.modules[one_hot_products.__module__], "LEAST_WORK", 0)


def direct(i, w, **options):
    return fg.matmul(fg.one_hot(i[0], DEPTH, **options), w)


def unrolled(i, w, **options):
    parts = fg.unstack(fg.one_hot(i, DEPTH, **options), axis=1)
    return fg.matmul(fg.concat(parts, 0), w)


def network(i, w, **options):
    h = fg.zeros([3, 4])
    kernel = fg.concat([w, fg.ones([4, 4])], 0)
    for x in fg.unstack(fg.one_hot(i, DEPTH, **options), axis=1):
        h = fg.tanh(fg.matmul(fg.concat([x, h], 1), kernel) + 0.5)
    return h


def run(build, indices, special=0.0, dtype=fg.int32, **options):
    i = fg.placeholder(dtype, [3, 5], name="i")
    w = fg.placeholder(fg.float32, [DEPTH, 4], name="w")
    y = build(i, w, **options)
    weights = np.random.default_rng(0).normal(size=(DEPTH, 4)).astype(np.float32)
    weights[2, 1] += special
    slope, = fg.gradients(fg.reduce_sum(fg.square(y)), w)
    return run_everywhere([y, slope], {i: indices, w: weights})


@pytest.mark.parametrize("build", [direct, unrolled, network], ids=lambda build: build.__name__)
@pytest.mark.parametrize("special", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("low,high", [(0, DEPTH), (-5, DEPTH + 5), (DEPTH, DEPTH + 1)])
def test_the_numbers_are_the_same(build, special, low, high) -> None:
    indices = np.random.default_rng(1).integers(low, high, (3, 5))
    first, *others = run(build, indices, special)
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("options,count", [
    ({}, 1), ({"dtype": fg.int64}, 1), ({"dtype": fg.uint8}, 1), ({"on_value": 2.0}, 0),
    ({"off_value": 1.0}, 0), ({"axis": 0}, 0), ({"axis": 1}, 1)])
def test_which_products_are_replaced(options, count) -> None:
    i = fg.placeholder(options.pop("dtype", fg.int32), [DEPTH], name="i")
    w = fg.placeholder(fg.float32, [DEPTH, 4], name="w")
    y = fg.matmul(fg.one_hot(i, DEPTH, **options), w)
    program = program_of(y, [i, w])
    after = one_hot_products(program)
    assert (after is program) == (count == 0)
    assert [instr.op_def.type for instr in after.instrs].count("OneHotProduct") == count


@pytest.mark.parametrize("build", [unrolled, network], ids=lambda build: build.__name__)
def test_an_unrolled_network_looks_up_its_inputs(build) -> None:
    i = fg.placeholder(fg.int32, [3, 5], name="i")
    w = fg.Variable(np.ones((DEPTH, 4), np.float32))
    executable, _, shapes = fg.Session()._prepare(build(i, w), {i: np.zeros((3, 5))})
    types = [instr.op_def.type for instr in executable.optimised(shapes).instrs]
    assert types.count("OneHotProduct") == 1
    assert "OneHot" not in types


@pytest.mark.parametrize("rows, depth, width, pays", [
    (32, 64, 1024, True), (1120, 64, 1024, True), (1024, 8, 256, True), (32, 128, 256, False),
    (1, 4096, 128, False), (1120, 8, 64, False)])
def test_it_pays_from_some_work_on(rows, depth, width, pays) -> None:
    i = fg.placeholder(fg.int32, [rows], name="i")
    w = fg.placeholder(fg.float32, [depth, width], name="w")
    program = program_of(fg.matmul(fg.one_hot(i, depth), w), [i, w])
    assert (one_hot_products(program) is not program) == pays
