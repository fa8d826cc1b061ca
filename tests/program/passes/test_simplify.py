"""Simplification as a whole: sweeps over real graphs; test_rewrite has a table of single rules."""

from __future__ import annotations

import numpy as np

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


def test_simplification_is_switched_off_by_name() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    others = ["fold_constants", "common_subexpressions", "dead_code"]
    executable, _, shapes = fg.Session(passes=others)._prepare(x * 1.0, {x: [1, 2]})
    assert body(executable.optimised(shapes)) == "mul float32[2] = Mul(x, 1.)\nreturn mul"
