"""The variables of a model: made through `arg_scope`, found by scope, name and suffix.

`model_variable` is what the layers of `tf.contrib.layers` make their variables with: it is in the
collection MODEL_VARIABLES, too, which tells a model's variables from those of its training.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import device as device_scope
from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.variable import Variable, VariableAggregation, VariableSynchronization
from flowgraph.ops.variable_scope import VariableScope, get_variable, get_variable_scope
from flowgraph.train.global_step import assert_global_step, get_global_step


def local_variable(initial_value: Any, validate_shape: bool = True, name: str | None = None,
                   use_resource: bool | None = None) -> Any:
    """A variable that is neither trained nor saved, in LOCAL_VARIABLES.

    Args:
        initial_value: its first value.
        validate_shape: whether the shape of later values must be that of the first.
        name: its name.
        use_resource: accepted; there is one kind of variable.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.local_variable(0.0, name="count") in fg.local_variables()
        True
    """
    return Variable(initial_value, trainable=False, collections=[GraphKeys.LOCAL_VARIABLES],
                    validate_shape=validate_shape, name=name)


def global_variable(initial_value: Any, validate_shape: bool = True, name: str | None = None,
                    use_resource: bool | None = None) -> Any:
    """A variable that is not trained but saved, in GLOBAL_VARIABLES.

    Args:
        initial_value, validate_shape, name, use_resource: as for `local_variable`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.global_variable(0.0) in fg.trainable_variables()
        False
    """
    return Variable(initial_value, trainable=False, collections=[GraphKeys.GLOBAL_VARIABLES],
                    validate_shape=validate_shape, name=name)


@add_arg_scope
def variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
             regularizer: Any = None, trainable: bool = True, collections: Any = None,
             caching_device: Any = None, device: Any = None, partitioner: Any = None,
             custom_getter: Any = None, use_resource: bool | None = None,
             synchronization: Any = VariableSynchronization.AUTO,
             aggregation: Any = VariableAggregation.NONE) -> Any:
    """`tf.get_variable` that takes a device, and defaults from `arg_scope`.

    Args:
        name, shape, dtype, initializer, regularizer, trainable, caching_device, partitioner,
            use_resource, synchronization, aggregation: as for `tf.get_variable`.
        collections: collections it is put in; default GLOBAL_VARIABLES.
        device: device, or function from an operation to one.
        custom_getter: function called in place of `tf.get_variable`.

    Returns:
        The variable, found or made.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> with framework.arg_scope([framework.variable], dtype=fg.float64):
        ...     framework.variable("w", [2]).dtype
        tf.float64_ref
    """
    wanted = list(dict.fromkeys([GraphKeys.GLOBAL_VARIABLES] if collections is None
                                else collections))
    getter: Any = get_variable
    if custom_getter is not None:
        getter = functools.partial(custom_getter, reuse=get_variable_scope().reuse)
    with device_scope(device or ""):
        return getter(
            name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer,
            trainable=trainable, collections=wanted, caching_device=caching_device,
            partitioner=partitioner, use_resource=use_resource, synchronization=synchronization,
            aggregation=aggregation)


@add_arg_scope
def model_variable(name: str, shape: Any = None, dtype: Any = float32, initializer: Any = None,
                   regularizer: Any = None, trainable: bool = True, collections: Any = None,
                   caching_device: Any = None, device: Any = None, partitioner: Any = None,
                   custom_getter: Any = None, use_resource: bool | None = None,
                   synchronization: Any = VariableSynchronization.AUTO,
                   aggregation: Any = VariableAggregation.NONE) -> Any:
    """A variable that belongs to a model: in GLOBAL_VARIABLES and MODEL_VARIABLES.

    Args:
        name, shape, dtype, initializer, regularizer, trainable, caching_device, device,
            partitioner, custom_getter, use_resource, synchronization, aggregation: as for
            `variable`.
        collections: further collections it is put in.

    Returns:
        The variable, found or made.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> w = framework.model_variable("w", [3], initializer=fg.ones_initializer())
        >>> fg.model_variables() == [w]
        True
    """
    wanted = [*(collections or []), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    return variable(
        name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer,
        trainable=trainable, collections=wanted, caching_device=caching_device, device=device,
        partitioner=partitioner, custom_getter=custom_getter, use_resource=use_resource,
        synchronization=synchronization, aggregation=aggregation)


def add_model_variable(var: Any) -> None:
    """Puts a variable in MODEL_VARIABLES, unless it is there.

    Args:
        var: the variable.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.add_model_variable(fg.Variable(1.0, name="v"))
        >>> [v.name for v in fg.model_variables()]
        ['v:0']
    """
    if not any(var is there for there in get_default_graph().get_collection(
            GraphKeys.MODEL_VARIABLES)):
        get_default_graph().add_to_collection(GraphKeys.MODEL_VARIABLES, var)


# ---- finding them --------------------------------------------------------------------------------

def get_variables(scope: Any = None, suffix: str | None = None,
                  collection: str = GraphKeys.GLOBAL_VARIABLES) -> list[Any]:
    """The variables of a collection whose names begin and end as said.

    Args:
        scope: regular expression for the beginning of the name, or a VariableScope.
        suffix: end of the name, with or without ":0".
        collection: the collection.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework, layers
        >>> y = layers.fully_connected(fg.zeros([1, 2]), 3, scope="fc")
        >>> [v.name for v in framework.get_variables("fc", "weights")]
        ['fc/weights:0']
    """
    if isinstance(scope, VariableScope):
        scope = scope.name
    if suffix is not None:
        scope = (scope or "") + ".*" + (suffix if ":" in suffix else suffix + ":")
    return get_default_graph().get_collection(collection, scope)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The variables of models, as `get_variables` finds them.

    Args:
        scope, suffix: as for `get_variables`.

    Example:
        >>> from flowgraph.contrib import framework
        >>> framework.get_model_variables()
        []
    """
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The local variables, as `get_variables` finds them.

    Args:
        scope, suffix: as for `get_variables`.

    Example:
        >>> from flowgraph.contrib import framework
        >>> framework.get_local_variables("metrics")
        []
    """
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The variables that are trained, as `get_variables` finds them.

    Args:
        scope, suffix: as for `get_variables`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> w = fg.get_variable("logits/w", [2])
        >>> framework.get_trainable_variables("logits") == [w]
        True
    """
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_variables_to_restore(include: Any = None, exclude: Any = None) -> list[Any]:
    """The global variables inside some scopes and not inside others.

    Args:
        include: list of scopes; default all variables.
        exclude: list of scopes whose variables are left out.

    Returns:
        The variables, in the order of the scopes.

    Raises:
        TypeError: one of the two is neither a list nor a tuple.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> a, b = fg.get_variable("conv/w", [1]), fg.get_variable("logits/w", [1])
        >>> framework.get_variables_to_restore(exclude=["logits"]) == [a]
        True
    """
    for what, scopes in (("include", include), ("exclude", exclude)):
        if scopes is not None and not isinstance(scopes, (list, tuple)):
            raise TypeError(located(f"{what} is provided but is not a list or a tuple."))
    included = get_variables() if include is None else [
        variable for scope in include for variable in get_variables(scope)]
    left_out = {id(variable) for scope in exclude or () for variable in get_variables(scope)}
    return [variable for variable in included if id(variable) not in left_out]


def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """The global variables whose names end as said.

    Args:
        suffix, scope: as for `get_variables`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> w = fg.get_variable("a/biases", [2])
        >>> framework.get_variables_by_suffix("biases") == [w]
        True
    """
    return get_variables(scope=scope, suffix=suffix)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The global variables of a name, in whatever scope they are.

    Args:
        given_name: the name's last part, after the last slash.
        scope: regular expression for the beginning of the name, or a VariableScope.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> w, other = fg.get_variable("a/w", [2]), fg.get_variable("a/new_w", [2])
        >>> framework.get_variables_by_name("w") == [w]
        True
    """
    return get_variables(scope=scope, suffix=f"/{given_name}:|^{given_name}:")


def get_unique_variable(var_op_name: str) -> Any:
    """The global variable of a full name.

    Args:
        var_op_name: its full name, without ":0".

    Raises:
        ValueError: there is none.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> w = fg.get_variable("a/w", [2])
        >>> framework.get_unique_variable("a/w") is w
        True
    """
    candidates = get_variables(scope=var_op_name)
    if not candidates:
        raise ValueError(located(f"Couldn't find variable {var_op_name}"))
    for candidate in candidates:
        if candidate.op.name == var_op_name:
            return candidate
    raise ValueError(located(f"Variable {var_op_name} does not uniquely identify a variable"))


def get_variable_full_name(var: Any) -> str:
    """A variable's name in checkpoints: for a part of a variable in parts, that of the whole.

    Args:
        var: the variable.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.get_variable_full_name(fg.get_variable("a/w", [2]))
        'a/w'
    """
    part = getattr(var, "_save_slice_info", None)
    return part.full_name if part else var.op.name


def filter_variables(var_list: Any, include_patterns: Any = None, exclude_patterns: Any = None,
                     reg_search: bool = True) -> list[Any]:
    """The variables whose names match one pattern of a list and none of another.

    Args:
        var_list: the variables.
        include_patterns: regular expressions, one of which must match; None for all variables.
        exclude_patterns: regular expressions, none of which may match.
        reg_search: whether a pattern may match anywhere in the name; else at its beginning.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> a, b = fg.get_variable("conv/w", [1]), fg.get_variable("fc/w", [1])
        >>> framework.filter_variables([a, b], exclude_patterns=["fc"]) == [a]
        True
    """
    matches = re.search if reg_search else re.match
    return [variable for variable in var_list
            if (include_patterns is None or any(matches(pattern, variable.name)
                                                for pattern in include_patterns))
            and not any(matches(pattern, variable.name) for pattern in exclude_patterns or ())]


def assert_or_get_global_step(graph: Any = None, global_step_tensor: Any = None) -> Any:
    """The global step given, if it is a fit one, else the graph's.

    Args:
        graph: graph to look in; default the default graph.
        global_step_tensor: the global step, or None.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> step = fg.train.create_global_step()
        >>> framework.assert_or_get_global_step() is step
        True
    """
    if global_step_tensor is None:
        return get_global_step(graph)
    assert_global_step(global_step_tensor)
    return global_step_tensor
