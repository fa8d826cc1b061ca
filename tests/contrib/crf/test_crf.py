"""Conditional random fields against the sum and the best over all sequences of tags."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import crf

RANDOM = np.random.RandomState(3)
INPUTS = RANDOM.randn(4, 4, 3)
TRANSITIONS = RANDOM.randn(3, 3)
TAGS = RANDOM.randint(0, 3, (4, 4))
LENGTHS = np.array([4, 2, 1, 0])


def score(row, tags):
    return (sum(INPUTS[row, t, tag] for t, tag in enumerate(tags))
            + sum(TRANSITIONS[a, b] for a, b in pairwise(tags)))


def all_scores(row):
    """From each sequence of tags to its score."""
    return {tags: score(row, tags) for tags in product(range(3), repeat=LENGTHS[row])}


def run(fetches, feed_dict=None):
    return fg.Session().run(fetches, feed_dict)


@pytest.mark.parametrize("tag_dtype", [fg.int32, fg.int64])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_the_score_of_a_sequence_adds_inputs_and_transitions(tag_dtype, known):
    inputs = fg.placeholder_with_default(INPUTS, INPUTS.shape if known else [None, None, 3])
    tags = fg.placeholder_with_default(fg.constant(TAGS, tag_dtype), TAGS.shape if known
                                       else [None, None])
    got = run(crf.crf_sequence_score(inputs, tags, LENGTHS, TRANSITIONS))
    want = [score(row, TAGS[row, :LENGTHS[row]]) for row in range(4)]
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_the_norm_is_the_sum_over_all_sequences():
    got = run(crf.crf_log_norm(INPUTS, LENGTHS, TRANSITIONS))
    want = [np.log(sum(np.exp(list(all_scores(row).values())))) for row in range(3)]
    np.testing.assert_allclose(got, [*want, 0], rtol=1e-12)


def test_likelihoods_of_all_sequences_add_up_to_one():
    every = np.array(list(product(range(3), repeat=4)))
    inputs = np.repeat(INPUTS[:1], len(every), 0)
    likelihood, transitions = crf.crf_log_likelihood(inputs, every, [4] * len(every),
                                                     fg.constant(TRANSITIONS))
    assert np.exp(run(likelihood)).sum() == pytest.approx(1)
    assert transitions.shape.as_list() == [3, 3]


def test_several_tags_allowed_at_a_step_count_together():
    allowed = RANDOM.rand(*INPUTS.shape) < 0.7
    allowed[..., 0] = True
    got = run(crf.crf_multitag_sequence_score(INPUTS, allowed, LENGTHS, TRANSITIONS))
    want = [np.log(sum(np.exp(value) for tags, value in all_scores(row).items()
                       if all(allowed[row, t, tag] for t, tag in enumerate(tags))))
            for row in range(3)]
    np.testing.assert_allclose(got[:3], want, rtol=1e-12)


@pytest.mark.parametrize("steps", [4, 1, None])
def test_the_best_sequence_is_found_in_the_graph_and_with_numpy(steps):
    used = INPUTS[:, :1] if steps == 1 else INPUTS
    lengths = np.minimum(LENGTHS, used.shape[1])
    potentials = fg.placeholder_with_default(used, [None, steps, 3])
    tags, scores = run(crf.crf_decode(potentials, fg.constant(TRANSITIONS), lengths))
    assert tags.dtype == np.int32
    for row in range(3):
        every = {seq: score(row, seq) for seq in product(range(3), repeat=lengths[row])}
        best = max(every, key=every.get)
        assert tuple(tags[row, :lengths[row]]) == best
        assert scores[row] == pytest.approx(every[best])
        found, value = crf.viterbi_decode(used[row, :lengths[row]], TRANSITIONS)
        assert (tuple(found), value) == (best, pytest.approx(every[best]))


def test_a_batch_of_one_step_of_unknown_length_goes_the_same_way():
    inputs = fg.placeholder(fg.float64, [None, None, 3])
    tags = fg.placeholder(fg.int32, [None, None])
    likelihood, _ = crf.crf_log_likelihood(inputs, tags, [1, 1], TRANSITIONS)
    got = run(likelihood, {inputs: INPUTS[:2, :1], tags: TAGS[:2, :1]})
    want = [INPUTS[row, 0, TAGS[row, 0]] - np.log(np.exp(INPUTS[row, 0]).sum()) for row in (0, 1)]
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_gradients_are_expected_counts():
    inputs, transitions = fg.constant(INPUTS), fg.constant(TRANSITIONS)
    norm = crf.crf_log_norm(inputs, LENGTHS, transitions)
    to_inputs, to_transitions = run(fg.gradients(norm, [inputs, transitions]))
    want, counts = np.zeros_like(INPUTS), np.zeros_like(TRANSITIONS)
    for row in range(3):
        every = all_scores(row)
        total = sum(np.exp(list(every.values())))
        for tags, value in every.items():
            for t, tag in enumerate(tags):
                want[row, t, tag] += np.exp(value) / total
            for pair in pairwise(tags):
                counts[pair] += np.exp(value) / total
    np.testing.assert_allclose(to_inputs, want, atol=1e-12)
    np.testing.assert_allclose(to_transitions, counts, rtol=1e-10)


def test_a_tagger_learns_which_tag_follows_which():
    # Tags alternate; the inputs tell the first one only.
    random = np.random.RandomState(0)
    first = random.randint(0, 2, 20)
    tags = (first[:, None] + np.arange(6)) % 2
    x = np.zeros((20, 6, 2), np.float32)
    x[np.arange(20), 0, first] = 1
    with fg.Graph().as_default(), fg.Session() as session:
        potentials = fg.layers.dense(x, 2)
        likelihood, transitions = crf.crf_log_likelihood(potentials, tags, [6] * 20)
        assert [v.op.name for v in fg.trainable_variables()][-1] == "transitions"
        train = fg.train.AdamOptimizer(0.1).minimize(-fg.reduce_mean(likelihood))
        decoded, _ = crf.crf_decode(potentials, transitions, [6] * 20)
        session.run(fg.global_variables_initializer())
        for _ in range(60):
            session.run(train)
        assert (session.run(decoded) == tags).all()


def test_transitions_of_an_unknown_number_of_tags_are_told_of():
    with pytest.raises(ValueError, match="tags, tags"):
        crf.crf_log_norm(INPUTS, LENGTHS, fg.placeholder(fg.float64))
