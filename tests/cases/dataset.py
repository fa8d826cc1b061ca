"""Rows of the ops of `tf.data`: sources, what chooses and groups elements, functions of them."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

import flowgraph as fg
from flowgraph.data import function_ops, iterator_ops, selection_ops, source_ops
from flowgraph.data.csv_op import CSVDataset
from flowgraph.data.file_ops import (
    DatasetToTFRecord,
    FixedLengthRecordDatasetV2,
    TextLineDataset,
    TFRecordDataset,
)
from flowgraph.errors import (
    DataLossError,
    DTypeError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    ShapeError,
)
from flowgraph.opdef.opdef import REQUIRED
from flowgraph.testing import BadCase, Case

Dataset, experimental = fg.data.Dataset, fg.data.experimental
FILES = Path(__file__).parent.parent / "data" / "files"
ROWS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)


def first(dataset):
    """The first element, from the start in each run."""
    iterator = dataset.make_initializable_iterator()
    with fg.control_dependencies([iterator.initializer]):
        return iterator.get_next()


def everything(dataset):
    """All elements, which have one shape, as one tensor."""
    return first(dataset.batch(100))


def stepped(step, *arguments, source=None, **keywords):
    """All elements of 0 ... 9 after a method of Dataset."""
    return lambda: everything(getattr(source or Dataset.range(10), step)(*arguments, **keywords))


def applied(name, *arguments, source=9, **keywords):
    """All elements of 0 ... 8 after a transformation of `tf.data.experimental`."""
    return lambda: everything(Dataset.range(source).apply(
        getattr(experimental, name)(*arguments, **keywords)))


def whole(numbers, dtype=np.int64):
    return np.array(numbers, dtype)


def generated():
    def generator(count):
        for number in range(count):
            yield number, [number] * 2
    return everything(Dataset.from_generator(generator, (fg.int64, fg.int32), ([], [2]), args=(3,)))


def sparse_rows():
    sparse = fg.SparseTensor([[0, 1], [2, 0]], [5, 6], [3, 4])
    return first(Dataset.from_sparse_tensor_slices(sparse).skip(2))


def reduced():
    return Dataset.range(5).reduce((np.int64(0), 0), lambda state, x: (state[0] + x, state[1] + 1))


def totals():
    reducer = experimental.Reducer(lambda key: np.int64(0), lambda total, x: total + x,
                                   lambda total: total)
    return everything(Dataset.range(10).apply(
        experimental.group_by_reducer(lambda x: x % 3, reducer)))


def repeated(x):
    return Dataset.from_tensors(x).repeat(x)


def written():
    path = Path(tempfile.mkdtemp()) / "records"
    dataset = Dataset.from_tensor_slices(["a", "b"])
    with fg.control_dependencies([experimental.TFRecordWriter(str(path)).write(dataset)]):
        return everything(fg.data.TFRecordDataset(fg.identity(str(path))))


def optional():
    iterator = Dataset.range(1).make_initializable_iterator()
    with fg.control_dependencies([iterator.initializer]):
        here = experimental.get_next_as_optional(iterator)
    return here.has_value(), here.get_value()


def optional_parts():
    some = experimental.Optional.from_value(fg.constant([1, 2]))
    none = experimental.Optional.none_from_structure(some.value_structure)
    return some.get_value(), some.has_value(), none.has_value()


def by_handle():
    one = Dataset.range(7, 9).repeat().make_one_shot_iterator()
    other = fg.data.Iterator.from_string_handle(one.string_handle(), fg.int64, [])
    return fg.identity(other.get_next() * 0)


def sparse_batch():
    dataset = Dataset.range(1, 3).map(lambda n: fg.fill([n], n))
    return fg.sparse.to_dense(first(dataset.apply(experimental.dense_to_sparse_batch(2, [3]))))


def tabled():
    return everything(experimental.CsvDataset(str(FILES / "table.csv"), [fg.string, [7]],
                                              header=True))


CASES = [
    Case("TensorDataset/of_a_placeholder", lambda x: first(Dataset.from_tensors(x)), (ROWS,),
         lambda x: x),
    Case("TensorSliceDataset/of_a_placeholder",
         lambda x: first(Dataset.from_tensor_slices(x).skip(1)), (ROWS,), lambda x: x[1]),
    Case("TensorSliceDataset/texts", lambda: everything(Dataset.from_tensor_slices(["a", "b"])),
         (), np.array([b"a", b"b"], object)),
    Case("SparseTensorSliceDataset/rows", sparse_rows, (), [[[0]], [6], [4]]),
    Case("RangeDataset/down", lambda: everything(Dataset.range(5, 0, -2)), (), whole([5, 3, 1])),
    # the numbers of TensorFlow
    Case("RandomDataset/seed", lambda: first(experimental.RandomDataset(seed=4).batch(3)),
         check=lambda results: np.testing.assert_array_equal(
             results[0], [3128586565, 2023892699, 452966358])),
    Case("GeneratorDataset/arguments", generated, (),
         [whole([0, 1, 2]), whole([[0, 0], [1, 1], [2, 2]], np.int32)]),
    Case("ZipDataset/shortest", lambda: everything(Dataset.zip((Dataset.range(3),
                                                                Dataset.range(5, 9)))), (),
         [whole([0, 1, 2]), whole([5, 6, 7])]),
    Case("ConcatenateDataset/two", lambda: everything(
        Dataset.range(2).concatenate(Dataset.range(7, 9))), (), whole([0, 1, 7, 8])),
    Case("DirectedInterleaveDataset/choose", lambda: everything(experimental.choose_from_datasets(
        [Dataset.range(0, 2), Dataset.range(10, 12)], Dataset.from_tensor_slices(
            np.array([1, 0, 1, 1, 0])))), (), whole([10, 0, 11, 1])),
    Case("RepeatDataset/twice", stepped("repeat", 2), (), whole([*range(10)] * 2)),
    Case("TakeDataset/three", stepped("take", 3), (), whole([0, 1, 2])),
    Case("SkipDataset/seven", stepped("skip", 7), (), whole([7, 8, 9])),
    Case("ShardDataset/second_of_four", stepped("shard", 4, 1), (), whole([1, 5, 9])),
    Case("ShuffleDataset/order_of_TensorFlow", stepped("shuffle", 5, seed=3), (),
         check=lambda results: np.testing.assert_array_equal(results[0], SHUFFLED)),
    Case("ShuffleAndRepeatDataset/all_twice", applied("shuffle_and_repeat", 4, 2, seed=5), (),
         check=lambda results: np.testing.assert_array_equal(np.sort(results[0].reshape(2, 9)),
                                                             [[*range(9)]] * 2)),
    Case("PrefetchDataset/same", stepped("prefetch", 2), (), whole([*range(10)])),
    Case("CacheDataset/repeated", lambda: everything(Dataset.range(3).cache().repeat(2)), (),
         whole([0, 1, 2, 0, 1, 2])),
    Case("BatchDatasetV2/of_rows", lambda x: first(Dataset.from_tensor_slices(x).batch(2)),
         (ROWS,), lambda x: x[:2]),
    Case("BatchDatasetV2/drop_remainder", lambda: everything(Dataset.range(5).batch(2, True)), (),
         whole([[0, 1], [2, 3]])),
    Case("PaddedBatchDatasetV2/longest", lambda: first(Dataset.range(1, 4).map(
        lambda n: fg.fill([n], n)).padded_batch(3, [None], np.int64(-1))), (),
        whole([[1, -1, -1], [2, 2, -1], [3, 3, 3]])),
    Case("DenseToSparseBatchDataset/rows", sparse_batch, (), whole([[1, 0, 0], [2, 2, 0]])),
    Case("WindowDataset/strided", lambda: everything(Dataset.range(7).window(
        3, shift=1, stride=2, drop_remainder=True).flat_map(lambda w: w.batch(3))), (),
        whole([[0, 2, 4], [1, 3, 5], [2, 4, 6]])),
    Case("UnbatchDataset/rows", lambda x: everything(Dataset.from_tensors(x).unbatch()), (ROWS,),
         lambda x: x),
    Case("IgnoreErrorsDataset/infinite", lambda: everything(Dataset.from_tensor_slices(
        [1.0, 0.0, 4.0]).map(lambda x: fg.check_numerics(1.0 / x, "no")).apply(
            experimental.ignore_errors())), (), np.array([1.0, 0.25], np.float32)),
    Case("UniqueDataset/texts", lambda: everything(Dataset.from_tensor_slices(
        ["a", "b", "a"]).apply(experimental.unique())), (), np.array([b"a", b"b"], object)),
    Case("MapDataset/captured", lambda x: everything(Dataset.range(3).map(
        lambda i: fg.gather(x, i) + 1.0)), (ROWS,), lambda x: x + 1),
    Case("MapDataset/texts", lambda: everything(Dataset.from_tensor_slices(["a", "b"]).map(
        lambda text: text + "!")), (), np.array([b"a!", b"b!"], object)),
    Case("ParallelMapDataset/order", stepped("map", lambda x: x * x, 3), (),
         whole([n * n for n in range(10)])),
    Case("MapAndBatchDataset/pairs", lambda: first(Dataset.range(5).apply(
        experimental.map_and_batch(lambda x: (x, -x), 3))), (), [whole([0, 1, 2]),
                                                                 whole([0, -1, -2])]),
    Case("FilterDataset/even", stepped("filter", lambda x: fg.equal(x % 2, 0)), (),
         whole([0, 2, 4, 6, 8])),
    Case("TakeWhileDataset/small", applied("take_while", lambda x: x < 4), (),
         whole([0, 1, 2, 3])),
    Case("FlatMapDataset/repeated", lambda: everything(Dataset.range(4).flat_map(repeated)), (),
         whole([1, 2, 2, 3, 3, 3])),
    Case("InterleaveDataset/cycle", lambda: everything(Dataset.range(1, 5).interleave(
        repeated, cycle_length=2, block_length=2)), (), whole([1, 2, 2, 3, 3, 3, 4, 4, 4, 4])),
    Case("ParallelInterleaveDatasetV2/cycle", lambda: everything(Dataset.range(1, 5).interleave(
        repeated, cycle_length=2, block_length=2, num_parallel_calls=2)), (),
        whole([1, 2, 2, 3, 3, 3, 4, 4, 4, 4])),
    Case("ParallelInterleaveDataset/cycle", lambda: everything(Dataset.range(1, 4).apply(
        experimental.parallel_interleave(repeated, cycle_length=3))), (),
        whole([1, 2, 3, 2, 3, 3])),
    Case("ScanDataset/sums", applied("scan", np.int64(0), lambda s, x: (s + x, s + x), source=5),
         (), whole([0, 1, 3, 6, 10])),
    Case("GroupByWindowDataset/parity", applied(
        "group_by_window", lambda x: x % 2, lambda key, group: group.map(lambda x: x + 10 * key),
        window_size=2), (), whole([0, 2, 11, 13, 4, 6, 15, 17, 8])),
    Case("GroupByReducerDataset/sums", totals, (), whole([18, 12, 15])),
    Case("ReduceDataset/sum_and_count", reduced, (), [10, 5]),
    Case("DatasetToSingleElement/mapped", lambda x: experimental.get_single_element(
        Dataset.from_tensors(x).map(lambda y: y * 2.0)), (ROWS,), lambda x: 2 * x),
    Case("TextLineDataset/lines", lambda: everything(fg.data.TextLineDataset(
        [str(FILES / "lines.txt")])), (), np.array([b"one", b"two", b"last"], object)),
    Case("TextLineDataset/packed", lambda: everything(fg.data.TextLineDataset(
        str(FILES / "lines.txt.gz"), "GZIP")), (), np.array([b"packed"], object)),
    Case("TFRecordDataset/records", lambda: everything(fg.data.TFRecordDataset(
        str(FILES / "two.tfrecord"))), (), np.array([b"first", b"second"], object)),
    Case("FixedLengthRecordDatasetV2/header_and_footer", lambda: everything(
        fg.data.FixedLengthRecordDataset(str(FILES / "fixed.bin"), 2, 2, 1)), (),
        np.array([b"aa", b"bb"], object)),
    Case("DatasetToTFRecord/read_again", written, (), np.array([b"a", b"b"], object)),
    Case("CSVDataset/default", tabled, (), [np.array([b"ant", b"b, ee"], object),
                                            whole([1, 7], np.int32)]),
    Case("OneShotIterator/number", lambda: Dataset.from_tensors(7).repeat()
         .make_one_shot_iterator().get_next(), (), np.int32(7)),
    Case("IteratorFromStringHandleV2/number", by_handle, (), np.int64(0)),
    Case("IteratorGetNextAsOptional/there", optional, (), [True, 0]),
    Case("OptionalFromValue/parts", optional_parts, (), [[1, 2], True, False]),
    Case("DatasetCardinality/batches", lambda: experimental.cardinality(Dataset.range(10).batch(4)),
         (), np.int64(3)),
]
# What TensorFlow gives for Dataset.range(10).shuffle(5, seed=3).
SHUFFLED = [4, 1, 0, 2, 7, 8, 6, 3, 5, 9]


# ---- wrong use -----------------------------------------------------------------------------------


def not_a_dataset(op):
    """Builds an op with a number where a dataset should be."""
    inputs = [[] if param in op.lists else fg.constant(1.0) for param in op.params]
    attrs = {name: () for name, value in op.attr_defaults.items() if value is REQUIRED}
    return op.build(*inputs, **attrs)


def run_of(dataset):
    """What to run for the first element of a dataset made by `dataset()`."""
    return lambda: first(dataset())


ON_DATASETS = [op for module in (selection_ops, function_ops) for op in vars(module).values()
               if isinstance(op, type) and op.__module__ == module.__name__]
ON_DATASETS += [source_ops.ConcatenateDataset, source_ops.DirectedInterleaveDataset,
                DatasetToTFRecord, iterator_ops.MakeIterator, iterator_ops.DatasetCardinality,
                iterator_ops.OptionalHasValue, iterator_ops.OptionalGetValue]

BAD = [
    *(BadCase(f"{op.__name__}/not_a_dataset", partial(not_a_dataset, op), DTypeError,
              (op.__name__, "float32", "variant")) for op in ON_DATASETS),
    BadCase("TensorDataset/no_tensor", lambda: source_ops.TensorDataset.build(
        [object()], output_shapes=((),)), DTypeError, ("components",)),
    BadCase("TensorSliceDataset/scalar", lambda: source_ops.TensorSliceDataset.build(
        [fg.constant(1)], output_shapes=((),)), ShapeError, ("()",)),
    BadCase("TensorSliceDataset/rows", lambda: source_ops.TensorSliceDataset.build(
        [fg.constant([1, 2]), fg.constant([1, 2, 3])], output_shapes=((), ())), ShapeError,
        ("[2, 3]",)),
    BadCase("TensorSliceDataset/rows_in_the_run", lambda x, y: first(
        Dataset.from_tensor_slices((x, y))), InvalidArgumentError, ("(2,)", "(3,)"),
        (np.zeros(2), np.zeros(3)), "run"),
    BadCase("SparseTensorSliceDataset/order", lambda: first(Dataset.from_sparse_tensor_slices(
        fg.SparseTensor([[2, 0], [0, 1]], [5, 6], [3, 4]))), InvalidArgumentError, ("ordered",),
        phase="run"),
    BadCase("RangeDataset/step", run_of(lambda: Dataset.range(0, 5, 0)), InvalidArgumentError,
            ("step",), phase="run"),
    BadCase("RandomDataset/seeds", lambda: source_ops.RandomDataset.build(
        [1, 2], 3, output_types=(fg.int64,), output_shapes=((),)), ShapeError, ("(2,)",)),
    BadCase("GeneratorDataset/raises", run_of(lambda: Dataset.from_generator(
        lambda: iter(["text"]), fg.float32)), InvalidArgumentError, ("text", "float32"),
        phase="run"),
    BadCase("GeneratorDataset/shape", run_of(lambda: Dataset.from_generator(
        lambda: iter([[1, 2]]), fg.int32, [3])), InvalidArgumentError, ("(2,)", "(3,)"),
        phase="run"),
    BadCase("ZipDataset/nothing", lambda: source_ops.ZipDataset.build(
        [], output_types=(), output_shapes=()), ShapeError, ("one dataset",)),
    BadCase("ShardDataset/index", run_of(lambda: Dataset.range(3).shard(2, 2)),
            InvalidArgumentError, ("between 0 and 1",), phase="run"),
    BadCase("ShuffleDataset/buffer", run_of(lambda: Dataset.range(3).shuffle(0)),
            InvalidArgumentError, ("buffer_size",), phase="run"),
    BadCase("BatchDatasetV2/size", run_of(lambda: Dataset.range(3).batch(0)),
            InvalidArgumentError, ("greater than zero",), phase="run"),
    BadCase("BatchDatasetV2/shapes", run_of(lambda: Dataset.range(3).map(
        lambda n: fg.fill([n], n)).batch(3)), InvalidArgumentError, ("[0]", "element 1", "[1]"),
        phase="run"),
    BadCase("PaddedBatchDatasetV2/too_small", run_of(lambda: Dataset.range(3).map(
        lambda n: fg.fill([n], n)).padded_batch(3, [1])), DataLossError, ("[2]", "[1]"),
        phase="run"),
    BadCase("TextLineDataset/rank", lambda: TextLineDataset.build([["a"]], "", 1), ShapeError,
            ("(1, 1)",)),
    BadCase("TextLineDataset/missing", run_of(lambda: fg.data.TextLineDataset("/no/such/file")),
            NotFoundError, ("/no/such/file",), phase="run"),
    BadCase("TFRecordDataset/rank", lambda: TFRecordDataset.build([["a"]], "", 1), ShapeError,
            ("(1, 1)",)),
    BadCase("TFRecordDataset/no_records", run_of(lambda: fg.data.TFRecordDataset(
        str(FILES / "lines.txt"))), DataLossError, ("lines.txt",), phase="run"),
    BadCase("FixedLengthRecordDatasetV2/rank", lambda: FixedLengthRecordDatasetV2.build(
        [["a"]], 0, 1, 0, 1, ""), ShapeError, ("(1, 1)",)),
    BadCase("FixedLengthRecordDatasetV2/uneven", run_of(lambda: fg.data.FixedLengthRecordDataset(
        str(FILES / "fixed.bin"), 5)), InvalidArgumentError, ("7 bytes", "5 bytes"), phase="run"),
    BadCase("CSVDataset/rank", lambda: CSVDataset.build(
        [["a"]], "", 1, False, ",", True, "", [], [1], output_types=(fg.int32,),
        output_shapes=((),)), ShapeError, ("(1, 1)",)),
    BadCase("IteratorV2/nothing", lambda: iterator_ops.IteratorV2.build(
        output_types=(), output_shapes=()), ShapeError, ("one or more",)),
    BadCase("OneShotIterator/nothing", lambda: iterator_ops.OneShotIterator.build(
        dataset_factory=None, output_types=(), output_shapes=()), ShapeError, ("one or more",)),
    BadCase("IteratorGetNext/not_initialised", lambda: Dataset.range(
        3).make_initializable_iterator().get_next(), FailedPreconditionError,
        ("has not been initialized",), phase="run"),
    BadCase("IteratorGetNextAsOptional/not_initialised", lambda: experimental.get_next_as_optional(
        Dataset.range(3).make_initializable_iterator()).has_value(), FailedPreconditionError,
        ("has not been initialized",), phase="run"),
    BadCase("IteratorToStringHandle/number", lambda: iterator_ops.IteratorToStringHandle.build(1),
            DTypeError, ("resource",)),
    BadCase("IteratorFromStringHandleV2/junk", lambda: fg.data.Iterator.from_string_handle(
        "junk", fg.int64).get_next(), InvalidArgumentError, ("stands for no iterator",),
        phase="run"),
    BadCase("OptionalFromValue/no_tensor", lambda: iterator_ops.OptionalFromValue.build(
        [object()]), DTypeError, ("components",)),
    BadCase("OptionalGetValue/none", lambda: experimental.Optional.none_from_structure(
        fg.TensorSpec([], fg.int32)).get_value(), InvalidArgumentError, ("does not have a value",),
        phase="run"),
]
