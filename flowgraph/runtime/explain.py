"""`Session.explain`: what a run does, stage by stage, as text."""

from __future__ import annotations

from typing import Any

from flowgraph.core.units import bytes_text
from flowgraph.plan.memory import Memory, memory
from flowgraph.plan.plan import Plan
from flowgraph.program.ir import Program


class Explanation:
    """The stages of one run: Program as extracted, after the passes, and the NumPy source.

    Attributes:
        extracted: the Program as it stands in the graph.
        optimised: the Program for the feeds' shapes, after the passes.
        plans: the Plan; several where ops wait for other runs: what is written before that, what
            waits, and the rest.
        sources: the generated NumPy source of each plan.
        why_no_graph: why steady runs are no CUDA graph, a clause; "" where they are, None where
            nothing is on a GPU or graphs are switched off.
        reads_in_place: names of the feeds that the graph reads in the GPU's memory where they are.
    """

    def __init__(self, extracted: Program, optimised: Program, plans: list[Plan],
                 sources: list[str], why_no_graph: str | None = None,
                 reads_in_place: tuple[str, ...] = ()) -> None:
        self.extracted = extracted
        self.optimised = optimised
        self.plans = plans
        self.sources = sources
        self.why_no_graph = why_no_graph
        self.reads_in_place = reads_in_place

    @property
    def plan(self) -> Plan:
        """The Plan; the last one where there are several."""
        return self.plans[-1]

    @property
    def source(self) -> str:
        """The generated NumPy source, of all plans."""
        return "\n".join(self.sources)

    @property
    def memory(self) -> Memory:
        """How much memory a run takes; of the last plan where there are several."""
        return memory(self.plan)

    def __str__(self) -> str:
        lines = [
            f"# Program: {_count(len(self.extracted.instrs), 'instruction')}", str(self.extracted),
            f"# After the passes: {_count(len(self.optimised.instrs), 'instruction')}",
            str(self.optimised)]
        if self.why_no_graph is not None:
            in_place = ", ".join(map(repr, self.reads_in_place))
            told = f", which reads {in_place} where it is fed" if in_place else ""
            lines.append(f"# Steady runs are one CUDA graph{told}" if not self.why_no_graph else
                         f"# Steady runs go kernel by kernel: {self.why_no_graph}")
        for plan, source in zip(self.plans, self.sources, strict=True):
            part = self._title(plan)
            buffers = plan.buffers
            lines += [f"# {part}: {_count(len(buffers.sizes), 'buffer')} of "
                      f"{bytes_text(buffers.peak_bytes)} together, at most "
                      f"{_count(plan.peak_live, 'value')} alive", *_memory_lines(memory(plan)),
                      source]
        return "\n".join(lines)

    def _title(self, plan: Plan) -> str:
        if len(self.plans) == 1:
            return "Source"
        if any(instr.waits for instr in plan.program.instrs):
            return "Source of what waits"
        return "Source" if plan is self.plan else "Source of what is done before waiting"

    def __repr__(self) -> str:
        return (f"<Explanation: {len(self.extracted.instrs)} instructions, "
                f"{len(self.optimised.instrs)} after the passes>")


def _memory_lines(found: Memory) -> list[str]:
    """What a run takes, as comments: all that is alive at one time, and what stays."""
    parts = [f"{bytes_text(number)} of {what}" for number, what in (
        (found.buffers, "buffers"), (found.values, "other results"),
        (found.scratch, "scratch for tiles")) if number]
    stays = [f"{what} {bytes_text(number)}" for number, what in (
        (found.variables, "variables"), (found.spare, "their next values"),
        (found.constants, "constants")) if number]
    peak = f"# Memory of a run: at most {bytes_text(found.peak)}"
    if len(parts) > 1:
        peak += f" ({', '.join(parts)})"
    if found.unknown:
        peak += f", and {_count(found.unknown, 'result')} of unknown size"
    return [peak, *([f"# Memory that stays: {', '.join(stays)}"] if stays else [])]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def explanation(executable: Any, shapes: tuple[tuple[int, ...], ...]) -> Explanation:
    """The stages of an executable for feeds of these shapes."""
    plan = executable.own_plan(shapes)
    runners = plan.runners
    return Explanation(executable.extracted, executable.optimised(shapes),
                       [runner.plan for runner in runners],
                       [runner.source.text for runner in runners],
                       plan.why_no_graph() if any(r.plan.gpu is not None for r in runners)
                       else None, getattr(plan, "reads_in_place", tuple)())
