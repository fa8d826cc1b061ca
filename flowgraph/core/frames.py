"""The user's own source line: which line of *their* program built an op.

A frame belongs to the user when its file is outside this package. Only the innermost such line is
kept, as (file, line, function); reading it costs about half a microsecond.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import NamedTuple

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY_PREFIXES = (PACKAGE, "<flowgraph")
_is_library: dict[str, bool] = {}  # by file name


class UserFrame(NamedTuple):
    """One line of the user's program."""

    filename: str
    lineno: int
    function: str

    def __str__(self) -> str:
        return f"{os.path.basename(self.filename)}:{self.lineno}"


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
