"""Input producers: queues of file names, numbers or rows, over and over or for some epochs.

    files -> [random_shuffle] -> [limit_epochs] -> enqueue_many -> queue -> reader, or dequeue

Each adds a QueueRunner to the graph, which `tf.train.start_queue_runners` starts, and a summary of
how full its queue is. A limit on epochs is counted in a local variable.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import greater
from flowgraph.ops.constant import range as range_of
from flowgraph.ops.files import matching_files
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import identity
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.queues import FIFOQueue, QueueBase
from flowgraph.ops.random_ops import random_shuffle
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.shape import size as size_of
from flowgraph.ops.sparse_tensor import convert_to_tensor_or_sparse_tensor
from flowgraph.ops.variable import Variable
from flowgraph.summary.scalars import scalar as summary_scalar
from flowgraph.train.queue_runner import QueueRunner, add_queue_runner


def match_filenames_once(pattern: Any, name: str | None = None) -> Variable:
    """A local variable that holds the names of the files that a pattern matches.

    The folder is looked at when `tf.local_variables_initializer()` runs.

    Args:
        pattern: path in which `*` stands for any text but "/", or a vector of such paths.
        name: name of the variable.

    Returns:
        A string vector variable, sorted.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> folder = tempfile.mkdtemp()
        >>> open(os.path.join(folder, "a.csv"), "w").close()
        >>> names = fg.train.match_filenames_once(os.path.join(folder, "*.csv"))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     [os.path.basename(path) for path in sess.run(names)]
        [b'a.csv']
    """
    with name_scope(name, "matching_filenames", [pattern]) as scope:
        return Variable(matching_files(pattern), trainable=False, validate_shape=False, name=scope,
                        collections=[GraphKeys.LOCAL_VARIABLES])


def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Any:
    """Passes a tensor on a number of times; then its run raises OutOfRangeError.

    It counts in a local variable: run `tf.local_variables_initializer()` first.

    Args:
        tensor: any tensor.
        num_epochs: how many times, positive; None for no limit.
        name: name of the node.

    Returns:
        The tensor.

    Raises:
        ValueError: `num_epochs` is not positive.

    Example:
        >>> import flowgraph as fg
        >>> once = fg.train.limit_epochs(fg.constant(7), num_epochs=1)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(once))
        ...     sess.run(once)
        Traceback (most recent call last):
        flowgraph.errors.OutOfRangeError: ... Reached limit of 1...
    """
    if num_epochs is None:
        return tensor
    if num_epochs <= 0:
        raise ValueError(located(f"num_epochs must be > 0 not {num_epochs}."))
    with name_scope(name, "limit_epochs", [tensor]) as scope:
        epochs = Variable(convert_to_tensor(0, dt.int64), name="epochs", trainable=False,
                          collections=[GraphKeys.LOCAL_VARIABLES])
        with control_dependencies([epochs.count_up_to(num_epochs)]):
            return identity(tensor, name=scope)


def input_producer(input_tensor: Any, element_shape: Any = None, num_epochs: int | None = None,
                   shuffle: bool = True, seed: int | None = None, capacity: int = 32,
                   shared_name: str | None = None, summary_name: str | None = None,
                   name: str | None = None, cancel_op: Any = None) -> QueueBase:
    """A queue of the rows of a tensor.

    Args:
        input_tensor: tensor of rank 1 or more.
        element_shape: shape of a row, where the tensor's own is not known.
        num_epochs: how often each row is produced, after which the queue closes; None for ever.
        shuffle: whether to put the rows in another random order in each epoch.
        seed: Python int, for the same orders in every session.
        capacity: how many rows the queue holds.
        shared_name: queues of one shared name are one object within a session.
        summary_name: name of a summary of how full the queue is; None for none.
        name: name of the queue.
        cancel_op: the operation that closes the queue when the coordinator stops.

    Returns:
        The queue.

    Raises:
        ValueError: the shape of a row is not known.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     rows = fg.train.input_producer([[1, 2], [3, 4]], shuffle=False)
        ...     row = rows.dequeue()
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(row), sess.run(row), sess.run(row))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [1 2] [3 4] [1 2]
    """
    with name_scope(name, "input_producer", [input_tensor]):
        rows = convert_to_tensor(input_tensor, name="input_tensor")
        row_shape = rows.shape[1:].merge_with(element_shape)
        if not row_shape.is_fully_defined():
            raise ValueError(located("Either `input_tensor` must have a fully defined shape or "
                                     "`element_shape` must be specified"))
        if shuffle:
            rows = random_shuffle(rows, seed=seed)
        rows = limit_epochs(rows, num_epochs)
        queue = FIFOQueue(capacity, [rows.dtype.base_dtype], shapes=[row_shape],
                          shared_name=shared_name, name=name)  # type: ignore[arg-type]
        add_queue_runner(QueueRunner(queue, [queue.enqueue_many([rows])], cancel_op=cancel_op))
        if summary_name is not None:
            summary_scalar(summary_name, cast(queue.size(), dt.float32) * (1.0 / capacity))
        return queue


def string_input_producer(string_tensor: Any, num_epochs: int | None = None, shuffle: bool = True,
                          seed: int | None = None, capacity: int = 32,
                          shared_name: str | None = None, name: str | None = None,
                          cancel_op: Any = None) -> QueueBase:
    """A queue of strings, as file names for a reader.

    Args:
        string_tensor: string vector, or a list of strings.
        num_epochs: how often each string is produced, after which the queue closes; None for ever.
        shuffle: whether to put the strings in another random order in each epoch.
        seed: Python int, for the same orders in every session.
        capacity: how many strings the queue holds.
        shared_name: queues of one shared name are one object within a session.
        name: name of the queue.
        cancel_op: the operation that closes the queue when the coordinator stops.

    Returns:
        The queue.

    Raises:
        ValueError: the list is empty. (A tensor without elements raises in the run.)

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     files = fg.train.string_input_producer(["a.csv", "b.csv"], num_epochs=1, seed=1)
        ...     both = files.dequeue_many(2)
        ...     with fg.Session() as sess:
        ...         sess.run(fg.local_variables_initializer())
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sorted(sess.run(both)))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [b'a.csv', b'b.csv']
    """
    empty = "string_input_producer requires a non-null input tensor"
    if not isinstance(string_tensor, (Tensor, Variable)) and not len(string_tensor):
        raise ValueError(located(empty))
    with name_scope(name, "input_producer", [string_tensor]) as scope:
        strings = convert_to_tensor(string_tensor, dt.string)
        with control_dependencies([assert_true(greater(size_of(strings), 0), [empty])]):
            strings = identity(strings)
        return input_producer(
            strings, element_shape=[], num_epochs=num_epochs, shuffle=shuffle, seed=seed,
            capacity=capacity, shared_name=shared_name, name=scope,
            summary_name=f"fraction_of_{capacity}_full", cancel_op=cancel_op)


def range_input_producer(limit: Any, num_epochs: int | None = None, shuffle: bool = True,
                         seed: int | None = None, capacity: int = 32,
                         shared_name: str | None = None, name: str | None = None) -> QueueBase:
    """A queue of the integers from 0 up to a limit.

    Args:
        limit: int32 scalar.
        num_epochs: how often each integer is produced, after which the queue closes; None for ever.
        shuffle: whether to put the integers in another random order in each epoch.
        seed: Python int, for the same orders in every session.
        capacity: how many integers the queue holds.
        shared_name: queues of one shared name are one object within a session.
        name: name of the queue.

    Returns:
        The queue.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     numbers = fg.train.range_input_producer(3, shuffle=False).dequeue_many(5)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(numbers))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [0 1 2 0 1]
    """
    with name_scope(name, "input_producer", [limit]) as scope:
        return input_producer(range_of(limit), [], num_epochs, shuffle, seed, capacity,
                              shared_name, f"fraction_of_{capacity}_full", scope)


def slice_input_producer(tensor_list: Any, num_epochs: int | None = None, shuffle: bool = True,
                         seed: int | None = None, capacity: int = 32,
                         shared_name: str | None = None, name: str | None = None) -> list[Tensor]:
    """One row of each tensor of a list, another one in each run.

    Args:
        tensor_list: list of tensors of one length along the first axis.
        num_epochs: how often each row is produced, after which runs raise OutOfRangeError; None
            for ever.
        shuffle: whether to take the rows in another random order in each epoch.
        seed: Python int, for the same orders in every session.
        capacity: how many numbers of rows the queue behind it holds.
        shared_name: queues of one shared name are one object within a session.
        name: name scope.

    Returns:
        A list of tensors without the first axis.

    Raises:
        ValueError: the list is empty.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     pair = fg.train.slice_input_producer([[1, 2], ["a", "b"]], shuffle=False)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(pair))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [np.int32(1), b'a']
    """
    with name_scope(name, "input_producer", list(tensor_list)):
        tensors = [convert_to_tensor_or_sparse_tensor(tensor) for tensor in tensor_list]
        if not tensors:
            raise ValueError(located("Expected at least one tensor in slice_input_producer()."))
        queue = range_input_producer(
            shape_of(tensors[0])[0], num_epochs=num_epochs, shuffle=shuffle, seed=seed,
            capacity=capacity, shared_name=shared_name)
        number = queue.dequeue()
        return [gather(tensor, number) for tensor in tensors]
