"""The folder of a SavedModel, and the files in it.

    saved_model.pb                     the graphs, written last: without it, it is no SavedModel
    variables/variables.index, ...     a checkpoint
    assets/NAME                        files that nodes read
"""

from __future__ import annotations

import os
import shutil
from typing import Any

from flowgraph.core.durable import publish, temporary
from flowgraph.core.frames import located
from flowgraph.core.system_error import system_error
from flowgraph.io.graphs.message_files import read_message
from flowgraph.io.graphs.meta_messages import SavedModel
from flowgraph.saved_model import constants


def variables_path(export_dir: Any) -> str:
    """The name of the checkpoint in the folder of a SavedModel.

    Args:
        export_dir: the folder.
    """
    return os.path.join(os.fsdecode(export_dir), constants.VARIABLES_DIRECTORY,
                        constants.VARIABLES_FILENAME)


def maybe_saved_model_directory(export_dir):
    """Whether a folder holds a SavedModel.

    Args:
        export_dir: the folder.

    Example:
        >>> import flowgraph as fg
        >>> fg.saved_model.maybe_saved_model_directory("/no/such/folder")
        False
    """
    folder = os.fsdecode(export_dir)
    return any(os.path.exists(os.path.join(folder, name)) for name in (
        constants.SAVED_MODEL_FILENAME_PBTXT, constants.SAVED_MODEL_FILENAME_PB))


def contains_saved_model(export_dir):
    """Whether a folder holds a SavedModel.

    Args:
        export_dir: the folder.

    Example:
        >>> import flowgraph as fg
        >>> fg.saved_model.contains_saved_model("/no/such/folder")
        False
    """
    return maybe_saved_model_directory(export_dir)


def read_saved_model(export_dir: Any) -> SavedModel:
    """The graphs of a SavedModel.

    Args:
        export_dir: its folder.

    Raises:
        OSError: there is none, or it is damaged.
    """
    folder = os.fsdecode(export_dir)
    for name, text in ((constants.SAVED_MODEL_FILENAME_PB, False),
                       (constants.SAVED_MODEL_FILENAME_PBTXT, True)):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return read_message(path, SavedModel(), text)
    raise OSError(located(
        f"SavedModel file does not exist at: {folder}/{{{constants.SAVED_MODEL_FILENAME_PBTXT}|"
        f"{constants.SAVED_MODEL_FILENAME_PB}}}"))


def asset_path(export_dir: Any, filename: str) -> str:
    """The path of an asset of a SavedModel.

    Args:
        export_dir: the SavedModel's folder.
        filename: the asset's name in the SavedModel.

    Raises:
        ValueError: the name leads out of the folder.
    """
    parts = filename.replace("\\", "/").split("/")
    if not filename or os.path.isabs(filename) or ".." in parts or "\0" in filename:
        raise ValueError(located(f"the SavedModel {os.fsdecode(export_dir)} names an asset "
                                 f"{filename!r}, which is not in its folder of assets"))
    return os.path.join(os.fsdecode(export_dir), constants.ASSETS_DIRECTORY, filename)


def copy_assets(sources: dict[str, str], export_dir: Any) -> None:
    """Copies files into the folder of a SavedModel; those there already stay.

    Args:
        sources: the files by their names in the SavedModel.
        export_dir: the SavedModel's folder.

    Raises:
        OpError: a file cannot be read or written.
    """
    for name, source in sources.items():
        target = asset_path(export_dir, name)
        if os.path.exists(target):
            continue
        path = source
        try:
            with open(source, "rb") as original:
                path = target
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with temporary(target) as (copy, temporary_name):
                    shutil.copyfileobj(original, copy, 1 << 20)
            publish(temporary_name, target)
        except OSError as error:
            raise system_error(path, error) from None


def unique_asset_name(source: str, sources: dict[str, str]) -> str:
    """The name that a file gets in a SavedModel: its own, with a number if another has that.

    Args:
        source: the file.
        sources: the files there, by their names.
    """
    name = unique = os.path.basename(source)
    number = 1
    while unique in sources and not _is_same(sources[unique], source):
        unique = f"{name}_{number}"
        number += 1
    return unique


def _is_same(one: str, other: str) -> bool:
    """Whether two files hold the same."""
    if one == other:
        return True
    try:
        with open(one, "rb") as first, open(other, "rb") as second:
            while True:
                block = first.read(1 << 16)
                if block != second.read(1 << 16):
                    return False
                if not block:
                    return True
    except OSError as error:
        raise system_error(other, error) from None
