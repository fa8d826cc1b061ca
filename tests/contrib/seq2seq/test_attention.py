"""Attention: scores, masks, the wrapper's state and variables, monotonic alignments."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import seq2seq as s2s

cells = fg.nn.rnn_cell
RANDOM = np.random.RandomState(0)
MEMORY = RANDOM.randn(3, 5, 4)
LENGTHS = [5, 2, 1]
QUERY = RANDOM.randn(3, 6)


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def randomly(session, seed=4):
    random = np.random.RandomState(seed)
    for v in fg.trainable_variables():
        session.run(v.assign(random.randn(*v.shape.as_list())))


def value_of(name, values):
    return next(value for key, value in values.items() if key.endswith(name))


def score_of(kind, query, keys, values):
    if kind.startswith("luong"):
        score = (keys * query[:, None]).sum(2)
        return score * value_of("attention_g", values) if kind == "luong_scaled" else score
    v, query = value_of("attention_v", values), query @ value_of("query_layer/kernel", values)
    total = keys + query[:, None]
    if kind == "bahdanau_normalized":
        v = value_of("attention_g", values) * v / np.sqrt((v ** 2).sum())
        total = total + value_of("attention_b", values)
    return (v * np.tanh(total)).sum(2)


MECHANISMS = {
    "luong": lambda **more: s2s.LuongAttention(6, MEMORY, **more),
    "luong_scaled": lambda **more: s2s.LuongAttention(6, MEMORY, scale=True, **more),
    "bahdanau": lambda **more: s2s.BahdanauAttention(7, MEMORY, **more),
    "bahdanau_normalized": lambda **more: s2s.BahdanauAttention(7, MEMORY, normalize=True, **more),
}


@pytest.mark.parametrize("kind", MECHANISMS)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all", "lengths"])
def test_alignments_are_what_the_equations_say(kind, lengths):
    with fg.Graph().as_default(), fg.Session() as session:
        mechanism = MECHANISMS[kind](memory_sequence_length=lengths, dtype=fg.float64)
        alignments, state = mechanism(fg.constant(QUERY), mechanism.initial_state(3, fg.float64))
        randomly(session)
        got, state, values = session.run(
            [alignments, state, {v.op.name: v for v in fg.trainable_variables()}])
    counted = np.ones((3, 5)) if lengths is None else np.arange(5) < np.array(lengths)[:, None]
    keys = (MEMORY * counted[..., None]) @ value_of("memory_layer/kernel", values)
    score = score_of(kind, QUERY, keys, values)
    np.testing.assert_allclose(got, softmax(np.where(counted == 1, score, -np.inf)), rtol=1e-10)
    np.testing.assert_array_equal(got, state)


@pytest.mark.parametrize("kind, names", [
    ("luong", []), ("luong_scaled", ["luong_attention/attention_g"]),
    ("bahdanau", ["bahdanau_attention/query_layer/kernel", "bahdanau_attention/attention_v"]),
    ("bahdanau_normalized", [
        "bahdanau_attention/query_layer/kernel", "bahdanau_attention/attention_v",
        "bahdanau_attention/attention_g", "bahdanau_attention/attention_b"])])
def test_variables_have_tensorflows_names(kind, names):
    with fg.Graph().as_default():
        mechanism = MECHANISMS[kind](dtype=fg.float64)
        cell = s2s.AttentionWrapper(cells.LSTMCell(6), mechanism, attention_layer_size=3)
        cell(fg.constant(QUERY), cell.zero_state(3, fg.float64))
        assert [v.op.name for v in fg.trainable_variables()] == [
            "memory_layer/kernel", "attention_wrapper/lstm_cell/kernel",
            "attention_wrapper/lstm_cell/bias",
            *(f"attention_wrapper/{name}" for name in names),
            "attention_wrapper/attention_layer/kernel"]


def test_the_greatest_score_may_take_all():
    mechanism = MECHANISMS["luong"](probability_fn=s2s.hardmax, dtype=fg.float64)
    alignments, _ = mechanism(fg.constant(QUERY), None)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        got = session.run(alignments)
    assert sorted(np.unique(got)) == [0, 1] and got.sum(1).tolist() == [1, 1, 1]


def test_what_does_not_count_may_get_another_score():
    mechanism = MECHANISMS["luong"](memory_sequence_length=LENGTHS, probability_fn=lambda s: s,
                                    score_mask_value=-7.0, dtype=fg.float64)
    with fg.Session() as session:
        score, _ = mechanism(fg.constant(QUERY), None)
        session.run(fg.global_variables_initializer())
        assert session.run(score)[2, 1:].tolist() == [-7.0] * 4


def test_rows_of_memory_without_steps_are_told_of_when_run():
    lengths = fg.placeholder(fg.int32, [3])
    mechanism = MECHANISMS["luong"](memory_sequence_length=lengths, dtype=fg.float64)
    alignments, _ = mechanism(fg.constant(QUERY), None)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        with pytest.raises(fg.errors.InvalidArgumentError, match="greater than zero"):
            session.run(alignments, {lengths: [1, 0, 2]})


@pytest.mark.parametrize("output_attention", [True, False])
@pytest.mark.parametrize("size", [3, None], ids=["layer", "context"])
def test_the_wrapper_attends_step_by_step(output_attention, size):
    x = RANDOM.randn(3, 4, 2)
    with fg.Graph().as_default(), fg.Session() as session:
        mechanism = MECHANISMS["bahdanau"](memory_sequence_length=LENGTHS, dtype=fg.float64)
        cell = s2s.AttentionWrapper(cells.BasicRNNCell(6), mechanism, attention_layer_size=size,
                                    alignment_history=True, output_attention=output_attention)
        helper = s2s.TrainingHelper(x, [4, 4, 4])
        decoder = s2s.BasicDecoder(cell, helper, cell.zero_state(3, fg.float64))
        outputs, state, _ = s2s.dynamic_decode(decoder)
        randomly(session)
        got, history, time, values = session.run([
            outputs.rnn_output, state.alignment_history.stack(), state.time,
            {v.op.name: v for v in fg.trainable_variables()}])
    counted = np.arange(5) < np.array(LENGTHS)[:, None]
    memory = MEMORY * counted[..., None]
    keys = memory @ value_of("memory_layer/kernel", values)
    attention, h = np.zeros((3, size or 4)), np.zeros((3, 6))
    for t in range(4):
        h = np.tanh(np.hstack([x[:, t], attention, h])
                    @ value_of("basic_rnn_cell/kernel", values)
                    + value_of("basic_rnn_cell/bias", values))
        score = score_of("bahdanau", h, keys, values)
        alignments = softmax(np.where(counted, score, -np.inf))
        attention = (alignments[..., None] * memory).sum(1)
        if size:
            attention = np.hstack([h, attention]) @ value_of("attention_layer/kernel", values)
        np.testing.assert_allclose(got[:, t], attention if output_attention else h, rtol=1e-9)
        np.testing.assert_allclose(history[t], alignments, rtol=1e-9)
    assert time == 4


def test_several_mechanisms_stand_side_by_side():
    with fg.Graph().as_default(), fg.Session() as session:
        mechanisms = [MECHANISMS["bahdanau"](dtype=fg.float64),
                      MECHANISMS["bahdanau"](dtype=fg.float64),
                      MECHANISMS["luong"](dtype=fg.float64)]
        cell = s2s.AttentionWrapper(cells.GRUCell(6), mechanisms, attention_layer_size=[2, 3, 4],
                                    alignment_history=True)
        state = cell.zero_state(3, fg.float64)
        output, state = cell(fg.constant(QUERY), state)
        session.run(fg.global_variables_initializer())
        assert session.run(output).shape == (3, 9) and cell.output_size == 9
        assert len(state.alignments) == len(state.alignment_history) == 3
        names = [v.op.name.partition("/")[2] for v in fg.trainable_variables()]
    assert {"bahdanau_attention/attention_v", "bahdanau_attention_1/attention_v",
            "attention_layer/kernel", "attention_layer_2/kernel"} <= set(names)


def test_layers_and_functions_of_ones_own_are_taken():
    def half(mechanism, output, state, layer):
        alignments, state = mechanism(output, state)
        return 0.5 * layer(output), alignments, state

    mechanism = MECHANISMS["luong"](dtype=fg.float64)
    cell = s2s.AttentionWrapper(
        cells.GRUCell(6), mechanism, attention_layer=fg.layers.Dense(3), attention_fn=half,
        cell_input_fn=lambda inputs, attention: inputs)
    output, _ = cell(fg.constant(QUERY), cell.zero_state(3, fg.float64))
    assert output.shape.as_list() == [3, 3]


def test_a_state_is_cloned_with_other_parts_of_the_same_shape():
    mechanism = MECHANISMS["luong"](dtype=fg.float64)
    cell = s2s.AttentionWrapper(cells.LSTMCell(6), mechanism)
    state = cell.zero_state(3, fg.float64)
    encoder = cells.LSTMStateTuple(fg.ones([3, 6]), fg.ones([3, 6]))
    assert state.clone(cell_state=encoder).cell_state.c is encoder.c
    with pytest.raises(ValueError, match="3, 7"):
        state.clone(attention=fg.ones([3, 7]))
    with pytest.raises((TypeError, ValueError)):
        state.clone(cell_state=fg.ones([3, 6]))


def test_the_cells_first_state_may_be_given():
    mechanism = MECHANISMS["luong"](dtype=fg.float64)
    first = fg.constant(RANDOM.randn(3, 6))
    cell = s2s.AttentionWrapper(cells.GRUCell(6), mechanism, initial_cell_state=first)
    assert cell.zero_state(3, fg.float64).cell_state is first


def test_batch_sizes_that_do_not_match_are_told_of_with_what_to_do():
    mechanism = MECHANISMS["luong"](dtype=fg.float64)
    cell = s2s.AttentionWrapper(cells.GRUCell(6), mechanism)
    with pytest.raises(fg.errors.InvalidArgumentError, match="tile_batch"):
        cell.zero_state(6, fg.float64)
    size = fg.placeholder(fg.int32, [])
    state = cell.zero_state(size, fg.float64)
    with fg.Session() as session, pytest.raises(fg.errors.InvalidArgumentError,
                                                match="tile_batch"):
        session.run(state.cell_state, {size: 6})


@pytest.mark.parametrize("build, error, words", [
    (lambda m: s2s.AttentionWrapper(cells.GRUCell(6), "luong"), TypeError,
     "must be an AttentionMechanism"),
    (lambda m: s2s.AttentionWrapper(cells.GRUCell(6), [m, 3]), TypeError,
     "must contain only instances"),
    (lambda m: s2s.AttentionWrapper("cell", m), TypeError, "is not an RNNCell"),
    (lambda m: s2s.AttentionWrapper(cells.GRUCell(6), m, cell_input_fn=3), TypeError, "callable"),
    (lambda m: s2s.AttentionWrapper(cells.GRUCell(6), [m, m], attention_layer_size=3), ValueError,
     "exactly one integer per attention_mechanism"),
    (lambda m: s2s.AttentionWrapper(cells.GRUCell(6), m, attention_layer_size=3,
                                    attention_layer=fg.layers.Dense(3)), ValueError, "Only one of"),
    (lambda m: s2s.AttentionWrapper(cells.GRUCell(6), m)(fg.constant(QUERY), fg.ones([3, 6])),
     TypeError, "instance of AttentionWrapperState"),
    (lambda m: m(fg.ones([3, 7]), None), ValueError, "Incompatible or unknown inner dimensions"),
    (lambda m: s2s.LuongAttention(6, fg.placeholder(fg.float32, [3, None, None])), ValueError,
     "fully defined inner dims"),
    (lambda m: s2s.LuongAttention(6, MEMORY, probability_fn=3), TypeError, "callable"),
], ids=["kind", "list", "cell", "input_fn", "sizes", "both", "state", "query", "memory",
        "probability"])
def test_wrong_arguments_are_told_of(build, error, words):
    with pytest.raises(error, match=words):
        build(MECHANISMS["luong"](dtype=fg.float64))


# ---- monotonic -----------------------------------------------------------------------------------


def walked(p, previous):
    """Alignments, by way of all steps from which the decoder may have come."""
    found = np.zeros_like(p)
    for row in range(len(p)):
        for start, share in enumerate(previous[row]):
            for i in range(start, p.shape[1]):
                found[row, i] += share * p[row, i]
                share *= 1 - p[row, i]
    return found


@pytest.mark.parametrize("mode", ["recursive", "parallel", "hard"])
def test_monotonic_alignments_only_go_on(mode):
    p, previous = RANDOM.rand(3, 5), softmax(RANDOM.randn(3, 5))
    if mode == "hard":
        p, previous = (p > 0.5).astype(float), np.eye(5)[[0, 2, 4]]
    got = fg.Session().run(s2s.monotonic_attention(p, previous, mode))
    np.testing.assert_allclose(got, walked(p, previous), rtol=1e-10, atol=1e-12)


def test_a_cumulative_product_through_zero_has_a_finite_gradient():
    x = fg.constant([0.5, 0.0, 0.5])
    product = s2s.safe_cumprod(x)
    got, gradient = fg.Session().run([product, fg.gradients(product, x)[0]])
    np.testing.assert_allclose(got, [0.5, 0, 0], atol=1e-30)
    assert np.isfinite(gradient).all()
    with pytest.raises(ValueError, match="recursive"):
        s2s.monotonic_attention(x, x, "soft")


@pytest.mark.parametrize("make, kind", [
    (lambda **more: s2s.BahdanauMonotonicAttention(7, MEMORY, dtype=fg.float64, **more),
     "bahdanau"),
    (lambda **more: s2s.LuongMonotonicAttention(6, MEMORY, dtype=fg.float64, **more), "luong"),
], ids=["bahdanau", "luong"])
def test_monotonic_mechanisms_start_at_the_first_step(make, kind):
    with fg.Graph().as_default(), fg.Session() as session:
        mechanism = make(memory_sequence_length=LENGTHS, score_bias_init=-0.5)
        alignments, _ = mechanism(fg.constant(QUERY), mechanism.initial_state(3, fg.float64))
        session.run(fg.global_variables_initializer())
        bias = fg.trainable_variables()[-1]
        assert (bias.op.name.rpartition("/")[2], session.run(bias)) == (
            "attention_score_bias", -0.5)
        randomly(session)
        got, values = session.run([alignments, {v.op.name: v for v in fg.trainable_variables()}])
    counted = np.arange(5) < np.array(LENGTHS)[:, None]
    keys = (MEMORY * counted[..., None]) @ value_of("memory_layer/kernel", values)
    score = score_of(kind, QUERY, keys, values) + value_of("attention_score_bias", values)
    p = np.where(counted, sigmoid(score), 0)
    np.testing.assert_allclose(got, walked(p, np.eye(5)[[0, 0, 0]]), rtol=1e-9)
