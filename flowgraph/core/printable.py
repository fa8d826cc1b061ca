"""Text of strangers made harmless to look at: what cannot be seen becomes visible.

A name may hold orders for a terminal, line ends that fake a message, or marks that turn the reading
direction and so fake another name.
"""

from __future__ import annotations

import unicodedata
from typing import Any

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # controls, direction marks, lone surrogates


def printable(text: Any) -> str:
    """`text` with every character that cannot be seen written as its escape, as `\\u202e`.

    Args:
        text: a name, a value.

    Example:
        >>> print(printable("two\\nlines"))
        two\\x0alines
    """
    text = str(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _HIDDEN else c for c in text)


def printable_lines(text: str) -> str:
    """`text` of several lines, each `printable`.

    Args:
        text: the lines.

    Example:
        >>> print(printable_lines("red\\x1b[31m\\nplain"))
        red\\x1b[31m
        plain
    """
    return "\n".join(map(printable, text.split("\n")))


def _escape(character: str) -> str:
    code = ord(character)
    if code < 256:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
