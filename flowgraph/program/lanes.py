"""Lanes: parts of a program that do not need each other, and run side by side.

    left  = ...         right = ...          one after another: each core waits for the other's work
    left  ‖ right                            in lanes: each core has a part of its own

A lane is a Program of its own, like the body of a loop. The pass `independent_parts` finds lanes.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from flowgraph.core.machine import cores
from flowgraph.core.pool import at_most, parallel
from flowgraph.core.spec import Spec
from flowgraph.errors import OpDefError
from flowgraph.opdef.opdef import OpDef
from flowgraph.program.ir import Instr

_SHORT = 5_000.0  # nanoseconds; of shorter steps most is Python's, which does one at a time
_NUMBERS = 1.0  # per nanosecond, in steps that go through arrays
_MULTIPLICATIONS = 25.0  # per nanosecond, in matrix products and convolutions


class SideBySide(OpDef, abstract=True):
    """Runs its lanes side by side. It stands in Programs only, never in a graph."""

    type = "SideBySide"
    params = ("inputs",)
    lists = ("inputs",)
    multiple = True
    plain = False
    bodies = ("lanes",)

    def infer(self, inputs: Any) -> tuple[Spec, ...]:
        raise OpDefError("what lanes give is known from their programs")

    def body_specs(self, inputs: Any, bodies: Any) -> list[Spec]:
        """The specs of the results: those of each lane, one after another."""
        return [spec for specs in bodies for spec in specs]

    def kept_outputs(self, outputs: Any, used: Any, carried: int) -> list[int]:
        """The numbers of the outputs that an instruction needs: a lane has no others."""
        return list(range(len(outputs)))

    def kernel(self, xp: Any, inputs: Any, *, bodies: Any) -> tuple[Any, ...]:
        results: list[Any] = [()] * len(bodies)
        errors: dict[int, Exception] = {}
        threads = max(1, cores() // len(bodies))

        def run(number: int) -> None:
            try:
                with at_most(threads):
                    results[number] = bodies[number](*inputs)
            except Exception as error:
                errors[number] = error
                raise

        jobs = [partial(run, number) for number in range(len(bodies))]
        if any(body.is_watched for body in bodies):  # a hook sees one step at a time
            for job in jobs:
                job()
        else:
            failed = None
            try:
                parallel(jobs)
            except Exception as error:
                failed = error
            if failed is not None:  # what the first lane says, whichever was quicker
                raise errors[min(errors)] if errors else failed
        return tuple([array for arrays in results for array in arrays])


SIDE_BY_SIDE = SideBySide()


def nanoseconds(instr: Instr) -> float:
    """About how long an instruction is busy on one core outside of Python; 0 if that is short."""
    if instr.op_def.multiplies:
        found = _multiplications(instr) / _MULTIPLICATIONS
    elif instr.op_def.aliases:  # a view
        found = 0.0
    else:
        inputs = instr.inputs[instr.op_def.touches_rows:]
        outputs = () if instr.op_def.takes_old_copy else instr.outputs
        found = max((value.spec.size or 0 for value in (*inputs, *outputs)
                     if value is not None), default=0) / _NUMBERS
    return found if found >= _SHORT else 0.0


def _multiplications(instr: Instr) -> float:
    """Of a product: the geometric mean of the three sizes, which is right for any two matrices.

    [m, k] by [k, n] has m*k, k*n and m*n numbers: the root of their product is m*k*n. A convolution
    and its gradients are such products but for what windows share.
    """
    specs = [value.spec for value in (*instr.inputs, *instr.outputs)
             if value is not None and value.spec.dtype.kind in "fc" and value.spec.rank]
    sizes = sorted((spec.size or 0 for spec in specs), reverse=True)[:3]
    if len(sizes) < 3 or not sizes[2]:
        return 0.0
    out = instr.outputs[0].spec.shape or ()
    stack = math.prod(n or 1 for n in out[:-2]) if instr.op_def.type == "BatchMatMulV2" else 1
    return math.sqrt(math.prod(size / stack for size in sizes)) * stack
