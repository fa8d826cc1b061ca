"""Text, bytes, and the types that stand for numbers: the helpers of `tf.compat`; counted things."""

from __future__ import annotations

import numbers
import os
from typing import Any

import numpy as np

from flowgraph.core.frames import located

bytes_or_text_types = (bytes, str)
integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Text as bytes.

    Args:
        bytes_or_text: bytes, bytearray or str.
        encoding: of the bytes.

    Raises:
        TypeError: it is something else.

    Example:
        >>> import flowgraph as fg
        >>> fg.compat.as_bytes("é")
        b'\\xc3\\xa9'
    """
    if isinstance(bytes_or_text, bytearray):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise TypeError(located(f"Expected binary or unicode string, got {bytes_or_text!r:.100}"))


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Bytes as text.

    Args:
        bytes_or_text: bytes or str.
        encoding: of the bytes.

    Raises:
        TypeError: it is something else.

    Example:
        >>> import flowgraph as fg
        >>> fg.compat.as_text(b"abc")
        'abc'
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(located(f"Expected binary or unicode string, got {bytes_or_text!r:.100}"))


def as_str_any(value: Any) -> str:
    """Bytes as text, anything else as `str` writes it.

    Args:
        value: any object.

    Example:
        >>> import flowgraph as fg
        >>> fg.compat.as_str_any(b"a"), fg.compat.as_str_any(3)
        ('a', '3')
    """
    return as_text(value) if isinstance(value, bytes) else str(value)


def path_to_str(path: Any) -> Any:
    """A path object as text; anything else as it is.

    Args:
        path: str, or an object with `__fspath__`.

    Example:
        >>> import pathlib, flowgraph as fg
        >>> fg.compat.path_to_str(pathlib.PurePosixPath("a") / "b")
        'a/b'
    """
    return os.fspath(path) if hasattr(path, "__fspath__") else path


def counted(number: int, what: str) -> str:
    """A number of things: `1 run`, `2 runs`.

    Args:
        number: how many.
        what: the word for one.
    """
    return f"{number} {what}{'' if number == 1 else 's'}"
