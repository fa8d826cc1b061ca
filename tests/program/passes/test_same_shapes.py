"""Same shapes: gradients that nothing stretched, told while a batch size is unknown."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.program.ir import Program
from flowgraph.program.passes.same_shapes import same_shapes
from tests.program.programs import body, lines, program_of

SHAPE_OPS = {"Shape", "BroadcastGradientArgs", "Sum", "Reshape"}


def feed(name: str, *shape: int | None) -> fg.Tensor:
    return fg.placeholder(fg.float32, shape or [None, 3], name=name)


def kinds(program: Program) -> list[str]:
    """The shape arithmetic of a program and of its bodies."""
    return [kind for instr in program.instrs for kind in (
        [instr.op_def.type] * (instr.op_def.type in SHAPE_OPS)
        + [inner for part in instr.bodies for inner in kinds(part)])]


def test_what_was_not_stretched_needs_no_sum() -> None:
    x = feed("x")
    y = fg.multiply(fg.tanh(x, name="t"), x, name="y")
    slope, = fg.gradients(y, x, grad_ys=[x])
    before = program_of(slope, [x])
    assert kinds(before).count("BroadcastGradientArgs") == 2
    assert body(same_shapes(before)) == lines("""
        t float32[?, 3] = Tanh(x)
        gradients/y_grad/mul float32[?, 3] = Mul(x, x)
        gradients/y_grad/mul_1 float32[?, 3] = Mul(t, x)
        gradients/t_grad/TanhGrad float32[?, 3] = TanhGrad(t, gradients/y_grad/mul)
        gradients/AddN float32[?, 3] = AddN(gradients/y_grad/mul_1, gradients/t_grad/TanhGrad)
        return gradients/AddN
    """)


def test_a_number_stretches_no_one() -> None:
    x = feed("x")
    program = program_of(fg.gradients(fg.exp(x) * 2.0, x, grad_ys=[x])[0], [x])
    assert kinds(same_shapes(program)) == []


def test_the_parts_of_a_split_have_one_shape() -> None:
    x = feed("x", None, 4)
    a, b = fg.split(x, 2, 1)
    program = program_of(fg.gradients(a * b, x, grad_ys=[a])[0], [x])
    assert kinds(same_shapes(program)) == []


def test_two_sources_may_stretch_each_other() -> None:
    x, y = feed("x"), feed("y")
    program = program_of(fg.gradients(x * y, [x, y], grad_ys=[x + y]), [x, y])
    assert sorted(kinds(same_shapes(program))) == sorted(
        2 * ["BroadcastGradientArgs", "Reshape", "Shape", "Sum"])


def test_a_shape_that_is_asked_for_twice_is_asked_once() -> None:
    x = feed("x")
    program = same_shapes(program_of(
        [fg.shape(x, name="a"), fg.shape(fg.exp(x), name="b"),
         fg.shape(x, out_type=fg.int64, name="c")], [x]))
    assert body(program) == lines("""
        a int32[2] = Shape(x)
        c int64[2] = Shape(x, out_type=tf.int64)
        return a, a, c
    """)


def test_what_is_fed_in_place_of_a_result_has_a_shape_of_its_own() -> None:
    x = feed("x")
    middle = fg.tanh(x)
    slope = fg.gradients(middle * x, x, grad_ys=[x], stop_gradients=[middle])[0]
    assert kinds(same_shapes(program_of(slope, [x]))) == []
    assert "BroadcastGradientArgs" in kinds(same_shapes(program_of(slope, [x, middle])))


def test_bodies_are_looked_at_too() -> None:
    x = feed("x")
    program = program_of(
        fg.cond(fg.constant(True), lambda: fg.gradients(fg.tanh(x) * x, x)[0], lambda: x), [x])
    assert "BroadcastGradientArgs" in kinds(program)
    assert "BroadcastGradientArgs" not in kinds(same_shapes(program))


def graph_of_everything():
    x, y, row = feed("x", None, None), feed("y", None, None), feed("row", None)
    hidden = fg.tanh(x * y + row) * fg.sigmoid(x) / (2.0 + fg.square(y))
    hidden = hidden * fg.reduce_sum(hidden, 1, keepdims=True) + fg.reshape(hidden, fg.shape(x))
    hidden = fg.where(hidden > 0, hidden, x * row)
    return [hidden, *fg.gradients(hidden, [x, y, row])], (x, y, row)


@pytest.mark.parametrize(("a", "b", "c"), [
    ((4, 3), (4, 3), (3,)), ((4, 1), (4, 1), (1,)), ((1, 3), (1, 3), (3,)), ((4, 3), (1, 3), (1,)),
    ((4, 3), (4, 1), (3,)), ((1, 1), (1, 1), (1,)), ((0, 3), (0, 3), (3,))])
def test_the_results_are_the_same_for_all_sizes(a, b, c) -> None:
    fetches, feeds = graph_of_everything()
    random = np.random.default_rng(0)
    values = dict(zip(feeds, [random.normal(size=s).astype(np.float32) for s in (a, b, c)],
                      strict=True))

    def outcome(passes):
        session = fg.Session(passes=passes)
        try:
            return session.run(fetches, values)
        except InvalidArgumentError as error:
            return str(error)

    plain, found = outcome([]), outcome(["same_shapes"])
    assert type(plain) is type(found)
    if isinstance(plain, str):
        assert plain == found
    else:
        for one, other in zip(plain, found, strict=True):
            np.testing.assert_array_equal(one, other)


def test_shapes_that_do_not_fit_are_told_all_the_same() -> None:
    x, y = feed("x", None), feed("y", None)
    slope = fg.gradients(x + y, x)
    for passes in ([], ["same_shapes"], None):
        with pytest.raises(InvalidArgumentError, match=r"\[2\].*\[3\]|2.*3"):
            fg.Session(passes=passes).run(slope, {x: [1, 2], y: [1, 2, 3]})
