"""Simplification as a whole: sweeps over real graphs; test_rewrite has a table of single rules."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.dead_code import dead_code
from flowgraph.program.passes.simplify import simplify
from flowgraph.program.pipeline import optimise
from tests.program.programs import body, lines, program_of


def test_sweeps_follow_a_chain_of_matches() -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    y = fg.reshape(fg.expand_dims(fg.squeeze(fg.identity(x) * 1.0 + 0.0), 0), [3, 2], name="y")
    assert body(dead_code(simplify(simplify(program_of(y, [x]))))) == lines("""
        y float32[3, 2] = Reshape(x, [3, 2])
        return y
    """)


def test_the_gradient_of_a_small_model_is_what_one_writes_by_hand() -> None:
    x = fg.placeholder(fg.float32, [4, 3], name="x")
    w = fg.placeholder(fg.float32, [3, 2], name="w")
    loss = fg.reduce_sum(fg.square(fg.matmul(x, w, name="xw"), name="sq"), name="loss")
    gradient, = fg.gradients(loss, w, name="g")
    assert body(optimise(program_of(gradient, [x, w]))) == lines("""
        xw float32[4, 2] = MatMul(x, w)
        g/sq_grad/mul float32[4, 2] = Mul(2., xw)
        g/xw_grad/MatMul_1 float32[3, 2] = MatMul(x, g/sq_grad/mul, transpose_a=True)
        return g/xw_grad/MatMul_1
    """)


def test_rules_that_need_a_shape_fire_once_the_feeds_tell_it() -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    y = x * 1.0
    assert body(simplify(program_of(y, [x]))) != "return x"
    assert body(simplify(program_of(y, [x], [(2,)]))) == "return x"


def test_nothing_is_dropped_that_changes_the_shape() -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    y = x * fg.ones([3, 1])
    assert fg.Session().run(y, {x: [1, 2]}).shape == (3, 2)


def test_a_fetched_identity_of_a_feed_is_not_the_feed_itself() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    fed = np.float32([1, 2])
    result = fg.Session().run(fg.identity(x) * 1.0, {x: fed})
    result += 1
    assert fed.tolist() == [1, 2]


@pytest.mark.parametrize("function,text", [
    (lambda x, c: x * c, "Mul(x, y/number)"), (lambda x, c: c * x, "Mul(y/number, x)"),
    (lambda x, c: c - x, "Sub(y/number, x)"), (lambda x, c: x - c, "Sub(x, y/number)"),
    (lambda x, c: c / x, "RealDiv(y/number, x)"), (fg.maximum, "Maximum(x, y/number)")])
def test_an_array_of_one_number_becomes_that_number(function, text) -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    y = fg.identity(function(x, fg.constant(np.full((2, 3), 2.5, np.float32))), name="y")
    found = optimise(program_of(y, [x]))
    made, = found.instrs
    assert [None if v.const is None else v.const.tolist() for v in made.inputs] == [
        2.5 if "number" in part else None for part in text.split("(")[1].split(", ")]
    given = {x: np.float32([[0, -1, np.nan], [np.inf, 3, -0.0]])}
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(fg.Session().run(y, given),
                                      fg.Session(passes=[]).run(y, given))


def test_an_array_of_two_numbers_stays() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    for numbers in ([0.0, -0.0, 0.0], [1, 2, 1], [np.nan, 1, np.nan]):
        y = x * fg.constant(np.float32(numbers))
        assert [v.spec.shape for v in optimise(program_of(y, [x])).instrs[0].inputs] == [(3,), (3,)]


def test_an_array_that_makes_the_result_larger_stays() -> None:
    x = fg.placeholder(fg.float32, [1, 3], name="x")
    y = fg.constant(np.full((2, 3), 2.0, np.float32)) * x
    assert fg.Session().run(y, {x: np.ones((1, 3))}).shape == (2, 3)


def test_what_is_broadcast_from_a_number_is_taken_as_the_number() -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    c = fg.placeholder(fg.float32, [], name="c")
    y = fg.multiply(fg.broadcast_to(c, [2, 3]), x, name="y")
    assert body(dead_code(simplify(program_of(y, [x, c])))) == lines("""
        y float32[2, 3] = Mul(c, x)
        return y
    """)


def test_a_minus_goes_into_a_factor() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    n = fg.placeholder(fg.int32, [3], name="n")
    y = fg.negative(fg.multiply(2.5, x), name="y")
    assert body(dead_code(simplify(program_of(y, [x])))) == lines("""
        y float32[3] = Mul(x, -2.5)
        return y
    """)
    assert "Neg" in body(simplify(program_of(-(n * 3), [n])))


def test_simplification_is_switched_off_by_name() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    others = ["fold_constants", "common_subexpressions", "dead_code"]
    executable, _, shapes = fg.Session(passes=others)._prepare(x * 1.0, {x: [1, 2]})
    assert body(executable.optimised(shapes)) == "mul float32[2] = Mul(x, 1.)\nreturn mul"
