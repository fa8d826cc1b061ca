"""How commands fail: in one line on standard error, and with an exit code that says whose fault."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
from types import TracebackType

from flowgraph.core.frames import is_library
from flowgraph.core.printable import printable
from flowgraph.errors import without_docs

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
PIPE = 141  # what a shell gives for a program whose reader has gone away


# The file whose line calls the command line: a message that names it says nothing to the user.
_callers: set[str] = set()


def forget_line_of(filename: str) -> None:
    """Leaves the lines of a file out of messages.

    Args:
        filename: the file.
    """
    _callers.add(os.path.basename(filename))


class Failure(Exception):
    """Something failed that the message says all about."""

    code = FAILED


class Usage(Failure):
    """The command line makes no sense."""

    code = USAGE


class Reported(Failure):
    """Something failed, and has been told already."""


def note(text: str) -> None:
    """Tells something that is not the result, in one line on standard error."""
    with contextlib.suppress(ValueError, AttributeError):  # the program may have closed it
        print(f"flowgraph: {printable(text)}", file=sys.stderr, flush=True)


def one_line(error: BaseException) -> str:
    """What an exception says, in one line and without where to read about it."""
    text = without_docs(error) if isinstance(error, Exception) else str(error)
    if isinstance(error, KeyError) and len(error.args) == 1 and isinstance(error.args[0], str):
        text = error.args[0]  # str() would show it in quotes
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.strerror}: {error.filename!r}" if error.filename else error.strerror
    text = re.sub(r"\s*docs: errors#[\w-]+", "", text)
    for name in _callers:
        text = re.sub(rf"(?<!\S)(?:tf\.[\w.]+ \()?{re.escape(name)}:\d+\)?: ?", "", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    whole = " ".join(line if line[-1] in ".:;,!?" else f"{line}." for line in lines)
    return whole.removesuffix(".") or type(error).__name__


def show_traceback(error: BaseException, everything: bool = False) -> None:
    """Prints a traceback as Python does, with only the lines of the user's program.

    Args:
        error: what the program raised.
        everything: whether to show flowgraph's own lines too.
    """
    told = traceback.TracebackException.from_exception(error)
    if not everything:
        seen: set[int] = set()
        waiting: list[traceback.TracebackException | None] = [told]
        while waiting:
            part = waiting.pop()
            if part is not None and id(part) not in seen:
                seen.add(id(part))
                part.stack[:] = [frame for frame in part.stack if not is_library(frame.filename)
                                 and not frame.filename.startswith("<frozen importlib")]
                waiting += [part.__cause__, part.__context__, *(part.exceptions or ())]
    print("".join(told.format()), end="", file=sys.stderr, flush=True)


def last_line(trace: TracebackType | None) -> str:
    """file:line of the innermost line of the user's, "" where there is none."""
    where = ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not is_library(name):
            where = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where
