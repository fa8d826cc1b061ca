"""Out of memory on a GPU: how much was asked for, how much there is, and what has it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

from flowgraph.core.gpu import Gpu
from flowgraph.core.spec import shape_text
from flowgraph.core.units import bytes_text
from flowgraph.errors import ResourceExhaustedError, message
from flowgraph.plan.plan import Plan, Step
from flowgraph.runtime.run_errors import input_rows, place

_MOST_SHOWN = 5  # of the largest tensors


def is_shortage(error: Exception, step: Step) -> bool:
    """Whether a step failed because its GPU has no memory left."""
    return step.gpu is not None and isinstance(error, MemoryError)


def shortage(error: Exception, step: Step) -> ResourceExhaustedError:
    """What is raised then; the run's tensors are let go, so that the session can go on.

    Args:
        error: CuPy's.
        step: the step that failed.
    """
    gpu = step.gpu
    assert gpu is not None
    asked = getattr(error, "_size", None) or sum(
        out.spec.nbytes or 0 for out in step.instr.outputs)
    used, limit = gpu.memory()
    alive = sorted(_alive(error, gpu), key=lambda found: -found[1].nbytes)
    rows: list[tuple[str, ...]] = list(input_rows(step))
    rows += [("alive:", repr(name), f"{shape_text(array.shape)} {array.dtype.name}",
              bytes_text(array.nbytes)) for name, array in alive[:_MOST_SHOWN]]
    text = message(
        f"{place(step.op)}: out of memory on {gpu.name}: {bytes_text(asked)} asked for, "
        f"{bytes_text(used)} of {bytes_text(limit)} in use", rows,
        "Feed fewer examples at once, or put a part on another device. Variables are as they were "
        "before this run, and the session can go on.")
    traceback.clear_frames(error.__traceback__)
    del alive
    gpu.free()
    return ResourceExhaustedError(None, step.op, text)


def _alive(error: Exception, gpu: Gpu) -> Iterator[tuple[str, Any]]:
    """The arrays of the run that has failed, by the names that they have in its program."""
    seen: set[int] = set()
    for frame, _ in traceback.walk_tb(error.__traceback__):
        scope = frame.f_locals
        plan = scope.get("plan")
        if isinstance(plan, Plan) and "values" in scope:  # the interpreter's
            found = [(value.name, scope["values"][slot]) for value, slot in plan.slots.items()]
        elif frame.f_code.co_filename.startswith("<flowgraph plan"):
            found = list(scope.items())
        else:
            continue
        for name, array in found:
            if gpu.holds(array) and id(array) not in seen:
                seen.add(id(array))
                yield name, array
