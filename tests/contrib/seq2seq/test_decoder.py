"""dynamic_decode and BasicDecoder: the same numbers as dynamic_rnn, ends of rows, shapes."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import seq2seq as s2s

cells = fg.nn.rnn_cell
RANDOM = np.random.RandomState(0)
X = RANDOM.randn(3, 5, 4).astype(np.float32)
LENGTHS = [4, 2, 0]


def decoder_of(x=X, lengths=LENGTHS, cell=None, layer=None, time_major=False):
    cell = cell or cells.GRUCell(6, kernel_initializer=fg.glorot_uniform_initializer(seed=1))
    x = fg.convert_to_tensor(x)
    helper = s2s.TrainingHelper(fg.transpose(x, [1, 0, 2]) if time_major else x, lengths,
                                time_major)
    return s2s.BasicDecoder(cell, helper, cell.zero_state(3, fg.float32), layer)


def run(fetches, feeds=None):
    session = fg.Session()
    session.run(fg.global_variables_initializer())
    return session.run(fetches, feeds)


@pytest.mark.parametrize("time_major_in", [False, True])
@pytest.mark.parametrize("time_major_out", [False, True])
def test_true_inputs_give_what_dynamic_rnn_gives(time_major_in, time_major_out):
    outputs, state, lengths = s2s.dynamic_decode(
        decoder_of(time_major=time_major_in), output_time_major=time_major_out,
        impute_finished=True)
    cell = cells.GRUCell(6, kernel_initializer=fg.glorot_uniform_initializer(seed=1))
    want, want_state = fg.nn.dynamic_rnn(cell, X, LENGTHS, dtype=fg.float32)
    got, state, lengths, want, want_state = run(
        [outputs.rnn_output, state, lengths, want, want_state])
    if time_major_out:
        got = got.transpose(1, 0, 2)
    np.testing.assert_allclose(got, want[:, :4], rtol=1e-6)
    np.testing.assert_allclose(state, want_state, rtol=1e-6)
    assert lengths.tolist() == LENGTHS


def test_without_imputing_rows_that_have_ended_go_on():
    outputs, _, lengths = s2s.dynamic_decode(decoder_of())
    got, lengths = run([outputs.rnn_output, lengths])
    assert lengths.tolist() == LENGTHS and got.shape == (3, 4, 6)
    assert np.abs(got[1, 2:]).min() > 0


@pytest.mark.parametrize("most, steps", [(0, 0), (2, 2), (9, 4)])
@pytest.mark.parametrize("fed", [False, True])
def test_there_is_a_bound_to_the_number_of_steps(most, steps, fed):
    bound = fg.placeholder_with_default(most, []) if fed else most
    outputs, _, lengths = s2s.dynamic_decode(decoder_of(), maximum_iterations=bound)
    got, lengths = run([outputs.rnn_output, lengths])
    assert got.shape == (3, steps, 6)
    assert lengths.tolist() == np.minimum(LENGTHS, steps).tolist()


def test_shapes_are_known_as_far_as_they_can_be():
    outputs, state, lengths = s2s.dynamic_decode(decoder_of(layer=fg.layers.Dense(7)))
    assert outputs.rnn_output.shape.as_list() == [3, None, 7]
    assert outputs.sample_id.shape.as_list() == [3, None]
    assert (state.shape.as_list(), lengths.shape.as_list()) == ([3, 6], [3])
    x, n = fg.placeholder(fg.float32, [None, None, 4]), fg.placeholder(fg.int32, [None])
    cell = cells.LSTMCell(6)
    helper = s2s.TrainingHelper(x, n)
    decoder = s2s.BasicDecoder(cell, helper, cell.zero_state(fg.shape(x)[0], fg.float32))
    outputs, state, lengths = s2s.dynamic_decode(decoder, output_time_major=True)
    assert outputs.rnn_output.shape.as_list() == [None, None, 6]
    assert state.c.shape.as_list() == [None, 6]


def test_the_layer_behind_the_cell_is_what_the_helper_sees():
    layer = fg.layers.Dense(7, name="projection")
    outputs, *_ = s2s.dynamic_decode(decoder_of(layer=layer), impute_finished=False)
    logits, ids = run([outputs.rnn_output, outputs.sample_id])
    assert (logits.argmax(2) == ids).all() and ids.dtype == np.int32
    assert "decoder/projection/kernel:0" in [v.name for v in fg.trainable_variables()]


def test_gradients_are_those_of_dynamic_rnn():
    x = fg.constant(X)
    decoder = decoder_of(x, [5, 3, 1])
    outputs, *_ = s2s.dynamic_decode(decoder, impute_finished=True)
    first = fg.trainable_variables()
    cell = cells.GRUCell(6, kernel_initializer=fg.glorot_uniform_initializer(seed=1))
    want, _ = fg.nn.dynamic_rnn(cell, x, [5, 3, 1], dtype=fg.float32)
    second = fg.trainable_variables()[len(first):]
    got = run([fg.gradients(fg.nn.l2_loss(outputs.rnn_output), [*first, x]),
               fg.gradients(fg.nn.l2_loss(want), [*second, x])])
    for a, b in zip(*got, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


class Countdown(s2s.Decoder):
    """Puts out pairs; a row ends when its number is 0."""

    batch_size = 2
    output_size = {"n": fg.TensorShape([]), "pair": (fg.TensorShape([2]),)}
    output_dtype = {"n": fg.int32, "pair": (fg.float32,)}

    def initialize(self, name=None):
        return [False, False], fg.constant([3, 1]), fg.zeros([])

    def step(self, time, inputs, state, name=None):
        pair = fg.ones([2, 2]) * fg.cast(time, fg.float32)
        return {"n": inputs, "pair": (pair,)}, state + 1, inputs - 1, inputs <= 1


def test_decoders_of_ones_own_may_put_out_structures_and_need_no_finalize():
    outputs, state, lengths = s2s.dynamic_decode(Countdown(), impute_finished=True)
    outputs, state, lengths = run([outputs, state, lengths])
    assert outputs["n"].tolist() == [[3, 2, 1], [1, 0, 0]]
    assert outputs["pair"][0][:, :, 0].tolist() == [[0, 1, 2], [0, 0, 0]]
    assert (state, lengths.tolist()) == (3, [3, 1])


def test_a_decoder_may_track_itself_what_is_finished_and_finalize():
    class Sleepy(Countdown):
        tracks_own_finished = True

        def step(self, time, inputs, state, name=None):
            outputs, state, inputs, _ = super().step(time, inputs, state)
            return outputs, state, inputs, fg.stack([time >= 3, fg.not_equal(time, 1)])

        def finalize(self, outputs, final_state, sequence_lengths):
            return outputs["n"], final_state * 10

    outputs, state, lengths = run(s2s.dynamic_decode(Sleepy()))
    assert outputs.tolist() == [[3, 2, 1, 0], [1, 0, -1, -2]]
    assert (state, lengths.tolist()) == (40, [4, 3])


def test_variables_are_made_in_the_scope_decoder():
    s2s.dynamic_decode(decoder_of())
    s2s.dynamic_decode(decoder_of(), scope="again")
    names = [v.op.name for v in fg.trainable_variables()]
    assert names[0] == "decoder/gru_cell/gates/kernel"
    assert names[4] == "again/gru_cell/gates/kernel"


@pytest.mark.parametrize("build, error, words", [
    (lambda: s2s.dynamic_decode(cells.GRUCell(3)), TypeError, "Expected decoder to be type Decode"),
    (lambda: s2s.dynamic_decode(decoder_of(), maximum_iterations=[3]), ValueError,
     "must be a scalar"),
    (lambda: s2s.BasicDecoder(cells.GRUCell(3), "greedy", None), TypeError, "must be a Helper"),
    (lambda: s2s.BasicDecoder("cell", None, None), TypeError, "is not an RNNCell"),
    (lambda: decoder_of(layer=fg.nn.relu), TypeError, "output_layer must be a Layer"),
    (lambda: s2s.TrainingHelper(X, 5), ValueError, "to be a vector"),
], ids=["decoder", "bound", "helper", "cell", "layer", "lengths"])
def test_wrong_arguments_are_told_of(build, error, words):
    with pytest.raises(error, match=words):
        build()
