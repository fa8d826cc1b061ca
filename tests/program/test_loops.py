"""What passes ask of loops, and variables of loops that matter to nothing."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.loops import LoopParts, counted_rounds, is_loop
from flowgraph.program.pipeline import PASSES
from tests.plan.plans import plan_of, run_everywhere

STEPS, BATCH, INPUTS, UNITS = 5, 3, 4, 6


def loops_of(fetches, feed=None, passes=None):
    return [instr for instr in plan_of(fetches, feed, passes).program.instrs if is_loop(instr)]


def given():
    return np.linspace(-1, 1, STEPS * BATCH * INPUTS).reshape(STEPS, BATCH, INPUTS)


def network():
    x = fg.placeholder(fg.float32, [STEPS, BATCH, INPUTS], name="x")
    w = fg.get_variable("w", [INPUTS + UNITS, UNITS], initializer=fg.constant_initializer(0.05))
    _, h = fg.while_loop(lambda i, h: i < STEPS,
                         lambda i, h: (i + 1, fg.tanh(fg.concat([x[i], h], 1) @ w)),
                         [0, fg.zeros([BATCH, UNITS])])
    return x, w, fg.reduce_sum(fg.square(h))


def test_the_gradient_of_what_no_one_asks_for_is_not_summed_up() -> None:
    x, w, loss = network()
    passes = [name for name in PASSES if name not in ("loop_sums", "loop_row_gradients")]
    for wanted, carried in (([w], 3), ([x], 3), ([x, w], 4)):  # round, state, and the sums
        loops = loops_of(fg.gradients(loss, wanted), {x: given()}, passes)
        assert [loop.attrs["carried"] for loop in loops] == [2, carried]
    loops = loops_of(fg.gradients(loss, [w, x]), {x: given()}, ["simplify"])
    assert [loop.attrs["carried"] for loop in loops] == [2, 4]


def test_without_it_results_are_the_same() -> None:
    x, w, loss = network()
    first, *others = run_everywhere([loss, *fg.gradients(loss, [w, x])], {x: given()})
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    slope, = fg.gradients(loss, [w])
    for other in run_everywhere([slope], {x: given()}):
        np.testing.assert_allclose(other[0], first[1], rtol=1e-5, atol=1e-6)


def test_variables_that_only_feed_each_other_go_and_others_stay() -> None:
    n = fg.placeholder(fg.int32, [], name="n")

    def body(i, a, b, c, d):
        return i + 1, a + b, b * 2.0, c + 1.0, d * c
    ends = fg.while_loop(lambda i, a, b, c, d: i < n, body, [0, 0.0, 1.0, 2.0, 1.0])
    loop, = loops_of(ends[4], {n: 3})
    assert loop.attrs["carried"] == 3  # i, c and d
    for d, in run_everywhere([ends[4]], {n: 3}):
        assert d == 2.0 * 3.0 * 4.0
    for a, d in run_everywhere([ends[1], ends[4]], {n: 3}):
        assert (a, d) == (7.0, 24.0)


def test_what_the_condition_or_a_print_needs_stays() -> None:
    def body(i, a, b):
        with fg.control_dependencies([fg.print(b, output_stream="file:///dev/null")]):
            return i + 1, a + 1.0, b + 1.0
    ends = fg.while_loop(lambda i, a, b: a < 3.0, body, [0, 0.0, 1.0])
    loop, = loops_of(ends[1])
    assert loop.attrs["carried"] == 2  # a and b


@pytest.mark.parametrize(("condition", "step", "start", "rounds"), [
    (lambda i: i < 10, 1, 0, 10), (lambda i: i <= 10, 1, 0, 11), (lambda i: i < 10, 3, 2, 3),
    (lambda i: fg.greater(10, i), 1, 0, 10), (lambda i: i > 0, -1, 10, 10),
    (lambda i: i >= 0, -2, 10, 6), (lambda i: fg.less(0, i), -1, 4, 4),
    (lambda i: fg.logical_and(i < 10, i < 4), 1, 0, 4),
    (lambda i: i < 10, -1, 0, None), (lambda i: fg.equal(i, 3), 1, 3, None),
    (lambda i: i * 2 < 10, 1, 0, None),
])
def test_how_many_rounds_a_loop_that_counts_has(condition, step, start, rounds) -> None:
    _, x = fg.while_loop(lambda i, x: condition(i), lambda i, x: (i + step, fg.tanh(x)),
                         [start, fg.ones([2])])
    loop, = loops_of(x)
    assert counted_rounds(LoopParts(loop)) == rounds


def test_a_limit_that_is_fed_is_known_only_later() -> None:
    n = fg.placeholder(fg.int32, [], name="n")
    _, x = fg.while_loop(lambda i, x: i < n, lambda i, x: (i + 1, fg.tanh(x)), [0, fg.ones([2])])
    loop, = loops_of(x, {n: 2})
    assert counted_rounds(LoopParts(loop)) == -1
