"""Products with the same weights: which are made at once, and that the numbers stay."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes.shared_weights import MOST_ROWS, shared_weights
from flowgraph.program.pipeline import PASSES
from tests.plan.plans import run_everywhere
from tests.program.programs import body, lines, program_of

THREE = "float32[2, 4], float32[2, 4], float32[2, 4]"
CUT = "[2, 2, 2], 0, num_split=3"


def inputs(count, rows=2, columns=3):
    return [fg.placeholder(fg.float32, [rows, columns], name=f"x{i}") for i in range(count)]


def weights(rows=3, columns=4):
    return fg.placeholder(fg.float32, [rows, columns], name="w")


def test_layers_with_the_same_weights_are_one_product() -> None:
    xs, w = inputs(3), weights()
    fetches = [fg.matmul(x, w, name=f"y{i}") for i, x in enumerate(xs)]
    assert body(shared_weights(program_of(fetches, [*xs, w]))) == lines(f"""
        y0/all/rows float32[6, 3] = ConcatV2(x0, x1, x2, 0)
        y0/all float32[6, 4] = MatMul(y0/all/rows, w)
        y0, y1, y2 {THREE} = SplitV(y0/all, {CUT})
        return y0, y1, y2
    """)


def test_a_bias_is_added_once() -> None:
    xs, w = inputs(3), weights()
    bias = fg.placeholder(fg.float32, [4], name="b")
    fetches = [fg.add(fg.matmul(x, w, name=f"p{i}"), bias, name=f"y{i}")
               for i, x in enumerate(xs)]
    assert body(shared_weights(program_of(fetches, [*xs, w, bias]))) == lines(f"""
        p0/all/rows float32[6, 3] = ConcatV2(x0, x1, x2, 0)
        p0/all/product float32[6, 4] = MatMul(p0/all/rows, w)
        p0/all float32[6, 4] = AddV2(p0/all/product, b)
        y0, y1, y2 {THREE} = SplitV(p0/all, {CUT})
        return y0, y1, y2
    """)


def test_inputs_of_a_recurrent_network_go_first() -> None:
    xs, w = inputs(3), weights(rows=7)
    h = h0 = fg.placeholder(fg.float32, [2, 4], name="h0")
    for i, x in enumerate(xs):
        h = fg.matmul(fg.concat([x, h], 1, name=f"c{i}"), w, name=f"h{i + 1}")
    assert body(shared_weights(program_of(h, [*xs, w, h0]))) == lines(f"""
        h1/all/rows float32[6, 3] = ConcatV2(x0, x1, x2, 0)
        w/rows_0_3 float32[3, 4] = Slice(w, [0, 0], [3, 4])
        h1/all float32[6, 4] = MatMul(h1/all/rows, w/rows_0_3)
        h1/inputs, h2/inputs, h3/inputs {THREE} = SplitV(h1/all, {CUT})
        w/rows_3_7 float32[4, 4] = Slice(w, [3, 0], [4, 4])
        h1/product float32[2, 4] = MatMul(h0, w/rows_3_7)
        h1 float32[2, 4] = AddV2(h1/product, h1/inputs)
        h2/product float32[2, 4] = MatMul(h1, w/rows_3_7)
        h2 float32[2, 4] = AddV2(h2/product, h2/inputs)
        h3/product float32[2, 4] = MatMul(h2, w/rows_3_7)
        h3 float32[2, 4] = AddV2(h3/product, h3/inputs)
        return h3
    """)


def test_only_the_columns_that_are_used_are_computed() -> None:
    dy = fg.placeholder(fg.float32, [2, 4], name="dy")
    w = weights(rows=7)
    _, part = fg.split(fg.matmul(dy, w, transpose_b=True, name="dx"), [3, 4], axis=1, name="s")
    assert body(shared_weights(program_of(part, [dy, w]))) == lines("""
        w/rows_3_7 float32[4, 4] = Slice(w, [3, 0], [4, 4])
        s:1 float32[2, 4] = MatMul(dy, w/rows_3_7, transpose_b=True)
        return s:1
    """)


@pytest.mark.parametrize("why", ["few", "each needs the one before", "many rows", "transposed",
                                 "whole numbers"])
def test_it_stays(why) -> None:
    rows = MOST_ROWS + 1 if why == "many rows" else 4
    dtype = fg.int32 if why == "whole numbers" else fg.float32
    x = fg.placeholder(dtype, [rows, 4], name="x")
    w = fg.placeholder(dtype, [4, 4], name="w")
    if why == "each needs the one before":
        fetch = x
        for _ in range(4):
            fetch = fg.matmul(fetch, w)
    else:
        count = 2 if why == "few" else 4
        fetch = [fg.matmul(x + i, w, transpose_a=why == "transposed") for i in range(count)]
    program = program_of(fetch, [x, w])
    assert shared_weights(program) is program


def cell(x, h, kernel, bias):
    return fg.tanh(fg.matmul(fg.concat([x, h], 1), kernel) + bias)


def two_layers(xs, kernels, biases):
    h1 = h2 = fg.zeros([2, 5])
    for x in xs:
        h1 = cell(x, h1, kernels[0], biases[0])
        h2 = cell(h1, h2, kernels[1], biases[1])
    return h2


def feedback(xs, kernels, biases):
    h1 = h2 = fg.zeros([2, 5])
    for x in xs:
        h1 = cell(x + h2, h1, kernels[0], biases[0])
        h2 = cell(h1, h2, kernels[1], biases[1])
    return h2


def three_parts(xs, kernels, biases):
    h = seen = fg.zeros([2, 5])
    kernel = fg.concat([kernels[0], kernels[1][:5]], 0)
    for x in xs:
        h = fg.tanh(fg.matmul(fg.concat([h, x, seen], 1), kernel) + biases[0])
        seen = seen + h * h
    return h


def bidirectional(xs, kernels, biases):
    forward = backward = fg.zeros([2, 5])
    for x, y in zip(xs, xs[::-1], strict=True):
        forward = cell(x, forward, kernels[0], biases[0])
        backward = cell(y, backward, kernels[1], biases[1])
    return forward * backward


def no_recurrence(xs, kernels, biases):
    return fg.add_n([cell(x, x * x, kernels[0], biases[0]) for x in xs])


def crossed(xs, kernels, biases):
    # Each network's inputs come from the other: neither can go first.
    a = b = fg.zeros([2, 5])
    for x in xs:
        a, b = cell(b, x, kernels[0], biases[0]), cell(a, x * x, kernels[1], biases[1])
    return a + b


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("net", [two_layers, feedback, three_parts, bidirectional, no_recurrence,
                                 crossed], ids=lambda net: net.__name__)
def test_the_numbers_are_the_same(net, steps) -> None:
    numbers = np.random.default_rng(0)
    x = fg.placeholder(fg.float64, [steps, 2, 5], name="x")
    kernels = [fg.placeholder(fg.float64, [10, 5], name=f"k{i}") for i in range(2)]
    biases = [fg.placeholder(fg.float64, [5], name=f"b{i}") for i in range(2)]
    fg_zeros = fg.zeros
    try:
        fg.zeros = lambda shape: fg_zeros(shape, fg.float64)
        y = net(fg.unstack(x), kernels, biases)
    finally:
        fg.zeros = fg_zeros
    loss = fg.reduce_sum(fg.square(y))
    wanted = [x, *kernels, *biases]
    first_order = [g for g in fg.gradients(loss, wanted) if g is not None]
    second_order = [g for g in fg.gradients(fg.add_n([fg.reduce_sum(fg.square(g))
                                                      for g in first_order]), wanted)
                    if g is not None]
    feed = {tensor: numbers.normal(size=tensor.shape.as_list()) for tensor in wanted}
    first, *others = run_everywhere([loss, y, *first_order, *second_order], feed)
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(a).max()))


def test_prints_keep_their_order(capfd) -> None:
    xs, w = inputs(3), weights()
    printed = []
    for i, x in enumerate(xs):
        y = fg.matmul(x, w)
        with fg.control_dependencies(printed[-1:]):
            printed.append(fg.print(f"step {i}", fg.reduce_sum(y)))
    with fg.Session() as session:
        session.run(printed, {tensor: np.ones(tensor.shape.as_list()) for tensor in [*xs, w]})
    said = capfd.readouterr().err.splitlines()
    assert [line.split()[:2] for line in said] == [["step", "0"], ["step", "1"], ["step", "2"]]


def test_products_between_loops_wait_for_no_later_loop() -> None:
    xs, w = inputs(4, 2, 4), weights(4)

    def looped(x):
        return fg.while_loop(lambda i, h: i < 2, lambda i, h: (i + 1, fg.tanh(h)), [0, x])[1]

    # Loops keep their order: the first one must not wait for what only the second one gives.
    first_loop = looped(fg.matmul(xs[0], w))
    fetches = [first_loop, *(fg.matmul(looped(x), w) for x in xs[1:])]
    feed = {tensor: np.linspace(-1, 1, tensor.shape.num_elements()).reshape(tensor.shape.as_list())
            for tensor in [*xs, w]}
    expected, *others = run_everywhere(fetches, feed)
    for other in others:
        for a, b in zip(expected, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


def test_an_error_names_the_line_of_the_step() -> None:
    xs, w = inputs(3), fg.placeholder(fg.float32, [3, None], name="w")
    total = fg.add_n([fg.matmul(x, w) for x in xs]) + fg.ones([2, 4])
    feed = {x: np.ones((2, 3)) for x in xs} | {w: np.ones((3, 5))}
    messages = []
    for passes in (None, []):
        with fg.Session(passes=passes) as session, pytest.raises(
                fg.errors.InvalidArgumentError) as caught:
            session.run(total, feed)
        messages.append(caught.value.message)
    assert messages[0] == messages[1]


def test_it_is_a_pass_with_a_name() -> None:
    assert PASSES["shared_weights"] is shared_weights
