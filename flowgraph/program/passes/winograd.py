"""Convolutions with windows of 3x3 take half the products: Winograd's way (`ops/conv_rows.py`).

    Conv2D, ConvBlock           ->  ConvBlock that makes four rows of results together
    Conv2DBackpropInput         ->  the same, with the filter turned round
    ConvBlockGrad               ->  ConvBlockGrad that takes four rows together

Where a result is 0 because all its inputs are, this may give a number near 0. That must not decide
what is above 0, or the largest: forwards it is only done where everyone who takes the results gives
about the same for about the same numbers. So it is in inference, and before batch normalisation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.ops.padding import windows
from flowgraph.program.conv_blocks import CONV_BLOCK, CONV_BLOCK_GRAD, ConvGroup
from flowgraph.program.ir import Instr, Program, Value, constant
from flowgraph.program.passes.dead_code import dead_code

KINDS = {"Conv2D", "Conv2DBackpropInput", CONV_BLOCK.type, CONV_BLOCK_GRAD.type}
_ATTRS = ("strides", "padding", "dilations", "explicit_paddings")
_OF_BLOCKS = {*_ATTRS, "pool", "relu", "wanted", "group"}  # what else a block may do, this cannot
# Ops without a step or a kink; relu and max pooling have none forwards.
_SMOOTH = {"Conv2D", "ConvBlock", "Conv2DBackpropFilter", "FusedBatchNorm", "FusedBatchNormV3",
           "FusedBatchNormGrad", "FusedBatchNormGradV3", "MatMul", "AvgPool", "Mean"}


def winograd(program: Program) -> Program:
    """Marks the convolutions that take fewer products where that is quicker."""
    found = {}
    for instr in program.instrs:
        if instr.op_def.type in KINDS:
            made = _with_fewer_products(instr, program)
            if made is not None:
                found[instr] = made
    if not found:
        return program
    return dead_code(program.with_instrs([found.get(i, i) for i in program.instrs], {}))


def _with_fewer_products(instr: Instr, program: Program) -> Instr | None:
    attrs, kind = instr.attrs, instr.op_def.type
    turned = kind == "Conv2DBackpropInput"
    w, x = instr.inputs[1:3] if turned else instr.inputs[1::-1]
    if x is None or w is None or not _can(instr, x, w):
        return None
    if kind != CONV_BLOCK_GRAD.type and (len(instr.outputs) > 1 or not all(
            _is_smooth(user, instr.outputs[0])
            for user in program.users.get(instr.outputs[0], ()))):
        return None
    if "group" in attrs:
        return _like(instr, instr.inputs, {**attrs, "winograd": True}, instr.op_def)
    if turned:  # a note of the member needs the sizes, which no one else computes then
        shape = instr.outputs[0].spec.shape or ()
        if shape[:-1] != (x.spec.shape or ())[:-1]:
            return None
        instr = instr.with_inputs((constant("sizes", np.array(shape, np.int32)), w, x))
    of_conv = {key: attrs[key] if key == "padding" else tuple(attrs.get(key) or ())
               for key in _ATTRS}
    group = ConvGroup((instr,), (x, w), instr.outputs)
    return _like(instr, (x, w), {**of_conv, "group": group, "winograd": True,
                                 "turned": turned}, CONV_BLOCK)


def _can(instr: Instr, x: Value, w: Value) -> bool:
    """Whether a convolution can be done so, and is quicker."""
    attrs = instr.attrs
    if ("group" in attrs and not attrs.keys() <= _OF_BLOCKS) or (
            attrs.get("data_format", "NHWC") != "NHWC" or not instr.is_pure
            or not (x.spec.is_static and w.spec.is_static)
            or x.spec.dtype.name not in ("float32", "float64")):
        return False
    from flowgraph.ops.conv_rows import Layer, pays  # with the first convolution
    images, filters = x.spec.shape or (), w.spec.shape or ()
    place = windows(filters[:-2], "NHWC", attrs["strides"], attrs["padding"],
                    attrs.get("dilations"), attrs.get("explicit_paddings") or ())
    layer = Layer(place, attrs.get("pool", (1, 1)), attrs.get("relu", False))
    return pays(images, filters, layer)  # type: ignore[arg-type]


def _is_smooth(user: Instr, value: Value) -> bool:
    """Whether a user of a value gives about the same for about the same numbers."""
    if user.op_def.type == CONV_BLOCK_GRAD.type:
        return all(taken is not value for taken in user.inputs[3:])
    return user.op_def.type in _SMOOTH


def _like(instr: Instr, inputs: tuple[Value | None, ...], attrs: dict[str, Any],
          op_def: Any) -> Instr:
    return Instr(op_def, inputs, instr.outputs, attrs, instr.origins, instr.keep,
                 equals=instr.equals)
