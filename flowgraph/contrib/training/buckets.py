"""Batches of examples of about the same length, by way of queues.

    example -> one queue for each bucket -> batches of one bucket -> top queue -> batch

Threads of two QueueRunners move the examples; `tf.train.start_queue_runners` starts them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from flowgraph.core.dtypes import bool_, float32, int32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.errors import CancelledError, OutOfRangeError
from flowgraph.graph.graph import name_scope
from flowgraph.layers.smart_cond import smart_cond
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, greater_equal
from flowgraph.ops.cond import cond
from flowgraph.ops.constant import constant
from flowgraph.ops.identity import group, no_op
from flowgraph.ops.queues import FIFOQueue, PaddingFIFOQueue
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.summary.scalars import scalar
from flowgraph.train.queue_runner import QueueRunner, add_queue_runner


def bucket(tensors: Any, which_bucket: Any, batch_size: Any, num_buckets: int,
           num_threads: int = 1, capacity: int = 32, bucket_capacities: Any = None,
           shapes: Any = None, dynamic_pad: bool = False, allow_smaller_final_batch: bool = False,
           keep_input: Any = True, shared_name: str | None = None,
           name: str | None = None) -> tuple[Any, Any]:
    """Batches of examples of one bucket each.

    Args:
        tensors: list or dict of dense tensors, one example.
        which_bucket: int32 scalar: the example's bucket, below `num_buckets`.
        batch_size: how many examples make a batch; or a list with a number for each bucket.
        num_buckets: number of buckets.
        num_threads: how many threads take examples in.
        capacity: how many batches wait, and how many examples in each bucket.
        bucket_capacities: list of how many examples each bucket holds; default `capacity`.
        shapes: shape of each tensor; default what is known of them.
        dynamic_pad: whether sizes may differ; each batch is padded with zeros to its largest.
        allow_smaller_final_batch: whether the last batches may be smaller; else what is left over
            is dropped.
        keep_input: bool scalar: whether the example is used.
        shared_name: queues of one shared name are one object within a session.
        name: name of the ops.

    Returns:
        The number of the bucket, int32, and its batch in the form of `tensors`; a list of one
        becomes a tensor.

    Raises:
        ValueError: there are no tensors, one is sparse, a rank or shape is not known, or a list
            has not an entry for each bucket.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], shuffle=False)
        ...     which, batch = fg.contrib.training.bucket([number], number % 2, 2, num_buckets=2)
        ...     coord = fg.train.Coordinator()
        ...     threads = fg.train.start_queue_runners(sess, coord)
        ...     some = [sess.run([which, batch]) for _ in range(2)]
        ...     coord.request_stop()
        ...     coord.join(threads)
        >>> all((batch % 2 == which).all() for which, batch in some)
        True
    """
    sizes = (list(batch_size) if isinstance(batch_size, (list, tuple))
             else [batch_size] * num_buckets)
    capacities = [capacity] * num_buckets if bucket_capacities is None else list(bucket_capacities)
    for what, given in (("batch_size", sizes), ("bucket_capacities", capacities)):
        if len(given) != num_buckets:
            raise ValueError(located(f"The list {what} ({given}) must have exactly num_buckets "
                                     f"({num_buckets}) elements."))
    keys = sorted(tensors, key=str) if isinstance(tensors, dict) else None
    values = [tensors[key] for key in keys] if keys else list(tensors)
    if not values:
        raise ValueError(located("Expected at least one tensor in bucket()."))
    if any(isinstance(value, SparseTensor) for value in values):
        raise ValueError(located("bucket() takes dense tensors here, but one is a SparseTensor.",
                                 "Use tf.sparse.to_dense first, or the datasets of tf.data."))
    with name_scope(name, "bucket", values):
        dense = [convert_to_tensor(value) for value in values]
        for value in dense:
            if shapes is None and value.shape.ndims is None:
                raise ValueError(located(f"Cannot infer Tensor's rank: {value}",
                                         "Call set_shape, or give shapes."))
        which = convert_to_tensor(which_bucket, int32, name="which_bucket")
        make = PaddingFIFOQueue if dynamic_pad else FIFOQueue
        queues = [make(capacities[i], [value.dtype.base_dtype for value in dense],
                       [value.shape for value in dense] if shapes is None else shapes,
                       shared_name=shared_name and f"{shared_name}_{i}", name=f"bucket_queue_{i}")
                  for i in range(num_buckets)]
        same = len(set(map(str, sizes))) == 1 and isinstance(sizes[0], int)
        first = TensorShape([sizes[0] if same and not allow_smaller_final_batch else None])
        top = PaddingFIFOQueue(
            capacity, [int32, *queues[0].dtypes],
            [TensorShape([]), *(first.concatenate(shape) for shape in queues[0].shapes)],
            shared_name=shared_name, name="top_queue")

        def take_in() -> Any:
            return group(*[cond(equal(which, i), lambda queue=queue: queue.enqueue(dense), no_op)
                           for i, queue in enumerate(queues)], name="group_enqueues")

        keep = convert_to_tensor(keep_input, bool_)
        _add_runners(top, queues, smart_cond(keep, take_in, no_op), num_threads, [
            top.enqueue([constant(i, int32), *_listed(
                (queue.dequeue_up_to if allow_smaller_final_batch else queue.dequeue_many)(
                    sizes[i], name=f"read_bucket_{i}"))], name=f"enqueue_from_bucket_{i}")
            for i, queue in enumerate(queues)])
        scalar(f"fraction_of_{capacity}_full", cast(top.size(), float32) * (1.0 / capacity))
        number, *batch = top.dequeue(name="dequeue_top")
    if keys:
        return number, dict(zip(keys, batch, strict=True))
    return number, batch[0] if len(batch) == 1 else batch


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _add_runners(top: Any, queues: list[Any], take_in: Any, threads: int,
                 hand_on: list[Any]) -> None:
    """One runner takes examples into the buckets, another one hands batches on to the top."""
    ends = (OutOfRangeError, CancelledError)
    add_queue_runner(QueueRunner(
        queues[0], hand_on, top.close(), top.close(cancel_pending_enqueues=True), ends))
    add_queue_runner(QueueRunner(
        top, [take_in] * threads, group(*[queue.close() for queue in queues]),
        group(*[queue.close(cancel_pending_enqueues=True) for queue in queues]), ends))


def bucket_by_sequence_length(input_length: Any, tensors: Any, batch_size: Any,
                              bucket_boundaries: Any, num_threads: int = 1, capacity: int = 32,
                              bucket_capacities: Any = None, shapes: Any = None,
                              dynamic_pad: bool = False, allow_smaller_final_batch: bool = False,
                              keep_input: Any = True, shared_name: str | None = None,
                              name: str | None = None) -> tuple[Any, Any]:
    """Batches of examples whose lengths lie between the same boundaries.

    Args:
        input_length: int32 scalar, the length of the example.
        tensors: list or dict of dense tensors, one example.
        batch_size: how many examples make a batch; or a list with a number for each bucket.
        bucket_boundaries: increasing ints; there is one bucket more than boundaries.
        num_threads, capacity, bucket_capacities, shapes, dynamic_pad, allow_smaller_final_batch,
        keep_input, shared_name: as for `bucket`.
        name: name of the ops.

    Returns:
        The lengths of a batch, int32 `[batch_size]`, and the batch in the form of `tensors`: a
        list, also of one.

    Raises:
        TypeError: the boundaries are no list of ints.
        ValueError: there are none, or they do not increase; or as for `bucket`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     length, = fg.train.slice_input_producer([[1, 5, 2, 7]], shuffle=False)
        ...     lengths, [batch] = fg.contrib.training.bucket_by_sequence_length(
        ...         length, [fg.range(length)], 2, [4], dynamic_pad=True)
        ...     coord = fg.train.Coordinator()
        ...     threads = fg.train.start_queue_runners(sess, coord)
        ...     found, rows = sess.run([lengths, batch])
        ...     coord.request_stop()
        ...     coord.join(threads)
        >>> (found < 4).all() or (found >= 4).all(), rows.shape == (2, found.max())
        (np.True_, True)
    """
    if not isinstance(bucket_boundaries, (list, tuple)):
        raise TypeError(located("bucket_boundaries must be a list or tuple, but received: "
                                f"{bucket_boundaries!r:.100}"))
    if not bucket_boundaries:
        raise ValueError(located("bucket_boundaries must not be empty"))
    if not all(isinstance(edge, (int, np.integer)) for edge in bucket_boundaries):
        raise TypeError(located(f"bucket boundaries must be integers, but saw: "
                                f"{bucket_boundaries!r:.100}"))
    for low, high in pairwise(bucket_boundaries):
        if low >= high:
            raise ValueError(located("Buckets must contain sequential increasing lengths, but "
                                     f"saw: {low} before {high}"))
    keys = sorted(tensors, key=str) if isinstance(tensors, dict) else None
    values = [tensors[key] for key in keys] if keys else list(tensors)
    with name_scope(name, "bucket_by_sequence_length", [input_length, *values]):
        length = convert_to_tensor(input_length, int32, name="input_length")
        which = reduce_sum(cast(greater_equal(length, list(bucket_boundaries)), int32))
        _, (lengths, *batch) = bucket(
            [length, *values], which, batch_size, len(bucket_boundaries) + 1, num_threads,
            capacity, bucket_capacities, shapes and [TensorShape([]), *shapes], dynamic_pad,
            allow_smaller_final_batch, keep_input, shared_name)
    if keys:
        return lengths, dict(zip(keys, batch, strict=True))
    return lengths, batch
