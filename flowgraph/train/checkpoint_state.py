"""The file "checkpoint": which checkpoints of a folder there are, and which one is the latest.

It is text, and what is in it may be paths relative to its folder, so that the folder can be moved.
It is written to a temporary name and renamed, after the checkpoint itself is whole.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from typing import Any

from flowgraph.core.deprecation import deprecated
from flowgraph.core.durable import remove, write_file
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.message import Message
from flowgraph.core.message_scalar import DOUBLE, TEXT, Repeated, Scalar, TextError
from flowgraph.core.message_text import merge_text
from flowgraph.core.system_error import local_path, system_error
from flowgraph.io.checkpoints.bundle import index_file
from flowgraph.io.checkpoints.first_format import files_of
from flowgraph.train.saver_def import SaverDef

_LARGEST = 1 << 26  # bytes of the file that are read


class CheckpointState(Message):
    """What the file "checkpoint" holds.

    Args:
        model_checkpoint_path: the latest checkpoint.
        all_model_checkpoint_paths: list of all that are there, the oldest first.
        all_model_checkpoint_timestamps: list of when each was made, in seconds since 1970.
        last_preserved_timestamp: when the last one was made that is kept for good.
    """

    model_checkpoint_path = Scalar(1, TEXT)
    all_model_checkpoint_paths = Repeated(2, TEXT)
    all_model_checkpoint_timestamps = Repeated(3, DOUBLE)
    last_preserved_timestamp = Scalar(4, DOUBLE)


def _state_file(folder: Any, latest_filename: str | None) -> str:
    return os.path.join(local_path(folder), latest_filename or "checkpoint")


def generate_checkpoint_state_proto(save_dir: str, model_checkpoint_path: str,
                                    all_model_checkpoint_paths: list[str] | None = None,
                                    all_model_checkpoint_timestamps: list[float] | None = None,
                                    last_preserved_timestamp: float | None = None
                                    ) -> CheckpointState:
    """Makes what the file "checkpoint" holds.

    Args:
        save_dir: the folder. If it is a relative path, so are the paths in the result: relative
            to the folder.
        model_checkpoint_path: the latest checkpoint.
        all_model_checkpoint_paths: list of all that are there, the oldest first; the latest is
            added if it is not the last one.
        all_model_checkpoint_timestamps: list of when each was made, in seconds since 1970.
        last_preserved_timestamp: when the last one was made that is kept for good.

    Returns:
        A CheckpointState.

    Raises:
        ValueError: there is not one timestamp per path.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.generate_checkpoint_state_proto("/tmp", "/tmp/model-2", ["/tmp/model-1"])
        model_checkpoint_path: "/tmp/model-2"
        all_model_checkpoint_paths: "/tmp/model-1"
        all_model_checkpoint_paths: "/tmp/model-2"
        <BLANKLINE>
    """
    paths = list(all_model_checkpoint_paths or ())
    if not paths or paths[-1] != model_checkpoint_path:
        paths.append(model_checkpoint_path)
    times = list(all_model_checkpoint_timestamps or ())
    if times and len(times) != len(paths):
        raise ValueError(located("Checkpoint timestamps, if provided, must match checkpoint paths "
                                 f"(got paths {paths} and timestamps {times})"))
    if not os.path.isabs(save_dir):
        model_checkpoint_path, *paths = (
            path if os.path.isabs(path) else os.path.relpath(path, save_dir)
            for path in [model_checkpoint_path, *paths])
    return CheckpointState(model_checkpoint_path=model_checkpoint_path,
                           all_model_checkpoint_paths=paths,
                           all_model_checkpoint_timestamps=times,
                           last_preserved_timestamp=last_preserved_timestamp)


def update_checkpoint_state(save_dir: str, model_checkpoint_path: str,
                            all_model_checkpoint_paths: list[str] | None = None,
                            latest_filename: str | None = None,
                            all_model_checkpoint_timestamps: list[float] | None = None,
                            last_preserved_timestamp: float | None = None) -> None:
    """Writes the file "checkpoint".

    Args:
        save_dir: the folder it is in.
        model_checkpoint_path: the latest checkpoint.
        all_model_checkpoint_paths: list of all that are there, the oldest first.
        latest_filename: another name for the file.
        all_model_checkpoint_timestamps: list of when each was made, in seconds since 1970.
        last_preserved_timestamp: when the last one was made that is kept for good.

    Raises:
        RuntimeError: the checkpoint's path is that of the file.
        OpError: the system could not write.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> folder = tempfile.mkdtemp()
        >>> fg.train.update_checkpoint_state(folder, folder + "/model-1")
        >>> fg.train.get_checkpoint_state(folder).model_checkpoint_path == folder + "/model-1"
        True
    """
    deprecated("Use tf.train.Saver, which keeps the file.")
    write_checkpoint_state(save_dir, model_checkpoint_path, all_model_checkpoint_paths,
                           latest_filename, all_model_checkpoint_timestamps,
                           last_preserved_timestamp)


def write_checkpoint_state(save_dir: str, model_checkpoint_path: str,
                           all_model_checkpoint_paths: list[str] | None = None,
                           latest_filename: str | None = None, timestamps: Any = None,
                           last_preserved_timestamp: float | None = None,
                           save_relative_paths: bool = False) -> None:
    """`update_checkpoint_state`, and whether paths are written relative to the folder."""
    paths = list(all_model_checkpoint_paths or ())
    if save_relative_paths:
        model_checkpoint_path, *paths = (
            os.path.relpath(path, save_dir) if os.path.isabs(path) else path
            for path in [model_checkpoint_path, *paths])
    state = generate_checkpoint_state_proto(save_dir, model_checkpoint_path, paths, timestamps,
                                            last_preserved_timestamp)
    file = _state_file(save_dir, latest_filename)
    if file == state.model_checkpoint_path:
        raise RuntimeError(located(f"Save path {model_checkpoint_path!r} conflicts with path used "
                                   "for checkpoint state.  Please use a different save path."))
    try:
        write_file(file, str(state).encode())
    except OSError as error:
        raise system_error(file, error) from None


def get_checkpoint_state(checkpoint_dir: Any, latest_filename: str | None = None) -> Any:
    """Reads the file "checkpoint" of a folder.

    Args:
        checkpoint_dir: the folder.
        latest_filename: another name of the file.

    Returns:
        A CheckpointState, its paths beginning with the folder; None if there is no such file, or
        if it cannot be read, which is logged.

    Raises:
        ValueError: the file names no latest checkpoint.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.get_checkpoint_state("/no/such/folder")
    """
    folder = local_path(checkpoint_dir)
    path = _state_file(folder, latest_filename)
    state = CheckpointState()
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > _LARGEST:
                raise TextError("it is too large")
            content = file.read()
        merge_text(content.decode("utf-8"), state)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        logger().warning("%s: %s", type(error).__name__, error)
        logger().warning("%s: Checkpoint ignored", path)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(located(f"Invalid checkpoint state loaded from {folder}: the file {path} "
                                 "names no model_checkpoint_path"))
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)
    paths = state.all_model_checkpoint_paths
    paths[:] = [os.path.join(folder, path) for path in paths]
    return state


def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """The latest checkpoint of a folder.

    Args:
        checkpoint_dir: the folder.
        latest_filename: the name of the file that tells, if it is not "checkpoint".

    Returns:
        What `Saver.restore` takes; None if there is none.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.latest_checkpoint("/no/such/folder")
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    if _file_of(state.model_checkpoint_path) is None:
        logger().error("Couldn't match files for checkpoint %s", state.model_checkpoint_path)
        return None
    return str(state.model_checkpoint_path)


def _file_of(prefix: Any) -> str | None:
    """The file that shows that a checkpoint is there; its index, or a file of the first format."""
    prefix = local_path(prefix)
    indexes = [index_file(prefix), *files_of(index_file(prefix))]
    return next((path for path in (*indexes, *files_of(prefix))
                 if "\0" not in path and os.path.isfile(path)), None)


def is_checkpoint(prefix: Any) -> bool:
    """Whether there is a checkpoint of this name."""
    return _file_of(prefix) is not None


def checkpoint_exists(checkpoint_prefix: Any) -> bool:
    """Whether there is a checkpoint of a name.

    Args:
        checkpoint_prefix: the name, as `Saver.save` returns it.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.checkpoint_exists("/no/such/model-1")
        False
    """
    deprecated("Use standard file APIs to check for files with this prefix.")
    return is_checkpoint(checkpoint_prefix)


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[Any]) -> list[float]:
    """When checkpoints were written.

    Args:
        checkpoint_prefixes: list of names, as `Saver.save` returns them.

    Returns:
        A list of seconds since 1970; those that are not there are left out.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.get_checkpoint_mtimes(["/no/such/model-1"])
        []
    """
    deprecated("Use standard file utilities to get mtimes.")
    return times_of(checkpoint_prefixes)


def times_of(prefixes: Iterable[Any]) -> list[float]:
    """When checkpoints were written, as `get_checkpoint_mtimes` tells."""
    files = [_file_of(prefix) for prefix in prefixes]
    return [os.path.getmtime(file) for file in files if file is not None]


def remove_checkpoint(checkpoint_prefix: Any, checkpoint_format_version: int = SaverDef.V2,
                      meta_graph_suffix: str = "meta") -> None:
    """Removes the files of a checkpoint.

    Args:
        checkpoint_prefix: its name, as `Saver.save` returns it.
        checkpoint_format_version: SaverDef.V2, or V1 for a single file of that name.
        meta_graph_suffix: the end of the name of the file with the graph.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.remove_checkpoint("/no/such/model-1")
    """
    deprecated("Use standard file APIs to delete files with this prefix.")
    remove_files(checkpoint_prefix, checkpoint_format_version, meta_graph_suffix)


def remove_files(prefix: Any, version: int = SaverDef.V2, meta_graph_suffix: str = "meta") -> None:
    """Removes the files of a checkpoint: its index first, so that no half of one is found."""
    prefix = local_path(prefix)
    if version != SaverDef.V2:
        remove(prefix)
    else:
        remove(index_file(prefix))
        for path in glob.glob(glob.escape(prefix) + ".data-?????-of-?????"):
            remove(path)
    remove(meta_graph_file(prefix, meta_graph_suffix))


def meta_graph_file(prefix: str, suffix: str = "meta") -> str:
    """The file with the graph that belongs to a checkpoint.

    Args:
        prefix: the checkpoint's name.
        suffix: the end of the file's name.
    """
    return re.sub(r"-[\d?]+-of-\d+$", "", prefix) + "." + suffix
