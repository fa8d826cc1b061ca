"""The frame of all commands: the arguments, the exit codes, and what is said when something fails.

Only what parses arguments is imported here: a command's own module is imported when it runs, so
that `flowgraph --help` is quick.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn

from flowgraph.cli import arguments
from flowgraph.cli.failure import (
    FAILED,
    INTERRUPTED,
    OK,
    PIPE,
    USAGE,
    Failure,
    Reported,
    Usage,
    forget_line_of,
    note,
    one_line,
    show_traceback,
)
from flowgraph.core.frames import user_frame

_ABOUT = """\
Runs, draws, profiles and explains programs of TensorFlow 1 on flowgraph, its define-then-run model
on NumPy. But for `run`, a program is stopped when it repeats a step: then its graph is complete."""
_MORE = """\
examples:
  flowgraph run train.py --epochs 1            runs it as it is, tensorflow being flowgraph
  flowgraph render train.py                    draws the graph into train.svg
  flowgraph view train.py                      the graph as a page to click through
  flowgraph profile train.py -- --epochs 1     what costs how much; arguments come after --
  flowgraph plot logs                          loss and metric curves of event files

exit codes: 0 all went well, 1 the program or file failed, 2 wrong usage, 130 Ctrl-C"""

# name: (one line, further words and examples, the function that adds its arguments)
_COMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": ("run a program of TensorFlow 1 as it is: `import tensorflow` gives flowgraph", """\
The options of this command stand before the program; what follows it is the program's. The exit
code is the program's.

examples:
  flowgraph run train.py --epochs 3              as python train.py --epochs 3
  flowgraph run --seed 1 train.py                the same numbers each time
  flowgraph run -m package.train --epochs 3      as python -m package.train --epochs 3
  flowgraph run --legacy old.py                  written before TensorFlow 1.0
  flowgraph run --trace t.json train.py          with a timeline of its last runs
  flowgraph run --render graph.html notebook.ipynb
""", arguments.run),
    "render": ("draw the graph of a program or of a file: svg, png, pdf, dot, html", """\
examples:
  flowgraph render train.py                           train.svg
  flowgraph render train.py -o model.png --depth 2    two levels of scopes open
  flowgraph render train.py --fetch loss              only what the loss needs
  flowgraph render train.py --color time              coloured by where the time goes
  flowgraph render frozen.pb -o - --format dot | dot -Tpng > frozen.png
  flowgraph render train.py -o g.pdf -- --layers 3    arguments of the program come after --
""", arguments.render),
    "view": ("make a page to explore the graph in a browser", """\
examples:
  flowgraph view train.py                  train.html, opened in the browser
  flowgraph view train.py --values         with what each operation made in one run
  flowgraph view exported_model -o m.html --no-open
""", arguments.view),
    "profile": ("tell where time and memory go", """\
The first run of each choice of fetches is left out: it makes the plan.

examples:
  flowgraph profile train.py                     by type of operation
  flowgraph profile train.py --by line --top 10  by line of the program
  flowgraph profile train.py --trace t.json      for chrome://tracing or Perfetto
  flowgraph profile train.py --render heat.svg   the graph, coloured by time
  flowgraph profile train.py --json | jq .rows
""", arguments.profile),
    "step": ("print one run step by step: inputs, what comes out, the NumPy that runs", """\
examples:
  flowgraph step train.py                        what the program runs most often
  flowgraph step train.py --fetch loss           the run of this tensor
  flowgraph step train.py --from 3 --to 7        only the steps 3 to 7
  flowgraph step train.py --from dense/MatMul    from an operation on
""", arguments.step),
    "explain": ("print the stages of a run: Program, passes, NumPy source", """\
examples:
  flowgraph explain train.py                     what the program runs most often
  flowgraph explain train.py --fetch loss
""", arguments.explain),
    "tensorboard": ("write the graph and what its runs cost as a log for TensorBoard", """\
examples:
  flowgraph tensorboard train.py --logdir logs
  tensorboard --logdir logs
""", arguments.tensorboard),
    "plot": ("draw loss and metric curves from event files", """\
examples:
  flowgraph plot logs                                   curves.png
  flowgraph plot run1 run2 --tags loss -o loss.svg      two runs in one picture
  flowgraph plot logs -o curves.html                    a page that tells values
  flowgraph plot logs --smooth 0.9 --x relative --log
""", arguments.plot),
    "check": ("tell which names of TensorFlow programs use, and what is missing", """\
Programs are read, not run. The exit code is 1 if a name is missing or a file cannot be read.

examples:
  flowgraph check train.py                 each name: offered, offered but differs, or missing
  flowgraph check models notebooks         what is missing or differs in folders
  flowgraph check --legacy old.py          a program of before TensorFlow 1.0
  flowgraph check . --json | jq .summary.missing_symbols
""", arguments.check),
    "doctor": ("tell what this machine has, and what to change", """\
The exit code is 1 if something makes programs slow or fail.

examples:
  flowgraph doctor                         what is here, and what to change with the reason
  flowgraph doctor --json | jq .blas
""", arguments.doctor),
}


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help in lines of up to 100 characters; examples as they are."""

    def __init__(self, prog: str) -> None:
        width = min(shutil.get_terminal_size((100, 24)).columns, 100) - 2
        super().__init__(prog, max_help_position=28, width=width)


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser that says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Raises Usage."""
        if message.startswith("unrecognized arguments"):
            message += " (arguments of the program come after --)"
        raise Usage(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="flowgraph", description=_ABOUT, epilog=_MORE, allow_abbrev=False,
                     formatter_class=_Help)
    parser.add_argument("--version", action="store_true", help="print the version and end")
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    for name, (line, more, add) in _COMMANDS.items():
        command = commands.add_parser(name, help=line, description=f"{line[0].upper()}{line[1:]}.",
                                      epilog=more, allow_abbrev=False,
                                      formatter_class=_Help)
        add(command)
        command.add_argument("--debug", action="store_true",
                             help="show the whole traceback of an error")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs a command line; gives the exit code.

    Args:
        argv: the arguments; default those of the process.
    """
    given = sys.argv[1:] if argv is None else list(argv)
    own, program = given, []
    if "--" in given and given[:1] != ["run"]:  # what follows the script of `run` is all its own
        own, program = given[:given.index("--")], given[given.index("--") + 1:]
    debug = "--debug" in own  # until the arguments are understood
    forget_line_of(user_frame().filename)
    try:
        parser = _parser()
        options = parser.parse_args(own)
        debug = getattr(options, "debug", False)
        if options.command == "run":
            options.arguments = options.arguments[options.arguments[:1] == ["--"]:]
        else:
            options.arguments = program
        if options.version:
            import flowgraph
            print(f"flowgraph {flowgraph.__version__}")
            return OK
        if options.command is None:
            parser.print_help()
            return OK
        if program and options.command in ("plot", "doctor", "check"):
            raise Usage(f"{options.command} takes no arguments of a program")
        module = import_module(f"flowgraph.cli.{options.command}")
        code = module.run(options)
        if not getattr(sys.stdout, "closed", False):
            sys.stdout.flush()  # here, so that a reader who has gone away is noticed
        return code
    except SystemExit as ended:  # --help
        return ended.code if isinstance(ended.code, int) else OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _leave_pipe()
        return PIPE
    except Reported:
        return FAILED
    except Exception as error:
        if debug:
            show_traceback(error, everything=True)
        else:
            note(f"error: {one_line(error)}")
        return error.code if isinstance(error, Failure) else FAILED


def _leave_pipe() -> None:
    """Sends what is still to be printed nowhere, so that Python's own last flush is quiet."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # standard output is no file of the system's
        return


def leave(code: int) -> NoReturn:
    """Ends the process, also when the program has left threads that go on.

    Args:
        code: the exit code.
    """
    if "flowgraph.cli.program" in sys.modules:
        from flowgraph.cli.program import end_process, wait_for_threads
        if not wait_for_threads():
            end_process(code)
    sys.exit(code)


__all__ = ["USAGE", "leave", "main"]
