"""Sampled losses: with all classes as candidates they are the full losses."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops import range_samplers

RANDOM = np.random.RandomState(1)
W, B, X = (RANDOM.randn(*shape).astype("f4") for shape in ((5, 3), (5,), (4, 3)))
LABELS = np.array([[0], [4], [2], [2]])
LOGITS = X @ W.T + B


def run(fetches):
    return fg.Session().run(fetches)


def every_class(num_true=1, labels=LABELS):
    return fg.nn.all_candidate_sampler(labels, num_true, 5, True)


def test_sampled_softmax_over_all_classes_is_softmax():
    loss = fg.nn.sampled_softmax_loss(W, B, LABELS, X, 5, 5, sampled_values=every_class())
    exact = np.log(np.exp(LOGITS).sum(1)) - LOGITS[np.arange(4), LABELS[:, 0]]
    np.testing.assert_allclose(run(loss), exact, rtol=1e-5)


@pytest.mark.parametrize("remove", [True, False])
def test_nce_over_all_classes_is_a_sum_of_sigmoid_losses(remove):
    loss = fg.nn.nce_loss(W, B, LABELS, X, 5, 5, sampled_values=every_class(),
                          remove_accidental_hits=remove)
    true = LOGITS[np.arange(4), LABELS[:, 0]]
    noise = np.log1p(np.exp(LOGITS)).sum(1) - remove * np.log1p(np.exp(true))
    np.testing.assert_allclose(run(loss), noise + np.log1p(np.exp(-true)), rtol=1e-5)


def test_several_true_classes_share_the_target():
    labels = np.array([[0, 1], [4, 3], [2, 0], [2, 1]])
    loss = fg.nn.sampled_softmax_loss(W, B, labels, X, 5, 5, num_true=2,
                                      sampled_values=every_class(2, labels))
    true = np.take_along_axis(LOGITS, labels, 1)
    np.testing.assert_allclose(run(loss), np.log(np.exp(LOGITS).sum(1)) - true.mean(1),
                               rtol=1e-5)


def test_less_likely_samples_weigh_more():
    sampled = (fg.constant([1, 3], fg.int64), fg.fill([4, 1], 1.0), fg.constant([0.5, 0.25]))
    loss = fg.nn.nce_loss(W, B, LABELS, X, 2, 5, sampled_values=sampled)
    true = LOGITS[np.arange(4), LABELS[:, 0]]
    noise = np.log1p(np.exp(LOGITS[:, [1, 3]] - np.log([0.5, 0.25]))).sum(1)
    np.testing.assert_allclose(run(loss), noise + np.log1p(np.exp(-true)), rtol=1e-5)


@pytest.mark.parametrize("loss", [fg.nn.nce_loss, fg.nn.sampled_softmax_loss])
def test_weights_in_parts_give_the_loss_of_the_whole(loss):
    drawn = fg.nn.log_uniform_candidate_sampler(LABELS, 1, 3, True, 5, seed=3)
    whole = loss(W, B, LABELS, X, 3, 5, sampled_values=drawn)
    parts = loss([fg.constant(W[0::2]), fg.constant(W[1::2])], B, LABELS, X, 3, 5,
                 sampled_values=drawn)
    np.testing.assert_allclose(*run([whole, parts]), rtol=1e-5)


def test_gradients_reach_weights_biases_and_inputs():
    xs = [fg.constant(value) for value in (W, B, X)]
    loss = fg.nn.sampled_softmax_loss(xs[0], xs[1], LABELS, xs[2], 3, 5, seed=1)
    gradients = [fg.convert_to_tensor(dx) for dx in fg.gradients(loss, xs)]
    assert [dx.shape for dx in run(gradients)] == [(5, 3), (5,), (4, 3)]


def test_a_learned_sampler_remembers_the_true_classes_of_its_session():
    drawn = fg.nn.learned_unigram_candidate_sampler([[3]], 1, 50, False, 4, seed=1)
    with fg.Session() as session:
        counts = [session.run(drawn.true_expected_count).item() for _ in range(3)]
    np.testing.assert_allclose(counts, [50 / 4, 50 * 2 / 5, 50 * 3 / 6], rtol=1e-6)
    assert fg.Session().run(drawn.true_expected_count).item() == 12.5


def test_a_fixed_sampler_reads_its_weights_from_a_file(tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("the,4\nof,0\nzebra,1\n")
    drawn = fg.nn.fixed_unigram_candidate_sampler(
        [[1]], 1, 2, True, 3, vocab_file=str(path), distortion=0.5, seed=1)
    sampled, true, _ = fg.Session().run(list(drawn))
    assert sorted(sampled) == [0, 2] and true.item() == 0


def test_a_fixed_sampler_draws_from_its_shard_alone():
    drawn = fg.nn.fixed_unigram_candidate_sampler(
        [[0]], 1, 20, False, 2, num_shards=3, shard=1, unigrams=[1.0, 5.0, 1.0, 1.0, 5.0], seed=1)
    sampled, true, _ = fg.Session().run(list(drawn))
    assert set(sampled) == {0, 1} and true.item() == 10


@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("sampler", ["Uniform", "LogUniform", "Learned"])
def test_runs_whose_words_are_made_ahead_draw_what_single_ones_do(monkeypatch, sampler, count,
                                                                  unique):
    def drawn(ahead):
        monkeypatch.setattr(range_samplers, "_AHEAD", ahead)
        made = getattr(range_samplers, f"{sampler}Sampler")(5, (1 << 64) - 7, 1000)
        return [made.sample(np.array([[run], [999]]), count, unique) for run in range(20)]

    for ahead, single in zip(drawn(1000), drawn(1), strict=True):
        for a, b in zip(ahead, single, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
