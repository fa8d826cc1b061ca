"""Common sub-expressions: what counts as the same, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.cse import attrs_key, common_subexpressions
from flowgraph.program.passes.dead_code import dead_code
from tests.program.programs import body, lines, program_of


def shared(fetches, feeds=()) -> str:
    return body(common_subexpressions(program_of(fetches, feeds)))


def inputs():
    return (fg.placeholder(fg.float32, [2, 2], name="x"),
            fg.placeholder(fg.float32, [2, 2], name="y"))


def test_equal_instructions_are_done_once() -> None:
    x, _ = feeds = inputs()
    a, b = fg.exp(x, name="a"), fg.exp(x, name="b")
    fetches = [fg.tanh(a, name="ta"), fg.tanh(b, name="tb")]
    assert body(program_of(fetches, feeds)) == lines("""
        a float32[2, 2] = Exp(x)
        b float32[2, 2] = Exp(x)
        ta float32[2, 2] = Tanh(a)
        tb float32[2, 2] = Tanh(b)
        return ta, tb
    """)
    assert shared(fetches, feeds) == lines("""
        a float32[2, 2] = Exp(x)
        ta float32[2, 2] = Tanh(a)
        return ta, ta
    """)


SAME = [
    ("order of a commutative op", lambda x, y: [x + y, y + x]),
    ("equal small constants", lambda x, y: [x * [1.0, 2.0], x * [1.0, 2.0]]),
    ("equal attributes", lambda x, y: [fg.matmul(x, y, transpose_a=True),
                                       fg.matmul(x, y, transpose_a=True)]),
    ("several outputs", lambda x, y: [fg.unstack(x)[1], fg.unstack(x)[1]]),
    ("equal axes", lambda x, y: [fg.reduce_sum(x, 0), fg.reduce_sum(x, 0)]),
    ("reads of one variable", lambda x, y: _two_reads()),
]
DIFFERENT = [
    ("order of a subtraction", lambda x, y: [x - y, y - x]),
    ("another attribute", lambda x, y: [fg.matmul(x, y), fg.matmul(x, y, transpose_a=True)]),
    ("another op", lambda x, y: [fg.tanh(x), fg.exp(x)]),
    ("constants of another dtype", lambda x, y: [fg.fill([2], 0.0),
                                                 fg.fill([2], fg.constant(0, fg.int32))]),
    ("zeros of another sign", lambda x, y: [x / 0.0, x / -0.0]),
    ("random numbers", lambda x, y: [fg.random_uniform([2]), fg.random_uniform([2])]),
    ("Python functions with effects", lambda x, y: [fg.py_func(np.sin, [x], fg.float32),
                                                    fg.py_func(np.sin, [x], fg.float32)]),
    ("prints", lambda x, y: [fg.Print(x, [x]), fg.Print(x, [x])]),
    ("operations asked for by themselves", lambda x, y: [fg.exp(x).op, fg.exp(x).op]),
    ("reads before and after a write", lambda x, y: _reads_around_a_write()),
    ("other functions", lambda x, y: [fg.py_func(np.sin, [x], fg.float32, stateful=False),
                                      fg.py_func(np.cos, [x], fg.float32, stateful=False)]),
]


def _two_reads():
    v = fg.Variable([1.0, 2.0])
    return [fg.exp(v.read_value()), fg.exp(v.read_value())]


def _reads_around_a_write():
    v = fg.Variable([1.0, 2.0])
    with fg.control_dependencies([fg.assign(v, [3.0, 4.0])]):
        return [v.value(), v.read_value()]


@pytest.mark.parametrize("build", [b for _, b in SAME], ids=[name for name, _ in SAME])
def test_these_are_the_same(build) -> None:
    feeds = inputs()
    first, second = dead_code(common_subexpressions(program_of(build(*feeds), feeds))).fetches
    assert first is second


@pytest.mark.parametrize("build", [b for _, b in DIFFERENT], ids=[name for name, _ in DIFFERENT])
def test_these_are_not_the_same(build) -> None:
    feeds = inputs()
    before = program_of(build(*feeds), feeds)
    after = common_subexpressions(before)
    assert len(set(after.fetches)) == len(before.fetches)
    assert [i for i in after.instrs if i.keep] == [i for i in before.instrs if i.keep]


def test_equal_writes_both_happen() -> None:
    v = fg.Variable(1.0)
    sess = fg.Session()
    sess.run(v.initializer)
    sess.run([fg.assign_add(v, 1.0).op, fg.assign_add(v, 1.0).op])
    assert sess.run(v) == 3


@pytest.mark.parametrize("one, other", [
    ({"axis": 1}, {"axis": True}), ({"axis": 1}, {"axis": 1.0}), ({"a": 0.0}, {"a": -0.0}),
    ({"a": np.zeros(2)}, {"a": np.zeros(3)}), ({"a": np.zeros(2)}, {"a": np.zeros(2, np.float32)}),
    ({"a": (1, 2)}, {"a": (2, 1)}), ({"a": "x"}, {"a": b"x"})], ids=repr)
def test_attributes_that_differ_have_different_keys(one, other) -> None:
    assert attrs_key(one) != attrs_key(other)
    assert attrs_key(one) == attrs_key(dict(one))


def test_not_a_number_equals_itself_as_an_attribute() -> None:
    assert attrs_key({"a": float("nan")}) == attrs_key({"a": float("nan")})


def test_a_program_without_repeats_stays_the_same_object() -> None:
    x, y = feeds = inputs()
    program = program_of(fg.exp(x) + y, feeds)
    assert common_subexpressions(program) is program


def test_two_fetches_of_one_shared_value_are_two_arrays() -> None:
    x, _ = inputs()
    a, b = fg.Session().run([fg.exp(x), fg.exp(x)], {x: np.zeros((2, 2))})
    a += 1
    assert b.tolist() == [[1, 1], [1, 1]]
