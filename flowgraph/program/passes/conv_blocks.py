"""Blocks of convolution: what follows a convolution is done while its results are in the cache.

    Conv2D, BiasAdd, Relu, MaxPool                                      ->  ConvBlock
    MaxPoolGrad, ReluGrad, BiasAddGrad, Conv2DBackprop{Input,Filter}    ->  ConvBlockGrad

A block forwards is a chain whose inner values nothing else takes; a pooling is only taken in if
what needs the values before it, its gradient and that of relu, goes into a block too. Backwards,
all that is made of one gradient d (of the convolution's result) is one block.

Joining them makes no circle. What a block takes comes before its one inner value (the last result
forwards, d backwards), and what it gives comes after it, so that blocks stand where those stood.
"""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core.dtypes import bool_
from flowgraph.core.spec import Spec
from flowgraph.program.conv_blocks import CONV_BLOCK, CONV_BLOCK_GRAD, ConvGroup
from flowgraph.program.groups import axes_of
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.passes.dead_code import dead_code

SMALLEST = 1 << 14  # results of a convolution; below, a block takes longer to begin than it saves
_ATTRS = ("strides", "padding", "dilations", "explicit_paddings")


def conv_blocks(program: Program) -> Program:
    """Joins convolutions with bias, relu and pooling, and what goes back through them."""
    if not any(instr.op_def.type in ("Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput")
               for instr in program.instrs):
        return program
    search = _Search(program)
    for instr in program.instrs:
        if instr.op_def.type == "Conv2D":
            search.add_forwards(instr)
    for instr in program.instrs:
        if instr.op_def.type in ("ReluGrad", "Conv2DBackpropFilter"):
            search.add_backwards(instr)
    if not search.made:
        return program
    instrs = [search.made.get(instr, instr) for instr in program.instrs
              if instr in search.made or instr not in search.taken]
    return dead_code(program.with_instrs(instrs, {}))


class _Search:
    """Finds blocks.

    Attributes:
        made: the block that stands in the place of an instruction.
        taken: the instructions that are in a block.
    """

    def __init__(self, program: Program) -> None:
        self.made: dict[Instr, Instr] = {}
        self.taken: set[Instr] = set()
        self._leaving = set(program.results())
        self._producers = program.producers
        self._number = {instr: i for i, instr in enumerate(program.instrs)}
        self._uses = program.users

    # ---- forwards --------------------------------------------------------------------------------

    def add_forwards(self, conv: Instr) -> None:
        """Makes the block that begins with a convolution."""
        x, w = conv.inputs
        if x is None or w is None or not _is_plain(conv, x, w) or _is_small(conv.outputs[0]):
            return
        members = [conv]
        inputs: list[Value] = [x, w]
        follower = self._only_use(conv.outputs[0])
        bias = None if follower is None else _bias(follower, conv.outputs[0])
        if bias is not None:
            members.append(follower)  # type: ignore[arg-type]
            inputs.append(bias)
            follower = self._only_use(members[-1].outputs[0])
        relu = follower is not None and follower.op_def.type == "Relu"
        if relu:
            members.append(follower)  # type: ignore[arg-type]
        if self._add_pooled(members, inputs, relu) or len(members) == 1:
            return
        self._make(CONV_BLOCK, members, inputs, (members[-1].outputs[0],), members[-1],
                   pool=(1, 1), relu=relu)

    def _only_use(self, value: Value) -> Instr | None:
        uses = self._uses.get(value, [])
        return uses[0] if len(uses) == 1 and value not in self._leaving else None

    def _add_pooled(self, members: list[Instr], inputs: list[Value], relu: bool) -> bool:
        """Makes the block with the pooling that follows, and the one backwards; or neither."""
        value = members[-1].outputs[0]
        users = {instr.op_def.type: instr for instr in self._uses.get(value, ())}
        pool = users.pop("MaxPool", None)
        size = None if pool is None else _pool_size(pool)
        if pool is None or size is None or value in self._leaving or (
                len(self._uses[value]) != len(users) + 1):
            return False
        group = (*members, pool)
        y = pool.outputs[0]
        if not users:
            self._make(CONV_BLOCK, group, inputs, (y,), pool, pool=size, relu=relu)
            return True
        back = users.pop("MaxPoolGrad", None)
        if back is None or back.inputs[:2] != (value, y) or back.inputs[2] is None or (
                {key: back.attrs[key] for key in pool.attrs} != pool.attrs):
            return False
        last = back
        if relu:
            after = users.pop("ReluGrad", None)
            if after is None or self._only_use(back.outputs[0]) is not after or (
                    after.inputs != (back.outputs[0], value)):
                return False
            last = after
        if users:
            return False
        found = self._gradients(last.outputs[0], inputs[0], inputs[1], members[0].attrs)
        if not found or set(self._uses[last.outputs[0]]) != set(found.values()) or (
                last.outputs[0] in self._leaving):
            return False
        n, *rest = y.spec.shape or ()
        where = Value(f"{y.name}/where", Spec(bool_, (math.prod(size), n, *rest)))
        self._make(CONV_BLOCK, group, inputs, (y, where), pool, pool=size, relu=relu)
        self._make_backwards(dict.fromkeys((back, last)), found,
                             [inputs[0], inputs[1], back.inputs[2], where], last, members[0],
                             pool=size, relu=relu)
        return True

    # ---- backwards -------------------------------------------------------------------------------

    def add_backwards(self, instr: Instr) -> None:
        """Makes the block of a gradient that goes through relu, or straight into a convolution."""
        if instr in self.taken:
            return
        relu = instr.op_def.type == "ReluGrad"
        d = instr.outputs[0] if relu else instr.inputs[2]
        if d is None or _is_small(d) or any(v is None for v in instr.inputs):
            return
        first = next((user for user in self._uses.get(d, ())
                      if user.op_def.type == "Conv2DBackpropFilter"), None)
        if first is None or first.inputs[2] is not d or first.inputs[0] is None:
            return
        x = first.inputs[0]
        w = next((user.inputs[1] for user in self._uses[d]
                  if user.op_def.type == "Conv2DBackpropInput"), None)
        found = self._gradients(d, x, w, first.attrs)
        if "dw" not in found:
            return
        if relu and (d in self._leaving or set(self._uses[d]) != set(found.values())):
            relu = False
        if not relu and len(found) < 2:
            return
        anchor = self._producers.get(d)
        members = {instr: None} if relu else {}
        if w is None:
            w = next((other.inputs[1] for other in self._uses.get(x, ())
                      if other.op_def.type == "Conv2D" and other.inputs[0] is x
                      and other.inputs[1] is not None
                      and other.inputs[1].spec == found["dw"].outputs[0].spec), None)
        if w is None or not self._is_before((x, w), anchor):
            return
        inputs = [x, w, *(v for v in (instr.inputs if relu else (d,)) if v is not None)]
        if relu:
            self._make_backwards(members, found, inputs, instr, first, pool=(1, 1), relu=True)
        else:
            place = min(found.values(), key=self._number.__getitem__)
            if self._is_before((x, w), place):
                self._make_backwards({}, found, inputs, place, first, pool=(1, 1), relu=False)

    def _is_before(self, values: tuple[Value, ...], instr: Instr | None) -> bool:
        """Whether values are there before an instruction runs."""
        if instr is None:
            return True
        here = self._number[instr]
        return all(self._number[self._producers[v]] < here for v in values
                   if v in self._producers)

    def _gradients(self, d: Value, x: Value, w: Value | None,
                   attrs: dict[str, Any]) -> dict[str, Instr]:
        """What is made of the gradient of a convolution's result, by its name."""
        found: dict[str, Instr] = {}
        for user in self._uses.get(d, ()):
            kind = user.op_def.type
            if user in self.taken:
                continue
            spec = user.outputs[0].spec
            if kind == "Conv2DBackpropFilter" and user.inputs[0] is x and user.inputs[2] is d:
                fits, name = _is_plain(user, x, d) and (w is None or spec == w.spec), "dw"
            elif kind == "Conv2DBackpropInput" and w is not None and (
                    user.inputs[1] is w and user.inputs[2] is d):
                fits, name = _is_plain(user, d, w) and spec == x.spec, "dx"
            else:
                fits, name = _is_bias_gradient(user), "db"
            if fits and name not in found and (name == "db" or _same(user.attrs, attrs)):
                found[name] = user
        return found

    def _make_backwards(self, before: dict[Instr, None], found: dict[str, Instr],
                        inputs: list[Value], place: Instr, conv: Instr, pool: tuple[int, ...],
                        relu: bool) -> None:
        wanted = tuple(name for name in ("dx", "dw", "db") if name in found)
        results = tuple(found[name].outputs[0] for name in wanted)
        joined = frozenset(found[name].outputs[0] for name in wanted if name == "db")
        self._make(CONV_BLOCK_GRAD, (*before, *(found[name] for name in wanted)), inputs, results,
                   place, conv, joined, pool=pool, relu=relu, wanted=wanted)

    # ---- both ------------------------------------------------------------------------------------

    def _make(self, op_def: Any, members: Any, inputs: list[Value], results: tuple[Value, ...],
              place: Instr, conv: Instr | None = None, joined: frozenset[Value] = frozenset(),
              **attrs: Any) -> None:
        members = tuple(members)
        conv = conv or members[0]
        group = ConvGroup(members, tuple(inputs), results, joined)
        of_conv = {key: tuple(conv.attrs.get(key) or ()) if key != "padding"
                   else conv.attrs[key] for key in _ATTRS}
        origins = tuple(dict.fromkeys(op for m in members[::-1] for op in m.origins))
        self.made[place] = Instr(op_def, tuple(inputs), results,
                                 {**of_conv, **attrs, "group": group}, origins)
        self.taken.update(members)


def _is_plain(instr: Instr, *values: Value) -> bool:
    """Whether a block can do what a convolution does."""
    return (instr.is_pure and instr.attrs["data_format"] == "NHWC"
            and instr.outputs[0].spec.is_static and bool(instr.outputs[0].spec.size)
            and all(v.spec.is_static and v.spec.size and v.spec.dtype.name in ("float32", "float64")
                    for v in values))


def _is_small(results: Value) -> bool:
    return (results.spec.size or 0) < SMALLEST


def _same(attrs: dict[str, Any], others: dict[str, Any]) -> bool:
    return all(list(attrs.get(key) or ()) == list(others.get(key) or ()) for key in _ATTRS)


def _bias(instr: Instr, value: Value) -> Value | None:
    """The bias that an instruction adds to the channels of a value; None if it does something else.
    """
    kind, channels = instr.op_def.type, (value.spec.shape or (0,))[-1:]
    if kind == "BiasAdd" and instr.attrs["data_format"] == "NHWC" and instr.inputs[0] is value:
        return instr.inputs[1] if instr.inputs[1] is not value else None
    if kind in ("Add", "AddV2") and instr.outputs[0].spec == value.spec:
        other = next((v for v in instr.inputs if v is not value), None)
        if other is not None and other.spec.shape == channels:
            return other
    return None


def _is_bias_gradient(instr: Instr) -> bool:
    if instr.op_def.type == "BiasAddGrad":
        return bool(instr.attrs["data_format"] == "NHWC")
    value = instr.inputs[0] if instr.op_def.type == "Sum" else None
    if value is None or value.spec.shape is None:
        return False
    return (axes_of(instr) == tuple(range(len(value.spec.shape) - 1))
            and instr.outputs[0].spec.shape == value.spec.shape[-1:])


def _pool_size(pool: Instr) -> tuple[int, ...] | None:
    """Size of the windows of a pooling if they lie side by side and cover all; else None."""
    shape = pool.inputs[0].spec.shape if pool.inputs[0] is not None else None
    size = tuple(pool.attrs["ksize"])
    if (shape is None or pool.attrs["data_format"] != "NHWC" or size != tuple(pool.attrs["strides"])
            or size[0] != 1 or size[-1] != 1 or math.prod(size) == 1
            or any(n % k for n, k in zip(shape, size, strict=True))):
        return None
    return size[1:-1]
