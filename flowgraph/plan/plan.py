"""Plan: the ordered steps of a program for concrete feed shapes, and where their results go.

A Plan owns no arrays but constants: threads share it, each run brings feeds, the state it read, and
an arena. Constants in the memory of a GPU are shared by the plans of a session.
Steps name values by slot number, so that running them needs no look-ups by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from flowgraph.core import checks, parallel_numpy
from flowgraph.core.gpu import NO_GPUS, Gpu, arrays_of, on
from flowgraph.core.units import bytes_text
from flowgraph.errors import ResourceExhaustedError
from flowgraph.opdef.opdef import plain_value
from flowgraph.plan.buffers import Buffers
from flowgraph.plan.lifetime import Lifetimes
from flowgraph.plan.loops import Loop, plan_loops
from flowgraph.plan.tiles import TileFunction
from flowgraph.program.groups import IN_TILES, GroupOp, runs_group
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.pipeline import PLANNING
from flowgraph.program.placement import is_number
from flowgraph.program.transfers import TO_GPU, Transfer

_PRODUCTS = ("MatMul", "BatchMatMulV2", "Einsum")
_ONE_THREAD = 1 << 18  # multiplications up to which OpenBLAS uses one thread anyway
_SMALL = 1 << 12  # elements of the inputs of other ops that multiply


class Step:
    """One instruction, bound to slots.

    Attributes:
        instr: the instruction.
        inputs: slot of each input; -1 where the op does not need it.
        outputs: slot of each output.
        view: number of the view the result is written into; -1 for a fresh array.
        views: the same for each result of a group; else empty.
        host: positions of inputs that the kernel gets as plain Python numbers.
        scalars: positions of inputs that are numbers of the host, for a kernel on a GPU.
        drops: slots that no later step needs.
        frees: numbers of the views whose memory is free after this step.
        xp: the array module for the kernel.
        gpu: the GPU that it needs; None for one of the host alone.
    """

    __slots__ = ("drops", "frees", "gpu", "host", "inputs", "instr", "kernel", "outputs",
                 "scalars", "view", "views", "xp")

    def __init__(self, instr: Instr, inputs: tuple[int, ...], outputs: tuple[int, ...],
                 views: tuple[int, ...], drops: tuple[int, ...], frees: tuple[int, ...],
                 techniques: frozenset[str] = frozenset(PLANNING)) -> None:
        op_def = instr.op_def
        is_group = isinstance(op_def, GroupOp)
        self.xp: Any = (parallel_numpy if op_def.multiplies
                        and _has_its_own_product(instr, techniques) else np)
        self.instr = instr
        self.kernel: Callable[..., Any] = (TileFunction(instr.attrs["group"])
                                           if op_def is IN_TILES else op_def.kernel)
        self.inputs = inputs
        self.outputs = outputs
        self.view = views[0] if views and not is_group else -1
        self.views = views if is_group else ()
        self.drops = drops
        self.frees = frees
        host = op_def.host_inputs
        self.host = () if not host else tuple(
            [i for i, param in enumerate(op_def.flat_params(len(inputs))) if param in host])
        self.scalars: tuple[int, ...] = ()
        self.gpu: Gpu | None = None

    def use(self, gpus: Mapping[str, Gpu], current: Gpu | None,
            kernels: dict[Any, Callable[..., Any]]) -> None:
        """Has the step run by a GPU, if its instruction is on one, or is a transfer.

        Args:
            gpus: the GPUs by name.
            current: the one that is told all that is not told to another.
            kernels: those made so far, by GPU and op, so that the steps of an op have the same one.
        """
        instr = self.instr
        if isinstance(instr.op_def, Transfer):
            source = gpus.get(instr.inputs[0].device)  # type: ignore[union-attr]
            to = gpus.get(instr.device)
            self.gpu = to or source
            self.kernel = ((lambda xp, x: to.upload(x, source)) if to is not None else
                           (lambda xp, x: source.download([x])[0]))  # type: ignore[union-attr]
        elif instr.device:
            gpu = self.gpu = gpus[instr.device]
            self.xp = gpu.xp
            if in_kernel(instr):
                from flowgraph.plan.gpu_kernels import KernelFunction  # late: few have a GPU
                self.kernel = function = KernelFunction(instr.attrs["group"])
                member = Step(function.group.members[0], (), (), (), (), ())
                function.check = checks.noting(gpu, member, function.check)
            else:
                kernel = getattr(instr.op_def, "kernel_cupy", self.kernel)
                self.kernel = kernels.setdefault((gpu, kernel), arrays_of(gpu, kernel))
            if instr.op_def.checks_data:  # an error is told later, and has to name the step
                self.kernel = checks.noting(gpu, self, self.kernel)
            self.scalars = tuple([j for j, value in enumerate(instr.inputs) if value is not None
                                  and is_number(value) and j not in self.host])
            if gpu is not current:
                self.kernel = kernels.setdefault((gpu, self.kernel), on(gpu, self.kernel))

    def like(self, instr: Instr) -> Step:
        """The same step for an instruction of the same op, whose sizes may be others."""
        step = Step.__new__(Step)
        step.instr = instr
        step.inputs, step.outputs, step.drops = self.inputs, self.outputs, self.drops
        step.view, step.views, step.frees = self.view, self.views, self.frees
        step.kernel, step.xp, step.gpu = self.kernel, self.xp, self.gpu
        step.host, step.scalars = self.host, self.scalars
        return step

    @property
    def op(self) -> Any:
        """The graph operation that names this step in errors and pictures."""
        return self.instr.origins[0]


def _has_its_own_product(instr: Instr, techniques: frozenset[str]) -> bool:
    """Whether NumPy's own product is not the best way: it is large, a large stack, or of halves."""
    kind = instr.op_def.type
    if kind not in _PRODUCTS:
        return False
    out = instr.outputs[0].spec
    if out.dtype.name == "float16":
        return True
    if kind == "BatchMatMulV2":
        return ("parallel" in techniques
                and (_multiplications(instr) or 0) >= parallel_numpy.LARGE)
    b = instr.inputs[1] if kind == "MatMul" else None
    return ("large_products" in techniques and out.dtype.name in ("float32", "float64")
            and b is not None and b.spec.is_static and out.is_static
            and parallel_numpy.is_large(out.shape, b.spec.shape))  # type: ignore[arg-type]


def _multiplications(instr: Instr) -> int | None:
    """How many multiplications a product of matrices takes, if its sizes are known."""
    a, out = instr.inputs[0], instr.outputs[0]
    if a is None or not a.spec.is_static or out.spec.size is None or not a.spec.shape:
        return None
    across = instr.attrs.get("transpose_a", instr.attrs.get("adj_x", False))
    return out.spec.size * (a.spec.shape[-2 if across else -1] or 0)


def multiplies(program: Program) -> bool:
    """Whether BLAS has enough to do in a program that it would use threads of its own."""
    if any(map(multiplies, program.bodies)):
        return True
    if not any(op_def.multiplies for op_def in program.op_defs):
        return False
    for instr in program.instrs:
        if instr.op_def.multiplies:
            if instr.op_def.type in ("MatMul", "BatchMatMulV2"):
                count = _multiplications(instr)
                if count is not None and count <= _ONE_THREAD:
                    continue
            elif all(v is not None and (v.spec.size or _SMALL) < _SMALL for v in instr.inputs):
                continue
            return True
    return False


def in_kernel(instr: Instr) -> bool:
    """Whether an instruction runs several others as one kernel of a GPU."""
    return bool(instr.device) and runs_group(instr)


def own(value: Any) -> Any:
    """A private copy of a result.

    Lists of tensors need none: they never change. A variable that a branch left uninitialised has
    None for its new value.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return np.array(value)
    return value.copy() if hasattr(value, "__cuda_array_interface__") else value


class Plan:
    """How to run a program.

    Attributes:
        program: the program.
        lifetimes, buffers: which memory its values use, and when.
        constants: (slot, array) of each constant; host inputs are there as plain numbers.
        feed_slots, read_slots: where feeds and old state go.
        steps: what to do.
        fetches: per fetch (slot, whether it must be copied because its memory is not its own).
        writes: per write (variable, slot, whether it must be copied).
        nodes: the steps that need an object of the session: a state, or functions for the bodies.
        techniques: those of PLANNING that it uses.
        loops: the loops that are a part of the generated source.
        gpus: the session's GPUs by name.
        gpu: the one that most is told to; None where all is on the host.
    """

    __slots__ = ("_lifetimes", "buffers", "constants", "feed_slots", "fetches", "gpu", "gpus",
                 "host_constants", "loops", "nodes", "program", "read_slots", "slots", "steps",
                 "techniques", "writes")

    def __init__(self, program: Program, may_return_feeds: bool = False,
                 techniques: frozenset[str] = frozenset(PLANNING),
                 gpus: Mapping[str, Gpu] = NO_GPUS) -> None:
        """Makes the plan.

        Args:
            program: the program.
            may_return_feeds: whether results may share memory with feeds, as those of a body may.
            techniques: those of PLANNING to use.
            gpus: the GPUs by name.
        """
        self.program = program
        self.techniques = techniques
        self.gpus = gpus
        self.gpu = _main_gpu(program, gpus) if gpus else None
        self._lifetimes: Lifetimes | None = None
        self.loops: dict[Instr, Loop] = {}
        if "loops_as_source" in techniques and self.gpu is None:
            self.loops = plan_loops(program, lambda body: Plan(body, True, techniques))
        self.buffers = Buffers(program, self.lifetimes, techniques, {
            instr: [part.buffers for part in loop.plans] for instr, loop in self.loops.items()})
        self.slots: dict[Value, int] = {}
        self.constants: list[tuple[int, np.ndarray]] = []
        self.host_constants: dict[int, Any] = {}
        self.feed_slots = tuple(self._slot(feed.value) for feed in program.feeds)
        self.read_slots = tuple(self._slot(read.value) for read in program.reads)
        self.steps = self._make_steps()
        self.fetches, self.writes = self._results(may_return_feeds)
        self.nodes = self.steps_with_nodes()

    @property
    def lifetimes(self) -> Lifetimes:
        """Which memory values live in, and until when."""
        if self._lifetimes is None:
            self._lifetimes = Lifetimes(self.program)
        return self._lifetimes

    def steps_with_nodes(self) -> tuple[Step, ...]:
        """The steps that need an object of the session."""
        if not any(op_def.takes_state or op_def.bodies for op_def in self.program.op_defs):
            return ()
        return tuple(step for step in self.steps
                     if step.instr.op_def.takes_state or step.instr.bodies)

    def _slot(self, value: Value) -> int:
        slot = self.slots.get(value)
        if slot is None:
            slot = self.slots[value] = len(self.slots)
            if value.const is not None:
                self.constants.append((slot, value.const))
        return slot

    def _make_steps(self) -> tuple[Step, ...]:
        program, has_gpu = self.program, self.gpu is not None
        kept = set(program.results())
        if has_gpu:
            kept.update(out for instr in program.instrs if _uploads_constant(instr)
                        for out in instr.outputs)
        last: dict[Value, int] = {}
        for i, instr in enumerate(program.instrs):
            for value in instr.inputs:
                if value is not None:
                    last[value] = i
            for value in instr.outputs:
                last[value] = i
        dying: dict[int, list[Value]] = {}
        for value, i in last.items():
            if value not in kept and value.const is None:
                dying.setdefault(i, []).append(value)
        slots, view_of, freed = self.slots, self.buffers.view_of, self.buffers.freed
        steps = []
        kernels: dict[Any, Callable[..., Any]] = {}
        for i, instr in enumerate(program.instrs):
            if has_gpu and _uploads_constant(instr):  # once, not in each run
                self.constants.append((self._slot(instr.outputs[0]), self._uploaded(instr)))
                continue
            inputs = tuple([-1 if v is None else slots[v] if v in slots else self._slot(v)
                            for v in instr.inputs])
            outputs = tuple([self._slot(v) for v in instr.outputs])
            views = tuple([view_of.get(out, -1) for out in instr.outputs])
            step = Step(instr, inputs, outputs, views,
                        tuple([slots[v] for v in dying[i]]) if i in dying else (),
                        tuple(freed[i]) if i in freed else (), self.techniques)
            if step.host:
                self.note_host_constants(step)
            if has_gpu:
                step.use(self.gpus, self.gpu, kernels)
            steps.append(step)
        return tuple(steps)

    def note_host_constants(self, step: Step) -> None:
        """Keeps the constants that a kernel gets as plain numbers."""
        for j in step.host:
            value = step.instr.inputs[j]
            if value is not None and value.const is not None:
                self.host_constants[step.inputs[j]] = plain_value(value.const)

    def _uploaded(self, instr: Instr) -> Any:
        """A constant in the memory of a GPU."""
        gpu, value = self.gpus[instr.device], instr.inputs[0]
        assert value is not None
        try:
            return gpu.constant(value.const)
        except MemoryError:
            gpu.free()
            op = next(iter(instr.origins), None)  # what a pass has made has none
            where = f"{op.type} {op.name!r} ({op.frame})" if op is not None else repr(value.name)
            raise ResourceExhaustedError(None, op, (
                f"{where}: out of memory on {gpu.name}: "
                f"{bytes_text(value.spec.nbytes or 0)} of a constant asked for")) from None

    def _results(self, may_return_feeds: bool) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Which results share memory with something that is not the run's own, or each other."""
        lifetimes, program = self.lifetimes, self.program
        made = {out for instr in program.instrs for out in instr.outputs
                if self.gpu is None or not _uploads_constant(instr)}
        lent = {feed.value for feed in program.feeds} if may_return_feeds else set()
        taken: set[Value] = set()
        read_only: set[Value] = set()
        if any(op_def.read_only for op_def in program.op_defs):
            for instr in program.instrs:
                if instr.op_def.read_only or (instr.op_def.aliases
                                              and not read_only.isdisjoint(instr.inputs)):
                    read_only.update(instr.outputs)

        def is_part(value: Value, root: Value) -> bool:
            """Whether it may be a slice that keeps all of `root` alive."""
            size = value.spec.size
            return value is not root and (size is None or size != root.spec.size)

        def needs_copy(value: Value) -> bool:
            roots = lifetimes.roots.get(value, frozenset((value,))) - lent
            shared = (value in read_only or bool(roots - made) or bool(roots & taken)
                      or any(is_part(value, root) for root in roots))
            taken.update(roots)
            return shared

        writes = tuple((w.variable, self._slot(w.value), needs_copy(w.value))
                       for w in program.writes)
        fetches = tuple((self._slot(v), needs_copy(v)) for v in program.fetches)
        return fetches, writes

    def arguments(self, step: Step, values: Sequence[Any]) -> list[Any]:
        """What the kernel of a step is given, when it is called by an interpreter.

        Args:
            step: a step of this plan.
            values: by slot.
        """
        found = [values[slot] if slot >= 0 else None for slot in step.inputs]
        for j in step.host:
            slot = step.inputs[j]
            found[j] = (self.host_constants[slot] if slot in self.host_constants
                        else plain_value(found[j]))
        for j in step.scalars:
            found[j] = found[j][()]  # type: ignore[index]
        return found

    def call(self, step: Step, arguments: list[Any], keywords: Mapping[str, Any], xp: Any,
             values: list[Any]) -> Any:
        """Calls the kernel of a step, as an interpreter does.

        Args:
            step: a step of this plan.
            arguments: of `arguments`.
            keywords: its attributes, and what else it takes: memory for its results, a state.
            xp: the array module.
            values: by slot; gets the results.

        Returns:
            The result; a list of them where the op has several.
        """
        op_def = step.instr.op_def
        try:
            result = step.kernel(xp, *(op_def.group(arguments) if op_def.lists else arguments),
                                 **keywords)
        except Exception as error:
            error._flowgraph_step = step  # type: ignore[attr-defined]
            raise
        if op_def.multiple:
            result = list(result)
            for slot, array in zip(step.outputs, result, strict=True):
                values[slot] = array
        else:
            if type(result) is bytes:  # of ufuncs on a lone text
                result = np.asarray(result, object)
            values[step.outputs[0]] = result
        return result

    @property
    def is_parallel(self) -> bool:
        """Whether its steps may be split over the cores."""
        return "parallel" in self.techniques

    @property
    def peak_live(self) -> int:
        """The largest number of values of a run alive at once, constants aside."""
        live, peak = len(self.feed_slots) + len(self.read_slots), 0
        for step in self.steps:
            live += len(step.outputs)
            peak = max(peak, live)
            live -= len(step.drops)
        return peak



def _uploads_constant(instr: Instr) -> bool:
    return instr.op_def is TO_GPU and instr.inputs[0].const is not None  # type: ignore[union-attr]


def _main_gpu(program: Program, gpus: Mapping[str, Gpu]) -> Gpu | None:
    """The GPU that the most instructions are on."""
    counts = Counter(instr.device for instr in program.instrs if instr.device)
    if not counts:
        return next(iter(gpus.values())) if program.uses_gpu else None
    return gpus[counts.most_common(1)[0][0]]
