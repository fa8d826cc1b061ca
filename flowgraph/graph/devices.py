"""Device strings: `"/gpu:0"`, `"/job:ps/task:1/device:CPU:0"`, merged field by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flowgraph.core.frames import located

_FIELDS = ("job", "replica", "task", "device")


def parse(device: str) -> dict[str, str]:
    """The fields of a device string, in canonical spelling.

    Raises:
        ValueError: a part is not `/job:`, `/replica:`, `/task:`, `/device:`, `/cpu:` or `/gpu:`, a
            number is none, or there are two devices.
    """
    fields: dict[str, str] = {}
    for part in device.split("/"):
        key, *values = part.split(":")
        if not key:
            continue
        if key == "job" and len(values) == 1:
            fields[key] = values[0]
        elif key in ("replica", "task") and len(values) == 1:
            fields[key] = _number(values[0], device)
        elif (key.upper() in ("CPU", "GPU") and len(values) < 2) or (
                key == "device" and len(values) == 2):
            if "device" in fields:
                raise ValueError(located(f"{device!r} names two devices, where one is meant; "
                                         "write '/cpu:0' or '/gpu:0'"))
            kind, number = (key, (*values, "*")[0]) if key != "device" else values
            kind = kind.upper() if kind.upper() in ("CPU", "GPU") else kind
            fields["device"] = f"{kind}:{number if number == '*' else _number(number, device)}"
        else:
            raise ValueError(located(f"{device!r} is not a device: the part {part!r} is unknown; "
                                     "write '/cpu:0', '/gpu:0' or "
                                     "'/job:worker/task:0/device:CPU:0'"))
    return fields


def _number(text: str, device: str) -> str:
    try:
        return str(int(text))
    except ValueError:
        raise ValueError(located(f"{device!r} is not a device: {text!r} is no number; write "
                                 "'/cpu:0' or '/job:worker/task:0'")) from None


def merge(outer: str, inner: str) -> str:
    """The device string of `inner` inside `outer`: fields of `inner` win.

    Type and number are fields of their own: "/gpu" inside "/cpu:1" is the GPU with the number 1.
    """
    around, fields = parse(outer), parse(inner)
    if "device" in fields and fields["device"].endswith(":*") and "device" in around:
        fields["device"] = fields["device"][:-1] + around["device"].rpartition(":")[2]
    fields = {**around, **fields}
    return "".join(f"/{key}:{fields[key]}" for key in _FIELDS if key in fields)


class Beside(NamedTuple):
    """What `with tf.colocate_with(...)` asks for: the device of another operation.

    Attributes:
        device: of that operation; "" if it has none.
    """

    device: str


def resolve(stack: list[str | Callable[[Any], str | None] | Beside | None], op: Any) -> str:
    """The device of `op` under nested `with tf.device(...)` blocks.

    The blocks are asked from the inside out, as in TensorFlow 1: a string fills in the fields that
    are still open, and a function sees what the blocks inside it gave (`op.device`) and has the
    last word, so that `tf.train.replica_device_setter` can merge or overrule it.

    Args:
        stack: the blocks, the outermost first: strings, functions from Operation to string or
            DeviceSpec; None and Beside forget what stands before them, but None not what to stand
            beside; that device goes before what is asked for inside.
        op: the Operation that functions are asked about.
    """
    device, forgotten = "", False
    for entry in reversed(stack):
        if isinstance(entry, Beside):
            device = entry.device or device
            break
        if entry is None or forgotten:
            forgotten = True
        elif callable(entry):
            op._set_device(device)
            found = entry(op)
            if found is not None:
                device = found.to_string() if hasattr(found, "to_string") else str(found)
                parse(device)
        else:
            device = merge(entry, device)
    return device
