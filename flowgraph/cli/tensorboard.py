"""`flowgraph tensorboard`: a program's graph and what its runs cost, as a log for TensorBoard."""

from __future__ import annotations

import argparse
import os
import shlex
import time
from typing import Any

import numpy as np

from flowgraph.cli.failure import Failure, note
from flowgraph.cli.output import standard_output
from flowgraph.cli.sources import chosen_graph, with_program
from flowgraph.cli.watch import Fetched, Watcher, shortened
from flowgraph.core import nest
from flowgraph.core.text import counted
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Tensor
from flowgraph.runtime.feeds import feed_tensor
from flowgraph.runtime.notes import StepNotes
from flowgraph.runtime.observe import ObservedRun
from flowgraph.runtime.trace_needed import add_needed
from flowgraph.runtime.tracing import fill
from flowgraph.summary.file_writer import FileWriter
from flowgraph.summary.logs import for_tensorboard, place
from flowgraph.summary.messages import Event, Summary
from flowgraph.summary.step_stats import RunMetadata

_MOST_SCALARS = 100_000  # of one program


def run(options: argparse.Namespace) -> int:
    """Writes the log; gives the exit code."""
    result = standard_output()
    logdir = os.path.abspath(os.path.expanduser(options.logdir))  # the program may change folders
    if os.path.exists(logdir) and not os.path.isdir(logdir):
        raise Failure(f"--logdir {options.logdir}: it is a file")
    log = _Log(options)

    def use(watcher: Watcher, failed: bool) -> None:
        note(log.write(logdir, chosen_graph(watcher, options.graph)) + options.logdir)
        result.text("tensorboard --logdir " + shlex.quote(options.logdir))

    return with_program(options, result, log.watcher, use)


class _Log:
    """What is seen of a program's runs, until it is written.

    Args:
        options: the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.watcher = Watcher(options.run_all, self._each, stop_at=options.runs + 1)
        self._traced: dict[Fetched, RunMetadata] = {}
        self._scalars: list[tuple[Graph, int, str, float]] = []

    def _each(self, run: ObservedRun, found: Fetched) -> Any:
        if found.count > 2:  # the second run is that of a plan in use; the first one makes it
            results = run()
        else:
            notes = StepNotes()
            results = run(notes)
            metadata = RunMetadata()
            fill(metadata.step_stats, notes)
            feeds = [feed_tensor(found.graph, key) for key in run.feed_dict or ()
                     if isinstance(key, Tensor)]
            add_needed(metadata.step_stats, list(found.elements), feeds)
            self._traced[found] = metadata
        self._note_scalars(run, found, results)
        return results

    def _note_scalars(self, run: ObservedRun, found: Fetched, results: Any) -> None:
        """Keeps what was fetched and is a number, such as a loss."""
        fetches, values = nest.flatten(run.fetches), nest.flatten(results)
        if len(fetches) != len(values) or len(self._scalars) > _MOST_SCALARS:
            return  # fetched in a form of its own, or enough
        for fetch, value in zip(fetches, values, strict=True):
            is_number = isinstance(value, (float, np.floating)) or (
                isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind == "f")
            if is_number and isinstance(fetch, Tensor):
                self._scalars.append((found.graph, found.count, fetch.op.name, float(value)))

    def write(self, logdir: str, graph: Graph) -> str:
        """Writes the graph, its runs, and the numbers that were fetched; says what it wrote.

        Args:
            logdir: the folder.
            graph: the graph.
        """
        runs = [(found, metadata) for found, metadata in self._traced.items()
                if found.graph is graph]
        placed = graph.as_graph_def(add_shapes=True)  # type: ignore[attr-defined]
        place(placed)
        scalars = [] if graph.get_collection(GraphKeys.SUMMARIES) else [
            scalar for scalar in self._scalars if scalar[0] is graph]
        with FileWriter(logdir) as writer:
            writer.add_event(_graph_event(placed))
            tags: set[str] = set()
            for found, metadata in runs:
                tag = title = shortened(found.names, 80)
                while tag in tags:
                    tag = f"{title} ({len(tags)})"
                tags.add(tag)
                writer.add_run_metadata(for_tensorboard(metadata, graph, placed), tag)
            for _, step, tag, value in scalars:
                writer.add_summary(Summary(value=[Summary.Value(tag=tag, simple_value=value)]),
                                   step)
        told = f"wrote the graph, {counted(len(runs), 'traced run')}"
        if scalars:
            count = len({scalar[2] for scalar in scalars})
            told += f" and {counted(count, 'curve')} of what was fetched"
        if not runs:
            note("the program ran nothing in this graph: its page shows neither time nor memory")
        return f"{told} into "


def _graph_event(graph_def: Any) -> bytes:
    return Event(wall_time=time.time(), graph_def=graph_def.SerializeToString()
                 ).SerializeToString()

