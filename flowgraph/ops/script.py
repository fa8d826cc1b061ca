"""Calling Python in the middle of a run: `py_func` hands arrays to a function of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.core.values import to_array
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef


class PyFunc(OpDef):
    """Calls a Python function with arrays; what it returns are the outputs."""

    dtypes = {"input": dt.ANY}
    lists = ("input",)
    multiple = True
    effects = "io"
    runs_user_code = True
    host_only = "Python functions take NumPy arrays"
    grad = NotDifferentiable

    def infer(self, input, *, func, Tout):
        return tuple(Spec(dtype, None) for dtype in Tout)

    def kernel(self, xp, input, *, func, Tout):
        return _called(func, Tout, input)


class PyFuncStateless(OpDef):
    """As PyFunc, for functions whose results depend on the arguments alone."""

    dtypes = {"input": dt.ANY}
    lists = ("input",)
    multiple = True
    runs_user_code = True
    host_only = "Python functions take NumPy arrays"
    grad = NotDifferentiable

    def infer(self, input, *, func, Tout):
        return tuple(Spec(dtype, None) for dtype in Tout)

    def kernel(self, xp, input, *, func, Tout):
        return _called(func, Tout, input)


def _called(func: Callable[..., Any], dtypes: tuple[dt.DType, ...],
            arguments: Any) -> tuple[np.ndarray, ...]:
    """What `func` returns, checked. It gets copies: it may keep or change its arguments."""
    # [()] makes a NumPy scalar (or bytes) of an array without axes
    returned = func(*[np.array(argument)[()] for argument in arguments])
    if returned is None:
        returned = ()
    elif not isinstance(returned, (list, tuple)):
        returned = (returned,)
    name = getattr(func, "__name__", type(func).__name__)
    if len(returned) != len(dtypes):
        raise InvalidArgumentError(None, None, f"{name} returns {len(returned)} values, but "
                                               f"expects to see {len(dtypes)} values.")
    return tuple(_checked(name, i, value, dtype)
                 for i, (value, dtype) in enumerate(zip(returned, dtypes)))


def _checked(name: str, i: int, value: Any, dtype: dt.DType) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        array = to_array(array)
    if dt.of_numpy(array.dtype) is not dtype:
        raise InvalidArgumentError(
            None, None, f"{i}-th value returned by {name} is {array.dtype.name}, but expects "
                        f"{dtype.name}. Return np.asarray(value, np.{dtype.name}) or change Tout.")
    return np.array(array) if array is value else array


def py_func(func, inp, Tout, stateful=True, name=None):
    """Calls a Python function when the graph runs.

    Args:
        func: function that takes one NumPy array (or scalar) per entry of `inp` and returns an
            array, or a list of arrays, of exactly the dtypes in `Tout`. Strings come as bytes.
        inp: list of tensors.
        Tout: dtype, or list of dtypes, of what `func` returns; [] when it returns nothing.
        stateful: whether a call can be told from the outside; False lets calls be shared or left
            out.
        name: name of the node.

    Returns:
        A tensor, or a list of tensors when `Tout` is a list (the Operation when it is empty), of
        unknown shape. There is no gradient through it.

    Raises:
        InvalidArgumentError: when run, if the number of values or a dtype is not as in `Tout`.
        OpError: when run, if `func` raises: an exception that is both of TensorFlow's class for
            it (InvalidArgumentError for a ValueError or TypeError, UnknownError for most others)
            and of the class that `func` raised.

    A run that calls Python holds no locks: if another run, or `func` itself, writes the same
    variable meanwhile, the one that ends last wins.

    Example:
        >>> import flowgraph as fg
        >>> import numpy as np
        >>> y = fg.py_func(np.cumsum, [fg.constant([1.0, 2.0])], fg.float32)
        >>> fg.Session().run(y)
        array([1., 3.], dtype=float32)
    """
    if not callable(func):
        raise ValueError(located(f"py_func needs a callable, got {func!r:.100}"))
    is_list = isinstance(Tout, (list, tuple))
    dtypes = tuple(dt.as_dtype(dtype) for dtype in (Tout if is_list else [Tout]))
    op_class = PyFunc if stateful else PyFuncStateless
    made = op_class.build(inp if isinstance(inp, (list, tuple)) else [inp], name=name or "PyFunc",
                          func=func, Tout=dtypes)
    return made if is_list else made[0]


def numpy_function(func, inp, Tout, name=None):
    """Calls a Python function when the graph runs; `py_func` with `stateful=True`.

    Args:
        func: function from NumPy arrays to an array, or a list of arrays.
        inp: list of tensors.
        Tout: dtype, or list of dtypes, of what `func` returns.
        name: name of the node.

    Returns:
        A tensor, or a list of tensors when `Tout` is a list, of unknown shape.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.numpy_function(lambda x: x + 1, [fg.constant(1.0)], fg.float32)
        >>> print(fg.Session().run(y))
        2.0
    """
    return py_func(func, inp, Tout, stateful=True, name=name)
