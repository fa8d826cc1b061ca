"""Notebooks as programs: their code cells, without what only IPython understands.

    %matplotlib inline   !pip install x   tf.nn.relu?   -->   pass
    files = !ls                                         -->   files = None
    %time x = f()                                       -->   x = f()
    %%time, %%capture and the like above Python         -->   pass; other languages are left out

A cell that is Python as it stands is not touched. Lines stay where they are.
"""

from __future__ import annotations

import ast
import json
import pprint
import re
import warnings
from functools import partial
from typing import Any

_MAGIC = re.compile(r"^([ \t]*)([%!?](?:.*\\\n)*.*|[\w.]+\?\??[ \t]*)$", re.MULTILINE)
_ASSIGNED_MAGIC = re.compile(r"^([ \t]*[\w, .\[\]]+=[ \t]*)([%!](?:.*\\\n)*.*)$", re.MULTILINE)
_TIMED = re.compile(r"^([ \t]*(?:[\w, .\[\]]+=[ \t]*)?)%time[ \t]+(?=\S)", re.MULTILINE)
_OTHER_LANGUAGE = re.compile(r"\s*%%(?!time\b|timeit\b|capture\b|prun\b)\w+")


def cells_of(content: bytes) -> list[str]:
    """The code cells of a notebook in order, as they are.

    Args:
        content: of the file, of any version of the format.

    Raises:
        ValueError: it is no notebook.

    Example:
        >>> cells_of(b'{"cells": [{"cell_type": "code", "source": ["x = 1\\\\n", "x"]}]}')
        ['x = 1\\nx']
    """
    try:
        notebook = json.loads(content)
        cells = notebook["cells"] if "cells" in notebook else [
            cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
        return [_source_of(cell) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ValueError("it holds no cells of JSON") from None


def _source_of(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    if not isinstance(source, (list, str)):
        raise TypeError("a cell's source is text, or a list of lines")
    return "".join(map(str, source))


def python_of(cell: str) -> str | None:
    """The Python of a cell, IPython's lines made to do nothing; None for another language.

    Args:
        cell: its text.

    Example:
        >>> python_of("%matplotlib inline\\nfiles = !ls")
        'pass  # %matplotlib inline\\nfiles = None  # !ls'
        >>> python_of("%%bash\\nls")
    """
    if _OTHER_LANGUAGE.match(cell):
        return None
    indent = re.match(r"(?:[ \t]*\n)*([ \t]*)", cell)
    if indent is not None and indent[1]:  # IPython takes the first line's indentation from all
        cell = re.sub(f"(?m)^{indent[1]}", "", cell)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of "\d" in a string; it is compiled again
            ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        timed = _TIMED.sub(r"\1", cell)  # the one that runs Python, as if it were not there
        return _MAGIC.sub(partial(_left_out, "pass"), _ASSIGNED_MAGIC.sub(
            partial(_left_out, "None"), timed))
    return cell


def _left_out(instead: str, found: re.Match[str]) -> str:
    """A line of IPython's, also one that goes on after a backslash, as a comment."""
    return f"{found[1]}{instead}  # " + found[2].replace("\n", "\n# ")


def shows_last_value(cell: str) -> bool:
    """Whether a notebook shows the value of the cell's last line: it does without a semicolon.

    Args:
        cell: its text.
    """
    lines = [line for line in cell.splitlines() if not line.lstrip().startswith("#")]
    return not "\n".join(lines).rstrip().endswith(";")


def shown(value: Any) -> str:
    """A value as notebooks show it in text: as repr does, long containers on several lines.

    Args:
        value: anything.
    """
    kinds = (dict, list, tuple, set, frozenset)
    if type(value) in kinds:
        return pprint.pformat(value, width=79, sort_dicts=False)
    return repr(value)


def display(*values: Any, **options: Any) -> None:
    """IPython's `display`, which notebooks have without an import: prints each value as text.

    Args:
        values: anything.
        options: accepted; there is nothing but text.
    """
    for value in values:
        print(shown(value))


class Shell:
    """What `get_ipython()` gives here: lines for IPython do nothing.

    Example:
        >>> get_ipython().run_line_magic("matplotlib", "inline")
    """

    def magic(self, arg_s: str) -> None:
        """Does nothing: `%name` with its arguments."""

    def run_line_magic(self, magic_name: str, line: str) -> None:
        """Does nothing: `%magic_name line`."""

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> None:
        """Does nothing: a cell in another language."""

    def system(self, cmd: str) -> None:
        """Does nothing: `!cmd`."""


def get_ipython() -> Shell:
    """IPython's function of this name, which notebooks have without an import."""
    return Shell()
