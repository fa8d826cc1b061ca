"""Which files there are to check, and their code: of a program whole, of a notebook cell by cell.

Nothing here raises for a file's content: what cannot be read is a Problem with a line.
"""

from __future__ import annotations

import ast
import io
import os
import tokenize
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from flowgraph.compat.notebooks import cells_of, python_of
from flowgraph.compat.python_2 import is_python_2

_SUFFIXES = (".py", ".ipynb")
_LEFT_OUT = {"__pycache__", "node_modules", "site-packages", ".ipynb_checkpoints"}
_LARGEST = 64 << 20  # bytes; notebooks hold their pictures


class Problem(NamedTuple):
    """Why a file, or a cell of it, cannot be read.

    Attributes:
        line: counted from 1; 0 where it is about the whole.
        message: what is wrong.
        cell: the code cell of a notebook, counted from 1; 0 for a program.
        is_python_2: whether it is a program for Python 2.
        is_read: whether the rest of the file or cell is read all the same.
    """

    line: int
    message: str
    cell: int = 0
    is_python_2: bool = False
    is_read: bool = False


class Part(NamedTuple):
    """The syntax tree of a program or of a cell, or why there is none.

    Attributes:
        cell: the code cell of a notebook, counted from 1; 0 for a program.
        tree: the tree.
        problem: why there is none.
    """

    cell: int
    tree: ast.Module | None
    problem: Problem | None = None


# ---- which files ---------------------------------------------------------------------------------


def programs_under(folder: str) -> Iterator[str]:
    """The programs and notebooks in a folder, in order; hidden folders and links to folders not.

    Args:
        folder: the folder.
    """
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".")
                            and name not in _LEFT_OUT and not os.path.isfile(
                                os.path.join(where, name, "pyvenv.cfg")))
        for name in sorted(files):
            path = os.path.join(where, name)
            if name.endswith(_SUFFIXES) and not name.startswith(".") and os.path.isfile(path):
                yield path


# ---- what is in them -----------------------------------------------------------------------------


def read(path: str) -> list[Part]:
    """The code of a file.

    Args:
        path: the file; a notebook if it ends in .ipynb.

    Returns:
        One part for a program, a part for each code cell of a notebook, in order. None at all where
        the file does not name TensorFlow.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        return [_failed(error.strerror or "it cannot be opened")]
    except ValueError as error:  # a name that no file can have
        return [_failed(str(error))]
    if len(content) > _LARGEST:
        return [_failed(f"it is larger than {_LARGEST >> 20} MB")]
    is_notebook = path.endswith(".ipynb")
    # `from helper import *` may bring tf from elsewhere
    if b"tensorflow" not in content and b"tf." not in content and not is_notebook:
        return [] if _has_code(content) else [_failed("it holds null bytes: it is no Python")]
    try:
        return _cells(content) if is_notebook else [_parsed(_decoded(content), 0)]
    except (RecursionError, MemoryError):
        return [_failed("it is nested too deeply to be read")]


def _has_code(content: bytes) -> bool:
    return b"\0" not in content


def _failed(message: str) -> Part:
    return Part(0, None, Problem(0, message))


def _decoded(content: bytes) -> str:
    """The text of a program by its own declaration, else UTF-8, else byte by byte."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError, ValueError):
        text = content.decode("utf-8", "replace") if b"\xef\xbb\xbf" in content[:3] else (
            content.decode("latin-1"))
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _parsed(code: str, cell: int) -> Part:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of "\d" in a string, and `is` with a number
        try:
            return Part(cell, ast.parse(code))
        except SyntaxError as error:
            return Part(cell, None, _problem_of(error, code, cell))
        except ValueError as error:  # a null byte
            return Part(cell, None, Problem(0, f"it is no Python: {error}", cell))
        except (RecursionError, MemoryError):
            return Part(cell, None, Problem(0, "it is nested too deeply to be read", cell))


def _problem_of(error: SyntaxError, code: str, cell: int) -> Problem:
    lines = code.split("\n")
    number = max(0, min(error.lineno or 0, len(lines)))
    line = lines[number - 1] if number else ""
    message = str(error.msg)
    if is_python_2(error, line):
        tabs = isinstance(error, TabError)
        why = "tabs and spaces are mixed" if tabs else f"{line.strip()[:60]!r}"
        return python_2(number, why, cell)
    return Problem(number, f"it is no Python 3: {message}", cell)


def python_2(line: int, why: str, cell: int, is_read: bool = False) -> Problem:
    """The problem of a program for Python 2.

    Args:
        line: where it shows.
        why: by what.
        cell: the cell of a notebook, else 0.
        is_read: whether the rest is read all the same.
    """
    return Problem(line, f"it is written for Python 2 ({why}): convert it, as with 2to3", cell,
                   True, is_read)


# ---- notebooks -----------------------------------------------------------------------------------


def _cells(content: bytes) -> list[Part]:
    try:
        cells = cells_of(content)
    except ValueError as error:
        return [_failed(f"it is no notebook: {error}")]
    codes = [(number, python_of(cell)) for number, cell in enumerate(cells, 1)]
    return [_parsed(code, number) for number, code in codes if code is not None]
