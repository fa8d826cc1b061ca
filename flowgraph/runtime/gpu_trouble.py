"""Failures of CUDA: an illegal address, a kernel that could not start, a GPU that is gone.

The host tells a GPU what to do and goes on. What fails there is noticed at some later call, often
by another operation, or when results are fetched. So an error says which run it came up in, and how
to find the operation: with FLOWGRAPH_WAIT_FOR_GPU=1 in the environment a session waits for the GPU
after each operation, which then is the one to blame. Such runs are slow, and are no CUDA graphs.
"""

from __future__ import annotations

from typing import Any

from flowgraph.errors import InternalError, message
from flowgraph.plan.plan import Step
from flowgraph.program.ir import Program
from flowgraph.runtime.run_errors import input_rows, place
from flowgraph.runtime.shortage import is_shortage

VARIABLE = "FLOWGRAPH_WAIT_FOR_GPU"
_LIBRARIES = ("CUDARuntimeError", "CUDADriverError", "CUBLASError", "CUSOLVERError",
              "CUSPARSEError", "CuFFTError", "NVRTCError")
_MOST_SHOWN = 4  # of the fetches
_IS_OVER = "CUDA does not go on in a process after this: start it anew."


def is_trouble(error: Exception) -> bool:
    """Whether CUDA, or a library of it, has failed, and not for want of memory.

    Args:
        error: what was raised.
    """
    return type(error).__name__ in _LIBRARIES and not is_shortage(error)


class WaitAfterSteps:
    """A hook that waits for the GPU after each step that it has run."""

    def before(self, step: Step, arguments: list[Any]) -> None:
        """Does nothing."""

    def after(self, step: Step, arguments: list[Any], results: list[Any], seconds: float) -> None:
        """Waits; what is wrong is the step's fault."""
        if step.gpu is not None:
            try:
                step.gpu.wait()
            except Exception as error:
                error._flowgraph_step = step  # type: ignore[attr-defined]
                raise


def told(error: Exception, program: Program, has_waited: bool) -> InternalError:
    """A failure of CUDA, as a session raises it.

    Args:
        error: CuPy's.
        program: what the run runs, after the passes.
        has_waited: whether the host has waited after each step, so that the step is the one.
    """
    step: Step | None = getattr(error, "_flowgraph_step", None)
    said = f"{type(error).__name__}: {' '.join(str(error).split()):.300}"
    if step is not None and has_waited:
        return InternalError(None, step.op, message(
            f"{place(step.op)}: {said}", input_rows(step), _IS_OVER))
    fetches = [value.name for value in program.fetches]
    writes = [write.variable.name for write in program.writes]
    run = " and ".join([f"{verb} {_listed(names)}" for verb, names in
                        (("fetches", fetches), ("writes", writes)) if names])
    rows = [] if step is None else [("noticed at", place(step.op))]
    return InternalError(None, None, message(
        f"{said}, on a GPU, in the run that {run or 'fetches nothing'}", rows,
        "The host does not wait for what it tells a GPU: any operation on it may have failed, of "
        f"this run or of one before. Run the program with {VARIABLE}=1 in the environment, which "
        f"waits after each operation and names the one that fails. {_IS_OVER}"))


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_SHOWN
    return ", ".join(map(repr, names[:_MOST_SHOWN])) + (f" and {more} more" if more > 0 else "")
