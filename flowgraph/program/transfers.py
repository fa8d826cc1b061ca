"""Transfers: instructions that copy a value from the host's memory to a GPU's, or back.

    x                 float32[128, 784]
    x/gpu:0           float32[128, 784] = ToGpu(x)  on gpu:0
    MatMul            float32[128, 10] = MatMul(x/gpu:0, w)  on gpu:0

`placement` puts them where a value is needed elsewhere than it is. They stand in Programs only.
"""

from __future__ import annotations

from typing import Any

from flowgraph.errors import OpDefError
from flowgraph.opdef.opdef import OpDef
from flowgraph.program.ir import Instr, Value


class Transfer(OpDef, abstract=True):
    """A copy of a value in other memory."""

    params = ("x",)
    plain = True

    def infer(self, x: Any) -> Any:
        return x

    def kernel(self, xp: Any, x: Any) -> Any:
        raise OpDefError("a transfer is run by the plan, which knows the GPUs")


class ToGpu(Transfer, abstract=True):
    """A copy in the memory of the GPU that the instruction is on.

    What the caller feeds may be an array of that GPU; it is taken as it is.
    """

    type = "ToGpu"
    aliases = ("x",)


class ToHost(Transfer, abstract=True):
    """A copy in the host's memory. The host waits for all that makes it."""

    type = "ToHost"


TO_GPU, TO_HOST = ToGpu(), ToHost()


def transfer(value: Value, device: str, origins: tuple[Any, ...]) -> Instr:
    """The instruction that copies a value.

    Args:
        value: what is copied.
        device: to where, "" for the host.
        origins: the graph operations for which that is done.
    """
    copy = Value(f"{value.name}/{device or 'host'}", value.spec, device=device)
    return Instr(TO_GPU if device else TO_HOST, (value,), (copy,), {}, origins, device=device)
