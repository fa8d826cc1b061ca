"""Helpers of the tests of kernels: programs on a GPU, and what their groups give."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.plan.gpu_kernels import KernelFunction
from flowgraph.program.check import check
from flowgraph.program.groups import axes_of
from flowgraph.program.ir import Program, Value
from flowgraph.program.kernel_groups import IN_KERNEL, KernelGroup
from flowgraph.program.passes.gpu_kernels import gpu_kernels
from flowgraph.program.pipeline import optimise
from tests.gpu.no_gpu import DeviceArray, cupy
from tests.program.programs import program_of


def on_gpu(program: Program, host: set[Value] = frozenset()) -> Program:
    """The same program with all on a GPU, but for some values that the host has."""
    given = [feed.value for feed in program.feeds] + [read.value for read in program.reads]
    for value in (*given, *(out for instr in program.instrs for out in instr.outputs)):
        value.device = "" if value in host else "gpu:0"
    for instr in program.instrs:
        instr.device = "" if set(instr.outputs) & host else "gpu:0"
        for param, value in zip(instr.op_def.flat_params(len(instr.inputs)), instr.inputs,
                                strict=True):
            if (value is not None and value.const is not None and value.spec.shape
                    and param not in instr.op_def.host_inputs):
                value.device = "gpu:0"  # as if it had been copied there
    return program


def kernels(fetches: Any, feeds: Any, shapes: Any = None, host: Any = (), passes: Any = ()
            ) -> list[KernelGroup]:
    """The groups that the pass finds, in the order in which they run.

    Args:
        fetches, feeds: of the program.
        shapes: of the feeds; None to leave them as the graph has them.
        host: feeds whose values are the host's.
        passes: that run before.
    """
    program = program_of(fetches, feeds, shapes)
    if passes:
        program = optimise(program, passes)
    numbers = {feed.value for feed in program.feeds if feed.tensor in list(host)}
    joined = gpu_kernels(on_gpu(program, numbers))
    check(joined, "gpu_kernels")
    return [instr.attrs["group"] for instr in joined.instrs if instr.op_def is IN_KERNEL]


def names(groups: list[KernelGroup]) -> list[str]:
    """The members of each group."""
    return [repr(group) for group in groups]


def one_by_one(group: KernelGroup, arrays: dict[Value, np.ndarray]) -> list[np.ndarray]:
    """What the members give, by their own kernels, with NumPy."""
    values = dict(arrays)
    for member in group.members:
        given = [None if v is None else v.const if v.const is not None else values[v]
                 for v in member.inputs]
        if member is group.end and len(given) > 1:
            given[1] = axes_of(member)
        op_def = member.op_def
        with np.errstate(all="ignore"):
            made = op_def.kernel(np, *op_def.group(given), **member.attrs)
        results = made if op_def.multiple else (made,)
        values.update(zip(member.outputs, results, strict=True))
    return [np.asarray(values[value]) for value in group.results]


def in_kernel(group: KernelGroup, arrays: dict[Value, np.ndarray], out: Any = None
              ) -> list[np.ndarray]:
    """What the group's kernel gives, on the device that is not there."""
    inputs = [DeviceArray(np.array(arrays[v])) if v.device else arrays[v][()]
              for v in group.inputs]
    function = KernelFunction(group)
    found = function(cupy, inputs, group=group, out=out)
    return [array.host for array in found]
