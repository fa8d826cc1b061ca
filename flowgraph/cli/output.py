"""Where a result goes: into a file that appears whole or not at all, or to standard output."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any, TextIO

from flowgraph.cli.failure import Failure, Usage
from flowgraph.core.durable import write_file
from flowgraph.core.printable import printable_lines

_BINARY = ("png", "pdf")


class Output:
    """The target of `-o`, or of another option that names a file.

    Args:
        path: what was given; "-" is standard output.
        formats: suffixes that the command can write, without their dots.
        format: what was asked for by --format; "" to go by the suffix.
        default: the format on standard output.
        option: which option it is, for messages.

    Attributes:
        path: the file, "" for standard output.
        shown: the same as it was given.
        format: one of `formats`.
        is_stdout: whether standard output is taken.

    Raises:
        Usage: the suffix is none of these, or the folder is not there.
    """

    def __init__(self, path: str, formats: tuple[str, ...], format: str = "",
                 default: str = "", option: str = "-o") -> None:
        self.is_stdout = path == "-"
        self.shown = path
        self._stream = sys.stdout
        self._number = _own_number(sys.stdout) if self.is_stdout else None
        self.path = "" if self.is_stdout else os.path.expanduser(path)
        suffix = os.path.splitext(path)[1].lower().removeprefix(".")
        self.format = format or (default or formats[0] if self.is_stdout else suffix)
        if self.format not in formats:
            names = [f".{name}" for name in formats]
            listed = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            more = ", or say --format" if option == "-o" and len(names) > 1 else ""
            raise Usage(f"cannot tell the format of {path!r}: the name must end in {listed}{more}")
        if self.is_stdout and self.format in _BINARY and self._stream.isatty():
            raise Usage(f"a {self.format} is nothing for a terminal: send it into a file or a pipe")
        if self.path:
            folder = os.path.dirname(self.path) or "."
            if not os.path.isdir(folder):
                raise Usage(f"{option} {path}: there is no folder {folder!r}")
            if os.path.isdir(self.path):
                raise Usage(f"{option} {path}: it is a folder")
            # The program may change the working folder.
            self.path = os.path.abspath(self.path)

    def write(self, make: Callable[[str], object]) -> None:
        """Makes the result, and puts it where it belongs.

        Args:
            make: writes the result into the file of the name that it is given.

        Raises:
            Failure: it cannot be written.
        """
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, f"result.{self.format}")
            make(name)
            with open(name, "rb") as file:
                content = file.read()
        self.put(content)

    def put(self, content: bytes) -> None:
        """Puts a result where it belongs.

        Args:
            content: the bytes.
        """
        if not self.is_stdout:
            try:
                if os.path.exists(self.path) and not os.path.isfile(self.path):
                    with open(self.path, "wb") as file:  # a device or a pipe
                        file.write(content)
                else:
                    write_file(self.path, content)
            except OSError as error:
                raise Failure(f"cannot write {self.path!r}: {error.strerror}") from None
            return
        self._stream.flush()
        if self._number is None:
            buffer: Any = getattr(self._stream, "buffer", None)
            if buffer is not None:
                buffer.write(content)
            else:
                self._stream.write(content.decode("utf-8", "replace"))
            self._stream.flush()
            return
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._number, rest):]

    def text(self, text: str) -> None:
        """Puts a text where it belongs; a line end is added.

        Names in files may hold what a terminal obeys: hidden characters become escapes.

        Args:
            text: the text.
        """
        encoding = self._stream.encoding if self.is_stdout else None
        self.put(f"{printable_lines(text)}\n".encode(encoding or "utf-8", "backslashreplace"))


def _own_number(stream: TextIO) -> int | None:
    """A number of our own for the file of a stream; None where it has none.

    While a program runs, what it prints to standard output goes elsewhere; this does not.
    """
    try:
        return os.dup(stream.fileno())
    except (OSError, ValueError, io.UnsupportedOperation):
        return None


def standard_output() -> Output:
    """Standard output, for commands that print text."""
    return Output("-", ("txt",))


def alone_on_standard_output(**outputs: Any) -> None:
    """Checks that no two results go to standard output.

    Args:
        **outputs: for the name of an option, whether it sends something there.

    Raises:
        Usage: two do.
    """
    taking = [f"--{option}" for option, takes in outputs.items() if takes]
    if len(taking) > 1:
        raise Usage(f"{' and '.join(taking)} cannot both go to standard output")
