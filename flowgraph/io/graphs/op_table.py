"""What TensorFlow's registry says of each op type: inputs, outputs, attributes and their defaults.

The table `tf115_ops.json` is made by `tests/io/make_op_table.py`, which also explains its form. It
holds all op types of TensorFlow 1.15, and the later ones that flowgraph has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flowgraph.core.tensor_message import DATA_TYPES

MISSING: Any = object()  # the default of an attribute that has none
_ARG = re.compile(r"(\w+):(&?)(?:(\w+)\*)?(\[?)(\w+)\]?")


@dataclass(frozen=True)
class Arg:
    """An input or output of an op type.

    Attributes:
        name: its name.
        dtype: number of its dtype, 0 where an attribute says it.
        type_attr: the attribute that holds its dtype, or "".
        number_attr: the attribute that says how many tensors it is, or "".
        list_attr: the attribute that holds the dtypes of the tensors it is, or "".
        is_ref: whether it is a variable itself.
    """

    name: str
    dtype: int
    type_attr: str
    number_attr: str
    list_attr: str
    is_ref: bool

    def count(self, attrs: Any) -> int:
        """How many tensors it is.

        Args:
            attrs: function from the name of an attribute to its value.
        """
        if self.list_attr:
            return len(attrs(self.list_attr))
        return int(attrs(self.number_attr)) if self.number_attr else 1


@dataclass(frozen=True)
class Attr:
    """An attribute of an op type.

    Attributes:
        kind: "int", "list(shape)", …
        default: its default as the table has it, or MISSING.
        later: whether TensorFlow 1.15 does not have it.
    """

    kind: str
    default: Any
    later: bool


@dataclass(frozen=True)
class Signature:
    """An op type of TensorFlow's."""

    name: str
    inputs: tuple[Arg, ...]
    outputs: tuple[Arg, ...]
    attrs: dict[str, Attr]
    stateful: bool


@cache
def _table() -> dict[str, Any]:
    text = Path(__file__).with_name("tf115_ops.json").read_text(encoding="utf-8")
    return json.loads(text)


@cache
def signature(op_type: str) -> Signature | None:
    """What TensorFlow's registry says of an op type; None if it has no such type.

    Args:
        op_type: the type, as "MatMul".
    """
    row = _table().get(op_type)
    if row is None:
        return None
    inputs, outputs, attrs, *more = row
    return Signature(op_type, tuple(map(_arg, inputs)), tuple(map(_arg, outputs)),
                     {name: Attr(entry[0], entry[1] if len(entry) > 1 else MISSING, len(entry) > 2)
                      for name, entry in attrs.items()}, bool(more))


def _arg(text: str) -> Arg:
    match = _ARG.fullmatch(text)
    assert match is not None, text
    name, ref, number, is_list, dtype = match.groups()
    fixed = DATA_TYPES.get(dtype, 0)
    return Arg(name, fixed, "" if fixed or is_list else dtype, number or "",
               dtype if is_list else "", bool(ref))


def names() -> Iterator[str]:
    """The names of all op types in the table."""
    return iter(_table())
