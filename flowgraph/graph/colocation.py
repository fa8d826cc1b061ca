"""Colocation groups: operations that say that they want to be on the device of another one.

    with tf.colocate_with(a): b = ...     ->  b.op.colocation_groups() == [b"loc:@a"]

A group has the name of the operation that stands in no other group itself. GraphDefs have groups as
the attribute `_class`. An operation that belongs to two groups makes them one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowgraph.graph.operation import Operation

PREFIX = b"loc:@"
_KEY = "colocated"


def record(op: Operation, groups: Iterable[bytes]) -> None:
    """Notes the groups of an operation; none, if there are none.

    Args:
        op: the operation.
        groups: as `[b"loc:@a"]`.
    """
    kept = {key: value for key, value in (op._extra or {}).items() if key != _KEY}
    names = tuple(sorted(set(groups)))
    if names:
        kept[_KEY] = names
        op.graph.note_colocation()
    op._extra = kept or None


def recorded(op: Operation) -> tuple[bytes, ...]:
    """The groups that an operation was put into; () for none.

    What writes a variable, and what reads it as `v/read`, is in its group, as in TensorFlow 1.

    Args:
        op: the operation.
    """
    extra = op._extra
    if extra is not None and _KEY in extra:
        return extra[_KEY]
    variable = op.inputs[0].op if op.inputs else None
    if variable is None or not variable.op_def.is_ref:
        return ()
    is_beside = bool(op.op_def.refs) or op.name == f"{variable.name}/read"
    return groups_of(variable) if is_beside else ()


def groups_of(op: Operation) -> tuple[bytes, ...]:
    """The groups of an operation; that of its own name where it was put into none.

    Args:
        op: the operation.
    """
    return recorded(op) or (PREFIX + op.name.encode(),)


def beside(op: Operation) -> list[Operation]:
    """The operations of its graph whose names its groups have, other than itself.

    Args:
        op: the operation.
    """
    by_name = op.graph._by_name
    found = [by_name.get(group[len(PREFIX):].decode()) for group in recorded(op)]
    return [other for other in found if other is not None and other is not op]


def group_device(op: Operation) -> str:
    """The device string that counts for an operation: its own, else that of its group; "" for none.

    Args:
        op: the operation.
    """
    return op._device or (op._extra or {}).get("group_device", "")


def set_group_device(op: Operation, device: str) -> None:
    """Notes what the others of its group ask for.

    Args:
        op: the operation.
        device: a device string; "" for none.
    """
    if (op._extra or {}).get("group_device", "") != device:
        op._extra = {**(op._extra or {}), "group_device": device}
