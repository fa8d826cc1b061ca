"""Column sums: which sums become a product with ones."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.column_sums import column_sums
from tests.plan.plans import run_everywhere
from tests.program.programs import program_of


@pytest.mark.parametrize("shape,axes,keepdims,dtype,expected", [
    ([64, 32], [0], False, fg.float32, "BiasAddGrad"),
    ([4, 8, 8, 16], [0, 1, 2], False, fg.float64, "BiasAddGrad"),
    ([4, 8, 8, 16], [-2, 0, 1], False, fg.float32, "BiasAddGrad"),
    ([4, 8, 8, 16], [0, 1], False, fg.float32, "Sum"),
    ([64, 32], [1], False, fg.float32, "Sum"),
    ([64, 32], [0], True, fg.float32, "BiasAddGrad Reshape"),
    ([4, 8, 8, 16], [0, 1, 2], True, fg.float64, "BiasAddGrad Reshape"),
    ([64, 32], [0], False, fg.int32, "Sum"),
    ([64, 32], [0], False, fg.float16, "Sum"),
    ([64, 3], [0], False, fg.float32, "Sum"),
    ([2048, 3], [1], False, fg.float32, "RowSums"),
    ([32, 32, 128], [-1], True, fg.float64, "RowSums"),
    ([32, 32, 129], [-1], True, fg.float64, "Sum"),
    ([2048, 1], [1], False, fg.float32, "Sum"),
    ([2048, 3], [1], False, fg.int32, "Sum"),
    ([2048, 3], [1], False, fg.float16, "Sum"),
    ([4096], [0], False, fg.float32, "Sum")])
def test_column_sums(shape, axes, keepdims, dtype, expected) -> None:
    x = fg.placeholder(dtype, shape, name="x")
    program = program_of(fg.reduce_sum(x, axes, keepdims=keepdims, name="y"), [x])
    after = column_sums(program)
    assert " ".join(instr.op_def.type for instr in after.instrs) == expected
    assert (after is program) == (expected == "Sum")


@pytest.mark.parametrize("special", [0.0, np.inf, np.nan])
def test_the_numbers_are_those_of_the_sum(special) -> None:
    x = fg.placeholder(fg.float32, [100, 40], name="x")
    given = np.random.default_rng(0).normal(size=(100, 40)).astype(np.float32)
    given[3, 7] += special
    first, *others = run_everywhere([fg.reduce_sum(x, 0), fg.reduce_mean(x, 0),
                                     fg.reduce_sum(x, 0, keepdims=True)], {x: given})
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(600, 2), (40, 50, 4), (20_000, 5), (3, 400, 128)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("special", [0.0, -np.inf, np.nan])
def test_short_rows_have_the_sums_of_numpy(shape, dtype, special) -> None:
    x = fg.placeholder(dtype, shape, name="x")
    given = np.random.default_rng(0).normal(size=shape).astype(dtype)
    given[2, 1] += special
    axis = len(shape) - 1
    first, *others = run_everywhere([fg.reduce_sum(x, axis), fg.reduce_mean(x, axis),
                                     fg.reduce_sum(x, axis, keepdims=True),
                                     fg.reduce_sum(fg.square(x) * 2, axis)], {x: given})
    np.testing.assert_allclose(first[0], given.sum(axis), rtol=1e-4, atol=1e-5)
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(2_000_001, 1), (400_000, 2), (4097, 3)])
def test_many_rows_are_added_up_without_losing_digits(shape) -> None:
    x = fg.placeholder(fg.float32, shape, name="x")
    given = np.full(shape, 0.1, np.float32)
    np.testing.assert_allclose(fg.Session().run(fg.reduce_sum(x, 0), {x: given}),
                               given.sum(axis=0, dtype=np.float64), rtol=5e-5)
