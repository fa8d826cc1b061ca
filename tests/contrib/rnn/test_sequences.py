"""Networks of tf.contrib.rnn over whole sequences: fused cells, layers in both directions."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import rnn

cells = fg.nn.rnn_cell
RANDOM = np.random.RandomState(5)
X = RANDOM.randn(5, 3, 4)  # [time, batch, size]
LENGTHS = [5, 2, 0]


def fixed(session):
    """Gives every variable the same values in every graph."""
    random = np.random.RandomState(11)
    for v in sorted(fg.trainable_variables(), key=lambda v: v.shape.as_list()):
        session.run(v.assign(random.randn(*v.shape.as_list())))


def result(run):
    """(outputs, state) of a network built by `run(x)`, with fixed variables."""
    with fg.Graph().as_default(), fg.Session() as session:
        fetches = run(fg.constant(X))
        fixed(session)
        return session.run(fetches)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all", "lengths"])
@pytest.mark.parametrize("peephole", [False, True])
def test_a_fused_lstm_is_the_block_cell_over_time(lengths, peephole):
    want, want_state = result(lambda x: fg.nn.dynamic_rnn(
        rnn.LSTMBlockCell(2, use_peephole=peephole, cell_clip=0.5), x, lengths, dtype=fg.float64,
        time_major=True))
    got, state = result(lambda x: rnn.LSTMBlockFusedCell(2, use_peephole=peephole, cell_clip=0.5)(
        x, dtype=fg.float64, sequence_length=lengths))
    np.testing.assert_allclose(got, want, rtol=1e-12)
    np.testing.assert_allclose(state.c, want_state.c, rtol=1e-12)
    np.testing.assert_allclose(state.h, want_state.h, rtol=1e-12)


def test_a_fused_lstm_takes_lists_a_first_state_and_unknown_sizes():
    first = RANDOM.randn(2, 3, 2)

    def run(x):
        batch = fg.placeholder_with_default(x, [None, None, 4])
        cell = rnn.LSTMBlockFusedCell(2)
        return cell(batch, (fg.constant(first[0]), fg.constant(first[1])))

    def run_list(x):
        outputs, state = rnn.LSTMBlockFusedCell(2)(
            fg.unstack(x), cells.LSTMStateTuple(fg.constant(first[0]), fg.constant(first[1])))
        return fg.stack(outputs), state

    want, got = result(run), result(run_list)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-12)
    np.testing.assert_allclose(got[1].h, want[0][-1], rtol=1e-12)


@pytest.mark.parametrize("make", [
    lambda: rnn.FusedRNNCellAdaptor(cells.GRUCell(2)),
    lambda: rnn.FusedRNNCellAdaptor(cells.GRUCell(2), use_dynamic_rnn=True),
], ids=["static", "dynamic"])
@pytest.mark.parametrize("listed", [False, True])
def test_any_cell_can_be_made_to_run_over_a_sequence(make, listed):
    want, want_state = result(lambda x: fg.nn.dynamic_rnn(
        cells.GRUCell(2), x, dtype=fg.float64, time_major=True))
    got, state = result(lambda x: make()(fg.unstack(x) if listed else x, dtype=fg.float64))
    np.testing.assert_allclose(got, want, rtol=1e-12)
    np.testing.assert_allclose(state, want_state, rtol=1e-12)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all", "lengths"])
def test_a_sequence_in_reverse_starts_at_each_rows_own_end(lengths):
    want = result(lambda x: fg.nn.bidirectional_dynamic_rnn(
        cells.GRUCell(2), cells.GRUCell(2), x, lengths, dtype=fg.float64, time_major=True))[0][1]
    cell = rnn.TimeReversedFusedRNN(rnn.FusedRNNCellAdaptor(cells.GRUCell(2), True))

    def run(x):  # the same variables, as `fixed` goes by shapes
        rnn.FusedRNNCellAdaptor(cells.GRUCell(2), True)(x, dtype=fg.float64, scope="fw")
        return cell(x, dtype=fg.float64, sequence_length=lengths, scope="bw")

    np.testing.assert_allclose(result(run)[0], want, rtol=1e-12)


@pytest.mark.parametrize("static", [True, False])
def test_layers_in_both_directions_feed_the_next_layer(static):
    with fg.Graph().as_default(), fg.Session() as session:
        x = fg.constant(X.transpose(1, 0, 2))
        fw, bw = ([cells.BasicRNNCell(n) for n in (2, 3)] for _ in range(2))
        if static:
            outputs, states, _ = rnn.stack_bidirectional_rnn(
                fw, bw, fg.unstack(x, axis=1), dtype=fg.float64, sequence_length=LENGTHS)
            outputs = fg.stack(outputs, 1)
        else:
            outputs, states, _ = rnn.stack_bidirectional_dynamic_rnn(
                fw, bw, x, dtype=fg.float64, sequence_length=LENGTHS)
        names = [v.op.name for v in fg.trainable_variables()]
        fixed(session)
        got, states, weights = session.run([outputs, states, fg.trainable_variables()])
    inside = "" if static else "bidirectional_rnn/"
    assert names[0] == f"stack_bidirectional_rnn/cell_0/{inside}fw/basic_rnn_cell/kernel"
    assert names[-1] == f"stack_bidirectional_rnn/cell_1/{inside}bw/basic_rnn_cell/bias"
    want = np.zeros((3, 5, 6))
    for row, length in enumerate(LENGTHS):
        seen = X[:length, row]
        for layer in (0, 4):
            both = []
            for direction, order in ((0, 1), (2, -1)):
                kernel, bias = weights[layer + direction:layer + direction + 2]
                h, hs = np.zeros(len(bias)), []
                for one in seen[::order]:
                    h = np.tanh(np.concatenate([one, h]) @ kernel + bias)
                    hs.append(h)
                both.append(np.reshape(hs, (length, len(bias)))[::order])
            seen = np.hstack(both)
        want[row, :length] = seen
    np.testing.assert_allclose(got, want, rtol=1e-10)


@pytest.mark.parametrize("fw, bw, more, words", [
    ([], [], {}, "at least one fw cell"),
    ([1], [], {}, "at least one bw cell"),
    ((1,), [1], {}, "cells_fw must be a list"),
    ([1, 2], [1], {}, "same depth"),
    ([1], [1], {"initial_states_fw": [1, 2]}, "initial_states_fw must be a list"),
], ids=["none", "no_bw", "tuple", "depths", "states"])
def test_lists_of_cells_that_do_not_fit_are_told_of(fw, bw, more, words):
    for function in (rnn.stack_bidirectional_rnn, rnn.stack_bidirectional_dynamic_rnn):
        with pytest.raises(ValueError, match=words):
            function(fw, bw, [fg.ones([2, 3])], dtype=fg.float32, **more)


def test_batch_and_time_change_places():
    assert rnn.transpose_batch_time(fg.ones([3])).shape.as_list() == [3]
    assert rnn.best_effort_input_batch_size(
        [fg.placeholder(fg.float32, [None, None, 3]), fg.ones([5, 2])]) == 2
    with pytest.raises(ValueError, match="known rank"):
        rnn.transpose_batch_time(fg.placeholder(fg.float32))
    with pytest.raises(ValueError, match="rank >= 2"):
        rnn.best_effort_input_batch_size([fg.ones([5])])


def test_old_names_are_those_of_nn():
    assert rnn.BasicLSTMCell is cells.BasicLSTMCell
    assert rnn.static_rnn is fg.nn.static_rnn
    assert set(rnn.__dir__()) >= {"LSTMStateTuple", "MultiRNNCell", "OutputProjectionWrapper"}
