"""`tf.contrib.losses`: weights that broadcast from the left, and the mean over what counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.contrib import losses

RANDOM = np.random.RandomState(0)
A = RANDOM.rand(4, 3).astype("float32")
B = (RANDOM.rand(4, 3) > 0.5).astype("float32")
EACH = [1.0, 0.0, 2.0, 0.5]

# function, further arguments, what tf_slim 1.1 on TensorFlow 2.21 gives for weights of 1, 0, 2 and
# for one weight per row
WEIGHTED: list[tuple[str, dict[str, Any], list[float]]] = [
    ("mean_squared_error", {}, [0.234003, 0.0, 0.468006, 0.213461]),
    ("absolute_difference", {}, [0.437314, 0.0, 0.874628, 0.410268]),
    ("log_loss", {}, [0.648022, 0.0, 1.29604, 0.599635]),
    ("sigmoid_cross_entropy", {"label_smoothing": 0.1}, [0.641259, 0.0, 1.28252, 0.61806]),
]


@pytest.mark.parametrize("row", WEIGHTED, ids=lambda row: row[0])
def test_losses_are_weighed_as_tensorflow_does(row: Any) -> None:
    name, arguments, expected = row
    function = getattr(losses, name)
    with tf.Graph().as_default(), tf.Session() as session:
        a, b = tf.constant(A), tf.constant(B)
        found = [function(a, b, weights=weights, **arguments)
                 for weights in (1.0, 0.0, 2.0, tf.constant(EACH))]
        column = function(a, b, weights=tf.reshape(EACH, [4, 1]), **arguments)
        assert session.run(found) == pytest.approx(expected, rel=1e-5)
        assert session.run(column) == pytest.approx(expected[-1], rel=1e-5)
        assert losses.get_losses() == [*found, column]


def test_other_losses_are_tensorflows() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        a, b, classes = tf.constant(A), tf.constant(B), tf.constant([0, 1, 2, 0])
        found = [losses.softmax_cross_entropy(a, b, label_smoothing=0.1),
                 losses.sparse_softmax_cross_entropy(a, classes),
                 losses.mean_pairwise_squared_error(a, b),
                 losses.mean_pairwise_squared_error(a, b, weights=tf.constant(EACH)),
                 losses.cosine_distance(a, b, 1)]
        assert session.run(found) == pytest.approx(
            [2.13604, 1.15356, 1.65365, 1.04495, -0.278814], rel=1e-5)


def test_hinge_loss_is_neither_weighed_nor_collected() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(losses.hinge_loss(tf.constant(A), tf.constant(B)))
        assert losses.get_losses() == []
    assert found == pytest.approx(np.maximum(0, 1 - (2 * B - 1) * A))


@pytest.mark.parametrize(("build", "words"), [
    (lambda: losses.mean_squared_error(tf.zeros([2]), tf.zeros([3])), "compatible"),
    (lambda: losses.cosine_distance(tf.zeros([2]), tf.zeros([2])), "axis"),
    (lambda: losses.compute_weighted_loss(tf.placeholder(tf.float32)), "losses"),
])
def test_wrong_use_is_told_of(build: Any, words: str) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match=words):
        build()
