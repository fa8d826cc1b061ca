"""Argument scopes: defaults for many calls of the same functions, written once.

    with arg_scope([conv2d], padding="SAME", activation_fn=tf.nn.elu):
        net = conv2d(x, 64, 3)                      padding="SAME", activation_fn=tf.nn.elu
        net = conv2d(net, 64, 3, padding="VALID")   what a call says itself counts

A scope is a dict from a function's key to its keywords. Scopes nest: an inner one takes over what
it does not say from the outer one. A scope kept with `as` is entered again by `arg_scope(kept)`.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.core.frames import located


class _Stack(threading.local):
    """The scopes open in this thread, the innermost last."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, dict[str, Any]]] = [{}]


_OPEN = _Stack()
_DECORATED: dict[str, tuple[str, ...]] = {}  # names of the parameters that have defaults, by key


def current_arg_scope() -> dict[str, dict[str, Any]]:
    """The innermost scope that is open: a dict from keys of functions to keywords.

    Example:
        >>> from flowgraph.contrib import framework
        >>> framework.current_arg_scope()
        {}
    """
    return _OPEN.scopes[-1]


def arg_scope_func_key(op: Callable[..., Any]) -> str:
    """The key under which a scope holds the keywords of a function.

    Args:
        op: a function, decorated with `add_arg_scope` or not.

    Example:
        >>> from flowgraph.contrib import framework, layers
        >>> framework.arg_scope_func_key(layers.conv2d).startswith("<function convolution2d at")
        True
    """
    return getattr(op, "_key_op", str(op))


def has_arg_scope(func: Callable[..., Any]) -> bool:
    """Whether a function is decorated with `add_arg_scope`.

    Args:
        func: a function.

    Example:
        >>> from flowgraph.contrib import framework, layers
        >>> framework.has_arg_scope(layers.conv2d), framework.has_arg_scope(print)
        (True, False)
    """
    return arg_scope_func_key(func) in _DECORATED


def arg_scoped_arguments(func: Callable[..., Any]) -> tuple[str, ...]:
    """The parameters of a function that an argument scope may set: those with defaults.

    Args:
        func: a function decorated with `add_arg_scope`.

    Raises:
        AssertionError: it is not decorated.

    Example:
        >>> from flowgraph.contrib import framework, layers
        >>> framework.arg_scoped_arguments(layers.softmax)
        ('scope',)
    """
    if not has_arg_scope(func):
        raise AssertionError(located(f"{_name(func)} is not decorated with @add_arg_scope"))
    return _DECORATED[arg_scope_func_key(func)]


@contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[dict[str, dict[str, Any]]]:
    """Gives keywords to every call of some functions in the `with` block.

    Args:
        list_ops_or_scope: list of functions decorated with `add_arg_scope`, or a scope that was
            kept with `as`, to be entered again.
        kwargs: the keywords; what a call says itself counts before them.

    Returns:
        A context manager that gives the scope, a dict.

    Raises:
        TypeError: the first argument is neither a list or tuple nor a dict.
        ValueError: a function is not decorated, or keywords come with a kept scope.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework, layers
        >>> x = fg.zeros([2, 4])
        >>> with framework.arg_scope([layers.fully_connected], activation_fn=fg.nn.tanh) as kept:
        ...     print(layers.fully_connected(x, 3).op.type)
        Tanh
        >>> with framework.arg_scope(kept):
        ...     print(layers.fully_connected(x, 3, activation_fn=None).op.type)
        BiasAdd
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError(located("When attempting to re-use a scope by suppling a dictionary, "
                                     "kwargs must be empty."))
        scope = list_ops_or_scope.copy()
    else:
        scope = _extended(list_ops_or_scope, kwargs)
    _OPEN.scopes.append(scope)
    try:
        yield scope
    finally:
        _OPEN.scopes.pop()


def _extended(ops: Any, kwargs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The open scope with more keywords for some functions."""
    if not isinstance(ops, (list, tuple)):
        raise TypeError(located("list_ops_or_scope must either be a list/tuple or reused scope "
                                "(i.e. dict)"))
    scope = current_arg_scope().copy()
    for op in ops:
        if not has_arg_scope(op):
            raise ValueError(located(f"{_name(op)} is not decorated with @add_arg_scope"))
        key = arg_scope_func_key(op)
        scope[key] = {**scope.get(key, {}), **kwargs}
    return scope


def add_arg_scope(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a function so that `arg_scope` can give it keywords.

    Args:
        func: the function.

    Returns:
        A function that takes the same arguments.

    Example:
        >>> from flowgraph.contrib import framework
        >>> @framework.add_arg_scope
        ... def block(x, depth=1):
        ...     return x * depth
        >>> with framework.arg_scope([block], depth=3):
        ...     block(2), block(2, depth=1)
        (6, 2)
    """
    key = arg_scope_func_key(func)

    @functools.wraps(func)
    def with_scope(*args: Any, **kwargs: Any) -> Any:
        scope = _OPEN.scopes[-1]
        if key in scope:
            kwargs = {**scope[key], **kwargs}
        return func(*args, **kwargs)

    _DECORATED[key] = tuple(
        name for name, parameter in inspect.signature(func).parameters.items()
        if parameter.default is not parameter.empty)
    with_scope._key_op = key  # type: ignore[attr-defined]
    return with_scope


def _name(func: Any) -> str:
    return f"{getattr(func, '__module__', '?')}.{getattr(func, '__name__', func)}"
