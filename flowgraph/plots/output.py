"""How matplotlib is used here: without pyplot, without the user's styles, and always the same.

A Figure is made and saved under matplotlib's own defaults, whatever the program or its matplotlibrc
has set, and files get no date and no random names: the same numbers give the same bytes.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.core.durable import write_file
from flowgraph.core.frames import located
from flowgraph.core.system_error import local_path, system_error
from flowgraph.errors import MissingDependencyError, message

PICTURES = ("png", "svg", "pdf")
DPI = 120
_METADATA: dict[str, dict[str, Any]] = {
    "png": {}, "svg": {"Date": None, "Creator": "flowgraph"},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": "flowgraph", "Producer": "flowgraph"},
}
_SETTINGS = {"svg.hashsalt": "flowgraph", "svg.fonttype": "path", "font.size": 10.0,
             "axes.spines.top": False, "axes.spines.right": False,
             "axes.formatter.useoffset": False, "path.simplify": True, "text.usetex": False}
_NOT_STYLE = ("backend", "interactive", "toolbar", "webagg", "tk.", "macosx", "timezone",
              "datapath", "savefig.directory", "figure.raise_window", "docstring", "date.")
_lock = threading.Lock()  # matplotlib's settings are those of the whole process


@contextmanager
def settings() -> Iterator[Any]:
    """matplotlib under its own defaults; gives the module.

    Raises:
        MissingDependencyError: it is not installed.
    """
    matplotlib = _matplotlib()
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items()
                if not key.startswith(_NOT_STYLE)}
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of glyphs that no font has, of defaults of old age
        with matplotlib.rc_context({**defaults, **_SETTINGS}):
            yield matplotlib


def _matplotlib() -> Any:
    try:
        import matplotlib
        import matplotlib.figure
    except ImportError:
        raise MissingDependencyError(message(
            "drawing curves and images needs matplotlib, and it is not here",
            advice='Run pip install matplotlib, or pip install ".[examples]" in a clone of '
                   "flowgraph. Curves as .html need nothing.",
            section="missing-dependency-error")) from None
    return matplotlib


def format_of(path: Any, formats: tuple[str, ...]) -> str:
    """The format that the suffix of a path says.

    Raises:
        ValueError: it says none of `formats`.
    """
    name = os.fspath(path)
    suffix = os.path.splitext(os.fsdecode(name))[1].lower().removeprefix(".")
    if suffix not in formats:
        raise ValueError(located(
            f"cannot tell the format of {os.fsdecode(name)!r}: the name must end in "
            f"{', '.join(f'.{f}' for f in formats[:-1])} or .{formats[-1]}"))
    return suffix


def show(path: Any, make: Callable[[Any], Any]) -> Any:
    """Draws a figure; writes it to `path`, or gives it back if there is none.

    Args:
        path: a name that ends in .png, .svg or .pdf, or None.
        make: gives the Figure when it is given matplotlib.

    Returns:
        The path, or the Figure.
    """
    format = None if path is None else format_of(path, PICTURES)
    with settings() as matplotlib:
        figure = make(matplotlib)
        if format is None:
            return figure
        content = io.BytesIO()
        figure.savefig(content, format=format, dpi=DPI, metadata=_METADATA[format],
                       facecolor="white")
    return write(path, content.getvalue())


def write(path: Any, content: bytes) -> str:
    """Writes a file whole or not at all; gives its path."""
    name = os.path.expanduser(local_path(path))
    try:
        write_file(name, content)
    except (OSError, ValueError) as error:
        raise system_error(name, error) from None
    return name
