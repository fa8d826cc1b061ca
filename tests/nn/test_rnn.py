"""Recurrent networks as a loop of the graph."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import nest
from tests.nn import reference

cells = fg.nn.rnn_cell
X = np.random.RandomState(8).randn(4, 5, 3)  # [batch, time, size]
LENGTHS = [5, 0, 3, 1]
CELLS = {
    "rnn": lambda: cells.BasicRNNCell(2),
    "gru": lambda: cells.GRUCell(2),
    "lstm": lambda: cells.LSTMCell(4, use_peepholes=True, num_proj=2, cell_clip=0.5),
    "stack": lambda: cells.MultiRNNCell([cells.BasicLSTMCell(3), cells.GRUCell(2)]),
    "tensor_state": lambda: cells.BasicLSTMCell(2, state_is_tuple=False),
    "residual": lambda: cells.ResidualWrapper(cells.GRUCell(3)),
}


def fill_variables(session):
    random = np.random.RandomState(9)
    session.run(fg.global_variables_initializer())
    for v in fg.trainable_variables():
        session.run(v.assign(0.5 * random.randn(*v.shape.as_list())))


def results_and_gradients(outputs, state):
    """Outputs, state and the gradients of their squares, with variables filled alike."""
    flat = nest.flatten((outputs, state))
    loss = fg.add_n([fg.reduce_sum(fg.square(part)) for part in flat])
    slopes = fg.gradients(loss, fg.trainable_variables())
    with fg.Session() as session:
        fill_variables(session)
        return session.run([outputs, state, slopes])


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
def test_the_loop_gives_what_unrolling_gives(cell, lengths):
    with fg.Graph().as_default():
        outputs, state = fg.nn.static_rnn(cell(), fg.unstack(fg.constant(X), axis=1),
                                          dtype=fg.float64, sequence_length=lengths)
        want = results_and_gradients(fg.stack(outputs, axis=1), state)
        names = [v.name for v in fg.trainable_variables()]
    with fg.Graph().as_default():
        got = results_and_gradients(*fg.nn.dynamic_rnn(
            cell(), fg.constant(X), lengths, dtype=fg.float64))
        assert [v.name for v in fg.trainable_variables()] == names
    for a, b in zip(nest.flatten(got), nest.flatten(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("time_major", [False, True])
def test_rows_that_have_ended_give_zeros_and_keep_their_state(time_major):
    x = fg.placeholder(fg.float64, [None, None, 3])
    outputs, state = fg.nn.dynamic_rnn(cells.LSTMCell(2), x, sequence_length=LENGTHS,
                                       dtype=fg.float64, time_major=time_major)
    assert outputs.shape.as_list() == [None, None, 2]
    with fg.Session() as session:
        fill_variables(session)
        fed = X.transpose(1, 0, 2) if time_major else X
        got, final, weights = session.run([outputs, state, fg.trainable_variables()], {x: fed})
    want, states = reference.run(reference.lstm, X, LENGTHS, (np.zeros(2),) * 2, 2, weights)
    np.testing.assert_allclose(got.transpose(1, 0, 2) if time_major else got, want, rtol=1e-10)
    np.testing.assert_allclose(final.c, [c for c, _ in states], rtol=1e-10)
    np.testing.assert_allclose(final.h, [h for _, h in states], rtol=1e-10)


def test_gradients_do_not_come_from_after_the_end():
    x = fg.constant(X)
    outputs, _ = fg.nn.dynamic_rnn(cells.GRUCell(2), x, sequence_length=LENGTHS, dtype=fg.float64)
    slope = fg.gradients(outputs, x)[0]
    with fg.Session() as session:
        fill_variables(session)
        used = (session.run(slope) != 0).any(axis=2)
    assert used.tolist() == [[t < n for t in range(5)] for n in LENGTHS]


def test_steps_after_the_longest_row_are_zeros_whatever_the_batch():
    x = fg.placeholder(fg.float32, [None, 7, 3])
    outputs, _ = fg.nn.dynamic_rnn(cells.GRUCell(2), x, sequence_length=[2, 0], dtype=fg.float32)
    with fg.Session() as session:
        fill_variables(session)
        got = session.run(outputs, {x: np.ones((2, 7, 3))})
    assert got.shape == (2, 7, 2)
    assert (got != 0).any(axis=2).tolist() == [[True] * 2 + [False] * 5, [False] * 7]


@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 4, 3)], ids=["no_time", "no_rows"])
def test_nothing_to_do_is_done(shape):
    x = fg.placeholder(fg.float32, [shape[0], None, 3])
    outputs, state = fg.nn.dynamic_rnn(cells.GRUCell(2), x, dtype=fg.float32)
    with fg.Session() as session:
        fill_variables(session)
        got, final = session.run([outputs, state], {x: np.zeros(shape)})
    assert got.shape == (*shape[:2], 2)
    np.testing.assert_array_equal(final, np.zeros((shape[0], 2)))


def test_inputs_states_and_outputs_may_be_nested():
    class Nested(cells.RNNCell):
        state_size = {"a": 3, "b": (fg.TensorShape([2, 2]), 1)}
        output_size = (3, fg.TensorShape([2, 2]))

        def call(self, inputs, state):
            flat, square = inputs
            a = fg.tanh(state["a"] + flat)
            b = state["b"][0] + square
            return (a, b), {"a": a, "b": (b, state["b"][1] + 1)}

    squares = np.random.RandomState(1).randn(4, 5, 2, 2)
    (_, b), state = fg.nn.dynamic_rnn(
        Nested(), (fg.constant(X), fg.constant(squares)), sequence_length=LENGTHS,
        initial_state={"a": fg.zeros([4, 3], fg.float64),
                       "b": (fg.zeros([4, 2, 2], fg.float64), fg.ones([4, 1], fg.float64))},
        dtype=fg.float64)
    assert b.shape.as_list() == [4, 5, 2, 2]
    got_b, count, total = fg.Session().run([b, state["b"][1], state["b"][0]])
    np.testing.assert_array_equal(count[:, 0], 1 + np.array(LENGTHS))
    np.testing.assert_allclose(got_b[0], np.cumsum(squares[0], 0))
    np.testing.assert_allclose(total[2], squares[2, :3].sum(0))


def test_a_cell_called_twice_shares_its_variables():
    cell = cells.GRUCell(2)
    first, _ = fg.nn.dynamic_rnn(cell, fg.constant(X), dtype=fg.float64)
    second, _ = fg.nn.dynamic_rnn(cell, fg.constant(X), dtype=fg.float64)
    assert len(fg.trainable_variables()) == 4
    assert (first.name, second.name) == ("rnn/transpose_1:0", "rnn_1/transpose_1:0")
    with fg.Session() as session:
        fill_variables(session)
        np.testing.assert_array_equal(*session.run([first, second]))


def test_results_have_tensorflows_names():
    outputs, state = fg.nn.dynamic_rnn(cells.BasicLSTMCell(2), fg.constant(X), LENGTHS,
                                       dtype=fg.float64)
    assert outputs.name == "rnn/transpose_1:0"
    assert [part.name for part in state] == ["rnn/while/Exit_3:0", "rnn/while/Exit_4:0"]


def test_a_second_cell_in_one_scope_raises():
    fg.nn.dynamic_rnn(cells.GRUCell(2), fg.constant(X), dtype=fg.float64)
    with pytest.raises(ValueError, match="already exists"):
        fg.nn.dynamic_rnn(cells.GRUCell(2), fg.constant(X), dtype=fg.float64)


def test_dropout_draws_anew_in_every_step():
    cell = cells.DropoutWrapper(cells.BasicRNNCell(20), output_keep_prob=0.5, seed=1)
    outputs, _ = fg.nn.dynamic_rnn(cell, fg.ones([1, 4, 3]), dtype=fg.float32)
    with fg.Session() as session:
        fill_variables(session)
        dropped = session.run(outputs)[0] == 0
    assert not (dropped == dropped[0]).all()


def test_a_network_learns():
    """Whether the first input of a sequence is positive, told at its end."""
    fg.set_random_seed(1)
    x = fg.placeholder(fg.float32, [None, None, 1])
    lengths = fg.placeholder(fg.int32, [None])
    _, state = fg.nn.dynamic_rnn(cells.LSTMCell(8), x, lengths, dtype=fg.float32)
    logits = fg.layers.dense(state.h, 1)[:, 0]
    loss = fg.reduce_mean(fg.nn.sigmoid_cross_entropy_with_logits(
        labels=fg.cast(x[:, 0, 0] > 0, fg.float32), logits=logits))
    train = fg.train.AdamOptimizer(0.03).minimize(loss)
    random = np.random.RandomState(0)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        losses = []
        for _ in range(120):
            fed = {x: random.randn(32, 6, 1), lengths: random.randint(1, 7, 32)}
            losses.append(session.run([loss, train], fed)[0])
    assert np.mean(losses[:5]) > 0.6
    assert np.mean(losses[-5:]) < 0.2


# ---- both directions -----------------------------------------------------------------------------


def test_both_directions_are_those_of_the_static_network():
    forward, backward = (lambda: cells.GRUCell(2)), (lambda: cells.BasicLSTMCell(3))
    with fg.Graph().as_default():
        outputs, *states = fg.nn.static_bidirectional_rnn(
            forward(), backward(), fg.unstack(fg.constant(X), axis=1), dtype=fg.float64,
            sequence_length=LENGTHS)
        want = results_and_gradients(fg.stack(outputs, axis=1), tuple(states))
    with fg.Graph().as_default():
        outputs, states = fg.nn.bidirectional_dynamic_rnn(
            forward(), backward(), fg.constant(X), LENGTHS, dtype=fg.float64)
        got = results_and_gradients(fg.concat(outputs, 2), states)
        assert fg.trainable_variables()[0].name == "bidirectional_rnn/fw/gru_cell/gates/kernel:0"
    for a, b in zip(nest.flatten(got), nest.flatten(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_both_directions_may_be_time_major():
    with fg.Graph().as_default():
        (fw, bw), _ = fg.nn.bidirectional_dynamic_rnn(
            cells.GRUCell(2), cells.GRUCell(2), fg.constant(X), dtype=fg.float64)
        want = results_and_gradients((fw, bw), ())[0]
    with fg.Graph().as_default():
        (fw, bw), _ = fg.nn.bidirectional_dynamic_rnn(
            cells.GRUCell(2), cells.GRUCell(2), fg.constant(X.transpose(1, 0, 2)),
            dtype=fg.float64, time_major=True)
        got = results_and_gradients((fw, bw), ())[0]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a.transpose(1, 0, 2), b, rtol=1e-10)


# ---- raw_rnn -------------------------------------------------------------------------------------


def test_raw_rnn_can_do_what_dynamic_rnn_does():
    with fg.Graph().as_default():
        want = results_and_gradients(*fg.nn.dynamic_rnn(
            cells.LSTMCell(2), fg.constant(X), LENGTHS, dtype=fg.float64))
    with fg.Graph().as_default():
        cell, lengths = cells.LSTMCell(2), fg.constant(LENGTHS)
        rows = fg.TensorArray(fg.float64, size=5).unstack(fg.constant(X.transpose(1, 0, 2)))

        def loop_fn(time, output, state, loop_state):
            finished = time >= lengths
            row = fg.cond(fg.reduce_all(finished), lambda: fg.zeros([4, 3], fg.float64),
                          lambda: rows.read(time))
            if output is None:
                return finished, row, cell.zero_state(4, fg.float64), None, fg.constant(0)
            return finished, row, state, output, loop_state + 1

        emitted, state, count = fg.nn.raw_rnn(cell, loop_fn)
        outputs = fg.transpose(emitted.stack(), [1, 0, 2])
        got = results_and_gradients(outputs, state)
        assert fg.Session().run(count, {v: np.zeros(v.shape.as_list()) for v in
                                        fg.trainable_variables()}) == 5
    for a, b in zip(nest.flatten(got), nest.flatten(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_raw_rnn_emits_what_the_function_says():
    cell = cells.GRUCell(3)

    def loop_fn(time, output, state, loop_state):
        if output is None:
            return (fg.zeros([2], fg.bool), fg.ones([2, 4]), cell.zero_state(2, fg.float32),
                    (fg.zeros([2]), fg.zeros([], fg.int32)), None)
        return (time >= [4, 2], fg.ones([2, 4]), state, (output[:, :2], fg.fill([2], time)), None)

    (halves, times), _, loop_state = fg.nn.raw_rnn(cell, loop_fn)
    assert loop_state is None
    with fg.Session() as session:
        fill_variables(session)
        first, second = session.run([halves.stack(), times.stack()])
    assert (first != 0).any(axis=2).tolist() == [[True, True]] * 2 + [[True, False]] * 2
    np.testing.assert_array_equal(second, [[1, 1], [2, 2], [3, 0], [4, 0]])


def test_raw_rnn_wants_a_function():
    with pytest.raises(TypeError, match="callable"):
        fg.nn.raw_rnn(cells.GRUCell(2), 3)


# ---- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs, options, error, words", [
    ([2, 3, 4], {}, ValueError, "must give a dtype"),
    ([2, 3, None], {"dtype": fg.float32}, ValueError, "Input size"),
    ([2, 3], {"dtype": fg.float32}, ValueError, r"Shape \(2, 3\) must have rank at least 3"),
    ([None, 20], {"dtype": fg.float32}, ValueError, r"tf\.expand_dims\(inputs, -1\)"),
    (None, {"dtype": fg.float32}, ValueError, "known rank"),
    ([2, 3, 4], {"dtype": fg.float32, "sequence_length": [[1, 2]]}, ValueError, "vector"),
    ([2, 3, 4], {"dtype": fg.float32, "sequence_length": [1, 2, 3]}, ValueError, r"\(3,\)"),
    ([2, 3, 4], {"dtype": fg.float64}, TypeError, "float64"),
], ids=["dtype", "depth", "rank_2", "series", "rank_unknown", "lengths", "number_of_lengths",
        "mixed"])
def test_mistakes_raise_when_the_network_is_built(inputs, options, error, words):
    with pytest.raises(error, match=words):
        fg.nn.dynamic_rnn(cells.GRUCell(2), fg.placeholder(fg.float32, inputs), **options)


def test_inputs_of_one_network_have_one_batch_and_one_time():
    with pytest.raises(ValueError, match="Time steps is not the same"):
        fg.nn.dynamic_rnn(cells.GRUCell(2), (fg.zeros([2, 3, 4]), fg.zeros([2, 4, 4])),
                          dtype=fg.float32)
    with pytest.raises(ValueError, match="Batch_size is not the same"):
        fg.nn.dynamic_rnn(cells.GRUCell(2), (fg.zeros([2, 3, 4]), fg.zeros([1, 3, 4])),
                          dtype=fg.float32)


def test_what_is_no_cell_raises():
    with pytest.raises(TypeError, match="'cell_bw'"):
        fg.nn.bidirectional_dynamic_rnn(cells.GRUCell(2), None, fg.zeros([2, 3, 4]))


def test_a_wrong_number_of_lengths_raises_at_run():
    lengths = fg.placeholder(fg.int32, [None])
    outputs, _ = fg.nn.dynamic_rnn(cells.GRUCell(2), fg.zeros([2, 3, 4]), lengths,
                                   dtype=fg.float32)
    with fg.Session() as session:
        fill_variables(session)
        with pytest.raises(fg.errors.InvalidArgumentError, match="sequence_length needs one"):
            session.run(outputs, {lengths: [1, 2, 3]})
