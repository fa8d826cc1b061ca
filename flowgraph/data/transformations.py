"""Transformations of `tf.data.experimental`, for `Dataset.apply`: from a dataset to another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.data import structure
from flowgraph.data.building import (
    built,
    convert_scalar,
    data_seeds,
    function_spec_of_datasets,
    seed_tensors,
    state_function,
)
from flowgraph.data.dataset import Dataset
from flowgraph.data.function import DataFunction
from flowgraph.data.function_ops import (
    MapAndBatchDataset,
    ParallelInterleaveDataset,
    ScanDataset,
    TakeWhileDataset,
)
from flowgraph.data.selection_ops import (
    DenseToSparseBatchDataset,
    IgnoreErrorsDataset,
    ShuffleAndRepeatDataset,
    UniqueDataset,
)
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.type_spec import SparseTensorSpec, TensorSpec

Transformation = Callable[[Dataset], Dataset]


def map_and_batch(map_func: Any, batch_size: Any, num_parallel_batches: Any = None,
                  drop_remainder: Any = False, num_parallel_calls: Any = None) -> Transformation:
    """Maps a function over the elements, several at a time, and batches what it gives.

    Args:
        map_func: as of `Dataset.map`.
        batch_size: elements in a batch.
        num_parallel_batches: how many batches at a time.
        drop_remainder: whether the last batch is left out when it has fewer elements.
        num_parallel_calls: how many elements at a time; AUTOTUNE (-1) for a number of its choice.

    Returns:
        A function from a dataset to a dataset.

    Raises:
        ValueError: both num_parallel_batches and num_parallel_calls are given.

    Example:
        >>> import flowgraph as tf
        >>> doubled = tf.data.experimental.map_and_batch(lambda x: x * 2, 3)
        >>> dataset = tf.data.Dataset.range(5).apply(doubled)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([0, 2, 4])
    """
    if num_parallel_batches is not None and num_parallel_calls is not None:
        raise ValueError(located("The `num_parallel_batches` and `num_parallel_calls` arguments "
                                 "are mutually exclusive."))
    if num_parallel_calls is None:
        num_parallel_calls = batch_size * (num_parallel_batches or 1)

    def apply(dataset: Dataset) -> Dataset:
        function = DataFunction(map_func, "tf.data.experimental.map_and_batch()",
                                dataset.element_spec)
        size = convert_scalar(batch_size, dt.int64, "batch_size")
        calls = (num_parallel_calls if isinstance(num_parallel_calls, Tensor) else
                 convert_scalar(num_parallel_calls, dt.int64, "num_parallel_calls"))
        drop = convert_scalar(drop_remainder, dt.bool_, "drop_remainder")
        spec = structure.batched(function.spec, known_value(size) if known_value(drop) else None)
        made: Dataset = built(dataset, MapAndBatchDataset, spec, function.captured, size, calls,
                              drop, function=function, f=function.graph,
                              preserve_cardinality=True)
        return made

    return apply


def map_and_batch_with_legacy_function(
        map_func: Any, batch_size: Any, num_parallel_batches: Any = None,
        drop_remainder: Any = False, num_parallel_calls: Any = None) -> Transformation:
    """The same as `map_and_batch`.

    Args:
        map_func: as of `map_and_batch`.
        batch_size: as of `map_and_batch`.
        num_parallel_batches: as of `map_and_batch`.
        drop_remainder: as of `map_and_batch`.
        num_parallel_calls: as of `map_and_batch`.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> step = tf.data.experimental.map_and_batch_with_legacy_function(lambda x: -x, 2)
        >>> dataset = tf.data.Dataset.range(4).apply(step)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([ 0, -1])
    """
    return map_and_batch(map_func, batch_size, num_parallel_batches, drop_remainder,
                         num_parallel_calls)


def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: Any = None) -> Transformation:
    """Shuffles the elements anew for each of several repetitions.

    Args:
        buffer_size: elements in the buffer.
        count: how often; without end if None or -1.
        seed: of the random order.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> step = tf.data.experimental.shuffle_and_repeat(4, count=2, seed=1)
        >>> number = tf.data.Dataset.range(4).apply(step).make_one_shot_iterator().get_next()
        >>> sess = tf.Session()
        >>> sorted(int(sess.run(number)) for _ in range(4))
        [0, 1, 2, 3]
    """
    def apply(dataset: Dataset) -> Dataset:
        size = convert_scalar(buffer_size, dt.int64, "buffer_size")
        times = convert_scalar(-1 if count is None else count, dt.int64, "count")
        seeds = seed_tensors(data_seeds(seed, "ShuffleAndRepeatDataset"))
        made: Dataset = built(dataset, ShuffleAndRepeatDataset, dataset.element_spec, size,
                              *seeds, times)
        return made

    return apply


def unbatch() -> Transformation:
    """Makes the rows of elements elements.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.range(4).batch(4).apply(tf.data.experimental.unbatch())
        >>> int(tf.Session().run(dataset.make_one_shot_iterator().get_next()))
        0
    """
    return lambda dataset: dataset.unbatch()


def parallel_interleave(map_func: Any, cycle_length: Any, block_length: Any = 1,
                        sloppy: Any = False, buffer_output_elements: Any = None,
                        prefetch_input_elements: Any = None) -> Transformation:
    """Takes the elements of several datasets in turn, each read ahead in a thread.

    Args:
        map_func: function from an element to a dataset.
        cycle_length: how many datasets take turns.
        block_length: how many elements one gives before it is the next one's turn.
        sloppy: whether the order may change; flowgraph keeps it.
        buffer_output_elements: accepted; flowgraph chooses its buffers.
        prefetch_input_elements: accepted.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> step = tf.data.experimental.parallel_interleave(
        ...     lambda x: tf.data.Dataset.from_tensors(x).repeat(2), cycle_length=2)
        >>> number = tf.data.Dataset.range(2).apply(step).make_one_shot_iterator().get_next()
        >>> sess = tf.Session()
        >>> [int(sess.run(number)) for _ in range(4)]
        [0, 1, 0, 1]
    """
    def apply(dataset: Dataset) -> Dataset:
        function = DataFunction(map_func, "tf.data.experimental.parallel_interleave()",
                                dataset.element_spec)
        spec = function_spec_of_datasets(function)
        cycle = convert_scalar(cycle_length, dt.int64, "cycle_length")
        block = convert_scalar(block_length, dt.int64, "block_length")
        output = 2 * block_length if buffer_output_elements is None else buffer_output_elements
        ahead = 2 * cycle_length if prefetch_input_elements is None else prefetch_input_elements
        made: Dataset = built(
            dataset, ParallelInterleaveDataset, spec, function.captured, cycle, block,
            convert_scalar(sloppy, dt.bool_, "sloppy"),
            convert_scalar(output, dt.int64, "buffer_output_elements"),
            convert_scalar(ahead, dt.int64, "prefetch_input_elements"),
            function=function, f=function.graph)
        return made

    return apply


def ignore_errors() -> Transformation:
    """Leaves out the elements whose making raises an error.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.from_tensor_slices([1., 0., 4.])
        >>> dataset = dataset.map(lambda x: tf.check_numerics(1. / x, "infinite"))
        >>> dataset = dataset.apply(tf.data.experimental.ignore_errors())
        >>> tf.Session().run(dataset.batch(3).make_one_shot_iterator().get_next())
        array([1.  , 0.25], dtype=float32)
    """
    def apply(dataset: Dataset) -> Dataset:
        made: Dataset = built(dataset, IgnoreErrorsDataset, dataset.element_spec)
        return made

    return apply


def prefetch_to_device(device: Any, buffer_size: Any = None) -> Transformation:
    """Makes elements ahead; flowgraph brings them to a device when an op needs them there.

    Args:
        device: name of the device; accepted.
        buffer_size: how many elements to make ahead.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> step = tf.data.experimental.prefetch_to_device("/gpu:0", 2)
        >>> dataset = tf.data.Dataset.range(4).apply(step)
        >>> int(tf.Session().run(dataset.make_one_shot_iterator().get_next()))
        0
    """
    return lambda dataset: dataset.prefetch(buffer_size)


def copy_to_device(target_device: Any, source_device: Any = "/cpu:0") -> Transformation:
    """Leaves the elements as they are: flowgraph brings them to a device when an op needs them.

    Args:
        target_device: name of the device; accepted.
        source_device: name of the device that they come from; accepted.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> step = tf.data.experimental.copy_to_device("/gpu:0")
        >>> dataset = tf.data.Dataset.range(4).apply(step)
        >>> int(tf.Session().run(dataset.make_one_shot_iterator().get_next()))
        0
    """
    return lambda dataset: dataset


def dense_to_sparse_batch(batch_size: Any, row_shape: Any) -> Transformation:
    """Makes SparseTensors of consecutive elements, which may differ in their sizes.

    Args:
        batch_size: elements in a batch.
        row_shape: dense shape of a row; None stands for the largest size in the batch.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.range(1, 3).map(lambda n: tf.fill([n], n))
        >>> dataset = dataset.apply(tf.data.experimental.dense_to_sparse_batch(2, [3]))
        >>> batch = tf.sparse.to_dense(dataset.make_one_shot_iterator().get_next())
        >>> tf.Session().run(batch)
        array([[1, 0, 0],
               [2, 2, 0]])
    """
    def apply(dataset: Dataset) -> Dataset:
        spec = dataset.element_spec
        if not isinstance(spec, TensorSpec):
            raise TypeError(located("DenseToSparseDataset requires an input whose elements have a "
                                    f"single component, whereas the input has {spec}."))
        if isinstance(row_shape, Tensor):
            rows, static = row_shape, TensorShape(known_value(row_shape))
        else:
            static = TensorShape([None if n == -1 else n for n in TensorShape(row_shape).as_list()])
            rows = convert_to_tensor([-1 if n is None else n for n in static.as_list()], dt.int64)
        made: Dataset = built(
            dataset, DenseToSparseBatchDataset,
            SparseTensorSpec(TensorShape([None]).concatenate(static), spec.dtype),
            convert_scalar(batch_size, dt.int64, "batch_size"), rows)
        return made

    return apply


def enumerate_dataset(start: Any = 0) -> Transformation:
    """Makes pairs of a number and an element.

    Args:
        start: the first number.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.from_tensor_slices([b"a", b"b"])
        >>> dataset = dataset.apply(tf.data.experimental.enumerate_dataset(start=5))
        >>> number, letter = tf.Session().run(dataset.make_one_shot_iterator().get_next())
        >>> int(number), letter
        (5, b'a')
    """
    return lambda dataset: dataset.enumerate(start)


def scan(initial_state: Any, scan_func: Any) -> Transformation:
    """Maps a function of a state and an element over the elements.

    Args:
        initial_state: the first state: a tensor or a structure of tensors.
        scan_func: takes the state and an element and returns the new state and a result.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> import numpy as np
        >>> sums = tf.data.experimental.scan(np.int64(0), lambda s, x: (s + x, s + x))
        >>> dataset = tf.data.Dataset.range(5).apply(sums).batch(5)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([ 0,  1,  3,  6, 10])
    """
    def apply(dataset: Dataset) -> Dataset:
        state = structure.normalized(initial_state)
        function, spec = state_function(scan_func, "tf.data.experimental.scan()",
                                        structure.spec_of(state), dataset.element_spec,
                                        result=True)
        made: Dataset = built(dataset, ScanDataset, function.spec[1],
                              [*structure.to_components(spec, state), *function.captured],
                              function=function, f=function.graph, preserve_cardinality=True)
        return made

    return apply


def take_while(predicate: Any) -> Transformation:
    """Ends the elements before the first for which a function gives false.

    Args:
        predicate: takes the parts of an element and returns a bool scalar.

    Returns:
        A function from a dataset to a dataset.

    Raises:
        ValueError: `predicate` returns something else.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.range(9).apply(
        ...     tf.data.experimental.take_while(lambda x: x < 3)).batch(9)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([0, 1, 2])
    """
    def apply(dataset: Dataset) -> Dataset:
        function = DataFunction(predicate, "tf.data.experimental.take_while()",
                                dataset.element_spec)
        if function.is_scalar is not dt.bool_:
            raise ValueError(located("`predicate` must return a scalar boolean tensor."))
        made: Dataset = built(dataset, TakeWhileDataset, dataset.element_spec, function.captured,
                              function=function, predicate=function.graph)
        return made

    return apply


def unique() -> Transformation:
    """Leaves out scalars that came before.

    Returns:
        A function from a dataset to a dataset.

    Raises:
        TypeError: the elements are no scalars of int32, int64 or string.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.from_tensor_slices([1, 7, 1]).apply(
        ...     tf.data.experimental.unique()).batch(3)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([1, 7], dtype=int32)
    """
    def apply(dataset: Dataset) -> Dataset:
        if dataset.output_types not in (dt.int32, dt.int64, dt.string):
            raise TypeError(located("`tf.data.experimental.unique()` only supports inputs with a "
                                    "single `tf.int32`, `tf.int64`, or `tf.string` component."))
        made: Dataset = built(dataset, UniqueDataset, dataset.element_spec)
        return made

    return apply
