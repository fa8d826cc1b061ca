"""Templates: a function that shares its variables between calls (`tf.make_template`)."""

from __future__ import annotations

import functools
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.variable_scope import VariableScope, variable_scope


def make_template(name_: str, func_: Any, create_scope_now_: bool = False,
                  unique_name_: str | None = None, custom_getter_: Any = None,
                  **kwargs: Any) -> Template:
    """A function that makes its variables in its first call and finds them in later ones.

    Args:
        name_: name of the variable scope, made unique.
        func_: the function; its variables must come from `tf.get_variable`.
        create_scope_now_: fix the scope's name now instead of at the first call.
        unique_name_: a name for the scope that is not made unique.
        custom_getter_: custom getter for the variables inside.
        kwargs: arguments passed to `func_` in every call.

    Example:
        >>> import flowgraph as fg
        >>> def scale(x):
        ...     return x * fg.get_variable("w", [], initializer=fg.ones_initializer())
        >>> with fg.Graph().as_default():
        ...     layer = fg.make_template("layer", scale)
        ...     _ = layer(1.0), layer(2.0)
        ...     [v.name for v in fg.trainable_variables()]
        ['layer/w:0']
    """
    function = functools.partial(func_, **kwargs) if kwargs else func_
    return Template(name_, function, create_scope_now_, unique_name_, custom_getter_)


class Template:
    """What `tf.make_template` returns; call it like the function it wraps."""

    def __init__(self, name: str, func: Any, create_scope_now: bool = False,
                 unique_name: str | None = None, custom_getter: Any = None) -> None:
        if not name:
            raise ValueError(located("name cannot be None."))
        if not callable(func):
            raise TypeError(located(f"func_ must be a function, not {func!r:.100}"))
        self._func = func
        self._name = name
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._scope: VariableScope | None = None
        self._called = False
        if create_scope_now:
            with self._new_scope() as scope:
                self._scope = scope

    def _new_scope(self) -> variable_scope:
        return variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._scope is None:
            with self._new_scope() as scope:
                self._scope = scope
                return self._call(args, kwargs)
        with variable_scope(self._scope, reuse=self._called):
            return self._call(args, kwargs)

    def _call(self, args: Any, kwargs: Any) -> Any:
        trainable = get_default_graph().get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)
        before = len(trainable)
        result = self._func(*args, **kwargs)
        if self._called and len(trainable) > before:
            raise ValueError(located("Trainable variable created when calling a template after the "
                                     "first time, perhaps you used tf.Variable when you meant "
                                     f"tf.get_variable: {trainable[before:]}"))
        self._called = True
        return result

    @property
    def name(self) -> str:
        """The name given to the template."""
        return self._name

    @property
    def func(self) -> Any:
        """The function it wraps."""
        return self._func

    @property
    def variable_scope(self) -> VariableScope | None:
        """Its variable scope; None before the first call."""
        return self._scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of its variable scope; None before the first call."""
        return None if self._scope is None else self._scope.name

    @property
    def variables(self) -> list[Any]:
        """Its global and local variables."""
        return self.global_variables + self.local_variables

    @property
    def trainable_variables(self) -> list[Any]:
        """Its trainable variables."""
        return self._scope.trainable_variables() if self._scope else []

    @property
    def global_variables(self) -> list[Any]:
        """Its global variables."""
        return self._scope.global_variables() if self._scope else []

    @property
    def local_variables(self) -> list[Any]:
        """Its local variables."""
        return self._scope.local_variables() if self._scope else []
