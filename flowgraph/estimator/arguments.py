"""The parameters that a function of the user takes, to pass it only what it asks for."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of what a function can be given; of a method without the object itself.

    Args:
        function: a function, a method, an object with `__call__`, or a `functools.partial`.
    """
    bound: set[str] = set()
    while isinstance(function, functools.partial):
        names = parameters_of(function.func)
        bound |= {*function.keywords, *names[:len(function.args)]}
        function = function.func
    try:
        signature = inspect.signature(function)
    except ValueError:  # a function of C that tells nothing
        return ()
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD,
             inspect.Parameter.KEYWORD_ONLY)
    return tuple(name for name, parameter in signature.parameters.items()
                 if parameter.kind in named and name not in bound)
