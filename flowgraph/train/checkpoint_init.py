"""`tf.train.init_from_checkpoint`: variables that start from the values in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import device, get_default_graph
from flowgraph.io.checkpoints.save_restore import restore_v2
from flowgraph.ops.partitioned_variable import PartitionedVariable
from flowgraph.ops.state import assign
from flowgraph.ops.variable import Variable
from flowgraph.ops.variable_scope import variables_of
from flowgraph.train.checkpoint_reader import checkpoint_in, load_checkpoint

_PART = "/part_"


def init_from_checkpoint(ckpt_dir_or_file: Any, assignment_map: Mapping[str, Any]) -> None:
    """Lets the initializers of variables read their values from a checkpoint.

    The values are read when the initializers run, as `tf.global_variables_initializer()`, which
    must be built after this call.

    Args:
        ckpt_dir_or_file: folder, or name of a checkpoint.
        assignment_map: dict from names in the checkpoint to variables: a Variable, a
            PartitionedVariable or the list of its parts, or the name of one made by
            `tf.get_variable`; or from a scope there to a scope here, as `{"old/": "new/"}`, for all
            variables of the scope; "/" stands for no scope.

    Raises:
        ValueError: there is no such checkpoint, or a variable is not in it, or has another shape
            there.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> old = fg.get_variable("old", initializer=[1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(old.initializer)
        ...     path = fg.train.Saver().save(sess, tempfile.mkdtemp() + "/model")
        >>> new = fg.get_variable("new", [2])
        >>> fg.train.init_from_checkpoint(path, {"old": new})
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(new)
        array([1., 2.], dtype=float32)
    """
    shapes = load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map()
    prefix = checkpoint_in(ckpt_dir_or_file)
    known = variables_of(get_default_graph()).store.by_name
    for name, target in sorted(assignment_map.items(), key=lambda item: item[0]):
        variable = _variable(target, known) if isinstance(target, str) else target
        if variable is not None:
            pairs = [(name, variable)]
        else:
            pairs = _pairs_of_scopes(name, target, known, ckpt_dir_or_file, shapes)
        for saved, found in pairs:
            if saved not in shapes:
                raise ValueError(located(f"Tensor {saved} is not found in {ckpt_dir_or_file} "
                                         f"checkpoint {shapes}"))
            _set_initializer(found, prefix, saved, shapes[saved])


def _variable(name: str, known: dict[str, Any]) -> Any:
    """The variable of a name, or the parts of a partitioned one; None if there is none."""
    if name in known:
        return known[name]
    parts: list[Any] = []
    while f"{name}{_PART}{len(parts)}" in known:
        parts.append(known[f"{name}{_PART}{len(parts)}"])
    return parts or None


def _pairs_of_scopes(saved_scope: str, scope: str, known: dict[str, Any], checkpoint: Any,
                     shapes: dict[str, list[int]]) -> list[tuple[str, Any]]:
    """(name in the checkpoint, variable) for all variables of a scope."""
    here = scope[:scope.rindex("/")] if "/" in scope else ""
    if not saved_scope.endswith("/"):
        raise ValueError(located(f"Assignment map with scope only name {here} should map to scope "
                                 f"only {saved_scope}. Should be 'scope/': 'other_scope/'. There "
                                 f"is no variable {scope!r}."))
    names = {name.split(_PART)[0] for name in known if not here or name.startswith(here + "/")}
    pairs = []
    for name in sorted(names):
        rest = name.removeprefix(here + "/") if here else name
        saved = rest if saved_scope == "/" else saved_scope + rest
        if saved not in shapes:
            raise ValueError(located(f"Tensor {saved} ({rest} in {saved_scope}) is not found in "
                                     f"{checkpoint} checkpoint"))
        pairs.append((saved, _variable(name, known)))
    return pairs


def _set_initializer(variable: Any, prefix: Any, saved: str, sizes: list[int]) -> None:
    """Replaces the initializer of a variable, or of each part of one."""
    if isinstance(variable, (list, tuple, PartitionedVariable)):
        wholes = {part._save_slice_info.full_name for part in variable}
        if len(wholes) != 1:
            raise ValueError(located(f"Slices must all be from the same tensor: {sorted(wholes)}"))
        for part in variable:
            _restore(part, prefix, saved, part._save_slice_info.spec)
        return
    if not isinstance(variable, Variable):
        raise TypeError(located("assignment_map must lead to variables or names of them, not to "
                                f"{variable!r:.100}"))
    if not variable.shape.is_compatible_with(sizes):
        raise ValueError(located(f"Shape of variable {variable.name} ({variable.shape}) doesn't "
                                 f"match with shape of tensor {saved} ({sizes}) from checkpoint "
                                 "reader."))
    _restore(variable, prefix, saved, "")


def _restore(variable: Variable, prefix: Any, saved: str, part: str) -> None:
    with variable.graph.as_default(), device("cpu:0"):
        (value,) = restore_v2(prefix, [saved], [part], [variable.dtype.base_dtype],
                              name="checkpoint_initializer")
    set_by = assign(variable, value, validate_shape=variable.shape.is_fully_defined())
    value.set_shape(variable.shape)
    variable._initializer = set_by.op
    variable._initial_value = value
