"""Work of a GPU that is recorded once and launched again and again, as one: CUDA graphs.

    graphs = gpu.graphs()
    with graphs.memory():                     # arrays that no one else will use
        x, y = cp.empty(100), cp.empty(100)
    step, _ = graphs.record(lambda: cp.exp(x, out=y))     # nothing is computed
    graphs.fill(x, numbers)
    graphs.launch(step)                       # y = exp(x): always from and into this memory

A graph knows addresses, so what it reads, what it writes and what it makes for itself is in memory
of its own, which lives as long as the Graphs that has recorded it.

CuPy refuses to record calls of cuBLAS: every one of its products raises NotImplementedError. cuBLAS
itself can be recorded, so that `xp` here has products that call it directly (see `cublas.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import numpy as np

from flowgraph.core import collector


class Graphs:
    """What one user of a GPU has recorded, and the memory that belongs to it.

    Attributes:
        gpu: the GPU.
        xp: the array module for what is recorded.
    """

    def __init__(self, gpu: Any) -> None:
        self.gpu = gpu
        self.xp = RecordedModule(gpu.xp, self._product)

    def memory(self) -> AbstractContextManager[None]:
        """A context in which arrays are made in the memory of what is recorded."""
        raise NotImplementedError

    def rehearse(self, work: Callable[[], Any]) -> None:
        """Does what will be recorded: libraries load what they need when it is first asked for.

        Args:
            work: what tells the GPU what to do.
        """
        raise NotImplementedError

    def record(self, work: Callable[[], Any]) -> tuple[Any, Any]:
        """(what `launch` takes, the result of `work`, whose arrays have no numbers yet).

        Args:
            work: what tells the GPU what to do.

        Raises:
            Exception: some of it cannot be recorded. What that is depends on CuPy.
        """
        raise NotImplementedError

    def launch(self, graph: Any) -> None:
        """Has the GPU do what was recorded, after what it was told before."""
        raise NotImplementedError

    def fill(self, array: Any, value: Any) -> None:
        """Copies numbers into an array of this memory.

        Args:
            array: the array.
            value: an array of the host, or of the GPU, of the same dtype and shape. It may be
                changed afterwards.
        """
        raise NotImplementedError

    def _product(self, a: Any, b: Any, out: Any) -> None:
        """Writes the product of matrices, or of two stacks of as many matrices, into `out`.

        Args:
            a, b, out: arrays of one dtype, of rank 2 or 3; matrices of `a` and `b` may be
                transposed, `out` is in order of C.
        """
        raise NotImplementedError


class RecordedModule:
    """The array module `xp`, with products of matrices that can be recorded.

    Args:
        xp: `cupy`.
        product: computes the product of matrices, or of stacks of them, into an array.
    """

    def __init__(self, xp: Any, product: Callable[[Any, Any, Any], None]) -> None:
        self._xp = xp
        self._product = product

    def __getattr__(self, name: str) -> Any:
        return getattr(self._xp, name)

    def __eq__(self, other: object) -> bool:
        return other is self._xp or other is self  # what is kept by module is found, not kept again

    def __hash__(self) -> int:
        return hash(self._xp)

    def matmul(self, a: Any, b: Any, out: Any = None) -> Any:
        """As `cupy.matmul`."""
        if a.dtype.kind != "f" or a.dtype != b.dtype or 0 in (*a.shape, *b.shape):
            return self._xp.matmul(a, b) if out is None else self._xp.matmul(a, b, out=out)
        left, right = a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
        lead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        made = self._multiplied(left, right, lead)
        result = made.reshape((*lead, *left.shape[-2:-1][a.ndim == 1:],
                               *right.shape[-1:][b.ndim == 1:]))
        return _into(out, result)

    def dot(self, a: Any, b: Any, out: Any = None) -> Any:
        """As `cupy.dot`."""
        if 0 in (a.ndim, b.ndim) or b.ndim > 2:
            return self._xp.dot(a, b) if out is None else self._xp.dot(a, b, out=out)
        if a.ndim > 2:
            rows = self.matmul(a.reshape(-1, a.shape[-1]), b)
            return _into(out, rows.reshape((*a.shape[:-1], *b.shape[1:])))
        return self.matmul(a, b, out)

    def vdot(self, a: Any, b: Any) -> Any:
        """As `cupy.vdot`."""
        if a.dtype.kind == "c":
            a = a.conj()
        return self.matmul(a.reshape(-1), b.reshape(-1))

    def concatenate(self, tup: Any, axis: Any = 0, out: Any = None) -> Any:
        """As `cupy.concatenate`, which sends a list of addresses to the GPU for many arrays."""
        arrays = [a.reshape(-1) for a in tup] if axis is None else list(tup)
        axis = 0 if axis is None else axis % arrays[0].ndim
        if out is None:
            shape = list(arrays[0].shape)
            shape[axis] = sum(a.shape[axis] for a in arrays)
            out = self._xp.empty(shape, self._xp.result_type(*arrays))
        start = 0
        for a in arrays:
            end = start + a.shape[axis]
            out[(slice(None),) * axis + (slice(start, end),)] = a
            start = end
        return out

    def stack(self, tup: Any, axis: int = 0, out: Any = None) -> Any:
        """As `cupy.stack`."""
        return self.concatenate([self._xp.expand_dims(a, axis) for a in tup], axis, out)

    def tensordot(self, a: Any, b: Any, axes: Any = 2) -> Any:
        """As `cupy.tensordot`."""
        if isinstance(axes, int):
            axes = (range(a.ndim - axes, a.ndim), range(axes))
        ours, theirs = ([axis] if isinstance(axis, int) else list(axis) for axis in axes)
        ours = [axis % a.ndim for axis in ours]
        theirs = [axis % b.ndim for axis in theirs]
        rest = [axis for axis in range(a.ndim) if axis not in ours]
        others = [axis for axis in range(b.ndim) if axis not in theirs]
        length = int(np.prod([a.shape[axis] for axis in ours], dtype=int))
        left = a.transpose(*rest, *ours).reshape(-1, length)
        right = b.transpose(*theirs, *others).reshape(length, -1)
        return self.matmul(left, right).reshape([a.shape[axis] for axis in rest]
                                                + [b.shape[axis] for axis in others])

    def _multiplied(self, a: Any, b: Any, lead: tuple[int, ...]) -> Any:
        """The products of all matrices, as one stack; a matrix where `lead` is ()."""
        xp = self._xp
        rows, columns = a.shape[-2], b.shape[-1]
        if b.ndim == 2 and a.ndim > 2 and a.flags.c_contiguous:  # one product of all rows
            a, lead = a.reshape(-1, a.shape[-1]), ()
            rows = a.shape[0]
        if lead:
            a, b = (xp.broadcast_to(x, (*lead, *x.shape[-2:])).reshape((-1, *x.shape[-2:]))
                    for x in (a, b))
        a, b = (x if _ld(x) is not None else xp.ascontiguousarray(x) for x in (a, b))
        made = xp.empty((rows, columns) if not lead else (a.shape[0], rows, columns), a.dtype)
        self._product(a, b, made)
        return made


def _into(out: Any, result: Any) -> Any:
    if out is None:
        return result
    out[...] = result
    return out


def _ld(x: Any) -> tuple[bool, int] | None:
    """How BLAS reads a matrix, or a stack of them: (whether it is transposed, its leading size).

    None where it cannot: neither rows nor columns are together.
    """
    size, rows, columns = x.dtype.itemsize, x.shape[-2], x.shape[-1]
    down, across = x.strides[-2], x.strides[-1]
    if any(stride % size for stride in x.strides):
        return None
    if (across == size or columns == 1) and (down >= columns * size or rows == 1):
        return False, max(down // size, columns) if rows > 1 else columns
    if (down == size or rows == 1) and (across >= rows * size or columns == 1):
        return True, max(across // size, rows) if columns > 1 else rows
    return None


class CupyGraphs(Graphs):
    """CUDA graphs, through CuPy.

    Args:
        gpu: the CupyGpu.
        stream: the session's.
        limit: bytes of the GPU's memory that may be used.
    """

    def __init__(self, gpu: Any, stream: Any, limit: int) -> None:
        super().__init__(gpu)
        self._stream = stream
        cuda = gpu.xp.cuda
        with gpu:
            # Recorded on a stream that does not wait for CuPy's default one: what other threads do
            # there would end the recording. Nothing runs on it.
            self._recording = cuda.Stream(non_blocking=True)
            self._pool = cuda.MemoryPool()
            self._pool.set_limit(size=limit)
        self._blas: Any = None

    @contextmanager
    def memory(self) -> Iterator[None]:
        """A context in which arrays are made in the memory of what is recorded."""
        with self.gpu, self.gpu.xp.cuda.using_allocator(self._pool.malloc):
            yield

    def rehearse(self, work: Callable[[], Any]) -> None:
        """Does what will be recorded; see Graphs."""
        if self._blas is None:
            from flowgraph.core.cublas import Cublas
            with self.memory():
                self._blas = Cublas(self.gpu.xp, self._recording)
        with self.memory():
            self._recording.wait_event(self._stream.record())
            with self._recording:
                work()
                self._recording.synchronize()

    def record(self, work: Callable[[], Any]) -> tuple[Any, Any]:
        """(what `launch` takes, the result of `work`); see Graphs."""
        with self.memory(), self._recording, collector.paused():
            self._recording.begin_capture()
            try:
                result = work()
            except BaseException:
                with suppress(Exception):  # what went wrong is told by the first error
                    self._recording.end_capture()
                raise
            return self._recording.end_capture(), result

    def launch(self, graph: Any) -> None:
        """Has the GPU do what was recorded, after what it was told before."""
        graph.launch(self._stream)

    def fill(self, array: Any, value: Any) -> None:
        """Copies numbers into an array of this memory; see Graphs."""
        if self.gpu.holds(value):
            array[...] = value
        else:
            # Not from page-locked memory: CUDA takes other memory at once, so that it may be
            # changed when this returns.
            array.set(np.asarray(value), stream=self._stream)

    def _product(self, a: Any, b: Any, out: Any) -> None:
        self._blas.product(a, _ld(a), b, _ld(b), out)
