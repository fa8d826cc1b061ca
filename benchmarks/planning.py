"""What a first run and a new feed shape cost: python benchmarks/planning.py [graphs]

Per graph the time to build it with its gradients, of its first run, of the first run with a second
batch size (`2nd`: a plan of its own), with a third (`3rd`: the general plan is made) and a fourth
(`4th`, as with all later ones; also as a share of building and first run together), and of a run
for which there is a plan, the least of three graphs each; and the memory of a plan. A session keeps
the plans of 32 shapes per choice of fetches (`runtime.executable.MOST_PLANS`).
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import flowgraph as fg

ROUNDS = 3
Made = tuple[Any, Callable[[int], dict[Any, Any]]]  # fetches, and the feeds of a batch


def chain() -> Made:
    """10,000 operations and their gradients."""
    x = fg.placeholder(fg.float32, [None, 16])
    hidden = x
    for _ in range(5000):
        hidden = fg.tanh(hidden) + x
    return fg.gradients(fg.reduce_sum(hidden), [x]), lambda batch: {
        x: np.ones((batch, 16), np.float32)}


def trained(loss: Any) -> Any:
    """A training step and its loss."""
    return [fg.train.GradientDescentOptimizer(0.1).minimize(loss), loss]


def convnet() -> Made:
    """Three convolutions, trained."""
    x, y = fg.placeholder(fg.float32, [None, 8, 8, 3]), fg.placeholder(fg.int64, [None])
    hidden: Any = x
    for filters in (8, 8, 8):
        hidden = fg.layers.conv2d(hidden, filters, 3, padding="same", activation=fg.nn.relu)
    logits = fg.layers.dense(fg.layers.flatten(hidden), 10)
    loss = fg.losses.sparse_softmax_cross_entropy(y, logits)
    return trained(loss), lambda batch: {
        x: np.ones((batch, 8, 8, 3), np.float32), y: np.zeros(batch, np.int64)}


def lstm() -> Made:
    """A cell unrolled over 35 steps, trained."""
    x = fg.placeholder(fg.float32, [None, 35, 8])
    outputs, _ = fg.nn.static_rnn(fg.nn.rnn_cell.LSTMCell(16), fg.unstack(x, axis=1),
                                  dtype=fg.float32)
    return trained(fg.reduce_mean(fg.square(fg.stack(outputs)))), lambda batch: {
        x: np.ones((batch, 35, 8), np.float32)}


def control_flow() -> Made:
    """2,000 operations, a hundred branches and loops among them."""
    x = fg.placeholder(fg.float32, [None, 4])
    hidden: Any = x
    for i in range(50):
        for _ in range(8):
            hidden = fg.tanh(hidden) + x
        first = hidden
        hidden = fg.cond(fg.reduce_sum(first) > float(i), lambda h=first: h * 0.5,
                         lambda h=first: h + 1.0)
        hidden = fg.while_loop(lambda n, h: n < 2, lambda n, h: (n + 1, fg.sin(h) * 0.5),
                               [fg.constant(0), hidden])[1]
    return hidden, lambda batch: {x: np.ones((batch, 4), np.float32)}


GRAPHS = {made.__name__: made for made in (chain, convnet, lstm, control_flow)}


def seconds(function: Callable[[], object]) -> float:
    """The time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def times(make: Callable[[], Made]) -> tuple[float, ...]:
    """Building, first run, first runs with three other batch sizes, with a known one: seconds."""
    with fg.Graph().as_default():
        start = time.perf_counter()
        fetches, feeds = make()
        built = time.perf_counter() - start
        session = fg.Session()
        session.run(fg.global_variables_initializer())
        first = seconds(lambda: session.run(fetches, feeds(4)))
        second, third, fourth = (seconds(lambda batch=batch: session.run(fetches, feeds(batch)))
                                 for batch in (6, 7, 8))
        known = seconds(lambda: session.run(fetches, feeds(6)))
    return built, first, second, third, fourth, known


def memory(make: Callable[[], Made]) -> float:
    """Bytes of the plan for one more batch size."""
    with fg.Graph().as_default():
        fetches, feeds = make()
        session = fg.Session()
        session.run(fg.global_variables_initializer())
        session.run(fetches, feeds(4))
        gc.collect()
        tracemalloc.start()
        session.run(fetches, feeds(6))
        gc.collect()
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return used - session._arenas.spare_bytes


def main() -> None:
    """Prints a row per graph."""
    print(f"{'ms':<14}{'build':>9}{'first run':>11}{'2nd':>8}{'3rd':>8}{'4th':>8}{'of all':>8}"
          f"{'run':>8}{'plan KB':>10}")
    for name in sys.argv[1:] or GRAPHS:
        built, first, second, third, fourth, known = (min(found) for found in zip(
            *(times(GRAPHS[name]) for _ in range(ROUNDS)), strict=True))
        print(f"{name:<14}{built * 1e3:>9.0f}{first * 1e3:>11.0f}{second * 1e3:>8.0f}"
              f"{third * 1e3:>8.0f}{fourth * 1e3:>8.0f}{fourth / (built + first):>8.0%}"
              f"{known * 1e3:>8.1f}"
              f"{memory(GRAPHS[name]) / 1e3:>10,.0f}", flush=True)


if __name__ == "__main__":
    main()
