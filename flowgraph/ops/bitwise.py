"""The bits of integers: and, or, exclusive or, complement and shifts, element by element.

Negative numbers are in two's complement. A shift is by at least 0 and at most the width less one:
what is asked for beyond is brought into that range, so that no machine's own rule shows.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.opdef.families import Binary, Unary
from flowgraph.opdef.opdef import NotDifferentiable


class BitwiseAnd(Binary):
    """z = x & y, bit by bit."""

    T = dt.INT
    ufunc = "bitwise_and"
    commutative = True
    grad = NotDifferentiable


def bitwise_and(x, y, name=None):
    """Sets the bits that are set in both x and y.

    Args:
        x: integer tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.bitwise.bitwise_and([6, 12], [3, 2]))
        array([2, 0], dtype=int32)
    """
    return BitwiseAnd.build(x, y, name=name)


class BitwiseOr(Binary):
    """z = x | y, bit by bit."""

    T = dt.INT
    ufunc = "bitwise_or"
    commutative = True
    grad = NotDifferentiable


def bitwise_or(x, y, name=None):
    """Sets the bits that are set in x or y, or both.

    Args:
        x: integer tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.bitwise.bitwise_or([6, 12], [3, 2]))
        array([ 7, 14], dtype=int32)
    """
    return BitwiseOr.build(x, y, name=name)


class BitwiseXor(Binary):
    """z = x ^ y, bit by bit."""

    T = dt.INT
    ufunc = "bitwise_xor"
    commutative = True
    grad = NotDifferentiable


def bitwise_xor(x, y, name=None):
    """Sets the bits that are set in exactly one of x and y.

    Args:
        x: integer tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.bitwise.bitwise_xor([6, 12], [3, 2]))
        array([ 5, 14], dtype=int32)
    """
    return BitwiseXor.build(x, y, name=name)


class Invert(Unary):
    """y = x with every bit flipped."""

    T = dt.INT
    ufunc = "invert"
    grad = NotDifferentiable


def invert(x, name=None):
    """Flips every bit of x.

    Args:
        x: integer tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.bitwise.invert([0, 5]))
        array([-1, -6], dtype=int32)
    """
    return Invert.build(x, name=name)


class LeftShift(Binary):
    """z = x << y."""

    T = dt.INT
    grad = NotDifferentiable

    def kernel(self, xp, x, y, *, out=None):
        return xp.left_shift(x, xp.clip(y, 0, 8 * y.dtype.itemsize - 1), out=out)


def left_shift(x, y, name=None):
    """Moves the bits of x to the left by y places; zeros come in.

    Args:
        x: integer tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.bitwise.left_shift([6, 12], [3, 2]))
        array([48, 48], dtype=int32)
    """
    return LeftShift.build(x, y, name=name)


class RightShift(Binary):
    """z = x >> y."""

    T = dt.INT
    grad = NotDifferentiable

    def kernel(self, xp, x, y, *, out=None):
        return xp.right_shift(x, xp.clip(y, 0, 8 * y.dtype.itemsize - 1), out=out)


def right_shift(x, y, name=None):
    """Moves the bits of x to the right by y places; copies of the sign come in.

    Args:
        x: integer tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.bitwise.right_shift([6, 12], [3, 2]))
        array([0, 3], dtype=int32)
    """
    return RightShift.build(x, y, name=name)
