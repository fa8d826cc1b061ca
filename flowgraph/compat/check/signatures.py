"""Whether a call's arguments fit what flowgraph's function takes."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

from flowgraph.compat.check.uses import Call

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def misfit(function: Any, call: Call, drops_first: bool = False) -> tuple[str, str] | None:
    """The first argument of a call that a function does not take.

    Args:
        function: a function or a class.
        call: the arguments.
        drops_first: whether the first parameter is the object.

    Returns:
        The name of the parameter ("" if there are too many by position), and a sentence about it.
        None if all fit, or nobody can tell.
    """
    parameters = _parameters(function)
    if parameters is None:
        return None
    if drops_first and parameters and parameters[0].kind in _BY_POSITION:
        parameters = parameters[1:]
    kinds = {parameter.kind for parameter in parameters}
    taken = [p.name for p in parameters if p.kind in _BY_NAME]
    listed = (f"it takes {', '.join(taken)} here." if taken
              else "it takes no arguments by name here.")
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        for name in call.keywords:
            if name not in taken:
                return name, listed
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    most = sum(parameter.kind in _BY_POSITION for parameter in parameters)
    if call.positional > most:
        return "", f"it takes {most} arguments by position, and gets {call.positional}: {listed}"
    return None


def position_of(name: str, function: Any, drops_first: bool = False) -> int | None:
    """Where a parameter stands among the arguments by position; None if nobody can tell.

    Args:
        name: the parameter.
        function: a function or a class.
        drops_first: whether the first parameter is the object.
    """
    parameters = _parameters(function) or ()
    names = [p.name for p in parameters if p.kind in _BY_POSITION][drops_first:]
    return names.index(name) if name in names else None


@cache
def _cached_parameters(function: Any) -> tuple[inspect.Parameter, ...] | None:
    try:
        return tuple(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return None


def _parameters(function: Any) -> tuple[inspect.Parameter, ...] | None:
    if not callable(function):
        return None
    try:
        return _cached_parameters(function)
    except TypeError:  # it is not hashable
        return None
