"""Datasets in the graph: structures of elements, static shapes, names; orders as TensorFlow's."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

import flowgraph as fg

Dataset, experimental = fg.data.Dataset, fg.data.experimental


def elements(dataset, count=100):
    """The first elements of a dataset, as Python values."""
    iterator = dataset.make_initializable_iterator()
    element = iterator.get_next()
    found = []
    with fg.Session() as session:
        session.run(iterator.initializer)
        try:
            for _ in range(count):
                found.append(session.run(element))
        except fg.errors.OutOfRangeError:
            pass
    return [plain(one) for one in found]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        made = [plain(part) for part in value]
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    return value.tolist() if hasattr(value, "tolist") else value


# ---- structures ----------------------------------------------------------------------------------


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(("tensors", "expected"), [
    pytest.param(([1, 2], {"b": ["x", "y"], "a": [0.5, 1.5]}),
                 [(1, {"b": b"x", "a": 0.5}), (2, {"b": b"y", "a": 1.5})], id="tuple and dict"),
    pytest.param(Pair([1, 2], [3, 4]), [Pair(1, 3), Pair(2, 4)], id="named tuple"),
    pytest.param([[1, 2], [3, 4]], [[1, 2], [3, 4]], id="a list is a tensor"),
])
def test_slices_keep_the_structure(tensors, expected) -> None:
    assert elements(Dataset.from_tensor_slices(tensors)) == expected


def test_a_tuple_is_spread_over_the_arguments_and_a_dict_is_one_argument() -> None:
    pairs = Dataset.from_tensor_slices(([1, 2], [3, 4]))
    assert elements(pairs.map(lambda a, b: a * b)) == [3, 8]
    named = Dataset.from_tensor_slices({"a": [1, 2], "b": [3, 4]})
    assert elements(named.map(lambda d: d["a"] * d["b"])) == [3, 8]


def test_a_function_that_returns_a_list_gives_a_tuple() -> None:
    assert elements(Dataset.range(2).map(lambda x: [x, -x])) == [(0, 0), (1, -1)]


def test_sparse_tensors_are_sliced_batched_and_unbatched() -> None:
    sparse = fg.SparseTensor([[0, 1], [2, 0]], [5, 6], [3, 4])
    batches = Dataset.from_tensor_slices(sparse).batch(2).map(fg.sparse.to_dense)
    assert elements(batches) == [[[0, 5, 0, 0], [0, 0, 0, 0]], [[6, 0, 0, 0]]]
    rows = Dataset.from_tensors(sparse).unbatch().map(fg.sparse.to_dense)
    assert elements(rows) == [[0, 5, 0, 0], [0, 0, 0, 0], [6, 0, 0, 0]]
    assert Dataset.from_tensors(sparse).batch(2).output_classes is fg.SparseTensor


@pytest.mark.parametrize(("make", "shape"), [
    pytest.param(lambda d: d.batch(2), [None, 3], id="batch"),
    pytest.param(lambda d: d.batch(2, drop_remainder=True), [2, 3], id="drop_remainder"),
    pytest.param(lambda d: d.batch(fg.constant(2, fg.int64), True), [2, 3], id="known tensor"),
    pytest.param(lambda d: d.batch(2, True).batch(5), [None, 2, 3], id="twice"),
    pytest.param(lambda d: d.padded_batch(2, [None]), [None, None], id="padded"),
    pytest.param(lambda d: d.padded_batch(2, [7], drop_remainder=True), [2, 7], id="padded to 7"),
    pytest.param(lambda d: d.unbatch(), [], id="unbatch"),
    pytest.param(lambda d: d.concatenate(Dataset.from_tensors([1.0])), [None], id="concatenate"),
])
def test_static_shapes_are_tensorflows(make, shape) -> None:
    dataset = make(Dataset.from_tensor_slices(np.zeros((4, 3), np.float32)))
    assert dataset.output_shapes.as_list() == shape
    assert dataset.make_one_shot_iterator().get_next().shape.as_list() == shape


def test_names_and_types_of_nodes_are_tensorflows() -> None:
    with fg.Graph().as_default() as graph:
        dataset = Dataset.from_tensor_slices([1, 2]).map(lambda x: fg.add(x, 1)).batch(2)
        iterator = dataset.make_initializable_iterator()
        iterator.get_next()
        names = [(op.name, op.type) for op in graph.get_operations()]
        assert graph.get_collection("iterators") == [iterator._iterator_resource]
    assert names == [
        ("normalize_element/component_0", "Const"), ("TensorSliceDataset", "TensorSliceDataset"),
        ("MapDataset", "MapDataset"), ("batch_size", "Const"), ("drop_remainder", "Const"),
        ("BatchDatasetV2", "BatchDatasetV2"), ("IteratorV2", "IteratorV2"),
        ("MakeIterator", "MakeIterator"), ("IteratorToStringHandle", "IteratorToStringHandle"),
        ("IteratorGetNext", "IteratorGetNext")]


@pytest.mark.parametrize(("build", "error", "words"), [
    pytest.param(lambda: Dataset.from_tensor_slices(1), ValueError, "scalar", id="scalar"),
    pytest.param(lambda: Dataset.from_tensor_slices(([1], [1, 2])), ValueError, "1 and 2",
                 id="rows"),
    pytest.param(lambda: Dataset.zip([Dataset.range(1)]), TypeError, "please use a tuple",
                 id="list of datasets"),
    pytest.param(lambda: Dataset.range(1).concatenate(Dataset.from_tensors(1.0)), TypeError,
                 "different types", id="concatenate"),
    pytest.param(lambda: Dataset.range(1).flat_map(lambda x: x), TypeError, "must return a",
                 id="flat_map"),
    pytest.param(lambda: Dataset.range(1).filter(lambda x: x), ValueError, "scalar boolean",
                 id="filter"),
    pytest.param(lambda: Dataset.range(1).map(3), TypeError, "needs a function", id="map"),
    pytest.param(lambda: Dataset.range(1).map(lambda x: None), ValueError, "return value",
                 id="nothing returned"),
    pytest.param(lambda: Dataset.range(1).reduce(0, lambda s, x: x), TypeError, "initial state",
                 id="reduce"),
    pytest.param(lambda: Dataset.range(), ValueError, "takes", id="range"),
    pytest.param(lambda: Dataset.range(3).padded_batch(2, [1]), ValueError, "not compatible",
                 id="padded rank"),
    pytest.param(lambda: Dataset.range(3).padded_batch(2, [], 1.0), TypeError, "output type",
                 id="padding value"),
    pytest.param(lambda: Dataset.from_generator([1], fg.int32), TypeError, "callable",
                 id="generator"),
    pytest.param(lambda: Dataset.range(3).apply(lambda d: 1), TypeError, "return a Dataset",
                 id="apply"),
    pytest.param(lambda: list(Dataset.range(3)), RuntimeError, "get_next", id="iteration"),
    pytest.param(lambda: Dataset.range(3).with_options(experimental.Reducer(1, 2, 3)),
                 TypeError, "tf.data.Options", id="no options"),
])
def test_wrong_use_is_told_when_the_graph_is_built(build, error, words) -> None:
    with pytest.raises(error, match=words):
        build()


# ---- orders --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "expected"), [
    pytest.param(lambda: Dataset.range(8).shuffle(8, seed=7), [4, 5, 2, 3, 1, 6, 0, 7], id="all"),
    pytest.param(lambda: Dataset.range(8).shuffle(3, seed=7), [1, 2, 0, 3, 6, 4, 5, 7],
                 id="small buffer"),
    pytest.param(lambda: Dataset.range(8).shuffle(3, seed=7, reshuffle_each_iteration=False),
                 [0, 2, 3, 4, 5, 7, 6, 1], id="without reshuffling"),
    pytest.param(lambda: Dataset.range(8).shuffle(8, seed=7).repeat(2),
                 [4, 5, 2, 3, 1, 6, 0, 7, 5, 1, 3, 7, 6, 2, 0, 4], id="each round another order"),
    pytest.param(lambda: Dataset.range(8).shuffle(
        8, seed=7, reshuffle_each_iteration=False).repeat(2),
        [7, 5, 3, 0, 4, 2, 6, 1] * 2, id="each round the same order"),
    pytest.param(lambda: Dataset.from_tensor_slices(np.arange(8)).shuffle(8, seed=7).batch(8)
                 .unbatch(), [4, 5, 2, 3, 1, 6, 0, 7], id="by row numbers"),
])
def test_a_seed_gives_the_order_that_tensorflow_gives(make, expected) -> None:
    dataset = make()
    assert elements(dataset) == expected
    assert elements(dataset) == expected, "a new pass starts anew"


def test_a_graph_seed_alone_gives_an_order_that_stays() -> None:
    def order():
        with fg.Graph().as_default():
            fg.set_random_seed(3)
            return elements(Dataset.range(50).shuffle(50))
    assert order() == order() != list(range(50))


def test_without_a_seed_orders_differ() -> None:
    dataset = Dataset.range(50).shuffle(50)
    assert elements(dataset) != elements(dataset)


def test_one_dataset_used_twice_is_shuffled_twice() -> None:
    shuffled = Dataset.range(5).shuffle(5, seed=4)
    pairs = elements(Dataset.zip((shuffled, shuffled)))
    assert [left for left, _ in pairs] == [right for _, right in pairs] == [1, 2, 4, 3, 0]


def test_samples_are_drawn_as_tensorflow_draws_them() -> None:
    sampled = experimental.sample_from_datasets(
        [Dataset.range(0, 10), Dataset.range(100, 110)], [0.3, 0.7], seed=3)
    assert elements(sampled, 8) == SAMPLED


SAMPLED = [100, 101, 102, 0, 103, 104, 105, 106]


# ---- what a pass is ------------------------------------------------------------------------------


def test_results_are_the_callers_own() -> None:
    element = Dataset.from_tensors(np.zeros(3)).repeat().make_one_shot_iterator().get_next()
    session = fg.Session()
    session.run(element)[:] = 7.0
    assert session.run(element).tolist() == [0.0, 0.0, 0.0]


def test_a_fed_array_may_be_changed_after_the_initialiser_has_run() -> None:
    rows = fg.placeholder(fg.float64, [None])
    iterator = Dataset.from_tensor_slices(rows).make_initializable_iterator()
    element = iterator.get_next()
    array = np.arange(3.0)
    with fg.Session() as session:
        session.run(iterator.initializer, {rows: array})
        array[:] = 9.0
        assert float(session.run(element)) == 0.0


def test_an_error_in_one_element_leaves_the_others() -> None:
    dataset = Dataset.from_tensor_slices([1.0, 0.0, 4.0])
    inverse = dataset.map(lambda x: fg.check_numerics(1.0 / x, "infinite"))
    element = inverse.make_one_shot_iterator().get_next()
    with fg.Session() as session:
        assert session.run(element) == 1.0
        with pytest.raises(fg.errors.InvalidArgumentError, match=r"CheckNumerics .*infinite"):
            session.run(element)
        assert session.run(element) == 0.25
    assert elements(inverse.apply(experimental.ignore_errors())) == [1.0, 0.25]


def test_options_are_merged_and_checked() -> None:
    first, second = fg.data.Options(), fg.data.Options()
    first.experimental_deterministic = True
    second.experimental_optimization.map_fusion = True
    both = Dataset.range(1).with_options(first).batch(2).with_options(second).options()
    assert both.experimental_deterministic is True
    assert both.experimental_optimization.map_fusion is True
    second.experimental_deterministic = False
    with pytest.raises(ValueError, match="experimental_deterministic"):
        first.merge(second)
    with pytest.raises(TypeError, match="bool"):
        first.experimental_deterministic = 3
    with pytest.raises(AttributeError, match="no_such_option"):
        first.no_such_option = True
