"""The pass `loop_sums`: gradients of weights as one product behind the loop."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from tests.plan.plans import plan_of

BATCH, STEPS, INPUTS, UNITS = 4, 6, 5, 16


def network(steps=STEPS, start=None):
    x = fg.placeholder(fg.float32, [STEPS, BATCH, INPUTS], name="x")
    w = fg.get_variable("w", [INPUTS + UNITS, UNITS], initializer=fg.constant_initializer(0.05))
    b = fg.get_variable("b", [UNITS], initializer=fg.constant_initializer(0.1))

    def body(i, h):
        return i + 1, fg.tanh(fg.nn.bias_add(fg.concat([fg.gather(x, i), h], 1) @ w, b))
    _, h = fg.while_loop(lambda i, h: i < steps, body, [0, fg.zeros([BATCH, UNITS])])
    return x, [h, *fg.gradients(fg.reduce_sum(fg.square(h)), [w, b, x])]


def given():
    return np.linspace(-1, 1, STEPS * BATCH * INPUTS, dtype=np.float32).reshape(
        STEPS, BATCH, INPUTS)


def loops_and_products(passes=None):
    x, fetches = network()
    program = plan_of(fetches, {x: given()}, passes).program
    loops = [instr for instr in program.instrs if instr.bodies]
    return ([len(instr.attrs["shapes"]) for instr in loops],
            [instr.outputs[0].spec.shape for instr in program.instrs
             if instr.op_def.type == "MatMul"])


def test_the_gradient_of_the_weights_is_one_product_behind_the_loop() -> None:
    variables, products = loops_and_products()
    assert variables == [2, 3]  # going back: round, state, and the sum of gradients of x
    assert products == [(INPUTS + UNITS, UNITS)]


def test_without_the_pass_it_is_added_up_in_the_loop() -> None:
    variables, products = loops_and_products(["simplify", "sub_programs", "dead_code"])
    assert variables[1] >= 4
    assert products == []


@pytest.mark.parametrize("steps", [0, 1, STEPS])
@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_results_are_those_without_the_pass(steps, runner) -> None:
    n = fg.placeholder(fg.int32, [], name="n")
    x, fetches = network(n)
    fetches = [fg.convert_to_tensor(fetch) for fetch in fetches]
    found = []
    for passes in ([], None):
        with fg.Session(passes=passes, runner=runner) as session:
            session.run(fg.global_variables_initializer())
            found.append([session.run(fetches, {x: given(), n: steps}) for _ in range(2)])
    for a, b in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_second_order_gradients_go_through() -> None:
    x = fg.placeholder(fg.float32, [BATCH, UNITS], name="x")
    w = fg.get_variable("w", [UNITS, UNITS], initializer=fg.constant_initializer(0.05))
    _, h = fg.while_loop(lambda i, h: i < 3, lambda i, h: (i + 1, fg.tanh(h @ w)), [0, x])
    slope = fg.gradients(h, w)[0]
    second = fg.gradients(fg.reduce_sum(fg.square(slope)), [w, x])
    data = np.linspace(-1, 1, BATCH * UNITS, dtype=np.float32).reshape(BATCH, UNITS)
    found = []
    for passes in ([], None):
        with fg.Session(passes=passes) as session:
            session.run(w.initializer)
            found.append([session.run([slope, *second], {x: data}) for _ in range(2)][1])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
