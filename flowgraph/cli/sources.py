"""Where a graph comes from: a program that is run, or a file that holds it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

from flowgraph.cli import program
from flowgraph.cli.advice import advice_for
from flowgraph.cli.failure import Failure, Reported, Usage, note, one_line, show_traceback
from flowgraph.cli.output import Output
from flowgraph.cli.surroundings import surroundings
from flowgraph.cli.watch import Watcher, shortened
from flowgraph.core.text import counted
from flowgraph.graph.graph import Graph

_GRAPHS = (".pb", ".pbtxt", ".prototxt", ".meta")
_MODELS = ("saved_model.pb", "saved_model.pbtxt")


class Source:
    """A graph, and how it was found.

    Attributes:
        graph: the graph.
        name: of the file, for titles.
        watcher: who saw the program's runs; None for a file.
        failed: whether the program raised.
    """

    def __init__(self, graph: Graph, name: str, watcher: Watcher | None = None,
                 failed: bool = False) -> None:
        self.graph = graph
        self.name = name
        self.watcher = watcher
        self.failed = failed


def is_graph_file(path: str) -> bool:
    """Whether a path names a graph rather than a program."""
    return (path.endswith(_GRAPHS) or os.path.isdir(path)
            or (not os.path.isfile(path) and os.path.isfile(path + ".meta")))


def graph_of(options: argparse.Namespace, output: Output, use: Callable[[Source], None]) -> int:
    """Finds the graph that the command line is about and hands it on; gives the exit code.

    Args:
        options: the command line.
        output: where the result goes.
        use: what the command does with the graph. It is also called when the program does not let
            itself be stopped, from whatever thread, right before the process is ended.
    """
    if is_graph_file(options.input):
        if options.arguments:
            raise Usage(f"{options.input!r} is a graph, and takes no arguments")
        use(Source(read_graph(options), os.path.basename(os.path.normpath(options.input))))
        return 0
    return with_program(options, output, Watcher(options.run_all), lambda watcher, failed: use(
        Source(chosen_graph(watcher, options.graph), os.path.basename(options.input), watcher,
               failed)))


def with_program(options: argparse.Namespace, output: Output, watcher: Watcher,
                 use: Callable[[Watcher, bool], None]) -> int:
    """Runs the program, then does what the command does with what was seen; gives the exit code.

    Args:
        options: the command line.
        output: where the result goes.
        watcher: who sees the runs.
        use: called with the watcher, and with whether the program raised.
    """
    def end() -> None:
        code = 1
        try:
            tell_why(watcher, options.input)
            use(watcher, False)
            note("the program does not let itself be stopped; it is ended")
            code = 0
        except BaseException as error:
            note(one_line(error))
        finally:
            program.end_process(code)

    outcome = program.run_program(options.input, options.arguments, watcher,
                                  timeout=options.timeout, to_stderr=output.is_stdout, end=end,
                                  around=surroundings(options))
    if outcome.error is not None:
        show_traceback(outcome.error, options.debug)
        advice = advice_for(outcome.error)
        if advice:
            note(advice)
        if not options.keep_going:
            note("the program failed; --keep-going goes on with what was seen up to there")
            raise Reported
    tell_why(watcher, options.input)
    try:
        use(watcher, outcome.error is not None)
    except Failure as failure:
        if outcome.error is None:
            if outcome.exited and not isinstance(failure, Usage):
                raise Failure(f"the program called sys.exit({outcome.exited!r}) before there was "
                              "anything to show; its own arguments come after --") from None
            raise
        note(one_line(failure))  # the traceback has been shown
    return outcome.code


def tell_why(watcher: Watcher, path: str) -> None:
    """Says where a program was stopped."""
    if watcher.stopping:
        where = f"at {watcher.stopped}" if watcher.stopped else shortened(os.path.basename(path))
        note(f"stopped {where}: {watcher.reason}")


# ---- which graph ---------------------------------------------------------------------------------


def chosen_graph(watcher: Watcher, number: int | None) -> Graph:
    """The graph that is meant, of those that a program has made.

    It is the one that ran last; else the default graph; else the one with the most operations.

    Args:
        watcher: who saw the runs.
        number: which one was asked for, counted from 1; None for none.

    Raises:
        Failure: there is no graph with operations.
        Usage: there are not so many.
    """
    graphs = watcher.candidates()
    if not graphs:
        raise Failure("the program has built no graph of flowgraph's"
                      + ("" if watcher.fetched else " and has run nothing")
                      + "; does it import tensorflow or flowgraph?")
    if number is not None:
        if not 1 <= number <= len(graphs):
            raise Usage(f"--graph {number}: the program has {counted(len(graphs), 'graph')}, "
                        "counted from 1")
        return graphs[number - 1]
    last = watcher.last_graph
    chosen = last if last is not None and last in graphs else graphs[0]
    if len(graphs) > 1:
        sizes = ", ".join(f"{i}: {counted(graph.version, 'operation')}"
                          for i, graph in enumerate(graphs, 1))
        note(f"the program has {len(graphs)} graphs ({shortened(sizes, 120)}); this is graph "
             f"{graphs.index(chosen) + 1}, choose by --graph")
    return chosen


# ---- files ---------------------------------------------------------------------------------------


def read_graph(options: argparse.Namespace) -> Graph:
    """The graph in a file: GraphDef, MetaGraph, SavedModel or checkpoint.

    Raises:
        Failure: there is none in it.
    """
    path = options.input
    if os.path.basename(path) in _MODELS:
        path = os.path.dirname(path) or "."
    try:
        if os.path.isdir(path):
            return _graph_of_folder(path)
        if path.endswith(".meta"):
            return _graph_of_meta(path)
        if path.endswith(_GRAPHS):
            return _graph_of_graph_def(path)
        return _graph_of_meta(path + ".meta")
    except Failure:
        raise
    except Exception as error:
        if options.debug:
            raise
        raise Failure(f"cannot read {path!r}: {one_line(error)}") from None


def _graph_of_graph_def(path: str) -> Graph:
    from flowgraph.io.graphs.graph_files import read_graph as read
    from flowgraph.io.importing.graph_import import import_graph_def
    graph_def = read(path)
    with Graph().as_default() as graph:
        import_graph_def(graph_def, name="")
    return _filled(graph, path)


def _graph_of_meta(meta_graph: Any, path: str = "") -> Graph:
    from flowgraph.io.graphs.meta_graph import import_meta_graph
    with Graph().as_default() as graph:
        import_meta_graph(meta_graph, clear_devices=False)
    return _filled(graph, path or str(meta_graph))


def _graph_of_folder(path: str) -> Graph:
    from flowgraph.saved_model.files import maybe_saved_model_directory, read_saved_model
    if maybe_saved_model_directory(path):
        model = read_saved_model(path)
        if not model.meta_graphs:
            raise Failure(f"the SavedModel {path!r} holds no graph")
        tags = [sorted(meta.meta_info_def.tags) for meta in model.meta_graphs]
        number = next((i for i, found in enumerate(tags) if "serve" in found), 0)
        if len(tags) > 1:
            note(f"the SavedModel has {len(tags)} graphs; this is that of the tags "
                 f"{', '.join(tags[number])}")
        return _graph_of_meta(model.meta_graphs[number], path)
    from flowgraph.train.checkpoint_state import latest_checkpoint
    prefix = latest_checkpoint(path)
    if prefix and os.path.isfile(prefix + ".meta"):
        return _graph_of_meta(prefix + ".meta")
    raise Failure(f"the folder {path!r} holds neither a SavedModel nor a checkpoint with its graph "
                  "(.meta)")


def _filled(graph: Graph, path: str) -> Graph:
    if not graph.version:
        raise Failure(f"the graph in {path!r} is empty")
    return graph
