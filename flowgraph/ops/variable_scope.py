"""Variable scopes: `tf.get_variable` makes a variable or finds the one made before.

A variable scope gives the variables inside a prefix and defaults (initializer, regularizer, dtype,
…), and says whether they may be found again (`reuse`). It opens a name scope too, with one
difference: a second `with tf.variable_scope("layer")` goes on with the variables "layer/w", while
its ops are called "layer_1/…".
"""

from __future__ import annotations

import enum
import functools
import threading
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph, get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.subgraph import building_graph, outermost
from flowgraph.ops.variable import Variable, VariableAggregation, VariableSynchronization
from flowgraph.ops.variable_store import VariableStore


class _ReuseMode(enum.Enum):
    """Find a variable, or make it if it is not there."""

    AUTO_REUSE = 1


AUTO_REUSE = _ReuseMode.AUTO_REUSE


class VariableScope:
    """The prefix and the defaults that `tf.get_variable` uses inside a `tf.variable_scope`.

    Args:
        reuse: True to find variables, None to make them, `tf.AUTO_REUSE` to do what is needed.
        name: the prefix, without a trailing slash.
        initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource,
            constraint: defaults for `tf.get_variable`.
        name_scope: the name scope opened with it.

    Example:
        >>> import flowgraph as fg
        >>> with fg.variable_scope("layer", dtype=fg.float64) as scope:
        ...     w = fg.get_variable("w", [2])
        >>> scope.name, scope.dtype, scope.trainable_variables() == [w]
        ('layer', tf.float64, True)
    """

    def __init__(self, reuse: Any, name: str = "", initializer: Any = None, regularizer: Any = None,
                 caching_device: Any = None, partitioner: Any = None, custom_getter: Any = None,
                 name_scope: str = "", dtype: Any = dt.float32, use_resource: bool | None = None,
                 constraint: Any = None) -> None:
        self._reuse = reuse
        self._name = name
        self._name_scope = name_scope
        self._defaults = {
            "initializer": initializer, "regularizer": regularizer,
            "caching_device": caching_device, "partitioner": partitioner,
            "custom_getter": custom_getter, "dtype": as_dtype(dtype), "use_resource": use_resource,
            "constraint": constraint}

    @property
    def name(self) -> str:
        """The prefix of the variables inside."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope opened with it, with its slash."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        """Whether variables are found (True), made (False or None), or either (`tf.AUTO_REUSE`)."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._defaults["initializer"]

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._defaults["regularizer"]

    @property
    def caching_device(self) -> Any:
        """The default device for reads."""
        return self._defaults["caching_device"]

    @property
    def partitioner(self) -> Any:
        """The default partitioner: says into how many parts variables are cut, or None."""
        return self._defaults["partitioner"]

    @property
    def custom_getter(self) -> Any:
        """The function that stands before `tf.get_variable`, or None."""
        return self._defaults["custom_getter"]

    @property
    def dtype(self) -> DType:
        """The default dtype."""
        return self._defaults["dtype"]

    @property
    def use_resource(self) -> bool | None:
        """As given; there is one kind of variable."""
        return self._defaults["use_resource"]

    @property
    def constraint(self) -> Any:
        """The default constraint."""
        return self._defaults["constraint"]

    def reuse_variables(self) -> None:
        """From now on variables are found, not made, inside this scope."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Sets the default initializer."""
        self._defaults["initializer"] = initializer

    def set_regularizer(self, regularizer: Any) -> None:
        """Sets the default regularizer."""
        self._defaults["regularizer"] = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Sets the default device for reads."""
        self._defaults["caching_device"] = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Sets the default partitioner."""
        self._defaults["partitioner"] = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Sets the function that stands before `tf.get_variable`."""
        self._defaults["custom_getter"] = custom_getter

    def set_dtype(self, dtype: Any) -> None:
        """Sets the default dtype."""
        self._defaults["dtype"] = as_dtype(dtype)

    def set_use_resource(self, use_resource: bool) -> None:
        """Accepted; there is one kind of variable."""
        self._defaults["use_resource"] = use_resource

    def get_collection(self, name: str) -> list[Any]:
        """The items of a collection whose names are inside this scope."""
        scope = self._name + "/" if self._name else self._name
        return get_default_graph().get_collection(name, scope)

    def trainable_variables(self) -> list[Any]:
        """The trainable variables inside this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The global variables inside this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """The local variables inside this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(self, var_store: Any, name: str, shape: Any = None, dtype: Any = None,
                     initializer: Any = None, regularizer: Any = None, reuse: Any = None,
                     trainable: bool | None = None, collections: Any = None,
                     caching_device: Any = None, partitioner: Any = None,
                     validate_shape: bool = True, use_resource: bool | None = None,
                     custom_getter: Any = None, constraint: Any = None,
                     synchronization: Any = VariableSynchronization.AUTO,
                     aggregation: Any = VariableAggregation.NONE) -> Any:
        """`tf.get_variable` with this scope's prefix and defaults."""
        given = {"initializer": initializer, "regularizer": regularizer, "constraint": constraint,
                 "caching_device": caching_device, "partitioner": partitioner, "dtype": dtype,
                 "custom_getter": custom_getter, "use_resource": use_resource}
        if dtype is not None and initializer is not None and not callable(initializer):
            found = convert_to_tensor(initializer).dtype.base_dtype
            if found is not as_dtype(dtype).base_dtype:
                raise ValueError(located(
                    f"Initializer type '{found.name}' and explicit dtype '{as_dtype(dtype).name}' "
                    "don't match.",
                    "Leave dtype out, or make the initializer with that dtype."))
        wanted = {key: self._defaults[key] if value is None else value
                  for key, value in given.items()}
        full_name = f"{self._name}/{name}" if self._name else name
        with name_scope(None):
            return var_store.get_variable(
                full_name, shape=shape, reuse=self._reuse if reuse is None else reuse,
                trainable=trainable, collections=collections, validate_shape=validate_shape,
                synchronization=synchronization, aggregation=aggregation, **wanted)


# ---- what is open --------------------------------------------------------------------------------


class _Open(threading.local):
    """The variable scope open in this thread, and how often each scope name was opened."""

    def __init__(self) -> None:
        self.scope = VariableScope(False)
        self.counts: dict[str, int] = {}

    def count(self, name: str) -> None:
        """Notes that the scope `name` was opened."""
        self.counts[name] = self.counts.get(name, 0) + 1

    def forget_inside(self, name: str) -> None:
        """A scope was left: those inside it may be opened under their first names again."""
        for key in [key for key in self.counts if key.startswith(name + "/")]:
            del self.counts[key]

    def unique(self, prefix: str) -> str:
        """`prefix`, with a number if a scope of this name was opened here before."""
        full = f"{self.scope.name}/{prefix}" if self.scope.name else prefix
        if not self.counts.get(full):
            return prefix
        number = 1
        while self.counts.get(f"{full}_{number}"):
            number += 1
        return f"{prefix}_{number}"


class _GraphVariables:
    """What a graph keeps for `tf.get_variable`."""

    def __init__(self) -> None:
        self.store = VariableStore()
        self.open = _Open()


def variables_of(graph: Graph) -> _GraphVariables:
    """What a graph keeps for `tf.get_variable`; made when first asked for, gone with the graph.

    Args:
        graph: the graph; a branch or a loop's body shares what the graph around it keeps.
    """
    graph = outermost(graph)
    state = vars(graph).get("_get_variable_state")
    if state is None:
        state = vars(graph)["_get_variable_state"] = _GraphVariables()
    return state


def get_variable_scope() -> VariableScope:
    """The variable scope open now.

    Example:
        >>> import flowgraph as fg
        >>> with fg.variable_scope("a"), fg.variable_scope("b"):
        ...     fg.get_variable_scope().name
        'a/b'
    """
    return variables_of(get_default_graph()).open.scope


class variable_scope:
    """Opens a variable scope: a prefix and defaults for `tf.get_variable` in the with block.

    Args:
        name_or_scope: the scope's name, or a VariableScope to enter again; None for `default_name`.
        default_name: the name when there is no other, made unique.
        values: tensors that the ops inside will take; their graph becomes the default.
        initializer, regularizer, caching_device, custom_getter, dtype, use_resource, constraint:
            defaults for `tf.get_variable` inside.
        partitioner: default for `tf.get_variable` inside, as `tf.fixed_size_partitioner` makes one.
        reuse: True to find variables, None or False to do as outside, `tf.AUTO_REUSE` for either.
        auxiliary_name_scope: False opens no name scope.

    Raises:
        ValueError: `reuse` is something else, or there is only a default name.
        TypeError: there is no name.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     with fg.variable_scope("layer"):
        ...         w = fg.get_variable("w", [2])
        ...     with fg.variable_scope("layer", reuse=True):
        ...         same = fg.get_variable("w", [2])
        >>> w.name, same is w
        ('layer/w:0', True)
    """

    def __init__(self, name_or_scope: Any, default_name: str | None = None, values: Any = None,
                 initializer: Any = None, regularizer: Any = None, caching_device: Any = None,
                 partitioner: Any = None, custom_getter: Any = None, reuse: Any = None,
                 dtype: Any = None, use_resource: bool | None = None, constraint: Any = None,
                 auxiliary_name_scope: bool = True) -> None:
        if name_or_scope is None and default_name is None:
            raise TypeError(located("If default_name is None then name_or_scope is required"))
        if name_or_scope is not None and not isinstance(name_or_scope, (VariableScope, str)):
            raise TypeError(located("VariableScope: name_or_scope must be a string or "
                                    f"VariableScope, not {name_or_scope!r:.100}"))
        if reuse not in (True, False, None, AUTO_REUSE):
            raise ValueError(located("The reuse parameter must be True or False or None or "
                                     "tf.AUTO_REUSE."))
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(located("The auxiliary_name_scope must be `True` or `False`, while get "
                                    f"{auxiliary_name_scope!r}"))
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._reuse = reuse or None
        self._auxiliary_name_scope = auxiliary_name_scope
        self._changes = {key: value for key, value in (
            ("initializer", initializer), ("regularizer", regularizer),
            ("caching_device", caching_device), ("custom_getter", custom_getter),
            ("dtype", None if dtype is None else as_dtype(dtype)), ("use_resource", use_resource),
            ("constraint", constraint), ("partitioner", partitioner)) if value is not None}
        self._graph = next((value.graph for value in values or ()
                            if isinstance(value, (Tensor, Variable))), None)
        self._left: list[Any] = []  # what to undo, one entry per `with` (they may nest)

    def __enter__(self) -> VariableScope:
        graph = building_graph(self._graph or get_default_graph())
        default = graph.as_default()
        default.__enter__()
        names: Any = None
        try:
            names = self._name_scope(graph)
            entered = names.__enter__() if names is not None else ""
            state = variables_of(graph).open
            old, counts = state.scope, None
            if isinstance(self._name_or_scope, VariableScope):
                counts = dict(state.counts)
                scope = self._again(self._name_or_scope)
            else:
                scope = self._inside(state, entered)
        except BaseException:
            default.__exit__(None, None, None)
            raise
        state.count(scope.name)
        state.scope = scope
        self._left.append((default, names, state, old, counts))
        return scope

    def __exit__(self, *exc: Any) -> None:
        default, names, state, old, counts = self._left.pop()
        state.forget_inside(state.scope.name)
        if counts is not None:
            state.counts = counts
        state.scope = old
        if names is not None:
            names.__exit__(*exc)
        default.__exit__(*exc)

    def _name_scope(self, graph: Graph) -> Any:
        """The name scope to open; None when the root scope is entered again."""
        if not self._auxiliary_name_scope:
            current = graph.get_name_scope()
            return graph.name_scope(current + "/" if current else None)
        if self._name_or_scope is None:
            return graph.name_scope(self._default_name)
        if isinstance(self._name_or_scope, VariableScope):
            name = self._name_or_scope.name.rsplit("/", 1)[-1]
        else:
            name = self._name_or_scope
        return graph.name_scope(name) if name else None

    def _again(self, scope: VariableScope) -> VariableScope:
        """A copy of a scope made before, with this with-statement's changes."""
        return VariableScope(self._reuse or scope.reuse, name=scope.name,
                             name_scope=scope.original_name_scope, **self._changed(scope))

    def _inside(self, state: _Open, entered: str) -> VariableScope:
        """The open scope, one name longer, with this with-statement's changes."""
        name: Any = self._name_or_scope
        if name is None:
            if self._reuse:
                raise ValueError(located("reuse=True cannot be used without a name_or_scope"))
            name = state.unique(self._default_name or "")
        old = state.scope
        full_name = f"{old.name}/{name}" if old.name else name
        return VariableScope(self._reuse or old.reuse, name=full_name, name_scope=entered or name,
                             **self._changed(old))

    def _changed(self, scope: VariableScope) -> dict[str, Any]:
        changed = {**scope._defaults, **self._changes}
        outer, inner = scope.custom_getter, self._changes.get("custom_getter")
        if inner is not None and outer is not None:
            changed["custom_getter"] = _nested_getter(inner, outer)
        return changed


def _nested_getter(inner: Any, outer: Any) -> Any:
    """`inner`, whose getter is `outer`, whose getter is the true one."""
    def getter(getter: Any, *args: Any, **kwargs: Any) -> Any:
        return inner(functools.partial(outer, getter), *args, **kwargs)
    return getter


def get_variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
                 regularizer: Any = None, trainable: bool | None = None, collections: Any = None,
                 caching_device: Any = None, partitioner: Any = None, validate_shape: bool = True,
                 use_resource: bool | None = None, custom_getter: Any = None,
                 constraint: Any = None, synchronization: Any = VariableSynchronization.AUTO,
                 aggregation: Any = VariableAggregation.NONE) -> Any:
    """Makes a variable in the open variable scope, or finds the one made before.

    Args:
        name: its name inside the scope.
        shape: its shape; left out when `initializer` is a value, or when it is found.
        dtype: default that of the scope, float32.
        initializer: an initializer (`tf.zeros_initializer()`), a value, or a function without
            arguments; default the scope's, else Glorot's uniform one (zeros for integers).
        regularizer: function from the variable to a loss, put in REGULARIZATION_LOSSES.
        trainable, collections, caching_device, validate_shape, constraint: as for tf.Variable.
        partitioner: function from shape and dtype to the number of parts along each axis, as
            `tf.fixed_size_partitioner` makes one; the result is then a PartitionedVariable, whose
            parts are variables named "name/part_0" and so on.
        custom_getter: function called in place of this one; gets this one as `getter`.
        use_resource, synchronization, aggregation: accepted.

    Raises:
        ValueError: it exists and the scope does not reuse; or it does not exist and the scope
            reuses; or it has another shape or dtype.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     w = fg.get_variable("w", [2, 3], initializer=fg.zeros_initializer())
        >>> w
        <tf.Variable 'w:0' shape=(2, 3) dtype=float32_ref>
    """
    state = variables_of(get_default_graph())
    return state.open.scope.get_variable(
        state.store, name, shape=shape, dtype=dtype, initializer=initializer,
        regularizer=regularizer, trainable=trainable, collections=collections,
        caching_device=caching_device, partitioner=partitioner, validate_shape=validate_shape,
        use_resource=use_resource, custom_getter=custom_getter, constraint=constraint,
        synchronization=synchronization, aggregation=aggregation)


def get_local_variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
                       regularizer: Any = None, trainable: bool | None = False,
                       collections: Any = None, caching_device: Any = None, partitioner: Any = None,
                       validate_shape: bool = True, use_resource: bool | None = None,
                       custom_getter: Any = None, constraint: Any = None,
                       synchronization: Any = VariableSynchronization.AUTO,
                       aggregation: Any = VariableAggregation.NONE) -> Any:
    """`tf.get_variable` for a variable that checkpoints leave out, in LOCAL_VARIABLES.

    Args:
        name, shape, dtype, initializer, regularizer, collections, caching_device, partitioner,
            validate_shape, use_resource, custom_getter, constraint, synchronization, aggregation:
            as for `tf.get_variable`.
        trainable: accepted; it is never trained.

    Raises:
        ValueError: as for `tf.get_variable`.

    Example:
        >>> import flowgraph as fg
        >>> count = fg.get_local_variable("count", [], fg.int32)
        >>> fg.local_variables()
        [<tf.Variable 'count:0' shape=() dtype=int32_ref>]
    """
    collections = [*(collections or []), GraphKeys.LOCAL_VARIABLES]
    return get_variable(
        name, shape, dtype, initializer, regularizer, False, collections, caching_device,
        partitioner, validate_shape, use_resource, custom_getter, constraint, synchronization,
        aggregation)


def variable_op_scope(values: Any, name_or_scope: Any, default_name: str | None = None,
                      initializer: Any = None, regularizer: Any = None, caching_device: Any = None,
                      partitioner: Any = None, custom_getter: Any = None, reuse: Any = None,
                      dtype: Any = None, use_resource: bool | None = None,
                      constraint: Any = None) -> variable_scope:
    """Old form of `tf.variable_scope`, with `values` first.

    Args:
        values, name_or_scope, default_name, initializer, regularizer, caching_device, partitioner,
            custom_getter, reuse, dtype, use_resource, constraint: as for `tf.variable_scope`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.variable_op_scope([], "layer"):
        ...     fg.get_variable("w", [2]).name
        'layer/w:0'
    """
    return variable_scope(name_or_scope, default_name, values, initializer, regularizer,
                          caching_device, partitioner, custom_getter, reuse, dtype, use_resource,
                          constraint)


def no_regularizer(_: Any) -> None:
    """A regularizer that says: none, whatever the scope's default is.

    Args:
        _: the variable; not looked at.

    Example:
        >>> import flowgraph as fg
        >>> with fg.variable_scope("layer", regularizer=fg.nn.l2_loss):
        ...     b = fg.get_variable("b", [2], regularizer=fg.no_regularizer)
        >>> fg.get_collection(fg.GraphKeys.REGULARIZATION_LOSSES)
        []
    """
    return None
