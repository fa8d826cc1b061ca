"""What CuPy is told of a GPU, and when: by a CuPy that only notes it."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flowgraph.core import cublas, cupy_gpu, gpu, gpu_graphs
from flowgraph.core.gpu import GpuInfo


class Context:
    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


class Stream(Context):
    """A stream; what it is told is noted in `told`."""

    def __init__(self, told: list[str], name: str, ptr: int) -> None:
        self.told, self.name, self.ptr = told, name, ptr

    def record(self) -> str:
        return f"all of {self.name}"

    def wait_event(self, event: str) -> None:
        self.told.append(f"{self.name} waits for {event}")

    def synchronize(self) -> None:
        self.told.append(f"the host waits for {self.name}")


class Pool:
    def __init__(self, told: list[str]) -> None:
        self.told = told
        self.left = 1000

    def set_limit(self, size: int) -> None:
        self.left = size

    def malloc(self, size: int) -> str:
        if size > self.left:
            raise MemoryError(size)
        return f"{size} bytes"

    def free_all_blocks(self) -> None:
        self.told.append("blocks are given back")


class Array:
    def __init__(self, device: Any) -> None:
        self.device = device


@pytest.fixture
def cupy(monkeypatch):
    told: list[str] = []
    made = iter(range(100, 200))

    def stream(**kwargs: Any) -> Stream:
        number = next(made)
        told.append(f"stream {number}")
        return Stream(told, f"stream {number}", number)

    default = Stream(told, "the default stream", 0)
    stream.null = default  # type: ignore[attr-defined]

    class Device(Context):
        def __init__(self, number: int) -> None:
            self.id = number

    def memory_pool() -> Pool:
        told.append("a pool")
        return Pool(told)

    def asnumpy(a: Any, stream: Any, blocking: bool, out: Any = None) -> Any:
        return "its memory" if out is None else out

    pinned: set[int] = set()
    cuda = SimpleNamespace(
        Device=Device, Stream=stream, MemoryPool=memory_pool, current=default,
        using_allocator=lambda allocator: Context(), get_current_stream=lambda: cuda.current,
        pinned_memory=SimpleNamespace(is_memory_pinned=pinned.__contains__))
    core = SimpleNamespace(_routines_linalg=SimpleNamespace(
        set_compute_type=lambda *args: None, COMPUTE_TYPE_TF32=7, COMPUTE_TYPE_DEFAULT=1))
    module = SimpleNamespace(cuda=cuda, ndarray=Array, told=told, pinned=pinned, _core=core,
                             array=lambda a: told.append("a copy") or a, asnumpy=asnumpy)
    monkeypatch.setattr(cupy_gpu, "import_module", lambda name: module)
    return module


def opened(count: int = 2) -> list[Any]:
    infos = [GpuInfo(i % 2, "Model", 1000, (9, 0), "0000:00:00.0") for i in range(count)]
    return list(gpu.opened(infos).values())


def test_gpus_are_told_nothing_until_they_are_used(cupy) -> None:
    first, second, part = opened(3)
    first.free()
    first.hand_over()
    assert cupy.told == []
    for _ in range(2):
        with second:
            second.allocate(10)
    assert cupy.told == ["stream 100", "a pool"]
    assert first.stream is part.stream and first.stream is not second.stream


def test_page_locked_memory_is_copied_first(cupy) -> None:
    one, _ = opened()
    array = np.arange(3.0)
    assert one.kept(array) is array
    cupy.pinned.add(array.ctypes.data)
    kept = one.kept(array)
    assert kept is not array and (kept == array).all()


def test_what_is_brought_down_is_a_copy_where_memory_is_shared(cupy, monkeypatch) -> None:
    one, _ = opened()
    array = Array(one.device)
    array.shape, array.dtype = (2,), np.dtype(np.float32)
    assert one._download(array) == "its memory"
    monkeypatch.setattr(cupy_gpu, "_SHARES_MEMORY", True)
    assert one._download(array).shape == (2,)
    assert one.kept(np.zeros(2)) is not None
    fed = np.zeros(2)
    assert one.kept(fed) is not fed


def test_an_array_of_another_gpu_is_copied_when_it_is_made_and_kept_until_it_is_copied(cupy
                                                                                       ) -> None:
    one, other = opened()
    fed = Array(other.device)
    fed.__dlpack_device__ = lambda: (2, 1)
    with one:
        pass
    del cupy.told[:]
    assert one.upload(fed) is fed
    assert cupy.told == ["stream 100 waits for all of the default stream", "a copy",
                         "the default stream waits for all of stream 100"]


def test_a_stream_of_the_callers_own_is_waited_for_and_waits(cupy) -> None:
    one, _ = opened()
    with one:
        pass
    fed = Array(one.device)
    del cupy.told[:]
    assert one.adopt(fed) is fed
    one.hand_over()
    assert cupy.told == []  # the default one and that of the session wait by themselves
    for ptr in (2, 77):  # CuPy's default of each thread, and one of a program
        cupy.cuda.current = Stream(cupy.told, "theirs", ptr)
        one.adopt(fed)
        one.hand_over()
    assert cupy.told == ["stream 100 waits for all of theirs",
                         "theirs waits for all of stream 100"] * 2


def test_graphs_are_forgotten_before_there_is_no_memory(cupy, monkeypatch) -> None:
    class User:
        def forget(self) -> None:
            cupy.told.append("graphs are forgotten")
            one._pool.left = 5000

    one, _ = opened()
    with one:
        assert one.allocate(10) == "10 bytes"
    del cupy.told[:]
    with pytest.raises(MemoryError):
        one.allocate(4000)
    user = User()
    monkeypatch.setattr(gpu_graphs, "RecordedModule", lambda xp, product: xp)
    one.graphs().use(user)
    del cupy.told[:]
    assert one.allocate(4000) == "4000 bytes"
    assert cupy.told == ["the host waits for stream 100", "graphs are forgotten",
                         "blocks are given back"]
    with pytest.raises(MemoryError):
        one.allocate(6000)


def test_a_handle_of_cublas_is_left_alone_when_python_ends(monkeypatch) -> None:
    handle = cublas.Cublas.__new__(cublas.Cublas)
    ended: list[Any] = []
    handle._library = SimpleNamespace(cublasDestroy_v2=ended.append)
    handle._handle = 7
    monkeypatch.setattr(sys, "is_finalizing", lambda: True)
    handle.__del__()
    assert ended == []
    monkeypatch.setattr(sys, "is_finalizing", lambda: False)
    del handle
    assert ended == [7]
