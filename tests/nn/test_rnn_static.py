"""Recurrent networks unrolled over a list of inputs."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from tests.nn import reference

cells = fg.nn.rnn_cell
X = np.random.RandomState(8).randn(4, 5, 3)  # [batch, time, size]
LENGTHS = [5, 0, 3, 1]


def steps(dtype=fg.float64):
    return fg.unstack(fg.constant(X, dtype), axis=1)


def run(fetches):
    """The fetches, after all variables were filled with the same numbers in every test."""
    random = np.random.RandomState(9)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        values = [random.randn(*v.shape.as_list()) for v in fg.trainable_variables()]
        for v, value in zip(fg.trainable_variables(), values, strict=True):
            session.run(v.assign(value))
        return (*session.run(fetches), values)


def test_outputs_and_state_are_those_of_the_loop_written_out():
    outputs, state = fg.nn.static_rnn(cells.GRUCell(2), steps(), dtype=fg.float64)
    got, final, weights = run([outputs, state])
    want, states = reference.run(reference.gru, X, [5] * 4, np.zeros(2), 2, weights)
    np.testing.assert_allclose(np.stack(got, 1), want, rtol=1e-10)
    np.testing.assert_allclose(final, states, rtol=1e-10)


def test_rows_that_have_ended_give_zeros_and_keep_their_state():
    outputs, state = fg.nn.static_rnn(cells.BasicLSTMCell(2), steps(), dtype=fg.float64,
                                      sequence_length=LENGTHS)
    got, final, weights = run([outputs, state])
    zero = np.zeros(2), np.zeros(2)
    want, states = reference.run(reference.lstm, X, LENGTHS, zero, 2, weights)
    np.testing.assert_allclose(np.stack(got, 1), want, rtol=1e-10)
    np.testing.assert_allclose(final.c, [c for c, _ in states], rtol=1e-10)
    np.testing.assert_allclose(final.h, [h for _, h in states], rtol=1e-10)


def test_variables_are_made_once_under_the_scope():
    fg.nn.static_rnn(cells.BasicRNNCell(2), steps(), dtype=fg.float64)
    fg.nn.static_rnn(cells.BasicRNNCell(2), steps(), dtype=fg.float64, scope="mine")
    assert [v.name for v in fg.trainable_variables()] == [
        "rnn/basic_rnn_cell/kernel:0", "rnn/basic_rnn_cell/bias:0",
        "mine/basic_rnn_cell/kernel:0", "mine/basic_rnn_cell/bias:0"]


def test_the_backward_cell_reads_each_row_from_its_own_end():
    outputs, forward, backward = fg.nn.static_bidirectional_rnn(
        cells.BasicRNNCell(2), cells.BasicRNNCell(2), steps(), dtype=fg.float64,
        sequence_length=LENGTHS)
    got, end_fw, end_bw, weights = run([outputs, forward, backward])
    flipped = X.copy()
    for row, n in enumerate(LENGTHS):
        flipped[row, :n] = X[row, :n][::-1]
    fw, fw_states = reference.run(reference.basic, X, LENGTHS, np.zeros(2), 2, weights[:2])
    bw, bw_states = reference.run(reference.basic, flipped, LENGTHS, np.zeros(2), 2, weights[2:])
    for row, n in enumerate(LENGTHS):
        bw[row, :n] = bw[row, :n][::-1]
    np.testing.assert_allclose(np.stack(got, 1), np.concatenate([fw, bw], 2), rtol=1e-10)
    np.testing.assert_allclose(end_fw, fw_states, rtol=1e-10)
    np.testing.assert_allclose(end_bw, bw_states, rtol=1e-10)


def test_without_lengths_the_backward_cell_reads_the_list_in_reverse():
    outputs, _, backward = fg.nn.static_bidirectional_rnn(
        cells.BasicRNNCell(2), cells.BasicRNNCell(2), steps(), dtype=fg.float64)
    got, final, _ = run([outputs, backward])
    np.testing.assert_allclose(got[0][:, 2:], final, rtol=1e-12)


def test_the_state_is_saved_for_the_next_run():
    class Saver:
        def __init__(self):
            self.saved = {name: fg.Variable(fg.zeros([4, 2], fg.float64), trainable=False)
                          for name in "ch"}

        def state(self, name):
            return fg.identity(self.saved[name])

        def save_state(self, name, value):
            return fg.assign(self.saved[name], value)

    inputs = steps()
    outputs, state = fg.nn.static_state_saving_rnn(cells.BasicLSTMCell(2), inputs[:3], Saver(),
                                                   ("c", "h"))
    random = np.random.RandomState(9)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for v in fg.trainable_variables():
            session.run(v.assign(random.randn(*v.shape.as_list())))
        session.run(outputs[-1], dict(zip(inputs, X.transpose(1, 0, 2), strict=True)))
        feed = dict(zip(inputs, X.transpose(1, 0, 2)[2:], strict=False))  # its last steps next
        second = session.run([outputs[-1], state], feed)
        weights = session.run(fg.trainable_variables())
    both = np.concatenate([X[:, :3], X[:, 2:]], axis=1)
    want, states = reference.run(reference.lstm, both, [6] * 4, (np.zeros(2),) * 2, 2, weights)
    np.testing.assert_allclose(second[0], want[:, -1], rtol=1e-10)
    np.testing.assert_allclose(second[1].c, [c for c, _ in states], rtol=1e-10)


def test_names_of_saved_states_must_fit_the_cell():
    with pytest.raises(ValueError, match="same type"):
        fg.nn.static_state_saving_rnn(cells.LSTMCell(2), steps(), None, "state")
    with pytest.raises(ValueError, match=r"3 vs\. 2"):
        fg.nn.static_state_saving_rnn(cells.LSTMCell(2), steps(), None, ("a", "b", "c"))


@pytest.mark.parametrize("call, error, words", [
    (lambda cell: fg.nn.static_rnn("cell", steps(), dtype=fg.float64), TypeError,
     "not an RNNCell"),
    (lambda cell: fg.nn.static_rnn(cell, fg.zeros([2, 3, 4]), dtype=fg.float32), TypeError,
     "tf.unstack"),
    (lambda cell: fg.nn.static_rnn(cell, [], dtype=fg.float32), ValueError, "not be empty"),
    (lambda cell: fg.nn.static_rnn(cell, steps()), ValueError, "dtype=tf.float32"),
    (lambda cell: fg.nn.static_rnn(cell, [fg.placeholder(fg.float32, [2, None])],
                                   dtype=fg.float32), ValueError, r"\[2, None\]"),
    (lambda cell: fg.nn.static_rnn(cell, [fg.zeros([2, 3]), fg.zeros([4, 3])],
                                   dtype=fg.float32), ValueError, "not compatible|incompatible"),
    (lambda cell: fg.nn.static_rnn(cell, steps(), dtype=fg.float64, sequence_length=5),
     ValueError, "vector"),
], ids=["cell", "tensor", "empty", "dtype", "depth", "batch", "lengths"])
def test_mistakes_raise_when_the_network_is_built(call, error, words):
    with pytest.raises(error, match=words):
        call(cells.GRUCell(2))
