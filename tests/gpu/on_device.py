"""Runs the kernels of plans on the device that is not there; all around them stays on the host.

Arrays are taken to the device as a kernel gets them, and its results are taken back. Ops of the
host alone, and those that make text, run as ever.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowgraph.plan import plan
from tests.gpu.no_gpu import DeviceArray, NotInCuPy, cupy


def is_numeric(dtype: np.dtype) -> bool:
    """Whether CuPy has arrays of this dtype."""
    return dtype.kind in "biufc"


class OnDevice:
    """A kernel that runs on the device: its arrays are taken there, and its results back.

    Args:
        op_def: the op.
    """

    def __init__(self, op_def: Any) -> None:
        self._op_def = op_def
        self._kernel = getattr(op_def, "kernel_cupy", op_def.kernel)
        self._takes_out = "out" in inspect.signature(self._kernel).parameters

    def __call__(self, xp: Any, *arguments: Any, **keywords: Any) -> Any:
        if not _fits(arguments):
            return self._op_def.kernel(xp, *arguments, **keywords)
        out = None  # a plan of a GPU has none; here a plan of the host may
        if not self._takes_out:
            out = keywords.pop("out", None)
        elif isinstance(keywords.get("out"), np.ndarray):
            keywords["out"] = DeviceArray(keywords["out"])
        if "bodies" in keywords:
            keywords["bodies"] = tuple([_Body(body) for body in keywords["bodies"]])
        result = to_host(self._kernel(cupy, *to_device(arguments), **keywords))
        if out is None:
            return result
        out[...] = result
        return out


class _Body:
    """A branch, or the body of a loop, called from a kernel on the device."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def __call__(self, *arguments: Any) -> Any:
        return to_device(self._body(*to_host(arguments)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)


def _fits(arguments: Any) -> bool:
    return all(_fits(a) if isinstance(a, tuple) else
               not isinstance(a, np.ndarray | np.generic) or is_numeric(a.dtype)
               for a in arguments)


def to_device(value: Any) -> Any:
    """Arrays, and those in tuples, as arrays of the device."""
    if isinstance(value, np.ndarray | np.generic):
        return DeviceArray(np.asarray(value)) if is_numeric(value.dtype) else value
    return tuple([to_device(v) for v in value]) if isinstance(value, tuple) else value


def to_host(value: Any) -> Any:
    """The reverse. An array of NumPy among a kernel's results is refused."""
    if isinstance(value, DeviceArray):
        return value.host
    if isinstance(value, np.ndarray) and is_numeric(value.dtype):
        raise NotInCuPy("the kernel returns an array of NumPy; write xp.asarray(...) around it")
    if isinstance(value, list | tuple):
        return type(value)([to_host(v) for v in value])
    return value


class DeviceStep(plan.Step):
    """A step whose kernel runs on the device, unless its op is the host's."""

    __slots__ = ()

    def __init__(self, instr, *args):
        super().__init__(instr, *args)
        if not instr.op_def.host_only and all(
                is_numeric(out.spec.dtype.numpy) or out.spec.dtype.name == "variant"
                for out in instr.outputs):
            self.kernel = OnDevice(instr.op_def)


@contextmanager
def on_device() -> Iterator[None]:
    """Plans that are made inside have their kernels on the device."""
    before = plan.Step
    plan.Step = DeviceStep
    try:
        yield
    finally:
        plan.Step = before
