"""Writing files so that a crash at any moment leaves the old file or the new one, never a part.

A file is written under a temporary name, forced to the disk, and renamed; the folder, which holds
the name, is forced to the disk too.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_MARK = ".tempstate"
_TEMPORARY = re.compile(re.escape(_MARK) + r"\d+(-\d+)?$")
_LEFT_OVER = 3600  # seconds: a temporary file that old belongs to a program that was killed
_counter = itertools.count()


def temporary_name(path: str) -> str:
    """A name that no other file has or gets, for a file until it is whole.

    Args:
        path: the name that it gets then.
    """
    return f"{path}{_MARK}{os.getpid()}-{next(_counter)}"


@contextmanager
def temporary(path: str) -> Iterator[tuple[Any, str]]:
    """A new file to write, forced to the disk at the end; removed if something goes wrong.

    Args:
        path: the file that it is going to be.

    Returns:
        (the file opened for writing bytes, its temporary name), as a context.
    """
    name = temporary_name(path)
    try:
        with open(name, "xb") as file:
            yield file, name
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        remove(name)
        raise


def publish(temporary_name: str, path: str) -> None:
    """Gives a temporary file its name, in place of the file that had it.

    Args:
        temporary_name: name of the file.
        path: its name from now on.
    """
    try:
        os.replace(temporary_name, path)
    except OSError:
        remove(temporary_name)
        raise
    sync_folder(path)


def write_file(path: str, content: bytes) -> None:
    """Writes a file, all or nothing.

    Args:
        path: the file.
        content: its bytes.

    Raises:
        OSError: it cannot be written; its file is `path`, as `open` says it.
    """
    try:
        if os.path.isdir(path):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        with temporary(path) as (file, name):
            file.write(content)
        publish(name, path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), path) from None


def sync_file(path: str) -> None:
    """Forces a file's contents to the disk.

    Args:
        path: the file.
    """
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: str) -> None:
    """Forces the names in a file's folder to the disk.

    Args:
        path: the file.
    """
    try:
        folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    except OSError:  # a system that cannot open folders, or a folder that may only be entered
        return
    try:
        os.fsync(folder)
    except OSError:
        return  # a file system that has nothing to force
    finally:
        os.close(folder)


def remove(path: str) -> None:
    """Removes a file if it is there.

    Args:
        path: the file.
    """
    try:
        os.remove(path)
    except FileNotFoundError:
        return


def remove_left_over(path: str) -> None:
    """Removes what killed programs left of writing files, from the folder of a file.

    Args:
        path: the file.
    """
    folder = os.path.dirname(path)
    limit = time.time() - _LEFT_OVER
    with os.scandir(folder or ".") as found:
        for entry in found:
            if _TEMPORARY.search(entry.name) and entry.stat().st_mtime < limit:
                remove(entry.path)
