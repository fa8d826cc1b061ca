"""Sums of products: when they become one product, and when they stay."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.dead_code import dead_code
from flowgraph.program.passes.sums_of_products import sums_of_products
from tests.plan.plans import run_everywhere
from tests.program.programs import body, lines, program_of


def operands(count, rows=2, inputs=16, units=12):
    return [(fg.placeholder(fg.float32, [rows, inputs], name=f"a{i}"),
             fg.placeholder(fg.float32, [rows, units], name=f"b{i}")) for i in range(count)]


def products(pairs):
    return [fg.matmul(a, b, transpose_a=True, name=f"p{i}") for i, (a, b) in enumerate(pairs)]


def joined(fetch, pairs, *more) -> str:
    feeds = [*(tensor for pair in pairs for tensor in pair), *more]
    return body(sums_of_products(program_of(fetch, feeds)))


ONE_PRODUCT = lines("""
    y/left float32[6, 16] = ConcatV2(a0, a1, a2, 0)
    y/right float32[6, 12] = ConcatV2(b0, b1, b2, 0)
    y float32[16, 12] = MatMul(y/left, y/right, transpose_a=True)
    return y
""")


def test_a_sum_of_products_is_one_product() -> None:
    pairs = operands(3)
    assert joined(fg.add_n(products(pairs), name="y"), pairs) == ONE_PRODUCT


def test_sums_of_sums_are_taken_apart() -> None:
    pairs = operands(3)
    a, b, c = products(pairs)
    assert joined(fg.add(fg.add(a, b), c, name="y"), pairs) == ONE_PRODUCT


def test_other_terms_are_added_to_the_product() -> None:
    pairs = operands(3)
    other = fg.placeholder(fg.float32, [16, 12], name="other")
    a, b, c = products(pairs)
    assert joined(fg.add_n([a, other, b, c], name="y"), pairs, other) == lines("""
        y/left float32[6, 16] = ConcatV2(a0, a1, a2, 0)
        y/right float32[6, 12] = ConcatV2(b0, b1, b2, 0)
        y/product float32[16, 12] = MatMul(y/left, y/right, transpose_a=True)
        y float32[16, 12] = AddN(y/product, other)
        return y
    """)


@pytest.mark.parametrize("shape", [[], [12], [1, 1]])
def test_what_is_broadcast_is_added_outside_of_the_sum(shape) -> None:
    pairs = operands(3)
    small = fg.placeholder(fg.float32, shape, name="small")
    total = fg.add(fg.add_n(products(pairs), name="y"), small, name="z")
    assert joined(total, pairs, small) == ONE_PRODUCT.replace(
        "return y", "z float32[16, 12] = Add(y, small)\nreturn z")


@pytest.mark.parametrize("why", ["few", "used elsewhere", "fetched", "wide", "not transposed"])
def test_it_stays_a_sum(why) -> None:
    pairs = operands(2 if why == "few" else 3, rows=40 if why == "wide" else 2)
    terms = products(pairs)
    if why == "not transposed":
        terms = [fg.matmul(fg.transpose(a), b, name=f"q{i}") for i, (a, b) in enumerate(pairs)]
    fetches = [fg.add_n(terms, name="y")]
    fetches += {"used elsewhere": [fg.negative(terms[0])], "fetched": [terms[0]]}.get(why, [])
    feeds = [tensor for pair in pairs for tensor in pair]
    program = dead_code(program_of(fetches, feeds))
    assert sums_of_products(program) is program


def test_an_unrolled_cell_has_one_weight_gradient() -> None:
    x = fg.placeholder(fg.float32, [5, 2, 8])
    kernel = fg.Variable(np.linspace(-1, 1, 20 * 12).reshape(20, 12).astype(np.float32))
    state = fg.zeros([2, 12])
    for step in fg.unstack(x):
        state = fg.tanh(fg.matmul(fg.concat([step, state], 1), kernel))
    gradient, = fg.gradients(fg.reduce_sum(state), [kernel])
    given = np.random.default_rng(0).normal(size=(5, 2, 8)).astype(np.float32)
    first, *others = run_everywhere([gradient], {x: given})
    for other in others:
        np.testing.assert_allclose(other[0], first[0], rtol=1e-5, atol=1e-6)
    executable, _, shapes = fg.Session()._prepare(gradient, {x: given})
    program = executable.optimised(shapes)
    assert sum(instr.op_def.type == "AddN" for instr in program.instrs) == 0
