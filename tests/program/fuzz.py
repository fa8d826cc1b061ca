"""Random graphs through subsets of passes and techniques: python -m tests.program.fuzz 2000

Each graph (`random_graphs`) runs three times, its variables changing, in an interpreter without any
pass or technique, and then with all of them, one alone, all but one, and subsets drawn for its
number: the results must be the same, up to rounding where sums are put together in another order.
There are too many subsets to meet each; whatever four passes or techniques one thinks of, a long
run meets them in all combinations of on and off. The sizes from which passes and techniques pay are
lowered, so that they do their work on small arrays.

    python -m tests.program.fuzz 2000          graphs 0 to 1999
    python -m tests.program.fuzz 500-520       these graphs
    python -m tests.program.fuzz 17 --all      one more than 17 graphs, every single pass with each

A graph that fails is told with its number, the passes and the fetch; the exit status is 1.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import flowgraph as fg
from flowgraph.program import pipeline
from flowgraph.program.pipeline import PASSES, PLANNING
from tests.program.random_graphs import RandomGraph, flat

GRAPHS = 2000  # of a long run
DRAWN = 16  # subsets of a graph
RUNS = 3
LOWERED: dict[str, dict[str, int]] = {  # sizes from which something pays, for small arrays
    "flowgraph.program.passes.elementwise_groups": {"SMALLEST": 4, "LEAST_WORK": 1},
    "flowgraph.program.passes.packed_updates": {"LEAST": 1, "LARGE": 8},
    "flowgraph.program.passes.transposed_weights": {"LEAST_SIZE": 1},
    "flowgraph.program.passes.conv_blocks": {"SMALLEST": 1},
    "flowgraph.ops.conv_rows": {"_LEAST": 1, "_CHANNELS": 1, "_POOLED": 1},
    "flowgraph.plan.joins": {"LEAST": 1},
    "flowgraph.program.passes.column_sums": {"LEAST": 1},
    "flowgraph.program.lanes": {"_SHORT": 0},
    "flowgraph.program.passes.independent_parts": {"HEAVY": 1, "LEAST": 2},
    "flowgraph.plan.tiles": {"TILE": 16},
    "flowgraph.plan.buffers": {"_OWN_MEMORY": 1},
    "flowgraph.plan.source": {"_DROP_BYTES": 1, "_LOOKED_UP_ONCE": 1},
    "flowgraph.program.passes.one_hot_products": {"LEAST_WORK": 1},
    "flowgraph.runtime.executable": {"OWN_AT_ONCE": 0, "RUNS_BEFORE_OWN": 2},
    "flowgraph.core.parallel_numpy": {"LARGE": 1, "_MANY_RESULTS": 1, "_LEAST_SIDE": 1},
}
TOLERANCE = {2: 2e-2, 4: 2e-4, 8: 1e-9}  # by bytes of a number


@contextmanager
def lowered() -> Iterator[None]:
    """Passes and techniques work on small arrays inside the with block, and are checked."""
    changes = [(importlib.import_module(module), name, value)
               for module, names in LOWERED.items() for name, value in names.items()]
    before = [(module, name, getattr(module, name)) for module, name, _ in changes]
    checking, pipeline.checking = pipeline.checking, True
    try:
        for module, name, value in changes:
            setattr(module, name, value)
        yield
    finally:
        pipeline.checking = checking
        for module, name, value in before:
            setattr(module, name, value)


def choices(number: int, every: bool = False) -> list[tuple[str, ...]]:
    """The subsets with which a graph is run.

    Args:
        number: of the graph.
        every: each pass alone and all but each, rather than two of both.
    """
    names = (*PASSES, *PLANNING)
    alone = [(name,) for name in names]
    without = [tuple(other for other in names if other != name) for name in names]
    if not every:
        alone = [alone[(number + i) % len(names)] for i in (0, len(names) // 2)]
        without = [without[(number + i) % len(names)] for i in (0, len(names) // 2)]
    draw = random.Random(number)
    some = [tuple(name for name in names if draw.random() < 0.5) for _ in range(DRAWN)]
    return [names, *alone, *without, *some]


class Failure(Exception):
    """A graph whose results are not those of the plain interpreter."""


def check(number: int, every: bool = False, most: int | None = None) -> int:
    """Runs one graph; how many subsets it was run with.

    Args:
        number: of the graph.
        every: as for `choices`.
        most: how many of the choices to run with.

    Raises:
        Failure: tells the graph, the passes and what differs.
    """
    made = RandomGraph(number)
    expected, error = _run(made, (), "interpreter", made.feed)
    noise = None
    if error is None:
        numbers = np.random.default_rng(number)
        eps = {2: 1e-3, 4: 3e-7, 8: 1e-12}

        def moved(v: np.ndarray) -> np.ndarray:
            return (v * (1 + eps[v.itemsize] * numbers.normal(size=v.shape))).astype(v.dtype)

        nearby = {t: moved(v) for t, v in made.feed.items()}
        noise, _ = _run(made, (), "interpreter", nearby, moved)
    subsets = choices(number, every)[:most]
    for i, passes in enumerate(subsets):
        runner = ("source", "auto", "interpreter")[(number + i) % 3] if i else "source"
        where = f"graph {number} ({made.dtype.name}: {' '.join(made.parts)}), passes={passes}, " \
                f"runner={runner!r}"
        found, failed = _run(made, passes, runner, made.feed)
        if type(failed) is not type(error):
            raise Failure(f"{where}: raised {failed!r}, not {error!r}") from failed
        if error is None:
            _compare(where, expected, found, noise)
    return len(subsets)


def _run(made: RandomGraph, passes: tuple[str, ...], runner: str, feed: dict[Any, Any],
         first: Callable[[np.ndarray], np.ndarray] | None = None
         ) -> tuple[list[np.ndarray], Exception | None]:
    """All that three runs fetch, and the variables afterwards; or what they raised.

    Args:
        made: the graph.
        passes, runner: of the session.
        feed: what is fed.
        first: changes the values of floating variables before the first run.
    """
    with made.graph.as_default(), np.errstate(all="ignore"), fg.Session(
            graph=made.graph, config=fg.ConfigProto(device_count={"CPU": 2}), passes=passes,
            runner=runner, poison=runner == "interpreter") as sess:
        try:
            sess.run([v.initializer for v in fg.global_variables()])
            for v in fg.global_variables() if first is not None else ():
                if v.dtype.base_dtype.is_floating:
                    v.load(first(np.asarray(sess.run(v))), sess)
            if "general_plans" in passes:
                _make_general_plan(sess, made.fetches, feed)
            found = [sess.run(made.fetches, feed) for _ in range(RUNS)]
            return flat([*found, sess.run(fg.global_variables())]), None
        except Exception as error:  # whatever it is, the subset has to raise it as well
            return [], error


def _make_general_plan(sess: fg.Session, fetches: Any, feed: dict[Any, Any]) -> None:
    """Gives the session a plan for all sizes that the graph leaves open; two runs will use it."""
    executable, _, _ = sess._prepare(fetches, feed)
    shapes = tuple(tensor.spec.shape for tensor in executable.feeds)
    executable._general = shapes, executable._new_plan(shapes)


def _compare(where: str, expected: list[np.ndarray], found: list[np.ndarray],
             noise: list[np.ndarray] | None) -> None:
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        if a.shape != b.shape or a.dtype != b.dtype:
            raise Failure(f"{where}: result {i} is {a.dtype}{a.shape}, not {b.dtype}{b.shape}")
        if a.dtype.kind != "f":
            if not np.array_equal(a, b):
                raise Failure(f"{where}: result {i} is {a}, not {b}")
            continue
        wide, right = a.astype(np.float64), b.astype(np.float64)
        tolerance = TOLERANCE[a.itemsize] * (1 + np.where(np.isfinite(right), np.abs(right), 0))
        if noise:
            with np.errstate(all="ignore"):
                moved = np.abs(noise[i].astype(np.float64) - right)
            tolerance = tolerance + 100 * np.where(np.isfinite(moved), moved, np.inf)
        with np.errstate(all="ignore"):
            same = ((np.abs(wide - right) <= tolerance) | (wide == right)
                    | (np.isnan(wide) & np.isnan(right)) | np.isinf(tolerance))
        if not same.all():
            at = tuple(np.argwhere(~same)[0])
            raise Failure(f"{where}: result {i} of shape {a.shape} has {a[at]} at {at}, not "
                          f"{b[at]}")


def main(arguments: list[str]) -> int:
    """Runs the graphs asked for; 1 when one failed."""
    every = "--all" in arguments
    text = next((a for a in arguments if a != "--all"), "60")
    first, last = (int(n) for n in text.split("-")) if "-" in text else (0, int(text))
    start, runs, failures = time.perf_counter(), 0, 0
    with lowered():
        for number in range(first, last):
            try:
                runs += check(number, every)
            except Exception as error:
                failures += 1
                print(f"graph {number}: {type(error).__name__}: {error}"[:1500], flush=True)
    print(f"{last - first} graphs, {runs} subsets, {failures} failures, "
          f"{time.perf_counter() - start:.0f} s")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
