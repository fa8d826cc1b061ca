"""Every kernel that any test runs on the host runs once more, on the stand-in for CuPy.

The case tables try each op on the stand-in with rows made for it. The rest of the suite calls
kernels with dtypes, ranks, attributes and inputs of its own, and so makes calls of the array module
that no row makes. Here each of them is bound against CuPy's signatures and loops too: when an
interpreter is about to call a kernel with dtypes, ranks and attributes that this process has not
seen yet, the kernel is called beforehand with copies on the stand-in. What CuPy would refuse raises
NotInCuPy in the test that has made the call. The results are dropped, so that tests see what they
would see without.

Left out are what cannot be done twice (steps that keep something in the session, call Python, have
bodies or take lists of tensors: the tables have them), ops that tests define, groups, which a GPU
runs as kernels of its own, what runs in other processes, and large inputs. Generated source of the
host is left out too: each plan is interpreted first, unless a test says otherwise. That of a GPU
calls the stand-in.

It takes about 0.4 % of a run's time (0.26 s of 70 for tests/{nn,layers,losses,train}), so it is
always on; `FLOWGRAPH_TEST_COUNTS=FILE` has each process add a line with its counts to a file.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flowgraph.core.old_copy import OldCopy
from flowgraph.plan import plan
from flowgraph.program.groups import runs_group
from tests.gpu import no_gpu
from tests.gpu.no_gpu import NotInCuPy, cupy
from tests.gpu.on_device import is_numeric, to_device

MOST_BYTES = 1 << 18  # of the inputs of a step


@dataclass
class Tried:
    """What has been tried in this process.

    Attributes:
        keys: kernels with dtypes, ranks and attributes.
        seconds: that it took.
    """

    keys: set[Any] = field(default_factory=set)
    seconds: float = 0.0


tried = Tried()


@contextmanager
def shadowed() -> Iterator[Tried]:
    """Kernels that interpreters call inside are tried on the stand-in first."""
    before = plan.Plan.call

    def call(self: plan.Plan, step: plan.Step, arguments: list[Any], keywords: Mapping[str, Any],
             xp: Any, values: list[Any]) -> Any:
        if xp is not cupy and len(no_gpu.current) == 1 and _can_be_tried(step):
            start = time.perf_counter()
            _try(step, arguments, keywords)
            tried.seconds += time.perf_counter() - start
        return before(self, step, arguments, keywords, xp, values)

    plan.Plan.call = call  # type: ignore[method-assign]
    try:
        yield tried
    finally:
        plan.Plan.call = before  # type: ignore[method-assign]


def told() -> str:
    """How much was tried, a line."""
    return (f"{len(tried.keys)} kernels with their dtypes and attributes, {len(no_gpu.called)} "
            f"different calls of the array module, {tried.seconds:.2f} s")


def _can_be_tried(step: plan.Step) -> bool:
    instr, op_def = step.instr, step.instr.op_def
    if not op_def.__module__.startswith("flowgraph."):  # a test's own op: it counts its calls
        return False
    return not (op_def.host_only or op_def.takes_state or op_def.runs_user_code or instr.bodies
                or runs_group(instr) or instr.device) and type(step) is plan.Step


def _try(step: plan.Step, arguments: list[Any], keywords: Mapping[str, Any]) -> None:
    words = {name: value for name, value in keywords.items() if name != "out"}
    specs = tuple([(a.dtype.char, a.ndim) if isinstance(a, np.ndarray | np.generic) else type(a)
                   for a in arguments])
    op_def = step.instr.op_def
    try:
        key = op_def.type, specs, tuple(words.items())
        if key in tried.keys:
            return
    except TypeError:  # an attribute that is an array or a list
        key = op_def.type, specs, tuple(words)
        if key in tried.keys:
            return
    if not _fit(arguments) or not all(
            is_numeric(out.spec.dtype.numpy) or out.spec.dtype.name == "variant"
            for out in step.instr.outputs):
        return
    tried.keys.add(key)
    given = [np.array(a) if isinstance(a, np.ndarray) else a for a in arguments]
    kernel = getattr(op_def, "kernel_cupy", op_def.kernel)
    try:
        kernel(cupy, *to_device(tuple(op_def.group(given) if op_def.lists else given)), **words)
    except NotInCuPy as refused:
        refused.add_note(f"by the kernel of {op_def.type} {step.op.name!r} for {specs} {words}")
        raise
    except Exception:  # the test's own call raises it again, and the test looks at that
        return


def _fit(arguments: list[Any]) -> bool:
    """Whether arguments are what CuPy has arrays of, and small."""
    arrays = [a for a in arguments if isinstance(a, np.ndarray | np.generic)]
    return (all(is_numeric(a.dtype) for a in arrays) and sum(a.nbytes for a in arrays) <= MOST_BYTES
            and not any(isinstance(a, OldCopy) or hasattr(type(a), "mapped") for a in arguments))
