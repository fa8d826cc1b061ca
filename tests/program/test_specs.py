"""Specs of a Program: made precise by the feeds' shapes, and by contents that decide shapes."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.check import check
from flowgraph.program.specs import specialise
from tests.program.programs import body, lines, program_of


def test_the_shapes_of_the_feeds_make_every_spec_precise() -> None:
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    w = fg.placeholder(fg.float32, [None, None], name="w")
    y = fg.reduce_sum(fg.matmul(x, w, name="xw"), axis=0, name="y")
    assert body(program_of(y, [x, w])) == lines("""
        xw float32[?, ?] = MatMul(x, w)
        y float32[?] = Sum(xw, 0)
        return y
    """)
    concrete = program_of(y, [x, w], [(5, 3), (3, 4)])
    assert body(concrete) == lines("""
        xw float32[5, 4] = MatMul(x, w)
        y float32[4] = Sum(xw, 0)
        return y
    """)
    check(concrete)


def test_a_program_whose_specs_are_precise_already_keeps_its_instructions() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    program = program_of(fg.tanh(fg.exp(x)), [x])
    assert specialise(program, ((2,),)).instrs == program.instrs


def test_shapes_computed_in_the_graph_become_known() -> None:
    x = fg.placeholder(fg.float32, [None, None], name="x")
    n = fg.shape(x)[0]
    y = fg.reshape(x, fg.stack([n, 2, -1]), name="y")
    z = fg.zeros([n + 1, n * 2], name="z")
    program = program_of([y, z], [x], [(3, 4)])
    assert [str(v.spec) for v in program.fetches] == ["float32[3, 2, 2]", "float32[4, 6]"]


def test_a_long_chain_of_size_arithmetic_does_not_recurse() -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    n = fg.shape(x)[0]
    for _ in range(3000):
        n = n + 1
    assert fg.Session().run(fg.zeros([n]), {x: [1, 2]}).shape == (3002,)


def test_what_set_shape_added_stays_known() -> None:
    x = fg.placeholder(fg.float32, name="x")
    y = fg.py_func(lambda a: a, [x], fg.float32)
    y.set_shape([2, None])
    assert body(program_of(fg.tanh(y, name="t"), [x], [(2, 3)])).splitlines()[-2:] == [
        "t float32[2, ?] = Tanh(PyFunc)", "return t"]


def test_feeds_that_break_an_ops_rule_raise_with_the_op_its_inputs_and_lines() -> None:
    a = fg.placeholder(fg.float32, [None, None], name="a")
    b = fg.placeholder(fg.float32, [None, None], name="b")
    y = fg.matmul(a, b, name="y")
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        fg.Session().run(y, {a: np.zeros((2, 3)), b: np.zeros((4, 5))})
    for part in ("MatMul 'y' (test_specs.py:", "(2, 3)", "(4, 5)", "a =  'a'", "b =  'b'",
                 "docs: errors#invalid-argument-error"):
        assert part in str(caught.value)
    assert caught.value.op is y.op


def test_feeds_that_contradict_set_shape_raise() -> None:
    a = fg.placeholder(fg.float32, name="a")
    y = fg.tanh(a, name="y")
    y.set_shape([2])
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        fg.Session().run(y, {a: [1, 2, 3]})
    assert "gives the shape (3,), where the graph says (2,)" in str(caught.value)


def test_unknown_contents_leave_a_size_unknown() -> None:
    n = fg.placeholder(fg.int32, [], name="n")
    program = program_of(fg.zeros([n, 2]), [n], [()])
    assert str(program.fetches[0].spec) == "float32[?, 2]"
    assert fg.Session().run(fg.zeros([n, 2]), {n: 3}).shape == (3, 2)
