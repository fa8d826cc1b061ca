"""Messages with numbers and text: their bytes, and reading them from text."""

from __future__ import annotations

import pytest

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Scalars, checked_float
from flowgraph.core.message_scalar import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT,
    TEXT,
    Repeated,
    Scalar,
    TextError,
    enum,
)
from flowgraph.core.message_text import merge_text


class Single(Message):
    one = Scalar(1, FLOAT)
    many = Scalars(2, checked_float)


class Sample(Message):
    name = Scalar(1, TEXT)
    count = Scalar(2, INT)
    share = Scalar(3, FLOAT)
    on = Scalar(4, BOOL)
    kind = Scalar(5, enum({"NONE": 0, "SOME": 2}))
    names = Repeated(6, TEXT)
    times = Repeated(7, DOUBLE)
    numbers = Repeated(8, INT)


def test_fields_that_were_not_set_hold_their_defaults_and_write_nothing() -> None:
    sample = Sample()
    assert (sample.name, sample.count, sample.share, sample.on, sample.kind) == ("", 0, 0.0, False,
                                                                                 0)
    assert sample.SerializeToString() == b"" and str(sample) == ""


def test_the_bytes_are_those_of_protobuf() -> None:
    sample = Sample(name="ab", count=-1, share=1.0, on=True, kind=2, names=["x", ""], times=[0.5],
                    numbers=[1, 300])
    data = sample.SerializeToString()
    assert data == (b"\x0a\x02ab" b"\x10" + b"\xff" * 9 + b"\x01" b"\x1d\0\0\x80\x3f" b"\x20\x01"
                    b"\x28\x02" b"\x32\x01x" b"\x32\x00" b"\x3a\x08\0\0\0\0\0\0\xe0\x3f"
                    b"\x42\x03\x01\xac\x02")
    assert Sample.FromString(data) == sample


def test_text_is_written_and_read_back() -> None:
    sample = Sample(name='a"\n\u00e9\\', count=3, share=10000.0, on=True, kind=2,
                    names=["x", "y z"], times=[1.5e9, 0.25])
    text = str(sample)
    assert text.startswith('name: "a\\"\\n\\303\\251\\\\"\ncount: 3\nshare: 10000\non: true\n'
                           'kind: SOME\n')
    again = Sample()
    merge_text(text, again)
    assert again == sample


def test_text_may_be_written_in_other_ways() -> None:
    sample = Sample()
    merge_text("# a comment\nname: 'it' \"'s\" ; count:0x10, names: ['a', \"\\x41\\u00e9\"] "
               "names: 'b'\nkind: 2 times: [] on: 1", sample)
    assert (sample.name, sample.count, sample.kind, sample.on) == ("it's", 16, 2, True)
    assert list(sample.names) == ["a", "A\u00e9", "b"] and list(sample.times) == []


@pytest.mark.parametrize("text", [
    "nome: 'a'", "name 'a'", "name:", "name: 'a", "count: 'a'", "count: x", "on: maybe", "name: 3",
    "names: ['a'", "names: ['a' 'b' count: 3", "{", "name: \"\\q\"", "name: '\\U99999999'"])
def test_other_text_is_refused(text) -> None:
    with pytest.raises(TextError):
        merge_text(text, Sample())


def test_a_comment_that_is_no_end_of_a_message_is_refused_at_once() -> None:
    with pytest.raises(TextError, match=r"line 2: '\$' cannot be read"):
        merge_text("#" * 1000 + "\n$", Sample())


# As protobuf 6 writes them.
@pytest.mark.parametrize(("value", "text"), [
    (0.1, "0.1"), (1.00000012, "1.00000012"), (16777216.0, "16777216"), (1e-8, "1e-08"),
    (8589934592.0, "8.58993459e+09"), (123456792.0, "123456792"), (-0.0, "-0"),
    (float("nan"), "nan"), (float("-inf"), "-inf")])
def test_floats_are_written_with_as_many_digits_as_tell_them_from_others(value, text) -> None:
    sample = Single(one=value, many=[value])
    assert str(sample) == f"one: {text}\nmany: {text}\n"
    again = Single()
    merge_text(str(sample), again)
    assert again.SerializeToString() == sample.SerializeToString()


def test_values_are_checked() -> None:
    with pytest.raises(TypeError, match="expected one of"):
        Sample().name = 3
    with pytest.raises(TypeError, match="expected one of"):
        Sample(count="3")
    with pytest.raises(AttributeError, match="no field"):
        Sample().nome = "a"
