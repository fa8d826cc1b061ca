"""TensorSpec and the other descriptions of values."""

from __future__ import annotations

import copy
from itertools import product

import numpy as np
import pytest

import flowgraph as fg

SPECS = {
    "any": fg.TensorSpec(None), "pairs": fg.TensorSpec([None, 2]), "pair": fg.TensorSpec([3, 2]),
    "ints": fg.TensorSpec([3, 2], fg.int32), "named": fg.TensorSpec([3, 2], name="x"),
    "sparse": fg.SparseTensorSpec([3, 2]), "sparse_any": fg.SparseTensorSpec(),
    "slices": fg.IndexedSlicesSpec([None, 2]), "array": fg.TensorArraySpec([2]),
    "grows": fg.TensorArraySpec([2], dynamic_size=True)}
COMPATIBLE = [{"any", "pairs", "pair", "named"}, {"ints"}, {"sparse", "sparse_any"}, {"slices"},
              {"array"}, {"grows"}]


@pytest.mark.parametrize(("a", "b"), list(product(SPECS, SPECS)))
def test_specs_are_compatible_when_a_value_could_fit_both(a, b) -> None:
    same_group = any(a in group and b in group for group in COMPATIBLE)
    assert SPECS[a].is_compatible_with(SPECS[b]) is same_group
    assert (SPECS[a] == SPECS[b]) is (a == b)


@pytest.mark.parametrize("name", SPECS)
def test_a_copy_of_a_spec_is_equal_to_it(name) -> None:
    spec = SPECS[name]
    assert copy.copy(spec) == spec
    assert len({copy.copy(spec), spec}) == 1


def test_specs_say_what_they_are() -> None:
    assert repr(SPECS["pairs"]) == "TensorSpec(shape=(?, 2), dtype=tf.float32, name=None)"
    assert repr(SPECS["sparse_any"]) == "SparseTensorSpec(TensorShape(None), tf.float32)"
    assert SPECS["named"].shape.as_list() == [3, 2]
    assert (SPECS["ints"].dtype, SPECS["named"].name) == (fg.int32, "x")
    assert (SPECS["sparse"].shape.as_list(), SPECS["sparse"].dtype) == ([3, 2], fg.float32)
    assert [SPECS[name].value_type for name in ("any", "sparse", "slices", "array")] == [
        fg.Tensor, fg.SparseTensor, fg.IndexedSlices, fg.TensorArray]


def test_values_are_described_and_compared() -> None:
    sparse = fg.SparseTensor([[0, 0]], [1.0], [3, 2])
    rows = fg.IndexedSlices(fg.zeros([2, 3]), fg.constant([0, 4], fg.int64), fg.constant([7, 3]))
    assert SPECS["pairs"].is_compatible_with(fg.zeros([5, 2]))
    assert not SPECS["pairs"].is_compatible_with(np.zeros((5, 2), np.float32))  # as in TensorFlow
    assert SPECS["sparse"].is_compatible_with(sparse)
    assert SPECS["sparse"].is_compatible_with(
        fg.SparseTensorValue(np.array([[0, 0]]), np.array([1], np.float32), np.array([3, 2])))
    assert not SPECS["sparse"].is_compatible_with([[1.0, 2.0]])
    assert fg.SparseTensorSpec([2, 3, 2]).is_compatible_with([sparse, sparse])
    assert not SPECS["sparse"].is_compatible_with([np.zeros(3), np.zeros(4)])
    assert not SPECS["slices"].is_compatible_with(rows)  # these have a dense_shape
    assert fg.IndexedSlicesSpec([7, 3], dense_shape_dtype=fg.int32,
                                indices_shape=[2]).is_compatible_with(rows)
    assert SPECS["array"].is_compatible_with(fg.TensorArray(fg.float32, 3, element_shape=[2]))
    assert not SPECS["array"].is_compatible_with(fg.TensorArray(fg.int32, 3))
    with pytest.raises(TypeError, match="Could not build a TypeSpec"):
        SPECS["sparse"].is_compatible_with(object())


def test_what_is_true_of_two_specs() -> None:
    def common(a, b):
        return a.most_specific_compatible_type(b)

    assert common(fg.TensorSpec([3, 2]), fg.TensorSpec([5, 2])) == fg.TensorSpec([None, 2])
    assert common(fg.TensorSpec([3]), fg.TensorSpec([5, 2])) == fg.TensorSpec(None)
    assert common(SPECS["named"], SPECS["named"]).name == "x"
    assert common(SPECS["named"], SPECS["pair"]).name is None
    assert common(fg.SparseTensorSpec([3, 2]), fg.SparseTensorSpec([3, 4])) == (
        fg.SparseTensorSpec([3, None]))
    assert common(fg.TensorArraySpec([None]), fg.TensorArraySpec([2], infer_shape=False)) == (
        fg.TensorArraySpec([None], infer_shape=False))


@pytest.mark.parametrize(("a", "b"), [("pair", "ints"), ("sparse", "pair"), ("array", "grows"),
                                      ("slices", "sparse")])
def test_specs_without_a_common_description_raise(a, b) -> None:
    with pytest.raises(ValueError, match="ompatible"):
        SPECS[a].most_specific_compatible_type(SPECS[b])


def test_specs_are_made_from_tensors_and_specs() -> None:
    tensor = fg.zeros([2], fg.int32, name="z")
    assert fg.TensorSpec.from_tensor(tensor) == fg.TensorSpec([2], fg.int32, "z")
    assert fg.TensorSpec.from_tensor(tensor, "q").name == "q"
    assert fg.TensorSpec.from_spec(SPECS["named"], "q") == fg.TensorSpec([3, 2], name="q")
    assert fg.TensorSpec.from_spec(SPECS["named"]).name == "x"
    with pytest.raises(ValueError, match=r"should be a tf\.Tensor"):
        fg.TensorSpec.from_tensor(np.zeros(3))


def test_wrong_parts_raise() -> None:
    with pytest.raises(TypeError):
        fg.TensorSpec([2], "foo")
    with pytest.raises(ValueError, match="rank 1"):
        fg.IndexedSlicesSpec(indices_shape=[2, 3])
    with pytest.raises(TypeError, match="SparseTensor"):
        fg.SparseTensorSpec.from_value(3)
    with pytest.raises(TypeError, match="TensorArray"):
        fg.TensorArraySpec.from_value(3)
    with pytest.raises(NotImplementedError):
        print(fg.TypeSpec().value_type)
