"""Python values to arrays: the dtypes, the strings, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.values import to_array

OWN_DTYPES = [
    (1, "int32", ()), (1.5, "float32", ()), (True, "bool", ()), (1j, "complex128", ()),
    (-2**31, "int32", ()), (2**31, "int64", ()), (2**40, "int64", ()), ([2**31, 1], "int64", (2,)),
    ([1, 2], "int32", (2,)), ((1, 2), "int32", (2,)), ([1, 2.5], "float32", (2,)),
    (((1, 2), (3, 4)), "int32", (2, 2)), ([1, 2j], "complex128", (2,)),
    ([True, False], "bool", (2,)), ([True, 1], "int32", (2,)), ([1.5, True], "float32", (2,)),
    ([], "float32", (0,)), ([[]], "float32", (1, 0)), ([[], []], "float32", (2, 0)),
    (float("nan"), "float32", ()), (1e400, "float32", ()), (range(3), "int32", (3,)),
    # NumPy scalars and arrays keep their dtype; in lists, float64 and int64 stand for Python's
    (np.float64(1), "float64", ()), (np.int64(1), "int64", ()), (np.int8(3), "int8", ()),
    (np.bool_(True), "bool", ()), (np.array([1, 2]), "int64", (2,)),
    (np.array([1.0]), "float64", (1,)),
    (np.array([], np.int32), "int32", (0,)), ([np.float64(1)], "float32", (1,)),
    ([np.int64(1), 2], "int32", (2,)), ([np.float32(1)], "float32", (1,)),
    ([np.float16(1)], "float16", (1,)), ([1, np.float64(2)], "float32", (2,)),
    ([np.array([1, 2]), np.array([3, 4])], "int32", (2, 2)),
    ([np.array([1, 2], np.float32)], "float32", (1, 2)),
    # static shapes
    (fg.TensorShape([2, 3]), "int32", (2,)), (fg.Dimension(3), "int32", ()),
    ([-1, fg.Dimension(3)], "int32", (2,)), ([fg.Dimension(2) * 3], "int32", (1,)),
]


@pytest.mark.parametrize(("value", "dtype", "shape"), OWN_DTYPES, ids=lambda v: str(v)[:24])
def test_a_value_has_the_dtype_and_shape_that_tensorflow_gives_it(value, dtype, shape) -> None:
    array = to_array(value)
    assert (array.dtype.name, array.shape) == (dtype, shape)


def test_dimensions_in_a_list_stand_for_their_sizes() -> None:
    size = fg.TensorShape([None, 3, 4])
    np.testing.assert_array_equal(to_array([-1, size[1] * size[2]]), [-1, 12])
    np.testing.assert_array_equal(to_array([[size[1]], [5]], fg.int64), [[3], [5]])


CASTS = [
    (1, "float32", 1.0), (1, "float16", 1.0), (1.0, "complex64", 1 + 0j), (1.5, "float64", 1.5),
    (1, "uint8", 1), (True, "float32", 1.0), (True, "int32", 1), ([1, 2.5], "float64", [1, 2.5]),
    ([], "int32", []), (2**63, "uint64", 2**63), (1e10, "float16", np.inf),
    (np.float64(1.5), "float32", 1.5), (np.int64(5), "float32", 5.0),
    ([np.float64(1.5)], "float32", [1.5]), ([np.int64(1)], "float32", [1.0]),
    # arrays are cast as NumPy does
    (np.array([1.5]), "int32", [1]), (np.array([300]), "uint8", [44]),
    (np.array([1.7]), "bool", [True]),
    (np.array([True]), "int32", [1]), (np.array([1, 2], object), "float32", [1.0, 2.0]),
    (np.array([1e10]), "float16", [np.inf]),
]


@pytest.mark.parametrize(("value", "dtype", "result"), CASTS, ids=lambda v: str(v)[:24])
def test_a_value_takes_the_dtype_that_is_asked_for(value, dtype, result) -> None:
    array = to_array(value, fg.as_dtype(dtype))
    assert array.dtype.name == dtype
    np.testing.assert_array_equal(array, result)


MISFITS = [
    (1.5, "int32", "expected int32, got 1.5 of type 'float'"),
    (1.0, "int64", "expected int64, got 1.0 of type 'float'"),
    ([1, 2.5], "int32", "expected int32, got 2.5"), (1j, "float32", "expected float32, got 1j"),
    (1, "bool", "expected bool, got 1"), ([0], "bool", "expected bool, got 0"),
    (1, "string", "expected string, got 1"), ("a", "int32", "expected int32, got 'a'"),
    (300, "uint8", "the value 300 does not fit uint8"),
    (-1, "uint8", "the value -1 does not fit uint8"),
    (2**40, "int32", "the value 1099511627776 does not fit int32"),
    ([1, 2**40], "int32", "some values do not fit int32"),
    (2**63, "int64", "does not fit int64"),
    ([np.float64(1.5)], "int32", "expected int32"), ([np.bool_(True)], "int32", "expected int32"),
    (np.array([1]), "string", "expected string, got numbers of int64"),
    (np.array(["a"]), "float32", "expected float32, got text"),
    (np.array(["a"], object), "float32", "expected float32"),
    ([1, None], "float32", "a list holds None"),
]


@pytest.mark.parametrize(("value", "dtype", "words"), MISFITS, ids=lambda v: str(v)[:24])
def test_a_python_value_is_never_cast_with_loss(value, dtype, words) -> None:
    with pytest.raises(TypeError) as caught:
        to_array(value, fg.as_dtype(dtype))
    assert words in str(caught.value)


REFUSED = [
    (None, ValueError, "None values not supported."), ([None], TypeError, "a list holds None"),
    ([[1, None]], TypeError, "-1 in tf.reshape"),
    ([[1], [2, 3]], ValueError, "uneven lengths"), ([1, [2]], ValueError, "uneven lengths"),
    ([["a"], ["b", "c"]], ValueError, "uneven lengths"),
    ([[]] + [[1]], ValueError, "uneven lengths"),
    ({"a": 1}, TypeError, "cannot make a tensor of dict"), ({1}, TypeError, "tensor of set"),
    (object(), TypeError, "cannot make a tensor of object"),
    ([object()], TypeError, "cannot make a tensor of list"),
    (2**70, TypeError, "cannot make a tensor of int"), (len, TypeError, "cannot make a tensor"),
    ([1, "a"], TypeError, "mixes text and numbers: 'a'"),
    (["a", 1], TypeError, "mixes text and numbers: 1"),
    ([True, "a"], TypeError, "mixes text and numbers"),
    (fg.TensorShape([None, 1]), ValueError, "partially known TensorShape (?, 1)"),
    (fg.Dimension(None), ValueError, "unknown Dimension"),
    ([fg.Dimension(None), 3], TypeError, "a list holds an unknown Dimension"),
    (np.array([None]), TypeError, "expected string, got None"),
    (np.array([1, "a"], object), TypeError, "expected string, got 1"),
    (np.array(["2020-01-01"], "datetime64[D]"), TypeError, "to a dtype"),
]


@pytest.mark.parametrize(("value", "error", "words"), REFUSED, ids=lambda v: str(v)[:16])
def test_what_is_no_tensor_is_refused_with_the_reason(value, error, words) -> None:
    with pytest.raises(error) as caught:
        to_array(value)
    assert words in str(caught.value)


@pytest.mark.parametrize(("value", "result"), [
    ("a", b"a"), (b"a", b"a"), ("é", "é".encode()), (["a", b"bc"], [b"a", b"bc"]),
    ([["a"], ["b"]], [[b"a"], [b"b"]]), (np.array(["a", "bc"]), [b"a", b"bc"]),
    (np.str_("a"), b"a"), (np.array([b"a", "b"], object), [b"a", b"b"]), ("a\0", b"a\0")])
def test_text_becomes_an_object_array_of_bytes(value, result) -> None:
    array = to_array(value)
    assert array.dtype == object
    assert array.tolist() == result
    assert to_array(value, fg.string).tolist() == result


def test_an_array_that_fits_is_not_copied() -> None:
    array = np.ones(3, np.float32)
    assert to_array(array) is array
    assert to_array(array, fg.float32) is array


def test_an_object_with_an_array_of_its_own_is_asked_for_it() -> None:
    class Table:
        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0])

    assert to_array(Table()).dtype == np.float64
    assert to_array(Table(), fg.float32).dtype == np.float32


@pytest.mark.parametrize(("value", "dtype", "expected"), [
    (fg.TensorShape([]), None, np.array([], np.int32)),
    (fg.TensorShape([2, 3]), fg.int64, np.array([2, 3], np.int64)),
    (10**20, fg.float32, np.float32(1e20)),
    ([1, 10**20], fg.float64, np.array([1.0, 1e20])),
], ids=str)
def test_shapes_and_huge_ints_become_arrays(value, dtype, expected) -> None:
    array = to_array(value, dtype)
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array, expected)
