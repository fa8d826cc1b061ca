"""Decorators that log once, for each line that calls it, that a function or an argument is old."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import user_frame
from flowgraph.platform import logging

_told: set[Any] = set()


def _tell(what: str, func: Callable[..., Any], date: str | None, instructions: str) -> None:
    where = user_frame(2)
    if (what, where) in _told:
        return
    _told.add((what, where))
    logging.warning(
        "From %s: %s (from %s) is deprecated and will be removed %s.\nInstructions for updating:\n"
        "%s", where, what, func.__module__,
        f"after {date}" if date else "in a future version", instructions)


def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> Any:
    """Decorator: calls of the function log that it is deprecated.

    Args:
        date: when it will be removed, as "2017-03-02", or None.
        instructions: what to use instead.
        warn_once: accepted; each line that calls it is told of once.

    Returns:
        The decorator.

    Example:
        >>> from flowgraph.contrib import framework
        >>> @framework.deprecated(None, "Use new().")
        ... def old():
        ...     return 1
        >>> old()
        1
    """
    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            _tell(func.__name__, func, date, instructions)
            return func(*args, **kwargs)
        return wrapped
    return decorate


def deprecated_args(date: str | None, instructions: str, *deprecated_arg_names: Any,
                    **kwargs: Any) -> Any:
    """Decorator: calls that give some arguments log that these are deprecated.

    Args:
        date, instructions: as for `deprecated`.
        *deprecated_arg_names: the arguments' names, or (name, value that is fine).
        kwargs: `warn_once`, accepted.

    Returns:
        The decorator.

    Example:
        >>> from flowgraph.contrib import framework
        >>> @framework.deprecated_args(None, "Use axis.", "dim")
        ... def total(x, axis=None, dim=None):
        ...     return sum(x)
        >>> total([1, 2])
        3
    """
    fine: dict[str, Any] = dict(name if isinstance(name, tuple) else (name, None)
                                for name in deprecated_arg_names)

    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(func)

        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs).arguments
            for name in fine:
                if name in given and given[name] is not fine[name]:
                    _tell(f"calling {func.__name__} with {name}", func, date, instructions)
            return func(*args, **kwargs)
        return wrapped
    return decorate


def deprecated_arg_values(date: str | None, instructions: str, warn_once: bool = True,
                          **deprecated_kwargs: Any) -> Any:
    """Decorator: calls that give arguments some values log that these are deprecated.

    Args:
        date, instructions, warn_once: as for `deprecated`.
        deprecated_kwargs: the arguments with the values that are deprecated.

    Returns:
        The decorator.

    Example:
        >>> from flowgraph.contrib import framework
        >>> @framework.deprecated_arg_values(None, "Use mode='new'.", mode="old")
        ... def load(mode="new"):
        ...     return mode
        >>> load()
        'new'
    """
    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(func)

        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs).arguments
            for name, value in deprecated_kwargs.items():
                if name in given and given[name] == value:
                    _tell(f"calling {func.__name__} with {name}={value}", func, date, instructions)
            return func(*args, **kwargs)
        return wrapped
    return decorate
