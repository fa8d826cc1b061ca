"""Work of a GPU that is recorded once and launched again and again, as one: CUDA graphs.

    graphs = gpu.graphs()
    with gpu:                                 # arrays of the session's memory
        x, y = cp.empty(100), cp.empty(100)

    def work():
        y[...] = cp.exp(x)

    graphs.rehearse(work)                     # what it needs on the way is made ready
    step, _ = graphs.record(work)             # nothing is computed
    graphs.fill(x, numbers)
    graphs.launch(step)                       # y = exp(x): always from and into this memory

A graph knows addresses. What it reads and what it leaves has to be in arrays that its user keeps.
What it computes in between is in memory that all graphs of a session share (`lent_memory.py`): they
run one after the other, so what an array of `work` holds is right until the next launch only.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import numpy as np

from flowgraph.core import collector
from flowgraph.core.gpu import is_on_gpu
from flowgraph.core.lent_memory import Block, LentMemory
from flowgraph.core.recorded_module import RecordedModule, leading_size

MOST_USERS = 4  # of a session: each has memory of its own beside what they share


class User(Protocol):
    """Who has recorded something."""

    def forget(self) -> None:
        """Gives up what it has recorded, and its memory."""


class Recording:
    """What was recorded.

    Args:
        graph: what it is to the GPU.
        blocks: the memory that it has addresses of.
    """

    def __init__(self, graph: Any, blocks: frozenset[Block]) -> None:
        self.graph = graph
        self.blocks = blocks


class Graphs:
    """What a session records on a GPU.

    Args:
        gpu: the GPU.

    Attributes:
        gpu: the GPU.
        xp: the array module for what is recorded.
        launches: how many there were.
    """

    def __init__(self, gpu: Any) -> None:
        self.gpu = gpu
        self.xp = RecordedModule(gpu.xp, self._product)
        self.launches = 0
        self._lent = LentMemory(self._malloc)
        self._made: weakref.WeakSet[Recording] = weakref.WeakSet()
        self._users: list[weakref.ref[User]] = []  # the one that was used last is the last
        # Held while the lent memory is written by what is not in the order of launches.
        self._lock = threading.RLock()

    def use(self, user: User) -> None:
        """Notes that someone has recorded something, or is going to launch it.

        Of too many, the one who has not for longest is told to forget it.
        """
        with self._lock:
            if self._users and self._users[-1]() is user:
                return
            others = [ref for ref in self._users if ref() is not user and ref() is not None]
            self._users = [*others, weakref.ref(user)]
            if len(self._users) > MOST_USERS:
                self._forget(self._users.pop(0))

    def forget(self) -> bool:
        """Has all users forget what they have recorded; whether there was something."""
        with self._lock:
            users, self._users = self._users, []
            for ref in users:
                self._forget(ref)
            return bool(users)

    def trim(self) -> None:
        """Lets go of the memory that no graph needs any more."""
        with self._lock:
            self._lent.trim(block for made in self._made for block in made.blocks)
            if not self._made:
                self._end()

    def rehearse(self, work: Callable[[], Any]) -> None:
        """Does what will be recorded: kernels are compiled, libraries loaded, memory made ready.

        Args:
            work: what tells the GPU what to do.
        """
        with self._lock:
            self._lent.rehearse()
            self._rehearse(work)

    def record(self, work: Callable[[], Any]) -> tuple[Recording, Any]:
        """(what `launch` takes, the result of `work`, whose arrays have no numbers yet).

        Args:
            work: what tells the GPU what to do; it was rehearsed.

        Raises:
            Exception: some of it cannot be recorded. What that is depends on CuPy.
            MemoryError: it needs other memory than in the rehearsal. Had CuPy's pool to look for
                some, it would give back what graphs have addresses of.
        """
        with self._lock:
            self._lent.record(True)
            try:
                with collector.paused():
                    graph, result = self._record(work)
            finally:
                self._lent.record(False)
            made = Recording(graph, self._lent.rehearsed)
            self._lent.rehearse()
            self._made.add(made)
            return made, result

    def launch(self, made: Recording) -> None:
        """Has the GPU do what was recorded, after what it was told before.

        Args:
            made: of `record`.
        """
        with self._lock:
            self.launches += 1
            self._launch(made.graph)

    def fill(self, array: Any, value: Any) -> None:
        """Copies numbers into an array.

        Args:
            array: an array of the GPU.
            value: an array of the host, or of any GPU, of the same dtype and shape. It may be
                changed afterwards.
        """
        if is_on_gpu(value):
            array[...] = self.gpu.upload(value)
        else:
            self._set(array, self.gpu.kept(np.asarray(value)))

    def _forget(self, ref: weakref.ref[User]) -> None:
        user = ref()
        if user is not None:
            self.gpu.wait()  # what was launched goes on with what it has
            user.forget()

    def _malloc(self, size: int) -> Any:
        """Memory of the session's pool; its `ptr` is the address."""
        raise NotImplementedError

    def _rehearse(self, work: Callable[[], Any]) -> None:
        raise NotImplementedError

    def _record(self, work: Callable[[], Any]) -> tuple[Any, Any]:
        raise NotImplementedError

    def _launch(self, graph: Any) -> None:
        raise NotImplementedError

    def _set(self, array: Any, value: np.ndarray) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        """Lets go of what is needed for recording only."""

    def _product(self, a: Any, b: Any, out: Any) -> None:
        """Writes the product of matrices, or of two stacks of as many matrices, into `out`.

        Args:
            a, b, out: arrays of one dtype, of rank 2 or 3; matrices of `a` and `b` may be
                transposed, `out` is in order of C.
        """
        raise NotImplementedError


class CupyGraphs(Graphs):
    """CUDA graphs, through CuPy.

    Args:
        gpu: the CupyGpu.
        pool: the session's memory on it.
    """

    def __init__(self, gpu: Any, pool: Any) -> None:
        super().__init__(gpu)
        self._pool = pool
        with gpu:
            # Recorded on a stream that does not wait for CuPy's default one: what other threads do
            # there would end the recording. Nothing but rehearsals run on it.
            self._recording = gpu.xp.cuda.Stream(non_blocking=True)
        self._blas: Any = None

    def _malloc(self, size: int) -> Any:
        with self.gpu.stream:  # blocks of the pool belong to a stream
            return self._pool.malloc(size)

    def _borrow(self, size: int) -> Any:
        """An allocator for CuPy, of lent memory."""
        if size == 0:
            return self._pool.malloc(0)
        loan, cuda = self._lent.loan(size), self.gpu.xp.cuda
        memory = cuda.UnownedMemory(loan.block.memory.ptr, size, loan, self.gpu.device.id)
        return cuda.MemoryPointer(memory, 0)

    @contextmanager
    def _memory(self) -> Iterator[None]:
        with self.gpu, self.gpu.xp.cuda.using_allocator(self._borrow):
            yield

    def _rehearse(self, work: Callable[[], Any]) -> None:
        if self._blas is None:
            from flowgraph.core.cublas import Cublas
            with self.gpu:
                self._blas = Cublas(self.gpu.xp, self._recording)
        with self._memory():
            self._recording.wait_event(self.gpu.stream.record())
            with self._recording:
                work()
                self._recording.synchronize()

    def _record(self, work: Callable[[], Any]) -> tuple[Any, Any]:
        with self._memory(), self._recording:
            self._recording.begin_capture()
            try:
                result = work()
            except BaseException:
                with suppress(Exception):  # what went wrong is told by the first error
                    self._recording.end_capture()
                raise
            return self._recording.end_capture(), result

    def _launch(self, graph: Any) -> None:
        graph.launch(self.gpu.stream)

    def _set(self, array: Any, value: np.ndarray) -> None:
        array.set(value, stream=self.gpu.stream)

    def _end(self) -> None:
        self._blas = None

    def _product(self, a: Any, b: Any, out: Any) -> None:
        self._blas.product(a, leading_size(a), b, leading_size(b), out)
