"""build: inputs converted, dtypes settled, shapes inferred, and errors at the user's line."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.errors import DTypeError, ShapeError
from flowgraph.opdef.opdef import op_def


def this_line() -> int:
    return sys._getframe(1).f_lineno


# ---- dtypes of Python values ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "int64", "uint8",
                                   "complex64"])
def test_a_python_number_takes_the_tensors_dtype(dtype) -> None:
    x = fg.placeholder(dtype, [2])
    assert [t.dtype.name for t in (x + 1, 1 + x, x * [1, 2], fg.subtract(2, x))] == [dtype] * 4


def test_an_array_takes_the_tensors_dtype() -> None:
    x = fg.placeholder(fg.float32, [2])
    for array in (np.array([1.0, 2.0]), np.array([1, 2]), np.float64(2.0), [np.float64(1), 2]):
        assert (x + array).dtype is fg.float32
        assert (array + x).dtype is fg.float32 if not isinstance(array, list) else True


def test_values_alone_have_the_dtypes_of_python() -> None:
    assert fg.add(1, 2).dtype is fg.int32
    assert fg.add(1.0, 2.0).dtype is fg.float32
    assert fg.add(np.float64(1), 2).dtype is fg.float64


def test_an_empty_list_takes_the_dtype_that_the_op_prefers() -> None:
    x = fg.constant(5.0)
    assert fg.reshape(x, []).shape.as_list() == []
    assert fg.Session().run(fg.reduce_sum(fg.ones([2, 2]), axis=[])).tolist() == [[1, 1], [1, 1]]


def test_the_index_dtype_of_a_shape_stays_int32_or_int64() -> None:
    x = fg.ones([6])
    for shape, dtype in (([2, 3], fg.int32), (np.array([2, 3]), fg.int64),
                         (fg.constant([2, 3], fg.int64), fg.int64), ((2, -1), fg.int32)):
        assert fg.reshape(x, shape).op.inputs[1].dtype is dtype


def test_dimensions_may_stand_in_shapes() -> None:
    x = fg.placeholder(fg.float32, [None, 3, 4])
    shape = x.get_shape()
    assert fg.reshape(x, [-1, shape[1] * shape[2]]).shape.as_list() == [None, 12]
    assert fg.reshape(x, [fg.shape(x)[0], shape[2], shape[1]]).shape.as_list() == [None, 4, 3]
    assert fg.zeros([shape[1], 5]).shape.as_list() == [3, 5]
    with pytest.raises(TypeError, match="a list holds an unknown Dimension"):
        fg.reshape(x, [shape[0], 12])


# ---- messages: golden ----------------------------------------------------------------------------


def test_a_dtype_mismatch_names_op_inputs_shapes_dtypes_and_lines() -> None:
    line = this_line() + 1
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    y = fg.constant([1, 2, 3], name="y")
    with pytest.raises(DTypeError) as caught:
        fg.multiply(x, y, name="scaled")
    assert str(caught.value) == (
        f"Mul 'scaled' (test_build.py:{line + 3}) cannot mix float32 and int32\n"
        f"  x =  'x:0'  (?, 3) float32  test_build.py:{line}\n"
        f"  y =  'y:0'  (3,) int32      test_build.py:{line + 1}\n"
        "  'x' and 'y' must have one dtype. Write tf.cast(..., tf.float32).   "
        "docs: errors#dtype-error")


def test_a_shape_mismatch_names_op_inputs_shapes_dtypes_and_lines() -> None:
    line = this_line() + 1
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    y = fg.zeros([2, 4], name="y")
    with pytest.raises(ShapeError) as caught:
        x - y
    assert str(caught.value) == (
        f"Sub 'sub' (test_build.py:{line + 3}) cannot broadcast (?, 3) with (2, 4)\n"
        f"  x =  'x:0'  (?, 3) float32  test_build.py:{line}\n"
        f"  y =  'y:0'  (2, 4) float32  test_build.py:{line + 1}\n"
        "  Shapes are aligned at the right; the sizes 3 and 4 must be equal, or one of them 1.   "
        "docs: errors#shape-error")


def test_a_value_that_does_not_fit_names_op_parameter_and_the_other_inputs() -> None:
    line = this_line() + 1
    x = fg.placeholder(fg.int32, [2], name="x")
    with pytest.raises(DTypeError) as caught:
        fg.multiply(x, 1.5)
    assert str(caught.value) == (
        f"Mul 'Mul' (test_build.py:{line + 2}) cannot take the value given for 'y'\n"
        f"  x =  'x:0'  (2,) int32  test_build.py:{line}\n"
        "  expected int32, got 1.5 of type 'float' instead. For fractions write tf.cast(..., "
        "tf.float32) around the int32 tensor.   docs: errors#dtype-error")


@pytest.mark.parametrize("build", [lambda t: t / 20.0, lambda t: 20.0 / t, lambda t: 1.5 - t,
                                   lambda t: t > 0.5, lambda t: fg.maximum(t, 1.5)])
def test_a_fraction_beside_an_integer_variable_says_which_cast_to_write(build) -> None:
    t = fg.Variable(0, dtype=fg.int64, name="t")
    with pytest.raises(DTypeError, match=r"test_build.py:\d+\) cannot take the value given for "
                       r"'[xy]'(.|\n)*tf.cast\(..., tf.float32\) around the int64 tensor"):
        build(t)


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda x: fg.multiply(x, None), ValueError, ["'y'", "None values not supported"]),
    (lambda x: fg.multiply(None, 1.0), ValueError, ["'x'", "None values not supported"]),
    (lambda x: fg.multiply(x, "a"), TypeError, ["expected float32, got 'a'"]),
    (lambda x: fg.multiply(x, [[1], [1, 2]]), ValueError, ["'y'", "uneven lengths"]),
    (lambda x: fg.multiply(x, object()), TypeError, ["'y'", "cannot make a tensor of object"]),
    (lambda x: fg.reshape(x, [None, 2]), TypeError, ["'shape'", "a list holds None"]),
    (lambda x: fg.reshape(x, [2.0, 1.0]), TypeError, ["does not take float32 for 'shape'",
                                                      "int32 or int64"]),
    (lambda x: fg.logical_not(x), TypeError, ["does not take float32", "It takes bool"]),
    (lambda x: fg.add_n(3), ValueError, ["add_n"]),
    (lambda x: fg.square("text"), TypeError, ["Square"]),
])
def test_wrong_inputs_raise_at_the_users_line(build, error, words) -> None:
    with pytest.raises(error) as caught:
        build(fg.placeholder(fg.float32, [2], name="x"))
    for word in words:
        assert word in str(caught.value)


def test_a_variable_of_another_dtype_is_named_like_a_tensor() -> None:
    x = fg.placeholder(fg.int32, [2], name="x")
    v = fg.Variable([1.0, 2.0], name="v")
    for build in (lambda: fg.multiply(x, v), lambda: fg.multiply(v, x)):
        with pytest.raises(TypeError, match=r"Mul 'Mul.*' \(test_build.py:.* cannot mix") as caught:
            build()
        assert "(2,) float32" in str(caught.value)
        assert "'x:0'" in str(caught.value)


def test_an_op_that_changes_a_variable_wants_the_variable_itself() -> None:
    with pytest.raises(TypeError, match=r"Pass the tf.Variable itself, not its value"):
        op_def("Assign").build(fg.constant(1.0), 2.0)


def test_a_list_parameter_wants_a_list() -> None:
    with pytest.raises(TypeError, match=r"AddN .*takes a list of tensors for 'inputs', got <tf"):
        op_def("AddN").build(fg.constant(1.0))


def test_messages_never_hold_the_contents_of_arrays() -> None:
    secret = np.full((3, 4), 7777.0, np.float32)
    with pytest.raises(ShapeError) as caught:
        fg.add(fg.constant(secret), np.ones((2,), np.float32))
    assert "7777" not in str(caught.value)


@pytest.mark.parametrize(("build", "advised"), [
    (lambda i, f: i + f, "float32"), (lambda i, f: f + i, "float32"),
    (lambda i, f: fg.concat([i, f], 0), "All of 'values' must have one dtype"),
])
def test_mixed_dtypes_are_told_to_become_the_float(build, advised) -> None:
    with pytest.raises(fg.errors.DTypeError) as caught:
        build(fg.constant([1]), fg.constant([1.0]))
    assert advised in str(caught.value).splitlines()[-1]
    assert "Write tf.cast(..., tf.float32)" in str(caught.value)


@pytest.mark.parametrize("build", [
    lambda n: fg.zeros([n]), lambda n: fg.fill([n], 1.0), lambda n: fg.reshape(fg.zeros([10]), [n]),
    lambda n: fg.tile(fg.zeros([1]), [n]), lambda n: fg.slice(fg.zeros([20]), [n], [n]),
    lambda n: fg.random_normal([n]), lambda n: fg.truncated_normal([n])])
def test_narrow_integers_of_numpy_are_sizes(build) -> None:
    """`max(labels) + 1` of uint8 labels stays uint8 since NumPy 2."""
    assert build(np.uint8(9) + 1).shape.as_list() == [10]
