"""Transformations that sort elements into groups: group_by_window, bucket_by_sequence_length."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape, dimension_value
from flowgraph.data import structure
from flowgraph.data.building import built, state_function
from flowgraph.data.dataset import Dataset
from flowgraph.data.function import DataFunction
from flowgraph.data.function_ops import GroupByReducerDataset, GroupByWindowDataset
from flowgraph.data.transformations import Transformation
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.type_spec import TensorSpec

_NUMBER = TensorSpec([], dt.int64)


def _int64(function: Any) -> Any:
    return lambda *parts: convert_to_tensor(function(*parts), dt.int64)


def _need_number(function: DataFunction, what: str) -> None:
    if function.is_scalar is not dt.int64:
        raise ValueError(located(f"`{what}` must return a single tf.int64 scalar tensor. Got "
                                 f"{function.spec}"))


def group_by_window(key_func: Any, reduce_func: Any, window_size: Any = None,
                    window_size_func: Any = None) -> Transformation:
    """Groups elements by a key; each full group is made into a dataset by a function.

    Args:
        key_func: function from an element to its int64 key.
        reduce_func: function from a key and a dataset of the group to a dataset.
        window_size: how many elements are a full group.
        window_size_func: function from a key to how many elements are a full group; instead of
            window_size.

    Returns:
        A function from a dataset to a dataset.

    Raises:
        ValueError: neither or both of window_size and window_size_func are given.

    Example:
        >>> import flowgraph as tf
        >>> step = tf.data.experimental.group_by_window(
        ...     lambda x: x % 2, lambda key, group: group.batch(3), window_size=3)
        >>> batch = tf.data.Dataset.range(6).apply(step).make_one_shot_iterator().get_next()
        >>> sess = tf.Session()
        >>> sess.run(batch), sess.run(batch)
        (array([0, 2, 4]), array([1, 3, 5]))
    """
    if (window_size is not None) == bool(window_size_func):
        raise ValueError(located("Must pass either window_size or window_size_func."))
    size_func = window_size_func or (lambda key: convert_to_tensor(window_size, dt.int64))

    def apply(dataset: Dataset) -> Dataset:
        what = "tf.data.experimental.group_by_window()"
        key = DataFunction(_int64(key_func), what, dataset.element_spec)
        _need_number(key, "key_func")
        reduce = DataFunction(reduce_func, what,
                              (_NUMBER, structure.DatasetSpec(dataset.element_spec)))
        if not isinstance(reduce.spec, structure.DatasetSpec):
            raise TypeError(located("`reduce_func` must return a `Dataset` object."))
        window = DataFunction(_int64(size_func), what, _NUMBER)
        _need_number(window, "window_size_func")
        functions = (key, reduce, window)
        with control_dependencies([op for f in functions for op in f.graph.outer_controls]):
            made: Dataset = built(
                dataset, GroupByWindowDataset, reduce.spec.element_spec,
                [tensor for f in functions for tensor in f.captured], key_func=key.graph,
                reduce_func=reduce.graph, window_size_func=window.graph)
        return made

    return apply


class Reducer:
    """How a group of elements becomes one: a first state, the next states, the result.

    Args:
        init_func: function from a key to the first state.
        reduce_func: function from a state and an element to the next state.
        finalize_func: function from the last state to the result.

    Example:
        >>> import flowgraph as tf
        >>> import numpy as np
        >>> total = tf.data.experimental.Reducer(
        ...     lambda key: np.int64(0), lambda total, x: total + x, lambda total: total)
        >>> step = tf.data.experimental.group_by_reducer(lambda x: x % 2, total)
        >>> dataset = tf.data.Dataset.range(5).apply(step).batch(2)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([6, 4])
    """

    def __init__(self, init_func: Any, reduce_func: Any, finalize_func: Any) -> None:
        self._functions = init_func, reduce_func, finalize_func

    @property
    def init_func(self) -> Any:
        """Function from a key to the first state."""
        return self._functions[0]

    @property
    def reduce_func(self) -> Any:
        """Function from a state and an element to the next state."""
        return self._functions[1]

    @property
    def finalize_func(self) -> Any:
        """Function from the last state to the result."""
        return self._functions[2]


def group_by_reducer(key_func: Any, reducer: Reducer) -> Transformation:
    """Makes one element of all elements with the same key; the elements come by rising keys.

    Args:
        key_func: function from an element to its int64 key.
        reducer: a Reducer.

    Returns:
        A function from a dataset to a dataset.

    Example:
        >>> import flowgraph as tf
        >>> import numpy as np
        >>> count = tf.data.experimental.Reducer(
        ...     lambda key: np.int64(0), lambda n, x: n + 1, lambda n: n)
        >>> step = tf.data.experimental.group_by_reducer(lambda x: x // 3, count)
        >>> dataset = tf.data.Dataset.range(5).apply(step).batch(2)
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([3, 2])
    """
    def apply(dataset: Dataset) -> Dataset:
        what = "tf.data.experimental.group_by_reducer()"
        key = DataFunction(key_func, what, dataset.element_spec)
        _need_number(key, "key_func")
        first = DataFunction(reducer.init_func, what, _NUMBER)
        reduce, state = state_function(reducer.reduce_func, what, first.spec,
                                       dataset.element_spec)
        final = DataFunction(reducer.finalize_func, what, state)
        functions = (key, first, reduce, final)
        with control_dependencies([op for f in functions for op in f.graph.outer_controls]):
            made: Dataset = built(
                dataset, GroupByReducerDataset, final.spec,
                [tensor for f in functions for tensor in f.captured], key_func=key.graph,
                init_func=first.graph, reduce_func=reduce.graph, finalize_func=final.graph)
        return made

    return apply


def bucket_by_sequence_length(
        element_length_func: Any, bucket_boundaries: Any, bucket_batch_sizes: Any,
        padded_shapes: Any = None, padding_values: Any = None,
        pad_to_bucket_boundary: bool = False, no_padding: bool = False,
        drop_remainder: Any = False) -> Transformation:
    """Batches elements of about the same length together, padded.

    Args:
        element_length_func: function from an element to its int32 length.
        bucket_boundaries: list of ints: the lengths at which the next bucket starts.
        bucket_batch_sizes: list of ints: the batch size of each bucket, one more than boundaries.
        padded_shapes: as of `Dataset.padded_batch`; default the shapes of the elements.
        padding_values: as of `Dataset.padded_batch`.
        pad_to_bucket_boundary: whether to pad to the largest length of the bucket rather than of
            the batch.
        no_padding: whether to batch without padding.
        drop_remainder: whether batches with fewer elements are left out.

    Returns:
        A function from a dataset to a dataset.

    Raises:
        ValueError: the numbers of boundaries and batch sizes do not go together.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.from_tensor_slices([1, 5, 2, 6])
        >>> dataset = dataset.map(lambda n: tf.range(n))
        >>> dataset = dataset.apply(tf.data.experimental.bucket_by_sequence_length(
        ...     lambda x: tf.shape(x)[0], bucket_boundaries=[4], bucket_batch_sizes=[2, 2]))
        >>> tf.Session().run(dataset.make_one_shot_iterator().get_next())
        array([[0, 0],
               [0, 1]], dtype=int32)
    """
    from flowgraph.ops.assertions import assert_less
    from flowgraph.ops.compare import less, less_equal
    from flowgraph.ops.constant import constant
    from flowgraph.ops.logic import logical_and
    from flowgraph.ops.reduce import reduce_min
    from flowgraph.ops.select import where
    if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
        raise ValueError(located("len(bucket_batch_sizes) must equal len(bucket_boundaries) + 1"))
    with name_scope("bucket_by_seq_length"):
        batch_sizes = constant(bucket_batch_sizes, dtype=dt.int64)
    boundaries = list(bucket_boundaries)

    def bucket_of(*parts: Any) -> Any:
        length = element_length_func(*parts)
        limits = np.iinfo(np.int32)
        inside = logical_and(less_equal([limits.min, *boundaries], length),
                             less(length, [*boundaries, limits.max]))
        return reduce_min(where(inside))

    def size_of(bucket: Any) -> Any:
        return batch_sizes[bucket]

    def batched(bucket: Any, group: Dataset) -> Dataset:
        size = size_of(bucket)
        if no_padding:
            return group.batch(size, drop_remainder=drop_remainder)
        filler = None
        if pad_to_bucket_boundary:
            check = assert_less(
                bucket, constant(len(bucket_batch_sizes) - 1, dtype=dt.int64),
                message="When pad_to_bucket_boundary=True, elements must have length < "
                        "max(bucket_boundaries).")
            with control_dependencies([check]):
                filler = constant(boundaries, dtype=dt.int64)[bucket] - 1
        given = padded_shapes or group.output_shapes
        shapes = [_filled(shape, filler)
                  for shape in structure.flatten_up_to(group.element_spec, given)]
        return group.padded_batch(size, structure.pack(group.element_spec, shapes),
                                  padding_values, drop_remainder=drop_remainder)

    return lambda dataset: dataset.apply(
        group_by_window(bucket_of, batched, window_size_func=size_of))


def _filled(shape: Any, filler: Any) -> Any:
    """A shape as a list, with `filler` for what is not known."""
    sizes = [dimension_value(n) for n in TensorShape(shape)]
    if filler is None or None not in sizes:
        return sizes
    from flowgraph.ops.join import stack
    if not sizes:
        return sizes
    return stack([filler if n is None else convert_to_tensor(n, dt.int64) for n in sizes])
