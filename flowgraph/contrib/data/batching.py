"""Functions for `Dataset.apply` that later became arguments of methods of `tf.data.Dataset`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.data import TFRecordDataset
from flowgraph.data.features import make_batched_features_dataset


def batch_and_drop_remainder(batch_size: Any) -> Callable[[Any], Any]:
    """`dataset.batch(batch_size, drop_remainder=True)`, for `Dataset.apply`.

    Args:
        batch_size: number of elements in a batch.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import data
        >>> batches = fg.data.Dataset.range(5).apply(data.batch_and_drop_remainder(2))
        >>> x = fg.data.make_one_shot_iterator(batches).get_next()
        >>> with fg.Session() as sess:
        ...     sess.run(x), sess.run(x)
        (array([0, 1]), array([2, 3]))
    """
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def padded_batch_and_drop_remainder(batch_size: Any, padded_shapes: Any,
                                    padding_values: Any = None) -> Callable[[Any], Any]:
    """`dataset.padded_batch(..., drop_remainder=True)`, for `Dataset.apply`.

    Args:
        batch_size, padded_shapes, padding_values: as for `Dataset.padded_batch`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import data
        >>> rows = fg.data.Dataset.range(3).map(lambda n: fg.fill([n], n))
        >>> batches = rows.apply(data.padded_batch_and_drop_remainder(3, [None]))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.data.make_one_shot_iterator(batches).get_next())
        array([[0, 0],
               [1, 0],
               [2, 2]])
    """
    return lambda dataset: dataset.padded_batch(batch_size, padded_shapes, padding_values,
                                                drop_remainder=True)


def sliding_window_batch(window_size: Any, stride: Any = None, window_shift: Any = None,
                         window_stride: Any = 1) -> Callable[[Any], Any]:
    """Batches of neighbouring elements, each window shifted from the last, for `Dataset.apply`.

    Args:
        window_size: number of elements in a window.
        stride: old name of `window_shift`.
        window_shift: by how many elements a window starts after the last; default 1.
        window_stride: how far apart the elements of a window are.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import data
        >>> windows = fg.data.Dataset.range(4).apply(data.sliding_window_batch(2))
        >>> x = fg.data.make_one_shot_iterator(windows).get_next()
        >>> with fg.Session() as sess:
        ...     sess.run(x), sess.run(x)
        (array([0, 1]), array([1, 2]))
    """
    shift = window_shift or stride or 1

    def apply(dataset: Any) -> Any:
        windows = dataset.window(window_size, shift, window_stride, drop_remainder=True)
        return windows.flat_map(lambda *parts: _batched(parts, window_size))

    return apply


def _batched(parts: Any, window_size: Any) -> Any:
    if len(parts) == 1:
        return parts[0].batch(window_size)
    from flowgraph.data import Dataset
    return Dataset.zip(parts).batch(window_size)


def reduce_dataset(dataset: Any, reducer: Any) -> Any:
    """What a Reducer makes of all elements of a dataset.

    Args:
        dataset: the dataset.
        reducer: a Reducer.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import data
        >>> total = data.Reducer(lambda _: fg.constant(0, fg.int64), lambda state, x: state + x,
        ...                      lambda state: state)
        >>> fg.Session().run(data.reduce_dataset(fg.data.Dataset.range(4), total))
        np.int64(6)
    """
    from flowgraph.ops.constant import constant
    state = dataset.reduce(reducer.init_func(constant(0, "int64")), reducer.reduce_func)
    return reducer.finalize_func(state)


def read_batch_features(file_pattern: Any, batch_size: int, features: dict[str, Any],
                        reader: Any = TFRecordDataset, reader_args: Any = None,
                        randomize_input: bool = True, num_epochs: int | None = None,
                        capacity: int = 10000) -> Any:
    """Batches of Examples out of files, as tensors.

    Args:
        file_pattern: pattern of the files' names, or a list of patterns.
        batch_size: Examples in a batch.
        features: as of `tf.parse_example`.
        reader: function from a file's name to a dataset of serialized Examples.
        reader_args: list of more arguments for the reader.
        randomize_input: whether the Examples come in random order.
        num_epochs: how often the files are read; default without end.
        capacity: Examples in the buffer from which they are drawn.

    Returns:
        A dict of tensors and SparseTensors: a new batch in each run.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import data
        >>> path = os.path.join(tempfile.mkdtemp(), "examples")
        >>> with fg.python_io.TFRecordWriter(path) as writer:
        ...     for age in (7, 8):
        ...         writer.write(fg.train.Example(features=fg.train.Features(feature={
        ...             "age": fg.train.Feature(int64_list=fg.train.Int64List(value=[age]))})
        ...         ).SerializeToString())
        >>> batch = data.read_batch_features(path, 2, {"age": fg.FixedLenFeature([], fg.int64)},
        ...                                  randomize_input=False)
        >>> fg.Session().run(batch["age"])
        array([7, 8])
    """
    dataset = make_batched_features_dataset(
        file_pattern, batch_size, features, reader, reader_args=reader_args, num_epochs=num_epochs,
        shuffle=randomize_input, shuffle_buffer_size=capacity)
    return dataset.make_one_shot_iterator().get_next()


def sloppy_interleave(map_func: Any, cycle_length: int, block_length: int = 1) -> Any:
    """`parallel_interleave` whose order need not be the same every time.

    Args:
        map_func, cycle_length, block_length: as for `tf.data.experimental.parallel_interleave`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import data
        >>> one = fg.data.Dataset.range(1).apply(data.sloppy_interleave(
        ...     lambda n: fg.data.Dataset.from_tensors(n + 7), cycle_length=1))
        >>> fg.Session().run(fg.data.make_one_shot_iterator(one).get_next())
        np.int64(7)
    """
    from flowgraph.data.transformations import parallel_interleave
    return parallel_interleave(map_func, cycle_length, block_length, sloppy=True)
