"""What one `Session.run` costs, piece by piece: python benchmarks/overhead.py

The program is `a * 2 + 1` on a scalar, so that nearly all of the time is the engine's. Each figure
is the least of five rounds, as a share of the whole, measured in the same process.
"""

from __future__ import annotations

import contextvars
import timeit
from collections.abc import Callable

import numpy as np

import flowgraph as fg

ROUNDS, RUNS = 5, 20_000


def least(function: Callable[[], object]) -> float:
    """The least time of one call over the rounds, in microseconds."""
    return min(timeit.repeat(function, number=RUNS, repeat=ROUNDS)) / RUNS * 1e6


def main() -> None:
    """Prints one row per piece: microseconds, and the share of a whole run."""
    with fg.Graph().as_default() as graph:
        a = fg.placeholder(fg.float32, [])
        b = a * 2.0 + 1.0
        session = fg.Session(graph=graph)
    feed = {a: 1.0}
    for _ in range(3):
        session.run(b, feed)
    executable, feeds, shapes = session._prepare(b, feed)
    bound = executable.plan(shapes)
    function = bound.runner._function
    arena = bound.runner.plan.buffers.arena()
    fetched, _ = function(feeds, (), arena, ())
    quiet = contextvars.copy_context()
    quiet.run(np.seterr, all="ignore")

    def with_errstate() -> None:
        with np.errstate(all="ignore"):
            function(feeds, (), arena, ())

    whole = least(lambda: session.run(b, feed))
    rows = {
        "Session.run": whole,
        "  feeds and look-ups": least(lambda: session._prepare(b, feed)),
        "  plan for the shapes": least(lambda: executable.plan(shapes)),
        "  run of the plan": least(lambda: bound.run(feeds)),
        "    its NumPy source": least(lambda: function(feeds, (), arena, ())),
        "    in a quiet context": least(lambda: quiet.run(function, feeds, (), arena, ())),
        "    (under np.errstate)": least(with_errstate),
        "  nesting of the results": least(lambda: executable.nest(fetched)),
    }
    for name, cost in rows.items():
        print(f"{name:<26}{cost:8.2f} us{cost / whole:8.0%}")


if __name__ == "__main__":
    main()
