"""Batches by length through queues, as TensorFlow 1's `bucket_by_sequence_length` makes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.contrib import training

LENGTHS = [3, 7, 2, 9, 4, 1, 8]


def batches(smaller: bool, sizes: Any = 2) -> list[tuple[Any, Any]]:
    """All batches of one pass over LENGTHS."""
    with tf.Graph().as_default(), tf.Session() as session:
        length, = tf.train.slice_input_producer([LENGTHS], num_epochs=1, shuffle=False)
        lengths, batch = training.bucket_by_sequence_length(
            length, {"x": tf.range(1, length + 1)}, sizes, [5], dynamic_pad=True,
            allow_smaller_final_batch=smaller)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator, found = tf.train.Coordinator(), []
        threads = tf.train.start_queue_runners(session, coordinator)
        with pytest.raises(tf.errors.OutOfRangeError):
            while True:
                found.append(session.run((lengths, batch["x"])))
        coordinator.request_stop()
        coordinator.join(threads)
    return found


@pytest.mark.parametrize(("smaller", "sizes", "expected"), [
    (False, 2, [[1, 4], [2, 3], [7, 9]]),
    (True, 2, [[1, 4], [2, 3], [7, 9], [8]]),
    (False, [4, 3], [[1, 2, 3, 4], [7, 8, 9]]),
])
def test_a_batch_holds_examples_of_one_bucket(smaller: bool, sizes: Any, expected: Any) -> None:
    found = batches(smaller, sizes)
    assert sorted(sorted(lengths.tolist()) for lengths, _ in found) == expected
    for lengths, rows in found:
        padded = np.arange(1, lengths.max() + 1) * (np.arange(lengths.max()) < lengths[:, None])
        assert rows.tolist() == padded.tolist()


def test_an_example_may_be_dropped() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        number, = tf.train.slice_input_producer([list(range(8))], num_epochs=1, shuffle=False)
        which, kept = training.bucket([number], number % 2, 2, 2, keep_input=number > 3)
        assert kept.shape.as_list() == [2]
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        found = {int(i): rows.tolist() for i, rows in
                 (session.run((which, kept)) for _ in range(2))}
        coordinator.request_stop()
        coordinator.join(threads)
    assert found == {0: [4, 6], 1: [5, 7]}


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda: training.bucket([], 0, 2, 2), ValueError, "at least one tensor"),
    (lambda: training.bucket([1], 0, [2], 2), ValueError, "batch_size .* num_buckets"),
    (lambda: training.bucket([1], 0, 2, 2, bucket_capacities=[1]), ValueError,
     "bucket_capacities .* num_buckets"),
    (lambda: training.bucket([tf.placeholder(tf.float32)], 0, 2, 2), ValueError, "infer .* rank"),
    (lambda: training.bucket([tf.SparseTensor([[0]], [1], [2])], 0, 2, 2), ValueError,
     "SparseTensor"),
    (lambda: training.bucket_by_sequence_length(1, [1], 2, 3), TypeError, "list or tuple"),
    (lambda: training.bucket_by_sequence_length(1, [1], 2, []), ValueError, "not be empty"),
    (lambda: training.bucket_by_sequence_length(1, [1], 2, [1.5]), TypeError, "integers"),
    (lambda: training.bucket_by_sequence_length(1, [1], 2, [3, 3]), ValueError, "increasing"),
])
def test_wrong_use_is_told_of(build: Any, error: type, words: str) -> None:
    with tf.Graph().as_default(), pytest.raises(error, match=words):
        build()
