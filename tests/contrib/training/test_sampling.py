"""Batches with wanted proportions of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.contrib import training


@pytest.mark.parametrize("init_probs", [[0.75, 0.25], None])
@pytest.mark.parametrize("many", [False, True])
def test_classes_come_in_the_wanted_proportions(init_probs: Any, many: bool) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(5)
        label, x = tf.train.slice_input_producer([[0, 0, 0, 1], [1.0, 2.0, 3.0, 4.0]],
                                                 shuffle=False)
        if many:
            label, x = tf.stack([label, label]), tf.stack([x, x])
        [data], labels = training.stratified_sample([x], label, [0.5, 0.5], 50, init_probs, many)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        found = [session.run((data, labels)) for _ in range(10)][5:]  # classes are counted first
        coordinator.request_stop()
        coordinator.join(threads)
    values, classes = (np.concatenate(parts) for parts in zip(*found, strict=True))
    assert 0.35 < classes.mean() < 0.65
    assert ((values == 4.0) == (classes == 1)).all()


def test_wrong_probabilities_are_told_of() -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="same length"):
        training.stratified_sample([1.0], 0, [0.5, 0.5], 2, init_probs=[1.0])
    with tf.Graph().as_default(), pytest.raises(ValueError, match="must be known"):
        training.stratified_sample([1.0], 0, tf.placeholder(tf.float32, [None]), 2)
