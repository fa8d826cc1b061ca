"""`tf.gfile.GFile`: a file as TensorFlow's programs open it.

Unlike Python's files it is opened when first read or written, positions are in bytes also in text
mode, and lines lose their carriage returns.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.system_error import local_path, system_error
from flowgraph.core.text import as_bytes, as_text, path_to_str
from flowgraph.errors import InvalidArgumentError, OutOfRangeError, PermissionDeniedError

_MODES = ("r", "w", "a", "r+", "w+", "a+")


def path_text(path: Any) -> str:
    """A path as text.

    Args:
        path: str, bytes, or an object with `__fspath__`.
    """
    return local_path(as_text(path_to_str(path)))


class GFile:
    """A file, opened when it is first read or written.

    A context that closes the file at its end; an iterator over its lines.

    Args:
        name: path.
        mode: "r" to read, "w" to write anew, "a" to add at the end; with "+" also the other; with
            "b" for bytes, else text in UTF-8.

    Raises:
        InvalidArgumentError: there is no such mode.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "lines.txt")
        >>> with fg.gfile.GFile(path, "w") as file:
        ...     file.write("one\\ntwo\\n")
        >>> with fg.gfile.GFile(path) as file:
        ...     [line.strip() for line in file]
        ['one', 'two']
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._name, self._mode = name, mode
        self._path = path_text(name)
        plain = mode.replace("b", "")
        if plain not in _MODES:
            raise InvalidArgumentError(None, None, located(
                f"mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+', got {mode!r}",
                "Add 'b' for bytes; text is always UTF-8."))
        self._reads = plain == "r" or "+" in plain
        self._writes = plain != "r"
        self._reader: io.BufferedReader | None = None
        self._writer: io.BufferedWriter | None = None

    @property
    def name(self) -> Any:
        """The path, as it was given."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode, as it was given."""
        return self._mode

    def read(self, n: int = -1) -> Any:
        """Reads from the current position.

        Args:
            n: how many bytes; -1 for all that there are.

        Returns:
            Text, or bytes if the mode says so; less than asked for at the end of the file.
        """
        reader = self._reading()
        if n < -1:
            raise InvalidArgumentError(
                None, None, f"Can't read a negative number of bytes: {n}")
        try:
            return self._given(reader.read(n))
        except OSError as error:
            raise system_error(self._path, error) from None

    def readline(self) -> Any:
        """The next line with the newline at its end; nothing ("") at the end of the file."""
        try:
            return self._given(self._reading().readline().replace(b"\r", b""))
        except OSError as error:
            raise system_error(self._path, error) from None

    def readlines(self) -> list[Any]:
        """The rest of the lines."""
        return list(self)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Moves to where the next `read` starts.

        Args:
            offset: how many bytes.
            whence: from where: 0 the start, 1 the current position, 2 the end of the file.
            position: old name of offset.
        """
        reader = self._reading()
        if position is not None:
            deprecated("position is deprecated in favor of the offset argument.")
            if offset is not None:
                raise TypeError(located(
                    "seek(): offset and position may not be set simultaneously."))
            offset = position
        if offset is None:
            raise TypeError(located("seek(): offset argument required"))
        if whence not in (0, 1, 2):
            raise InvalidArgumentError(
                None, None, f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2.")
        size = self.size()
        target = offset + (0, reader.tell(), size)[whence]
        if target < 0:
            raise InvalidArgumentError(None, None, f"Seeking to a negative position: {target}")
        if target > size:
            raise OutOfRangeError(None, None, f"{self._path}: position {target} is past the end "
                                  f"of the file, which has {size} bytes")
        reader.seek(target)

    def tell(self) -> int:
        """The position in bytes: of reading, or of writing where the file is only written."""
        return self._reading().tell() if self._reads else self._writing().tell()

    def seekable(self) -> bool:
        """Yes."""
        return True

    def size(self) -> int:
        """How many bytes the file has."""
        try:
            return os.stat(self._path).st_size
        except (OSError, ValueError) as error:
            raise system_error(self._path, error) from None

    def write(self, file_content: bytes | str) -> None:
        """Writes at the end of what was written.

        Args:
            file_content: text, which is written as UTF-8, or bytes.
        """
        try:
            self._writing().write(as_bytes(file_content))
        except OSError as error:
            raise system_error(self._path, error) from None

    def flush(self) -> None:
        """Hands what was written to the system, so that others see it."""
        if self._writer is not None:
            try:
                self._writer.flush()
            except OSError as error:
                raise system_error(self._path, error) from None

    def close(self) -> None:
        """Closes the file. Used again, it is opened again."""
        reader, writer = self._reader, self._writer
        self._reader = self._writer = None
        try:
            if reader is not None:
                reader.close()
            if writer is not None:
                writer.close()
        except OSError as error:
            raise system_error(self._path, error) from None

    def next(self) -> Any:
        """The next line; StopIteration at the end of the file."""
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    __next__ = next

    def __iter__(self) -> Iterator[Any]:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_path", None) is not None and hasattr(self, "_writer"):
            self.close()

    def _given(self, content: bytes) -> Any:
        return content if "b" in self._mode else as_text(content)

    def _reading(self) -> io.BufferedReader:
        if self._reader is None:
            if not self._reads:
                raise PermissionDeniedError(
                    None, None, f"{self._path}: File isn't open for reading")
            self._reader = self._opened("rb")
        return self._reader

    def _writing(self) -> io.BufferedWriter:
        if self._writer is None:
            if not self._writes:
                raise PermissionDeniedError(
                    None, None, f"{self._path}: File isn't open for writing")
            self._writer = self._opened("ab" if "a" in self._mode else "wb")
        return self._writer

    def _opened(self, mode: str) -> Any:
        try:
            return open(self._path, mode)
        except (OSError, ValueError) as error:
            raise system_error(self._path, error) from None


class FastGFile(GFile):
    """Old name of `tf.gfile.GFile`.

    Args:
        name: path.
        mode: as of `tf.gfile.GFile`.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.FastGFile("/no/such/file").read()
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        deprecated("Use tf.gfile.GFile.")
        super().__init__(name, mode)
