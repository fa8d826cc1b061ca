"""And, or, not and exclusive or of bool tensors, element by element.

They are what `&`, `|`, `~` and `^` build. Python's own `and`, `or` and `not` ask for a truth value,
which a tensor of a graph does not have yet.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.opdef.families import Binary, Unary
from flowgraph.opdef.opdef import NotDifferentiable


class LogicalAnd(Binary):
    """z = whether x and y are both true."""

    T = dt.BOOL
    ufunc = "logical_and"
    commutative = True
    grad = NotDifferentiable


def logical_and(x, y, name=None):
    """Tells where both x and y are true.

    Args:
        x: bool tensor.
        y: bool tensor; the shapes broadcast.
        name: name of the node.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.logical_and([True, True], [True, False]))
        array([ True, False])
    """
    return LogicalAnd.build(x, y, name=name)


class LogicalOr(Binary):
    """z = whether x or y is true, or both."""

    T = dt.BOOL
    ufunc = "logical_or"
    commutative = True
    grad = NotDifferentiable


def logical_or(x, y, name=None):
    """Tells where x or y is true, or both are.

    Args:
        x: bool tensor.
        y: bool tensor; the shapes broadcast.
        name: name of the node.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.logical_or([True, False], [False, False]))
        array([ True, False])
    """
    return LogicalOr.build(x, y, name=name)


class LogicalNot(Unary):
    """y = whether x is false."""

    T = dt.BOOL
    ufunc = "logical_not"
    grad = NotDifferentiable


def logical_not(x, name=None):
    """Tells where x is false.

    Args:
        x: bool tensor.
        name: name of the node.

    Returns:
        A bool tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.logical_not([True, False]))
        array([False,  True])
    """
    return LogicalNot.build(x, name=name)


def logical_xor(x, y, name="LogicalXor"):
    """Tells where exactly one of x and y is true.

    Args:
        x: bool tensor.
        y: bool tensor; the shapes broadcast.
        name: name of the last of the four nodes made.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.logical_xor([True, False], [True, True]))
        array([False,  True])
    """
    either = LogicalOr.build(x, y)
    return LogicalAnd.build(either, LogicalNot.build(LogicalAnd.build(x, y)), name=name)
