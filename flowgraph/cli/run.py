"""`flowgraph run`: a program of TensorFlow 1 as it is, as `python script.py` would run it.

No run is looked at, unless a timeline or a picture is wanted: then what was seen is written when
the program has ended, however it ends.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
import traceback
from typing import Any

from flowgraph.cli import pictures, program
from flowgraph.cli.advice import advice_for
from flowgraph.cli.costs import Costs
from flowgraph.cli.failure import FAILED, INTERRUPTED, OK, Failure, note, one_line, show_traceback
from flowgraph.cli.output import Output, alone_on_standard_output
from flowgraph.cli.profile import tell
from flowgraph.cli.sources import Source, chosen_graph
from flowgraph.cli.surroundings import surroundings
from flowgraph.cli.watch import Watcher
from flowgraph.runtime.observe import observing
from flowgraph.viz.show import has_display


def run(options: argparse.Namespace) -> int:
    """Runs the program; gives its exit code."""
    trace = (Output(options.trace, ("json",), format="json", option="--trace")
             if options.trace else None)
    picture = (Output(options.render, pictures.FORMATS, option="--render")
               if options.render else None)
    alone_on_standard_output(trace=options.trace == "-", render=options.render == "-")
    package, folder = "", None
    if options.is_module:
        options.input, package = program.file_of_module(options.input)
        folder = os.getcwd()
    cells = program.read_cells(options.input)
    costs = Costs(runs=1, run_all=True) if trace else None
    watcher = costs.watcher if costs else Watcher(run_all=True) if picture else None
    program.is_patient = True
    module = program.main_module(options.input)
    if options.is_module:
        module.__package__ = package
    code = OK
    with (surroundings(options), program.as_main(options.input, options.arguments, module,
                                                 windows=has_display(), folder=folder)):
        with contextlib.ExitStack() as seen:
            if watcher is not None:
                seen.enter_context(observing(watcher))
                seen.enter_context(program.exits(watcher))
            code = _run(cells, module, options.debug)
        if watcher is not None:
            written = _write(options, watcher, costs, trace, picture)
            code = code or written
    return code


def _run(cells: list[tuple[str, Any]], module: Any, debug: bool) -> int:
    """Runs a program to its end, also that of its threads; gives the exit code."""
    code = OK
    try:
        program.execute(cells, module)
    except SystemExit as ended:
        code = _exit_code(ended.code)
    except KeyboardInterrupt as error:
        show_traceback(error, debug)
        return INTERRUPTED
    except BaseException as error:
        code = FAILED
        if sys.excepthook is not sys.__excepthook__:
            sys.excepthook(type(error), error, error.__traceback__)
        elif isinstance(error, Exception):
            show_traceback(error, debug)
        else:
            traceback.print_exception(error)
        advice = advice_for(error)
        if advice:
            note(advice)
    for thread in threading.enumerate():  # as Python at the end, but with tensorflow still there
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    return code


def _exit_code(given: object) -> int:
    """The exit code of sys.exit(given); prints what is no number, as Python does."""
    if given is None:
        return OK
    if isinstance(given, int):
        return given
    print(given, file=sys.stderr)
    return FAILED


def _write(options: argparse.Namespace, watcher: Watcher, costs: Costs | None,
           trace: Output | None, picture: Output | None) -> int:
    """Writes timeline and picture; gives an exit code."""
    code = OK
    if trace is not None and costs is not None:
        if costs.profile.runs:
            trace.write(costs.profile.to_chrome_trace)
            tell(trace)
        else:
            note("--trace: the program has run nothing")
            code = FAILED
    if picture is not None:
        try:
            source = Source(chosen_graph(watcher, None),
                            pictures.default_name(options.input, ".py"))
            pictures.draw(source, picture, argparse.Namespace())
            tell(picture)
        except Failure as failure:
            note(f"--render: {one_line(failure)}")
            code = FAILED
    return code
