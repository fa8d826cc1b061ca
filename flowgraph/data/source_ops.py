"""The ops of datasets that have no input dataset, and of those that put datasets together."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import shape_text
from flowgraph.data.dataset_op import INT64, VARIANT, DatasetOp, dataset_spec
from flowgraph.data.generator import elements_of
from flowgraph.data.mapping import Checked, Choose, RandomNumbers
from flowgraph.data.pipeline import Counting, Rows, Stage, as_variant, keep, stage_of
from flowgraph.data.selection import Concatenate, Elements, Range, Tensors, Zip
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.ops.sparse_rows import sparse_rule


class TensorDataset(DatasetOp):
    """A dataset of one element."""

    dtypes = {"components": dt.ANY}
    lists = ("components",)

    def infer(self, components, *, output_shapes):
        return dataset_spec()

    def kernel(self, xp, components, *, output_shapes):
        return as_variant(Tensors(tuple(keep(part) for part in components)))


class TensorSliceDataset(DatasetOp):
    """A dataset of the rows of tensors."""

    dtypes = {"components": dt.ANY}
    lists = ("components",)

    def infer(self, components, *, output_shapes):
        for spec in components:
            shape_rules.require_rank_at_least(spec, 1, "a tensor to be sliced")
        sizes = {spec.shape[0] for spec in components if spec.shape} - {None}
        if len(sizes) > 1:
            raise ShapeError(f"needs tensors with as many rows, got {sorted(sizes)}")
        return dataset_spec()

    def kernel(self, xp, components, *, output_shapes):
        arrays = tuple(keep(part) for part in components)
        for array in arrays:
            if not array.ndim or len(array) != len(arrays[0]):
                raise InvalidArgumentError(
                    None, None, "All components need as many rows, got the shapes "
                    + ", ".join(shape_text(a.shape) for a in arrays))
        return as_variant(Rows(arrays, Counting(len(arrays[0]))))


class SparseTensorSliceDataset(DatasetOp):
    """A dataset of the rows of a sparse tensor: indices, values and shape of each."""

    dtypes = {"indices": INT64, "values": "Tvalues", "dense_shape": INT64}
    Tvalues = dt.ANY

    def infer(self, indices, values, dense_shape):
        sparse_rule(indices, values, dense_shape)
        return dataset_spec()

    def kernel(self, xp, indices, values, dense_shape):
        return as_variant(Elements(_sparse_rows(indices, values, dense_shape)))


def _sparse_rows(indices, values, dense_shape):
    first = indices[:, 0] if indices.size else np.zeros(0, np.int64)
    if (first[1:] < first[:-1]).any():
        raise InvalidArgumentError(None, None, "`indices` must be ordered in the batch dimension; "
                                   "tf.sparse.reorder sorts them.")
    rows, sizes = int(dense_shape[0]), np.array(dense_shape[1:])
    if len(first) and (first[0] < 0 or first[-1] >= rows):
        raise InvalidArgumentError(None, None, f"an index lies outside of the {rows} rows")
    ends = np.searchsorted(first, np.arange(rows + 1))
    places, entries = np.array(indices[:, 1:]), np.array(values)
    return [(places[ends[i]:ends[i + 1]], entries[ends[i]:ends[i + 1]], sizes)
            for i in range(rows)]


class RangeDataset(DatasetOp):
    """A dataset of int64 scalars."""

    dtypes = {"start": INT64, "stop": INT64, "step": INT64}

    def infer(self, start, stop, step, *, output_types, output_shapes):
        return dataset_spec(start, stop, step)

    def kernel(self, xp, start, stop, step, *, output_types, output_shapes):
        if not step:
            raise InvalidArgumentError(None, None, "step must be a non-zero integer.")
        return as_variant(Range(range(int(start), int(stop), int(step))))


class RandomDataset(DatasetOp):
    """A dataset of random int64 scalars, without end."""

    dtypes = {"seed": INT64, "seed2": INT64}

    def infer(self, seed, seed2, *, output_types, output_shapes):
        return dataset_spec(seed, seed2)

    def kernel(self, xp, seed, seed2, *, output_types, output_shapes):
        return as_variant(RandomNumbers((int(seed), int(seed2))))


class GeneratorDataset(DatasetOp):
    """A dataset of what a Python generator yields."""

    dtypes = {"args": dt.ANY}
    lists = ("args",)
    runs_user_code = True

    def infer(self, args, *, generator, output_types, output_shapes, origin):
        return dataset_spec()

    def kernel(self, xp, args, *, generator, output_types, output_shapes, origin):
        given = tuple(np.array(argument)[()] for argument in args)
        return as_variant(Checked(lambda: elements_of(generator, given, output_types,
                                                      output_shapes, origin)))


# ---- several datasets ----------------------------------------------------------------------------


class ZipDataset(DatasetOp):
    """A dataset of the elements of several datasets, put together."""

    dtypes = {"input_datasets": VARIANT}
    lists = ("input_datasets",)

    def infer(self, input_datasets, *, output_types, output_shapes):
        if not input_datasets:
            raise ShapeError("needs one dataset or more")
        return dataset_spec(*input_datasets)

    def kernel(self, xp, input_datasets, *, output_types, output_shapes):
        return as_variant(zipped(tuple(stage_of(one) for one in input_datasets)))


def zipped(stages: tuple[Stage, ...]) -> Stage:
    """The elements of several stages put together; rows of arrays stay rows of arrays."""
    rows = [stage for stage in stages
            if isinstance(stage, Rows) and isinstance(stage.order, Counting)]
    if len(rows) == len(stages):
        shortest = min(rows, key=lambda stage: stage.cardinality())
        return Rows(tuple(array for stage in rows for array in stage.arrays), shortest.order)
    return Zip(stages)


class ConcatenateDataset(DatasetOp):
    """A dataset of the elements of one dataset and then those of another."""

    dtypes = {"input_dataset": VARIANT, "another_dataset": VARIANT}

    def infer(self, input_dataset, another_dataset, *, output_types, output_shapes):
        return dataset_spec(input_dataset, another_dataset)

    def kernel(self, xp, input_dataset, another_dataset, *, output_types, output_shapes):
        return as_variant(Concatenate(stage_of(input_dataset), stage_of(another_dataset)))


class DirectedInterleaveDataset(DatasetOp):
    """A dataset that takes its elements from those datasets whose numbers come."""

    dtypes = {"selector_input_dataset": VARIANT, "data_input_datasets": VARIANT}
    lists = ("data_input_datasets",)

    def infer(self, selector_input_dataset, data_input_datasets, *, output_types, output_shapes):
        return dataset_spec(selector_input_dataset, *data_input_datasets)

    def kernel(self, xp, selector_input_dataset, data_input_datasets, *, output_types,
               output_shapes):
        return as_variant(Choose(stage_of(selector_input_dataset),
                                 tuple(stage_of(one) for one in data_input_datasets)))
