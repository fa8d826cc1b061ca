"""Whether the devices that a graph asks for are there, for all its operations at once.

As in TensorFlow 1, the whole graph is placed at the first run and whenever it has grown, also what
is not fetched. Operations are looked at only where a device string of the graph needs it: a graph
without devices costs nothing.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import gpu
from flowgraph.core.text import counted
from flowgraph.errors import InvalidArgumentError, message
from flowgraph.graph.colocation import group_device
from flowgraph.graph.devices import parse
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.program.ir import Program
from flowgraph.program.transfers import Transfer
from flowgraph.runtime.devices import LOCAL, SessionDevices, settings

# TensorFlow has kernels of these for GPUs too, some of which keep what they handle on the host.
_ON_GPU_THERE = frozenset({
    "Assert", "Case", "DeserializeSparse", "FIFOQueueV2", "GeneratorDataset", "Identity", "If",
    "MakeIterator",
    "NonMaxSuppressionV3", "NonMaxSuppressionV4", "OneShotIterator", "Placeholder",
    "PlaceholderWithDefault", "PrefetchDataset", "QueueCloseV2", "QueueDequeueV2", "QueueEnqueueV2",
    "QueueIsClosedV2", "QueueSizeV2", "While"})
_KINDS_ON_GPU_THERE = ("Iterator", "Optional", "TensorArray", "Stack")
_TEXT, _NO_TEXT = dt.string, "a GPU has no arrays of text"
_WITHOUT_BODIES = frozenset({"Const", "Identity", "Add", "AddV2", "Mul", "Sub", "MatMul",
                             "Reshape", "Sum"})  # quicker than to look at their attributes
_NOT_ON_GPU = frozenset({dt.int32, dt.int8, dt.uint8, dt.int16, dt.uint16, dt.uint64})  # variables


class DeviceCheck:
    """Looks at the operations of a graph, each once.

    Args:
        devices: of the session.
    """

    def __init__(self, devices: SessionDevices) -> None:
        self.devices = devices
        self._checked = 0  # operations of the graph
        self._logged = 0
        self._colocations = 0  # that have been looked at
        if devices.logs_placement:
            mapping = devices.mapping()
            print("Device mapping:" if mapping else "Device mapping: no known devices.", *mapping,
                  sep="\n", file=sys.stderr)
        self._asks_nothing: set[str] = set()  # device strings that any operation may have

    def __call__(self, graph: Graph) -> None:
        """Checks what was added to a graph since the last time.

        Args:
            graph: that of the session.

        Raises:
            InvalidArgumentError: an operation was put on a device that is not there, or on a GPU
                without having a kernel for one.
        """
        count = len(graph._operations)
        if graph.device_strings and self._checked < count:
            if self._colocations < graph.colocations:
                self._check_groups(graph)
            self._check(graph)
        self._checked = count
        if self.devices.logs_placement and not self.devices.gpus:
            self._log(graph, {})

    def _check(self, graph: Graph) -> None:
        asking = {text for text in graph.device_strings - self._asks_nothing if self._asks(text)}
        self._asks_nothing |= graph.device_strings - asking
        if asking:
            gpus = {text for text in asking if self.devices.matching(text, ["GPU"])}
            for op in in_placing_order(graph, self._checked, asking):
                if op._device not in gpus or why_not_on_gpu(op):  # most can be on a GPU
                    self.place(op)

    def _check_groups(self, graph: Graph) -> None:
        """Checks what operations ask for that stand beside others."""
        from flowgraph.runtime.colocated import settle  # late: few name devices
        for op in settle(graph, self.devices.soft):
            if not self.devices.soft and why_not_on_gpu(op):
                self.place(op)
        self._colocations = graph.colocations

    def _asks(self, text: str) -> bool:
        """Whether not every operation can be where a device string says."""
        if self.devices.soft:
            if settings.told_missing is not None and not self.devices.matching(text):
                settings.told_missing(text)
            return not (self.devices.lacks_tasks_softly
                        or self.devices.matching(text, with_kind=False))
        return not self.devices.matching(text, ["CPU"])

    def place(self, op: Operation) -> str:
        """The name of the device that an operation is for, as far as its device string says.

        Args:
            op: the operation.

        Raises:
            InvalidArgumentError: it is not there, or has no kernel for the operation.
        """
        devices = self.devices
        kinds = ["CPU"] if why_not_on_gpu(op) else ["GPU", "CPU"]
        device = group_device(op)
        found = devices.matching(device, kinds)
        if not found and devices.soft:
            found = devices.matching(device, kinds, with_kind=False)
        if not found and devices.lacks_tasks_softly:
            found = (devices.matching(device, kinds, with_task=False)
                     or devices.matching("", kinds))
        if not found:
            there = devices.matching(device)
            raise self._has_no_kernel(op) if there else self._not_there(op)
        return min(found, key=lambda device: kinds.index(device.device_type)).name

    # ---- what is wrong ---------------------------------------------------------------------------

    def _not_there(self, op: Operation) -> InvalidArgumentError:
        device = group_device(op)
        return _error(op, f"{{{{node {op.name}}}}} was explicitly assigned to {device} but "
                      f"available devices are [ {', '.join(self.devices.names)} ]. Make sure the "
                      "device specification refers to a valid device.",
                      self._advice(device))

    def _has_no_kernel(self, op: Operation) -> InvalidArgumentError:
        device = group_device(op)
        return _error(op, f"Could not satisfy explicit device specification {device!r} because "
                      "no supported kernel for GPU devices is available.",
                      f"{op.type} stays on the CPU: {why_not_on_gpu(op)}. Build it under "
                      f"tf.device(\"/cpu:0\"), or {_SOFT}.")

    def _advice(self, device: str) -> str:
        """What to write instead of a device that is not there."""
        devices = self.devices
        kind, _, number = parse(device).get("device", "").partition(":")
        if not devices.matching(device, with_kind=False):
            return (f"All operations of this session are in {LOCAL}: leave job, replica and task "
                    "out of the device.")
        if kind == "CPU":
            wanted = int(number) + 1 if number.isdigit() else 1
            return (f"Write Session(config=tf.ConfigProto(device_count={{\"CPU\": {wanted}}})) to "
                    f"have {counted(wanted, 'CPU')}, or tf.device(\"/cpu:0\").")
        elsewhere = f"To run it on the CPU, write tf.device(\"/cpu:0\"), or {_SOFT}."
        if kind != "GPU":
            return f"There are devices of the types CPU and GPU. {elsewhere}"
        if devices.gpus:
            return (f"This session has {counted(len(devices.gpus), 'GPU')}, the last one is "
                    f"\"/gpu:{len(devices.gpus) - 1}\". {elsewhere}")
        if gpu.found():
            return ("The session's config, or tf.config.experimental.set_visible_devices, leaves "
                    f"out the {counted(len(gpu.found()), 'GPU')} of this machine. {elsewhere}")
        return f"There is no GPU: {gpu.why_none()}. {elsewhere}"

    # ---- the log ---------------------------------------------------------------------------------

    def log_of(self, graph: Graph) -> Callable[[Program], None] | None:
        """What is told of each program that runs, when the session logs placement; else None.

        Args:
            graph: that of the session.
        """
        if not self.devices.logs_placement or not self.devices.gpus:
            return None  # all is on the CPU, and told of when it is checked
        return lambda program: self._log(graph, dict(_placed(program)))

    def _log(self, graph: Graph, placed: dict[Operation, str]) -> None:
        """Tells on stderr where operations are that it has not told of yet, each once.

        Args:
            graph: that of the session.
            placed: the devices of operations that a program runs; the others are told to be where
                they are meant to be.
        """
        for op in in_placing_order(graph, self._logged):
            name = self.place(op)
            task, _, meant = name.partition("/device:")
            device = placed.get(op, meant).upper()
            if device or not meant.startswith("CPU"):
                name = f"{task}/device:{device or 'CPU:0'}"
            print(f"{op.name}: ({op.type}): {name}", file=sys.stderr)
        self._logged = len(graph._operations)


_SOFT = "Session(config=tf.ConfigProto(allow_soft_placement=True))"


def _error(op: Operation, problem: str, advice: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, op, message(
        f"Cannot assign a device for operation {op.name}: {problem}",
        [(f"{op.type} {op.name!r}", str(op.frame))], advice, "placement-error"))


def _placed(program: Program) -> Iterator[tuple[Operation, str]]:
    """The operations that a program runs, also in bodies, with their devices; "" for the host."""
    for instr in program.instrs:
        for body in instr.bodies:
            yield from _placed(body)
        if not isinstance(instr.op_def, Transfer):
            for op in instr.origins:
                yield op, instr.device


# ---- operations ----------------------------------------------------------------------------------


def why_not_on_gpu(op: Operation) -> str:
    """Why an operation has no kernel for GPUs, a clause; "" if it has one.

    Args:
        op: the operation.

    Example:
        >>> import flowgraph as fg
        >>> why_not_on_gpu(fg.constant(b"text").op)
        'a GPU has no arrays of text'
        >>> why_not_on_gpu(fg.constant(1.0).op)
        ''
    """
    op_def = op.op_def
    reason = _why_not_of_type(op_def)
    if reason is not None:
        return reason
    for tensor in op.inputs:
        if tensor.spec.dtype is _TEXT:
            return _NO_TEXT
    for tensor in op.outputs:
        if tensor.spec.dtype is _TEXT:
            return _NO_TEXT
    if op_def.is_ref or op_def.refs:
        dtype = (*op.inputs, *op.outputs)[0].spec.dtype
        if dtype in _NOT_ON_GPU:
            return f"a variable of {dtype.name} is on the CPU, as in TensorFlow 1"
    return ""


@functools.cache
def _why_not_of_type(op_def: Any) -> str | None:
    """Why no operation of a type has a kernel for GPUs; None if that depends on its tensors."""
    if op_def.type in _ON_GPU_THERE or op_def.type.startswith(_KINDS_ON_GPU_THERE):
        return ""
    return op_def.host_only or ("it calls Python" if op_def.runs_user_code else None)


def in_placing_order(graph: Graph, start: int = 0, devices: set[str] | None = None
                     ) -> Iterator[Operation]:
    """The operations of a graph and its sub-graphs in the order in which TensorFlow places them.

    That is the order in which they were built, but those that only make a tensor come last.

    Args:
        graph: the graph.
        start: how many operations to leave out.
        devices: device strings; operations with other ones are left out.
    """
    sources = []
    for op in _operations(graph._operations[start:]):
        if devices is None or op._device in devices:
            if not op.inputs and len(op.outputs) == 1 and not op.op_def.is_ref:
                sources.append(op)
            else:
                yield op
    yield from sources


def _operations(ops: Iterable[Operation]) -> Iterator[Operation]:
    for op in ops:
        if op.op_def.type not in _WITHOUT_BODIES:
            for value in op.attrs.values():
                for body in value if isinstance(value, tuple) else (value,):
                    if isinstance(body, Graph):
                        yield from (inner for inner in _operations(body._operations)
                                    if inner.type not in ("Parameter", "VariableParameter"))
        yield op
