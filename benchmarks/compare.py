"""flowgraph beside TensorFlow, PyTorch, JAX and NumPy by hand: python benchmarks/compare.py

Engines that this interpreter can import are taken; an interpreter that has another one is named:

    python benchmarks/compare.py --tensorflow PYTHON --torch PYTHON --jax PYTHON mlp lenet

The engines run in turn, each round in a process of its own, so that a machine that gets slower does
so for all. A row has the medians of the rounds in milliseconds, and how many times longer than
flowgraph the others take. Values are compared: an engine that computes something else is told.

    python benchmarks/compare.py --all --write        # measures all, and writes docs/benchmarks.md
    python benchmarks/compare.py --group more_workloads --write     # a part of it
    python benchmarks/compare.py --rounds 0 --write   # only writes what results.json has
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from results import FILE, OURS, PAGE, TITLES, Results, page, table, totals  # noqa: E402
from suite import GROUPS  # noqa: E402


def figures(python: str, engine: str, group: str, names: list[str], seconds: float
            ) -> dict[str, Any]:
    """What `measure` prints of one engine."""
    command = [python, str(HERE / "measure.py"), engine, *names,
               "--seconds", str(seconds), "--module", group]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{engine} failed:\n{ran.stderr[-2000:]}")
    return json.loads(ran.stdout.splitlines()[-1])


def interpreters(arguments: argparse.Namespace) -> dict[str, str]:
    """The engines that there are, and the interpreter of each."""
    found = {}
    for engine in ("tensorflow", "torch", "jax"):
        named = getattr(arguments, engine)
        if named and named != "no":
            found[engine] = named
        elif not named and find_spec(engine) is not None:
            found[engine] = sys.executable
    if arguments.numpy:
        found["numpy"] = sys.executable
    return found | {OURS: sys.executable}


def chosen(arguments: argparse.Namespace) -> dict[str, list[str]]:
    """The workloads that are asked for, by group."""
    if arguments.names:
        unknown = [name for name in arguments.names
                   if not any(name in group.WORKLOADS for group in GROUPS.values())]
        if unknown:
            sys.exit(f"there is no workload {', '.join(unknown)}")
        by_group = {group: [name for name in arguments.names if name in module.WORKLOADS]
                    for group, module in GROUPS.items()}
        return {group: names for group, names in by_group.items() if names}
    groups = list(GROUPS) if arguments.all else arguments.group or ["workloads"]
    return {group: list(GROUPS[group].WORKLOADS) for group in groups}


def measure(arguments: argparse.Namespace, asked: dict[str, list[str]]) -> Results:
    """Runs the engines in turn, group by group."""
    results = Results.read(arguments.json) if arguments.json else Results()
    engines = interpreters(arguments)
    for group, names in asked.items():
        rounds: dict[str, list[dict[str, Any]]] = {engine: [] for engine in engines}
        for _ in range(arguments.rounds):
            for engine, python in engines.items():
                rounds[engine].append(figures(python, engine, group, names, arguments.seconds))
        for engine, found in rounds.items():
            if found:
                results.add(engine, group, found, names == list(GROUPS[group].WORKLOADS))
    if arguments.rounds:
        results.data["machine"] = machine()
    return results


def machine() -> dict[str, str]:
    """What runs depend on, in words."""
    from flowgraph.cli.machine import facts
    found = facts()
    blas = found.blas
    return {"processor": found.processor.name,
            "cores": f"{found.cores} of {found.machine_cores}",
            "system": found.system,
            "Python": found.python,
            "NumPy": found.numpy,
            "BLAS": f"{blas['name']} {blas['version']}, kernels for {blas['kernels']}, "
                    f"{blas['threads']} threads",
            "a product of 1024×1024×1024, float32": f"{found.gflops:.0f} GFLOP/s"}


def below(results: Results, names: list[str], least: float) -> list[str]:
    """Workloads where TensorFlow is not so many times slower, or where values differ."""
    return [name for name in names
            if (results.ratio("tensorflow", name) or 0.0) < least or results.notes(name)]


def main() -> int:
    """Measures, prints the table, writes what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help='workloads; default the group "workloads"')
    for engine in ("tensorflow", "torch", "jax"):
        parser.add_argument(f"--{engine}", metavar="PYTHON",
                            help=f'an interpreter that has {TITLES[engine]}; "no" for none')
    parser.add_argument("--no-numpy", dest="numpy", action="store_false",
                        help="leave the programs by hand out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="to measure each for")
    parser.add_argument("--group", action="append", choices=list(GROUPS),
                        help="a group of workloads, several times for several")
    parser.add_argument("--all", action="store_true", help="all groups")
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="put the figures in a file; those of other workloads stay there")
    parser.add_argument("--write", action="store_true",
                        help=f"put them in {FILE.name} and {PAGE.name} of the docs")
    parser.add_argument("--require", type=float, metavar="RATIO",
                        help="exit with 1 where TensorFlow's ratio is below this, or values differ")
    arguments = parser.parse_intermixed_args()
    if arguments.write:
        arguments.json = arguments.json or FILE
    asked = chosen(arguments)
    results = measure(arguments, asked)
    names = [name for group in asked.values() for name in group]
    print(table(results, names))
    print(totals(results))
    if arguments.json and arguments.rounds:
        results.save(arguments.json)
    if arguments.write:
        PAGE.write_text(page(results, PAGE.read_text()))
    return int(arguments.require is not None and bool(below(results, names, arguments.require)))


if __name__ == "__main__":
    sys.exit(main())
