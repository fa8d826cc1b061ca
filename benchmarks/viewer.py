"""Measures the HTML viewer in a headless Chromium: size, first picture, opening, expanding all.

    python benchmarks/viewer.py                   graphs made here
    python benchmarks/viewer.py model.meta ...    and MetaGraphs of yours

Needs selenium, chromium and chromedriver. Times are milliseconds; the first picture is counted
from the start of loading the file. Each is the median of three.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import flowgraph as fg
from tests.chromium import Page, browser
from tests.viz.graphs import Builder
from tests.viz.viewer.viewer_graphs import nested, network

_OPEN_EACH = """
    const { app, model } = window.flowgraph, times = [];
    app.view.still = { matches: true };
    const { open } = window.flowgraph.state;
    for (const group of model.groups.filter((g) => !open.has(g)).slice(0, 80)) {
        const start = performance.now();
        app.view.open(group);
        app.el.scene.getBoundingClientRect();
        times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return [times[times.length >> 1] || 0, times[times.length - 1] || 0];
"""
_EXPAND_ALL = """
    const start = performance.now();
    window.flowgraph.expandAll();
    window.flowgraph.app.el.scene.getBoundingClientRect();
    return performance.now() - start;
"""


def flat(count: int) -> fg.Graph:
    """Ops without a scope, each taking two of those before it."""
    b = Builder()
    x = [b.placeholder("x", (8,))]
    for i in range(count):
        x.append(b.op(f"Type{i % 5}{i % 7}", f"op{i}", x[-1 - i % 7 % len(x)], x[-1], shape=(8,)))
    return b.graph


def unrolled(steps: int) -> fg.Graph:
    """An LSTM of two layers, unrolled and trained."""
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [20, steps, 200], name="x")
        cell = fg.nn.rnn_cell.MultiRNNCell([fg.nn.rnn_cell.BasicLSTMCell(200) for _ in range(2)])
        state, outputs = cell.zero_state(20, fg.float32), []
        with fg.variable_scope("RNN"):
            for step in range(steps):
                if step:
                    fg.get_variable_scope().reuse_variables()
                output, state = cell(x[:, step], state)
                outputs.append(output)
        loss = fg.reduce_mean(fg.square(fg.concat(outputs, 1)))
        fg.train.AdamOptimizer().minimize(loss)
    return graph


def imported(path: str) -> fg.Graph:
    """The graph of a MetaGraph."""
    with fg.Graph().as_default() as graph:
        fg.train.import_meta_graph(path)
    return graph


def measured(page: Page, file: Path, script: str = "") -> Any:
    """What a script returns on a page opened anew; without a script, the time of the picture."""
    page.open(file.as_uri())
    page.until(lambda: page.driver.execute_script(
        "return document.documentElement.dataset.ready === ''"), 60)
    return page.driver.execute_script(
        script or "return window.flowgraph.timings.firstPicture")


def middle(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)


def main(paths: list[str]) -> None:
    """Prints a line per graph."""
    graphs: dict[str, Callable[[], fg.Graph]] = {
        "small network": network, "LSTM, 35 steps": lambda: unrolled(35),
        "10,000 in scopes": lambda: nested(10_000), "3,000 flat": lambda: flat(3000),
        "10,000 flat": lambda: flat(10_000)}
    for path in paths:
        graphs[Path(path).parent.name or path] = lambda path=path: imported(path)
    print(f"{'graph':18} {'ops':>6} {'write':>7} {'size':>8} {'first':>7} {'open one':>9} "
          f"{'slowest':>8} {'expand all':>11}")
    with tempfile.TemporaryDirectory() as folder, browser() as page:
        for name, make in graphs.items():
            graph = make()
            file = Path(folder, "graph.html")
            start = time.perf_counter()
            graph.to_html(file, name=name)
            wrote = (time.perf_counter() - start) * 1000
            first = middle([measured(page, file) for _ in range(3)])
            one, slowest = measured(page, file, _OPEN_EACH)
            every = middle([measured(page, file, _EXPAND_ALL) for _ in range(3)])
            print(f"{name:18} {len(graph.get_operations()):6} {wrote:7.0f} "
                  f"{file.stat().st_size / 1000:5.0f} kB {first:7.0f} {one:9.0f} {slowest:8.0f} "
                  f"{every:11.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
