"""`tensorflow.python.lib.io.file_io`: what of it is not in `tf.gfile`."""

from __future__ import annotations

from typing import Any

from flowgraph.platform.files import GFile


def read_file_to_string(filename: Any, binary_mode: bool = False) -> Any:
    """The content of a file.

    Args:
        filename: the file.
        binary_mode: whether it is given as bytes.
    """
    with GFile(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: Any, file_content: Any) -> None:
    """Writes a file.

    Args:
        filename: the file.
        file_content: text, or bytes.
    """
    with GFile(filename, "wb" if isinstance(file_content, bytes) else "w") as file:
        file.write(file_content)
