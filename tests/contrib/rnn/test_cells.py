"""Cells of tf.contrib.rnn: one step, the variables, wrong sizes."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import rnn
from flowgraph.contrib.rnn.layer_norm_lstm import LayerNormLSTMCell
from flowgraph.core import nest
from tests.contrib.rnn import equations

cells = fg.nn.rnn_cell


def one_step(cell, x, state=None, seed=1):
    """(output, old state, new state, weights) of a step with random weights, as arrays."""
    random = np.random.RandomState(seed)
    with fg.Graph().as_default():
        sizes = cell.state_size if state is None else state
        old = nest.map_structure(lambda size: fg.constant(random.randn(len(x), size)), sizes)
        output, new = cell(fg.constant(x), old)
        with fg.Session() as session:
            for v in fg.trainable_variables():
                session.run(v.assign(0.5 * random.randn(*v.shape.as_list())))
            return session.run([output, old, new, fg.trainable_variables()])


X = np.random.RandomState(7).randn(2, 4)


@pytest.mark.parametrize("make, equation", [
    (lambda: rnn.LSTMBlockCell(3), equations.block_lstm),
    (lambda: rnn.LSTMBlockCell(3, use_peephole=True), equations.block_lstm),
    (lambda: rnn.LSTMBlockCell(3, cell_clip=0.2),
     lambda *given: equations.block_lstm(*given, clip=0.2)),
    (lambda: rnn.GRUBlockCell(3), equations.block_gru),
    (lambda: rnn.GRUBlockCellV2(3), equations.block_gru),
    (lambda: rnn.CoupledInputForgetGateLSTMCell(3), equations.coupled),
    (lambda: rnn.CoupledInputForgetGateLSTMCell(3, use_peepholes=True), equations.coupled),
    (lambda: rnn.CoupledInputForgetGateLSTMCell(3, num_unit_shards=2),
     lambda x, s, one, two, b: equations.coupled(x, s, np.vstack([one, two]), b)),
    (lambda: rnn.UGRNNCell(3), equations.ugrnn),
    (lambda: rnn.IntersectionRNNCell(3, num_in_proj=3), equations.intersection),
    (lambda: rnn.SRUCell(4), equations.sru),
    (lambda: rnn.NASCell(3, use_bias=True), equations.nas),
    (lambda: rnn.IndRNNCell(3), equations.ind_rnn),
    (lambda: rnn.IndyGRUCell(3), equations.indy_gru),
    (lambda: rnn.IndyLSTMCell(3), equations.indy_lstm),
    (lambda: rnn.GLSTMCell(6, number_of_groups=2), equations.group_lstm),
    (lambda: rnn.AttentionCellWrapper(rnn.GRUBlockCell(3), 5), equations.attention_cell),
    (lambda: rnn.HighwayWrapper(rnn.GRUBlockCell(4)), equations.highway),
], ids=["block", "peepholes", "clipped", "block_gru", "block_gru_v2", "coupled",
        "coupled_peepholes", "shards", "ugrnn", "intersection", "sru", "nas", "ind_rnn", "indy_gru",
        "indy_lstm", "groups", "attention", "highway"])
def test_a_step_is_what_the_equations_say(make, equation):
    output, old, new, weights = one_step(make(), X)
    want, want_state = equation(X, old, *weights)
    np.testing.assert_allclose(output, want, rtol=1e-10)
    for got, part in zip(nest.flatten(new), nest.flatten(want_state), strict=True):
        np.testing.assert_allclose(got, part, rtol=1e-10)


def test_a_step_over_time_and_frequency_is_what_the_equations_say():
    cell = rnn.TimeFreqLSTMCell(3, feature_size=2)
    output, old, new, weights = one_step(cell, X, state=18)
    want, want_state = equations.time_freq(X, old, *weights)
    np.testing.assert_allclose(output, want, rtol=1e-10)
    np.testing.assert_allclose(new, want_state, rtol=1e-10)


def test_layer_normalization_is_what_the_equations_say():
    output, old, new, weights = one_step(rnn.LayerNormBasicLSTMCell(3), X)
    want, want_state = equations.layer_norm_lstm(X, old, *weights)
    np.testing.assert_allclose(output, want, rtol=1e-6)
    np.testing.assert_allclose(new.c, want_state[0], rtol=1e-6)


def test_without_its_options_an_lstm_with_layer_normalization_is_an_ordinary_one():
    output, old, _, weights = one_step(LayerNormLSTMCell(3, use_peepholes=True), X)
    kernel, bias, w_f, w_i, w_o = weights
    want, _ = equations.block_lstm(X, old, kernel, bias, w_i, w_f, w_o)
    np.testing.assert_allclose(output, want, rtol=1e-10)


@pytest.mark.parametrize("ndims, kernel, axes", [
    (1, [3], "NWC"), (2, [3, 3], "NHWC"), (3, [3, 3, 3], "NDHWC")])
@pytest.mark.parametrize("skip", [False, True])
def test_a_convolutional_cell_convolves_inputs_and_output_with_one_kernel(ndims, kernel, axes,
                                                                         skip):
    random = np.random.RandomState(3)
    shape = [4] * ndims
    x, c, h = (random.randn(2, *shape, n) for n in (1, 2, 2))
    with fg.Graph().as_default(), fg.Session() as session:
        cell = rnn.ConvLSTMCell(ndims, [*shape, 1], 2, kernel, skip_connection=skip)
        output, state = cell(fg.constant(x), cells.LSTMStateTuple(fg.constant(c), fg.constant(h)))
        weights, bias = fg.trainable_variables()
        session.run([v.assign(random.randn(*v.shape.as_list())) for v in (weights, bias)])
        gates = fg.nn.convolution(fg.concat([x, h], -1), weights, "SAME", data_format=axes) + bias
        got, new_c, gates = session.run([output, state.c, gates])
    i, j, f, o = np.split(gates, 4, -1)
    want_c = equations.sigmoid(f + 1) * c + equations.sigmoid(i) * np.tanh(j)
    want = np.tanh(want_c) * equations.sigmoid(o)
    np.testing.assert_allclose(new_c, want_c, rtol=1e-10)
    np.testing.assert_allclose(got, np.concatenate([want, x], -1) if skip else want, rtol=1e-10)


def test_a_phased_cell_changes_nothing_while_it_is_closed_but_for_the_leak():
    with fg.Graph().as_default(), fg.Session() as session:
        cell = rnn.PhasedLSTMCell(2, leak=0.0)
        time = fg.placeholder(fg.float32, [None, 1])
        old = cells.LSTMStateTuple(fg.ones([1, 2]), fg.ones([1, 2]))
        output, _ = cell((time, fg.ones([1, 3])), old)
        session.run(fg.global_variables_initializer())
        values = {v.op.name.rpartition("/")[2]: v for v in fg.trainable_variables()}
        session.run([values["period"].assign([10.0, 10.0]), values["phase"].assign([0.0, 5.0])])
        closed_open = session.run(output, {time: [[5.5]]})  # 5.5 and 0.5 of a cycle of 10
        assert closed_open[0, 0] == 1.0 and closed_open[0, 1] != 1.0


@pytest.mark.parametrize("make, names", [
    (lambda: rnn.GRUBlockCell(3), ["w_ru", "b_ru", "w_c", "b_c"]),
    (lambda: rnn.LSTMBlockCell(3, use_peephole=True),
     ["kernel", "bias", "w_i_diag", "w_f_diag", "w_o_diag"]),
    (lambda: rnn.LayerNormBasicLSTMCell(3, layer_norm=False), ["kernel", "bias"]),
    (lambda: rnn.LayerNormBasicLSTMCell(3), [
        "kernel", *(f"{gate}/{part}" for gate in ("input", "transform", "forget", "output", "state")
                    for part in ("gamma", "beta"))]),
    (lambda: rnn.AttentionCellWrapper(rnn.GRUBlockCell(3), 5), [
        "kernel", "bias", "gru_cell/w_ru", "gru_cell/b_ru", "gru_cell/w_c", "gru_cell/b_c",
        "attention/attn_w", "attention/attn_v", "attention/kernel", "attention/bias",
        "attn_output_projection/kernel", "attn_output_projection/bias"]),
], ids=["gru", "lstm", "no_norm", "norm", "attention"])
def test_variables_have_tensorflows_names(make, names):
    with fg.Graph().as_default():
        cell = make()
        cell(fg.ones([2, 4]), cell.zero_state(2, fg.float32))
        assert [v.op.name.partition("/")[2] for v in fg.trainable_variables()] == names


def test_a_grid_of_one_window_without_time_weights_is_an_lstm_along_time():
    cell = rnn.GridLSTMCell(3, share_time_frequency_weights=True, feature_size=4, frequency_skip=1,
                            num_frequency_blocks=[1])
    output, old, new, (kernel, bias) = one_step(cell, X)
    c, m = equations.lstm(np.hstack([X, old[1], np.zeros((2, 3))]) @ kernel + bias, old[0])
    np.testing.assert_allclose(new[0], c, rtol=1e-10)
    np.testing.assert_allclose(output[:, :3], m, rtol=1e-10)


def test_grids_in_both_directions_have_a_state_for_each_window_and_direction():
    cell = rnn.BidirectionalGridLSTMCell(2, feature_size=2, frequency_skip=2,
                                         num_frequency_blocks=[2])
    assert cell.state_size._fields[0] == "fwd_state_f00_b00_c"
    assert cell.state_size._fields[-1] == "bwd_state_f01_b00_m"
    output, *_ = one_step(cell, X)
    assert output.shape == (2, cell.output_size) == (2, 16)


def test_words_are_looked_up_in_a_matrix_of_the_cells_own():
    with fg.Graph().as_default(), fg.Session() as session:
        cell = rnn.EmbeddingWrapper(cells.BasicRNNCell(3), 10, 4)
        output, _ = cell(fg.constant([[1], [1]]), cell.zero_state(2, fg.float32))
        session.run(fg.global_variables_initializer())
        first, second = session.run(output)
        assert (first == second).all() and first.any()


@pytest.mark.parametrize("make, x, words", [
    (lambda: rnn.GRUBlockCell(3, cell_size=3), X, "Exactly one of num_units or cell_size"),
    (lambda: rnn.IntersectionRNNCell(3), X, "input size == output size"),
    (lambda: rnn.GLSTMCell(5, number_of_groups=2), X, "must be divisible"),
    (lambda: rnn.GLSTMCell(6, number_of_groups=3), X, "input size .4. must be divisible"),
    (lambda: rnn.ConvLSTMCell(2, [4, 1], 2, [3]), X, "Invalid input_shape"),
    (lambda: rnn.AttentionCellWrapper(cells.GRUCell(3), 0), X, "greater than zero"),
    (lambda: rnn.AttentionCellWrapper(cells.LSTMCell(3), 2, state_is_tuple=False), X,
     "state_is_tuple is not set"),
    (lambda: rnn.GridLSTMCell(3), X, "num_frequency_blocks"),
    (lambda: rnn.GridLSTMCell(3, feature_size=2, frequency_skip=1, num_frequency_blocks=[2]), X,
     "requires 2 but gets 3"),
    (lambda: rnn.CoupledInputForgetGateLSTMCell(3, num_unit_shards=9), X, "Too many shards"),
    (lambda: rnn.EmbeddingWrapper(cells.GRUCell(3), 0, 4), X, "must be > 0"),
    (lambda: rnn.HighwayWrapper(cells.GRUCell(3)), X, "4"),
], ids=["two_sizes", "intersection", "groups", "group_inputs", "conv", "attention", "tuple",
        "grid", "windows", "shards", "embedding", "highway"])
def test_wrong_sizes_are_told_of(make, x, words):
    with pytest.raises(ValueError, match=words):
        one_step(make(), x)


def test_attention_to_own_outputs_takes_states_side_by_side_as_well():
    found = []
    for flat in (False, True):
        with fg.Graph().as_default(), fg.Session() as session:
            cell = rnn.AttentionCellWrapper(rnn.GRUBlockCell(3), 2, state_is_tuple=not flat)
            outputs, state = fg.nn.dynamic_rnn(cell, fg.constant(X[None]), dtype=fg.float64)
            session.run([v.assign(fg.fill(v.shape.as_list(), fg.constant(0.1, fg.float64)))
                         for v in fg.trainable_variables()])
            found.append(session.run([outputs, fg.concat(nest.flatten(state), 1)]))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-12)
