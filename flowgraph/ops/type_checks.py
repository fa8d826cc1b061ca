"""Assertions about types: checked while the graph is built, so a false one raises at its line."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import DTypeError, ShapeError
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.identity import check_numerics, group, identity, no_op

_NUMERIC = frozenset({"float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8",
                      "uint16", "uint32", "uint64", "qint8", "qint32", "quint8", "complex64",
                      "complex128"})


def is_numeric_tensor(tensor):
    """Tells whether a value is a tensor of numbers.

    Args:
        tensor: anything.

    Returns:
        True for a Tensor of a number dtype; False for other dtypes, and for what is no Tensor.

    Example:
        >>> import flowgraph as fg
        >>> fg.is_numeric_tensor(fg.constant(1.0)), fg.is_numeric_tensor(1.0)
        (True, False)
    """
    return isinstance(tensor, Tensor) and tensor.dtype.base_dtype.name in _NUMERIC


def assert_integer(x, message=None, name=None):
    """Asserts that a tensor is of an integer dtype.

    Args:
        x: tensor.
        message: text to show first.
        name: name of the scope.

    Returns:
        An Operation that does nothing.

    Raises:
        TypeError: at once, if the dtype is none.

    Example:
        >>> import flowgraph as fg
        >>> fg.assert_integer(fg.constant(1)).type
        'NoOp'
    """
    with name_scope(name, "assert_integer", [x]):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.base_dtype.is_integer:
            raise DTypeError(located(f"{message or ''}  Expected \"x\" to be integer type.  Found: "
                                     f"{x.name} of dtype {x.dtype.name}", section="dtype-error"))
        return no_op("statically_determined_was_integer")


def assert_type(tensor, tf_type, message=None, name=None):
    """Asserts that a tensor is of a dtype.

    Args:
        tensor: tensor.
        tf_type: the dtype.
        message: text to show first.
        name: name of the scope.

    Returns:
        An Operation that does nothing.

    Raises:
        TypeError: at once, if the dtype is another.

    Example:
        >>> import flowgraph as fg
        >>> fg.assert_type(fg.constant(1.0), fg.float32).type
        'NoOp'
    """
    with name_scope(name, "assert_type", [tensor]):
        tensor = convert_to_tensor(tensor, name="tensor")
        if tensor.dtype.base_dtype != dt.as_dtype(tf_type):
            raise DTypeError(located(f"{message or ''}  {tensor.name} must be of type "
                                     f"{dt.as_dtype(tf_type)!r}, is {tensor.dtype.base_dtype!r}",
                                     section="dtype-error"))
        return no_op("statically_determined_correct_type")


def assert_scalar(tensor, name=None, message=None):
    """Asserts that a tensor is known to be a scalar.

    Args:
        tensor: tensor.
        name: name of the scope, or of the tensor made.
        message: text to show first.

    Returns:
        The tensor.

    Raises:
        ValueError: at once, if the rank is another or not known.

    Example:
        >>> import flowgraph as fg
        >>> fg.assert_scalar(1.0).shape
        TensorShape([])
    """
    with name_scope(name, "assert_scalar", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name=scope)
        if tensor.spec.rank != 0:
            raise ShapeError(located(f"{message or ''}Expected scalar shape for {tensor.name}, saw "
                                     f"shape: {shape_text(tensor.spec.shape)}.",
                                     section="shape-error"))
        return tensor


def assert_same_float_dtype(tensors=None, dtype=None):
    """Asserts that all tensors are of one floating dtype.

    Args:
        tensors: list of tensors, None among them is passed over.
        dtype: the dtype they must have; default that of the first.

    Returns:
        The dtype; float32 when nothing tells.

    Raises:
        ValueError: at once, if the dtypes differ or are not floating.

    Example:
        >>> import flowgraph as fg
        >>> fg.assert_same_float_dtype([fg.constant(1.0), fg.constant([2.0])])
        tf.float32
    """
    found, first = None if dtype is None else dt.as_dtype(dtype), None
    for tensor in tensors or ():
        if tensor is None:
            continue
        here = tensor.dtype.base_dtype
        name = getattr(tensor, "name", str(tensor))
        if found is None:
            found, first = here, name
        elif here is not found:
            other = f" as {first}." if first else "."
            raise ValueError(located(f"{name}, type={here.name}, must be of the same type "
                                     f"({found.name}){other}"))
    found = found or dt.float32
    if not found.is_floating:
        raise ValueError(located(f"Expected floating point type, got {found.name}."))
    return found


def assert_proper_iterable(values):
    """Asserts that a value is a list, tuple or other iterable of things, not one tensor or text.

    Args:
        values: anything.

    Raises:
        TypeError: at once, if `values` is a tensor, an array or text, or not iterable.

    Example:
        >>> import flowgraph as fg
        >>> fg.assert_proper_iterable([1, 2])
    """
    if is_tensor_like(values) or isinstance(values, (np.ndarray, str, bytes)):
        raise DTypeError(located("Expected argument \"values\" to be a \"proper\" iterable.  "
                                 f"Found: {type(values)}. Put it into a list.",
                                 section="dtype-error"))
    if not isinstance(values, Iterable):
        raise DTypeError(located("Expected argument \"values\" to be iterable.  Found: "
                                 f"{type(values)}", section="dtype-error"))


# ---- NaN and infinity ----------------------------------------------------------------------------


def assert_all_finite(t=None, msg=None, name=None, x=None, message=None):
    """Passes a tensor on and asserts that it holds no NaN and no infinity.

    Args:
        t: floating tensor.
        msg: text for the error.
        name: name of the scope.
        x: newer name of `t`.
        message: newer name of `msg`.

    Returns:
        A tensor equal to `t`.

    Raises:
        InvalidArgumentError: when run, if there is NaN or infinity.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.verify_tensor_all_finite([1.0, 2.0], "not finite")))
        [1. 2.]
    """
    x = either("x", x, "t", t)
    message = either("message", message, "msg", msg)
    if x is None:
        raise ValueError(located("assert_all_finite needs a tensor 'x'"))
    if message is None:
        raise DTypeError(located("assert_all_finite needs a text 'message' for its error",
                                 section="dtype-error"))
    with name_scope(name, "VerifyFinite", [x]):
        x = convert_to_tensor(x, name="x")
        with control_dependencies([check_numerics(x, message=message)]):
            return identity(x, name="control_dependency")


def add_check_numerics_ops():
    """Puts a check for NaN and infinity behind every floating tensor of the default graph.

    Returns:
        The Operation that runs all checks, in the order in which the tensors were made.

    Raises:
        InvalidArgumentError: when run, if a tensor holds NaN or infinity; it names the op.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     y = fg.log(fg.constant(1.0))
        ...     check = fg.add_check_numerics_ops()
        ...     value, _ = fg.Session().run([y, check])
        >>> print(value)
        0.0
    """
    checks = []
    for op in get_default_graph().get_operations():
        for i, output in enumerate(op.outputs):
            if output.dtype.base_dtype.is_floating:
                with control_dependencies(checks[-1:]):
                    checks.append(check_numerics(output, message=f"{op.name}:{i}"))
    return group(*checks)
