"""Running a KernelGroup on a GPU: `kernel(xp, inputs, group=group)`.

CuPy compiles a kernel when it is first called and keeps it, in files too; here only the objects
that hold the texts are kept, one for all groups of one text.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from flowgraph.plan.gpu_row_source import MOST_THREADS
from flowgraph.plan.gpu_source import (
    BLOCK,
    OPTIONS,
    THREADS,
    KernelText,
    kernel_text,
    tensor_arrays,
)
from flowgraph.program.ir import Value
from flowgraph.program.kernel_groups import KernelGroup, reduced_axes

# Numbers that one thread of a ReductionKernel may add up, one after the other. CuPy gives a block
# of 512 threads to 32 columns, or to one sum of all; more is done in two steps, by kernels that
# share the work better.
MOST_IN_A_ROW = 16
_THREADS_OF_ALL, _THREADS_OF_COLUMN = 512, 16


class KernelFunction:
    """A group as a function of arrays of a GPU.

    Args:
        group: the group.
    """

    def __init__(self, group: KernelGroup) -> None:
        self.group = group
        self.check = group.members[0].op_def.check  # of the data of a group of one instruction
        self._text = kernel_text(group)
        self._run = {"elementwise": self._elementwise, "reduction": self._reduction,
                     "rows": self._rows, "tensors": self._tensors}[group.kind]
        self._map: KernelText | None = None  # of a reduction, without its end
        if group.end is not None:
            taken = group.end.inputs[0]
            assert taken is not None
            self._map = kernel_text(KernelGroup(group.members[:-1], (taken,)))

    @property
    def name(self) -> str:
        """The kernel's name."""
        return self._text.name

    @property
    def source(self) -> str:
        """The kernel's source, for people: a Python expression with C in it."""
        return str(kernel_text(self.group, for_people=True))

    def __call__(self, xp: Any, inputs: Any, *, group: KernelGroup | None = None, out: Any = None
                 ) -> tuple[Any, ...]:
        """The group's results.

        Args:
            xp: `cupy`.
            inputs: arrays of the GPU, and numbers of the host, in the order of the group's inputs.
            group: its group again: the interpreter of plans hands attributes on.
            out: arrays to write into, one for each result, or None where a new one is made.
        """
        given = [x if isinstance(x, xp.ndarray) else np.asarray(x)[()] for x in inputs]
        group = self.group
        outs = list(out) if out is not None else [None] * len(group.results)
        try:
            return self._run(xp, given, outs)
        except Exception as error:
            members = ", ".join(f"{m.op_def.type} {m.origins[0].name!r} ({m.origins[0].frame})"
                                for m in group.members[:8])
            more = f" and {len(group.members) - 8} more" if len(group.members) > 8 else ""
            error.add_note(f"in the kernel {self._text.name} of {members}{more}")
            raise

    # ---- the four kinds --------------------------------------------------------------------------

    def _elementwise(self, xp: Any, inputs: list[Any], outs: list[Any]) -> tuple[Any, ...]:
        if any(out is not None for out in outs) or not any(
                isinstance(x, xp.ndarray) for x in inputs):
            shape = np.broadcast_shapes(*(np.shape(x) if isinstance(x, np.generic) else x.shape
                                          for x in inputs))
            outs = [xp.empty(shape, value.spec.dtype.numpy) if out is None else out
                    for out, value in zip(outs, self.group.results, strict=True)]
            return _made(xp, self._text)(*inputs, *outs)
        return _made(xp, self._text)(*inputs)

    def _reduction(self, xp: Any, inputs: list[Any], outs: list[Any]) -> tuple[Any, ...]:
        end = self.group.end
        axes = reduced_axes(end)  # type: ignore[arg-type]
        assert end is not None and axes is not None and self._map is not None
        shape = np.broadcast_shapes(*(np.shape(x) if isinstance(x, np.generic) else x.shape
                                      for x in inputs))
        if self._is_long(xp, inputs, shape, axes):
            (mapped,) = _made(xp, self._map)(*inputs)
            arguments = (mapped,) if end.op_def.type == "BiasAddGrad" else (mapped, axes)
            kernel = getattr(end.op_def, "kernel_cupy", end.op_def.kernel)
            result = kernel(xp, *arguments, **end.attrs)
            if outs[0] is not None:
                outs[0][...] = result
                return (outs[0],)
            return (result,)
        kernel = _made(xp, self._text)
        keep = bool(end.attrs.get("keep_dims", False))
        return (kernel(*inputs, axis=axes, keepdims=keep) if outs[0] is None else
                kernel(*inputs, out=outs[0], axis=axes, keepdims=keep),)

    def _is_long(self, xp: Any, inputs: list[Any], shape: tuple[int, ...],
                 axes: tuple[int, ...]) -> bool:
        """Whether a ReductionKernel would leave too much to each of its threads."""
        if not any(isinstance(x, xp.ndarray) for x in inputs):
            return True  # it wants an array
        count = 1
        for axis in axes:
            count *= shape[axis]
        is_trailing = axes == tuple(range(len(shape) - len(axes), len(shape)))
        if is_trailing and len(inputs) == 1 and inputs[0].flags.c_contiguous:
            return False  # CuPy leaves it to CUB, which takes as many blocks as there is work for
        threads = _THREADS_OF_ALL if len(shape) - 1 in axes else _THREADS_OF_COLUMN
        return count > threads * MOST_IN_A_ROW

    def _rows(self, xp: Any, inputs: list[Any], outs: list[Any]) -> tuple[Any, ...]:
        features, member = inputs[0], self.group.members[0]
        if len(inputs) > 1 and inputs[1].shape[0] != features.shape[0]:
            return member.op_def.kernel(xp, *inputs, **member.attrs)  # which says what is wrong
        if member.op_def.checks_data:
            self.check(xp, *inputs)
        columns = features.shape[-1]
        rows = features.size // columns if columns else features.shape[0]
        shapes = [features.shape] if len(outs) == 1 else [features.shape[:1], features.shape]
        outs = [xp.empty(shape, features.dtype) if out is None or not out.flags.c_contiguous
                else out for out, shape in zip(outs, shapes, strict=True)]
        if rows and features.ndim:
            threads = 32
            while threads < min(columns, MOST_THREADS):
                threads *= 2
            arguments = (*(xp.ascontiguousarray(x) for x in inputs), *outs, np.int32(columns))
            _made(xp, self._text)((rows,), (threads,), arguments,
                                  shared_mem=threads * features.dtype.itemsize)
        return tuple(outs)

    def _tensors(self, xp: Any, inputs: list[Any], outs: list[Any]) -> tuple[Any, ...]:
        parts = self.group.parts
        numbers = tensor_arrays(self.group)[1]
        told = np.zeros(1, tensors_dtype(self.group))
        step, results, at, last, kept = len(parts[0].inputs), [], 0, 0, []
        places = [value.spec.shape != () for value in parts[0].inputs]
        for k in range(len(parts)):
            given = inputs[k * step:(k + 1) * step]
            mine = [xp.ascontiguousarray(x) for x, is_array in zip(given, places, strict=True)
                    if is_array]
            kept.append(mine)
            for i, x in enumerate(mine):
                told[f"x{i}"][0, k] = x.data.ptr
            for i, value in enumerate(parts[0].results):
                out = outs[at]
                if out is None or not out.flags.c_contiguous:
                    out = xp.empty(mine[0].shape, value.spec.dtype.numpy)
                told[f"y{i}"][0, k] = out.data.ptr
                results.append(out)
                at += 1
            last += -(-mine[0].size // BLOCK)
            told["size"][0, k], told["end"][0, k] = mine[0].size, last
        single = [_as_argument(x, value) for x, value in zip(
            [x for x, is_array in zip(inputs[:step], places, strict=True) if not is_array],
            numbers, strict=True)]
        if last:
            _made(xp, self._text)((last,), (THREADS,), (told, *single))
        return tuple(results)


def _as_argument(x: Any, value: Value) -> Any:
    """A single number for a RawKernel, which takes its bytes as they are."""
    return x if value.device else value.spec.dtype.numpy.type(x)


@functools.cache
def _fields(arrays: tuple[str, ...], count: int) -> np.dtype:
    return np.dtype([*((name, np.uint64, (count,)) for name in arrays),
                     ("size", np.int64, (count,)), ("end", np.int32, (count,))], align=True)


def tensors_dtype(group: KernelGroup) -> np.dtype:
    """The dtype of what a kernel for several tensors is told, as the struct in its text is."""
    arrays, _ = tensor_arrays(group)
    names = [*(f"x{i}" for i in range(len(arrays))),
             *(f"y{i}" for i in range(len(group.parts[0].results)))]
    return _fields(tuple(names), len(group.parts))


@functools.lru_cache(maxsize=4096)
def _made(xp: Any, text: KernelText) -> Any:
    """CuPy's object for a text."""
    if text.kind == "elementwise":
        return xp.ElementwiseKernel(text.inputs, text.outputs, text.body, text.name,
                                    preamble=text.preamble, return_tuple=True, options=OPTIONS)
    if text.kind == "reduction":
        return xp.ReductionKernel(text.inputs, text.outputs, text.body, text.reduce, text.post,
                                  text.identity, text.name, text.reduce_type, True, text.preamble,
                                  OPTIONS)
    return xp.RawKernel(text.body, text.name, OPTIONS)
