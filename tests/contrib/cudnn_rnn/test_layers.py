"""The cuDNN layers on flowgraph's ops: numbers, variables, states, first values."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import cudnn_rnn
from tests.contrib.rnn.equations import lstm, sigmoid

X = np.random.RandomState(0).randn(5, 2, 4)  # [time, batch, size]


def step(mode, x, state, weights):
    """(output, new state) of one cell."""
    if mode == "lstm":
        kernel, bias = weights
        c, h = lstm(np.hstack([x, state[1]]) @ kernel + bias, state[0], forget_bias=0)
        return h, (c, h)
    if mode == "gru":
        kernel, bias, w_x, w_h, b_x, b_h = weights
        r, u = np.split(sigmoid(np.hstack([x, state]) @ kernel + bias), 2, 1)
        candidate = np.tanh(x @ w_x + b_x + r * (state @ w_h + b_h))
        new = (1 - u) * candidate + u * state
        return new, new
    kernel, bias = weights
    new = np.hstack([x, state]) @ kernel + bias
    new = np.tanh(new) if mode == "rnn_tanh" else np.maximum(new, 0)
    return new, new


LAYERS = {"lstm": cudnn_rnn.CudnnLSTM, "gru": cudnn_rnn.CudnnGRU,
          "rnn_tanh": cudnn_rnn.CudnnRNNTanh, "rnn_relu": cudnn_rnn.CudnnRNNRelu}


@pytest.mark.parametrize("mode", LAYERS)
@pytest.mark.parametrize("direction", ["unidirectional", "bidirectional"])
def test_layers_run_step_by_step_over_the_layers_below(mode, direction):
    both = direction == "bidirectional"
    random = np.random.RandomState(1)
    with fg.Graph().as_default(), fg.Session() as session:
        layer = LAYERS[mode](2, 3, direction=direction, dtype=fg.float64)
        shape = layer.state_shape(2)
        first = tuple(random.randn(*one) for one in shape)
        outputs, states = layer(fg.constant(X), initial_state=tuple(map(fg.constant, first)))
        session.run([v.assign(random.randn(*v.shape.as_list()))
                     for v in fg.trainable_variables()])
        got, states, weights = session.run([outputs, states, layer.trainable_weights])
    per_cell = len(weights) // (4 if both else 2)
    cells = [weights[i:i + per_cell] for i in range(0, len(weights), per_cell)]
    seen, place = X, 0
    for level in range(2):
        found = []
        for way in range(2 if both else 1):
            state = tuple(part[place] for part in first)
            state = state[::-1] if mode == "lstm" else state[0]
            outs = []
            for x in seen[::-1 if way else 1]:
                out, state = step(mode, x, state, cells[way * 2 + level])
                outs.append(out)
            last = state[1] if mode == "lstm" else state
            np.testing.assert_allclose(states[0][place], last, rtol=1e-9)
            found.append(np.array(outs)[::-1 if way else 1])
            place += 1
        seen = np.concatenate(found, 2)
    np.testing.assert_allclose(got, seen, rtol=1e-9)
    assert len(states) == len(shape)


@pytest.mark.parametrize("direction, name", [
    ("unidirectional", "cudnn_lstm/rnn/multi_rnn_cell/cell_0/cudnn_compatible_lstm_cell/kernel"),
    ("bidirectional", "cudnn_lstm/stack_bidirectional_rnn/cell_0/bidirectional_rnn/fw/"
                      "cudnn_compatible_lstm_cell/kernel")])
def test_variables_are_named_as_in_tensorflows_checkpoints(direction, name):
    with fg.Graph().as_default():
        layer = cudnn_rnn.CudnnLSTM(1, 3, direction=direction)
        layer(fg.constant(X, fg.float32))
        count = len(fg.trainable_variables())
        layer(fg.constant(X, fg.float32))
        assert fg.trainable_variables()[0].op.name == name
        assert len(fg.trainable_variables()) == count == len(layer.trainable_weights)


def test_first_values_are_drawn_for_each_matrix():
    with fg.Graph().as_default(), fg.Session() as session:
        layer = cudnn_rnn.CudnnGRU(1, 50, bias_initializer=fg.constant_initializer(0.5))
        layer(fg.ones([3, 2, 10]))
        session.run(fg.global_variables_initializer())
        kernel, bias, w_x, w_h, b_x, _ = session.run(layer.trainable_weights)
    for part, depth in ((kernel[:10], 10), (kernel[10:], 50), (w_x, 10), (w_h, 50)):
        assert abs(part).max() == pytest.approx(np.sqrt(6 / (50 + depth)), rel=0.05)
    assert (bias == 1).all() and (b_x == 0.5).all()


def test_rows_end_and_batches_may_come_first():
    with fg.Graph().as_default(), fg.Session() as session:
        layer = cudnn_rnn.CudnnLSTM(2, 3)
        x = fg.constant(X.transpose(1, 0, 2), fg.float32)
        outputs, (h, _) = layer(x, sequence_lengths=[5, 2], time_major=False)
        session.run(fg.global_variables_initializer())
        outputs, h = session.run([outputs, h])
    assert (outputs[1, 2:] == 0).all() and outputs[1, 1].any()
    np.testing.assert_array_equal(h[1, 1], outputs[1, 1])


@pytest.mark.parametrize("training, same", [(False, True), (True, False), (None, None)],
                         ids=["off", "on", "fed"])
def test_outputs_between_layers_are_dropped_in_training_only(training, same):
    with fg.Graph().as_default(), fg.Session() as session:
        flag = fg.placeholder(fg.bool, []) if training is None else training
        outputs, _ = cudnn_rnn.CudnnGRU(2, 8, dropout=0.5)(fg.ones([3, 1, 4]), training=flag)
        session.run(fg.global_variables_initializer())

        def equal(feeds):
            one, two = session.run(outputs, feeds), session.run(outputs, feeds)
            return (one == two).all()

        if training is None:
            assert equal({flag: False}) and not equal({flag: True})
        else:
            assert equal({}) == same


@pytest.mark.parametrize("build, error, words", [
    (lambda: cudnn_rnn.CudnnLSTM(1, 3, direction="up"), ValueError, "Invalid direction"),
    (lambda: cudnn_rnn.CudnnLSTM(1, 3, input_mode="skip_input"), ValueError, "is not offered"),
    (lambda: cudnn_rnn.CudnnLSTM(1, 3, dtype=fg.int32), ValueError, "Only support float16"),
    (lambda: cudnn_rnn.CudnnLSTM(1, 3).input_size, ValueError, "has not been built"),
    (lambda: cudnn_rnn.CudnnLSTM(1, 3)(fg.ones([2, 2, 2]), initial_state=fg.ones([1])), TypeError,
     "expecting tuple"),
], ids=["direction", "mode", "dtype", "size", "state"])
def test_wrong_arguments_are_told_of(build, error, words):
    with pytest.raises(error, match=words):
        build()
