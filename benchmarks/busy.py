"""What other programs cost: python benchmarks/busy.py

Steps are timed on the quiet machine, then beside as many programs that never stop as it has cores.
The system shares its cores out fairly. With C cores and B busy programs, a step of one thread
competes with B others for C cores: its share is C / (1 + B) of a core, if that is below 1. One that
uses T threads gets T of T + B equal parts: T * C / (T + B) cores, where it had min(T, C) before. So
a step of T threads that are busy all the time slows down by

    lost = min(T, C) * (T + B) / (T * C)        # T = C = B: 2, T = 1 and C = B: (1 + B) / C

T is not known of a step, but what it uses on the quiet machine is measured: processor time over
time on the clock. `lost` is that of T = the cores that it used. A step that waits for a thread that
has no core, or threads that spin, make it worse than that: the last column is the slow-down over
`lost`; 1.0 is fair, below 1.0 the system favoured the step (it wakes sleepers early).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
NAMES = ("mlp", "convnet", "lstm", "matmul")
SPIN = "while True:\n    pass\n"


@contextmanager
def others(count: int) -> Iterator[None]:
    """So many programs that never stop, at normal priority."""
    running = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(count)]
    try:
        time.sleep(0.5)  # until they are at it
        yield
    finally:
        for program in running:
            program.kill()
            program.wait()


def lost(used: float, cores: int, busy: int) -> float:
    """How much longer a step takes that gets its fair share of the cores.

    Args:
        used: cores that it uses on the quiet machine.
        cores: of the machine.
        busy: programs beside it.
    """
    threads = max(1.0, used)
    return max(1.0, min(threads, cores) * (threads + busy) / (threads * cores))


def timed(step: Any, seconds: float) -> tuple[float, float]:
    """The median of a step in milliseconds, and how many cores it used."""
    times = []
    start, processor = time.perf_counter(), time.process_time()
    while time.perf_counter() < start + seconds or len(times) < 3:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    used = (time.process_time() - processor) / (time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e3, used


def measured(engine: str, names: list[str], seconds: float, rounds: int, busy: int
             ) -> dict[str, dict[str, float]]:
    """Quiet and busy times of one engine, in this process, in turn."""
    from measure import builders
    build, _ = builders(engine, "suite")
    steps = {name: build[name]() for name in names}
    for step in steps.values():
        for _ in range(5):
            step()
    kinds: dict[int, dict[str, list[tuple[float, float]]]] = {
        count: {name: [] for name in names} for count in (0, busy)}
    for _ in range(rounds):
        for count, found in kinds.items():
            with others(count):
                for name, step in steps.items():
                    timed(step, 0.3)  # until it is noticed that the machine is busy, or is not
                    found[name].append(timed(step, seconds))
    return {name: {"quiet": min(ms for ms, _ in kinds[0][name]),
                   "busy": min(ms for ms, _ in kinds[busy][name]),
                   "used": max(used for _, used in kinds[0][name])} for name in names}


def main() -> None:
    """Prints a table for flowgraph, and for TensorFlow if its interpreter is named."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"workloads; default {' '.join(NAMES)}")
    parser.add_argument("--tensorflow", metavar="PYTHON", help="an interpreter that has it")
    parser.add_argument("--seconds", type=float, default=1.0, help="to measure each for")
    parser.add_argument("--rounds", type=int, default=2, help="quiet and busy in turn")
    parser.add_argument("--busy", type=int, default=0, metavar="PROGRAMS",
                        help="beside it; default as many as cores")
    parser.add_argument("--engine", help=argparse.SUPPRESS)  # in the process that measures
    arguments = parser.parse_intermixed_args()
    names = arguments.names or list(NAMES)
    cores = len(os.sched_getaffinity(0))
    busy = arguments.busy or cores
    if arguments.engine:
        print(json.dumps(measured(arguments.engine, names, arguments.seconds, arguments.rounds,
                                  busy)))
        return
    engines = {"flowgraph": sys.executable}
    if arguments.tensorflow:
        engines["tensorflow"] = arguments.tensorflow
    print(f"{cores} cores, {busy} busy programs")
    print(f"{'':<12}{'':<12}{'quiet ms':>10}{'cores':>7}{'busy ms':>10}{'slower':>8}{'lost':>7}"
          f"{'over it':>9}")
    for engine, python in engines.items():
        ran = subprocess.run(
            [python, __file__, *names, "--engine", engine, "--seconds", str(arguments.seconds),
             "--rounds", str(arguments.rounds), "--busy", str(busy)],
            capture_output=True, text=True)
        if ran.returncode:
            sys.exit(f"{engine} failed:\n{ran.stderr[-2000:]}")
        for name, found in json.loads(ran.stdout.splitlines()[-1]).items():
            slower = found["busy"] / found["quiet"]
            fair = lost(found["used"], cores, busy)
            print(f"{engine:<12}{name:<12}{found['quiet']:>10.2f}{found['used']:>7.2f}"
                  f"{found['busy']:>10.2f}{slower:>8.2f}{fair:>7.2f}{slower / fair:>9.2f}")


if __name__ == "__main__":
    main()
