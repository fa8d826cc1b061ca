"""Every rewrite rule: what it makes of a Program, and where it must leave the Program alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.opdef.opdef import REGISTRY, op_def
from flowgraph.program import rewrite
from flowgraph.program.check import check
from flowgraph.program.ir import Program
from flowgraph.program.passes.dead_code import dead_code
from flowgraph.program.rewrite import apply_rules, rule
from tests.program.programs import body, program_of


class Row(NamedTuple):
    """`rule` turns the program of `build(x, y, n, u)` into the text `after`; "" if it must not."""

    rule: str
    build: Any
    after: str


def node(op_type, *inputs, **attrs):
    return op_def(op_type).build(*inputs, **attrs)


def with_shape(tensor, shape):
    tensor.set_shape(shape)
    return tensor


# x, y: float32[2, 3]; n: int32[2, 3]; u: float32[?, 3]
ROWS = [
    Row("take_one_number", lambda x, y, n, u: fg.maximum(np.full((2, 3), 7, np.float32), x),
        "Maximum float32[2, 3] = Maximum(7., x)\nreturn Maximum"),
    Row("take_one_number", lambda x, y, n, u: x * fg.broadcast_to(fg.reduce_max(y), [2, 3]),
        "Max float32[] = Max(y, [0, 1])\n"
        "mul float32[2, 3] = Mul(x, Max)\nreturn mul"),
    Row("take_one_number", lambda x, y, n, u: u * np.full((2, 3), 7, np.float32), ""),
    Row("take_one_number", lambda x, y, n, u: x + [1.0, 2.0, 1.0], ""),
    Row("take_one_number_first", lambda x, y, n, u: np.full((2, 3), 7, np.float32) / x,
        "truediv float32[2, 3] = RealDiv(7., x)\nreturn truediv"),
    Row("take_one_number_first", lambda x, y, n, u: fg.constant([7.0, 7.0, 7.0]) - u, ""),
    Row("negate_product", lambda x, y, n, u: -(2.5 * x),
        "Neg float32[2, 3] = Mul(x, -2.5)\nreturn Neg"),
    Row("negate_product", lambda x, y, n, u: -(x * y), ""),
    Row("negate_product", lambda x, y, n, u: -(n * 3), ""),
    Row("multiply_twice", lambda x, y, n, u: (2.0 * x) * 0.3,
        "mul_1 float32[2, 3] = Mul(x, 0.6)\nreturn mul_1"),
    Row("multiply_twice", lambda x, y, n, u: -0.25 * (x * 3.0),
        "mul_1 float32[2, 3] = Mul(x, -0.75)\nreturn mul_1"),
    Row("multiply_twice", lambda x, y, n, u: (x * 0.3) * 0.7, ""),  # which would round once
    Row("multiply_twice", lambda x, y, n, u: (x * 2.0) * 3e38, ""),
    Row("multiply_twice", lambda x, y, n, u: (x * 0.5) * 2e-38, ""),
    Row("multiply_twice", lambda x, y, n, u: (x * 0.0) * 2.0, ""),
    Row("multiply_twice", lambda x, y, n, u: (x * 2.0) * [1.0, 2.0, 3.0], ""),
    Row("multiply_twice", lambda x, y, n, u: (n * 2) * 4, ""),
    Row("multiply_twice", lambda x, y, n, u: (x * y) * 2.0, ""),
    Row("multiply_twice", lambda x, y, n, u: (u * 2.0) * 4.0, ""),
    Row("drop_identity", lambda x, y, n, u: fg.identity(x), "return x"),
    Row("drop_identity", lambda x, y, n, u: with_shape(fg.identity(u), [2, 3]), ""),
    Row("drop_stop_gradient", lambda x, y, n, u: fg.stop_gradient(x), "return x"),
    Row("drop_prevent_gradient", lambda x, y, n, u: node("PreventGradient", x), "return x"),
    Row("cast_to_own_dtype", lambda x, y, n, u: node("Cast", x, DstT=fg.float32), "return x"),
    Row("cast_to_own_dtype", lambda x, y, n, u: fg.cast(x, fg.float64), ""),
    Row("multiply_by_one", lambda x, y, n, u: x * 1.0, "return x"),
    Row("multiply_by_one", lambda x, y, n, u: 1 * n, "return n"),
    Row("multiply_by_one", lambda x, y, n, u: x * np.ones([4, 1, 1], np.float32), ""),
    Row("multiply_by_one", lambda x, y, n, u: u * 1.0, ""),
    Row("multiply_by_one", lambda x, y, n, u: x * [1.0, 1.0, 2.0], ""),
    Row("divide_by_one", lambda x, y, n, u: x / 1.0, "return x"),
    Row("divide_by_one", lambda x, y, n, u: 1.0 / x, ""),
    Row("multiply_by_filled_ones", lambda x, y, n, u: x * node("Fill", [2, 3], 1.0), "return x"),
    Row("multiply_by_filled_ones", lambda x, y, n, u: x * node("Fill", [4, 2, 3], 1.0), ""),
    Row("multiply_by_filled_ones", lambda x, y, n, u: x * node("Fill", [2, 3], 2.0), ""),
    Row("select_of_zeros", lambda x, y, n, u: y + fg.where(
        x > 0.0, np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32)),
        "add float32[2, 3] = AddV2(y, [[0., 0., 0.], [0., 0., 0.]])\nreturn add"),
    Row("select_of_zeros", lambda x, y, n, u: fg.where(
        x > y, -np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32)), ""),
    Row("add_zero", lambda x, y, n, u: x + 0.0, "return x"),
    Row("add_zero", lambda x, y, n, u: fg.add(0.0, x), "return x"),
    Row("add_zero", lambda x, y, n, u: x + np.zeros([4, 2, 3], np.float32), ""),
    Row("add_zero", lambda x, y, n, u: u + 0.0, ""),
    Row("subtract_zero", lambda x, y, n, u: x - 0.0, "return x"),
    Row("subtract_zero", lambda x, y, n, u: 0.0 - x, ""),
    Row("power_of_one", lambda x, y, n, u: x ** 1.0, "return x"),
    Row("power_of_two", lambda x, y, n, u: x ** 2.0,
        "pow float32[2, 3] = Square(x)\n"
        "return pow"),
    Row("power_of_two", lambda x, y, n, u: x ** 3.0, ""),
    Row("power_of_two", lambda x, y, n, u: x ** np.full([4, 1, 1], 2.0, np.float32), ""),
    Row("multiply_by_itself", lambda x, y, n, u: x * x,
        "mul float32[2, 3] = Square(x)\n"
        "return mul"),
    Row("multiply_by_itself", lambda x, y, n, u: x * y, ""),
    Row("maximum_of_same", lambda x, y, n, u: fg.maximum(x, x), "return x"),
    Row("maximum_of_same", lambda x, y, n, u: fg.maximum(x, y), ""),
    Row("minimum_of_same", lambda x, y, n, u: fg.minimum(x, x), "return x"),
    Row("negate_twice", lambda x, y, n, u: fg.negative(-x), "return x"),
    Row("negate_twice", lambda x, y, n, u: -fg.abs(x), ""),
    Row("add_negated", lambda x, y, n, u: x + (-y),
        "add float32[2, 3] = Sub(x, y)\n"
        "return add"),
    Row("add_negated", lambda x, y, n, u: fg.add(-x, y),
        "Add float32[2, 3] = Sub(y, x)\n"
        "return Add"),
    Row("subtract_negated", lambda x, y, n, u: x - (-y),
        "sub float32[2, 3] = AddV2(x, y)\n"
        "return sub"),
    Row("subtract_negated", lambda x, y, n, u: -x - y, ""),
    Row("not_twice", lambda x, y, n, u: fg.logical_not(fg.logical_not(x > y)),
        "Greater bool[2, 3] = Greater(x, y)\n"
        "return Greater"),
    Row("add_beside", lambda x, y, n, u: fg.add_n([fg.pad(y, [[2, 0], [0, 0]]),
                                                  fg.pad(x, [[0, 2], [0, 0]])]),
        "AddN float32[4, 3] = ConcatV2(x, y, 0)\nreturn AddN"),
    Row("add_beside", lambda x, y, n, u: (fg.pad(x, [[0, 0], [0, 3]])
                                          + fg.pad(y, [[0, 0], [3, 0]])),
        "add float32[2, 6] = ConcatV2(x, y, 1)\nreturn add"),
    Row("add_beside", lambda x, y, n, u: fg.add_n([fg.pad(x, [[2, 2], [0, 0]]),
                                                  fg.pad(y, [[4, 0], [0, 0]]),
                                                  fg.pad(x, [[0, 4], [0, 0]])]),
        "AddN float32[6, 3] = ConcatV2(x, x, y, 0)\nreturn AddN"),
    Row("add_beside", lambda x, y, n, u: (fg.pad(x, [[0, 1], [0, 0]])  # they overlap
                                          + fg.pad(y, [[1, 0], [0, 0]])), ""),
    Row("add_beside", lambda x, y, n, u: (fg.pad(x, [[0, 3], [0, 0]])  # a gap
                                          + fg.pad(y, [[3, 0], [0, 0]])), ""),
    Row("add_beside", lambda x, y, n, u: (fg.pad(x, [[0, 3], [0, 0]])  # zeros at the end
                                          + fg.pad(y, [[2, 1], [0, 0]])), ""),
    Row("add_beside", lambda x, y, n, u: (fg.pad(x, [[0, 2], [0, 3]])  # at two corners
                                          + fg.pad(y, [[2, 0], [3, 0]])), ""),
    Row("add_beside", lambda x, y, n, u: (fg.pad(x, [[0, 2], [0, 0]])
                                          + fg.pad(u, [[2, 0], [0, 0]])), ""),
    Row("add_beside", lambda x, y, n, u: (fg.pad(x, [[0, 0], [0, 1]])  # broadcast
                                          + fg.pad(y[:1], [[0, 0], [1, 0]])), ""),
    Row("add_one_or_two", lambda x, y, n, u: node("AddN", [x]), "return x"),
    Row("add_one_or_two", lambda x, y, n, u: fg.add_n([x, y]),
        "AddN float32[2, 3] = AddV2(x, y)\n"
        "return AddN"),
    Row("add_one_or_two", lambda x, y, n, u: fg.add_n([x, y, x]), ""),
    Row("add_one_or_two", lambda x, y, n, u: fg.add_n([u, x]), ""),
    Row("reduce_over_nothing", lambda x, y, n, u: fg.reduce_sum(x, axis=[]), "return x"),
    Row("reduce_over_nothing", lambda x, y, n, u: fg.reduce_all(x > y, axis=[]),
        "Greater bool[2, 3] = Greater(x, y)\n"
        "return Greater"),
    Row("reduce_over_nothing", lambda x, y, n, u: fg.reduce_sum(x, axis=0), ""),
    Row("reduce_over_size_one", lambda x, y, n, u: fg.reduce_mean(x[:1], axis=0),
        "strided_slice float32[1, 3] = StridedSlice(x, [0], [1], [1], begin_mask=1)\n"
        "Mean float32[3] = Reshape(strided_slice, [3])\n"
        "return Mean"),
    Row("reduce_over_size_one", lambda x, y, n, u: fg.reduce_max(x[:1], axis=0, keepdims=True),
        "strided_slice float32[1, 3] = StridedSlice(x, [0], [1], [1], begin_mask=1)\n"
        "Max float32[1, 3] = Reshape(strided_slice, [1, 3])\n"
        "return Max"),
    Row("reduce_over_size_one", lambda x, y, n, u: fg.reduce_sum(x, axis=0), ""),
    Row("reduce_over_size_one", lambda x, y, n, u: fg.reduce_sum(u[:, :1], axis=1), ""),
    Row("mean_as_sum", lambda x, y, n, u: fg.reduce_mean(x, 0),
        "Mean/sum float32[3] = Sum(x, 0)\n"
        "Mean float32[3] = RealDiv(Mean/sum, 2.)\n"
        "return Mean"),
    Row("mean_as_sum", lambda x, y, n, u: fg.reduce_mean(n, 0), ""),
    Row("mean_as_sum", lambda x, y, n, u: fg.reduce_mean(u, 0), ""),
    Row("transpose_to_same_order", lambda x, y, n, u: fg.transpose(x, [0, 1]), "return x"),
    Row("transpose_to_same_order", lambda x, y, n, u: fg.transpose(x, [1, 0]), ""),
    Row("transpose_of_transpose",
        lambda x, y, n, u: fg.transpose(fg.transpose(x, [1, 0]), [1, 0]), "return x"),
    Row("transpose_of_transpose",
        lambda x, y, n, u: fg.transpose(fg.transpose(fg.reshape(x, [1, 2, 3]), [1, 2, 0]),
                                        [1, 2, 0]),
        "Reshape float32[1, 2, 3] = Reshape(x, [1, 2, 3])\n"
        "transpose_1 float32[3, 1, 2] = Transpose(Reshape, [2, 0, 1])\n"
        "return transpose_1"),
    Row("reshape_to_same_shape", lambda x, y, n, u: fg.reshape(x, [2, -1]), "return x"),
    Row("reshape_to_same_shape", lambda x, y, n, u: fg.reshape(x, [3, 2]), ""),
    Row("reshape_to_same_shape", lambda x, y, n, u: fg.reshape(u, [-1, 3]), ""),
    Row("reshape_of_reshape", lambda x, y, n, u: fg.reshape(fg.reshape(x, [6]), [3, 2]),
        "Reshape_1 float32[3, 2] = Reshape(x, [3, 2])\n"
        "return Reshape_1"),
    Row("expand_dims_to_reshape", lambda x, y, n, u: fg.expand_dims(x, 1),
        "ExpandDims float32[2, 1, 3] = Reshape(x, [2, 1, 3])\n"
        "return ExpandDims"),
    Row("expand_dims_to_reshape", lambda x, y, n, u: fg.expand_dims(u, 1), ""),
    Row("squeeze_to_reshape", lambda x, y, n, u: fg.squeeze(x[:1]),
        "strided_slice float32[1, 3] = StridedSlice(x, [0], [1], [1], begin_mask=1)\n"
        "Squeeze float32[3] = Reshape(strided_slice, [3])\n"
        "return Squeeze"),
    Row("squeeze_to_reshape", lambda x, y, n, u: fg.squeeze(u[:, :1]), ""),
    Row("tile_once", lambda x, y, n, u: fg.tile(x, [1, 1]), "return x"),
    Row("tile_once", lambda x, y, n, u: fg.tile(x, [1, 2]), ""),
    Row("concat_of_one", lambda x, y, n, u: node("ConcatV2", [x], 0), "return x"),
    Row("concat_of_one", lambda x, y, n, u: fg.concat([x, y], 0), ""),
    Row("broadcast_to_same_shape", lambda x, y, n, u: fg.broadcast_to(x, [2, 3]), "return x"),
    Row("broadcast_to_same_shape", lambda x, y, n, u: fg.broadcast_to(x, [4, 2, 3]), ""),
    Row("zeros_of_known_shape", lambda x, y, n, u: node("ZerosLike", x),
        "return [[0., 0., 0.], [0., 0., 0.]]"),
    Row("zeros_of_known_shape", lambda x, y, n, u: node("ZerosLike", u), ""),
]


def functions():
    return {f.__name__ for entries in rewrite.RULES.values() for _, f in entries}


def only(name):
    found = {op: [(patterns, f) for patterns, f in entries if f.__name__ == name]
             for op, entries in rewrite.RULES.items()}
    return {op: entries for op, entries in found.items() if entries}


def inputs():
    return (fg.placeholder(fg.float32, [2, 3], name="x"),
            fg.placeholder(fg.float32, [2, 3], name="y"),
            fg.placeholder(fg.int32, [2, 3], name="n"),
            fg.placeholder(fg.float32, [None, 3], name="u"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_a_rule_gives_this_program_or_leaves_it_alone(row, monkeypatch) -> None:
    feeds = inputs()
    before = program_of(row.build(*feeds), feeds)
    monkeypatch.setattr(rewrite, "RULES", only(row.rule))
    monkeypatch.setattr(rewrite, "_fitting", rewrite._fitting.__wrapped__)  # which remembers rules
    after = apply_rules(before)
    check(after, row.rule)
    if row.after:
        assert body(dead_code(after)) == row.after
    else:
        assert after is before


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_a_rule_does_not_change_the_result(row) -> None:
    feeds = inputs()
    fetch = row.build(*feeds)
    x = np.array([[0.0, -1.5, np.inf], [np.nan, 1e-30, 3.0]], np.float32)
    values = [x, np.float32([[1, 2, 3], [4, 5, 6]]), np.int32([[1, 2, 3], [-4, 5, -2**31]]), x]
    feed_dict = dict(zip(feeds, values, strict=True))
    plain = fg.Session(passes=[]).run(fetch, feed_dict)
    simple = fg.Session(passes=["simplify"]).run(fetch, feed_dict)
    np.testing.assert_array_equal(simple, plain)
    assert simple.dtype == plain.dtype


def test_every_rule_has_a_row_in_which_it_fires() -> None:
    assert functions() == {row.rule for row in ROWS if row.after}


def test_a_rule_without_before_and_after_in_its_docstring_is_refused() -> None:
    with pytest.raises(TypeError, match="nameless needs a docstring"):
        @rule("Add", rewrite.ANY)
        def nameless(m, x):
            """Does something."""
    assert "nameless" not in functions()


def test_a_rule_may_not_touch_an_operation_that_was_asked_for_by_itself() -> None:
    x, *_ = feeds = inputs()
    program = program_of(fg.identity(x).op, feeds)
    assert apply_rules(program) is program


def test_rules_see_what_earlier_rules_of_the_sweep_have_made() -> None:
    x, *_ = feeds = inputs()
    after = apply_rules(program_of(fg.identity(fg.identity(x)) * 1.0 + 0.0, feeds))
    assert body(after) == "return x"


def test_new_instructions_keep_the_origin_of_the_old_one() -> None:
    x, *_ = feeds = inputs()
    y = fg.square(x ** 2.0)
    after: Program = apply_rules(program_of(y, feeds))
    assert [instr.origins[0].name for instr in after.instrs] == ["pow", y.op.name]


def test_a_program_without_a_match_stays_the_same_object() -> None:
    x, y, *_ = feeds = inputs()
    program = program_of(fg.tanh(x) + y, feeds)
    assert apply_rules(program) is program


def test_the_registry_has_every_op_that_a_rule_looks_at() -> None:
    assert set(rewrite.RULES) <= set(REGISTRY)
