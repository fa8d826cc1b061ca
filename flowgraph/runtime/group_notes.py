"""Notes of the members of a group that runs tile by tile: what each did, as if it had run alone.

A group (`program/groups.py`) is one step, whose time is measured. Its members run on one tile after
the other, too short to be timed: the group's time is shared out among them by what such ops usually
take. What each has made is worked out once more, for those who ask for values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.opdef.opdef import plain_value
from flowgraph.plan.plan import Step
from flowgraph.program.groups import Group, runs_group
from flowgraph.program.ir import Instr, Value

# What an element takes, against an addition; others take about as long as one. Measured on tiles of
# 65,536 float32 with NumPy 2.4, in lines of one operation each (plan/linear.py).
_COSTS = {
    kind: cost for cost, kinds in (
        (2.0, "ReluGrad SigmoidGrad Softsign SoftsignGrad Tanh TanhGrad ReciprocalGrad Relu6 "
              "Relu6Grad"),
        (2.5, "Expm1 RsqrtGrad Select SelectV2 LeakyRelu"),
        (3.0, "Exp Log Sign EluGrad LeakyReluGrad DivNoNan MulNoNan Sinh Cosh Tan"),
        (4.0, "Acos Asin Atan Log1p Pow Cos Sin Atan2 Atanh Elu Xdivy"),
        (5.0, "Sigmoid SoftplusGrad Selu SeluGrad Asinh"), (6.0, "Softmax LogSoftmax"),
        (7.0, "Xlogy Xlog1py"), (8.0, "Softplus"),
        (13.0, "Acosh FakeQuantWithMinMaxArgs NextAfter"),
        (20.0, "FloorMod TruncateMod"), (40.0, "TruncateDiv"), (65.0, "Erf"),
        (200.0, "Erfc"), (350.0, "Digamma Erfinv Ndtri"), (900.0, "Lgamma"),
    ) for kind in kinds.split()}


def is_group(step: Step) -> bool:
    """Whether a step runs a group.

    Args:
        step: the step.
    """
    return runs_group(step.instr)


def member_steps(step: Step) -> list[Step]:
    """A step for each member of a group; slots tell who takes what of whom.

    Args:
        step: the step of the group.
    """
    slots: dict[Value, int] = {}

    def slot(value: Value | None) -> int:
        return -1 if value is None else slots.setdefault(value, len(slots))

    return [Step(member, tuple(map(slot, member.inputs)), tuple(map(slot, member.outputs)),
                 (), (), ()) for member in step.instr.attrs["group"].members]


def shares(group: Group) -> list[float]:
    """Which part of the group's time each member has, an estimate.

    Args:
        group: the group.
    """
    costs = [_COSTS.get(member.op_def.type, 1.0) * _width(member) * max(
        [math.prod(value.spec.shape or ()) for value in (*member.inputs, *member.outputs)  # type: ignore[arg-type]
         if value is not None], default=0) for member in group.members]
    return [cost / (sum(costs) or 1.0) for cost in costs]


def _width(member: Instr) -> float:
    """How many elements a convolution takes the time of, per element of its images."""
    if not member.op_def.multiplies:
        return 1.0
    filters: list[tuple[int, ...]] = [
        v.spec.shape for v in (*member.inputs[1:2], *member.outputs)  # type: ignore[misc]
        if v is not None and v.spec.is_static and len(v.spec.shape or ()) == 4]
    shape = filters[-1 if member.op_def.type == "Conv2DBackpropFilter" else 0]
    return max(1.0, math.prod(shape) / max(shape[2:]) / 16)


def kept_of_members(step: Step, arguments: list[Any], keep: Callable[[Any], Any]) -> list[Any]:
    """What `keep` makes of the result of each member, which is worked out for it.

    A pooled gradient block is not given what its first members take, only where the maxima were:
    None stands for what cannot be worked out.

    Args:
        step: the step of the group, which has yet to run: it may overwrite its arguments.
        arguments: its arguments.
        keep: function from a result.
    """
    group = step.instr.attrs["group"]
    values = dict(zip(group.inputs, arguments, strict=True))
    kept: list[Any] = []
    for member in group.members:
        if any(v is not None and v.const is None and v not in values for v in member.inputs):
            kept.append(None)
            continue
        value = values[member.outputs[0]] = _result(member, values)
        kept.append(keep(value))
    return kept


def _result(member: Instr, values: dict[Value, Any]) -> Any:
    op_def = member.op_def
    params = op_def.flat_params(len(member.inputs))
    arguments: list[Any] = []
    for param, value in zip(params, member.inputs, strict=True):
        array = None if value is None else values.get(value, value.const)
        arguments.append(plain_value(array) if param in op_def.host_inputs else array)
    grouped = op_def.group(arguments) if op_def.lists else arguments
    with np.errstate(all="ignore"):
        return op_def.kernel(np, *grouped, **member.attrs)
