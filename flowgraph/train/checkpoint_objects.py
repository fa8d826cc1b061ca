"""Checkpoints of `tf.train.Checkpoint`: which key there holds the variable of a name.

Such a checkpoint names tensors by the objects that hold them, as "model/w/.ATTRIBUTES/..." for the
attribute `w` of `model`, and describes the objects in a message, which also tells the variables'
names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowgraph.core import wire
from flowgraph.errors import OpError
from flowgraph.io.checkpoints.bundle import BundleReader

_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
_NODES, _ATTRIBUTES, _FULL_NAME, _KEY = 1, 2, 2, 3  # field numbers


def keys_of_objects(prefix: str) -> dict[str, str]:
    """Keys in a checkpoint by the names of variables; {} if it describes no objects.

    Args:
        prefix: the checkpoint's name.
    """
    try:
        message: Any = BundleReader(prefix).read(_OBJECTS)[()]
        return dict(_names_and_keys(message))
    except (OpError, ValueError, TypeError):  # it holds no such message, or a damaged one
        return {}


def _names_and_keys(message: bytes) -> Iterator[tuple[str, str]]:
    for node in _parts(message, _NODES):
        for attribute in _parts(node, _ATTRIBUTES):
            names, keys = list(_parts(attribute, _FULL_NAME)), list(_parts(attribute, _KEY))
            if names and keys:
                yield names[-1].decode(), keys[-1].decode()


def _parts(message: bytes, number: int) -> Iterator[bytes]:
    return (value for found, kind, value in wire.fields(message)
            if found == number and isinstance(value, bytes))
