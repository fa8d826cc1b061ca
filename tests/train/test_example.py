"""tf.train.Example and its parts behave like protobuf's messages and write the same bytes."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.train import example as parts


def example():
    made = fg.train.Example()
    made.features.feature["b"].int64_list.value.extend([3, -4])
    made.features.feature["a"].bytes_list.value.append(b"x")
    return made


def test_bytes_are_read_back() -> None:
    made = example()
    again = fg.train.Example.FromString(made.SerializeToString())
    assert again == made
    assert list(again.features.feature["b"].int64_list.value) == [3, -4]
    assert again.ByteSize() == len(made.SerializeToString())


def test_bytes_are_protobufs() -> None:
    ints = fg.train.Feature(int64_list=fg.train.Int64List(value=[3, -4]))
    assert ints.SerializeToString() == (b"\x1a\x0d\n\x0b\x03\xfc\xff\xff\xff\xff\xff\xff\xff\xff"
                                        b"\x01")
    floats = fg.train.FloatList(value=[1.0])
    assert floats.SerializeToString() == b"\n\x04\x00\x00\x80?"


def test_numbers_that_are_not_packed_are_read() -> None:
    assert fg.train.Int64List.FromString(b"\x08\x05\x08\x06").value == [5, 6]
    assert fg.train.FloatList.FromString(b"\r\x00\x00\x80?").value == [1.0]


def test_one_kind_of_a_feature_is_set_at_a_time() -> None:
    feature = fg.train.Feature(int64_list=fg.train.Int64List(value=[1]))
    assert feature.float_list.value == []
    assert feature.WhichOneof("kind") == "int64_list"
    feature.float_list.value.append(1.0)
    assert feature.WhichOneof("kind") == "float_list"
    assert feature.int64_list.value == []


def test_an_empty_kind_is_set_all_the_same() -> None:
    feature = fg.train.Feature(bytes_list=fg.train.BytesList())
    assert feature.WhichOneof("kind") == "bytes_list"
    assert feature.SerializeToString() == b"\n\x00"
    assert fg.train.Feature().WhichOneof("kind") is None


def test_text_is_protobufs() -> None:
    feature = fg.train.Feature(float_list=fg.train.FloatList(value=[0.1, 2.0, 1e10]))
    assert str(feature) == "float_list {\n  value: 0.1\n  value: 2\n  value: 1e+10\n}\n"
    assert str(fg.train.BytesList(value=[b'x"\n\xff'])) == 'value: "x\\"\\n\\377"\n'


@pytest.mark.parametrize(("make", "error"), [
    (lambda: parts.BytesList(value=["text"]), TypeError),
    (lambda: parts.Int64List(value=[1.5]), TypeError),
    (lambda: parts.Int64List(value=[2**63]), ValueError),
    (lambda: parts.FloatList(value=["1"]), TypeError),
    (lambda: parts.Example(feature={}), ValueError),
    (lambda: setattr(parts.Feature(), "int64_list", parts.Int64List()), AttributeError),
    (lambda: setattr(parts.Feature(), "ints", 1), AttributeError),
    (lambda: parts.Example.FromString(b"\n\x05a"), ValueError),
    (lambda: parts.Example.FromString(b"\xff" * 20), ValueError),
    (lambda: parts.Features().HasField("feature"), ValueError),
], ids=["text", "float", "large", "word", "keyword", "assignment", "attribute", "cut", "damaged",
        "map"])
def test_wrong_values_raise(make, error) -> None:
    with pytest.raises(error):
        make()


@pytest.mark.parametrize("number", [3, np.int64(3)])
def test_a_number_that_should_be_in_a_list(number) -> None:
    with pytest.raises(TypeError, match=r"(?s)test_example.*takes a list of values.*Write \[.*3"):
        fg.train.Int64List(value=number)


def test_arrays_and_numpy_numbers_are_taken() -> None:
    assert fg.train.Int64List(value=np.arange(3)).value == [0, 1, 2]
    assert fg.train.FloatList(value=np.arange(2.0)).value == [0.0, 1.0]
    assert fg.train.FloatList(value=[1e40]).value == [float("inf")]


def test_copies_are_independent() -> None:
    made = example()
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert other == made
        other.features.feature["a"].bytes_list.value.append(b"y")
        assert other != made


def test_a_part_is_set_once_it_changes() -> None:
    made = fg.train.SequenceExample()
    assert not made.HasField("context")
    assert len(made.feature_lists.feature_list) == 0
    assert not made.HasField("feature_lists")
    made.feature_lists.feature_list["x"].feature.add().int64_list.value.append(1)
    assert made.HasField("feature_lists")
    assert fg.train.SequenceExample.FromString(made.SerializeToString()) == made
