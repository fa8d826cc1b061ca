"""`tf.train.batch` and its like: single examples, made by threads, become batches.

`batch` keeps the order of one thread; `shuffle_batch` mixes; the `_join` forms take examples from
several readers at once, each in a thread of its own; the `maybe_` forms drop examples. All add a
QueueRunner to the graph, which `tf.train.start_queue_runners` starts, and a summary of how full the
queue is. When the data ends, running a batch raises `tf.errors.OutOfRangeError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.ops.queues import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from flowgraph.train.batching import Options, batched


def batch(tensors: Any, batch_size: Any, num_threads: int = 1, capacity: int = 32,
          enqueue_many: bool = False, shapes: Any = None, dynamic_pad: bool = False,
          allow_smaller_final_batch: bool = False, shared_name: str | None = None,
          name: str | None = None) -> Any:
    """Collects examples to batches, in the order in which they come.

    Args:
        tensors: list or dict of tensors, sparse ones too: one example, or several with
            `enqueue_many`.
        batch_size: int32 scalar, how many examples make a batch.
        num_threads: how many threads run the enqueue operation; with more than one the order may
            change from run to run.
        capacity: how many examples the queue holds.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        shapes: shape of each component of an example; default what is known of the tensors.
        dynamic_pad: whether sizes may differ from example to example; each batch is padded with
            zeros to its largest.
        allow_smaller_final_batch: whether the last batch may be smaller; else what is left over is
            dropped.
        shared_name: queues of one shared name are one object within a session.
        name: name of the batch's node.

    Returns:
        Tensors in the form of `tensors`, with a first axis of size `batch_size`; a list
        of one becomes a single tensor.

    Raises:
        ValueError: a shape is not fully known.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], shuffle=False)
        ...     pairs = fg.train.batch([number], batch_size=2)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(pairs))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [1 2]
    """
    return batched([tensors], "batch", name, Options(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name,
        threads=num_threads), _in_order(dynamic_pad))


def maybe_batch(tensors: Any, keep_input: Any, batch_size: Any, num_threads: int = 1,
                capacity: int = 32, enqueue_many: bool = False, shapes: Any = None,
                dynamic_pad: bool = False, allow_smaller_final_batch: bool = False,
                shared_name: str | None = None, name: str | None = None) -> Any:
    """Collects those examples to batches that `keep_input` lets through.

    Args:
        tensors: list or dict of tensors, sparse ones too: one example, or several with
            `enqueue_many`.
        keep_input: bool scalar, whether the example is used; with `enqueue_many` also a vector, one
            entry per example.
        batch_size: int32 scalar, how many examples make a batch.
        num_threads: how many threads run the enqueue operation; with more than one the order may
            change from run to run.
        capacity: how many examples the queue holds.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        shapes: shape of each component of an example; default what is known of the tensors.
        dynamic_pad: whether sizes may differ from example to example; each batch is padded with
            zeros to its largest.
        allow_smaller_final_batch: whether the last batch may be smaller; else what is left over is
            dropped.
        shared_name: queues of one shared name are one object within a session.
        name: name of the batch's node.

    Returns:
        Tensors in the form of `tensors`, with a first axis of size `batch_size`; a list
        of one becomes a single tensor.

    Raises:
        ValueError: a shape is not fully known.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], shuffle=False)
        ...     even = fg.equal(number % 2, 0)
        ...     pairs = fg.train.maybe_batch([number], even, batch_size=2)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(pairs))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [2 4]
    """
    return batched([tensors], "batch", name, Options(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name,
        keep_input, num_threads), _in_order(dynamic_pad))


def batch_join(tensors_list: Any, batch_size: Any, capacity: int = 32,
               enqueue_many: bool = False, shapes: Any = None, dynamic_pad: bool = False,
               allow_smaller_final_batch: bool = False, shared_name: str | None = None,
               name: str | None = None) -> Any:
    """Collects examples of several sources to batches, each source in a thread of its own.

    Args:
        tensors_list: list of lists or dicts of tensors; each is run by a thread of its own.
        batch_size: int32 scalar, how many examples make a batch.
        capacity: how many examples the queue holds.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        shapes: shape of each component of an example; default what is known of the tensors.
        dynamic_pad: whether sizes may differ from example to example; each batch is padded with
            zeros to its largest.
        allow_smaller_final_batch: whether the last batch may be smaller; else what is left over is
            dropped.
        shared_name: queues of one shared name are one object within a session.
        name: name of the batch's node.

    Returns:
        Tensors in the form of `tensors_list[0]`, with a first axis of size `batch_size`; a list
        of one becomes a single tensor.

    Raises:
        ValueError: a shape is not fully known.
        TypeError: the sources differ in dtypes.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], shuffle=False)
        ...     pairs = fg.train.batch_join([[number], [number]], batch_size=2)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(pairs).shape)
        ...         coord.request_stop()
        ...         coord.join(threads)
        (2,)
    """
    return batched(tensors_list, "batch_join", name, Options(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name),
        _in_order(dynamic_pad))


def maybe_batch_join(tensors_list: Any, keep_input: Any, batch_size: Any, capacity: int = 32,
                     enqueue_many: bool = False, shapes: Any = None, dynamic_pad: bool = False,
                     allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                     name: str | None = None) -> Any:
    """As `tf.train.batch_join`, of those examples that `keep_input` lets through.

    Args:
        tensors_list: list of lists or dicts of tensors; each is run by a thread of its own.
        keep_input: bool scalar, whether the example is used; with `enqueue_many` also a vector, one
            entry per example.
        batch_size: int32 scalar, how many examples make a batch.
        capacity: how many examples the queue holds.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        shapes: shape of each component of an example; default what is known of the tensors.
        dynamic_pad: whether sizes may differ from example to example; each batch is padded with
            zeros to its largest.
        allow_smaller_final_batch: whether the last batch may be smaller; else what is left over is
            dropped.
        shared_name: queues of one shared name are one object within a session.
        name: name of the batch's node.

    Returns:
        Tensors in the form of `tensors_list[0]`, with a first axis of size `batch_size`; a list
        of one becomes a single tensor.

    Raises:
        ValueError: a shape is not fully known.
        TypeError: the sources differ in dtypes.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], shuffle=False)
        ...     even = fg.equal(number % 2, 0)
        ...     pairs = fg.train.maybe_batch_join([[number]], even, batch_size=2)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(pairs))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [2 4]
    """
    return batched(tensors_list, "batch_join", name, Options(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name,
        keep_input), _in_order(dynamic_pad))


def shuffle_batch(tensors: Any, batch_size: Any, capacity: int, min_after_dequeue: int,
                  num_threads: int = 1, seed: int | None = None, enqueue_many: bool = False,
                  shapes: Any = None, allow_smaller_final_batch: bool = False,
                  shared_name: str | None = None, name: str | None = None) -> Any:
    """Collects examples to batches, in random order.

    Args:
        tensors: list or dict of tensors, sparse ones too: one example, or several with
            `enqueue_many`.
        batch_size: int32 scalar, how many examples make a batch.
        capacity: how many examples the queue holds.
        min_after_dequeue: how many examples stay in the queue, so that they are mixed.
        num_threads: how many threads run the enqueue operation; with more than one the order may
            change from run to run.
        seed: Python int; with one thread, the same order in every session.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        shapes: shape of each component of an example; default what is known of the tensors.
        allow_smaller_final_batch: whether the last batch may be smaller; else what is left over is
            dropped.
        shared_name: queues of one shared name are one object within a session.
        name: name of the batch's node.

    Returns:
        Tensors in the form of `tensors`, with a first axis of size `batch_size`; a list
        of one becomes a single tensor.

    Raises:
        ValueError: `capacity` is not above `min_after_dequeue`, or a shape is not fully known.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], num_epochs=1)
        ...     fours = fg.train.shuffle_batch([number], 4, capacity=10, min_after_dequeue=3)
        ...     with fg.Session() as sess:
        ...         sess.run(fg.local_variables_initializer())
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sorted(sess.run(fours).tolist()))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [1, 2, 3, 4]
    """
    return batched([tensors], "shuffle_batch", name, Options(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name,
        threads=num_threads), _mixed(capacity, min_after_dequeue, seed), min_after_dequeue)


def maybe_shuffle_batch(tensors: Any, batch_size: Any, capacity: int, min_after_dequeue: int,
                        keep_input: Any, num_threads: int = 1, seed: int | None = None,
                        enqueue_many: bool = False, shapes: Any = None,
                        allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                        name: str | None = None) -> Any:
    """As `tf.train.shuffle_batch`, of those examples that `keep_input` lets through.

    Args:
        tensors: list or dict of tensors, sparse ones too: one example, or several with
            `enqueue_many`.
        batch_size: int32 scalar, how many examples make a batch.
        capacity: how many examples the queue holds.
        min_after_dequeue: how many examples stay in the queue, so that they are mixed.
        keep_input: bool scalar, whether the example is used; with `enqueue_many` also a vector, one
            entry per example.
        num_threads: how many threads run the enqueue operation; with more than one the order may
            change from run to run.
        seed: Python int; with one thread, the same order in every session.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        shapes: shape of each component of an example; default what is known of the tensors.
        allow_smaller_final_batch: whether the last batch may be smaller; else what is left over is
            dropped.
        shared_name: queues of one shared name are one object within a session.
        name: name of the batch's node.

    Returns:
        Tensors in the form of `tensors`, with a first axis of size `batch_size`; a list
        of one becomes a single tensor.

    Raises:
        ValueError: `capacity` is not above `min_after_dequeue`, or a shape is not fully known.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], shuffle=False)
        ...     even = fg.equal(number % 2, 0)
        ...     pairs = fg.train.maybe_shuffle_batch([number], 2, 10, 5, even)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(set(sess.run(pairs).tolist()) <= {2, 4})
        ...         coord.request_stop()
        ...         coord.join(threads)
        True
    """
    return batched([tensors], "shuffle_batch", name, Options(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name,
        keep_input, num_threads), _mixed(capacity, min_after_dequeue, seed), min_after_dequeue)


def shuffle_batch_join(tensors_list: Any, batch_size: Any, capacity: int,
                       min_after_dequeue: int, seed: int | None = None,
                       enqueue_many: bool = False, shapes: Any = None,
                       allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                       name: str | None = None) -> Any:
    """Mixes examples of several sources to batches, each source in a thread of its own.

    Args:
        tensors_list: list of lists or dicts of tensors; each is run by a thread of its own.
        batch_size: int32 scalar, how many examples make a batch.
        capacity: how many examples the queue holds.
        min_after_dequeue: how many examples stay in the queue, so that they are mixed.
        seed: Python int; with one thread, the same order in every session.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        shapes: shape of each component of an example; default what is known of the tensors.
        allow_smaller_final_batch: whether the last batch may be smaller; else what is left over is
            dropped.
        shared_name: queues of one shared name are one object within a session.
        name: name of the batch's node.

    Returns:
        Tensors in the form of `tensors_list[0]`, with a first axis of size `batch_size`; a list
        of one becomes a single tensor.

    Raises:
        ValueError: `capacity` is not above `min_after_dequeue`, or a shape is not fully known.
        TypeError: the sources differ in dtypes.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], shuffle=False)
        ...     pairs = fg.train.shuffle_batch_join([[number], [number]], 2, 10, 5)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(pairs).shape)
        ...         coord.request_stop()
        ...         coord.join(threads)
        (2,)
    """
    return batched(tensors_list, "shuffle_batch_join", name, Options(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name),
        _mixed(capacity, min_after_dequeue, seed), min_after_dequeue)


def maybe_shuffle_batch_join(tensors_list: Any, batch_size: Any, capacity: int,
                             min_after_dequeue: int, keep_input: Any, seed: int | None = None,
                             enqueue_many: bool = False, shapes: Any = None,
                             allow_smaller_final_batch: bool = False,
                             shared_name: str | None = None, name: str | None = None) -> Any:
    """As `tf.train.shuffle_batch_join`, of those examples that `keep_input` lets through.

    Args:
        tensors_list: list of lists or dicts of tensors; each is run by a thread of its own.
        batch_size: int32 scalar, how many examples make a batch.
        capacity: how many examples the queue holds.
        min_after_dequeue: how many examples stay in the queue, so that they are mixed.
        keep_input: bool scalar, whether the example is used; with `enqueue_many` also a vector, one
            entry per example.
        seed: Python int; with one thread, the same order in every session.
        enqueue_many: whether the tensors hold several examples, along their first axis.
        shapes: shape of each component of an example; default what is known of the tensors.
        allow_smaller_final_batch: whether the last batch may be smaller; else what is left over is
            dropped.
        shared_name: queues of one shared name are one object within a session.
        name: name of the batch's node.

    Returns:
        Tensors in the form of `tensors_list[0]`, with a first axis of size `batch_size`; a list
        of one becomes a single tensor.

    Raises:
        ValueError: `capacity` is not above `min_after_dequeue`, or a shape is not fully known.
        TypeError: the sources differ in dtypes.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3, 4]], shuffle=False)
        ...     even = fg.equal(number % 2, 0)
        ...     pairs = fg.train.maybe_shuffle_batch_join([[number]], 2, 10, 5, even)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(set(sess.run(pairs).tolist()) <= {2, 4})
        ...         coord.request_stop()
        ...         coord.join(threads)
        True
    """
    return batched(tensors_list, "shuffle_batch_join", name, Options(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name,
        keep_input), _mixed(capacity, min_after_dequeue, seed), min_after_dequeue)


def _in_order(dynamic_pad: bool) -> Callable[..., QueueBase]:
    return PaddingFIFOQueue if dynamic_pad else FIFOQueue


def _mixed(capacity: int, min_after_dequeue: int, seed: int | None) -> Callable[..., QueueBase]:
    if capacity <= min_after_dequeue:
        raise ValueError(located(f"capacity {capacity} must be bigger than min_after_dequeue "
                                 f"{min_after_dequeue}."))
    return lambda **options: RandomShuffleQueue(min_after_dequeue=min_after_dequeue, seed=seed,
                                                **options)
