"""Helpers: where the inputs of the next step come from."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import seq2seq as s2s

RANDOM = np.random.RandomState(1)
EMBEDDING = RANDOM.randn(6, 3).astype(np.float32)


class Chain(fg.nn.rnn_cell.RNNCell):
    """Its outputs are logits: word w is followed by word w + 1, whatever the state."""

    state_size, output_size = 1, 6

    def call(self, inputs, state):
        distance = fg.reduce_sum(fg.square(inputs[:, None] - EMBEDDING), 2)
        word = fg.argmin(distance, 1)
        return 50.0 * fg.one_hot((word + 1) % 6, 6), state + 1


def decoded(helper, most=9, impute=False):
    decoder = s2s.BasicDecoder(Chain(), helper, fg.zeros([2, 1]))
    with fg.Session() as session:
        return session.run(s2s.dynamic_decode(decoder, maximum_iterations=most,
                                              impute_finished=impute))


@pytest.mark.parametrize("embedding", [EMBEDDING, lambda ids: fg.gather(EMBEDDING, ids)],
                         ids=["matrix", "function"])
def test_the_most_likely_word_is_fed_back_until_the_end(embedding):
    helper = s2s.GreedyEmbeddingHelper(embedding, [0, 2], 4)
    outputs, _, lengths = decoded(helper)
    assert outputs.sample_id[0].tolist() == [1, 2, 3, 4]
    assert outputs.sample_id[1, :2].tolist() == [3, 4]
    assert lengths.tolist() == [4, 2]


@pytest.mark.parametrize("temperature", [None, 2.0])
def test_words_may_be_drawn_by_their_probability(temperature):
    helper = s2s.SampleEmbeddingHelper(EMBEDDING, [0, 2], 4, temperature, seed=3)
    outputs, _, lengths = decoded(helper, impute=True)
    assert outputs.sample_id.tolist() == [[1, 2, 3, 4], [3, 4, 0, 0]]
    assert lengths.tolist() == [4, 2]


def test_a_high_temperature_makes_all_words_equally_likely():
    helper = s2s.SampleEmbeddingHelper(EMBEDDING, [0] * 3000, 4, 1e6, seed=3)
    ids = helper.sample(0, 50.0 * fg.one_hot([1] * 3000, 6), None)
    counts = np.bincount(fg.Session().run(ids), minlength=6)
    assert counts.min() > 400


def test_outputs_that_are_no_single_tensor_are_told_of():
    helper = s2s.GreedyEmbeddingHelper(EMBEDDING, [0], 4)
    with pytest.raises(TypeError, match="single Tensor"):
        helper.sample(0, (fg.ones([1, 6]),), None)


def test_functions_can_say_what_comes_next():
    helper = s2s.InferenceHelper(
        lambda outputs: fg.argmax(outputs, 1, output_type=fg.int32), [], fg.int32,
        EMBEDDING[[0, 2]], lambda ids: fg.equal(ids, 4), lambda ids: fg.gather(EMBEDDING, ids))
    outputs, _, lengths = decoded(helper)
    assert outputs.sample_id[0].tolist() == [1, 2, 3, 4] and lengths.tolist() == [4, 2]
    custom = s2s.CustomHelper(
        lambda: ([False, False], fg.constant(EMBEDDING[[0, 2]])),
        lambda time, outputs, state: fg.argmax(outputs, 1, output_type=fg.int32),
        lambda time, outputs, state, sample_ids: (
            fg.equal(sample_ids, 4), fg.gather(EMBEDDING, sample_ids), state))
    with pytest.raises(ValueError, match="before initialize"):
        custom.batch_size  # noqa: B018  # the property raises
    outputs, _, lengths = decoded(custom)
    assert outputs.sample_id[0].tolist() == [1, 2, 3, 4] and lengths.tolist() == [4, 2]


X = np.tile(EMBEDDING[5], (2, 5, 1))  # word 5 all the time, which is followed by 0


@pytest.mark.parametrize("probability, want", [(0.0, [0, 0, 0, 0]), (1.0, [0, 1, 2, 3])])
def test_scheduled_words_are_the_true_ones_or_those_said(probability, want):
    helper = s2s.ScheduledEmbeddingTrainingHelper(X, [4, 2], EMBEDDING, probability, seed=1,
                                                  scheduling_seed=2)
    outputs, _, lengths = decoded(helper)
    assert outputs.rnn_output.argmax(2)[0].tolist() == want
    assert outputs.sample_id[0].tolist() == ([-1] * 4 if probability == 0 else want)
    assert lengths.tolist() == [4, 2]


@pytest.mark.parametrize("probability", [0.5, [0.0, 1.0]], ids=["scalar", "vector"])
def test_each_row_decides_by_itself(probability):
    helper = s2s.ScheduledEmbeddingTrainingHelper(X, [5, 5], EMBEDDING, probability, seed=1,
                                                  scheduling_seed=2)
    outputs, *_ = decoded(helper)
    said = outputs.sample_id >= 0
    if probability == 0.5:
        assert said.any() and not said.all()
    else:
        assert said.tolist() == [[False] * 5, [True] * 5]


@pytest.mark.parametrize("probability", [0.0, 1.0])
@pytest.mark.parametrize("own", [None, lambda outputs: -outputs], ids=["outputs", "function"])
@pytest.mark.parametrize("more", [False, True], ids=["alone", "auxiliary"])
def test_scheduled_outputs_are_the_true_inputs_or_the_outputs(probability, own, more):
    inputs = RANDOM.randn(2, 3, 4).astype(np.float32)
    extra = RANDOM.randn(2, 3, 2).astype(np.float32)
    helper = s2s.ScheduledOutputTrainingHelper(
        inputs, [3, 2], probability, next_inputs_fn=own,
        auxiliary_inputs=extra if more else None)
    said = fg.ones([2, 4])
    ids = helper.sample(0, said, None)
    finished, following, _ = helper.next_inputs(fg.constant(0), said, None, ids)
    finished, following = fg.Session().run([finished, following])
    want = inputs[:, 1] if probability == 0 else np.ones((2, 4)) * (-1 if own else 1)
    np.testing.assert_allclose(following, np.hstack([want, extra[:, 1]]) if more else want)
    assert finished.tolist() == [False, False]


@pytest.mark.parametrize("build, words", [
    (lambda: s2s.GreedyEmbeddingHelper(EMBEDDING, 1, 4), "start_tokens must be a vector"),
    (lambda: s2s.GreedyEmbeddingHelper(EMBEDDING, [1], [4]), "end_token must be a scalar"),
    (lambda: s2s.ScheduledEmbeddingTrainingHelper(X, [1, 1], EMBEDDING, [[0.1]]),
     "scalar or a vector"),
    (lambda: s2s.ScheduledOutputTrainingHelper(X, [1, 1], [[0.1]]), "scalar or a vector"),
], ids=["start", "end", "words", "outputs"])
def test_wrong_ranks_are_told_of(build, words):
    with pytest.raises(ValueError, match=words):
        build()
