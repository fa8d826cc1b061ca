"""SparseTensor: what it is made of, fetching and feeding it, its operators."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import nest


@pytest.fixture(autouse=True)
def fresh_graph():
    with fg.Graph().as_default():
        yield


def small(**kwargs):
    parts = {"indices": [[0, 1], [2, 0]], "values": [1.0, 2.0], "dense_shape": [3, 2], **kwargs}
    return fg.SparseTensor(**parts)


def assert_value(value, indices, values, dense_shape):
    assert isinstance(value, fg.SparseTensorValue)
    for got, want in zip(value, (indices, values, dense_shape), strict=True):
        np.testing.assert_array_equal(got, want)


# ---- the class -----------------------------------------------------------------------------------


def test_the_parts_have_tensorflows_dtypes_and_names():
    s = small()
    assert [part.name for part in (s.indices, s.values, s.dense_shape)] == [
        "SparseTensor/indices:0", "SparseTensor/values:0", "SparseTensor/dense_shape:0"]
    assert [part.dtype for part in (s.indices, s.values, s.dense_shape)] == [
        fg.int64, fg.float32, fg.int64]
    assert (s.dtype, s.op, s.graph) == (fg.float32, s.values.op, fg.get_default_graph())
    assert s.name == s.values.name
    assert s.shape.as_list() == s.get_shape().as_list() == [3, 2]


def test_tensors_are_taken_as_they_are():
    values = fg.constant([1, 2], name="v")
    assert small(values=values).values is values


def test_the_static_shape_is_as_much_as_the_graph_tells():
    n = fg.placeholder(fg.int64, [])
    assert small(dense_shape=fg.stack([n, 2])).shape.as_list() == [None, 2]
    assert small(dense_shape=fg.placeholder(fg.int64, [2])).shape.as_list() == [None, None]
    assert small(indices=fg.placeholder(fg.int64), dense_shape=fg.placeholder(fg.int64)
                 ).shape.ndims is None


@pytest.mark.parametrize("wrong, words", [
    ({"indices": [0, 1]}, "indices of rank 2"),
    ({"values": [[1.0], [2.0]]}, "values of rank 1"),
    ({"dense_shape": [[3, 2]]}, "dense_shape of rank 1"),
    ({"values": [1.0, 2.0, 3.0]}, "one row of indices per value"),
    ({"dense_shape": [3, 2, 1]}, "one column of indices"),
])
def test_parts_that_do_not_go_together_raise(wrong, words):
    with pytest.raises(ValueError, match=words):
        small(**wrong)


def test_int32_indices_raise():
    with pytest.raises(ValueError, match="int64"):
        small(indices=fg.constant([[0, 1], [2, 0]]))


def test_from_value_takes_both_kinds():
    value = fg.SparseTensorValue([[0]], [1.0], [2])
    assert fg.SparseTensor.from_value(value).shape.as_list() == [2]
    s = small()
    assert fg.SparseTensor.from_value(s).values is s.values
    with pytest.raises(TypeError, match="Neither"):
        fg.SparseTensor.from_value([[0]])


def test_it_is_no_tensor():
    with pytest.raises(TypeError):
        fg.convert_to_tensor(small())
    with pytest.raises(TypeError):
        fg.add(small(), 1.0)
    with pytest.raises(TypeError):
        small() + 1.0


def test_nest_opens_it_on_request():
    s = small()
    assert nest.flatten([s]) == [s]
    assert nest.flatten([s], expand_composites=True) == [s.indices, s.values, s.dense_shape]
    doubled = nest.map_structure(lambda t: t * 2, s, expand_composites=True)
    assert_value(fg.Session().run(doubled), [[0, 2], [4, 0]], [2, 4], [6, 4])


def test_consumers_are_those_of_all_parts():
    s = small()
    dense = fg.sparse_tensor_to_dense(s)
    assert s.consumers() == [dense.op]


# ---- fetching and feeding ------------------------------------------------------------------------


def test_a_fetch_gives_its_three_arrays():
    s = small()
    with fg.Session() as session:
        assert_value(session.run(s), [[0, 1], [2, 0]], [1, 2], [3, 2])
        assert_value(s.eval(), [[0, 1], [2, 0]], [1, 2], [3, 2])
        nested = session.run({"a": (s, s.values), "b": [s]})
    assert_value(nested["a"][0], [[0, 1], [2, 0]], [1, 2], [3, 2])
    assert_value(nested["b"][0], [[0, 1], [2, 0]], [1, 2], [3, 2])


def test_eval_needs_a_session():
    with pytest.raises(ValueError, match="default session"):
        small().eval()


@pytest.mark.parametrize("kind", [fg.SparseTensorValue, lambda *parts: parts,
                                  lambda *parts: list(parts)])
def test_a_placeholder_is_fed_its_three_parts(kind):
    s = fg.sparse_placeholder(fg.float32, name="s")
    with fg.Session() as session:
        value = kind([[1, 1]], [5.0], [2, 2])
        assert_value(session.run(s, {s: value}), [[1, 1]], [5], [2, 2])
        assert session.run(fg.sparse_reduce_sum(s), {s: value}) == 5.0


def test_what_was_fetched_can_be_fed():
    s = fg.sparse_placeholder(fg.float32)
    with fg.Session() as session:
        value = session.run(small())
        assert_value(session.run(s, {s: value}), *value)


def test_any_sparse_tensor_can_be_fed():
    s = small()
    total = fg.sparse_reduce_sum(s)
    assert fg.Session().run(total, {s: ([[0, 0], [1, 1]], [3.0, 4.0], [3, 2])}) == 7.0


def test_placeholders_names_and_shapes_are_tensorflows():
    s = fg.sparse_placeholder(fg.float32, [None, 3], name="s")
    assert [t.name for t in (s.indices, s.values, s.dense_shape)] == [
        "s/indices:0", "s/values:0", "s/shape:0"]
    assert s.indices.shape.as_list() == [None, 2]
    assert s.dense_shape.op.type == "Placeholder"
    static = fg.sparse_placeholder(fg.float32, [2, 3])
    assert static.shape.as_list() == [2, 3]
    assert fg.sparse_placeholder(fg.float32).shape.ndims is None
    shape = fg.constant([4, 5], fg.int64)
    assert fg.sparse_placeholder(fg.float32, shape).shape.as_list() == [4, 5]


def test_wrong_feeds_say_what_is_expected():
    s = fg.sparse_placeholder(fg.float32)
    with fg.Session() as session:
        with pytest.raises(TypeError, match="SparseTensorValue"):
            session.run(s, {s: 3.0})
        with pytest.raises(TypeError, match="SparseTensorValue"):
            session.run(s, {s: small()})
        with pytest.raises(ValueError, match="three parts"):
            session.run(s, {s: ([[0]], [1.0])})
        with pytest.raises(fg.errors.InvalidArgumentError, match="feed"):
            session.run(s.values + 1.0)


# ---- operators -----------------------------------------------------------------------------------


def test_products_and_quotients_keep_the_places():
    s = small()
    assert (s * 2.0).values.op.name == "mul"
    assert (s / 2.0).values.op.name == "truediv"
    assert (fg.constant(2.0) * s).values.op.name == "mul_1"
    dense = fg.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 8.0]])
    with fg.Session() as session:
        assert_value(session.run(s * dense), [[0, 1], [2, 0]], [2, 10], [3, 2])
        assert_value(session.run(dense * s), [[0, 1], [2, 0]], [2, 10], [3, 2])
        assert_value(session.run(s / 4.0), [[0, 1], [2, 0]], [0.25, 0.5], [3, 2])


def test_only_tensors_stand_on_the_left():
    with pytest.raises(TypeError):
        2.0 * small()
    with pytest.raises(TypeError):
        fg.constant(2.0) / small()


def test_dtypes_do_not_mix():
    with pytest.raises((TypeError, ValueError)):
        small() * fg.constant(2)


def test_functions_of_single_elements_work_on_the_values():
    s = small(values=[4.0, 9.0])
    root = fg.sqrt(s, name="root")
    assert isinstance(root, fg.SparseTensor)
    assert root.indices is s.indices
    assert_value(fg.Session().run(root), [[0, 1], [2, 0]], [2, 3], [3, 2])
    with pytest.raises(TypeError):
        fg.exp(s)  # neither does TensorFlow 1


def test_gradients_with_respect_to_the_values():
    values = fg.placeholder(fg.float32, [2])
    s = fg.sparse_reorder(small(indices=[[2, 0], [0, 1]], values=values))
    loss = fg.reduce_sum(fg.sparse_tensor_dense_matmul(fg.square(s), [[1.0], [10.0]]))
    (gradient,) = fg.gradients(loss, values)
    np.testing.assert_array_equal(fg.Session().run(gradient, {values: [3.0, 5.0]}), [6.0, 100.0])


# ---- conversion ----------------------------------------------------------------------------------


def test_convert_to_tensor_or_sparse_tensor():
    s = small()
    convert = fg.convert_to_tensor_or_sparse_tensor
    assert convert(s) is s
    assert convert(s, fg.float32) is s
    assert isinstance(convert(fg.SparseTensorValue([[0]], [1.0], [2])), fg.SparseTensor)
    assert convert([1.0], name="c").name == "c:0"
    with pytest.raises(RuntimeError, match="float64"):
        convert(s, fg.float64)


def test_convert_to_tensor_or_indexed_slices():
    rows = fg.IndexedSlices(fg.constant([[1.0]]), fg.constant([0]))
    assert fg.convert_to_tensor_or_indexed_slices(rows) is rows
    assert fg.convert_to_tensor_or_indexed_slices([1]).dtype == fg.int32
    with pytest.raises(ValueError, match="float64"):
        fg.convert_to_tensor_or_indexed_slices(rows, fg.float64)


def test_a_result_with_more_places_than_an_int64_counts_is_refused():
    huge = fg.SparseTensor([[2**39, 7, 1]], [1.0], [2**40, 2**40, 3])
    with pytest.raises(fg.errors.InvalidArgumentError, match="too many to number"):
        fg.Session().run(fg.sparse_reduce_sum_sparse(huge, 2))
