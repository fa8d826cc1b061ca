"""Device strings: `"/gpu:0"`, `"/job:ps/task:1/device:CPU:0"`, merged field by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_FIELDS = ("job", "replica", "task", "device")


def parse(device: str) -> dict[str, str]:
    """The fields of a device string, in canonical spelling.

    Raises:
        ValueError: a part is not `/job:`, `/replica:`, `/task:`, `/device:`, `/cpu:` or `/gpu:`.
    """
    fields: dict[str, str] = {}
    for part in device.split("/"):
        if not part:
            continue
        key, _, value = part.partition(":")
        if key.lower() in ("cpu", "gpu"):
            fields["device"] = f"{key.upper()}:{value or '0'}"
        elif key == "device" and value:
            kind, _, number = value.partition(":")
            fields["device"] = f"{kind.upper()}:{number or '0'}"
        elif key in ("job", "replica", "task") and value:
            fields[key] = value
        else:
            raise ValueError(f"{device!r} is not a device: the part {part!r} is unknown; write "
                             "'/cpu:0', '/gpu:0' or '/job:worker/task:0/device:CPU:0'")
    return fields


def merge(outer: str, inner: str) -> str:
    """The device string of `inner` inside `outer`: fields of `inner` win."""
    if not inner:
        return outer
    fields = {**parse(outer), **parse(inner)}
    return "".join(f"/{key}:{fields[key]}" for key in _FIELDS if key in fields)


def resolve(stack: list[str | Callable[[Any], str | None] | None], op: Any) -> str:
    """The device of `op` under nested `with tf.device(...)` blocks, the outermost first.

    Args:
        stack: strings, functions from Operation to string as TensorFlow allows, and None, which
            forgets what stands before it.
        op: the Operation that functions are asked about.
    """
    device = ""
    for entry in stack:
        if entry is None:
            device = ""
            continue
        found = entry(op) if callable(entry) else entry
        device = merge(device, str(found)) if found else device
    return device
