"""`tf.train.save_npz` and `load_npz`: variables in files that NumPy reads.

TensorFlow has no such thing. `tf.train.Saver.restore`, `tf.train.load_checkpoint` and
`tf.train.list_variables` read these files too.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.collections import GraphKeys
from flowgraph.io.checkpoints.npz import ENDING, NpzReader, write_npz
from flowgraph.ops.partitioned_variable import PartitionedVariable
from flowgraph.ops.variable import Variable
from flowgraph.train.saver_variables import Saved, saved_variables


def save_npz(path: Any, sess: Any, var_list: Any = None) -> str:
    """Saves variables in an uncompressed `.npz` file, which `numpy.load` reads without pickle.

    A save is all or nothing: whoever kills the program in the middle finds the file before.

    Args:
        path: the file; ".npz" is added if it does not end so.
        sess: the Session.
        var_list: list of variables, or dict of variables by the names to save them under; default
            all global variables of the session's graph.

    Returns:
        The path.

    Raises:
        ValueError: two variables have one name, or parts of a partitioned variable are missing.
        TypeError: something in `var_list` is no variable.
        FailedPreconditionError: a variable has no value yet.

    Example:
        >>> import tempfile
        >>> import numpy as np, flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0], name="layer/v")
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     path = fg.train.save_npz(tempfile.mkdtemp() + "/model", sess)
        >>> np.load(path)["layer/v"]
        array([1., 2.], dtype=float32)
    """
    path = os.fsdecode(path)
    path = path if path.endswith(ENDING) else path + ENDING
    arrays: dict[str, np.ndarray] = {}
    found = _variables(sess, var_list)
    _require_whole(found)
    values = sess.run([saved.value for saved, _ in found])
    for (saved, variable), value in zip(found, values, strict=True):
        value = np.asarray(value)
        if saved.part:
            info = variable._save_slice_info
            whole = arrays.setdefault(saved.name, np.zeros(info.full_shape, value.dtype))
            whole[_place(info)] = value
        else:
            arrays[saved.name] = value
    write_npz(path, arrays)
    return path


def load_npz(path: Any, sess: Any, var_list: Any = None, strict: bool = True) -> None:
    """Gives variables the values that they have in an `.npz` file; all or nothing.

    Args:
        path: the file, from `save_npz`, `numpy.savez` or `numpy.savez_compressed`; ".npz" is added
            if it does not end so.
        sess: the Session; its variables need not be initialized.
        var_list: list of variables, or dict of variables by the names they have in the file;
            default all global variables of the session's graph.
        strict: whether it is an error if the file has more than these variables.

    Raises:
        InvalidArgumentError: a variable is not in the file, or has another dtype or shape there,
            or the file has more: the message lists all of them.
        NotFoundError: there is no such file.
        DataLossError: it is damaged.

    Example:
        >>> import tempfile
        >>> import numpy as np, flowgraph as fg
        >>> path = tempfile.mkdtemp() + "/model.npz"
        >>> np.savez(path, v=np.float32([3.0, 4.0]))
        >>> v = fg.Variable([1.0, 2.0], name="v")
        >>> with fg.Session() as sess:
        ...     fg.train.load_npz(path, sess)
        ...     sess.run(v)
        array([3., 4.], dtype=float32)
    """
    path = os.fsdecode(path)
    reader = NpzReader(path if path.endswith(ENDING) else path + ENDING)
    found = _variables(sess, var_list)
    _require_match(reader, found, strict)
    wholes = {name: reader.read(name) for name in {saved.name for saved, _ in found}}
    feeds = {}
    for saved, variable in found:
        value = wholes[saved.name]
        feeds[variable.initializer.inputs[1]] = (
            value[_place(variable._save_slice_info)] if saved.part else value)
    sess.run([variable.initializer for _, variable in found], feeds)


def _variables(sess: Any, var_list: Any) -> list[tuple[Saved, Variable]]:
    """What is saved, with the variables."""
    if not hasattr(sess, "graph"):
        raise TypeError(located(f"a Session is needed, got {sess!r:.100}",
                                "Pass the session in which the variables have their values."))
    if var_list is None:
        var_list = sess.graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
    saved = saved_variables(var_list)
    by_tensor = {}
    for value in var_list.values() if isinstance(var_list, dict) else var_list:
        for variable in value if isinstance(value, (list, tuple, PartitionedVariable)) else [value]:
            if not isinstance(variable, Variable):
                raise TypeError(located(f"a variable is needed, not {variable!r:.100}",
                                        "Pass the tf.Variable objects themselves."))
            by_tensor[variable._ref()] = variable
    return [(one, by_tensor[one.variable]) for one in saved]


def _place(info: Any) -> tuple[slice, ...]:
    """Where a part of a partitioned variable is."""
    return tuple(slice(start, start + size)
                 for start, size in zip(info.var_offset, info.var_shape, strict=True))


def _require_whole(found: list[tuple[Saved, Variable]]) -> None:
    """Raises ValueError unless all parts of partitioned variables are there."""
    held: dict[str, int] = {}
    for saved, variable in found:
        if saved.part:
            held[saved.name] = held.get(saved.name, 0) + math.prod(
                variable._save_slice_info.var_shape)
    for saved, variable in found:
        if saved.part:
            whole = variable._save_slice_info.full_shape
            if held[saved.name] != math.prod(whole):
                raise ValueError(located(
                    f"var_list has parts of {saved.name!r} that hold {held[saved.name]} of its "
                    f"{math.prod(whole)} elements", "Give all parts: the PartitionedVariable."))


def _require_match(reader: NpzReader, found: list[tuple[Saved, Variable]], strict: bool) -> None:
    """Raises one error that lists everything that does not fit."""
    problems = []
    names = {saved.name for saved, _ in found}
    for saved, variable in found:
        if saved.name not in reader.entries:
            problems.append((saved.name, "is not in the file"))
            continue
        entry, dtype = reader.entry(saved.name), reader.dtype(saved.name)
        if dtype != saved.dtype:
            problems.append((saved.name, f"is {dtype.name} in the file, not {saved.dtype.name}"))
        shape = (tuple(variable._save_slice_info.full_shape) if saved.part
                 else variable.shape.as_list() if variable.shape.ndims is not None else None)
        if shape is not None and (len(shape) != len(entry.shape) or any(
                size not in (None, held) for size, held in zip(shape, entry.shape, strict=True))):
            problems.append((saved.name, f"has shape {shape_text(entry.shape)} in the file, not "
                             f"{shape_text(tuple(shape))}"))
    if strict:
        problems += [(name, "is in the file, but no variable")
                     for name in sorted(reader.entries.keys() - names)]
    if problems:
        raise InvalidArgumentError(None, None, located(
            f"the variables are not those of {reader.prefix}",
            "Pass var_list={name: variable} to say under which names to look" + (
                ", or strict=False to leave out what is not wanted." if strict else "."),
            "invalid-argument-error", list(dict.fromkeys(problems))))
