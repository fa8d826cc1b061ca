"""Candidate samplers: classes drawn at random to stand for all the classes that are not true.

A loss over very many classes looks at the true ones and at a sample of the others; the expected
counts say how to correct for that (`nn/candidate_sampling.py`). `range_samplers.py` draws; an op
with an op seed draws the same classes as TensorFlow.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any, ClassVar

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.random_ops import node_seeds
from flowgraph.ops.range_samplers import (
    FixedSampler,
    LearnedSampler,
    LogUniformSampler,
    UniformSampler,
)

INT64 = dt.DTypeSet("int64", (dt.int64,))
_ON_HOST = "classes are drawn one after another until there are enough"

Candidates = namedtuple("Candidates", ("sampled_candidates", "true_expected_count",
                                       "sampled_expected_count"))
AccidentalHits = namedtuple("AccidentalHits", ("indices", "ids", "weights"))


def _sampler_specs(true_classes: Spec, num_true: int, num_sampled: int,
                   range_max: int = 1) -> tuple[Spec, Spec, Spec]:
    for what, value in (("num_true", num_true), ("num_sampled", num_sampled),
                        ("range_max", range_max)):
        if value < 1:
            raise ShapeError(f"has {what} {value}; it must be 1 or more")
    shape_rules.require_rank(true_classes, 2, "true_classes")
    rows = None if true_classes.shape is None else true_classes.shape[0]
    return (Spec(dt.int64, (num_sampled,)), Spec(dt.float32, (rows, num_true)),
            Spec(dt.float32, (num_sampled,)))


def _check_classes(true_classes: Any, num_true: int) -> None:
    if true_classes.ndim != 2:
        raise InvalidArgumentError(None, None, "true_classes must be a matrix, got "
                                   f"{shape_text(true_classes.shape)}")
    if true_classes.shape[1] != num_true:
        raise InvalidArgumentError(None, None, "true_classes must have num_true columns, got "
                                   f"{true_classes.shape[1]} and num_true is {num_true}")


class _CandidateSampler(OpDef, abstract=True):
    """(classes drawn from [0, range_max), expected counts of the true and of the drawn classes)."""

    dtypes: ClassVar = {"true_classes": INT64}
    multiple = True
    effects = "random"
    host_only = _ON_HOST
    grad = NotDifferentiable
    sampler: ClassVar[Any] = None

    def infer(self, true_classes, *, num_true, num_sampled, unique, range_max, seed=0, seed2=0):
        return _sampler_specs(true_classes, num_true, num_sampled, range_max)

    def create_state(self, attrs):
        """The sampler of one node in one session."""
        return self.sampler(attrs["seed"], attrs["seed2"], attrs["range_max"])

    def kernel(self, xp, true_classes, *, num_true, num_sampled, unique, range_max, seed=0,
               seed2=0, state):
        _check_classes(true_classes, num_true)
        return state.sample(true_classes, num_sampled, unique)


class UniformCandidateSampler(_CandidateSampler):
    """Candidates that are all equally likely."""

    sampler = UniformSampler


def uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None,
                              name=None):
    """Draws classes that are all equally likely.

    Args:
        true_classes: int64 matrix [batch_size, num_true] of the true classes.
        num_true: how many true classes each row has.
        num_sampled: how many classes to draw, for the whole batch.
        unique: whether all drawn classes must be different.
        range_max: the number of classes.
        seed: int, for the same classes in every session.
        name: name of the node.

    Returns:
        A named tuple: `sampled_candidates`, int64 [num_sampled]; `true_expected_count`, float32
        of the shape of `true_classes`, and `sampled_expected_count`, float32 [num_sampled]: how
        often these classes are expected among those drawn.

    Raises:
        InvalidArgumentError: a true class is not in [0, range_max); or `unique`, and there are
            fewer classes than are to be drawn (at run).

    Example:
        >>> import flowgraph as fg
        >>> drawn = fg.random.uniform_candidate_sampler([[0], [5]], 1, 3, True, 10, seed=1)
        >>> fg.Session().run(drawn.sampled_candidates)
        array([1, 5, 4])
    """
    return Candidates(*UniformCandidateSampler.build(
        true_classes, num_true=num_true, num_sampled=num_sampled, unique=unique,
        range_max=range_max, name=name,
        **node_seeds(seed, name or "UniformCandidateSampler")))


class LogUniformCandidateSampler(_CandidateSampler):
    """Candidates by Zipf's law: small numbers are likelier."""

    sampler = LogUniformSampler


def log_uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max,
                                  seed=None, name=None):
    """Draws classes by Zipf's law, for classes numbered from frequent to rare.

    The probability of class k is `(log(k + 2) - log(k + 1)) / log(range_max + 1)`.

    Args:
        true_classes: int64 matrix [batch_size, num_true] of the true classes.
        num_true: how many true classes each row has.
        num_sampled: how many classes to draw, for the whole batch.
        unique: whether all drawn classes must be different.
        range_max: the number of classes.
        seed: int, for the same classes in every session.
        name: name of the node.

    Returns:
        A named tuple (sampled_candidates, true_expected_count, sampled_expected_count), as of
        `tf.random.uniform_candidate_sampler`.

    Raises:
        InvalidArgumentError: a true class is not in [0, range_max); or `unique`, and there are
            fewer classes than are to be drawn (at run).

    Example:
        >>> import flowgraph as fg
        >>> drawn = fg.random.log_uniform_candidate_sampler([[0], [5]], 1, 3, True, 10, seed=1)
        >>> fg.Session().run(drawn.sampled_candidates)
        array([7, 1, 4])
    """
    return Candidates(*LogUniformCandidateSampler.build(
        true_classes, num_true=num_true, num_sampled=num_sampled, unique=unique,
        range_max=range_max, name=name,
        **node_seeds(seed, name or "LogUniformCandidateSampler")))


class LearnedUnigramCandidateSampler(_CandidateSampler):
    """Candidates as frequent as they were among the true classes of the runs before."""

    sampler = LearnedSampler


def learned_unigram_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max,
                                      seed=None, name=None):
    """Draws classes as often as they were true classes in earlier runs of the session.

    Each class starts with a count of 1; a run draws, then counts its true classes.

    Args:
        true_classes: int64 matrix [batch_size, num_true] of the true classes.
        num_true: how many true classes each row has.
        num_sampled: how many classes to draw, for the whole batch.
        unique: whether all drawn classes must be different.
        range_max: the number of classes.
        seed: int, for the same classes in every session.
        name: name of the node.

    Returns:
        A named tuple (sampled_candidates, true_expected_count, sampled_expected_count), as of
        `tf.random.uniform_candidate_sampler`.

    Raises:
        InvalidArgumentError: as of `tf.random.uniform_candidate_sampler`.

    Example:
        >>> import flowgraph as fg
        >>> drawn = fg.random.learned_unigram_candidate_sampler([[3]], 1, 1, False, 4, seed=1)
        >>> sess = fg.Session()
        >>> [sess.run(drawn.true_expected_count).tolist() for _ in range(2)]
        [[[0.25]], [[0.4000000059604645]]]
    """
    return Candidates(*LearnedUnigramCandidateSampler.build(
        true_classes, num_true=num_true, num_sampled=num_sampled, unique=unique,
        range_max=range_max, name=name,
        **node_seeds(seed, name or "LearnedUnigramCandidateSampler")))


class FixedUnigramCandidateSampler(OpDef):
    """Candidates with given weights."""

    dtypes = {"true_classes": INT64}
    multiple = True
    effects = "random"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, true_classes, *, num_true, num_sampled, unique, range_max, vocab_file="",
              distortion=1.0, num_reserved_ids=0, num_shards=1, shard=0, unigrams=(), seed=0,
              seed2=0):
        if num_shards < 1 or shard < 0:
            raise ShapeError(f"has num_shards {num_shards} and shard {shard}; num_shards must be "
                             "1 or more, and shard 0 or more")
        return _sampler_specs(true_classes, num_true, num_sampled, range_max)

    def create_state(self, attrs):
        """The sampler of one node in one session."""
        weights = attrs["vocab_file"] or attrs["unigrams"]
        return FixedSampler(attrs["seed"], attrs["seed2"], attrs["range_max"], weights,
                            attrs["distortion"], attrs["num_reserved_ids"], attrs["num_shards"],
                            attrs["shard"])

    def kernel(self, xp, true_classes, *, num_true, num_sampled, unique, range_max, vocab_file="",
               distortion=1.0, num_reserved_ids=0, num_shards=1, shard=0, unigrams=(), seed=0,
               seed2=0, state):
        if bool(vocab_file) == bool(unigrams):
            raise InvalidArgumentError(None, None, "Must provide either vocab_file or unigrams, "
                                       "and not both.")
        _check_classes(true_classes, num_true)
        return state.sample(true_classes, num_sampled, unique)


def fixed_unigram_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max,
                                    vocab_file="", distortion=1.0, num_reserved_ids=0, num_shards=1,
                                    shard=0, unigrams=(), seed=None, name=None):
    """Draws classes by given weights.

    Args:
        true_classes: int64 matrix [batch_size, num_true] of the true classes.
        num_true: how many true classes each row has.
        num_sampled: how many classes to draw, for the whole batch.
        unique: whether all drawn classes must be different.
        range_max: the number of classes, the reserved ones included.
        vocab_file: path of a text file with one class a line, its weight after the last comma.
        distortion: the power that the weights are raised to; 0.0 makes all equally likely.
        num_reserved_ids: how many classes come before those with weights; they are never drawn.
        num_shards: into how many parts the classes are cut.
        shard: which part this op draws from.
        unigrams: the weights, as a list of floats, in place of `vocab_file`.
        seed: int, for the same classes in every session.
        name: name of the node.

    Returns:
        A named tuple (sampled_candidates, true_expected_count, sampled_expected_count), as of
        `tf.random.uniform_candidate_sampler`.

    Raises:
        InvalidArgumentError: not exactly one of `vocab_file` and `unigrams` is given, or the number
            of weights is not `range_max` (at run).
        NotFoundError: there is no such file (at run).

    Example:
        >>> import flowgraph as fg
        >>> drawn = fg.random.fixed_unigram_candidate_sampler(
        ...     [[0]], 1, 4, False, 3, unigrams=[1.0, 0.0, 3.0], seed=1)
        >>> fg.Session().run(drawn.sampled_candidates)
        array([2, 2, 2, 2])
    """
    vocab_file = vocab_file.decode() if isinstance(vocab_file, bytes) else str(vocab_file)
    return Candidates(*FixedUnigramCandidateSampler.build(
        true_classes, num_true=num_true, num_sampled=num_sampled, unique=unique,
        range_max=range_max, vocab_file=vocab_file, distortion=float(distortion),
        num_reserved_ids=num_reserved_ids, num_shards=num_shards, shard=shard,
        unigrams=tuple(float(weight) for weight in unigrams), name=name,
        **node_seeds(seed, name or "FixedUnigramCandidateSampler")))


class AllCandidateSampler(OpDef):
    """All classes, each once."""

    dtypes = {"true_classes": INT64}
    multiple = True
    grad = NotDifferentiable

    def infer(self, true_classes, *, num_true, num_sampled, unique, seed=0, seed2=0):
        return _sampler_specs(true_classes, num_true, num_sampled)

    def kernel(self, xp, true_classes, *, num_true, num_sampled, unique, seed=0, seed2=0):
        _check_classes(true_classes, num_true)
        return (xp.arange(num_sampled, dtype="int64"), xp.ones(true_classes.shape, "float32"),
                xp.ones(num_sampled, "float32"))


def all_candidate_sampler(true_classes, num_true, num_sampled, unique, seed=None, name=None):
    """The classes 0, 1, ..., `num_sampled` - 1, each once: to test sampled losses on all classes.

    Args:
        true_classes: int64 matrix [batch_size, num_true] of the true classes.
        num_true: how many true classes each row has.
        num_sampled: the number of classes.
        unique: accepted; the classes are different anyway.
        seed: accepted; nothing is drawn.
        name: name of the node.

    Returns:
        A named tuple (sampled_candidates, true_expected_count, sampled_expected_count), as of
        `tf.random.uniform_candidate_sampler`; all counts are 1.

    Example:
        >>> import flowgraph as fg
        >>> drawn = fg.random.all_candidate_sampler([[2]], 1, 3, True)
        >>> fg.Session().run(drawn.sampled_candidates)
        array([0, 1, 2])
    """
    return Candidates(*AllCandidateSampler.build(
        true_classes, num_true=num_true, num_sampled=num_sampled, unique=unique, name=name,
        **node_seeds(seed, name or "AllCandidateSampler")))


class ComputeAccidentalHits(OpDef):
    """(rows, places, weights) of the drawn candidates that are true classes of a row."""

    dtypes = {"true_classes": INT64, "sampled_candidates": INT64}
    multiple = True
    grad = NotDifferentiable
    waits_for_gpu = "its result is as long as there are such elements"

    def infer(self, true_classes, sampled_candidates, *, num_true, seed=0, seed2=0):
        shape_rules.require_rank(true_classes, 2, "true_classes")
        shape_rules.require_rank(sampled_candidates, 1, "sampled_candidates")
        columns = None if true_classes.shape is None else true_classes.shape[1]
        if columns not in (None, num_true):
            raise ShapeError(f"has num_true {num_true}, but true_classes has {columns} columns")
        return Spec(dt.int32, (None,)), Spec(dt.int64, (None,)), Spec(dt.float32, (None,))

    def kernel(self, xp, true_classes, sampled_candidates, *, num_true, seed=0, seed2=0):
        _check_classes(true_classes, num_true)
        count = sampled_candidates.size
        # The last place counts where a class was drawn twice: search from the end.
        order = xp.argsort(sampled_candidates[::-1], kind="stable")
        ordered = sampled_candidates[::-1][order]
        flat = true_classes.reshape(-1)
        found = xp.searchsorted(ordered, flat)
        if count:
            hits = ordered[xp.minimum(found, count - 1)] == flat
        else:
            hits = xp.zeros(flat.shape, bool)
        rows = xp.flatnonzero(hits)
        places = count - 1 - order[found[rows]]
        lowest = dt.float32.min
        return ((rows // num_true).astype("int32"), places.astype("int64"),
                xp.full(rows.shape, lowest, "float32"))


def compute_accidental_hits(true_classes, sampled_candidates, num_true, seed=None, name=None):
    """Finds the drawn candidates that are true classes, with weights that take them out.

    Args:
        true_classes: int64 matrix [batch_size, num_true] of the true classes.
        sampled_candidates: int64 vector, as a candidate sampler gives it.
        num_true: how many true classes each row has.
        seed: accepted; nothing is drawn.
        name: name of the node.

    Returns:
        A named tuple of vectors of one length, an entry for each hit: `indices`, int32, the row of
        the true class; `ids`, int64, the place of the candidate; `weights`, float32, the most
        negative number, to be added to the logit.

    Raises:
        ValueError: `true_classes` is not a matrix with `num_true` columns.

    Example:
        >>> import flowgraph as fg
        >>> hits = fg.nn.compute_accidental_hits([[7], [2]], [2, 5, 3], 1)
        >>> fg.Session().run([hits.indices, hits.ids])
        [array([1], dtype=int32), array([0])]
    """
    return AccidentalHits(*ComputeAccidentalHits.build(
        true_classes, sampled_candidates, num_true=num_true, name=name,
        **node_seeds(seed, name or "ComputeAccidentalHits")))
