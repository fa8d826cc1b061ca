"""Reads serialized Example and SequenceExample records straight into Python values.

    Example          { Features features = 1; }
    SequenceExample  { Features context = 1; FeatureLists feature_lists = 2; }
    Features         { map<string, Feature> feature = 1; }
    FeatureLists     { map<string, FeatureList> feature_list = 1; }
    FeatureList      { repeated Feature feature = 1; }
    Feature          { oneof: BytesList = 1, FloatList = 2, Int64List = 3; each has `value` = 1 }

The messages of `tf.train` read the same bytes; this is the short way that the parsing ops take.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.dtypes import DType

_KINDS = {1: dt.string, 2: dt.float32, 3: dt.int64}
Values = tuple[DType, list[Any]] | None  # None: the feature is there but has no kind


def example_features(record: bytes) -> dict[bytes, bytes]:
    """The serialized Feature of each name.

    Args:
        record: a serialized Example.

    Raises:
        WireError: the record is damaged.
    """
    return _map(_merged(record, 1))


def sequence_features(record: bytes) -> tuple[dict[bytes, bytes], dict[bytes, list[bytes]]]:
    """(serialized Feature by name of the context, list of them by name of the feature lists).

    Args:
        record: a serialized SequenceExample.

    Raises:
        WireError: the record is damaged.
    """
    lists = {name: [step for number, kind, step in wire.fields(steps)
                    if number == 1 and kind == wire.BYTES and isinstance(step, bytes)]
             for name, steps in _map(_merged(record, 2)).items()}
    return _map(_merged(record, 1)), lists


def _merged(message: bytes, wanted: int) -> bytes:
    """What a field of one message holds; the parts of a repeated one add up."""
    return b"".join(value for number, kind, value in wire.fields(message)
                    if number == wanted and kind == wire.BYTES and isinstance(value, bytes))


def _map(message: bytes) -> dict[bytes, bytes]:
    entries = {}
    for number, kind, entry in wire.fields(message):
        if number == 1 and kind == wire.BYTES and isinstance(entry, bytes):
            entries[_merged(entry, 1)] = _merged(entry, 2)
    return entries


def feature_values(feature: bytes) -> Values:
    """The dtype and values of a serialized Feature, None if it has no kind.

    Args:
        feature: the bytes.

    Raises:
        WireError: the bytes are damaged.
    """
    found: Values = None
    for number, kind, content in wire.fields(feature):
        if number in _KINDS and kind == wire.BYTES and isinstance(content, bytes):
            dtype = _KINDS[number]
            if found is None or found[0] is not dtype:
                found = dtype, []
            found[1].extend(_values(dtype, content))
    return found


def _values(dtype: DType, content: bytes) -> list[Any]:
    values: list[Any] = []
    for number, kind, value in wire.fields(content):
        if number != 1:
            continue
        if dtype is dt.string and kind == wire.BYTES:
            values.append(value)
        elif dtype is dt.int64 and isinstance(value, int):
            values.append(wire.signed(value))
        elif dtype is dt.int64 and kind == wire.BYTES:
            values += wire.packed_varints(value)  # type: ignore[arg-type]
        elif dtype is dt.float32 and kind in (wire.BYTES, wire.FIXED32):
            if len(value) % 4:  # type: ignore[arg-type]
                raise wire.WireError("packed floats are cut off")
            values += np.frombuffer(value, "<f4").tolist()  # type: ignore[arg-type]
        else:
            raise wire.WireError(f"a {dtype.name} value is written as kind {kind}")
    return values
