"""tf.variable_creator_scope: functions that have a say whenever a variable is made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.variable import Variable


@contextmanager
def variable_creator_scope(variable_creator: Callable[..., Any]) -> Iterator[None]:
    """Lets a function make, change or only see the variables made in the with block.

    It is called for `tf.Variable` and for what `tf.get_variable` makes anew; the innermost block's
    function first.

    Args:
        variable_creator: function (next_creator, **kwargs) that returns a variable. `kwargs` are
            all arguments of `tf.Variable` by name; `next_creator(**kwargs)` makes the variable, or
            asks the next function.

    Example:
        >>> import flowgraph as fg
        >>> def frozen(next_creator, **kwargs):
        ...     kwargs["trainable"] = False
        ...     return next_creator(**kwargs)
        >>> with fg.variable_creator_scope(frozen):
        ...     fg.Variable(1.0).trainable
        False
    """
    scopes = get_default_graph()._scopes
    before = scopes.variable_creators
    scopes.variable_creators = [*before, variable_creator]
    try:
        yield
    finally:
        scopes.variable_creators = before


def created(make: Callable[..., Any], creators: list[Callable[..., Any]], args: Any,
            kwargs: dict[str, Any]) -> Any:
    """The variable that the functions of the open blocks return.

    Args:
        make: makes a Variable.
        creators: the functions, the outermost block's first.
        args, kwargs: what `tf.Variable` was called with.
    """
    wanted = inspect.signature(Variable).bind(*args, **kwargs)
    wanted.apply_defaults()
    for creator in creators:
        make = functools.partial(creator, make)
    return make(**wanted.arguments)
