"""Times workloads on one engine, in this process: python measure.py flowgraph mlp lenet

The engine is "tensorflow", "torch", "jax", "numpy" (by hand, see `floors`), or the name of a module
that is like TensorFlow 1: "flowgraph". Prints one JSON object: per workload `ms` (median of steps),
`first_ms` (building and the first step), `value` (of the fifth step's last fetch the mean of the
absolute values, by which engines are compared); for the whole `import_ms`, `peak_mb`, `versions`.
An engine that has no program for a workload leaves it out, and the `value` where its program draws
random numbers of its own. `compare` starts this once per engine, group of workloads and round.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

MOST_STEPS = 5000
OWN_PROGRAMS = {"numpy": ("floors", "more_floors", "network_floors", "convolution_floors",
                          "sequence_floors", "other_floors"),
                "torch": ("torch_workloads",), "jax": ("jax_workloads",)}
Step = Callable[[], Any]


def builders(engine: str, module: str) -> tuple[dict[str, Callable[[], Step]], set[str]]:
    """What builds each workload of a module on an engine, and which are measured only twice."""
    workloads = importlib.import_module(module)
    if engine in OWN_PROGRAMS:
        found = {name: build for own in OWN_PROGRAMS[engine]
                 for name, build in importlib.import_module(own).WORKLOADS.items()}
        return {name: found[name] for name in workloads.WORKLOADS if name in found}, workloads.ONCE
    tf = load(engine)
    return {name: (lambda build=build: build(tf))
            for name, build in workloads.WORKLOADS.items()}, workloads.ONCE


def draws_its_own(engine: str) -> set[str]:
    """Workloads where an engine's program draws other random numbers: its value is another."""
    return {name for own in OWN_PROGRAMS.get(engine, ())
            for name in getattr(importlib.import_module(own), "DRAWN_BY_NUMPY", ())}


def load(engine: str) -> Any:
    """Imports an engine."""
    if engine != "tensorflow":
        return importlib.import_module(engine)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # tf.layers and the cells of TensorFlow 1
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def versions(engine: str) -> dict[str, str]:
    """The engine's version, NumPy's and Python's."""
    module = sys.modules.get(engine)
    return {engine: str(getattr(module, "__version__", "")), "numpy": np.__version__,
            "python": platform.python_version()}


def milliseconds(step: Step) -> float:
    """The time of one step."""
    start = time.perf_counter()
    step()
    return (time.perf_counter() - start) * 1e3


def measured(build: Callable[[], Step], seconds: float, once: bool) -> dict[str, float]:
    """One workload's figures."""
    start = time.perf_counter()
    step = build()
    step()
    found = {"first_ms": (time.perf_counter() - start) * 1e3}
    if once:
        times = [milliseconds(step)]
        return found | {"ms": min(found["first_ms"], *times), "value": _value(step())}
    for _ in range(3):
        step()
    found["value"] = _value(step())
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end and len(times) < MOST_STEPS:
        times.append(milliseconds(step))
    return found | {"ms": sorted(times)[len(times) // 2]}


def _value(fetched: Any) -> float:
    last = fetched[-1] if isinstance(fetched, (list, tuple)) else fetched
    return float(np.mean(np.abs(last)))


def main() -> None:
    """Prints the figures of the workloads named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine", help='"tensorflow", "torch", "jax", "numpy", "flowgraph"')
    parser.add_argument("names", nargs="*", help="workloads; default all of the module")
    parser.add_argument("--seconds", type=float, default=1.5, help="to measure each for")
    parser.add_argument("--module", default="workloads", help="where the workloads are")
    parser.add_argument("--resident", action="store_true",
                        help="flowgraph is fed from the GPU's memory")
    arguments = parser.parse_intermixed_args()
    start = time.perf_counter()
    load(arguments.engine)
    if arguments.resident:
        import cupy
        importlib.import_module(arguments.module)._resident = cupy.asarray
    found: dict[str, Any] = {"import_ms": (time.perf_counter() - start) * 1e3}
    build, once = builders(arguments.engine, arguments.module)
    apart = draws_its_own(arguments.engine)
    for name in arguments.names or build:
        if name not in build:
            continue
        try:
            found[name] = measured(build[name], arguments.seconds, name in once)
            if name in apart:
                del found[name]["value"]
        except Exception as error:  # one engine may lack something that others have: it is told
            found[name] = {"error": f"{type(error).__name__}: {str(error)[:200]}"}
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found["versions"] = versions(arguments.engine)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
