"""The pass `loop_row_gradients`: what a loop reads as `x[i]` gets its gradient behind the loop."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops.index import StridedSliceGrad
from tests.plan.plans import plan_of, run_everywhere, source_of

SIZE, WIDTH = 6, 3


def network(read, rounds=SIZE):
    x = fg.placeholder(fg.float32, [SIZE, WIDTH], name="x")
    _, h = fg.while_loop(lambda i, h: i < rounds, lambda i, h: (
        i + 1, fg.tanh(h * 0.5 + read(x, i))), [0, fg.zeros([WIDTH])])
    loss = fg.reduce_sum(h * [1.0, 2.0, 3.0])
    return x, loss, fg.gradients(loss, x)[0]


def given():
    return np.linspace(-1, 1, SIZE * WIDTH, dtype=np.float32).reshape(SIZE, WIDTH)


def kinds(fetches, feed, passes=None):
    program = plan_of(fetches, feed, passes).program
    return {inner.op_def.type for instr in program.instrs for body in instr.bodies
            for inner in body.instrs}


def test_no_round_makes_an_array_as_large_as_the_sequence() -> None:
    x, _, slope = network(lambda x, i: x[i])
    assert "StridedSliceGrad" not in kinds(slope, {x: given()})
    assert "StridedSliceGrad" in kinds(slope, {x: given()}, ["simplify", "sub_programs"])


@pytest.mark.parametrize(("read", "rounds"), [
    (lambda x, i: x[i], SIZE), (lambda x, i: x[i], 2), (lambda x, i: x[i], 0),
    (lambda x, i: x[-1 - i], SIZE), (lambda x, i: x[i // 2], SIZE), (lambda x, i: x[0] + x[i], 3),
    (lambda x, i: x[i] * x[i], 4), (lambda x, i: x[i, :], 4), (lambda x, i: x[i:i + 1][0], 4),
    (lambda x, i: x[i % 3] + x[i], 5),
])
def test_gradients_are_those_of_single_rounds(read, rounds) -> None:
    x, loss, slope = network(read, rounds)
    first, *others = run_everywhere([loss, slope], {x: given()})
    for other in others:
        np.testing.assert_allclose(other[0], first[0], rtol=1e-6)
        np.testing.assert_allclose(other[1], first[1], rtol=1e-5, atol=1e-7)


def test_a_row_that_there_is_not_is_told_of() -> None:
    x, _, slope = network(lambda x, i: x[i], SIZE + 1)
    for passes in ([], None):
        with pytest.raises(fg.errors.InvalidArgumentError, match="out of bounds"):
            fg.Session(passes=passes).run(slope, {x: given()})


def test_second_derivatives() -> None:
    x, _, slope = network(lambda x, i: x[i], 4)
    second, = fg.gradients(fg.reduce_sum(fg.square(slope)), x)
    first, *others = run_everywhere([second], {x: given()})
    for other in others:
        np.testing.assert_allclose(other[0], first[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("start", [
    lambda x: 1.0, lambda x: fg.zeros([1, WIDTH]), lambda x: fg.zeros_like(x), lambda x: x,
])
@pytest.mark.parametrize("shape", [None, [None, WIDTH]])
def test_sums_whose_size_the_loop_does_not_tell(start, shape) -> None:
    x = fg.placeholder(fg.float32, [SIZE, WIDTH])
    begin = fg.convert_to_tensor(start(x))
    if shape is not None and begin.shape.rank == 0:
        begin = fg.fill([1, WIDTH], begin)

    def put(i, total):
        place = fg.reshape(i, [1])
        return i + 1, total + StridedSliceGrad.build(
            fg.constant([SIZE, WIDTH]), place, place + 1, fg.constant([1]), fg.tanh(x[i]),
            shrink_axis_mask=1)

    _, total = fg.while_loop(lambda i, total: i < SIZE, put, [0, begin], shape_invariants=[
        fg.TensorShape([]), fg.TensorShape(shape)])
    first, *others = run_everywhere([total], {x: given()})
    for other in others:
        np.testing.assert_allclose(other[0], first[0], rtol=1e-6)


def test_rows_are_read_by_index_in_the_source() -> None:
    x, loss, _ = network(lambda x, i: x[i])
    source = source_of(loss, {x: given()})
    assert "x[i]  # " in source and "np.stack" not in source
