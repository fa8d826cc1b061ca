"""`tf.contrib.framework.py_func`: Python functions with keyword arguments and nested results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.ops.script import py_func as _py_func


def py_func(func: Callable[..., Any], args: Any = (), kwargs: dict[str, Any] | None = None,
            output_types: Any = None, output_shapes: Any = None, stateful: bool = True,
            name: str | None = None) -> Any:
    """Calls a Python function when the graph runs.

    Args:
        func: function of arrays, in the structure of `args` and `kwargs`.
        args: list or tuple of tensors, or of structures of them.
        kwargs: dict of such, by the names of the function's parameters.
        output_types: dtype of what `func` returns, or a structure of dtypes; or a function that
            gives these for `args` and `kwargs`.
        output_shapes: the shapes, in the same structure, or a function that gives them; default
            unknown.
        stateful: whether a call can be told from the outside.
        name: name of the node.

    Returns:
        Tensors in the structure of `output_types`.

    Raises:
        TypeError: `args` is no list or tuple, or `kwargs` no dict.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> y = framework.py_func(lambda x, by: {"sum": x + by}, [fg.constant(1.0)],
        ...                       {"by": fg.constant(2.0)}, {"sum": fg.float32}, {"sum": []})
        >>> fg.Session().run(y)
        {'sum': np.float32(3.0)}
    """
    kwargs = {} if kwargs is None else kwargs
    if not isinstance(args, (list, tuple)):
        raise TypeError(located(f"args must be a list or tuple, got {args!r:.100}"))
    if not isinstance(kwargs, dict):
        raise TypeError(located(f"kwargs must be a dict, got {kwargs!r:.100}"))
    if output_types is None:
        raise TypeError(located("py_func needs output_types: the dtypes of what func returns",
                                "tf.py_func(func, inp, Tout) has them third."))
    types, shapes = (given(*args, **kwargs) if callable(given) else given
                     for given in (output_types, output_shapes))
    both = (args, kwargs)

    def flat_func(*arrays: Any) -> list[Any]:
        positional, keywords = nest.pack_sequence_as(both, list(arrays))
        return nest.flatten_up_to(types, func(*positional, **keywords))

    values = _py_func(flat_func, nest.flatten(both), nest.flatten(types), stateful, name)
    if shapes is not None:
        for value, shape in zip(values, nest.flatten_up_to(types, shapes), strict=True):
            value.set_shape(shape)
    return nest.pack_sequence_as(types, values)
