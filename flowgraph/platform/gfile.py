"""Files and folders by path: the functions of `tf.gfile`, under the names of its first version.

What they do is in `paths.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowgraph.platform import paths


def Exists(filename: Any) -> bool:
    """Whether there is a file or a folder.

    Args:
        filename: path.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.Exists("/no/such/file")
        False
    """
    return paths.exists(filename)


def IsDirectory(dirname: Any) -> bool:
    """Whether there is a folder.

    Args:
        dirname: path.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.IsDirectory("/")
        True
    """
    return paths.isdir(dirname)


def Glob(filename: Any) -> list[str]:
    """The files and folders that a pattern matches, as `tf.io.gfile.glob`.

    Args:
        filename: path with `*`, `?` or `[ab]` in it, or a list of such paths.

    Returns:
        Their paths, sorted for each pattern; an empty list if there are none.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.Glob(["/no/such/*", "/no/other/*"])
        []
    """
    return paths.glob(filename)


def MkDir(dirname: Any) -> None:
    """Makes a folder; does nothing where there is something of that name.

    Args:
        dirname: path; the folder above must be there.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.MkDir("/no/such/folder")
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    paths.mkdir(dirname)


def MakeDirs(dirname: Any) -> None:
    """Makes a folder and those above it that are missing.

    Args:
        dirname: path; nothing happens if the folder is there.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "a", "b")
        >>> fg.gfile.MakeDirs(path)
        >>> fg.gfile.IsDirectory(path)
        True
    """
    paths.makedirs(dirname)


def Remove(filename: Any) -> None:
    """Removes a file.

    Args:
        filename: path.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.Remove("/no/such/file")
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    paths.remove(filename)


def DeleteRecursively(dirname: Any) -> None:
    """Removes a folder with all that is in it, or a file.

    Args:
        dirname: path.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> path = tempfile.mkdtemp()
        >>> fg.gfile.DeleteRecursively(path)
        >>> fg.gfile.Exists(path)
        False
    """
    paths.rmtree(dirname)


def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copies a file.

    Args:
        oldpath: path of the file.
        newpath: path of the copy.
        overwrite: whether the copy may take the place of another file.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.Copy("/no/such/file", "/no/such/copy")
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    paths.copy(oldpath, newpath, overwrite)


def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Renames or moves a file or a folder.

    Args:
        oldname: path until now.
        newname: path from now on.
        overwrite: whether it may take the place of another file.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.Rename("/no/such/file", "/no/such/name")
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    paths.rename(oldname, newname, overwrite)


def Stat(filename: Any) -> paths.FileStatistics:
    """The size and the time of the last change of a file or folder.

    Args:
        filename: path.

    Returns:
        An object with `length`, `mtime_nsec` and `is_directory`.

    Example:
        >>> import flowgraph as fg
        >>> fg.gfile.Stat("/").is_directory
        True
    """
    return paths.stat(filename)


def ListDirectory(dirname: Any) -> list[str]:
    """The names of what is in a folder, sorted.

    Args:
        dirname: path of the folder.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> fg.gfile.ListDirectory(tempfile.mkdtemp())
        []
    """
    return paths.listdir(dirname)


def Walk(top: Any, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and all folders in it, with what is in them.

    Args:
        top: path of the folder.
        in_order: whether a folder comes before those in it.

    Returns:
        An iterator over (path of the folder, names of the folders in it, names of the files).

    Example:
        >>> import flowgraph as fg
        >>> list(fg.gfile.Walk("/no/such/folder"))
        []
    """
    return paths.walk(top, in_order)
