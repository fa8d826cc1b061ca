"""Cases of candidate samplers and of accidental hits; the classes drawn are TensorFlow's."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

TRUE = np.array([[0, 3], [5, 3]], np.int64)


def log_uniform(classes, count):
    return np.log((classes + 2) / (classes + 1)) / np.log(11) * count


def drawn(sampler, *args, **options):
    return lambda true: list(getattr(fg.random, sampler)(true, 2, *args, seed=1, **options))


def all_different(results):
    sampled, _, expected = results
    assert len(set(sampled.tolist())) == 7 and set(sampled.tolist()) <= set(range(10))
    assert ((expected > 0) & (expected < 1)).all()


def by_weight(results):
    sampled, true, expected = results
    assert set(sampled.tolist()) == {3, 5}
    np.testing.assert_allclose(true, [[0, 2], [6, 2]], rtol=1e-6)
    np.testing.assert_allclose(expected, np.where(sampled == 3, 2, 6), rtol=1e-6)


CASES = [
    Case("UniformCandidateSampler/repeats", drawn("uniform_candidate_sampler", 4, False, 10),
         (TRUE,), [np.array([1, 5, 1, 4]), np.full((2, 2), 0.4), np.full(4, 0.4)]),
    Case("UniformCandidateSampler/unique", drawn("uniform_candidate_sampler", 7, True, 10),
         (TRUE,), check=all_different),
    Case("LogUniformCandidateSampler/repeats",
         drawn("log_uniform_candidate_sampler", 3, False, 10), (TRUE,),
         [np.array([7, 1, 4]), log_uniform(TRUE, 3), log_uniform(np.array([7, 1, 4]), 3)]),
    Case("LogUniformCandidateSampler/unique", drawn("log_uniform_candidate_sampler", 7, True, 10),
         (TRUE,), check=all_different),
    Case("LearnedUnigramCandidateSampler/all", drawn("learned_unigram_candidate_sampler", 7, True,
                                                     10), (TRUE,), check=all_different),
    Case("FixedUnigramCandidateSampler/reserved_and_zero",
         drawn("fixed_unigram_candidate_sampler", 8, False, 6, num_reserved_ids=3,
               unigrams=[1.0, 0.0, 3.0]), (TRUE,), check=by_weight),
    Case("AllCandidateSampler/all",
         lambda true: list(fg.nn.all_candidate_sampler(true, 2, 3, True)), (TRUE,),
         [np.arange(3), np.ones((2, 2)), np.ones(3)]),
    Case("ComputeAccidentalHits/last_place_counts",
         lambda true, sampled: list(fg.nn.compute_accidental_hits(true, sampled, 2)),
         (TRUE, np.array([3, 9, 5, 3])),
         [np.array([0, 1, 1], np.int32), np.array([3, 2, 3]), np.full(3, np.finfo("f4").min)]),
    Case("ComputeAccidentalHits/none",
         lambda true, sampled: list(fg.nn.compute_accidental_hits(true, sampled, 2)),
         (TRUE, np.array([9])), [np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0)]),
    Case("ComputeAccidentalHits/no_candidates",
         lambda true, sampled: list(fg.nn.compute_accidental_hits(true, sampled, 2)),
         (TRUE, np.zeros(0, np.int64)),
         [np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0)]),
]

BAD = [
    BadCase("UniformCandidateSampler/too_few",
            lambda: list(fg.nn.uniform_candidate_sampler([[1]], 1, 11, True, 10)),
            fg.errors.InvalidArgumentError, ("too small", "11", "10"), phase="run"),
    BadCase("UniformCandidateSampler/columns",
            lambda: list(fg.nn.uniform_candidate_sampler([[1]], 2, 3, True, 10)),
            fg.errors.InvalidArgumentError, ("num_true",), phase="run"),
    BadCase("UniformCandidateSampler/rank",
            lambda: fg.nn.uniform_candidate_sampler([1], 1, 3, True, 10), ValueError, ("rank 2",)),
    BadCase("LogUniformCandidateSampler/class",
            lambda: list(fg.nn.log_uniform_candidate_sampler([[10]], 1, 3, True, 10)),
            fg.errors.InvalidArgumentError, ("[0, 10)",), phase="run"),
    BadCase("LogUniformCandidateSampler/none",
            lambda: fg.nn.log_uniform_candidate_sampler([[1]], 1, 0, True, 10), ValueError,
            ("num_sampled 0",)),
    BadCase("LearnedUnigramCandidateSampler/dtype",
            lambda: fg.nn.learned_unigram_candidate_sampler(fg.constant([[1]]), 1, 3, True, 10),
            TypeError, ("int64",)),
    BadCase("FixedUnigramCandidateSampler/no_weights",
            lambda: list(fg.nn.fixed_unigram_candidate_sampler([[1]], 1, 3, True, 10)),
            fg.errors.InvalidArgumentError, ("vocab_file", "unigrams"), phase="run"),
    BadCase("FixedUnigramCandidateSampler/count",
            lambda: list(fg.nn.fixed_unigram_candidate_sampler([[1]], 1, 1, True, 3,
                                                               unigrams=[1.0, 2.0])),
            fg.errors.InvalidArgumentError, ("3", "2"), phase="run"),
    BadCase("FixedUnigramCandidateSampler/file",
            lambda: list(fg.nn.fixed_unigram_candidate_sampler([[1]], 1, 1, True, 3,
                                                               vocab_file="not there")),
            fg.errors.NotFoundError, ("not there",), phase="run"),
    BadCase("FixedUnigramCandidateSampler/shards",
            lambda: fg.nn.fixed_unigram_candidate_sampler([[1]], 1, 1, True, 3, num_shards=0,
                                                          unigrams=[1.0]),
            ValueError, ("num_shards 0",)),
    BadCase("AllCandidateSampler/true", lambda: fg.nn.all_candidate_sampler([[1]], 0, 1, True),
            ValueError, ("num_true 0",)),
    BadCase("ComputeAccidentalHits/columns",
            lambda: fg.nn.compute_accidental_hits([[1]], [1], 2), ValueError, ("2", "1 columns")),
]
