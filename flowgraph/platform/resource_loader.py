"""`tf.resource_loader`: files that lie beside the program that asks for them."""

from __future__ import annotations

import os
import sys


def _folder_of_caller() -> str:
    """The folder of the file whose code called into this module."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return os.path.dirname(os.path.abspath(frame.f_code.co_filename))


def get_data_files_path() -> str:
    """The folder of the file that calls this.

    Example:
        >>> import os, flowgraph as fg
        >>> os.path.isabs(fg.resource_loader.get_data_files_path())
        True
    """
    return _folder_of_caller()


def get_path_to_datafile(path: str) -> str:
    """The path of a file beside the one that calls this.

    Args:
        path: relative path.

    Example:
        >>> import os, flowgraph as fg
        >>> os.path.basename(fg.resource_loader.get_path_to_datafile("words.txt"))
        'words.txt'
    """
    return os.path.join(_folder_of_caller(), path)


def get_root_dir_with_all_resources() -> str:
    """The folder of the file that calls this: flowgraph packs no program into an archive.

    Example:
        >>> import os, flowgraph as fg
        >>> os.path.isabs(fg.resource_loader.get_root_dir_with_all_resources())
        True
    """
    return _folder_of_caller()


def load_resource(path: str) -> bytes:
    """Reads a file beside the one that calls this.

    Args:
        path: relative path.

    Returns:
        Its bytes.

    Raises:
        IOError: there is no such file.

    Example:
        >>> import flowgraph as fg
        >>> fg.resource_loader.load_resource("no-such-file")
        Traceback (most recent call last):
        FileNotFoundError: ...
    """
    with open(os.path.join(_folder_of_caller(), path), "rb") as file:
        return file.read()


def readahead_file_path(path: str, readahead: str = "128M") -> str:
    """The path as it is; on other systems it tells how much to read at once.

    Args:
        path: path.
        readahead: without effect.

    Example:
        >>> import flowgraph as fg
        >>> fg.resource_loader.readahead_file_path("data")
        'data'
    """
    return path
