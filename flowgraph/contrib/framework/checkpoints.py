"""First values of variables: from arrays, and from checkpoints; what a checkpoint holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.contrib.framework.variables import get_variable_full_name
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.identity import group
from flowgraph.ops.placeholder import placeholder
from flowgraph.platform import logging
from flowgraph.train import checkpoint_init, checkpoint_reader
from flowgraph.train.checkpoint_reader import NewCheckpointReader
from flowgraph.train.saver import Saver


def assign_from_values(var_names_to_values: dict[str, Any]) -> tuple[Any, dict[Any, Any]]:
    """An op that sets variables to arrays, and the feeds it needs.

    Args:
        var_names_to_values: dict from full names of variables, without ":0", to arrays.

    Returns:
        (the op, the dict to feed).

    Raises:
        ValueError: there is no such variable.

    Example:
        >>> import flowgraph as fg
        >>> import numpy as np
        >>> from flowgraph.contrib import framework
        >>> w = fg.get_variable("w", [2])
        >>> op, feeds = framework.assign_from_values({"w": np.array([1.0, 2.0])})
        >>> with fg.Session() as sess:
        ...     sess.run(op, feeds)
        ...     sess.run(w)
        array([1., 2.], dtype=float32)
    """
    ops, feeds = [], {}
    for name, value in var_names_to_values.items():
        variable = _variable(name)
        fed = placeholder(variable.dtype.base_dtype, variable.shape, f"placeholder/{name}")
        ops.append(variable.assign(fed))
        feeds[fed] = np.asarray(value).reshape(variable.shape.as_list())
    return group(*ops), feeds


def _variable(name: str) -> Any:
    found = get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, name)
    if not found:
        raise ValueError(located(f"Variable {name} wasn't found"))
    if len(found) == 1:
        return found[0]
    for variable in found:
        if variable.op.name == name:
            return variable
    raise ValueError(located(f"Variable {name} doesn't uniquely identify a variable"))


def assign_from_values_fn(var_names_to_values: dict[str, Any]) -> Callable[[Any], Any]:
    """A function that sets variables to arrays in a session.

    Args:
        var_names_to_values: as for `assign_from_values`.

    Returns:
        A function from a session to nothing.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> w = fg.get_variable("w", [2])
        >>> init_fn = framework.assign_from_values_fn({"w": [1.0, 2.0]})
        >>> with fg.Session() as sess:
        ...     init_fn(sess)
        ...     sess.run(w)
        array([1., 2.], dtype=float32)
    """
    op, feeds = assign_from_values(var_names_to_values)
    return lambda session: session.run(op, feeds)


def assign_from_checkpoint(model_path: Any, var_list: Any,
                           ignore_missing_vars: bool = False) -> tuple[Any, dict[Any, Any]]:
    """An op that sets variables to what a checkpoint holds, and the feeds it needs.

    Args:
        model_path: the checkpoint, as `tf.train.latest_checkpoint` gives it.
        var_list: list of variables, or dict from names in the checkpoint to variables (or lists of
            them).
        ignore_missing_vars: whether variables that the checkpoint has not are left as they are.

    Returns:
        (the op, the dict to feed).

    Raises:
        ValueError: the checkpoint has no such variable, or one of another shape.

    Example:
        >>> import flowgraph as fg
        >>> import os, tempfile
        >>> from flowgraph.contrib import framework
        >>> w = fg.get_variable("w", initializer=[1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(w.initializer)
        ...     path = fg.train.Saver().save(sess, os.path.join(tempfile.mkdtemp(), "model"))
        ...     sess.run(w.assign([0.0, 0.0])).tolist()
        ...     op, feeds = framework.assign_from_checkpoint(path, [w])
        ...     sess.run(op, feeds)
        ...     sess.run(w)
        [0.0, 0.0]
        array([1., 2.], dtype=float32)
    """
    if isinstance(var_list, (list, tuple)):
        wanted: dict[str, list[Any]] = {}
        for variable in var_list:
            wanted.setdefault(get_variable_full_name(variable), []).append(variable)
    else:
        wanted = {name: list(value) if isinstance(value, (list, tuple)) else [value]
                  for name, value in var_list.items()}
    reader = NewCheckpointReader(model_path)
    ops, feeds = [], {}
    for name, variables in wanted.items():
        if not reader.has_tensor(name):
            if not ignore_missing_vars:
                raise ValueError(located(f"Checkpoint is missing variable [{name}]"))
            logging.warning("Checkpoint is missing variable [%s]", name)
            continue
        saved = reader.get_tensor(name)
        for variable in variables:
            fed = placeholder(variable.dtype.base_dtype, variable.shape,
                              f"placeholder/{variable.op.name}")
            ops.append(variable.assign(fed))
            feeds[fed] = _part(saved, variable, name)
    return group(*ops), feeds


def _part(saved: Any, variable: Any, name: str) -> Any:
    """The part of a saved array that belongs to a variable, which mostly is all of it."""
    part = getattr(variable, "_save_slice_info", None)
    if part:
        return saved[tuple(slice(start, start + size) for start, size in
                           zip(part.var_offset, part.var_shape, strict=True))]
    if variable.shape.as_list() != list(saved.shape):
        raise ValueError(located(
            f"Total size of new array must be unchanged for {name} lh_shape: "
            f"[{tuple(saved.shape)}], rh_shape: [{variable.shape}]"))
    return saved


def assign_from_checkpoint_fn(model_path: Any, var_list: Any, ignore_missing_vars: bool = False,
                              reshape_variables: bool = False) -> Callable[[Any], Any] | None:
    """A function that sets variables to what a checkpoint holds, in a session.

    Args:
        model_path: the checkpoint, as `tf.train.latest_checkpoint` gives it.
        var_list: list of variables, or dict from names in the checkpoint to variables.
        ignore_missing_vars: whether variables that the checkpoint has not are left as they are.
        reshape_variables: whether arrays of another shape and the same number of elements fit.

    Returns:
        A function from a session to nothing; None when nothing is left to restore.

    Raises:
        ValueError: `var_list` is empty.

    Example:
        >>> import flowgraph as fg
        >>> import os, tempfile
        >>> from flowgraph.contrib import framework
        >>> w = fg.get_variable("w", initializer=[1.0, 2.0])
        >>> new = fg.get_variable("new", [3])
        >>> with fg.Session() as sess:
        ...     sess.run(w.initializer)
        ...     path = fg.train.Saver([w]).save(sess, os.path.join(tempfile.mkdtemp(), "model"))
        ...     init_fn = framework.assign_from_checkpoint_fn(path, [w, new], True)
        ...     init_fn(sess)
        ...     sess.run(w)
        array([1., 2.], dtype=float32)
    """
    if not var_list:
        raise ValueError(located("var_list cannot be empty"))
    if ignore_missing_vars:
        reader = NewCheckpointReader(model_path)
        by_name = var_list if isinstance(var_list, dict) else {
            variable.op.name: variable for variable in var_list}
        var_list = {}
        for name, variable in by_name.items():
            if reader.has_tensor(name):
                var_list[name] = variable
            else:
                logging.warning("Variable %s missing in checkpoint %s", name, model_path)
    if not var_list:
        logging.warning("No Variables to restore")
        return None
    saver = Saver(var_list, reshape=reshape_variables)
    return lambda session: saver.restore(session, model_path)


# ---- what a checkpoint holds ---------------------------------------------------------------------


def load_checkpoint(filepattern: Any) -> Any:
    """Opens a checkpoint, or the latest one of a folder.

    Args:
        filepattern: folder, or name of a checkpoint.

    Returns:
        A reader, as `tf.train.load_checkpoint` gives it.

    Raises:
        ValueError: there is none.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> old = fg.get_variable("old", initializer=[1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(old.initializer)
        ...     path = fg.train.Saver().save(sess, tempfile.mkdtemp() + "/model")
        >>> framework.load_checkpoint(path).get_tensor("old")
        array([1., 2.], dtype=float32)
    """
    return checkpoint_reader.load_checkpoint(filepattern)


def load_variable(checkpoint_dir: Any, name: str) -> Any:
    """The value of a variable in a checkpoint.

    Args:
        checkpoint_dir: folder, or name of a checkpoint.
        name: the variable's name.

    Returns:
        An array.

    Raises:
        ValueError: there is no checkpoint.
        NotFoundError: it has no such variable.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> old = fg.get_variable("old", initializer=[1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(old.initializer)
        ...     path = fg.train.Saver().save(sess, tempfile.mkdtemp() + "/model")
        >>> framework.load_variable(path, "old")
        array([1., 2.], dtype=float32)
    """
    return checkpoint_reader.load_variable(checkpoint_dir, name)


def list_variables(checkpoint_dir: Any) -> list[tuple[str, list[int]]]:
    """The names and shapes of the variables in a checkpoint.

    Args:
        checkpoint_dir: folder, or name of a checkpoint.

    Returns:
        A list of pairs (name, shape).

    Raises:
        ValueError: there is no checkpoint.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> old = fg.get_variable("old", initializer=[1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(old.initializer)
        ...     path = fg.train.Saver().save(sess, tempfile.mkdtemp() + "/model")
        >>> framework.list_variables(path)
        [('old', [2])]
    """
    return checkpoint_reader.list_variables(checkpoint_dir)


def init_from_checkpoint(checkpoint_dir: Any, assignment_map: dict[str, Any]) -> None:
    """Lets the initializers of variables read their values from a checkpoint.

    Args:
        checkpoint_dir: folder, or name of a checkpoint.
        assignment_map: as for `tf.train.init_from_checkpoint`.

    Raises:
        ValueError: there is no such checkpoint, or a variable is not in it, or has another shape
            there.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> old = fg.get_variable("old", initializer=[1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(old.initializer)
        ...     path = fg.train.Saver().save(sess, tempfile.mkdtemp() + "/model")
        >>> new = fg.get_variable("new", [2])
        >>> framework.init_from_checkpoint(path, {"old": new})
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(new)
        array([1., 2.], dtype=float32)
    """
    checkpoint_init.init_from_checkpoint(checkpoint_dir, assignment_map)
