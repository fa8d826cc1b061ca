"""Times workloads on one engine, in this process: python measure.py flowgraph mlp lenet

Prints one JSON object: per workload `ms` (median of a step), `first_ms` (building the graph and the
first step), `value` (the mean of the second step's last fetch, by which engines are compared); for
the whole `import_ms` and `peak_mb`. `compare` starts this once per engine and round.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import sys
import time
from typing import Any

import numpy as np

MOST_STEPS = 5000


def engine(name: str) -> Any:
    """The module that workloads get as `tf`."""
    if name != "tensorflow":
        return importlib.import_module(name)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # tf.layers and the cells of TensorFlow 1
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def milliseconds(step: Any) -> float:
    """The time of one step."""
    start = time.perf_counter()
    step()
    return (time.perf_counter() - start) * 1e3


def measured(tf: Any, build: Any, seconds: float, once: bool) -> dict[str, float]:
    """One workload's figures."""
    start = time.perf_counter()
    step = build(tf)
    step()
    found = {"first_ms": (time.perf_counter() - start) * 1e3}
    value = step()
    found["value"] = float(np.mean(value[-1] if isinstance(value, (list, tuple)) else value))
    if once:
        return found | {"ms": min(found["first_ms"], milliseconds(step))}
    for _ in range(3):
        step()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end and len(times) < MOST_STEPS:
        times.append(milliseconds(step))
    return found | {"ms": sorted(times)[len(times) // 2]}


def main() -> None:
    """Prints the figures of the workloads named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine", help='"tensorflow", or the name of a module: "flowgraph"')
    parser.add_argument("names", nargs="*", help="workloads; default all of the module")
    parser.add_argument("--seconds", type=float, default=1.5, help="to measure each for")
    parser.add_argument("--module", default="workloads", help="where the workloads are")
    arguments = parser.parse_intermixed_args()
    start = time.perf_counter()
    tf = engine(arguments.engine)
    found: dict[str, Any] = {"import_ms": (time.perf_counter() - start) * 1e3}
    module = importlib.import_module(arguments.module)
    for name in arguments.names or module.WORKLOADS:
        try:
            found[name] = measured(tf, module.WORKLOADS[name], arguments.seconds,
                                   name in module.ONCE)
        except Exception as error:  # one engine may lack something that others have: it is told
            found[name] = {"error": f"{type(error).__name__}: {str(error)[:200]}"}
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
