"""`tf.train.Example` records written as JSON, to their usual bytes."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, mapped


def _floats(values: list[Any]) -> bytes:  # like TensorFlow here, singly and not packed
    return b"".join(wire.varint(1 << 3 | wire.FIXED32) + np.array(float(v), "<f4").tobytes()
                    for v in values)


def _ints(values: list[Any]) -> bytes:
    return b"".join(wire.varint_field(1, int(v)) for v in values)


def _texts(values: list[Any]) -> bytes:
    return b"".join(wire.field(1, base64.b64decode(v, validate=True)) for v in values)


# The names of the lists in JSON, in either spelling: field number, how its values are written.
_LISTS = {"bytesList": (1, _texts), "bytes_list": (1, _texts), "floatList": (2, _floats),
          "float_list": (2, _floats), "int64List": (3, _ints), "int64_list": (3, _ints)}


def _part(holder: Any, name: str) -> dict[str, Any]:
    """The JSON object that another one holds under a name alone."""
    if not isinstance(holder, dict) or set(holder) - {name}:
        raise ValueError(f"expected an object with {name!r} alone")
    return holder.get(name) or {}


def example_bytes(text: bytes) -> bytes:
    """A record in JSON as a serialized Example.

    Args:
        text: as `{"features": {"feature": {"age": {"int64List": {"value": ["7"]}}}}}`; bytes stand
            in base64.

    Raises:
        InvalidArgumentError: it is no such JSON.
    """
    try:
        record = json.loads(text)
        entries = b"".join(wire.field(1, wire.field(1, name.encode()) + wire.field(
            2, _feature(value))) for name, value in sorted(
                _part(_part(record, "features"), "feature").items()))
        return wire.field(1, entries) if "features" in record else b""
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError,
            binascii.Error) as error:
        raise invalid(f"Error while parsing JSON: {error}") from None


def _feature(value: Any) -> bytes:
    if not isinstance(value, dict) or len(value) > 1:
        raise ValueError("expected an object with one list")
    content = b""
    for name, held in value.items():
        if name not in _LISTS:
            raise ValueError(f"a feature has no {name!r}")
        number, write = _LISTS[name]
        content += wire.field(number, write(list(_part(held, "value"))))
    return content


class DecodeJSONExample(OpDef):
    """Each record in JSON as a serialized Example."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, json_examples):
        return Spec(dt.string, json_examples.shape)

    def kernel(self, xp, json_examples):
        return mapped(example_bytes, json_examples)


def decode_json_example(json_examples, name=None):
    """Turns records written as JSON into serialized `tf.train.Example` records.

    Args:
        json_examples: string tensor of records in protobuf's JSON; bytes stand in base64.
        name: name of the node.

    Returns:
        A string tensor of the same shape.

    Raises:
        InvalidArgumentError: when run, if a string is no such JSON.

    Example:
        >>> import flowgraph as fg
        >>> record = fg.decode_json_example(
        ...     '{"features": {"feature": {"age": {"int64List": {"value": ["7"]}}}}}')
        >>> age = fg.parse_single_example(record, {"age": fg.FixedLenFeature([], fg.int64)})["age"]
        >>> print(fg.Session().run(age))
        7
    """
    return DecodeJSONExample.build(json_examples, name=name)
