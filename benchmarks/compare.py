"""flowgraph beside TensorFlow: python benchmarks/compare.py --tensorflow PYTHON

PYTHON is an interpreter that has TensorFlow. The engines run in turn, each round in a process of
its own, so that a machine that gets slower does so for both. A row says the median of the rounds in
milliseconds, how many times longer TensorFlow takes, and whether the values are the same.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TOLERANCE = 2e-4


def figures(python: str, engine: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """What `measure` prints of one engine."""
    command = [python, str(HERE / "measure.py"), engine, *arguments.names,
               "--seconds", str(arguments.seconds), "--module", arguments.module]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{engine} failed:\n{ran.stderr[-2000:]}")
    return json.loads(ran.stdout.splitlines()[-1])


def row(name: str, theirs: list[Any], ours: list[Any]) -> tuple[str, float]:
    """A line of the table, and the ratio: 0 where there is none, or where the values differ."""
    told = [found["error"] for found in (*theirs, *ours) if "error" in found]
    if told:
        return f"{name:<16}{told[0]}", 0.0
    their, our = (statistics.median(found["ms"] for found in all) for all in (theirs, ours))
    expected, value = theirs[0]["value"], ours[0]["value"]
    same = abs(expected - value) <= TOLERANCE * max(1.0, abs(expected))
    note = "same" if same else f"DIFFERS: {expected:.6g} and {value:.6g}"
    return (f"{name:<16}{their:>14.3f}{our:>14.3f}{their / our:>9.2f}  {note}",
            their / our if same else 0.0)


def main() -> int:
    """Prints the table; 1 if a ratio is below what was required."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="workloads; default all of the module")
    parser.add_argument("--tensorflow", required=True, metavar="PYTHON",
                        help="an interpreter that has TensorFlow")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="to measure each for")
    parser.add_argument("--module", default="workloads", help='"workloads" or "more_workloads"')
    parser.add_argument("--require", type=float, metavar="RATIO",
                        help="exit with 1 where a ratio is below this, or values differ")
    arguments = parser.parse_intermixed_args()
    theirs, ours = [], []
    for _ in range(arguments.rounds):
        theirs.append(figures(arguments.tensorflow, "tensorflow", arguments))
        ours.append(figures(sys.executable, "flowgraph", arguments))
    sys.path.insert(0, str(HERE))
    names = arguments.names or list(importlib.import_module(arguments.module).WORKLOADS)
    print(f"{'':<16}{'TensorFlow ms':>14}{'flowgraph ms':>14}{'ratio':>9}  values")
    ratios = []
    for name in names:
        text, ratio = row(name, [found[name] for found in theirs], [found[name] for found in ours])
        print(text)
        ratios.append(ratio)
    for what, unit in (("import_ms", "ms"), ("peak_mb", "MB")):
        their, our = (statistics.median(found[what] for found in all) for all in (theirs, ours))
        print(f"{what.partition('_')[0]:<16}{their:>14.1f}{our:>14.1f}{their / our:>9.2f}  {unit}")
    return int(arguments.require is not None and min(ratios) < arguments.require)


if __name__ == "__main__":
    sys.exit(main())
