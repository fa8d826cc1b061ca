"""`Session.explain`: what a run does, stage by stage, as text."""

from __future__ import annotations

from typing import Any

from flowgraph.plan.plan import Plan
from flowgraph.program.ir import Program


class Explanation:
    """The stages of one run: Program as extracted, after the passes, and the NumPy source.

    Attributes:
        extracted: the Program as it stands in the graph.
        optimised: the Program for the feeds' shapes, after the passes.
        plan: the Plan.
        source: the generated NumPy source.
    """

    def __init__(self, extracted: Program, optimised: Program, plan: Plan, source: str) -> None:
        self.extracted = extracted
        self.optimised = optimised
        self.plan = plan
        self.source = source

    def __str__(self) -> str:
        buffers = self.plan.buffers
        return "\n".join([
            f"# Program: {_count(len(self.extracted.instrs), 'instruction')}", str(self.extracted),
            f"# After the passes: {_count(len(self.optimised.instrs), 'instruction')}",
            str(self.optimised),
            f"# Source: {_count(len(buffers.sizes), 'buffer')} of {bytes_text(buffers.peak_bytes)} "
            f"together, at most {_count(self.plan.peak_live, 'value')} alive", self.source])

    def __repr__(self) -> str:
        return (f"<Explanation: {len(self.extracted.instrs)} instructions, "
                f"{len(self.optimised.instrs)} after the passes>")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def bytes_text(number: float) -> str:
    """Bytes for people: `1.5 MB`."""
    for unit in ("bytes", "KB", "MB"):
        if number < 1000:
            return f"{number:.4g} {unit}"
        number /= 1000
    return f"{number:.4g} GB"


def explanation(executable: Any, shapes: tuple[tuple[int, ...], ...]) -> Explanation:
    """The stages of an executable for feeds of these shapes."""
    runner = executable.plan(shapes).runner
    return Explanation(executable.extracted, runner.plan.program, runner.plan, runner.source.text)
