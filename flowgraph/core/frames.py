"""The user's own source line: which line of *their* program built an op.

A frame belongs to the user when its file is outside this package. Only the innermost such line is
kept, as (file, line, function); reading it costs about half a microsecond. `located` puts it into
the message of an error, with the public name of what the user called.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import NamedTuple

from flowgraph.errors import message

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
# A @contextmanager of ours is entered by way of contextlib, and threads begin in threading.
_LIBRARY_PREFIXES = (PACKAGE, "<flowgraph", contextlib.__file__, threading.__file__,
                     os.path.join(os.path.dirname(threading.__file__), "concurrent") + os.sep)
_is_library: dict[str, bool] = {}  # by file name


class UserFrame(NamedTuple):
    """One line of the user's program."""

    filename: str
    lineno: int
    function: str

    @property
    def file(self) -> str:
        """The file's name without its folder; in a notebook the cell, as `In[3]`."""
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        # Not in every shell, nor in old versions of IPython, nor what a stand-in for it answers.
        name_of = getattr(getattr(shell, "compile", None), "format_code_name", None)
        cell = name_of(self.filename) if name_of is not None else None
        return cell[1] if isinstance(cell, tuple) else os.path.basename(self.filename)

    def __str__(self) -> str:
        return f"{self.file}:{self.lineno}"


NOWHERE = UserFrame("<unknown>", 0, "?")


def user_frame(depth: int = 1) -> UserFrame:
    """The innermost frame outside flowgraph, counted from `depth` callers up.

    Args:
        depth: how many frames to skip for sure; 1 starts at the caller's caller.
    """
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        code = frame.f_code
        filename = code.co_filename
        library = _is_library.get(filename)
        if library is None:
            library = is_library(filename)
        if not library:
            return UserFrame(filename, frame.f_lineno, code.co_name)
        frame = frame.f_back
    return NOWHERE


def is_library(filename: str) -> bool:
    """Whether a file is one of flowgraph's own, and not the user's."""
    library = _is_library.get(filename)
    if library is None:
        library = _is_library[filename] = filename.startswith(_LIBRARY_PREFIXES)
    return library


def located(problem: str, advice: str = "", section: str = "value-error",
            rows: Iterable[tuple[str, ...]] = ()) -> str:
    """The message of an error in a call, with what the user called and on which line.

        raise ValueError(located(f"axis must be in [-2, 2), got {axis}", "It is 1 or -1."))

        ValueError: tf.nn.softmax (model.py:8): axis must be in [-2, 2), got 3
          It is 1 or -1.   docs: errors#value-error

    Args:
        problem: what is wrong. If it opens with a function's name, as "tf.split needs ..." or
            "split needs ...", the line is put behind that; else the name and the line come first.
        advice: what to write instead.
        section: anchor in `docs/errors.md`.
        rows: the tensors that matter, as for `flowgraph.errors.message`.
    """
    frame: FrameType | None = sys._getframe(1)
    called: list[FrameType] = []  # calls inside flowgraph, the innermost first
    while frame is not None and is_library(frame.f_code.co_filename):
        called.append(frame)
        frame = frame.f_back
    where = "" if frame is None else str(  # in a thread of ours no line is the user's
        UserFrame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
    behind = f" ({where})" if where else ""
    function = next(filter(None, map(_public_name, reversed(called))), "")
    first = problem.split(maxsplit=1)[0].rstrip(":") if problem.strip() else ""
    if first and (first.startswith("tf.") or first == function.rpartition(".")[2]):
        name = first if first.startswith("tf.") else function
        headline = f"{name}{behind}{problem[len(first):]}"
    elif function:
        headline = f"{function}{behind}: {problem}"
    else:
        headline = f"{where}: {problem}" if where else problem
    return message(headline, rows, advice, section)


def _public_name(frame: FrameType) -> str:
    """The public name of what runs in a frame; "" where it has none.

    It is "tf.nn.softmax" for a function, "tf.Variable.load" for a method and "tf.Variable" for a
    constructor.
    """
    owner, _, name = frame.f_code.co_qualname.rpartition(".")
    if not owner:
        return _name_of(name, frame.f_code)
    is_call = name in ("__init__", "__call__")
    if "<locals>" in owner or "self" not in frame.f_locals or (name[0] == "_" and not is_call):
        return ""
    classes = type(frame.f_locals["self"]).__mro__
    public = next(filter(None, (_name_of(kind.__name__, kind) or _name_by_module(kind)
                                for kind in classes)), "")
    return public if is_call or not public else f"{public}.{name}"


def _name_by_module(kind: type) -> str:
    """The name of a class of tf.keras or tf.contrib, which the list of names leaves out in part."""
    parts = kind.__module__.split(".")
    if parts[0] != "flowgraph" or parts[1:2] not in (["keras"], ["contrib"]):
        return ""
    for count in range(2, len(parts) + 1):
        package = sys.modules.get(".".join(parts[:count]))
        if hasattr(package, "__path__") and getattr(package, kind.__name__, None) is kind:
            return ".".join(["tf", *parts[1:count], kind.__name__])
    return ""


def _name_of(short: str, wanted: CodeType | type) -> str:
    """The shortest public name that ends in `.short` and is a class or a function's code."""
    from flowgraph.core.api import tensorflow_names  # only errors need it

    names = (name for name in tensorflow_names() if name.rpartition(".")[2] == short)
    for name in sorted(names, key=lambda name: (name.count("."), name)):
        value: object = sys.modules.get("flowgraph")
        for part in name.split(".")[1:]:
            value = getattr(value, part, None)
        if getattr(value, "__code__", value) is wanted:
            return name
    return ""
