"""flowgraph on a GPU beside PyTorch (eager and compiled) and JAX: python benchmarks/gpu.py

The engines run in turn, each round in a process of its own, on one card; those are taken that this
interpreter can import, or whose interpreter is named:

    python benchmarks/gpu.py --torch PYTHON --jax PYTHON mlp lenet

What is fed lies in the GPU's memory before the steps, as it does for the others; each step ends
with a number in the host's memory. A row has milliseconds (medians of the rounds), how many times
longer than flowgraph the others take, and what part of the card's limits flowgraph's step reaches:
of the operations on float32 that a large product does, and of the bytes that a copy moves.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

NAMES = ("mlp", "lenet", "convnet", "lstm", "elementwise", "matmul", "small_ops", "while_loop")


class Engine(NamedTuple):
    """An engine as it is measured.

    Attributes:
        title: for people.
        module: what `measure` calls it.
        options: more arguments of `measure`.
        environment: variables of its process.
    """

    title: str
    module: str
    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


FLOWGRAPH = Engine("flowgraph", "flowgraph", ("--resident",))
OTHERS = (Engine("PyTorch", "torch", (), (("TORCH_DEVICE", "cuda"),)),
          Engine("PyTorch, compiled", "torch", (),
                 (("TORCH_DEVICE", "cuda"), ("TORCH_WORKLOADS", "compiled"))),
          Engine("JAX", "jax"))


class Limits(NamedTuple):
    """What the card does at most.

    Attributes:
        flops: additions and multiplications of float32 a second, in a product of large matrices.
        bytes: read and written a second, by a copy.
    """

    flops: float
    bytes: float


def figures(python: str, engine: Engine, names: list[str], seconds: float) -> dict[str, Any]:
    """What `measure` prints of one engine."""
    ran = subprocess.run([python, str(HERE / "measure.py"), engine.module, *names, "--seconds",
                          str(seconds), *engine.options], capture_output=True, text=True,
                         env={**os.environ, **dict(engine.environment)})
    if ran.returncode:
        sys.exit(f"{engine.title} failed:\n{ran.stderr[-2000:]}")
    return json.loads(ran.stdout.splitlines()[-1])


def limits() -> Limits:
    """The card's limits, measured."""
    import cupy
    from cupyx.profiler import benchmark
    a = cupy.ones((8192, 8192), cupy.float32)
    b, out = a.copy(), a.copy()
    product = benchmark(lambda: cupy.matmul(a, b, out=out), n_repeat=10).gpu_times.min()
    copy = benchmark(lambda: cupy.copyto(out, a), n_repeat=10).gpu_times.min()
    return Limits(2 * 8192 ** 3 / product, 2 * a.nbytes / copy)


def work(name: str) -> tuple[float, float]:
    """What a step does, by its plan for a CPU: (operations on numbers, bytes read and written)."""
    import workloads

    import flowgraph as fg
    asked: list[Any] = []

    class Noted(fg.Session):
        """A session without a GPU that remembers what was run last."""

        def __init__(self) -> None:
            super().__init__(config=fg.ConfigProto(device_count={"GPU": 0}))

        def run(self, *args: Any, **kwargs: Any) -> Any:
            asked[:] = [self, args]
            return super().run(*args, **kwargs)

    before, fg.Session = fg.Session, Noted
    try:
        step = workloads.WORKLOADS[name](fg)
        step()
        with fg.profile() as profile:
            step()
    finally:
        fg.Session = before
    session, args = asked
    program = session.explain(*args, file=io.StringIO()).optimised
    return (sum(step.flops for step in profile.recordings[-1].steps),
            sum(value.spec.nbytes or 0 for instr in program.instrs
                for value in (*instr.inputs, *instr.outputs) if value is not None))


def row(name: str, found: dict[str, list[dict[str, Any]]], most: Limits) -> list[str]:
    """A line of the table."""
    def ms(title: str) -> float | None:
        times = [one[name]["ms"] for one in found.get(title, ()) if "ms" in one.get(name, {})]
        return statistics.median(times) if times else None

    ours = ms(FLOWGRAPH.title)
    if ours is None:
        return [name, found[FLOWGRAPH.title][0].get(name, {}).get("error", "not measured")]
    flops, moved = work(name)
    others = [ms(engine.title) for engine in OTHERS]
    return [name, f"{ours:.3g}", *("" if other is None else f"{other / ours:.2f}"
                                   for other in others),
            f"{flops / ours / 1e-3 / most.flops:.1%}", f"{moved / ours / 1e-3 / most.bytes:.1%}"]


def main() -> int:
    """Measures and prints the table, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(NAMES), help="workloads")
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has PyTorch")
    parser.add_argument("--jax", metavar="PYTHON", help="one that has JAX")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="to measure each for")
    arguments = parser.parse_args()

    from flowgraph.core import gpu
    cards = gpu.found()
    if not cards:
        print("There is no GPU here: `flowgraph doctor` says what is missing.")
        return 1
    pythons = {engine: getattr(arguments, engine.module, None) or (
        sys.executable if find_spec(engine.module) else None) for engine in (*OTHERS, FLOWGRAPH)}
    found: dict[str, list[dict[str, Any]]] = {}
    for _ in range(arguments.rounds):
        for engine, python in pythons.items():
            if python is not None:
                found.setdefault(engine.title, []).append(
                    figures(python, engine, arguments.names, arguments.seconds))
    most = limits()
    print(f"{cards[0].model}: {most.flops / 1e12:.3g} TFLOP/s of float32, "
          f"{most.bytes / 1e9:.4g} GB/s\n")
    heads = ["workload", "flowgraph, ms", *(engine.title for engine in OTHERS), "of FLOP/s",
             "of bytes/s"]
    for cells in (heads, ["---", *["---:"] * (len(heads) - 1)],
                  *(row(name, found, most) for name in arguments.names)):
        print(f"| {' | '.join(cells)} |")
    versions = {key: value for ones in found.values() for key, value in ones[0]["versions"].items()}
    print("\n" + ", ".join(f"{name} {version}" for name, version in versions.items() if version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
