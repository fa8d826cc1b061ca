"""Decoders and losses over lists of tensors."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.nn.legacy_seq2seq import (
    basic_rnn_seq2seq,
    rnn_decoder,
    sequence_loss,
    sequence_loss_by_example,
)
from flowgraph.nn.rnn_cell.projections import InputProjectionWrapper, OutputProjectionWrapper

cells = fg.nn.rnn_cell
RANDOM = np.random.RandomState(0)
LOGITS = RANDOM.randn(3, 2, 4)  # [time, batch, classes]
TARGETS = RANDOM.randint(0, 4, (3, 2))
WEIGHTS = np.array([[1.0, 0.5], [2.0, 0.0], [0.0, 0.0]])
LOSSES = WEIGHTS * (np.log(np.exp(LOGITS).sum(-1))
                    - np.take_along_axis(LOGITS, TARGETS[..., None], -1)[..., 0])


def lists():
    return (fg.unstack(fg.constant(LOGITS)), fg.unstack(fg.constant(TARGETS)),
            fg.unstack(fg.constant(WEIGHTS)))


class Adder(cells.RNNCell):
    """Output and state are the sum of all inputs."""

    state_size = output_size = 1

    def call(self, inputs, state):
        total = inputs + state
        return total, total


def test_a_decoder_reads_its_inputs_or_what_the_function_makes_of_its_outputs():
    inputs = [fg.constant([[float(i)]]) for i in (1, 2, 3)]
    outputs, state = rnn_decoder(inputs, fg.zeros([1, 1]), Adder())
    assert np.ravel(fg.Session().run([*outputs, state])).tolist() == [1, 3, 6, 6]
    outputs, _ = rnn_decoder(inputs, fg.zeros([1, 1]), Adder(),
                             loop_function=lambda output, step: output * step)
    assert np.ravel(fg.Session().run(outputs)).tolist() == [1, 2, 6]


def test_a_decoder_starts_with_the_encoders_state():
    inputs = [fg.constant([[float(i)]]) for i in (1, 2, 3)]
    outputs, _ = basic_rnn_seq2seq(inputs, inputs, Adder())
    assert np.ravel(fg.Session().run(outputs)).tolist() == [7, 9, 12]


def test_losses_by_example():
    with fg.Session() as session:
        np.testing.assert_allclose(session.run(sequence_loss_by_example(*lists())),
                                   LOSSES.sum(0) / [3.0, 0.5])
        np.testing.assert_allclose(
            session.run(sequence_loss_by_example(*lists(), average_across_timesteps=False)),
            LOSSES.sum(0))
        labels = sequence_loss_by_example(
            *lists(), average_across_timesteps=False,
            softmax_loss_function=lambda labels, logits: fg.cast(labels, fg.float64))
        np.testing.assert_allclose(session.run(labels), (TARGETS * WEIGHTS).sum(0))


def test_the_loss_of_a_batch_is_the_sum_or_the_mean():
    with fg.Session() as session:
        want = (LOSSES.sum(0) / [3.0, 0.5]).sum()
        np.testing.assert_allclose(session.run(sequence_loss(*lists())), want / 2)
        np.testing.assert_allclose(
            session.run(sequence_loss(*lists(), average_across_batch=False)), want)


def test_lists_of_different_lengths_raise():
    logits, targets, weights = lists()
    with pytest.raises(ValueError, match="3, 3, 2"):
        sequence_loss_by_example(logits, targets[:2], weights)


@pytest.mark.parametrize("wrap, name, sizes", [
    (lambda cell: InputProjectionWrapper(cell, 2), "input_projection_wrapper", [[4, 2], [2]]),
    (lambda cell: OutputProjectionWrapper(cell, 5, activation=fg.nn.relu),
     "output_projection_wrapper", [[3, 5], [5]]),
], ids=["inputs", "outputs"])
def test_projections_make_one_linear_layer(wrap, name, sizes):
    cell = wrap(cells.GRUCell(3))
    outputs, state = fg.nn.dynamic_rnn(cell, fg.ones([2, 6, 4]), dtype=fg.float32)
    assert outputs.shape.as_list() == [2, 6, cell.output_size]
    assert state.shape.as_list() == [2, 3]
    made = {v.name: v.shape.as_list() for v in fg.trainable_variables()
            if "gru_cell" not in v.name}
    assert made == {f"rnn/{name}/kernel:0": sizes[0], f"rnn/{name}/bias:0": sizes[1]}


def test_a_projection_to_nothing_raises():
    with pytest.raises(ValueError, match="> 0"):
        OutputProjectionWrapper(cells.GRUCell(3), 0)
