"""TensorShape as a message and back; what is true of two shapes."""

from __future__ import annotations

import pytest

import flowgraph as fg


@pytest.mark.parametrize(("shape", "written"), [
    (None, b"\x18\x01"), ([], b""), ([2, 3], b"\x12\x02\x08\x02\x12\x02\x08\x03"),
    ([None, 0], b"\x12\x0b\x08" + b"\xff" * 9 + b"\x01\x12\x00")], ids=str)
def test_a_shape_is_written_as_tensorflow_writes_it(shape, written) -> None:
    message = fg.TensorShape(shape).as_proto()
    assert message.SerializeToString() == written
    assert fg.TensorShape(message).as_tuple() == fg.TensorShape(shape).as_tuple()


@pytest.mark.parametrize(("a", "b", "both"), [
    ([2, 1], [5, 1], [None, 1]), ([2], [2], [2]), ([2, None], [2, None], [2, None]),
    ([2], [2, 3], None), (None, [2], None), ([], [], [])], ids=str)
def test_what_is_true_of_two_shapes(a, b, both) -> None:
    found = fg.TensorShape(a).most_specific_compatible_shape(fg.TensorShape(b))
    assert found.as_tuple() == fg.TensorShape(both).as_tuple()
