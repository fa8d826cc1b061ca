"""The pass `loop_projections`: products with the inputs of a loop, made at once before it."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes import loop_projections
from flowgraph.program.pipeline import PASSES
from tests.plan.plans import plan_of, run_everywhere

STEPS, BATCH, INPUTS, UNITS = 5, 3, 16, 8


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    monkeypatch.setattr(loop_projections, "LEAST_WEIGHTS", 0)


def weights(name, *shape):
    numbers = np.sin(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape) * 0.3
    return fg.get_variable(name, initializer=numbers)


def given(*shape):
    return np.cos(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)


def products_in_loops(fetches, feed, passes=None):
    program = plan_of(fetches, feed, passes).program
    return [inner.inputs[0].spec.shape for instr in program.instrs for body in instr.bodies
            for inner in body.instrs if inner.op_def.type == "MatMul"]


def written(read, steps=STEPS):
    x = fg.placeholder(fg.float32, [STEPS, BATCH, INPUTS], name="x")
    wx, wh, b = weights("wx", INPUTS, UNITS), weights("wh", UNITS, UNITS), weights("b", UNITS)
    both = weights("both", INPUTS + UNITS, UNITS)

    def body(i, h):
        return i + 1, fg.tanh(read(x, i, h, wx, wh, b, both))
    _, h = fg.while_loop(lambda i, h: i < steps, body, [0, fg.zeros([BATCH, UNITS])])
    return x, h


CELLS = {
    "apart": lambda x, i, h, wx, wh, b, both: x[i] @ wx + h @ wh + b,
    "bias first": lambda x, i, h, wx, wh, b, both: (fg.gather(x, i) @ wx + b) + h @ wh,
    "joined": lambda x, i, h, wx, wh, b, both: fg.nn.bias_add(fg.concat([x[i], h], 1) @ both, b),
    "state first": lambda x, i, h, wx, wh, b, both: fg.concat([h, x[i]], 1) @ both,
    "around": lambda x, i, h, wx, wh, b, both:
        fg.concat([h[:, :4], fg.gather(x, i), h[:, 4:]], 1) @ both + b,
    "transposed": lambda x, i, h, wx, wh, b, both:
        fg.matmul(x[i], fg.reshape(wx, [UNITS, INPUTS]), transpose_b=True) + h @ wh,
    "backwards": lambda x, i, h, wx, wh, b, both: x[STEPS - 1 - i] @ wx + h @ wh,
    "twice": lambda x, i, h, wx, wh, b, both: x[i] @ wx + fg.concat([x[i], h], 1) @ both,
}


@pytest.mark.parametrize("cell", CELLS)
def test_results_are_those_without_the_pass(cell) -> None:
    x, h = written(CELLS[cell])
    feed = {x: given(STEPS, BATCH, INPUTS)}
    assert all(shape[1] == UNITS for shape in products_in_loops(h, feed))
    slopes = fg.gradients(fg.reduce_sum(h * h), [x, *fg.trainable_variables()])
    fetches = [h, *(fg.convert_to_tensor(slope) for slope in slopes if slope is not None)]
    first, *others = run_everywhere(fetches, feed)
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    values = np.full([STEPS, BATCH, INPUTS], np.inf, np.float32)
    values[2:] = 0
    first, *others = run_everywhere([h], {x: values})
    for other in others:
        np.testing.assert_array_equal(np.isnan(first[0]), np.isnan(other[0]))


def test_a_loop_that_may_end_early_stays_as_it_is() -> None:
    x = fg.placeholder(fg.float32, [STEPS, BATCH, INPUTS], name="x")
    wx = weights("wx", INPUTS, UNITS)
    _, h = fg.while_loop(lambda i, h: fg.reduce_sum(h) < 9.0,
                         lambda i, h: (i + 1, h + fg.abs(x[i] @ wx)),
                         [0, fg.zeros([BATCH, UNITS])])
    feed = {x: given(STEPS, BATCH, INPUTS)}
    assert products_in_loops(h, feed) == [(BATCH, INPUTS)]


@pytest.mark.parametrize(("steps", "leaves"), [(2, False), (3, True), (STEPS, True)])
def test_a_loop_that_reads_few_of_the_rows_stays_as_it_is(steps, leaves) -> None:
    x, h = written(lambda x, i, h, wx, wh, b, both: x[i] @ wx + h, steps)
    shapes = products_in_loops(h, {x: given(STEPS, BATCH, INPUTS)})
    assert ((BATCH, INPUTS) not in shapes) == leaves


@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("lengths", [False, True])
@pytest.mark.parametrize("make", [
    lambda: fg.nn.rnn_cell.BasicLSTMCell(UNITS), lambda: fg.nn.rnn_cell.GRUCell(UNITS),
    lambda: fg.nn.rnn_cell.BasicRNNCell(UNITS),
    lambda: fg.nn.rnn_cell.MultiRNNCell([fg.nn.rnn_cell.LSTMCell(UNITS) for _ in range(2)])])
def test_dynamic_rnn_with_sizes_that_are_fed(make, lengths, time_major) -> None:
    x = fg.placeholder(fg.float32, [None, None, INPUTS], name="x")
    of = fg.placeholder(fg.int32, [None], name="lengths")
    with fg.variable_scope("net", initializer=fg.constant_initializer(0.1)):
        outputs, _ = fg.nn.dynamic_rnn(make(), x, of if lengths else None, dtype=fg.float32,
                                       time_major=time_major)
    data = given(STEPS, BATCH, INPUTS) if time_major else given(BATCH, STEPS, INPUTS)
    feed = {x: data, of: [5, 0, 2]}
    without = [name for name in PASSES if name != "loop_projections"]
    widths = [{shape[1] for shape in products_in_loops(outputs, feed, passes)}
              for passes in (None, without)]
    assert INPUTS + UNITS in widths[1] and INPUTS + UNITS not in widths[0]
    slopes = fg.gradients(fg.reduce_sum(fg.square(outputs)), [x, *fg.trainable_variables()])
    for fetches in ([outputs], [outputs, *slopes]):
        first, *others = run_everywhere(fetches, feed)
        for other in others:
            for a, b in zip(first, other, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_concatenation_that_a_gradient_needs_stays() -> None:
    x, h = written(CELLS["joined"])
    feed = {x: given(STEPS, BATCH, INPUTS)}
    w = next(v for v in fg.trainable_variables() if v.op.name == "both")
    assert products_in_loops(h, feed) == [(BATCH, UNITS)]
    assert (BATCH, INPUTS + UNITS) in products_in_loops([h, fg.gradients(h, w)[0]], feed)


def test_what_cannot_be_read_is_told_of() -> None:
    x = fg.placeholder(fg.float32, [STEPS, BATCH, INPUTS], name="x")
    wx = weights("wx", INPUTS, UNITS)
    _, h = fg.while_loop(lambda i, h: i < STEPS + 1,
                         lambda i, h: (i + 1, h + fg.gather(x, i) @ wx),
                         [0, fg.zeros([BATCH, UNITS])])
    texts = []
    for passes in ([], None):
        with pytest.raises(fg.errors.InvalidArgumentError) as found:
            session = fg.Session(passes=passes)
            session.run(fg.global_variables_initializer())
            session.run(h, {x: given(STEPS, BATCH, INPUTS)})
        texts.append(str(found.value).split("\n")[0])
    assert texts[0] == texts[1]
