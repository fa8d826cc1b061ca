"""Cases of ops/cross_entropy.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.ops.cross_entropy import (
    SoftmaxCrossEntropyWithLogits,
    SparseSoftmaxCrossEntropyWithLogits,
)
from flowgraph.testing import BadCase, Case
from tests.cases.softmax import log_softmax, softmax

_random = np.random.RandomState(0)
LOGITS = _random.standard_normal((3, 4))
LABELS = softmax(_random.standard_normal((3, 4)))
CLASSES = np.array([3, 0, 2], np.int32)
CUBE = _random.standard_normal((2, 3, 4))
CUBE_LABELS = softmax(_random.standard_normal((2, 3, 4)))
CUBE_CLASSES = _random.randint(0, 4, (2, 3))

dense = fg.nn.softmax_cross_entropy_with_logits_v2
sparse = fg.nn.sparse_softmax_cross_entropy_with_logits
logistic = fg.nn.sigmoid_cross_entropy_with_logits


def loss(logits, labels, axis=-1):
    logits, labels = logits.astype(np.float64), labels.astype(np.float64)
    return -(labels * log_softmax(logits, axis)).sum(axis)


def chosen(logits, classes):
    return -np.take_along_axis(log_softmax(logits), classes[..., None], -1)[..., 0]


def binary(x, z, weight=1.0):
    return -weight * z * -np.logaddexp(-x, 0) - (1 - z) * -np.logaddexp(x, 0)


CASES = [
    Case("softmax_cross_entropy/float64", lambda x, z: dense(z, x), (LOGITS, LABELS), loss),
    Case("softmax_cross_entropy/gradient", lambda x: dense(LABELS, x), (LOGITS,),
         lambda x: loss(x, LABELS), grad=True),
    Case("softmax_cross_entropy/gradient_of_both", lambda x, z: fg.gradients(dense(z, x), [x, z]),
         (LOGITS, LABELS), lambda x, z: [softmax(x) - z, -log_softmax(x)]),
    Case("softmax_cross_entropy/float32", lambda x, z: dense(z, x),
         (LOGITS.astype(np.float32), LABELS.astype(np.float32)), loss),
    Case("softmax_cross_entropy/float16", lambda x, z: dense(z, x),
         (LOGITS.astype(np.float16), LABELS.astype(np.float16)), loss),
    Case("softmax_cross_entropy/int_labels", lambda x: dense(np.eye(4, dtype=np.int32)[:3], x),
         (LOGITS,), lambda x: loss(x, np.eye(4)[:3])),
    Case("softmax_cross_entropy/rank_3", lambda x: dense(CUBE_LABELS, x), (CUBE,),
         lambda x: loss(x, CUBE_LABELS), grad=True),
    Case("softmax_cross_entropy/rank_1", lambda x: dense(LABELS[0], x), (LOGITS[0],),
         lambda x: loss(x, LABELS[0])),
    Case("softmax_cross_entropy/labels_of_higher_rank", lambda x, z: dense([z], x),
         (LOGITS, LABELS), loss, grad=True),
    Case("softmax_cross_entropy/labels_of_lower_rank", lambda x, z: dense(z, x),
         (CUBE, CUBE_LABELS.reshape(6, 4)), lambda x, z: loss(x, z.reshape(x.shape))),
    Case("softmax_cross_entropy/one_row_of_labels", lambda x, z: dense(z, x),
         (LOGITS, LABELS[0]), loss),
    Case("softmax_cross_entropy/axis_1", lambda x: dense(softmax(CUBE, 1), x, axis=1), (CUBE,),
         lambda x: loss(x, softmax(CUBE, 1), 1), grad=True),
    Case("softmax_cross_entropy/dim_0", lambda x: dense(CUBE_LABELS, x, dim=0), (CUBE,),
         lambda x: loss(x, CUBE_LABELS, 0)),
    Case("softmax_cross_entropy/one_logit_for_all_classes",
         lambda x: dense(fg.ones([2, 3], fg.float64), x), (np.ones((2, 1)),),
         np.full(2, 3 * np.log(3.0))),
    Case("softmax_cross_entropy/labels_of_one_row",
         lambda x, z: SoftmaxCrossEntropyWithLogits.build(x, z)[0], (LOGITS, LABELS[:1]), loss),
    Case("softmax_cross_entropy/second_output",
         lambda x: SoftmaxCrossEntropyWithLogits.build(x, LABELS)[1], (LOGITS,),
         lambda x: softmax(x) - LABELS, grad=True),
    Case("softmax_cross_entropy/large_logits_do_not_overflow", lambda x: dense([[1.0, 0.0]], x),
         (np.array([[-1e4, 1e4]], np.float32),), [2e4]),
    Case("softmax_cross_entropy/impossible_class_without_label", lambda x: dense([[0.0, 1.0]], x),
         (np.array([[-np.inf, 0.0]], np.float32),), [np.nan]),
    Case("softmax_cross_entropy/no_rows", lambda x, z: dense(z, x),
         (np.zeros((0, 3), np.float32),) * 2, np.zeros(0, np.float32)),
    Case("softmax_cross_entropy/version_1",
         lambda x: fg.nn.softmax_cross_entropy_with_logits(labels=LABELS, logits=x), (LOGITS,),
         lambda x: loss(x, LABELS), grad=True),

    Case("sparse_softmax_cross_entropy/int32", lambda x, c: sparse(labels=c, logits=x),
         (LOGITS, CLASSES), chosen),
    Case("sparse_softmax_cross_entropy/gradient", lambda x: sparse(labels=CLASSES, logits=x),
         (LOGITS,), lambda x: chosen(x, CLASSES), grad=True),
    Case("sparse_softmax_cross_entropy/int64_rank_3", lambda x, c: sparse(labels=c, logits=x),
         (CUBE, CUBE_CLASSES), chosen),
    Case("sparse_softmax_cross_entropy/gradient_rank_3",
         lambda x: sparse(labels=CUBE_CLASSES, logits=x), (CUBE,),
         lambda x: chosen(x, CUBE_CLASSES), grad=True),
    Case("sparse_softmax_cross_entropy/rank_1", lambda x, c: sparse(labels=c, logits=x),
         (LOGITS[0], np.int32(1)), chosen),
    Case("sparse_softmax_cross_entropy/float16", lambda x, c: sparse(labels=c, logits=x),
         (LOGITS.astype(np.float16), CLASSES), lambda x, c: chosen(x.astype(np.float64), c)),
    Case("sparse_softmax_cross_entropy/no_rows", lambda x, c: sparse(labels=c, logits=x),
         (np.zeros((0, 3), np.float32), np.zeros(0, np.int32)), np.zeros(0, np.float32)),
    Case("sparse_softmax_cross_entropy/second_output",
         lambda x: SparseSoftmaxCrossEntropyWithLogits.build(x, CLASSES)[1], (LOGITS,),
         lambda x: softmax(x) - np.eye(4)[CLASSES], grad=True),

    Case("sigmoid_cross_entropy/gradient", lambda x, z: logistic(labels=z, logits=x),
         (LOGITS, LABELS), binary, grad=True),
    Case("sigmoid_cross_entropy/large_logits_do_not_overflow",
         lambda x, z: logistic(labels=z, logits=x),
         (np.array([-1e4, 1e4], np.float32), np.array([1, 1], np.float32)), [1e4, 0]),
    Case("weighted_cross_entropy/gradient",
         lambda x, z: fg.nn.weighted_cross_entropy_with_logits(z, x, 2.5), (LOGITS, LABELS),
         lambda x, z: binary(x, z, 2.5), grad=True),
    Case("weighted_cross_entropy/targets",
         lambda x, z: fg.nn.weighted_cross_entropy_with_logits(targets=z, logits=x, pos_weight=0.5),
         (LOGITS, LABELS), lambda x, z: binary(x, z, 0.5)),
    Case("log_poisson_loss/plain", fg.nn.log_poisson_loss, (LABELS * 9, LOGITS),
         lambda z, c: np.exp(c) - z * c, grad=True),
    Case("log_poisson_loss/full",
         lambda z, c: fg.nn.log_poisson_loss(z, c, compute_full_loss=True),
         (np.array([0.5, 1.5, 6.0]), LOGITS[0, :3]),
         lambda z, c: np.exp(c) - z * c
         + np.where(z <= 1, 0, z * np.log(z) - z + 0.5 * np.log(2 * np.pi * z)), grad=True),
]

BAD = [
    BadCase("softmax_cross_entropy/positional",
            lambda: fg.nn.softmax_cross_entropy_with_logits([[1.0]], [[1.0]]), ValueError,
            ("named arguments",)),
    BadCase("softmax_cross_entropy/no_labels",
            lambda: fg.nn.softmax_cross_entropy_with_logits(logits=[[1.0]]), ValueError,
            ("Both labels and logits",)),
    BadCase("softmax_cross_entropy/shapes",
            lambda: dense(fg.zeros([2, 3]), fg.zeros([2, 4])), ValueError, ("(2, 4)", "(2, 3)")),
    BadCase("softmax_cross_entropy/shapes_of_other_ranks",
            lambda: dense(fg.zeros([1, 3, 4]), fg.zeros([2, 4])), ValueError, ("(2, 4)", "(3, 4)")),
    BadCase("softmax_cross_entropy/scalar_logits",
            lambda: dense([1.0], 1.0), ValueError, ("logits", "scalar")),
    BadCase("softmax_cross_entropy/scalar_labels",
            lambda: dense(1.0, [1.0]), ValueError, ("labels", "scalar")),
    BadCase("sparse_softmax_cross_entropy/one_hot_labels",
            lambda: sparse(labels=fg.one_hot([1, 2], 3), logits=fg.zeros([2, 3])), ValueError,
            ("Rank mismatch", "tf.one_hot makes them, use softmax_cross_entropy_with_logits")),
    BadCase("sparse_softmax_cross_entropy/swapped",
            lambda: fg.losses.sparse_softmax_cross_entropy(fg.zeros([2, 3]), [1, 2]), ValueError,
            ("Rank mismatch", "Are the two swapped? tf.losses takes the labels first")),
    BadCase("sparse_softmax_cross_entropy/scalar_logits",
            lambda: sparse(labels=[1], logits=1.0), ValueError, ("scalars",)),
    BadCase("sparse_softmax_cross_entropy/ranks",
            lambda: sparse(labels=[[1]], logits=[[1.0]]), ValueError, ("Rank mismatch",)),
    BadCase("sparse_softmax_cross_entropy/sizes",
            lambda: sparse(labels=[1, 0], logits=[[1.0, 2.0]]), ValueError, ("Shape mismatch",)),
    BadCase("sparse_softmax_cross_entropy/float_labels",
            lambda: sparse(labels=[1.0], logits=[[1.0, 2.0]]), TypeError, ("float32",)),
    BadCase("sparse_softmax_cross_entropy/label_too_large",
            lambda x, c: sparse(labels=c, logits=x), fg.errors.InvalidArgumentError,
            ("label value of 4", "[0, 4)"), (LOGITS, np.array([0, 4, 1], np.int32)), "run"),
    BadCase("sparse_softmax_cross_entropy/label_negative",
            lambda x, c: sparse(labels=c, logits=x), fg.errors.InvalidArgumentError,
            ("label value of -1",), (LOGITS, np.array([0, -1, 1], np.int32)), "run"),
    BadCase("sparse_softmax_cross_entropy/sizes_in_a_run",
            lambda x, c: SparseSoftmaxCrossEntropyWithLogits.build(x, c)[0],
            fg.errors.InvalidArgumentError, ("cannot compare 1 labels", "(3, 4)"),
            (LOGITS, np.array([0], np.int32)), "run"),
    BadCase("sigmoid_cross_entropy/shapes",
            lambda: logistic(labels=[1.0], logits=[1.0, 2.0]), ValueError, ("same shape",)),
    BadCase("weighted_cross_entropy/shapes",
            lambda: fg.nn.weighted_cross_entropy_with_logits([1.0], [1.0, 2.0], 1.0), ValueError,
            ("same shape",)),
]
