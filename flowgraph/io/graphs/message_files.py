"""Messages in files, as bytes or as text: GraphDefs, MetaGraphDefs, SavedModels."""

from __future__ import annotations

import os
from typing import Any

from flowgraph.core.durable import write_file
from flowgraph.core.frames import located
from flowgraph.core.message import DecodeError
from flowgraph.core.message_scalar import TextError
from flowgraph.core.message_text import merge_text
from flowgraph.core.system_error import system_error

LARGEST = (1 << 31) - 1  # bytes; what protobuf's own readers take


def serialized(message: Any) -> bytes:
    """The bytes of a message with a graph.

    Args:
        message: MetaGraphDef or SavedModel.

    Raises:
        ValueError: there are too many for the readers of such messages.
    """
    content: bytes = message.SerializeToString()
    if len(content) > LARGEST:
        raise ValueError(located("GraphDef cannot be larger than 2GB.",
                                 "Large constants are better variables, saved in a checkpoint."))
    return content


def write_bytes(path: str, content: bytes) -> None:
    """Writes a serialized message to a file, all or nothing; its folder is made where missing.

    Args:
        path: the file.
        content: the bytes.

    Raises:
        OpError: the system could not write.
    """
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        write_file(path, content)
    except OSError as error:
        raise system_error(path, error) from None


def read_message(path: str, message: Any, text: bool | None = None) -> Any:
    """A message that is in a file.

    Args:
        path: the file.
        message: an empty message of its class.
        text: whether the file is text; None to try both.

    Returns:
        The message.

    Raises:
        OSError: the file cannot be read, or holds something else.
    """
    content = read_bytes(path)
    try:
        return parsed(content, message, text)
    except ValueError as error:
        raise OSError(located(f"Cannot parse file {path}: {error}")) from None


def read_bytes(path: str) -> bytes:
    """What is in a file that holds a message.

    Args:
        path: the file.

    Raises:
        OSError: the file cannot be read, or is larger than a message may be.
    """
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size > LARGEST:
            raise OSError(located(f"Cannot parse file {path}: it is too large."))
        return file.read()


def parsed(content: bytes, message: Any, text: bool | None = None) -> Any:
    """A message out of bytes.

    Args:
        content: the bytes.
        message: an empty message of its class.
        text: whether they are text; None to try both.

    Returns:
        The message.

    Raises:
        ValueError: they are something else.
    """
    problem: Exception | None = None
    if not text:
        try:
            message.ParseFromString(content)
            return message
        except DecodeError as error:
            problem = error
    if text is not False:
        try:
            message.Clear()
            merge_text(content.decode("utf-8"), message)
            return message
        except UnicodeDecodeError:
            pass  # no text at all: what was wrong with the bytes says more
        except TextError as error:
            problem = error
    raise ValueError(str(problem or "it is no UTF-8 text"))
