"""Looking into checkpoints without a graph: which tensors there are, and their values."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.system_error import local_path
from flowgraph.errors import UnimplementedError
from flowgraph.io.checkpoints.bundle import as_bytes, dtype_name
from flowgraph.io.checkpoints.bundle_entries import Entry
from flowgraph.io.checkpoints.first_format import open_checkpoint
from flowgraph.train.checkpoint_state import latest_checkpoint

_ENUM_NAMES = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}


class CheckpointReader:
    """The tensors of a checkpoint by name; `tf.train.load_checkpoint` makes one.

    Args:
        filepattern: the checkpoint's name, as `Saver.save` returns it.
    """

    def __init__(self, filepattern: Any) -> None:
        self._bundle = open_checkpoint(local_path(filepattern))

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether there is a tensor of this name."""
        return tensor_str in self._bundle.entries

    def get_tensor(self, tensor_str: str) -> Any:
        """The value of a tensor: an array, or a NumPy scalar of rank 0; strings are bytes.

        Args:
            tensor_str: the tensor's name.

        Raises:
            NotFoundError: there is no such tensor.
            DataLossError: its bytes are damaged.
        """
        array = self._bundle.read(tensor_str)
        return array[()] if array.ndim == 0 else array

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """{name: list of sizes} of all tensors."""
        return {name: list(entry.shape) for name, entry in self._bundle.entries.items()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """{name: dtype} of all tensors, but for those of dtypes that flowgraph has not."""
        found = {}
        for name in self._bundle.entries:
            try:
                found[name] = self._bundle.dtype(name)
            except UnimplementedError:
                continue
        return found

    def debug_string(self) -> bytes:
        """Name, dtype and shape of each tensor, and of each part of a partitioned one."""
        whole = {as_bytes(name): entry for name, entry in self._bundle.entries.items()
                 if not entry.slices}
        rows = sorted([*whole.items(), *self._bundle.parts.items()])
        return b"".join(key + _described(entry).encode() for key, entry in rows)


def _described(entry: Entry) -> str:
    name = dtype_name(entry.dtype)
    sizes = ",".join(map(str, entry.shape))
    return f" (DT_{_ENUM_NAMES.get(name, name.upper())}) [{sizes}]\n"


def NewCheckpointReader(filepattern: Any) -> CheckpointReader:
    """Opens a checkpoint.

    Args:
        filepattern: its name, as `Saver.save` returns it.

    Returns:
        A reader with the methods `has_tensor`, `get_tensor`, `get_variable_to_shape_map`,
        `get_variable_to_dtype_map` and `debug_string`.

    Raises:
        NotFoundError: there is no such checkpoint.
        DataLossError: it is damaged.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0], name="v")
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     path = fg.train.Saver().save(sess, tempfile.mkdtemp() + "/model")
        >>> fg.train.NewCheckpointReader(path).get_tensor("v")
        array([1., 2.], dtype=float32)
    """
    return CheckpointReader(filepattern)


def checkpoint_in(ckpt_dir_or_file: Any) -> str | None:
    """The latest checkpoint of a folder; what is no folder is a checkpoint's name itself."""
    if os.path.isdir(ckpt_dir_or_file):
        return latest_checkpoint(ckpt_dir_or_file)
    return os.fsdecode(ckpt_dir_or_file)


def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """Opens a checkpoint, or the latest one of a folder.

    Args:
        ckpt_dir_or_file: folder, or name of a checkpoint.

    Returns:
        A reader with the methods `has_tensor`, `get_tensor`, `get_variable_to_shape_map`,
        `get_variable_to_dtype_map` and `debug_string`.

    Raises:
        ValueError: there is no checkpoint in the folder.
        NotFoundError: there is no such checkpoint.
        DataLossError: it is damaged.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0], name="v")
        >>> folder = tempfile.mkdtemp()
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     path = fg.train.Saver().save(sess, folder + "/model")
        >>> fg.train.load_checkpoint(folder).get_variable_to_shape_map()
        {'v': [2]}
    """
    prefix = checkpoint_in(ckpt_dir_or_file)
    if prefix is None:
        raise ValueError(located("Couldn't find 'checkpoint' file or checkpoints in given "
                                 f"directory {ckpt_dir_or_file}"))
    return CheckpointReader(prefix)


def load_variable(ckpt_dir_or_file: Any, name: str) -> np.ndarray:
    """The value of a variable in a checkpoint.

    Args:
        ckpt_dir_or_file: folder, or name of a checkpoint.
        name: the variable's name.

    Returns:
        An array, or a NumPy scalar of rank 0.

    Raises:
        NotFoundError: there is no such checkpoint, or no such variable in it.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> v = fg.Variable(3, name="v")
        >>> folder = tempfile.mkdtemp()
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     path = fg.train.Saver().save(sess, folder + "/model")
        >>> fg.train.load_variable(folder, "v")
        np.int32(3)
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """The names and shapes of the variables in a checkpoint.

    Args:
        ckpt_dir_or_file: folder, or name of a checkpoint.

    Returns:
        A list of (name, list of sizes), sorted.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> v, w = fg.Variable(3, name="v"), fg.Variable([[1.0]], name="w")
        >>> folder = tempfile.mkdtemp()
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     path = fg.train.Saver().save(sess, folder + "/model")
        >>> fg.train.list_variables(folder)
        [('v', []), ('w', [1, 1])]
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def checkpoints_iterator(checkpoint_dir: Any, min_interval_secs: float = 0,
                         timeout: float | None = None,
                         timeout_fn: Callable[[], Any] | None = None) -> Iterator[str]:
    """Yields the names of checkpoints as they appear in a folder; it looks once a second.

    Args:
        checkpoint_dir: the folder.
        min_interval_secs: the least number of seconds between two of them.
        timeout: for how many seconds to wait for a new one; None for ever.
        timeout_fn: function called when none came in that time; if it returns something true the
            iterator ends, else it waits on. Without it the iterator ends.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> list(fg.train.checkpoints_iterator(tempfile.mkdtemp(), timeout=0))
        []
    """
    last = None
    while True:
        found = _new_checkpoint(checkpoint_dir, last, timeout)
        if found is None:
            if timeout_fn is None:
                logger().info("Timed-out waiting for a checkpoint.")
                return
            if timeout_fn():
                return
            continue
        start = time.time()
        last = found
        yield found
        time.sleep(max(0.0, start + min_interval_secs - time.time()))


def _new_checkpoint(folder: Any, last: str | None, timeout: float | None) -> str | None:
    """Waits until the latest checkpoint is not `last`; None when the time is over."""
    end = None if timeout is None else time.time() + timeout
    while True:
        found = latest_checkpoint(folder)
        if found is not None and found != last:
            return found
        if end is not None and time.time() + 1 > end:
            return None
        time.sleep(1)
