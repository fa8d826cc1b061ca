"""Assertions about values, in the graph.

Each makes an `Assert` op that stops the run when the claim is false, and shows the values. Where
the values are constants the claim is checked at once: a false one raises at the line that makes it.

    with tf.control_dependencies([tf.assert_positive(x)]):
        y = tf.log(x)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.compare import equal, greater, greater_equal, less, less_equal, not_equal
from flowgraph.ops.identity import no_op
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.unary import abs as abs_

# Ops whose results TensorFlow knows while it builds the graph, when their inputs are known.
_CONSTANT = {"Const", "Shape", "Size", "Rank", "Range", "Cast", "ConcatV2", "Pack", "Fill", "Equal",
             "NotEqual"}


def assert_equal(x, y, data=None, summarize=None, message=None, name=None):
    """Asserts that x[i] == y[i] for all elements.

    Args:
        x: any tensor.
        y: tensor of the same dtype; the shapes broadcast.
        data: list of tensors to show in the error; default x and y.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for constants, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.int32)
        >>> with fg.control_dependencies([fg.assert_equal(x, [1, 2])]):
        ...     y = x + 0
        >>> fg.Session().run(y, {x: [1, 2]})
        array([1, 2], dtype=int32)
    """
    if x is y:
        with name_scope(name, "assert_equal", [x, y, data]):
            return no_op()
    return _binary("==", "assert_equal", equal, x, y, data, summarize, message, name)


def assert_none_equal(x, y, data=None, summarize=None, message=None, name=None):
    """Asserts that x[i] != y[i] for all elements.

    Args:
        x: any tensor.
        y: tensor of the same dtype; the shapes broadcast.
        data: list of tensors to show in the error; default x and y.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for constants, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.int32)
        >>> with fg.control_dependencies([fg.assert_none_equal(x, [2, 1])]):
        ...     y = x + 0
        >>> fg.Session().run(y, {x: [1, 2]})
        array([1, 2], dtype=int32)
    """
    return _binary("!=", "assert_none_equal", not_equal, x, y, data, summarize, message, name)


def assert_less(x, y, data=None, summarize=None, message=None, name=None):
    """Asserts that x[i] < y[i] for all elements.

    Args:
        x: real tensor.
        y: tensor of the same dtype; the shapes broadcast.
        data: list of tensors to show in the error; default x and y.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for constants, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.int32)
        >>> with fg.control_dependencies([fg.assert_less(x, 10)]):
        ...     y = x + 0
        >>> fg.Session().run(y, {x: [1, 2]})
        array([1, 2], dtype=int32)
    """
    return _binary("<", "assert_less", less, x, y, data, summarize, message, name)


def assert_less_equal(x, y, data=None, summarize=None, message=None, name=None):
    """Asserts that x[i] <= y[i] for all elements.

    Args:
        x: real tensor.
        y: tensor of the same dtype; the shapes broadcast.
        data: list of tensors to show in the error; default x and y.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for constants, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.int32)
        >>> with fg.control_dependencies([fg.assert_less_equal(x, [1, 2])]):
        ...     y = x + 0
        >>> fg.Session().run(y, {x: [1, 2]})
        array([1, 2], dtype=int32)
    """
    return _binary("<=", "assert_less_equal", less_equal, x, y, data, summarize, message, name)


def assert_greater(x, y, data=None, summarize=None, message=None, name=None):
    """Asserts that x[i] > y[i] for all elements.

    Args:
        x: real tensor.
        y: tensor of the same dtype; the shapes broadcast.
        data: list of tensors to show in the error; default x and y.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for constants, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.int32)
        >>> with fg.control_dependencies([fg.assert_greater(x, 0)]):
        ...     y = x + 0
        >>> fg.Session().run(y, {x: [1, 2]})
        array([1, 2], dtype=int32)
    """
    return _binary(">", "assert_greater", greater, x, y, data, summarize, message, name)


def assert_greater_equal(x, y, data=None, summarize=None, message=None, name=None):
    """Asserts that x[i] >= y[i] for all elements.

    Args:
        x: real tensor.
        y: tensor of the same dtype; the shapes broadcast.
        data: list of tensors to show in the error; default x and y.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for constants, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.int32)
        >>> with fg.control_dependencies([fg.assert_greater_equal(x, [1, 2])]):
        ...     y = x + 0
        >>> fg.Session().run(y, {x: [1, 2]})
        array([1, 2], dtype=int32)
    """
    return _binary(">=", "assert_greater_equal", greater_equal, x, y, data, summarize, message,
                   name)


def assert_negative(x, data=None, summarize=None, message=None, name=None):
    """Asserts that every element of x is negative.

    Args:
        x: real tensor.
        data: list of tensors to show in the error; default x.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for a constant, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32)
        >>> with fg.control_dependencies([fg.assert_negative(x)]):
        ...     y = x * 2.0
        >>> print(fg.Session().run(y, {x: -1.0}))
        -2.0
    """
    return _sign("assert_negative", "< 0", assert_less, False, x, data, summarize, message, name)


def assert_positive(x, data=None, summarize=None, message=None, name=None):
    """Asserts that every element of x is positive.

    Args:
        x: real tensor.
        data: list of tensors to show in the error; default x.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for a constant, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32)
        >>> with fg.control_dependencies([fg.assert_positive(x)]):
        ...     y = x * 2.0
        >>> print(fg.Session().run(y, {x: 1.0}))
        2.0
    """
    return _sign("assert_positive", "> 0", assert_less, True, x, data, summarize, message, name)


def assert_non_negative(x, data=None, summarize=None, message=None, name=None):
    """Asserts that every element of x is 0 or positive.

    Args:
        x: real tensor.
        data: list of tensors to show in the error; default x.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for a constant, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32)
        >>> with fg.control_dependencies([fg.assert_non_negative(x)]):
        ...     y = x * 2.0
        >>> print(fg.Session().run(y, {x: 0.0}))
        0.0
    """
    return _sign("assert_non_negative", ">= 0", assert_less_equal, True, x, data,
                 summarize, message, name)


def assert_non_positive(x, data=None, summarize=None, message=None, name=None):
    """Asserts that every element of x is 0 or negative.

    Args:
        x: real tensor.
        data: list of tensors to show in the error; default x.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        InvalidArgumentError: if the claim is false: at once for a constant, else when run.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32)
        >>> with fg.control_dependencies([fg.assert_non_positive(x)]):
        ...     y = x * 2.0
        >>> print(fg.Session().run(y, {x: -1.0}))
        -2.0
    """
    return _sign("assert_non_positive", "<= 0", assert_less_equal, False, x, data,
                 summarize, message, name)


def assert_near(x, y, rtol=None, atol=None, data=None, summarize=None, message=None, name=None):
    """Asserts that |x[i] - y[i]| < atol + rtol * |y[i]| for all elements.

    Args:
        x: floating tensor.
        y: tensor of the same dtype; the shapes broadcast.
        rtol: relative tolerance; default 10 times the precision of the dtype.
        atol: absolute tolerance; default 10 times the precision of the dtype.
        data: list of tensors to show in the error; default x and y.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs.

    Raises:
        ValueError: x is not floating.
        InvalidArgumentError: when run, if the claim is false.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(0.3)
        >>> with fg.control_dependencies([fg.assert_near(x, 0.1 + 0.2)]):
        ...     y = x * 2.0
        >>> print(fg.Session().run(y))
        0.6
    """
    with name_scope(name, "assert_near", [x, y, rtol, atol, data]):
        x = convert_to_tensor(x, name="x")
        dtype = x.dtype.base_dtype
        y = convert_to_tensor(y, dtype, name="y")
        if not (dtype.is_floating or dtype.is_complex):
            raise ValueError(located(f"assert_near needs floating tensors, got {dtype.name}; use "
                                     "assert_equal"))
        precision = 10 * np.finfo(dtype.as_numpy_dtype).eps
        rtol = convert_to_tensor(precision if rtol is None else rtol, dtype.real_dtype, "rtol")
        atol = convert_to_tensor(precision if atol is None else atol, dtype.real_dtype, "atol")
        if data is None:
            data = [message or "", f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}",
                    *_shown("x", x), *_shown("y", y)]
        condition = less(abs_(x - y), atol + rtol * abs_(y))
        return assert_true(reduce_all(condition), data, summarize=summarize)


def _binary(sign, default_name, compare, x, y, data, summarize, message, name):
    """The check of a relation between two tensors."""
    with name_scope(name, default_name, [x, y, data]):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y")
        if data is None:
            data = [f"Condition x {sign} y did not hold element-wise:",
                    *_shown("x", x), *_shown("y", y)]
        if message is not None:
            data = [message, *data]
        condition = reduce_all(compare(x, y))
        if _is_constant(x) and _is_constant(y) and known_value(condition) is False:
            raise InvalidArgumentError(None, None, located(
                "\n".join(map(_text, data)), section="invalid-argument-error"))
        return assert_true(condition, data, summarize=summarize)


def _sign(default_name, relation, check, swap, x, data, summarize, message, name):
    """The check of a relation between a tensor and 0."""
    with name_scope(name, default_name, [x, data]):
        x = convert_to_tensor(x, name="x")
        if data is None:
            data = [message or "", f"Condition x {relation} did not hold element-wise:",
                    *_shown("x", x)]
        zero = convert_to_tensor(0, x.dtype.base_dtype)
        pair = (zero, x) if swap else (x, zero)
        return check(*pair, data=data, summarize=summarize)


def _shown(letter: str, x: Tensor) -> list[Any]:
    return [f"{letter} ({x.name}) = ", x]


def _is_constant(x: Tensor) -> bool:
    return x.op.type in _CONSTANT


def _text(item: Any) -> str:
    """One piece of `data` for an error at build: the contents where they are known."""
    known = known_value(item) if isinstance(item, Tensor) else item
    return str(item if known is None else np.array(known) if isinstance(known, tuple) else known)
