"""Who waits for the GPU: which kernels look at the contents of arrays, and how often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from flowgraph.core import checks
from flowgraph.plan import plan
from tests.gpu import no_gpu

# What makes the host wait, as CuPy's documentation and source say: numbers for Python, and results
# whose sizes tell what was in an array.
WAITS = {"ndarray.item", "ndarray.tolist", "ndarray.get", "ndarray.nonzero", "nonzero", "argwhere",
         "flatnonzero", "unique", "bincount", "compress", "extract", "ndarray.compress", "x[mask]"}


class Watch:
    """What kernels do while they are watched.

    Attributes:
        waits: by op type, what made the host wait.
        checks: by op type, how many checks were kept.
    """

    def __init__(self) -> None:
        self.waits: dict[str, set[str]] = defaultdict(set)
        self.checks: dict[str, int] = defaultdict(int)
        self.running = ""

    def note(self, name: str) -> None:
        if name in WAITS and self.running:
            self.waits[self.running].add(name)

    def watched(self, gpu: Any, kernel: Any) -> Any:
        """As `arrays_of` of core/gpu.py."""
        inner = plan_arrays_of(gpu, kernel)
        name = kernel.__self__.type

        def call(*args: Any, **kwargs: Any) -> Any:
            kept = checks._thread.kept
            before = len(kept or ())
            self.running = name
            try:
                return inner(*args, **kwargs)
            finally:
                self.running = ""
                self.checks[name] += len(kept or ()) - before
        return call


plan_arrays_of = plan.arrays_of


@contextmanager
def watched() -> Iterator[Watch]:
    """Kernels of plans that are made inside, by a session without generated source, are watched."""
    watch = Watch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "arrays_of", watch.watched)
        patch.setattr(no_gpu, "noted", watch.note)
        yield watch
