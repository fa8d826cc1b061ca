"""Old sequence-to-sequence models: variables, numbers, words fed back, buckets."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import legacy_seq2seq as s2s

cells = fg.nn.rnn_cell
BATCH, WORDS = 3, 7
RANDOM = np.random.RandomState(2)


def words(steps):
    return [fg.constant(RANDOM.randint(0, WORDS, BATCH)) for _ in range(steps)]


def randomly(session):
    random = np.random.RandomState(4)
    for v in fg.trainable_variables():
        session.run(v.assign(random.randn(*v.shape.as_list())))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("at_once", [False, True], ids=["zeros", "initial_state_attention"])
def test_a_decoder_attends_as_the_equations_say(heads, at_once):
    inputs, states, first = RANDOM.randn(4, 2, 3), RANDOM.randn(2, 6, 5), RANDOM.randn(2, 4)
    with fg.Graph().as_default(), fg.Session() as session:
        outputs, state = s2s.attention_decoder(
            fg.unstack(fg.constant(inputs)), fg.constant(first), fg.constant(states),
            cells.BasicRNNCell(4), output_size=2, num_heads=heads, dtype=fg.float64,
            initial_state_attention=at_once)
        randomly(session)
        got, last, values = session.run([
            outputs, state, {v.op.name.partition("/")[2]: v for v in fg.trainable_variables()}])

    def attend(h):
        found = []
        for head in range(heads):
            y = (h @ values[f"Attention_{head}/kernel"] + values[f"Attention_{head}/bias"])
            keys = states @ values[f"AttnW_{head}"][0, 0]
            weights = softmax((values[f"AttnV_{head}"] * np.tanh(keys + y[:, None])).sum(2))
            found.append((weights[..., None] * states).sum(1))
        return found

    h, attentions = first, attend(first) if at_once else [np.zeros((2, 5))] * heads
    for x, output in zip(inputs, got, strict=True):
        x = np.hstack([x, *attentions]) @ values["kernel"] + values["bias"]
        h = np.tanh(np.hstack([x, h]) @ values["basic_rnn_cell/kernel"]
                    + values["basic_rnn_cell/bias"])
        attentions = attend(h)
        want = (np.hstack([h, *attentions]) @ values["AttnOutputProjection/kernel"]
                + values["AttnOutputProjection/bias"])
        np.testing.assert_allclose(output, want, rtol=1e-5)  # alignments are float32
    np.testing.assert_allclose(last, h, rtol=1e-5)


def rnn(steps_in, steps_out, **more):
    return s2s.embedding_rnn_seq2seq(steps_in, steps_out, cells.GRUCell(5), WORDS, WORDS, 4, **more)


def tied(steps_in, steps_out, **more):
    return s2s.embedding_tied_rnn_seq2seq(steps_in, steps_out, cells.GRUCell(5), WORDS, 4, **more)


def attention(steps_in, steps_out, cell=None, **more):
    return s2s.embedding_attention_seq2seq(
        steps_in, steps_out, cell or cells.BasicLSTMCell(5), WORDS, WORDS, 4, **more)


def one2many(steps_in, steps_out, **more):
    outputs, states = s2s.one2many_rnn_seq2seq(
        steps_in, {"a": steps_out}, cells.GRUCell(5), {"a": cells.GRUCell(5)}, WORDS,
        {"a": WORDS}, 4, **more)
    return outputs["a"], states["a"]


MODELS = pytest.mark.parametrize("model", [rnn, tied, attention, one2many],
                                 ids=["rnn", "tied", "attention", "one2many"])


@MODELS
def test_words_are_fed_back_when_asked_for_now_or_at_run(model):
    """Fed back, the outputs are those for the words that were said."""
    with fg.Graph().as_default(), fg.Session() as session:
        feed = fg.placeholder(fg.bool, [])
        into, out = words(2), [fg.placeholder_with_default(w, [BATCH]) for w in words(4)]
        outputs, state = model(into, out, feed_previous=feed)
        randomly(session)
        count = len(fg.trainable_variables())
        fed, fed_state = session.run([outputs, state], {feed: True})
        said = [step.argmax(1) for step in fed]
        given = dict(zip(out[1:], said[:-1], strict=True))
        forced, forced_state = session.run([outputs, state], {feed: False, **given})
        for a, b in zip(fed, forced, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)
        np.testing.assert_allclose(fed_state, forced_state, rtol=1e-5)
        if model is not one2many:
            with fg.variable_scope(fg.get_variable_scope(), reuse=True):
                always, _ = model(into, out, feed_previous=True)
            np.testing.assert_allclose(session.run(always), fed, rtol=1e-5)
        assert len(fg.trainable_variables()) == count


@MODELS
def test_gradients_reach_every_variable(model):
    with fg.Graph().as_default(), fg.Session() as session:
        outputs, _ = model(words(2), words(4))
        targets = words(4)
        loss = s2s.sequence_loss(outputs, targets, [fg.ones([BATCH])] * 4)
        randomly(session)
        for gradient in session.run(fg.gradients(loss, fg.trainable_variables())):
            dense = getattr(gradient, "values", gradient)
            assert np.abs(dense).max() > 0


@pytest.mark.parametrize("model, names", [
    (rnn, ["embedding_rnn_seq2seq/rnn/embedding_wrapper/embedding",
           "embedding_rnn_seq2seq/rnn/embedding_wrapper/gru_cell/gates/kernel",
           "embedding_rnn_seq2seq/embedding_rnn_decoder/embedding",
           "embedding_rnn_seq2seq/embedding_rnn_decoder/rnn_decoder/output_projection_wrapper/"
           "kernel"]),
    (tied, ["embedding_tied_rnn_seq2seq/embedding",
            "embedding_tied_rnn_seq2seq/combined_tied_rnn_seq2seq/tied_rnn_seq2seq/"
            "output_projection_wrapper/gru_cell/gates/kernel"]),
    (attention, ["embedding_attention_seq2seq/rnn/embedding_wrapper/basic_lstm_cell/kernel",
                 "embedding_attention_seq2seq/embedding_attention_decoder/embedding",
                 "embedding_attention_seq2seq/embedding_attention_decoder/attention_decoder/AttnW_0",
                 "embedding_attention_seq2seq/embedding_attention_decoder/attention_decoder/"
                 "output_projection_wrapper/basic_lstm_cell/bias"]),
    (one2many, ["one2many_rnn_seq2seq/rnn/embedding_wrapper/embedding",
                "one2many_rnn_seq2seq/one2many_decoder_a/embedding_rnn_decoder/embedding"]),
], ids=["rnn", "tied", "attention", "one2many"])
def test_variables_have_tensorflows_names(model, names):
    with fg.Graph().as_default():
        model(words(2), words(3))
        found = [v.op.name for v in fg.trainable_variables()]
    assert set(names) <= set(found), found


def test_buckets_share_their_variables_and_train_apart():
    with fg.Graph().as_default(), fg.Session() as session:
        fg.set_random_seed(1)
        cell = cells.MultiRNNCell([cells.GRUCell(8) for _ in range(2)])
        into, out = ([fg.placeholder(fg.int32, [None]) for _ in range(4)] for _ in range(2))
        weights = [fg.placeholder(fg.float32, [None]) for _ in range(4)]
        outputs, losses = s2s.model_with_buckets(
            into, out, out, weights, [(2, 2), (4, 4)],
            lambda x, y: s2s.embedding_attention_seq2seq(x, y, cell, WORDS, WORDS, 6))
        once = {v.op.name for v in fg.trainable_variables()}
        train = fg.train.GradientDescentOptimizer(0.5).minimize(losses[0])
        session.run(fg.global_variables_initializer())
        x, y = RANDOM.randint(0, WORDS, (2, 5)), RANDOM.randint(0, WORDS, (2, 5))
        feeds = {**dict(zip(into, x, strict=False)), **dict(zip(out, y, strict=False)),
                 **dict.fromkeys(weights[:2], np.ones(5))}
        first = session.run(losses[0], feeds)
        for _ in range(30):
            session.run(train, feeds)
        assert session.run(losses[0], feeds) < 0.8 * first
        assert [len(steps) for steps in outputs] == [2, 4]
    with fg.Graph().as_default():
        attention(words(2), words(2), cell=cells.MultiRNNCell(
            [cells.GRUCell(8) for _ in range(2)]))
        assert {v.op.name for v in fg.trainable_variables()} == once


def test_losses_of_examples_are_vectors():
    _, losses = s2s.model_with_buckets(
        words(2), words(2), words(2), [fg.ones([BATCH])] * 2, [(2, 2)],
        lambda x, y: rnn(x, y), per_example_loss=True)
    assert losses[0].shape.as_list() == [BATCH]


def test_with_a_projection_outputs_are_the_cells_and_words_are_found_by_it():
    with fg.Graph().as_default(), fg.Session() as session:
        projection = fg.get_variable("w", [5, WORDS]), fg.get_variable("b", [WORDS])
        outputs, _ = rnn(words(2), words(3), output_projection=projection, feed_previous=True)
        session.run(fg.global_variables_initializer())
        assert session.run(outputs)[0].shape == (BATCH, 5)
        with pytest.raises(ValueError, match="incompatible"):
            rnn(words(2), words(3), output_projection=(fg.ones([5, 9]), fg.ones([9])),
                scope="other")


@pytest.mark.parametrize("build, error, words_of_it", [
    (lambda: s2s.attention_decoder([], fg.ones([1, 2]), fg.ones([1, 2, 3]), cells.GRUCell(2)),
     ValueError, "at least 1 input"),
    (lambda: s2s.attention_decoder([fg.ones([1, 2])], fg.ones([1, 2]), fg.ones([1, 2, 3]),
                                   cells.GRUCell(2), num_heads=0), ValueError, "less than 1 heads"),
    (lambda: s2s.attention_decoder([fg.ones([1, 2])], fg.ones([1, 2]),
                                   fg.placeholder(fg.float32, [1, 2, None]), cells.GRUCell(2)),
     ValueError, "must be known"),
    (lambda: s2s.model_with_buckets(words(1), words(2), words(2), words(2), [(2, 2)], rnn),
     ValueError, "encoder_inputs .1. must be at least"),
    (lambda: s2s.one2many_rnn_seq2seq(words(1), {"a": words(1)}, cells.GRUCell(2),
                                      {"b": cells.GRUCell(2)}, 3, {"a": 3}, 2),
     ValueError, "keys of dec_cells_dict"),
    (lambda: s2s.one2many_rnn_seq2seq(words(1), {"a": words(1)}, "cell", {"a": cells.GRUCell(2)},
                                      3, {"a": 3}, 2), TypeError, "enc_cell is not an RNNCell"),
], ids=["inputs", "heads", "unknown", "bucket", "keys", "cell"])
def test_wrong_arguments_are_told_of(build, error, words_of_it):
    with pytest.raises(error, match=words_of_it):
        build()
