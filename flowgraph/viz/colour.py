"""What colours tell, when that is not the kind of a node: device, time or memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from flowgraph.errors import message
from flowgraph.viz import style
from flowgraph.viz.model import Diagram, Node

Color = Literal["structure", "device", "time", "memory"]
_STEPS = len(style.RAMP)


def check(color: str, profile: Any) -> None:
    """Refuses an unknown way to colour, and one that has nothing to go by.

    Args:
        color: what colours shall tell.
        profile: what was measured; None if nothing was.

    Raises:
        ValueError: `color` is unknown, or needs a profile and there is none.
    """
    if color not in ("structure", "device", "time", "memory"):
        raise ValueError("color is one of 'structure', 'device', 'time', 'memory', "
                         f"not {color!r}")
    if color in ("time", "memory") and profile is None:
        raise ValueError(message(
            f"color={color!r} shows what was measured, and no profile was given",
            advice="Write with fg.profile() as profile: around the session.run calls, then give "
                   "profile=profile."))
    if color in ("time", "memory") and not hasattr(profile, "costs"):
        raise ValueError(f"profile is what fg.profile() gives, not {type(profile).__name__}")


def coloured(picture: Diagram, color: Color, profile: Any) -> Diagram:
    """A picture whose nodes have the colours that tell what was asked for.

    Args:
        picture: the picture.
        color: what colours shall tell.
        profile: for "time" and "memory", what was measured: `profile.costs()` gives for an
            operation `seconds` and `bytes`.

    Returns:
        The picture; as it was for "structure".
    """
    if color == "structure":
        return picture
    if color == "device":
        return _by_device(picture)
    costs = profile.costs()
    measure = _seconds if color == "time" else _bytes
    sums = [sum(measure(costs[op]) for op in node.ops if op in costs) for node in picture.nodes]
    total = sum(map(measure, costs.values()))
    most = max(sums, default=0)
    if not most:
        return replace(picture, scale=((f"no {color} was measured", style.RAMP[0]),))
    nodes = [_marked(node, cost, total, most, color)
             for node, cost in zip(picture.nodes, sums, strict=True)]
    bounds = [(i / _STEPS) ** 2 * most for i in range(_STEPS + 1)]
    scale = tuple((f"{amount(low, color)} to {amount(high, color)}", fill)
                  for low, high, fill in zip(bounds, bounds[1:], style.RAMP, strict=False))
    return replace(picture, nodes=tuple(nodes), scale=scale)


def amount(number: float, color: str) -> str:
    """Time or memory with its unit.

    Example:
        >>> amount(0.0123, "time"), amount(2_500_000, "memory"), amount(0, "time")
        ('12.3 ms', '2.5 MB', '0 µs')
    """
    units = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")) if color == "time" else (
        (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
    for size, unit in units:
        if number >= size or size == units[-1][0]:
            return f"{number / size:.3g} {unit}" if number / size < 1000 else (
                f"{number / size:.0f} {unit}")
    raise AssertionError("the last unit fits everything")


def _seconds(cost: Any) -> float:
    return float(cost.seconds)


def _bytes(cost: Any) -> float:
    return float(cost.bytes)


def _marked(node: Node, cost: float, total: float, most: float, color: str) -> Node:
    # Most nodes cost little: by the square root, small differences between them are seen.
    step = min(int((cost / most) ** 0.5 * _STEPS), _STEPS - 1)
    if not cost:
        return replace(node, fill="#ffffff")
    share = cost / total * 100 if total else 0.0
    percent = f"{share:.0f} %" if share >= 1 else "< 1 %"
    return replace(node, fill=style.RAMP[step],
                   details=(f"{amount(cost, color)}, {percent}", *node.details[:2]))


def _by_device(picture: Diagram) -> Diagram:
    found = {op.device for node in picture.nodes for op in node.ops}
    named = sorted(device for device in found if device)
    fills = {device: style.DEVICES[i % len(style.DEVICES)] for i, device in enumerate(named)}
    fills[""] = "#ffffff"

    def fill(node: Node) -> str:
        devices = {op.device for op in node.ops}
        if len(devices) > 1 and len(devices - {""}) == 1:
            devices -= {""}
        return fills[devices.pop()] if len(devices) == 1 else style.SEVERAL_DEVICES

    nodes = tuple(replace(node, fill=fill(node)) for node in picture.nodes)
    used = {node.fill for node in nodes}
    scale = [*((device, fills[device]) for device in named), ("any device", "#ffffff"),
             ("several devices", style.SEVERAL_DEVICES)]
    return replace(picture, nodes=nodes, scale=tuple(row for row in scale if row[1] in used))
