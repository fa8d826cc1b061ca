"""Out of memory on a GPU: how much was asked for, how much there is, and what has it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.core.gpu import Gpu
from flowgraph.core.spec import shape_text
from flowgraph.core.units import bytes_text
from flowgraph.errors import ResourceExhaustedError, message
from flowgraph.plan.plan import Plan, Step
from flowgraph.runtime.run_errors import input_rows, place

_ADVICE = ("Feed fewer examples at once, or put a part on another device. Variables are as they "
           "were before this run, and the session can go on.")
_MOST_SHOWN = 5  # of the largest tensors


def is_shortage(error: Exception) -> bool:
    """Whether a GPU had no memory left: for CuPy, for CUDA, or for a library of it."""
    text = str(error)
    return isinstance(error, MemoryError) or "ALLOC_FAILED" in text or (
        "cudaErrorMemoryAllocation" in text)


@contextmanager
def needing_memory(what: str, op: Any, gpu: Gpu) -> Iterator[None]:
    """Tells who needs the memory, where what runs inside finds none.

    Args:
        what: a clause, as "the value fed to 'x:0'".
        op: the operation that it is of.
        gpu: the GPU.
    """
    try:
        yield
    except Exception as error:
        if not is_shortage(error):
            raise
        text = message(f"{what} ({op.frame}): {_told(error, gpu, 0)}", advice=_ADVICE)
    else:
        return
    _make_room(gpu)
    raise ResourceExhaustedError(None, op, text)


def shortage(error: Exception, step: Step) -> ResourceExhaustedError:
    """What is raised then; the run's tensors are let go, so that the session can go on.

    Args:
        error: CuPy's.
        step: the step that failed.
    """
    gpu = step.gpu
    assert gpu is not None
    told = _told(error, gpu, sum(out.spec.nbytes or 0 for out in step.instr.outputs))
    alive = sorted(_alive(error, gpu), key=lambda found: -found[1].nbytes)
    rows: list[tuple[str, ...]] = list(input_rows(step))
    rows += [("alive:", repr(name), f"{shape_text(array.shape)} {array.dtype.name}",
              bytes_text(array.nbytes)) for name, array in alive[:_MOST_SHOWN]]
    text = message(f"{place(step.op)}: {told}", rows, _ADVICE)
    traceback.clear_frames(error.__traceback__)
    del alive
    _make_room(gpu)
    return ResourceExhaustedError(None, step.op, text)


def _told(error: Exception, gpu: Gpu, asked: int) -> str:
    used, limit = gpu.memory()
    return (f"out of memory on {gpu.name}: {bytes_text(getattr(error, '_size', asked))} asked for, "
            f"{bytes_text(used)} of {bytes_text(limit)} in use")


def _make_room(gpu: Gpu) -> None:
    gpu.forget_graphs()
    gpu.free()


def _alive(error: Exception, gpu: Gpu) -> Iterator[tuple[str, Any]]:
    """The arrays of the run that has failed, by the names that they have in its program."""
    seen: set[int] = set()
    for frame, _ in traceback.walk_tb(error.__traceback__):
        scope = frame.f_locals
        plan = scope.get("plan")
        if isinstance(plan, Plan) and "values" in scope:  # the interpreter's
            found = [(value.name, scope["values"][slot]) for value, slot in plan.slots.items()]
        elif frame.f_code.co_filename.startswith("<flowgraph plan"):
            source = frame.f_globals["__source__"]()
            names = {} if source is None else source.names()
            found = [(names.get(name, name), array) for name, array in scope.items()]
        else:
            continue
        for name, array in found:
            if gpu.holds(array) and id(array) not in seen:
                seen.add(id(array))
                yield name, array
