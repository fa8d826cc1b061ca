"""Recurrent cells: one step, their variables, states and wrappers."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import nest
from tests.nn import reference

cells = fg.nn.rnn_cell
RANDOM = np.random.RandomState(7)
X = RANDOM.randn(2, 4)


def one_step(cell, x=X, dtype=fg.float64, seed=1):
    """(output, state, new state, weights) of a step from a random state, as arrays."""
    random = np.random.RandomState(seed)
    with fg.Graph().as_default():
        old = nest.map_structure(lambda size: fg.constant(random.randn(len(x), size), dtype),
                                 cell.state_size)
        output, new = cell(fg.constant(x, dtype), old)
        with fg.Session() as session:
            for v in fg.trainable_variables():
                session.run(v.assign(0.5 * random.randn(*v.shape.as_list())))
            return session.run([output, old, new, fg.trainable_variables()])


@pytest.mark.parametrize("cell, step", [
    (lambda: cells.BasicRNNCell(3), reference.basic),
    (lambda: cells.GRUCell(3), reference.gru),
    (lambda: cells.BasicLSTMCell(3), reference.lstm),
    (lambda: cells.LSTMCell(3), reference.lstm),
    (lambda: cells.LSTMCell(3, use_peepholes=True), reference.lstm),
    (lambda: cells.LSTMCell(3, num_proj=2), reference.lstm),
    (lambda: cells.LSTMCell(3, use_peepholes=True, num_proj=2, cell_clip=0.3, proj_clip=0.1),
     lambda x, s, w: reference.lstm(x, s, w, cell_clip=0.3, proj_clip=0.1)),
    (lambda: cells.BasicLSTMCell(3, forget_bias=0.0),
     lambda x, s, w: reference.lstm(x, s, w, forget_bias=0.0)),
], ids=["rnn", "gru", "basic_lstm", "lstm", "peepholes", "projection", "clipped", "forget_bias"])
def test_a_step_is_what_the_equations_say(cell, step):
    output, old, new, weights = one_step(cell())
    for row in range(len(X)):
        state = nest.map_structure(lambda part, row=row: part[row], old)
        want, want_state = step(X[row], state, weights)
        np.testing.assert_allclose(output[row], want, rtol=1e-12)
        for got, part in zip(nest.flatten(new), nest.flatten(want_state), strict=True):
            np.testing.assert_allclose(got[row], part, rtol=1e-12)


@pytest.mark.parametrize("cell, names", [
    (lambda: cells.BasicRNNCell(3), ["basic_rnn_cell/kernel:0", "basic_rnn_cell/bias:0"]),
    (lambda: cells.GRUCell(3, name="g"), ["g/gates/kernel:0", "g/gates/bias:0",
                                          "g/candidate/kernel:0", "g/candidate/bias:0"]),
    (lambda: cells.LSTMCell(3, use_peepholes=True, num_proj=2), [
        "lstm_cell/kernel:0", "lstm_cell/bias:0", "lstm_cell/w_f_diag:0", "lstm_cell/w_i_diag:0",
        "lstm_cell/w_o_diag:0", "lstm_cell/projection/kernel:0"]),
    (lambda: cells.MultiRNNCell([cells.BasicRNNCell(3), cells.BasicRNNCell(2)]), [
        "multi_rnn_cell/cell_0/basic_rnn_cell/kernel:0",
        "multi_rnn_cell/cell_0/basic_rnn_cell/bias:0",
        "multi_rnn_cell/cell_1/basic_rnn_cell/kernel:0",
        "multi_rnn_cell/cell_1/basic_rnn_cell/bias:0"]),
], ids=["rnn", "gru", "lstm", "multi"])
def test_variables_have_tensorflows_names(cell, names):
    cell = cell()
    state = cell.zero_state(2, fg.float32)
    cell(fg.ones([2, 4]), state)
    cell(fg.ones([2, 4]), state)
    assert [v.name for v in fg.trainable_variables()] == names
    assert [v.name for v in cell.trainable_variables] == names


def test_a_wrapper_adds_no_scope_and_lists_no_variables():
    cell = cells.DropoutWrapper(cells.BasicRNNCell(3))
    cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
    assert [v.name for v in fg.trainable_variables()] == ["basic_rnn_cell/kernel:0",
                                                          "basic_rnn_cell/bias:0"]
    assert cell.trainable_variables == []
    assert len(cell.wrapped_cell.trainable_variables) == 2


def test_a_state_that_is_no_tuple_is_both_side_by_side():
    together = one_step(cells.BasicLSTMCell(3, state_is_tuple=False))
    assert together[1].shape == (2, 6)
    c, h = np.split(together[1], 2, axis=1)
    for row in range(2):
        want, (new_c, new_h) = reference.lstm(X[row], (c[row], h[row]), together[3])
        np.testing.assert_allclose(together[0][row], want, rtol=1e-12)
        np.testing.assert_allclose(together[2][row], np.concatenate([new_c, new_h]), rtol=1e-12)


def test_shards_cut_the_kernel_and_leave_the_numbers():
    output, old, _, weights = one_step(cells.LSTMCell(3, num_unit_shards=2))
    kernel = np.concatenate(weights[:-1])
    assert [w.shape for w in weights] == [(4, 12), (3, 12), (12,)]
    want, _ = reference.lstm(X[0], (old.c[0], old.h[0]), (kernel, weights[-1]))
    np.testing.assert_allclose(output[0], want, rtol=1e-12)


def test_zero_states_take_numbers_and_tensors_as_batch_size():
    cell = cells.MultiRNNCell([cells.BasicLSTMCell(3), cells.GRUCell(2)])
    state = cell.zero_state(4, fg.float64)
    assert isinstance(state[0], cells.LSTMStateTuple)
    assert [part.shape.as_list() for part in nest.flatten(state)] == [[4, 3], [4, 3], [4, 2]]
    assert state[1].dtype == fg.float64
    x = fg.placeholder(fg.float32, [None, 5])
    state = cell.zero_state(fg.shape(x)[0], fg.float32)
    assert state[1].shape.as_list() == [None, 2]
    with fg.Session() as session:
        assert session.run(state, {x: np.ones((6, 5))})[0].c.shape == (6, 3)


def test_a_zero_state_of_unknown_size_says_what_to_pass():
    with pytest.raises(ValueError, match=r"tf\.shape"):
        cells.GRUCell(2).zero_state(None, fg.float32)


def test_initial_states_follow_the_inputs():
    cell = cells.GRUCell(2)
    assert cell.get_initial_state(fg.zeros([3, 1], fg.float64)).shape.as_list() == [3, 2]
    with pytest.raises(ValueError, match="batch size of 3"):
        cell.get_initial_state(fg.zeros([3, 1]), batch_size=4)
    with pytest.raises(ValueError, match="float32"):
        cell.get_initial_state(fg.zeros([3, 1]), dtype=fg.float64)
    with pytest.raises(ValueError, match="batch_size"):
        cell.get_initial_state()


def test_a_cell_may_make_its_variables_in_call():
    class Counter(cells.RNNCell):
        state_size = output_size = 1

        def call(self, inputs, state):
            w = fg.get_variable("w", [], initializer=fg.ones_initializer())
            return state + w, state + w

    cell = Counter()
    output, state = cell(fg.zeros([1, 1]), cell.zero_state(1, fg.float32))
    output, state = cell(fg.zeros([1, 1]), state)
    assert [v.name for v in cell.trainable_variables] == ["counter/w:0"]
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        assert session.run(output) == [[2.0]]


def test_activations_go_by_name():
    output, old, _, weights = one_step(cells.BasicRNNCell(3, activation="relu"))
    want = np.maximum(np.concatenate([X, old], 1) @ weights[0] + weights[1], 0)
    np.testing.assert_allclose(output, want, rtol=1e-12)
    with pytest.raises(ValueError, match="no activation called 'typo'"):
        cells.GRUCell(3, activation="typo")


def test_a_config_makes_the_same_cell_again():
    config = cells.LSTMCell(3, use_peepholes=True, num_proj=2, activation="relu").get_config()
    assert config["num_units"] == 3
    assert config["activation"] == "relu"
    again = cells.LSTMCell.from_config(config)
    assert again.state_size == (3, 2)


def test_residual_adds_the_inputs():
    output, _, new, _ = one_step(cells.ResidualWrapper(cells.GRUCell(4)))
    np.testing.assert_allclose(output, X + new, rtol=1e-12)
    output, _, new, _ = one_step(
        cells.ResidualWrapper(cells.GRUCell(4), residual_fn=lambda x, y: x * y))
    np.testing.assert_allclose(output, X * new, rtol=1e-12)


def test_residual_wants_inputs_of_the_outputs_size():
    with pytest.raises(ValueError, match="incompatible"):
        one_step(cells.ResidualWrapper(cells.GRUCell(3)))


def test_the_device_wrapper_puts_the_cell_on_its_device():
    cell = cells.DeviceWrapper(cells.GRUCell(3), "/cpu:0")
    output, _ = cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
    assert output.device == "/device:CPU:0"
    assert cell.wrapped_cell.output_size == cell.output_size == 3


# ---- dropout -------------------------------------------------------------------------------------


def parts_of(**options):
    """(what a cell saw as input, its output, c and h of the new state): ones before dropout."""
    seen = []

    class Ones(cells.RNNCell):
        state_size, output_size = cells.LSTMStateTuple(50, 50), 50

        def call(self, inputs, state):
            seen.append(inputs)
            one = fg.ones([1, 50])
            return one, cells.LSTMStateTuple(one, one)

    cell = cells.DropoutWrapper(Ones(), **options)
    output, state = cell(fg.ones([1, 50]), cell.zero_state(1, fg.float32))
    with fg.Session() as session:
        return [part[0] for part in session.run([seen[0], output, *state])]


def seed_of(seed, salt, index):
    text = f"{seed}{salt}_{index}".encode()
    return int(hashlib.md5(text).hexdigest()[:8], 16) & 0x7FFFFFFF


def test_dropout_drops_what_was_asked_for():
    whole = np.ones(50)
    x, y, c, h = parts_of(input_keep_prob=0.5, seed=1)
    assert set(x) == {0, 2}
    for part in (y, c, h):
        np.testing.assert_array_equal(part, whole)
    x, y, c, h = parts_of(output_keep_prob=0.25, seed=1)
    assert set(y) == {0, 4}
    np.testing.assert_array_equal(x, whole)
    x, y, c, h = parts_of(state_keep_prob=0.5, seed=1)
    np.testing.assert_array_equal(c, whole)
    assert set(h) == {0, 2}


def test_dropout_makes_a_seed_of_its_own_for_each_place():
    x, y, _, h = parts_of(input_keep_prob=0.5, output_keep_prob=0.5, state_keep_prob=0.5, seed=3)
    for part, salt, index in ((x, "input", 0), (y, "output", 0), (h, "state", 1)):
        same = fg.nn.dropout(fg.ones([1, 50]), rate=0.5, seed=seed_of(3, salt, index))
        np.testing.assert_array_equal(part, fg.Session().run(same)[0])


def test_a_filter_says_which_parts_of_the_state_may_be_dropped():
    _, _, c, h = parts_of(state_keep_prob=0.5, seed=1,
                          dropout_state_filter_visitor=lambda s: True)
    assert set(c) == set(h) == {0, 2}
    _, _, c, h = parts_of(state_keep_prob=0.5, seed=1,
                          dropout_state_filter_visitor=lambda s: [True, False]
                          if isinstance(s, tuple) else True)
    assert set(c) == {0, 2}
    assert set(h) == {1}
    with pytest.raises(TypeError, match="must return a bool"):
        parts_of(state_keep_prob=0.5, dropout_state_filter_visitor=lambda s: [1, 1])


def test_variational_dropout_drops_the_same_in_every_step_and_row():
    cell = cells.DropoutWrapper(cells.GRUCell(50, kernel_initializer=fg.zeros_initializer()),
                                input_keep_prob=0.5, output_keep_prob=0.5, seed=1, input_size=50,
                                variational_recurrent=True, dtype=fg.float32)
    outputs, _ = fg.nn.static_rnn(cell, [fg.ones([3, 50])] * 3, initial_state=fg.ones([3, 50]))
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        dropped = np.array(session.run(outputs)) == 0
    assert 5 < dropped[0, 0].sum() < 45
    assert (dropped == dropped[0, 0]).all()


def test_a_keep_probability_may_be_fed():
    keep = fg.placeholder(fg.float32, [])
    cell = cells.DropoutWrapper(cells.BasicRNNCell(50), output_keep_prob=keep)
    output, _ = cell(fg.ones([1, 2]), fg.ones([1, 50]))
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        assert (session.run(output, {keep: 1.0}) != 0).all()
        assert 5 < (session.run(output, {keep: 0.5}) == 0).sum() < 45


@pytest.mark.parametrize("options, error, words", [
    ({"input_keep_prob": 1.5}, ValueError, "between 0 and 1"),
    ({"variational_recurrent": True}, ValueError, "dtype must be provided"),
    ({"variational_recurrent": True, "dtype": fg.float32, "input_keep_prob": 0.5}, ValueError,
     "input_size must be provided"),
    ({"dropout_state_filter_visitor": 3}, TypeError, "callable"),
], ids=["probability", "dtype", "input_size", "filter"])
def test_wrong_options_of_dropout_raise(options, error, words):
    with pytest.raises(error, match=words):
        cells.DropoutWrapper(cells.GRUCell(2), **options)


# ---- mistakes ------------------------------------------------------------------------------------


def test_cells_compute_with_floats_only():
    with pytest.raises(ValueError, match="int32"):
        cells.GRUCell(2, dtype=fg.int32)
    with pytest.raises(ValueError, match="int32"):
        cells.BasicLSTMCell(2)(fg.zeros([1, 3], fg.int32), (fg.zeros([1, 2]), fg.zeros([1, 2])))


def test_inputs_must_be_matrices_of_known_width():
    with pytest.raises(ValueError, match="ndim=2"):
        cells.GRUCell(2)(fg.zeros([1, 3, 3]), fg.zeros([1, 2]))
    with pytest.raises(ValueError, match="to be known"):
        cells.GRUCell(2)(fg.placeholder(fg.float32, [1, None]), fg.zeros([1, 2]))


def test_wrappers_want_a_cell():
    with pytest.raises(TypeError, match="not an RNNCell: it has no output_size"):
        cells.DropoutWrapper(3)


def test_multi_rnn_cell_checks_its_cells_and_its_state():
    with pytest.raises(ValueError, match="at least one cell"):
        cells.MultiRNNCell([])
    with pytest.raises(TypeError, match="list or tuple"):
        cells.MultiRNNCell(cells.GRUCell(2))
    with pytest.raises(ValueError, match="state_is_tuple"):
        cells.MultiRNNCell([cells.LSTMCell(2)], state_is_tuple=False)
    with pytest.raises(ValueError, match="tuple of length 1"):
        cells.MultiRNNCell([cells.GRUCell(2)])(fg.zeros([1, 3]), fg.zeros([1, 2]))


def test_an_abstract_cell_has_no_sizes():
    with pytest.raises(NotImplementedError):
        _ = cells.RNNCell().state_size


def test_parts_of_a_state_have_one_dtype():
    state = cells.LSTMStateTuple(fg.zeros([1]), fg.zeros([1], fg.float64))
    with pytest.raises(TypeError, match="Inconsistent"):
        _ = state.dtype


def test_sizes_may_be_dimensions_and_numpy_numbers():
    cell = cells.BasicRNNCell(fg.zeros([2, 3]).shape[1])
    assert cell.zero_state(np.int64(2), fg.float32).shape.as_list() == [2, 3]
    outputs, _ = fg.nn.dynamic_rnn(cell, fg.zeros([2, 5, 4]), [1, 2], dtype=fg.float32)
    assert outputs.shape.as_list() == [2, 5, 3]


def test_a_batch_size_must_be_a_scalar():
    with pytest.raises(ValueError, match="scalar or a vector"):
        cells.GRUCell(2).zero_state(fg.zeros([1, 1], fg.int32), fg.float32)


def test_one_cell_in_two_layers_of_a_stack_is_told_from_two_cells() -> None:
    one = cells.BasicRNNCell(4)
    with pytest.raises(fg.errors.ShapeError) as caught:
        fg.nn.dynamic_rnn(cells.MultiRNNCell([one] * 2), fg.ones([2, 3, 5]), dtype=fg.float32)
    for words in ("cells 0 and 1 of the MultiRNNCell are one BasicRNNCell", "sizes 5 and 4",
                  "test_rnn_cell.py:", "[LSTMCell(n) for _ in range(layers)]"):
        assert words in str(caught.value)


def test_one_cell_may_stand_in_two_layers_where_the_sizes_agree() -> None:
    one = cells.BasicRNNCell(4)
    output, _ = fg.nn.dynamic_rnn(cells.MultiRNNCell([one] * 2), fg.ones([2, 3, 4]),
                                  dtype=fg.float32)
    assert output.shape == (2, 3, 4) and len(fg.trainable_variables()) == 2


def test_a_cell_without_weights_may_stand_anywhere_in_a_stack() -> None:
    class Half(cells.RNNCell):
        state_size = output_size = 2

        def call(self, inputs, state):
            return inputs[:, :2] + state, state

    output, _ = cells.MultiRNNCell([Half()] * 2)(fg.ones([1, 4]), (fg.ones([1, 2]),) * 2)
    assert output.shape == (1, 2)
