"""dtypes: what names one, what each is, which limits it has."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import dtypes as dt

NAMES_OF_DTYPES = [
    ("float32", fg.float32), ("float", fg.float32), ("double", fg.float64), ("half", fg.float16),
    ("bool", fg.bool), ("string", fg.string), ("complex64", fg.complex64), ("uint8", fg.uint8),
    (np.float32, fg.float32), (np.int64, fg.int64), (np.bool_, fg.bool), (np.uint64, fg.uint64),
    (np.str_, fg.string), (np.bytes_, fg.string), (np.dtype("int16"), fg.int16),
    (np.dtype("S5"), fg.string), (np.dtype("U3"), fg.string), (np.dtype(object), fg.string),
    (float, fg.float32), (int, fg.int32), (bool, fg.bool), (complex, fg.complex128),
    (str, fg.string), (bytes, fg.string), (object, fg.string),
    (1, fg.float32), (3, fg.int32), (7, fg.string), (10, fg.bool),
    (fg.int32, fg.int32),
]


@pytest.mark.parametrize(("value", "dtype"), NAMES_OF_DTYPES, ids=lambda v: str(v)[:24])
def test_as_dtype_takes_names_numpy_types_python_types_and_enum_numbers(value, dtype) -> None:
    assert fg.as_dtype(value) is dtype


@pytest.mark.parametrize("value", ["foo", "int", "str", "i4", None, [1], 99, True, 1.5, {},
                                   np.dtype([("a", "i4")]), np.datetime64])
def test_as_dtype_refuses_what_is_no_dtype_and_says_what_is_offered(value) -> None:
    with pytest.raises(TypeError, match=r"cannot convert .* to a dtype; offered are float32, "):
        fg.as_dtype(value)


@pytest.mark.parametrize("dtype", dt.ALL, ids=lambda d: d.name)
def test_a_dtype_is_found_by_its_name_and_number_and_survives_pickle_and_copy(dtype) -> None:
    assert fg.as_dtype(dtype.name) is dtype
    assert fg.as_dtype(dtype.as_datatype_enum) is dtype
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert copy.deepcopy(dtype) is dtype
    assert int(dtype) == dtype.as_datatype_enum


@pytest.mark.parametrize("dtype", [d for d in dt.ALL if d.kind not in "srq"],
                         ids=lambda d: d.name)
def test_number_dtypes_agree_with_numpy(dtype) -> None:
    assert dt.of_numpy(np.dtype(dtype.as_numpy_dtype)) is dtype
    assert dtype.size == np.dtype(dtype.name).itemsize
    assert dtype == dtype.as_numpy_dtype


@pytest.mark.parametrize("name", ["qint8", "quint8", "qint16", "quint16", "qint32"])
def test_quantized_dtypes_are_carried_by_integers_but_are_none(name) -> None:
    dtype = fg.as_dtype(name)
    assert dtype.is_quantized
    assert not dtype.is_integer
    assert dtype.numpy == np.dtype(name[1:])
    assert dtype in fg.QUANTIZED_DTYPES
    assert fg.as_dtype(name + "_ref") in fg.QUANTIZED_DTYPES


# is_floating, is_integer, is_unsigned, is_bool, is_complex
KINDS = {"float32": "10000", "float16": "10000", "int32": "01000", "uint8": "01100",
         "bool": "00010", "complex64": "00001", "string": "00000", "resource": "00000",
         "float64_ref": "10000"}


@pytest.mark.parametrize("name", KINDS)
def test_kinds(name) -> None:
    d = fg.as_dtype(name)
    found = (d.is_floating, d.is_integer, d.is_unsigned, d.is_bool, d.is_complex)
    assert "".join("01"[flag] for flag in found) == KINDS[name]
    assert not d.is_quantized


@pytest.mark.parametrize(("name", "least", "most"), [
    ("int8", -128, 127), ("uint16", 0, 65535), ("int64", -2**63, 2**63 - 1),
    ("uint64", 0, 2**64 - 1), ("float16", np.float16(-65504), np.float16(65504)),
    ("float32", np.finfo(np.float32).min, np.finfo(np.float32).max)])
def test_limits_of_numbers(name, least, most) -> None:
    dtype = fg.as_dtype(name)
    assert (dtype.min, dtype.max) == (least, most)
    assert dtype.limits == ((0, 1) if dtype.is_floating else (least, most))


@pytest.mark.parametrize("dtype", [fg.string, fg.complex64, fg.resource], ids=str)
def test_dtypes_without_an_order_have_no_limits(dtype) -> None:
    for limit in ("min", "max", "limits"):
        with pytest.raises(TypeError, match=f"{dtype.name} has no minimum and maximum"):
            getattr(dtype, limit)


def test_a_dtype_equals_every_name_of_itself_and_nothing_else() -> None:
    for same in (fg.float32, "float32", np.float32, np.dtype("float32"), float, 1):
        assert (fg.float32 == same, fg.float32 != same) == (True, False)
    for other in (fg.float64, "int32", np.float64, None, "no dtype", int, [1]):
        assert (fg.float32 == other, fg.float32 != other) == (False, True)
    assert {fg.float32: 1}[fg.as_dtype("float32")] == 1


def test_a_reference_dtype_is_not_its_base_dtype() -> None:
    ref = fg.as_dtype("float32_ref")
    assert ref is fg.as_dtype(101)
    assert ref.base_dtype is fg.float32
    assert ref != fg.float32
    assert ref.as_numpy_dtype is np.float32
    assert fg.float32._as_ref is ref
    assert ref._is_ref_dtype
    assert not fg.float32._is_ref_dtype


def test_a_reference_can_stand_for_a_value_but_not_the_other_way_round() -> None:
    ref = fg.as_dtype("float32_ref")
    assert fg.float32.is_compatible_with(ref)
    assert not ref.is_compatible_with(fg.float32)
    assert fg.float32.is_compatible_with("float32")
    assert not fg.float32.is_compatible_with(fg.float64)


def test_real_dtype_is_the_dtype_of_the_real_part() -> None:
    assert fg.complex64.real_dtype is fg.float32
    assert fg.complex128.real_dtype is fg.float64
    assert fg.int8.real_dtype is fg.int8


def test_dtypes_print_as_in_tensorflow() -> None:
    assert repr(fg.float32) == "tf.float32"
    assert str(fg.float32) == "<dtype: 'float32'>"
    assert repr(fg.as_dtype("int32_ref")) == "tf.int32_ref"


def test_a_dtype_set_holds_references_too_and_adds_up() -> None:
    both = dt.FLOAT + dt.BOOL
    assert fg.float16 in both
    assert fg.as_dtype("float32_ref") in both
    assert fg.int32 not in both
    assert repr(both) == "a floating dtype or bool"
