"""A convolution and what follows it, as one instruction; and the gradients of that, as another.

    Conv2D, BiasAdd, Relu, MaxPool                                        ->  ConvBlock
    MaxPoolGrad, ReluGrad, BiasAddGrad, Conv2DBackprop{Input,Filter}      ->  ConvBlockGrad

The pass `conv_blocks` makes them; `ops/conv_tiles.py` computes them, a few images at a time.
Between the two goes `where`, which says for each pooling window which of its numbers was the
largest: what the convolution gave is not kept. The attribute `winograd`, which the pass of that
name sets, says that four rows of results are made together, by fewer products (`ops/conv_rows.py`).
"""

from __future__ import annotations

import math
from typing import Any

from flowgraph.ops.padding import windows
from flowgraph.program.groups import GroupOp
from flowgraph.program.ir import Instr, Value

_ONES = (1, 1, 1, 1)


class ConvGroup:
    """The members of a block.

    Attributes:
        members: the instructions, each after what it needs.
        inputs: the values from outside that notes of the members need.
        results: the values that are used outside, in the order of the instruction's outputs.
        joined: the results that are put together from a part per tile.
    """

    __slots__ = ("inputs", "joined", "members", "results")

    def __init__(self, members: tuple[Instr, ...], inputs: tuple[Value, ...],
                 results: tuple[Value, ...], joined: frozenset[Value] = frozenset()) -> None:
        self.members = members
        self.inputs = inputs
        self.results = results
        self.joined = joined

    def __repr__(self) -> str:
        return " ".join(member.op_def.type for member in self.members)


class ConvBlock(GroupOp, abstract=True):
    """Runs a convolution and what follows it.

    Its inputs are the images, the filter and, if there is one, the bias. Its results are those of
    the last member and, if the group has two results, where each pooling window has its maximum.
    """

    type = "ConvBlock"
    multiplies = True

    def kernel(self, xp: Any, inputs: Any, *, group: ConvGroup, padding: str, strides: Any = _ONES,
               dilations: Any = _ONES, explicit_paddings: Any = (), pool: tuple[int, ...] = (1, 1),
               relu: bool = False, winograd: bool = False, turned: bool = False,
               out: Any = None) -> Any:
        x, w = inputs[:2]
        if turned:  # the gradient of a convolution's images is a convolution too
            w = w[::-1, ::-1].swapaxes(-1, -2)
        layer = _layer(w, strides, padding, dilations, explicit_paddings, pool, relu)
        hits = len(group.results) == 2
        y, where = _arithmetic(winograd).forwards(
            xp, x, w, inputs[2] if len(inputs) == 3 else None, layer, hits,
            None if out is None else (*out, None)[:2])
        return (y, where) if hits else (y,)


class ConvBlockGrad(GroupOp, abstract=True):
    """The gradients of what a ConvBlock gives.

    Its inputs are the images, the filter, the gradient of the result and, with a pooling, where the
    maxima are, else with a relu the result. Its results are those named by `wanted`, of "dx",
    "dw" and "db".
    """

    type = "ConvBlockGrad"
    multiplies = True

    def kernel(self, xp: Any, inputs: Any, *, group: ConvGroup, padding: str, strides: Any = _ONES,
               dilations: Any = _ONES, explicit_paddings: Any = (), pool: tuple[int, ...] = (1, 1),
               relu: bool = False, wanted: tuple[str, ...] = (), winograd: bool = False,
               out: Any = None) -> Any:
        x, w, dy = inputs[:3]
        layer = _layer(w, strides, padding, dilations, explicit_paddings, pool, relu)
        kept = inputs[3] if len(inputs) == 4 else None
        y, where = (kept, None) if math.prod(pool) == 1 else (None, kept)
        places: dict[str, Any] = dict.fromkeys(("dx", "dw", "db"))
        if out is not None:
            places.update(zip(wanted, out, strict=True))
        made = _arithmetic(winograd).backwards(
            xp, x, w, dy, layer, y, where, tuple(name in wanted for name in places),
            tuple(places.values()))
        return tuple(made[list(places).index(name)] for name in wanted)


def _arithmetic(winograd: bool) -> Any:
    """The module that computes a block, loaded with the first one."""
    if winograd:
        from flowgraph.ops import conv_rows
        return conv_rows
    from flowgraph.ops import conv_tiles
    return conv_tiles


def _layer(w: Any, strides: Any, padding: str, dilations: Any, explicit_paddings: Any,
           pool: tuple[int, ...], relu: bool) -> Any:
    from flowgraph.ops.conv_row_columns import Layer

    place = windows(w.shape[:-2], "NHWC", strides, padding, dilations, explicit_paddings)
    return Layer(place, pool, relu)


CONV_BLOCK, CONV_BLOCK_GRAD = ConvBlock(), ConvBlockGrad()
