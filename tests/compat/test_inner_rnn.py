"""Names of TensorFlow's inner modules of recurrent networks that old programs import."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.compat.inner import rnn_cell, seq2seq


@pytest.mark.parametrize("call, bias", [
    (lambda x: rnn_cell._linear(x, 3, True), 0.0),
    (lambda x: rnn_cell._linear(x, 3, True, 0.5), 0.5),
    (lambda x: rnn_cell._linear(x, 3, True, bias_start=0.5), 0.5),
    (lambda x: rnn_cell._linear(x, 3, True, fg.constant_initializer(2.0)), 2.0),
    (lambda x: rnn_cell._linear(x, 3, False), None),
    (lambda x: rnn_cell._Linear(x, 3, True)(x), 0.0),
], ids=["zero", "number", "bias_start", "initializer", "no_bias", "class"])
def test_a_linear_layer_makes_kernel_and_bias_in_the_open_scope(call, bias):
    x = [np.ones((2, 4), np.float32), np.ones((2, 1), np.float32)]
    with fg.Graph().as_default(), fg.Session() as session:
        with fg.variable_scope("cell"):
            y = call([fg.constant(part) for part in x])
        session.run(fg.global_variables_initializer())
        values = session.run({v.op.name: v for v in fg.trainable_variables()})
        assert set(values) == {"cell/kernel"} | ({"cell/bias"} if bias is not None else set())
        want = np.hstack(x) @ values["cell/kernel"] + (bias or 0)
        np.testing.assert_allclose(session.run(y), want, rtol=1e-6)


def test_a_linear_layer_made_once_is_found_from_other_scopes():
    with fg.Graph().as_default():
        x = fg.ones([2, 4])
        with fg.variable_scope("a"):
            layer = rnn_cell._Linear(x, 3, True)
        with fg.variable_scope("b"):
            layer(x)
            layer(x)
        assert [v.op.name for v in fg.trainable_variables()] == ["a/kernel", "a/bias"]


def test_attention_of_ones_own_stands_on_inner_names():
    class Located(fg.contrib.seq2seq.BahdanauAttention):
        def __call__(self, query, state):
            with fg.variable_scope(None, "located", [query]):
                v = fg.get_variable("v", [self._num_units])
                score = seq2seq._bahdanau_score(self.query_layer(query), self.keys, v)
            alignments = self._probability_fn(score, state)
            return alignments, alignments + state

    attention = Located(4, fg.ones([2, 5, 3]), [5, 2])
    cell = fg.contrib.seq2seq.AttentionWrapper(fg.nn.rnn_cell.GRUCell(6), attention)
    _, state = fg.nn.dynamic_rnn(cell, fg.ones([2, 4, 3]), dtype=fg.float32)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        total = session.run(state.attention_state)
    np.testing.assert_allclose(total.sum(1), 4, rtol=1e-5)  # four steps, each adds up to 1
    assert (total[1, 2:] == 0).all()
    score = seq2seq._maybe_mask_score(fg.zeros([2, 3]), [3, 1], score_mask_value=-1.0)
    assert fg.Session().run(score).tolist() == [[0, 0, 0], [0, -1, -1]]
    assert isinstance(attention, seq2seq._BaseAttentionMechanism)


def test_samples_are_drawn_by_their_probability():
    ids = seq2seq.categorical_sample(fg.constant([[0.0, 99.0], [99.0, 0.0]]))
    flags = seq2seq.bernoulli_sample(logits=fg.constant([[-99.0, 99.0]]), dtype=fg.bool)
    half = seq2seq.bernoulli_sample(probs=fg.fill([1000], 0.5), seed=1)
    ids, flags, half = fg.Session().run([ids, flags, half])
    assert ids.tolist() == [1, 0] and flags.tolist() == [[False, True]]
    assert 400 < half.sum() < 600


@pytest.mark.parametrize("part", ["rnn", "seq2seq", "legacy_seq2seq", "crf", "cudnn_rnn"])
def test_all_names_of_a_part_are_there(part):
    module = getattr(fg.contrib, part)
    scope: dict[str, object] = {}
    exec(f"from flowgraph.contrib.{part} import *", scope)
    assert set(module.__all__) <= set(scope) and len(module.__all__) >= 6


def test_inner_names_of_rnn_are_those_of_contrib():
    assert fg.python.ops.rnn._transpose_batch_time is fg.contrib.rnn.transpose_batch_time
    sizes = fg.python.ops.rnn._best_effort_input_batch_size
    assert sizes([[fg.ones([5, 2, 3])]]) == 2
    with pytest.raises(ValueError, match="known rank"):
        fg.python.ops.rnn._transpose_batch_time(fg.placeholder(fg.float32))
