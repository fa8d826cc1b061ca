"""Constant folding: what is folded, and what must be left for the run."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.fold_constants import LARGEST, constant, fold_constants
from tests.program.programs import body, lines, program_of


def folded(fetches, feeds=(), shapes=None) -> str:
    return body(fold_constants(program_of(fetches, feeds, shapes)))


def test_arithmetic_of_constants_becomes_a_constant() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    rate = fg.constant(0.1) * fg.constant(5.0) + 1.0
    y = fg.multiply(x, rate, name="y")
    assert body(program_of(y, [x])) == lines("""
        mul float32[] = Mul(0.1, 5.)
        add float32[] = AddV2(mul, 1.)
        y float32[2] = Mul(x, add)
        return y
    """)
    assert folded(y, [x]) == lines("""
        y float32[2] = Mul(x, 1.5)
        return y
    """)


def test_the_shape_of_a_value_is_folded_though_the_value_is_not_known() -> None:
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    fetches = [fg.shape(x), fg.size(x), fg.rank(x), fg.shape(x)[0]]
    assert folded(fetches, [x], [(5, 3)]) == "return [5, 3], 15, 2, 5"


def test_the_shapes_of_several_values_are_folded_when_all_are_known() -> None:
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    fetches = fg.shape_n([x, fg.ones([2])], name="shapes")
    assert folded(fetches, [x], [(5, 3)]) == "return [5, 3], [2]"
    assert "ShapeN(x, " in folded(fetches, [x])


def test_an_unknown_shape_is_not_folded() -> None:
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    assert folded([fg.shape(x, name="s"), fg.rank(x)], [x]) == lines("""
        s int32[2] = Shape(x)
        return s, 2
    """)


def test_a_fetched_constant_is_folded_too() -> None:
    assert folded(fg.exp(fg.constant(0.0))) == "return 1."


def test_a_large_result_of_small_inputs_is_left_to_the_run() -> None:
    side = int((LARGEST // 4) ** 0.5) + 1
    large = fg.fill([side, side], 1.0, name="large")
    assert folded(large) == lines(f"""
        large float32[{side}, {side}] = Fill([{side}, {side}], 1.)
        return large
    """)
    assert folded(fg.fill([4, 4], 1.0)) != body(program_of(fg.fill([4, 4], 1.0)))


def test_a_large_result_of_as_large_inputs_is_folded() -> None:
    big = fg.constant(np.zeros(LARGEST // 4 + 1, np.float32), name="big")
    assert folded(fg.exp(big, name="y")) == "return y"


@pytest.mark.parametrize("build", [
    lambda: fg.random_uniform([2], seed=1),
    lambda: fg.py_func(lambda: np.float32(1), [], fg.float32),
    lambda: fg.Print(fg.constant(1.0), ["hello"]),
    lambda: fg.identity(fg.Variable(1.0)),
    lambda: fg.Assert(fg.constant(True), ["never"]),
    lambda: fg.exp(fg.constant(1.0)).op,
], ids=["random numbers", "Python functions", "prints", "variables", "assertions",
        "operations asked for by themselves"])
def test_what_is_not_pure_is_never_folded(build) -> None:
    program = program_of(build())
    last = program.instrs[-1]
    assert fold_constants(program).instrs[-1].op_def is last.op_def


def test_writes_to_variables_are_never_folded() -> None:
    v = fg.Variable(1.0, name="v")
    assert folded(fg.assign(v, fg.constant(1.0) + 1.0, name="a")) == lines("""
        a float32[] = Assign(-, 2.)
        write v = a
        return a
    """)


def test_a_kernel_that_fails_is_left_for_the_run_which_says_where() -> None:
    bad = fg.gather(fg.constant([1.0, 2.0]), fg.constant([5]), name="bad")
    program = program_of(bad)
    assert fold_constants(program) is program
    with pytest.raises(fg.errors.InvalidArgumentError, match=r"'bad' \(test_fold_constants.py"):
        fg.Session().run(bad)


def test_folding_warns_of_nothing() -> None:
    ratio = fg.constant(1.0) / fg.constant(0.0)
    assert fg.Session().run(ratio) == np.inf


def test_folded_constants_are_read_only_and_of_the_ops_dtype() -> None:
    value = fold_constants(program_of(fg.cast(fg.constant([1.5, 2.5]), fg.int64))).fetches[0]
    assert (value.const.dtype, value.const.tolist()) == (np.int64, [1, 2])
    assert not value.const.flags.writeable
    assert not constant("c", [1.0]).const.flags.writeable


def test_fetched_constants_are_the_callers_own() -> None:
    sess, c = fg.Session(), fg.constant([1.0, 2.0])
    for fetch in (c, fg.exp(c) * 0.0):
        first = sess.run(fetch)
        first += 1
        assert sess.run(fetch).tolist() == (first - 1).tolist()


def test_a_program_without_constants_stays_the_same_object() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    program = program_of(fg.exp(x), [x])
    assert fold_constants(program) is program


def test_folding_is_switched_off_by_name() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    y = x * (fg.constant(2.0) * fg.constant(3.0))
    on, off = fg.Session(), fg.Session(passes=["simplify", "common_subexpressions", "dead_code"])
    assert "Mul(2., 3.)" in str(off.explain(y, {x: [1, 2]}, file=Nowhere()).optimised)
    assert "Mul(2., 3.)" not in str(on.explain(y, {x: [1, 2]}, file=Nowhere()).optimised)
    assert on.run(y, {x: [1, 2]}).tolist() == off.run(y, {x: [1, 2]}).tolist() == [6, 12]


class Nowhere:
    """A file that forgets."""

    def write(self, text):
        pass
