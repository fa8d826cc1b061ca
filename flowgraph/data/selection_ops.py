"""The ops that choose, order and group elements of a dataset without looking at them."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.data.background import Prefetch
from flowgraph.data.batching import PaddedBatch, SparseBatch, Unbatch, Window, batch
from flowgraph.data.cache import cached
from flowgraph.data.dataset_op import INT64, VARIANT, DatasetOp, dataset_spec
from flowgraph.data.mapping import IgnoreErrors, Unique
from flowgraph.data.pipeline import as_variant, selecting, stage_of
from flowgraph.data.selection import Repeat, Shard, Shuffle, Skip, Take
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules


def _positive(name, value):
    if value <= 0:
        raise InvalidArgumentError(None, None, f"{name} must be greater than zero.")
    return int(value)


class RepeatDataset(DatasetOp):
    """The elements again and again."""

    dtypes = {"input_dataset": VARIANT, "count": INT64}

    def infer(self, input_dataset, count, *, output_types, output_shapes):
        return dataset_spec(input_dataset, count)

    def kernel(self, xp, input_dataset, count, *, output_types, output_shapes):
        return as_variant(selecting(Repeat, stage_of(input_dataset), int(count)))


class TakeDataset(DatasetOp):
    """The first elements."""

    dtypes = {"input_dataset": VARIANT, "count": INT64}

    def infer(self, input_dataset, count, *, output_types, output_shapes):
        return dataset_spec(input_dataset, count)

    def kernel(self, xp, input_dataset, count, *, output_types, output_shapes):
        return as_variant(selecting(Take, stage_of(input_dataset), int(count)))


class SkipDataset(DatasetOp):
    """All but the first elements."""

    dtypes = {"input_dataset": VARIANT, "count": INT64}

    def infer(self, input_dataset, count, *, output_types, output_shapes):
        return dataset_spec(input_dataset, count)

    def kernel(self, xp, input_dataset, count, *, output_types, output_shapes):
        return as_variant(selecting(Skip, stage_of(input_dataset), int(count)))


class ShardDataset(DatasetOp):
    """Every n-th element."""

    dtypes = {"input_dataset": VARIANT, "num_shards": INT64, "index": INT64}

    def infer(self, input_dataset, num_shards, index, *, output_types, output_shapes,
              require_non_empty=False):
        return dataset_spec(input_dataset, num_shards, index)

    def kernel(self, xp, input_dataset, num_shards, index, *, output_types, output_shapes,
               require_non_empty=False):
        if num_shards < 1:
            raise InvalidArgumentError(None, None, "Number of shards must be greater than zero "
                                       f"(currently num_shards = {num_shards}).")
        if not 0 <= index < num_shards:
            raise InvalidArgumentError(None, None, "Index must be between 0 and "
                                       f"{num_shards - 1} (currently index = {index}).")
        return as_variant(selecting(Shard, stage_of(input_dataset), int(num_shards), int(index)))


class ShuffleDataset(DatasetOp):
    """The elements in random order."""

    dtypes = {"input_dataset": VARIANT, "buffer_size": INT64, "seed": INT64, "seed2": INT64}

    def infer(self, input_dataset, buffer_size, seed, seed2, *, output_types, output_shapes,
              reshuffle_each_iteration=True):
        return dataset_spec(input_dataset, buffer_size, seed, seed2)

    def kernel(self, xp, input_dataset, buffer_size, seed, seed2, *, output_types, output_shapes,
               reshuffle_each_iteration=True):
        return as_variant(selecting(Shuffle, stage_of(input_dataset),
                                    _positive("buffer_size", buffer_size), _seeds(seed, seed2),
                                    reshuffle_each_iteration))


class ShuffleAndRepeatDataset(DatasetOp):
    """The elements in random order, again and again."""

    dtypes = {"input_dataset": VARIANT, "buffer_size": INT64, "seed": INT64, "seed2": INT64,
              "count": INT64}

    def infer(self, input_dataset, buffer_size, seed, seed2, count, *, output_types,
              output_shapes):
        return dataset_spec(input_dataset, buffer_size, seed, seed2, count)

    def kernel(self, xp, input_dataset, buffer_size, seed, seed2, count, *, output_types,
               output_shapes):
        if count <= 0 and count != -1:
            raise InvalidArgumentError(None, None, "count must be greater than zero or equal to "
                                       f"-1, got {count}.")
        shuffled = selecting(Shuffle, stage_of(input_dataset),
                             _positive("buffer_size", buffer_size), _seeds(seed, seed2), True)
        return as_variant(selecting(Repeat, shuffled, int(count)))


def _seeds(seed, seed2):
    """Two seeds as they are given; where both are 0, new ones for each session's dataset."""
    if not seed and not seed2:
        return tuple(int(n) for n in np.random.default_rng().integers(1, 2 ** 62, 2))
    return int(seed), int(seed2)


class PrefetchDataset(DatasetOp):
    """The elements, made ahead in a thread."""

    dtypes = {"input_dataset": VARIANT, "buffer_size": INT64}

    def infer(self, input_dataset, buffer_size, *, output_types, output_shapes, slack_period=0,
              legacy_autotune=True):
        return dataset_spec(input_dataset, buffer_size)

    def kernel(self, xp, input_dataset, buffer_size, *, output_types, output_shapes,
               slack_period=0, legacy_autotune=True):
        if buffer_size < -1:
            raise InvalidArgumentError(None, None, "buffer_size must be >= 0 or set buffer_size to "
                                       f"-1 for auto-tuning, got {buffer_size}.")
        return as_variant(Prefetch(stage_of(input_dataset), int(buffer_size)))


class CacheDataset(DatasetOp):
    """The elements, kept in memory or in a file after the first time."""

    dtypes = {"input_dataset": VARIANT, "filename": dt.STRING}

    def infer(self, input_dataset, filename, *, output_types, output_shapes):
        return dataset_spec(input_dataset, filename)

    def kernel(self, xp, input_dataset, filename, *, output_types, output_shapes):
        return as_variant(cached(stage_of(input_dataset), filename[()].decode(), output_types))


# ---- batches -------------------------------------------------------------------------------------


class BatchDatasetV2(DatasetOp):
    """Consecutive elements stacked."""

    dtypes = {"input_dataset": VARIANT, "batch_size": INT64, "drop_remainder": dt.BOOL}

    def infer(self, input_dataset, batch_size, drop_remainder, *, output_types, output_shapes,
              parallel_copy=False):
        return dataset_spec(input_dataset, batch_size, drop_remainder)

    def kernel(self, xp, input_dataset, batch_size, drop_remainder, *, output_types,
               output_shapes, parallel_copy=False):
        return as_variant(batch(stage_of(input_dataset), int(batch_size), bool(drop_remainder)))


class PaddedBatchDatasetV2(DatasetOp):
    """Consecutive elements padded to one shape and stacked."""

    dtypes = {"input_dataset": VARIANT, "batch_size": INT64, "padded_shapes": INT64,
              "padding_values": dt.ANY, "drop_remainder": dt.BOOL}
    lists = ("padded_shapes", "padding_values")

    def infer(self, input_dataset, batch_size, padded_shapes, padding_values, drop_remainder, *,
              output_shapes, parallel_copy=False):
        for spec in padded_shapes:
            shape_rules.require_rank(spec, 1, "a padded shape")
        return dataset_spec(input_dataset, batch_size, *padding_values, drop_remainder)

    def kernel(self, xp, input_dataset, batch_size, padded_shapes, padding_values,
               drop_remainder, *, output_shapes, parallel_copy=False):
        if batch_size <= 0:
            raise InvalidArgumentError(None, None, "Batch size must be greater than zero, got "
                                       f"{batch_size}.")
        return as_variant(PaddedBatch(
            stage_of(input_dataset), int(batch_size), bool(drop_remainder),
            [tuple(int(n) for n in shape) for shape in padded_shapes],
            [np.array(value) for value in padding_values]))


class DenseToSparseBatchDataset(DatasetOp):
    """Consecutive elements as the rows of SparseTensors."""

    dtypes = {"input_dataset": VARIANT, "batch_size": INT64, "row_shape": INT64}

    def infer(self, input_dataset, batch_size, row_shape, *, output_types, output_shapes):
        shape_rules.require_rank(row_shape, 1, "a row shape")
        return dataset_spec(input_dataset, batch_size)

    def kernel(self, xp, input_dataset, batch_size, row_shape, *, output_types, output_shapes):
        return as_variant(SparseBatch(stage_of(input_dataset), _positive("batch_size", batch_size),
                                      tuple(int(n) for n in row_shape)))


class WindowDataset(DatasetOp):
    """Datasets of consecutive elements."""

    dtypes = {"input_dataset": VARIANT, "size": INT64, "shift": INT64, "stride": INT64,
              "drop_remainder": dt.BOOL}

    def infer(self, input_dataset, size, shift, stride, drop_remainder, *, output_types,
              output_shapes):
        return dataset_spec(input_dataset, size, shift, stride, drop_remainder)

    def kernel(self, xp, input_dataset, size, shift, stride, drop_remainder, *, output_types,
               output_shapes):
        for name, value in (("size", size), ("shift", shift), ("stride", stride)):
            if value <= 0:
                raise InvalidArgumentError(None, None, f"Window {name} must be greater than zero, "
                                           f"got {value}.")
        return as_variant(Window(stage_of(input_dataset), int(size), int(shift), int(stride),
                                 bool(drop_remainder)))


class UnbatchDataset(DatasetOp):
    """The rows of elements as elements."""

    dtypes = {"input_dataset": VARIANT}

    def infer(self, input_dataset, *, output_types, output_shapes):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, *, output_types, output_shapes):
        return as_variant(Unbatch(stage_of(input_dataset)))


class IgnoreErrorsDataset(DatasetOp):
    """The elements that can be made."""

    dtypes = {"input_dataset": VARIANT}

    def infer(self, input_dataset, *, output_types, output_shapes):
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, *, output_types, output_shapes):
        return as_variant(IgnoreErrors(stage_of(input_dataset)))


class UniqueDataset(DatasetOp):
    """Each scalar once."""

    dtypes = {"input_dataset": VARIANT}

    def infer(self, input_dataset, *, output_types, output_shapes):
        if any(shape not in ((), None) for shape in output_shapes):
            raise ShapeError("needs a dataset of scalars")
        return dataset_spec(input_dataset)

    def kernel(self, xp, input_dataset, *, output_types, output_shapes):
        return as_variant(Unique(stage_of(input_dataset)))
