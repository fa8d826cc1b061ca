"""What a program of TensorFlow 1 finds around it while a command runs it.

`import tensorflow` gives flowgraph, NumPy has its old names and methods, and an operation whose
device is not on this machine runs on another one. All of it is taken back when the program has
ended; what a program sets in modules below `tensorflow` stays, as they are flowgraph's own.
"""

from __future__ import annotations

import argparse
import contextlib
import random
from collections.abc import Iterator
from multiprocessing import spawn
from typing import Any

from flowgraph.cli.failure import Failure, note
from flowgraph.compat.hook import install, installed, uninstall
from flowgraph.compat.numpy_methods import old_array_methods
from flowgraph.compat.numpy_names import old_numpy_names
from flowgraph.core import gpu
from flowgraph.core.text import counted
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.runtime.devices import settings


@contextlib.contextmanager
def surroundings(options: argparse.Namespace) -> Iterator[None]:
    """All of them, as the command line asks for.

    Args:
        options: `legacy`, `device`, `seed` and `new_numpy` count, where they are there.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_tensorflow(getattr(options, "legacy", False)))
        stack.enter_context(_spawned(getattr(options, "legacy", False)))
        if not getattr(options, "new_numpy", False):
            stack.enter_context(old_numpy_names(note))
            stack.enter_context(old_array_methods(note))
        stack.enter_context(_soft_placement())
        if getattr(options, "device", None):
            stack.enter_context(_only(options.device))
        if getattr(options, "seed", None) is not None:
            stack.enter_context(_seeded(options.seed))
        yield


@contextlib.contextmanager
def _tensorflow(legacy: bool) -> Iterator[None]:
    """`import tensorflow` gives flowgraph."""
    before = installed()
    install(legacy)
    try:
        yield
    finally:
        uninstall()
        if before is not None:
            install(bool(before.legacy))


@contextlib.contextmanager
def _spawned(legacy: bool) -> Iterator[None]:
    """Processes that `multiprocessing` starts anew find tensorflow too; those it forks do anyway.

    What such a process is told first brings an object along that installs as it is read.
    """
    before = spawn.get_preparation_data

    def with_tensorflow(name: str) -> dict[str, Any]:
        return {**before(name), "flowgraph": _Installed(legacy)}

    spawn.get_preparation_data = with_tensorflow
    try:
        yield
    finally:
        spawn.get_preparation_data = before


class _Installed:
    """Unpickled, it is `import tensorflow` made to mean flowgraph."""

    def __init__(self, legacy: bool) -> None:
        self._legacy = legacy

    def __reduce__(self) -> tuple[Any, ...]:
        return install, (self._legacy,)


@contextlib.contextmanager
def _soft_placement() -> Iterator[None]:
    """A device that is not there is no error; one line tells of it."""
    told: set[str] = set()

    def tell(device: str) -> None:
        if not told:
            note(f"the device {device!r} is not on this machine; its operations run on another one")
        told.add(device)

    before, settings.told_missing = settings.told_missing, tell
    try:
        yield
    finally:
        settings.told_missing = before


@contextlib.contextmanager
def _only(device: str) -> Iterator[None]:
    """The program sees no GPU, or all of them, or one.

    Raises:
        Failure: there is no such GPU.
    """
    kind, _, number = device.partition(":")
    count = len(gpu.found())
    if kind == "gpu" and not count:
        raise Failure(f"--device {device}: there is no GPU: {gpu.why_none()}")
    if number and int(number) >= count:
        raise Failure(f"--device {device}: this machine has {counted(count, 'GPU')}, counted "
                      "from 0")
    before = settings.visible
    settings.visible = () if kind == "cpu" else (int(number),) if number else before
    try:
        yield
    finally:
        settings.visible = before


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Graphs, NumPy and Python's `random` begin with a seed."""
    import numpy as np

    graph: Any = get_default_graph()
    before = Graph.first_seed, graph.seed
    states = random.getstate(), np.random.get_state()
    Graph.first_seed = graph.seed = seed
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        Graph.first_seed, graph.seed = before
        random.setstate(states[0])
        np.random.set_state(states[1])
