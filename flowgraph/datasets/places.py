"""Where data files are looked for, and what is said when they are not there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import DatasetError

VARIABLE = "FLOWGRAPH_DATA"
_told: set[str] = set()


def folders(own: Sequence[str], keras: Path | None = None) -> list[Path]:
    """The folders in which files of one data set may lie, the first one first.

    Args:
        own: the data set's own sub-folders, as ("mnist", "MNIST").
        keras: keras's folder for it; default that of `keras_folder`.

    Returns:
        Below `$FLOWGRAPH_DATA`, if it is set, and below keras's folder: the own sub-folders, then
        the folder itself.

    Example:
        >>> from flowgraph.datasets.places import folders
        >>> [folder.name for folder in folders(["mnist"])][-2:]
        ['mnist', 'datasets']
    """
    roots = [Path(os.environ[VARIABLE]).expanduser()] if os.environ.get(VARIABLE) else []
    roots.append(keras or keras_folder())
    return [folder for root in roots for folder in (*(root / name for name in own), root)]


def keras_folder(name: str = "datasets", home: str | os.PathLike[str] | None = None) -> Path:
    """Where keras keeps data: `~/.keras/datasets`, or `datasets` in $KERAS_HOME.

    Args:
        name: another name than `datasets`.
        home: another folder than `~/.keras` or $KERAS_HOME.

    Example:
        >>> from flowgraph.datasets.places import keras_folder
        >>> keras_folder().name
        'datasets'
    """
    home = home or os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / name


def first_of(names: Iterable[str], own: Sequence[str] = ()) -> Path | None:
    """The first file or folder that exists.

    Args:
        names: names of the file; an absolute one, or one with `~`, is taken as it is.
        own: the data set's own sub-folders, for `folders`.

    Returns:
        Its path; None if there is none.

    Example:
        >>> from flowgraph.datasets.places import first_of
        >>> first_of(["no-such-file.npz"]) is None
        True
    """
    for name in names:
        given = Path(name).expanduser()
        places = [given] if given.is_absolute() else [folder / name for folder in folders(own)]
        for path in places:
            if path.exists():
                return path
    return None


def not_there(what: str, name: str, holds: str = "") -> DatasetError:
    """The error for a data set without its file and without a built-in subset.

    Args:
        what: the data set.
        name: the file's or folder's name.
        holds: what the file holds, for who makes it anew.

    Returns:
        A DatasetError, to be raised by the caller.

    Example:
        >>> from flowgraph.datasets.places import not_there
        >>> "which is not there" in str(not_there("CIFAR-10", "cifar-10-batches-py"))
        True
    """
    given = Path(name).expanduser()
    places = [given] if given.is_absolute() else [folder / name for folder in folders(())]
    rows = [("looked for", str(path)) for path in places] + ([("it holds", holds)] if holds else [])
    own = "" if os.environ.get(VARIABLE) else (
        f", or into a folder of yours and set the environment variable {VARIABLE} to that folder")
    return DatasetError(located(f"{what} needs {name!r}, which is not there",
                                f"Nothing is downloaded: put it there{own}.", "dataset-error",
                                rows))


def tell_once(key: str, text: str) -> None:
    """Says, once per process, that a built-in subset stands in for the full data.

    Args:
        key: what it is about; a second notice about it is left out.
        text: the notice.
    """
    if key not in _told:
        _told.add(key)
        logger().warning("%s", text)
