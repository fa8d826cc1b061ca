"""make_tensor_proto and make_ndarray; the bytes are the ones that TensorFlow writes."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import wire

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
          "uint32", "uint64", "bool", "complex64", "complex128"]


@pytest.mark.parametrize(("values", "written"), [
    (3, b"\x08\x03\x12\x00:\x01\x03"),
    (3.5, b"\x08\x01\x12\x00*\x04\x00\x00`@"),
    ([1, 2], b'\x08\x03\x12\x04\x12\x02\x08\x02"\x08\x01\x00\x00\x00\x02\x00\x00\x00'),
    ("abc", b"\x08\x07\x12\x00B\x03abc"),
    ([b"a", "ü"], b"\x08\x07\x12\x04\x12\x02\x08\x02B\x01aB\x02\xc3\xbc"),
    ([True, False], b"\x08\n\x12\x04\x12\x02\x08\x02Z\x02\x01\x00"),
    (2**40, b"\x08\t\x12\x00R\x06\x80\x80\x80\x80\x80 "),
    (-5, b"\x08\x03\x12\x00:\n\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    (-0.0, b"\x08\x01\x12\x00*\x04\x00\x00\x00\x80"),
    (0, b"\x08\x03\x12\x00:\x01\x00"),
    (np.float16(3), b"\x08\x13\x12\x00j\x03\x80\x84\x01"),
    (np.uint64(2**64 - 1), b"\x08\x17\x12\x00\x8a\x01\n" + b"\xff" * 9 + b"\x01"),
    (np.complex64(3), b"\x08\x08\x12\x00J\x08\x00\x00@@\x00\x00\x00\x00"),
    (np.zeros((0, 3)), b"\x08\x02\x12\x06\x12\x00\x12\x02\x08\x03")],
    ids=lambda value: str(value)[:20] if not isinstance(value, bytes) else "")
def test_the_message_has_tensorflows_bytes(values, written) -> None:
    assert fg.make_tensor_proto(values).SerializeToString() == written


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0, 2)], ids=str)
def test_an_array_comes_back_as_it_was(dtype, shape) -> None:
    array = (np.arange(np.prod(shape)).reshape(shape) - 2).astype(dtype)
    back = fg.make_ndarray(fg.make_tensor_proto(array))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("values", [b"x", [b"a", b""], [[b"a"], [b"b"]]], ids=str)
def test_strings_come_back_as_bytes(values) -> None:
    assert fg.make_ndarray(fg.make_tensor_proto(values)).tolist() == values


def test_a_message_is_read_from_its_bytes_and_shown_as_text() -> None:
    message = fg.make_tensor_proto([1, 2, 3], dtype=fg.int64, shape=[2, 2])
    copy = type(message).FromString(message.SerializeToString())
    assert copy == message
    assert copy.int64_val == [1, 2, 3]
    assert " ".join(str(message).split()) == (
        "dtype: DT_INT64 tensor_shape { dim { size: 2 } dim { size: 2 } } "
        "int64_val: 1 int64_val: 2 int64_val: 3")
    assert fg.make_tensor_proto(message) is message


def test_the_last_value_stands_for_all_that_follow() -> None:
    assert fg.make_ndarray(fg.make_tensor_proto([1, 2, 3], shape=[2, 2])).tolist() == [
        [1, 2], [3, 3]]
    assert fg.make_ndarray(fg.make_tensor_proto("a", shape=[3])).tolist() == [b"a"] * 3
    assert fg.make_ndarray(fg.make_tensor_proto(5, shape=[2], allow_broadcast=True)).tolist() == [
        5, 5]
    assert fg.make_ndarray(fg.make_tensor_proto([], shape=[0, 2])).shape == (0, 2)


@pytest.mark.parametrize(("values", "options", "error", "words"), [
    (None, {}, ValueError, "None"),
    ([[1], [1, 2]], {}, ValueError, "uneven"),
    ([1, "a"], {}, TypeError, "make_tensor_proto"),
    (1.5, {"dtype": fg.int32}, TypeError, "int32"),
    (5, {"verify_shape": True, "allow_broadcast": True}, ValueError, "not both"),
    ([1, 2, 3], {"shape": [2, 2], "verify_shape": True}, TypeError, "Expected Tensor's shape"),
    ([1, 2], {"shape": [2, 2], "allow_broadcast": True}, TypeError, "Expected Tensor's shape"),
    ([1, 2, 3], {"shape": [2]}, ValueError, "at most 2, but received 3")], ids=str)
def test_wrong_values_raise(values, options, error, words) -> None:
    with pytest.raises(error, match=words):
        fg.make_tensor_proto(values, **options)


def test_a_message_without_a_dtype_has_no_array() -> None:
    empty = type(fg.make_tensor_proto(1))()
    with pytest.raises(TypeError):
        fg.make_ndarray(empty)


def message_of(dtype: int, sizes: list[int], rest: bytes) -> bytes:
    """A TensorProto written by hand, which may be wrong."""
    shape = b"".join(wire.field(2, wire.varint_field(1, n)) for n in sizes)
    return wire.varint_field(1, dtype) + wire.field(2, shape) + rest


@pytest.mark.parametrize(("serialized", "dtype", "words"), [
    (message_of(7, [1 << 40], wire.field(8, b"a")), fg.string, "holds 1 strings for the shape"),
    (message_of(8, [1], wire.field(9, b"\0\0\0\0")), fg.complex64, "no imaginary part"),
    (message_of(1, [1] * 70, b""), fg.float32, "maximum supported dimension")],
    ids=["one string for all of too many", "half a complex number", "too many axes"])
def test_parse_tensor_refuses_damaged_messages(serialized, dtype, words) -> None:
    with pytest.raises(fg.errors.InvalidArgumentError, match=words):
        fg.Session().run(fg.parse_tensor(serialized, dtype))
