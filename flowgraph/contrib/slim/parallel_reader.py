"""`slim.parallel_reader`: records of many files through one queue."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.cast import cast
from flowgraph.ops.queues import FIFOQueue, RandomShuffleQueue
from flowgraph.platform.gfile import Glob
from flowgraph.train.input_producers import string_input_producer
from flowgraph.train.queue_runner import QueueRunner, add_queue_runner


class ParallelReader:
    """Several readers whose records go through one queue.

    Args:
        reader_class: class of the readers, as `tf.TFRecordReader`.
        common_queue: queue of pairs of texts.
        num_readers: number of readers.
        reader_kwargs: dict of arguments for a reader.

    Raises:
        TypeError: the queue holds something else.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> queue = fg.FIFOQueue(8, [fg.string, fg.string])
        >>> slim.parallel_reader.ParallelReader(fg.TextLineReader, queue, 2).num_readers
        2
    """

    def __init__(self, reader_class: Any, common_queue: Any, num_readers: int = 4,
                 reader_kwargs: dict[str, Any] | None = None) -> None:
        if [dt.as_dtype(dtype) for dtype in common_queue.dtypes] != [dt.string, dt.string]:
            raise TypeError(located("common_queue.dtypes must be [tf.string, tf.string]"))
        self._readers = [reader_class(**(reader_kwargs or {})) for _ in range(num_readers)]
        self._common_queue = common_queue

    @property
    def num_readers(self) -> int:
        """The number of readers."""
        return len(self._readers)

    @property
    def common_queue(self) -> Any:
        """The queue."""
        return self._common_queue

    def read(self, queue: Any, name: str | None = None) -> Any:
        """The next record: a pair of its key and its value.

        Args:
            queue: queue of the files' names.
            name: name of the operation.
        """
        add_queue_runner(QueueRunner(self._common_queue, [
            self._common_queue.enqueue(reader.read(queue)) for reader in self._readers]))
        return self._common_queue.dequeue(name=name)

    def num_records_produced(self, name: str | None = None) -> Any:
        """How many records were read.

        Args:
            name: name of the operation.
        """
        return add_n([reader.num_records_produced() for reader in self._readers], name=name)

    def num_work_units_completed(self, name: str | None = None) -> Any:
        """How many files were read to their ends.

        Args:
            name: name of the operation.
        """
        return add_n([reader.num_work_units_completed() for reader in self._readers], name=name)


def parallel_read(data_sources: Any, reader_class: Any, num_epochs: int | None = None,
                  num_readers: int = 4, reader_kwargs: dict[str, Any] | None = None,
                  shuffle: bool = True, dtypes: Any = None, capacity: int = 256,
                  min_after_dequeue: int = 128, seed: int | None = None,
                  scope: str | None = None) -> Any:
    """The next record of some files, read by several readers.

    Args:
        data_sources: list of files, or a pattern of names.
        reader_class: class of the readers.
        num_epochs: how often the files are read; None without end.
        num_readers: number of readers.
        reader_kwargs: dict of arguments for a reader.
        shuffle: whether files and records come in any order.
        dtypes: dtypes of a record; default two texts.
        capacity: the most records that wait.
        min_after_dequeue: the least records that wait, of which one is drawn.
        seed: seed of the order.
        scope: name scope.

    Returns:
        A pair of string tensors: the record's key and its value.

    Raises:
        ValueError: there are no files.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> path = os.path.join(tempfile.mkdtemp(), "a.txt")
        >>> with open(path, "w") as file:
        ...     _ = file.write("one")
        >>> _, line = slim.parallel_reader.parallel_read([path], fg.TextLineReader, shuffle=False)
        >>> with fg.Session() as sess, slim.queues.QueueRunners(sess):
        ...     sess.run(line)
        b'one'
    """
    from flowgraph.summary import scalar
    files = get_data_files(data_sources)
    with name_scope(scope, "parallel_read"):
        names = string_input_producer(files, num_epochs=num_epochs, shuffle=shuffle, seed=seed,
                                      name="filenames")
        dtypes = dtypes or [dt.string, dt.string]
        queue: Any = RandomShuffleQueue(
            capacity=capacity, min_after_dequeue=min_after_dequeue, dtypes=dtypes, seed=seed,
            name="common_queue") if shuffle else FIFOQueue(
            capacity=capacity, dtypes=dtypes, name="common_queue")
        scalar(f"fraction_of_{capacity}_full", cast(queue.size(), dt.float32) * (1.0 / capacity))
        return ParallelReader(reader_class, queue, num_readers, reader_kwargs).read(names)


def single_pass_read(data_sources: Any, reader_class: Any,
                     reader_kwargs: dict[str, Any] | None = None,
                     scope: str | None = None) -> Any:
    """The next record of some files, which are read once, one after the other.

    Args:
        data_sources: list of files, or a pattern of names.
        reader_class: class of the reader.
        reader_kwargs: dict of arguments for the reader.
        scope: name scope.

    Returns:
        A pair of string tensors: the record's key and its value.

    Raises:
        ValueError: there are no files.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> key, value = slim.parallel_reader.single_pass_read(["a.txt"], fg.TextLineReader)
        >>> value.dtype
        tf.string
    """
    files = get_data_files(data_sources)
    with name_scope(scope, "single_pass_read"):
        names = string_input_producer(files, num_epochs=1, shuffle=False, capacity=1,
                                      name="filenames")
        return reader_class(**(reader_kwargs or {})).read(names)


def get_data_files(data_sources: Any) -> list[str]:
    """The files that are meant.

    Args:
        data_sources: name, pattern of names, or list of these.

    Returns:
        List of names; one that is no pattern is not looked for.

    Raises:
        ValueError: there are none.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.parallel_reader.get_data_files(["a.txt", "b.txt"])
        ['a.txt', 'b.txt']
    """
    if isinstance(data_sources, (list, tuple)):
        files = [file for source in data_sources for file in get_data_files(source)]
    elif any(character in data_sources for character in "*?["):
        files = Glob(data_sources)
    else:
        files = [data_sources]
    if not files:
        raise ValueError(located(f"No data files found in {data_sources}"))
    return files
