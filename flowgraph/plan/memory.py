"""How much memory a run of a plan takes, from the plan alone.

    sess.explain(loss, feed)     # ... # Memory: at most 3.1 MB: 2.1 MB of buffers, ...

Counted are the buffers (see `buffers`); the results that have none, while they are alive, and the
copies of those that the caller gets; and the scratch memory of groups, tile by tile and thread by
thread. The arrays of the variables and of constants are there between runs too, and told apart. Not
counted are the feeds, which are the caller's, and what a kernel takes for itself and gives back.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from flowgraph.core.pool import width
from flowgraph.core.scratch import MOST
from flowgraph.plan.plan import Plan, Step
from flowgraph.plan.tiles import TileFunction
from flowgraph.program.groups import runs_group
from flowgraph.program.ir import Program, Value
from flowgraph.program.packs import VariablePack

_NO_NUMBERS = ("variant", "string", "resource")  # lists of tensors, as loops keep, among them
_BLOCK = 3 << 20  # bytes of a tile of a block of convolution, about, see ops/conv_row_columns.py


class Memory(NamedTuple):
    """Bytes that a run takes.

    Attributes:
        buffers: of the arena, which is kept from run to run.
        values: of all other results alive at one time, at most.
        scratch: of the tiles of groups, an estimate for blocks of convolution.
        variables: of the variables that the run reads or writes.
        spare: of the arrays that they had before, which their next values are written into.
        constants: of constants.
        unknown: how many results have sizes that only the run tells, and are not counted.
    """

    buffers: int
    values: int
    scratch: int
    variables: int
    spare: int
    constants: int
    unknown: int

    @property
    def peak(self) -> int:
        """What a run needs at one time, variables and constants aside."""
        return self.buffers + self.values + self.scratch


def memory(plan: Plan) -> Memory:
    """The memory that a run of a plan takes.

    Args:
        plan: the plan.
    """
    program = plan.program
    values, unknown = _alive(plan)
    buffers, scratch = _kept(plan)
    variables = {read.variable: _bytes(read.value) for read in program.reads}
    variables.update((write.variable, _bytes(write.value)) for write in program.writes)
    for pack in [v for v in variables if isinstance(v, VariablePack)]:  # what is read alone, too
        for variable in pack.variables:
            variables.pop(variable, None)
    return Memory(buffers, values, scratch, sum(variables.values()),
                  sum(_bytes(value) for value, _ in plan.buffers.outgoing),
                  sum(array.nbytes for _, array in plan.constants), unknown)


def _alive(plan: Plan) -> tuple[int, int]:
    """(the most bytes at one time of results without a buffer, results of unknown size)."""
    program, lifetimes = plan.program, plan.lifetimes
    given = set(plan.buffers.view_of)
    end = len(program.instrs)
    changes = [0] * (end + 2)
    unknown = 0
    for i, instr in enumerate(program.instrs):
        for out in instr.outputs:
            if out in given or lifetimes.roots[out] != {out}:
                continue
            if out.spec.nbytes is None or out.spec.dtype.name in _NO_NUMBERS:
                unknown += 1
                continue
            last = end if out in lifetimes.escaping else lifetimes.last_use[out]
            changes[i] += out.spec.nbytes
            changes[last + 1] -= out.spec.nbytes
    results = [*zip(plan.fetches, program.fetches, strict=True),
               *((write[1:], w.value) for write, w in zip(plan.writes, program.writes,
                                                          strict=True))]
    changes[end] += sum(_bytes(value) for (_, is_copied), value in results if is_copied)
    most = now = 0
    for change in changes:
        now += change
        most = max(most, now)
    return most, unknown


def _kept(plan: Plan) -> tuple[int, int]:
    """(bytes of buffers, of scratch memory) of a plan and of the bodies that have plans."""
    buffers, blocks, banks, full = plan.buffers.peak_bytes, 0, 0, 0
    for step in plan.steps:
        if isinstance(step.kernel, TileFunction):
            tiles = step.kernel
            tile = tiles.length * math.prod(tiles.row)
            threads = min(width(), -(-tiles.rows // tiles.length)) if tiles.is_large else 1
            banks = max(banks, threads * sum(tile * dtype.itemsize for dtype in tiles.scratch))
            full += sum(tile * number.itemsize for number in tiles.filled.values())
        elif runs_group(step.instr) and not step.instr.device:
            blocks += _of_block(step)
        elif step.instr not in plan.loops:
            for body in step.instr.bodies:
                inner = _kept_of_body(body, plan)
                buffers, blocks = buffers + inner[0], blocks + inner[1]
    return buffers, min(blocks, MOST) + banks + full


def _kept_of_body(body: Program, plan: Plan) -> tuple[int, int]:
    return _kept(Plan(body, True, plan.techniques, plan.gpus))


def _of_block(step: Step) -> int:
    """About the scratch memory of a block of convolution: what fits a cache, per thread."""
    members = step.instr.attrs["group"].members
    x, w = step.instr.inputs[:2]
    made = max((_bytes(out) for member in members for out in member.outputs), default=0)
    window = math.prod((w.spec.shape or ())[:2]) if w is not None else 1  # type: ignore[arg-type]
    whole = made + window * (_bytes(x) if x is not None else 0)
    return min(whole, width() * _BLOCK)


def _bytes(value: Value) -> int:
    return value.spec.nbytes or 0
