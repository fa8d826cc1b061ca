"""The ops of datasets that call the user's functions.

In TensorFlow an op with several functions has one list of captured tensors for each of them; here
these lists follow one another in one list, which is the same order of inputs.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.data.background import ParallelMap, cpus
from flowgraph.data.batching import batch
from flowgraph.data.dataset_op import (
    INT32,
    INT64,
    VARIANT,
    DatasetOp,
    FunctionOp,
    captured_counts,
    dataset_spec,
)
from flowgraph.data.group_stages import GroupByReducer, GroupByWindow
from flowgraph.data.mapping import (
    Filter,
    FlatMap,
    Interleave,
    Map,
    Scan,
    TakeWhile,
)
from flowgraph.data.pipeline import Run, as_variant, keep, stage_of
from flowgraph.errors import InvalidArgumentError


def _calls(state, arguments, *graphs):
    """The functions with what each of them captured."""
    return state.with_captured([keep_value(a) for a in arguments], captured_counts(*graphs))


def keep_value(array):
    """A captured value, which may be a handle."""
    return keep(array) if isinstance(array, np.ndarray) else array


class MapDataset(FunctionOp):
    """What a function makes of each element."""

    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, *, f, output_types, output_shapes,
              use_inter_op_parallelism=True, preserve_cardinality=False):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, other_arguments, *, f, output_types, output_shapes,
               use_inter_op_parallelism=True, preserve_cardinality=False, state):
        return as_variant(Map(stage_of(input_dataset), *_calls(state, other_arguments, f)))


class ParallelMapDataset(FunctionOp):
    """What a function makes of each element, several at a time."""

    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY, "num_parallel_calls": INT32}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, num_parallel_calls, *, f, output_types,
              output_shapes, use_inter_op_parallelism=True, sloppy=False,
              preserve_cardinality=False):
        return dataset_spec(input_dataset, num_parallel_calls)

    def kernel(self, xp, input_dataset, other_arguments, num_parallel_calls, *, f, output_types,
               output_shapes, use_inter_op_parallelism=True, sloppy=False,
               preserve_cardinality=False, state):
        calls = _parallel(num_parallel_calls)
        function, = _calls(state, other_arguments, f)
        return as_variant(ParallelMap(stage_of(input_dataset), function, calls))


def _parallel(number):
    if number < 1 and number != -1:
        raise InvalidArgumentError(None, None, "num_parallel_calls must be greater than zero, got "
                                   f"{number}.")
    return int(number)


class MapAndBatchDataset(FunctionOp):
    """What a function makes of each element, stacked."""

    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY, "batch_size": INT64,
              "num_parallel_calls": INT64, "drop_remainder": dt.BOOL}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, batch_size, num_parallel_calls,
              drop_remainder, *, f, output_types, output_shapes, preserve_cardinality=False):
        return dataset_spec(input_dataset, batch_size, num_parallel_calls, drop_remainder)

    def kernel(self, xp, input_dataset, other_arguments, batch_size, num_parallel_calls,
               drop_remainder, *, f, output_types, output_shapes, preserve_cardinality=False,
               state):
        calls = _parallel(num_parallel_calls)
        function, = _calls(state, other_arguments, f)
        mapped = ParallelMap(stage_of(input_dataset), function,
                             min(calls, 2 * cpus()) if calls > 0 else calls,
                             preserve_cardinality)
        return as_variant(batch(mapped, int(batch_size), bool(drop_remainder)))


class FilterDataset(FunctionOp):
    """The elements for which a function gives true."""

    functions = ("predicate",)
    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, *, predicate, output_types, output_shapes):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, other_arguments, *, predicate, output_types,
               output_shapes, state):
        return as_variant(Filter(stage_of(input_dataset),
                                 *_calls(state, other_arguments, predicate)))


class TakeWhileDataset(FunctionOp):
    """The elements before the first for which a function gives false."""

    functions = ("predicate",)
    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, *, predicate, output_types, output_shapes):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, other_arguments, *, predicate, output_types,
               output_shapes, state):
        return as_variant(TakeWhile(stage_of(input_dataset),
                                    *_calls(state, other_arguments, predicate)))


class FlatMapDataset(FunctionOp):
    """The elements of the datasets that a function makes."""

    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, *, f, output_types, output_shapes):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, other_arguments, *, f, output_types, output_shapes,
               state):
        return as_variant(FlatMap(stage_of(input_dataset), *_calls(state, other_arguments, f)))


class InterleaveDataset(FunctionOp):
    """The elements of several datasets at a time, in turn."""

    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY, "cycle_length": INT64,
              "block_length": INT64}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, cycle_length, block_length, *, f,
              output_types, output_shapes):
        return dataset_spec(input_dataset, cycle_length, block_length)

    def kernel(self, xp, input_dataset, other_arguments, cycle_length, block_length, *, f,
               output_types, output_shapes, state):
        function, = _calls(state, other_arguments, f)
        return as_variant(Interleave(stage_of(input_dataset), function, _cycle(cycle_length),
                                     _block(block_length)))


def _cycle(length):
    if length <= 0 and length != -1:
        raise InvalidArgumentError(None, None, "cycle_length must be greater than zero, got "
                                   f"{length}.")
    return int(length) if length > 0 else cpus()


def _block(length):
    if length <= 0:
        raise InvalidArgumentError(None, None, "block_length must be greater than zero, got "
                                   f"{length}.")
    return int(length)


class ParallelInterleaveDatasetV2(FunctionOp):
    """The elements of several datasets at a time, in turn, each read ahead in a thread."""

    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY, "cycle_length": INT64,
              "block_length": INT64, "num_parallel_calls": INT64}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, cycle_length, block_length,
              num_parallel_calls, *, f, output_types, output_shapes, sloppy=False):
        return dataset_spec(input_dataset, cycle_length, block_length, num_parallel_calls)

    def kernel(self, xp, input_dataset, other_arguments, cycle_length, block_length,
               num_parallel_calls, *, f, output_types, output_shapes, sloppy=False, state):
        _parallel(num_parallel_calls)
        function, = _calls(state, other_arguments, f)
        return as_variant(Interleave(stage_of(input_dataset), function, _cycle(cycle_length),
                                     _block(block_length), ahead=True))


class ParallelInterleaveDataset(FunctionOp):
    """The first form of ParallelInterleaveDatasetV2."""

    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY, "cycle_length": INT64,
              "block_length": INT64, "sloppy": dt.BOOL, "buffer_output_elements": INT64,
              "prefetch_input_elements": INT64}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, cycle_length, block_length, sloppy,
              buffer_output_elements, prefetch_input_elements, *, f, output_types, output_shapes):
        return dataset_spec(input_dataset, cycle_length, block_length, sloppy,
                            buffer_output_elements, prefetch_input_elements)

    def kernel(self, xp, input_dataset, other_arguments, cycle_length, block_length, sloppy,
               buffer_output_elements, prefetch_input_elements, *, f, output_types,
               output_shapes, state):
        function, = _calls(state, other_arguments, f)
        return as_variant(Interleave(stage_of(input_dataset), function, _cycle(cycle_length),
                                     _block(block_length), ahead=True))


class ScanDataset(FunctionOp):
    """What a function makes of a state and each element; `arguments` holds the first state too."""

    dtypes = {"input_dataset": VARIANT, "arguments": dt.ANY}
    lists = ("arguments",)

    def infer(self, input_dataset, arguments, *, f, output_types, output_shapes,
              preserve_cardinality=False):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, arguments, *, f, output_types, output_shapes,
               preserve_cardinality=False, state):
        count = len(arguments) - len(f.captures)
        call, = _calls(state, arguments[count:], f)
        return as_variant(Scan(stage_of(input_dataset), call,
                               tuple(keep_value(part) for part in arguments[:count])))


class GroupByWindowDataset(FunctionOp):
    """Groups of elements with one key, each made into a dataset."""

    functions = ("key_func", "reduce_func", "window_size_func")
    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, *, key_func, reduce_func, window_size_func,
              output_types, output_shapes):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, other_arguments, *, key_func, reduce_func,
               window_size_func, output_types, output_shapes, state):
        return as_variant(GroupByWindow(stage_of(input_dataset), *_calls(
            state, other_arguments, key_func, reduce_func, window_size_func)))


class GroupByReducerDataset(FunctionOp):
    """One element per key."""

    functions = ("key_func", "init_func", "reduce_func", "finalize_func")
    dtypes = {"input_dataset": VARIANT, "other_arguments": dt.ANY}
    lists = ("other_arguments",)

    def infer(self, input_dataset, other_arguments, *, key_func, init_func, reduce_func,
              finalize_func, output_types, output_shapes):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, other_arguments, *, key_func, init_func, reduce_func,
               finalize_func, output_types, output_shapes, state):
        return as_variant(GroupByReducer(stage_of(input_dataset), *_calls(
            state, other_arguments, key_func, init_func, reduce_func, finalize_func)))


class ReduceDataset(FunctionOp):
    """The last state of a function of a state and each element; runs the whole dataset."""

    dtypes = {"input_dataset": VARIANT, "arguments": dt.ANY}
    lists = ("arguments",)
    multiple = True
    waits = True

    def infer(self, input_dataset, arguments, *, f, output_types, output_shapes,
              use_inter_op_parallelism=True):
        dataset_spec(input_dataset)
        return tuple(Spec(dtype, shape)
                     for dtype, shape in zip(output_types, output_shapes, strict=True))

    def kernel(self, xp, input_dataset, arguments, *, f, output_types, output_shapes,
               use_inter_op_parallelism=True, state):
        count = len(arguments) - len(f.captures)
        call, = _calls(state, arguments[count:], f)
        now = tuple(np.array(part) for part in arguments[:count])
        run = Run()
        try:
            for element in stage_of(input_dataset).start(run):
                now = call(*now, *element)
        finally:
            run.close()
        return now


class DatasetToSingleElement(DatasetOp):
    """The only element of a dataset."""

    dtypes = {"dataset": VARIANT}
    multiple = True
    waits = True

    def infer(self, dataset, *, output_types, output_shapes):
        dataset_spec(dataset)
        return tuple(Spec(dtype, shape)
                     for dtype, shape in zip(output_types, output_shapes, strict=True))

    def kernel(self, xp, dataset, *, output_types, output_shapes):
        run = Run()
        try:
            elements = stage_of(dataset).start(run)
            first = next(elements, None)
            if first is None:
                raise InvalidArgumentError(None, None, "Dataset was empty.")
            if next(elements, None) is not None:
                raise InvalidArgumentError(None, None, "Dataset had more than one element.")
            return tuple(np.array(part) for part in first)
        finally:
            run.close()
