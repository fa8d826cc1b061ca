"""Parts of concatenations that are written where they will stand, so that nothing is copied.

    a = np.tanh(x, out=ab[:4])                its place in the result of the concatenation
    b = np.exp(x, out=ab[4:])
    ab = np.concatenate((a, b), 0, out=ab)    NumPy sees that each part is there already

The memory of the concatenation is then taken when its first part is made, and is free when none of
its parts is used any more. A part may be a concatenation itself. Parts that would not lie in one
piece, as columns, are copied, unless they are concatenations: BLAS writes into whole rows only, and
arithmetic on rows that are 4 KB apart takes as much longer as the copy.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from flowgraph.plan.lifetime import Lifetimes
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.packs import PACKED

LEAST = 1 << 10  # bytes; less is copied as quickly as it is found


class Place(NamedTuple):
    """Where a value lies in another one's memory.

    Attributes:
        whole: the value whose memory it is.
        offset: in bytes.
        strides: in bytes.
    """

    whole: Value
    offset: int
    strides: tuple[int, ...]


def places_in_joins(program: Program, lifetimes: Lifetimes,
                    writable: dict[Value, Instr]) -> dict[Value, Place]:
    """The parts that can be written in place, each with its place in the outermost concatenation.

    Args:
        program: the program.
        lifetimes: of its values.
        writable: the values that their instruction can write into given memory.
    """
    places: dict[Value, Place] = {}
    for instr in reversed(program.instrs):  # the outer ones first
        if instr.op_def is PACKED and instr.outputs[0] in writable:
            places.update(_places_in_pack(instr, writable, lifetimes, places))
        if instr.op_def.type != "ConcatV2" or instr.outputs[0] not in writable:
            continue
        whole = instr.outputs[0]
        *parts, axis = instr.inputs
        if axis is None or axis.const is None:
            continue
        shape: tuple[int, ...] = whole.spec.shape  # type: ignore[assignment]
        at = int(axis.const) % len(shape)
        place = places.get(whole) or Place(whole, 0, _strides(shape, whole.spec.dtype.size))
        first = 0
        for part in parts:
            assert part is not None
            if part.spec.shape is None or part.spec.shape[at] is None:
                break
            if _may_lie_inside(part, parts, writable, lifetimes, places):
                found = Place(place.whole, place.offset + first * place.strides[at], place.strides)
                if _suits(part, found, writable[part]):
                    places[part] = found
            first += part.spec.shape[at] or 0
    return places


def _places_in_pack(instr: Instr, writable: dict[Value, Instr], lifetimes: Lifetimes,
                    places: dict[Value, Place]) -> dict[Value, Place]:
    """The parts of a flat array that can be written in place."""
    found = {}
    whole, parts = instr.outputs[0], list(instr.inputs)
    for part, first in zip(parts, instr.attrs["pack"].firsts, strict=True):
        assert part is not None
        if _may_lie_inside(part, parts, writable, lifetimes, places):
            size = part.spec.dtype.size
            found[part] = Place(whole, first * size, _strides(part.spec.shape, size))  # type: ignore[arg-type]
    return found


def _may_lie_inside(part: Value, parts: list[Value | None], writable: dict[Value, Instr],
                    lifetimes: Lifetimes, places: dict[Value, Place]) -> bool:
    return (part in writable and part not in places and (part.spec.nbytes or 0) >= LEAST
            and lifetimes.roots[part] == {part} and parts.count(part) == 1)


def _suits(part: Value, place: Place, instr: Instr) -> bool:
    """Whether the kernel can write there."""
    shape: tuple[int, ...] = part.spec.shape  # type: ignore[assignment]
    size = part.spec.dtype.size
    if all(n == 1 or stride == other for n, stride, other in
           zip(shape, place.strides, _strides(shape, size), strict=True)):
        return True
    return instr.op_def.type == "ConcatV2" and len(shape) == 2 and shape[1] * size >= LEAST // 4


def _strides(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """The strides of an array that lies in one piece."""
    return tuple(size * math.prod(shape[i + 1:]) for i in range(len(shape)))
