"""Where a plan wants what it is given: the values of variables and feeds, in the right memory.

A variable moves to the device that a run needs it on, and stays there. Only sessions that have a
GPU ask for any of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.gpu import Gpu, is_on_gpu
from flowgraph.errors import FeedTypeError
from flowgraph.graph.tensor import Tensor
from flowgraph.program.ir import Program
from flowgraph.program.transfers import TO_GPU
from flowgraph.runtime.shortage import needing_memory
from flowgraph.runtime.state import State, variable_key

ANYWHERE = "anywhere"


class Memories:
    """What a plan needs where.

    Args:
        program: the plan's, placed.
        state: of the session.
        gpus: its GPUs by name.
    """

    def __init__(self, program: Program, state: State, gpus: Mapping[str, Gpu]) -> None:
        self._state = state
        self._gpus = gpus
        used = {value for instr in program.instrs for value in instr.inputs}
        # A variable that is only looked at from outside stays where it is.
        self._reads = [(variable_key(read.variable),
                        read.value.device if read.value in used else ANYWHERE)
                       for read in program.reads]
        self._variables = {variable_key(read.variable): read.variable for read in program.reads}
        # A feed is for the host; one that goes on to a GPU may be there already.
        taken = {value for instr in program.instrs if instr.op_def is not TO_GPU
                 for value in instr.inputs} | set(program.results())
        self._host_feeds = [i for i, feed in enumerate(program.feeds)
                            if feed.value in taken and not feed.value.device]

    def state(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values of the variables that are read, each where the plan wants it."""
        return tuple([value if self._is_there(value, device) else self._moved(key, value, device)
                      for (key, device), value in zip(self._reads, values, strict=True)])

    def feeds(self, feeds: tuple[Any, ...]) -> tuple[Any, ...]:
        """The feeds, those that the host computes with in its memory."""
        if all(isinstance(feeds[i], np.ndarray) for i in self._host_feeds):
            return feeds
        arrays = list(feeds)
        for i in self._host_feeds:
            arrays[i] = to_host([arrays[i]], self._gpus)[0]
        return tuple(arrays)

    def fetched(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """What a run gives, in the host's memory."""
        arrays = to_host(values, self._gpus)
        if arrays:  # what is wrong is told before the new state is kept
            for gpu in self._gpus.values():
                gpu.look()
        return tuple(arrays)

    def _is_there(self, value: Any, device: str) -> bool:
        if value is None or device == ANYWHERE:
            return True
        if device:
            return self._gpus[device].holds(value)
        return isinstance(value, (np.ndarray, np.generic)) or not is_on_gpu(value)

    def _moved(self, key: str, value: Any, device: str) -> Any:
        """A variable's value where it is wanted; it stays there unless it is just being changed."""
        if device:
            gpu = self._gpus[device]
            with needing_memory(f"the variable {key!r}", self._variables[key], gpu):
                there = gpu.upload(value, self._holder(value))
        else:
            there = to_host([value], self._gpus)[0]
        self._state.move(key, value, there)
        return there

    def _holder(self, value: Any) -> Gpu | None:
        return next((gpu for gpu in self._gpus.values() if gpu.holds(value)), None)


def adopted(tensor: Tensor, value: Any, gpus: Mapping[str, Gpu]) -> Any:
    """What is fed from the memory of a GPU, as an array of CuPy's of the tensor's dtype.

    Args:
        tensor: what it is fed for.
        value: an array of CuPy, PyTorch, JAX…; it is not copied if it has the dtype.
        gpus: the session's GPUs by name.

    Raises:
        FeedTypeError: the tensor cannot be on a GPU, or the value is complex and the tensor is not.
    """
    dtype = tensor.spec.dtype
    if not gpus:
        raise FeedTypeError(located(
            f"The value fed to {tensor.name!r} ({tensor.op.frame}) is in the memory of a GPU, and "
            "this session has none", advice="Feed a NumPy array: cupy.asnumpy(value).",
            section="feed-error"))
    some = next((gpu for gpu in gpus.values() if gpu.holds(value)), next(iter(gpus.values())))
    what = f"the value fed to {tensor.name!r}"
    try:
        array = some.adopt(value)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:  # the library's own
        raise FeedTypeError(located(
            f"Cannot feed this {type(value).__name__} in the memory of a GPU for Tensor "
            f"{tensor.name!r} ({tensor.op.frame}): {error}", section="feed-error")) from None
    holder = next((gpu for gpu in gpus.values() if gpu.holds(array)), None)
    if holder is None:  # a GPU that this session does not use
        holder = some
        with needing_memory(what, tensor.op, some):
            array = some.upload(array)
    if array.dtype == dtype.numpy:
        return array
    if dtype.kind in "sr" or (array.dtype.kind == "c" and dtype.kind != "c"):
        raise FeedTypeError(located(
            f"Cannot feed an array of {array.dtype} in the memory of a GPU for Tensor "
            f"{tensor.name!r} ({tensor.op.frame}), which is {dtype.name}",
            section="feed-error"))
    with needing_memory(what, tensor.op, holder), holder:
        return array.astype(dtype.numpy)


def to_host(values: Sequence[Any], gpus: Mapping[str, Gpu]) -> list[Any]:
    """Values with NumPy's arrays in place of those of GPUs.

    Args:
        values: arrays and other values.
        gpus: the session's GPUs by name.
    """
    arrays = list(values)
    for gpu in gpus.values():
        places = [i for i, value in enumerate(arrays) if is_on_gpu(value) and gpu.holds(value)]
        if places:
            with gpu:
                for i, array in zip(places, gpu.download([arrays[i] for i in places]),
                                    strict=True):
                    arrays[i] = array
    return arrays
