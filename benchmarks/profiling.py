"""What recording costs: python benchmarks/profiling.py

Programs from a scalar one to a training step, each run as it is, under a profile, with values, and
traced as TensorFlow does it (RunOptions). Figures are the least of seven rounds that take turns, so
that a busy machine slows all alike. The first row also tells what the question "does anybody
observe?" costs a run that nobody does: it is one look at an empty tuple.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

import flowgraph as fg
from flowgraph.runtime import observe

ROUNDS = 7


def scalar() -> tuple[Any, dict[Any, Any]]:
    """`a * 2 + 1`."""
    a = fg.placeholder(fg.float32, [])
    return a * 2.0 + 1.0, {a: 1.0}


def loop() -> tuple[Any, dict[Any, Any]]:
    """200 rounds on a thousand numbers."""
    a = fg.placeholder(fg.float32, [1000])
    return (fg.while_loop(lambda i, x: i < 200, lambda i, x: (i + 1, fg.tanh(x) * 1.5), [0, a])[1],
            {a: np.ones(1000, np.float32)})


def training() -> tuple[Any, dict[Any, Any]]:
    """A step of Adam on a network of two layers, 128 rows of 784."""
    x = fg.placeholder(fg.float32, [128, 784])
    y = fg.layers.dense(fg.layers.dense(x, 256, fg.nn.relu), 10)
    loss = fg.losses.sparse_softmax_cross_entropy(fg.zeros([128], fg.int32), y)
    return fg.train.AdamOptimizer().minimize(loss), {x: np.ones((128, 784), np.float32)}


def main() -> None:
    """Prints, for each program, the time of a run and how much longer it takes when recorded."""
    look = min(timeit.repeat("observe.observers", globals={"observe": observe}, number=10**6,
                             repeat=5))
    print(f"asking whether anybody observes: {look * 1e3:.0f} ns")
    print(f"{'program':<10}{'steps':>6}{'plain us':>12}{'profile':>12}{'values':>12}{'traced':>12}"
          f"{'noted us':>12}")
    for make in (scalar, loop, training):
        with fg.Graph().as_default() as graph:
            fetches, feeds = make()
            sess = fg.Session(graph=graph)
            sess.run(fg.global_variables_initializer())
        print(f"{make.__name__:<10}{row(sess, fetches, feeds)}")


def row(sess: Any, fetches: Any, feeds: dict[Any, Any]) -> str:
    """One row of the table."""
    options, metadata = fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE), fg.RunMetadata()
    profile = fg.profile()
    ways: dict[str, tuple[Any, Callable[[], Any]]] = {
        "plain": (nullcontext, lambda: sess.run(fetches, feeds)),
        "profile": (lambda: profile, lambda: sess.run(fetches, feeds)),
        "values": (lambda: fg.profile(values=True), lambda: sess.run(fetches, feeds)),
        "traced": (nullcontext, lambda: sess.run(fetches, feeds, options, metadata))}
    for _, function in ways.values():
        function()
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, (context, function) in ways.items():
            number = 2000 if name == "plain" and least["plain"] < 1e-4 else 5
            with context():
                least[name] = min(least[name], timeit.timeit(function, number=number) / number)
    noted = min(recording.seconds for recording in profile.recordings)
    plain = least["plain"]
    more = "".join(f"{least[name] / plain:>11.1f}x" for name in ("profile", "values", "traced"))
    return (f"{len(profile.recordings[-1].steps):>6}{plain * 1e6:>12.1f}{more}"
            f"{noted * 1e6:>12.1f}")


if __name__ == "__main__":
    main()
