"""Which steps of a plan can be recorded as a CUDA graph, and what is done around it.

    before    steps of the host that need nothing from the GPU: learning rates, counters
    uploads   what the GPU gets from the host: feeds, numbers
    section   steps of the GPU, recorded as one graph
    after     what goes back to the host, and the steps there that need it

A graph does the same again: with other numbers in its memory, but never with other shapes, other
kernels or other numbers of the host. `Phases.why_not` tells what of a plan may be other each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowgraph.plan.plan import Plan, Step
from flowgraph.program.ir import Instr
from flowgraph.program.transfers import TO_GPU, TO_HOST

FEWEST = 3  # steps; launching a graph costs about as much as launching so many kernels


class Phases(NamedTuple):
    """The steps of a plan in the order in which they run around a graph.

    Attributes:
        before, uploads, section, after: see the module.
        needed: slots of the section that are fetched, or used after it.
        last_uses: by step, slots of uploads and the section that nothing needs after it, variables
            and what follows included.
        why_not: why there is no graph, a clause; "" where there may be one.
    """

    before: list[Step]
    uploads: list[Step]
    section: list[Step]
    after: list[Step]
    needed: frozenset[int]
    last_uses: dict[Step, list[int]]
    why_not: str


def phases(plan: Plan, takes_numbers: bool = False) -> Phases:
    """The steps of a plan in phases.

    Args:
        plan: one that reuses no buffers, whose GPU gets numbers in its memory.
        takes_numbers: whether that may be otherwise, for what can be said without such a plan.
    """
    found = _Search(plan, takes_numbers)
    for step in plan.steps:
        found.add(step)
    why_not = found.why_not
    if not why_not and len(found.section) < FEWEST:
        why_not = (f"the GPU has {len(found.section) or 'no'} "
                   f"step{'' if len(found.section) == 1 else 's'} to do")
    used = {slot for step in found.after for slot in step.inputs}
    used.update(slot for slot, _ in plan.fetches)
    made = {slot for step in found.section for slot in step.outputs}
    kept = used.union(slot for _, slot, _ in plan.writes)
    return Phases(found.before, found.uploads, found.section, found.after, frozenset(used & made),
                  _last_uses([*found.uploads, *found.section], kept), why_not)


def _last_uses(steps: Sequence[Step], kept: set[int]) -> dict[Step, list[int]]:
    """By step, the slots of what the steps make that none of them needs after it.

    Args:
        steps: in their order.
        kept: slots that are needed when all is done.
    """
    made: set[int] = set()
    last: dict[int, Step] = {}
    for step in steps:
        made.update(step.outputs)
        for slot in (*step.inputs, *step.outputs):
            last[slot] = step
    uses: dict[Step, list[int]] = {}
    for slot, step in last.items():
        if slot in made and slot not in kept:
            uses.setdefault(step, []).append(slot)
    return uses


class _Search:
    """Looks at the steps of a plan, one after the other."""

    def __init__(self, plan: Plan, takes_numbers: bool) -> None:
        self._takes_numbers = takes_numbers
        self.before: list[Step] = []
        self.uploads: list[Step] = []
        self.section: list[Step] = []
        self.after: list[Step] = []
        self.why_not = ""
        self._plan = plan
        self._late: set[int] = set()  # slots that are known when the graph has been launched
        self._fixed = {slot for slot, _ in plan.constants} | set(plan.host_constants)
        self._seen_after = False  # whether something that is seen from outside is done afterwards
        for read in plan.program.reads:
            if read.value.device and read.optional:
                self._refuse(f"the variable {read.variable.name} may have no value yet",
                             read.variable)
        for feed in plan.program.feeds:
            if feed.value.device:
                self._refuse(f"{feed.value.name} is given by a run around it")

    def add(self, step: Step) -> None:
        """Takes one more step."""
        instr = step.instr
        if instr.op_def is TO_HOST:
            self._put_after(step)
        elif instr.op_def is TO_GPU:
            self._add_upload(step)
        elif instr.device:
            self._add_to_section(step)
        else:
            self._add_to_host(step)

    def _refuse(self, reason: str, op: object = None) -> None:
        if not self.why_not:
            frame = getattr(op, "frame", None)
            self.why_not = reason + (f" ({frame})" if frame is not None else "")

    def _refuse_step(self, step: Step, reason: str) -> None:
        self._refuse(f"{step.instr.op_def.type} {step.op.name!r} ({step.op.frame}) {reason}")

    def _put_after(self, step: Step) -> None:
        self.after.append(step)
        self._late.update(step.outputs)

    def _add_upload(self, step: Step) -> None:
        source = step.instr.inputs[0]
        if source is not None and source.device:
            self._refuse("several GPUs take part", step.op)
        if step.inputs[0] in self._late:
            self._refuse_step(step, "needs on the GPU what the host makes of the GPU's results")
        if source is not None and not source.spec.is_static:
            self._refuse(f"the size of {source.name} is known only when it runs", step.op)
        self.uploads.append(step)
        self._late.update(step.outputs)

    def _add_to_section(self, step: Step) -> None:
        instr, op_def = step.instr, step.instr.op_def
        if step.gpu is not self._plan.gpu:
            self._refuse("several GPUs take part", step.op)
        if op_def.waits_for_gpu:
            self._refuse_step(step, f"waits for the GPU: {op_def.waits_for_gpu}")
        if op_def.takes_state:
            self._refuse_step(step, "goes on with a state that the host keeps")
        elif op_def.effects:
            self._refuse_step(step, "does more than compute its results")
        for j, value in enumerate(instr.inputs):
            if value is None or value.device or value.const is not None or (
                    self._takes_numbers and value.spec.shape == () and j not in step.host):
                continue
            if step.inputs[j] in self._late:
                self._refuse_step(step, f"needs the numbers of {value.name!r} on the host")
            elif step.inputs[j] not in self._fixed:
                self._refuse_step(step, f"takes {value.name!r} from the host, which may be "
                                        "different in each run")
        for out in instr.outputs:
            if out.spec.dtype.name == "variant":
                self._refuse_step(step, "gives a list of tensors")
            elif not out.spec.is_static:
                self._refuse_step(step, "gives what has a size that is known only when it runs")
        self.section.append(step)
        self._late.update(step.outputs)

    def _add_to_host(self, step: Step) -> None:
        instr, op_def = step.instr, step.instr.op_def
        if op_def.runs_user_code or any(body.runs_user_code for body in instr.bodies):
            self._refuse_step(step, "runs code of yours")
        if any(body.uses_gpu for body in instr.bodies):
            self._refuse_step(step, "decides on the host what the GPU does")
        is_seen = op_def.effects in ("io", "resource") or bool(instr.bodies)
        if any(slot in self._late for slot in step.inputs) or (is_seen and self._seen_after):
            self._seen_after |= is_seen
            self._put_after(step)
            return
        self.before.append(step)
        if _is_fixed(instr) and all(slot < 0 or slot in self._fixed for slot in step.inputs):
            self._fixed.update(step.outputs)


def _is_fixed(instr: Instr) -> bool:
    """Whether equal inputs give equal results, in each run."""
    return instr.is_pure and not instr.op_def.runs_user_code
