"""Files and folders by path: the functions of `tf.io.gfile`. Their old names: `gfile.py`.

Errors are TensorFlow's: NotFoundError, AlreadyExistsError, FailedPreconditionError (a folder where
a file should be), PermissionDeniedError.
"""

from __future__ import annotations

import glob as _glob
import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from flowgraph.core.frames import located
from flowgraph.core.system_error import system_error
from flowgraph.core.text import as_text
from flowgraph.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    NotFoundError,
    OpError,
)
from flowgraph.platform.files import path_text


class FileStatistics(NamedTuple):
    """What `tf.gfile.Stat` tells.

    Attributes:
        length: how many bytes the file has.
        mtime_nsec: when it was changed, in nanoseconds since 1970.
        is_directory: whether it is a folder.
    """

    length: int
    mtime_nsec: int
    is_directory: bool


def _do(path: str, action: Callable[..., Any], *args: Any) -> Any:
    """Calls a function of the system."""
    try:
        return action(*args)
    except (OSError, ValueError) as error:
        raise system_error(path, error) from None


def exists(path: Any) -> bool:
    """Whether there is a file or a folder.

    Args:
        path: path.

    Example:
        >>> import flowgraph as fg
        >>> fg.io.gfile.exists("/no/such/file")
        False
    """
    return os.path.exists(path_text(path))


def isdir(path: Any) -> bool:
    """Whether there is a folder.

    Args:
        path: path.

    Example:
        >>> import flowgraph as fg
        >>> fg.io.gfile.isdir("/")
        True
    """
    return os.path.isdir(path_text(path))


def glob(pattern: Any) -> list[str]:
    """The files and folders that a pattern matches.

    Args:
        pattern: path in which `*` stands for any text but "/", `?` for a character and `[ab]` for
            one of several; or a list of such paths.

    Returns:
        Their paths, sorted for each pattern; an empty list if there are none.

    Example:
        >>> import flowgraph as fg
        >>> fg.io.gfile.glob("/no/such/folder/*")
        []
    """
    if not isinstance(pattern, (str, os.PathLike)):
        return [name for part in pattern for name in glob(_pattern(part))]
    return sorted(matching(path_text(pattern)))


def matching(pattern: str) -> list[str]:
    """The paths that one pattern matches, in no order.

    As TensorFlow gives them: names that begin with a dot are matched too, and what a pattern like
    "*.csv" finds in the current folder begins with "./".

    Args:
        pattern: the pattern.
    """
    found = _glob.glob(pattern, include_hidden=True)
    fixed, *wild = re.split(r"[*?\[]", pattern, maxsplit=1)
    if not wild or os.path.dirname(fixed):
        return found
    return [os.path.join(".", name) for name in found]


def _pattern(part: Any) -> str:
    """One of several patterns; of bytes, which are a sequence of numbers, this is an int."""
    if isinstance(part, int):
        raise TypeError(located("glob takes text, not bytes.", "Decode the pattern."))
    return path_text(part)


def mkdir(path: Any) -> None:
    """Makes a folder; does nothing where there is something of that name.

    Args:
        path: path; the folder above must be there.

    Example:
        >>> import flowgraph as fg
        >>> fg.io.gfile.mkdir("/no/such/folder")
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    text = path_text(path)
    try:
        _do(text, os.mkdir, text)
    except AlreadyExistsError:
        return


def makedirs(path: Any) -> None:
    """Makes a folder and those above it that are missing.

    Args:
        path: path; nothing happens if the folder is there.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "a", "b")
        >>> fg.io.gfile.makedirs(path)
        >>> fg.io.gfile.isdir(path)
        True
    """
    text = path_text(path)
    if not text:
        return
    try:
        os.makedirs(text, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise FailedPreconditionError(None, None, f"{text} is not a directory") from None
    except (OSError, ValueError) as error:
        raise system_error(text, error) from None


def remove(path: Any) -> None:
    """Removes a file.

    Args:
        path: path.

    Example:
        >>> import flowgraph as fg
        >>> fg.io.gfile.remove("/no/such/file")
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    text = path_text(path)
    _do(text, os.remove, text)


def rmtree(path: Any) -> None:
    """Removes a folder with all that is in it, or a file.

    Args:
        path: path.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> path = tempfile.mkdtemp()
        >>> fg.io.gfile.rmtree(path)
        >>> fg.io.gfile.exists(path)
        False
    """
    text = path_text(path)
    folder = os.path.isdir(text) and not os.path.islink(text)
    _do(text, shutil.rmtree if folder else os.remove, text)


def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copies a file.

    Args:
        src: path of the file.
        dst: path of the copy.
        overwrite: whether the copy may take the place of another file.

    Example:
        >>> import flowgraph as fg
        >>> fg.io.gfile.copy("/no/such/file", "/no/such/copy")
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    source, target = path_text(src), path_text(dst)
    _require_free(target, overwrite)
    for path in (source, target):
        if os.path.isdir(path):
            raise FailedPreconditionError(None, None, f"{path}; Is a directory")
    if os.path.exists(target) and os.path.exists(source) and os.path.samefile(source, target):
        return
    _do(source, shutil.copyfile, source, target)


def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Renames or moves a file or a folder.

    Args:
        src: path until now.
        dst: path from now on.
        overwrite: whether it may take the place of another file.

    Example:
        >>> import flowgraph as fg
        >>> fg.io.gfile.rename("/no/such/file", "/no/such/name")
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    source, target = path_text(src), path_text(dst)
    _require_free(target, overwrite)
    _do(source, os.replace, source, target)


def _require_free(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path):
        raise AlreadyExistsError(
            None, None, f"{path}: file already exists. Pass overwrite=True to replace it.")


def stat(path: Any) -> FileStatistics:
    """The size and the time of the last change of a file or folder.

    Args:
        path: path.

    Returns:
        An object with `length`, `mtime_nsec` and `is_directory`.

    Example:
        >>> import flowgraph as fg
        >>> fg.io.gfile.stat("/").is_directory
        True
    """
    text = path_text(path)
    found = _do(text, os.stat, text)
    return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(text))


def listdir(path: Any) -> list[str]:
    """The names of what is in a folder, sorted.

    Args:
        path: path of the folder.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> fg.io.gfile.listdir(tempfile.mkdtemp())
        []
    """
    text = path_text(path)
    if not os.path.isdir(text):
        raise NotFoundError(None, None, f"Could not find directory {text}")
    return sorted(_do(text, os.listdir, text))


def walk(top: Any, topdown: bool = True, onerror: Callable[[OpError], Any] | None = None
         ) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and all folders in it, with what is in them.

    Args:
        top: path of the folder.
        topdown: whether a folder comes before those in it.
        onerror: called with the error if a folder cannot be listed; by default it is left out.

    Yields:
        (path of the folder, names of the folders in it, names of the files in it).

    Example:
        >>> import flowgraph as fg
        >>> list(fg.io.gfile.walk("/no/such/folder"))
        []
    """
    text = as_text(path_text(top))
    try:
        names = listdir(text)
    except OpError as error:
        if onerror is not None:
            onerror(error)
        return
    folders = [name for name in names if os.path.isdir(os.path.join(text, name))]
    inside = set(folders)
    here = (text, folders, [name for name in names if name not in inside])
    if topdown:
        yield here
    for name in folders:
        yield from walk(os.path.join(text, name), topdown, onerror)
    if not topdown:
        yield here
