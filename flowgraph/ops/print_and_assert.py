"""What a run writes, and what stops it: `Print` and `Assert`.

`Print` passes a tensor on and writes some of it to the error stream; `Assert` stops the run when a
condition is false. The classes have the names that TensorFlow's functions have too; here the
functions are `print_tensor` and `assert_true`, and the package calls them `Print` and `Assert`.
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_SHOWN = 3  # elements of a tensor that are printed when nothing else is said


# ---- printing ------------------------------------------------------------------------------------


class Print(OpDef):
    """Passes `input` on, and writes `message` and the values of `data` to the error stream."""

    dtypes = {"data": dt.ANY}
    lists = ("data",)
    aliases = ("input",)
    effects = "io"

    def infer(self, input: Spec, data, *, message="", first_n=-1, summarize=_SHOWN):
        return Spec(input.dtype, input.shape)

    def create_state(self, attrs):
        """Counts the runs, for `first_n`."""
        return itertools.count()

    def kernel(self, xp, input, data, *, message="", first_n=-1, summarize=_SHOWN, state):
        if first_n < 0 or next(state) < first_n:
            values = "".join(f"[{summarized(array, summarize)}]" for array in data)
            print(f"{message}{values}", file=sys.stderr, flush=True)
        return input

    def grad(self, op, dy):
        return [dy] + [None] * (len(op.inputs) - 1)


def print_tensor(input_, data, message=None, first_n=None, summarize=None, name=None):
    """Passes a tensor on and, whenever it runs, prints others to the error stream (`tf.Print`).

    Args:
        input_: the tensor to pass on.
        data: list of tensors to print.
        message: text before the values.
        first_n: print in the first `first_n` runs of a session only.
        summarize: how many elements of each tensor to print; default 3, all when negative.
        name: name of the node.

    Returns:
        A tensor equal to `input_`; printing happens when a fetch needs it.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant([1.0, 2.0])
        >>> x = fg.Print(x, [x, fg.shape(x)], "x and its shape: ")
        >>> fg.Session().run(x)  # prints: x and its shape: [1 2][2]
        array([1., 2.], dtype=float32)
    """
    deprecated("Use tf.print instead of tf.Print. tf.print gives an operation without outputs: run "
               "it, or make it a control dependency of what you run.", "2018-08-20", "Print")
    return Print.build(input_, data, name=name, message=message or "",
                       first_n=-1 if first_n is None else first_n,
                       summarize=_SHOWN if summarize is None else summarize)


def summarized(array: Any, limit: int) -> str:
    """The first `limit` elements as TensorFlow's `Print` and `Assert` show them: `1 2 3...`"""
    size = array.size
    shown = size if limit < 0 else min(limit, size)
    texts = [_text(value, array.dtype) for value in array.reshape(-1)[:shown].tolist()]
    rest = "..." if size > shown else ""
    if array.ndim < 2:
        return " ".join(texts) + rest
    parts: list[str] = []
    _nest(parts, iter(texts), [shown], array.shape, 0)
    return "".join(parts) + rest


def _nest(parts: list[str], texts: Any, left: list[int], shape: Any, axis: int) -> None:
    """Appends the texts of one axis, with brackets around each inner axis, until none is left."""
    for i in range(shape[axis]):
        last = axis == len(shape) - 1
        if not left[0]:
            if last:
                parts.append("...")
            return
        if last:
            parts.append(" " * (i > 0) + next(texts))
            left[0] -= 1
        else:
            parts.append("[")
            _nest(parts, texts, left, shape, axis + 1)
            parts.append("]")


def _text(value: Any, dtype: Any) -> str:
    """One element: floats with as few digits as tell them from their neighbours, of 6 and 9."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float):
        few, many = (15, 17) if dtype.itemsize == 8 else (6, 9)
        text = f"{value:.{few}g}"
        return text if dtype.type(text) == value or value != value else f"{value:.{many}g}"
    return str(int(value)) if isinstance(value, (bool, int)) else str(value)


# ---- checking ------------------------------------------------------------------------------------


class Assert(OpDef):
    """Stops the run with an error that shows `data` unless `condition` holds."""

    dtypes = {"condition": dt.BOOL, "data": dt.ANY}
    lists = ("data",)
    multiple = True
    effects = "io"
    grad = NotDifferentiable
    waits_for_gpu = "the run stops here if it fails"

    def infer(self, condition: Spec, data, *, summarize=_SHOWN):
        shape_rules.require_rank(condition, 0, "a condition")
        return ()

    def kernel(self, xp, condition, data, *, summarize=_SHOWN):
        if condition.size != 1 or not bool(condition):
            shown = " ".join(f"[{summarized(array, summarize)}]" for array in data)
            raise InvalidArgumentError(None, None, f"assertion failed: {shown}")
        return ()


def assert_true(condition, data, summarize=None, name=None):
    """Checks a condition when the graph runs (`tf.Assert`).

    Args:
        condition: scalar bool tensor.
        data: list of tensors to show in the error.
        summarize: how many elements of each tensor to show; default 3, all when negative.
        name: name of the scope.

    Returns:
        The Operation. It checks only when it runs: fetch it, or put it into
        `tf.control_dependencies`.

    Raises:
        InvalidArgumentError: when run, if the condition is false.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [])
        >>> check = fg.Assert(x > 0.0, ["x must be positive, it is", x])
        >>> with fg.control_dependencies([check]):
        ...     y = fg.sqrt(x)
        >>> print(fg.Session().run(y, {x: 4.0}))  # of -1.0 it is an error, not NaN
        2.0
    """
    with name_scope(name, "Assert", [condition, data]):
        if not is_tensor_like(condition):
            condition = convert_to_tensor(condition, dt.bool_, name="Condition")
        data = data if isinstance(data, (list, tuple)) else [data]
        return Assert.build(condition, data, name="Assert",
                            summarize=_SHOWN if summarize is None else summarize)
