"""What tests ask of the machine, replacing parts of modules, and small benchmarks."""

from __future__ import annotations

import atexit
import functools
import inspect
import os
import shutil
import sys
import tempfile
import time
import unittest
from collections.abc import Sequence
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np

from flowgraph.core import gpu
from flowgraph.core.frames import located
from flowgraph.platform.logging import info
from flowgraph.runtime.config import ConfigProto


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tests of the program that calls this, and ends it.

    Args:
        argv: the program's name and arguments for unittest; by default those of the program.

    Example:
        >>> import flowgraph as fg
        >>> fg.test.main(["program", "--no-such-option"])
        Traceback (most recent call last):
        SystemExit: 2
    """
    unittest.main(module="__main__", argv=list(sys.argv if argv is None else argv))


@functools.cache
def get_temp_dir() -> str:
    """A folder for the files of tests, the same for the whole program and removed at its end.

    Example:
        >>> import os, flowgraph as fg
        >>> os.path.isdir(fg.test.get_temp_dir())
        True
    """
    folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def test_src_dir_path(relative_path: str) -> str:
    """A path inside the folder that `TEST_SRCDIR` names.

    Args:
        relative_path: path inside of it.

    Example:
        >>> import os, flowgraph as fg
        >>> os.environ["TEST_SRCDIR"] = "/sources"
        >>> fg.test.test_src_dir_path("data")
        '/sources/data'
    """
    if "TEST_SRCDIR" not in os.environ:
        raise KeyError(located("TEST_SRCDIR is not set", "Set it to the folder of the sources."))
    return os.path.join(os.environ["TEST_SRCDIR"], relative_path)


def is_gpu_available(cuda_only: bool = False,
                     min_cuda_compute_capability: tuple[int, int] | None = None) -> bool:
    """Whether ops can run on a GPU.

    Args:
        cuda_only: without effect: flowgraph's GPUs are CUDA's.
        min_cuda_compute_capability: the least (major, minor) version that counts.

    Example:
        >>> import flowgraph as fg
        >>> fg.test.is_gpu_available() in (True, False)
        True
    """
    least = min_cuda_compute_capability or (0, 0)
    return any(found.capability >= least for found in gpu.found())


def gpu_device_name() -> str:
    """The name of the first GPU, "/device:GPU:0"; "" if there is none.

    Example:
        >>> import flowgraph as fg
        >>> fg.test.gpu_device_name() in ("", "/device:GPU:0")
        True
    """
    return "/device:GPU:0" if is_gpu_available() else ""


def is_built_with_cuda() -> bool:
    """Whether there is a GPU that CuPy can use: what runs on one is part of flowgraph in any case.

    Example:
        >>> import flowgraph as fg
        >>> fg.test.is_built_with_cuda() == fg.test.is_gpu_available()
        True
    """
    return bool(gpu.found())


def is_built_with_gpu_support() -> bool:
    """Whether there is a GPU that CuPy can use.

    Example:
        >>> import flowgraph as fg
        >>> fg.test.is_built_with_gpu_support() == fg.test.is_built_with_cuda()
        True
    """
    return is_built_with_cuda()


def is_built_with_rocm() -> bool:
    """No: flowgraph's GPUs are CUDA's.

    Example:
        >>> import flowgraph as fg
        >>> fg.test.is_built_with_rocm()
        False
    """
    return False


def benchmark_config() -> ConfigProto:
    """A ConfigProto for benchmarks.

    Example:
        >>> import flowgraph as fg
        >>> session = fg.Session(config=fg.test.benchmark_config())
    """
    return ConfigProto()


class Benchmark:
    """Measures how long ops take; derive from it, with methods named `benchmark...`.

    Example:
        >>> import flowgraph as fg
        >>> class Adding(fg.test.Benchmark):
        ...     def benchmarkAdd(self):
        ...         with fg.Session() as session:
        ...             return self.run_op_benchmark(session, fg.constant(1) + 2, min_iters=3)
        >>> Adding().benchmarkAdd()["iters"]
        3
    """

    def report_benchmark(self, iters: int | None = None, cpu_time: float | None = None,
                         wall_time: float | None = None, throughput: float | None = None,
                         extras: dict[str, Any] | None = None, name: str | None = None,
                         metrics: Any = None) -> None:
        """Logs a result.

        Args:
            iters: how many runs there were.
            cpu_time: seconds of the processor for a run.
            wall_time: seconds for a run.
            throughput: megabytes a second.
            extras: more values by name.
            name: name of the benchmark; by default that of the method.
            metrics: more values.
        """
        info("Benchmark [%s] iters: %s, wall_time: %s, cpu_time: %s, throughput: %s %s %s",
             name or self._name(), iters, wall_time, cpu_time, throughput, extras or "",
             metrics or "")

    def _name(self) -> str:
        method = next((frame.function for frame in inspect.stack()
                       if frame.function.startswith("benchmark")), "")
        return f"{type(self).__name__}.{method}"

    def run_op_benchmark(self, sess: Any, op_or_tensor: Any, feed_dict: Any = None,
                         burn_iters: int = 2, min_iters: int = 10, store_trace: bool = False,
                         store_memory_usage: bool = True, name: str | None = None,
                         extras: dict[str, Any] | None = None, mbs: float = 0) -> dict[str, Any]:
        """Measures the runs of an op, and reports the median.

        Args:
            sess: the session.
            op_or_tensor: what to run.
            feed_dict: its feeds.
            burn_iters: how many runs go before.
            min_iters: how many runs are measured.
            store_trace: without effect.
            store_memory_usage: without effect.
            name: name of the benchmark; by default that of the method.
            extras: more values to report, by name.
            mbs: how many megabytes a run moves.

        Returns:
            What was reported, by name.
        """
        for _ in range(burn_iters):
            sess.run(op_or_tensor, feed_dict)
        times = []
        for _ in range(min_iters):
            start = time.perf_counter()
            sess.run(op_or_tensor, feed_dict)
            times.append(time.perf_counter() - start)
        median = float(np.median(times))
        values: dict[str, Any] = {"iters": min_iters, "wall_time": median,
                  "extras": extras or {}, "name": name or self._name(), "throughput": mbs / median}
        self.report_benchmark(**values)
        return values


class StubOutForTesting:
    """Replaces parts of modules and classes, and puts them back; a context that does so at its end.

    Example:
        >>> import os, flowgraph as fg
        >>> with fg.test.StubOutForTesting() as stubs:
        ...     stubs.Set(os.path, "exists", lambda path: True)
        ...     os.path.exists("/no/such/file")
        True
        >>> os.path.exists("/no/such/file")
        False
    """

    def __init__(self) -> None:
        self._old: list[tuple[Any, str, Any]] = []

    def Set(self, parent: Any, child_name: str, new_child: Any) -> None:
        """Replaces an attribute.

        Args:
            parent: a module, class or object.
            child_name: name of the attribute.
            new_child: its new value.
        """
        own = vars(parent).get(child_name)
        old = own if isinstance(own, (staticmethod, classmethod)) else getattr(parent, child_name)
        self._old.append((parent, child_name, old))
        setattr(parent, child_name, new_child)

    def SmartSet(self, obj: Any, attr_name: str, new_attr: Any) -> None:
        """Replaces an attribute where it is defined: for an object, in its class.

        Args:
            obj: a module, class or object.
            attr_name: name of the attribute.
            new_attr: its new value.
        """
        if isinstance(obj, ModuleType) or attr_name in vars(obj):
            self.Set(obj, attr_name, new_attr)
            return
        owners = (obj if inspect.isclass(obj) else type(obj)).__mro__
        owner = next((cls for cls in owners if attr_name in vars(cls)), None)
        if owner is None:
            raise AttributeError(located(f"Attribute not found: {attr_name}"), name=attr_name)
        self.Set(owner, attr_name, new_attr)

    def UnsetAll(self) -> None:
        """Puts everything back."""
        while self._old:
            setattr(*self._old.pop())

    SmartUnsetAll = CleanUp = UnsetAll

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.UnsetAll()

    def __del__(self) -> None:
        self.UnsetAll()
