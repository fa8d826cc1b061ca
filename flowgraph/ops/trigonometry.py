"""Sine, cosine, tangent and their inverses; angles are in radians.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.opdef.families import Binary, Unary
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.approximation import by_ufunc
from flowgraph.ops.complex_numbers import conj


class Sin(Unary):
    """y = sin x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "sin"

    def grad(self, op, dy):
        return dy * cos(conj(op.inputs[0]))


def sin(x, name=None):
    """Computes the sine, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sin([0.0, 1.0]))
        array([0.      , 0.841471], dtype=float32)
    """
    return Sin.build(x, name=name)


class Cos(Unary):
    """y = cos x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "cos"

    def grad(self, op, dy):
        return -dy * sin(conj(op.inputs[0]))


def cos(x, name=None):
    """Computes the cosine, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.cos([0.0, 1.0]))
        array([1.       , 0.5403023], dtype=float32)
    """
    return Cos.build(x, name=name)


class Tan(Unary):
    """y = tan x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "tan"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return dy / op_def("Square").build(cos(conj(op.inputs[0])))


def tan(x, name=None):
    """Computes the tangent, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tan([0.0, 1.0]))
        array([0.       , 1.5574077], dtype=float32)
    """
    return Tan.build(x, name=name)


class Asin(Unary):
    """y = the angle in [-pi/2, pi/2] whose sine is x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "arcsin"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return dy / _other_leg(conj(op.inputs[0]))


def asin(x, name=None):
    """Computes the inverse sine, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.asin([0.0, 1.0]))
        array([0.       , 1.5707964], dtype=float32)
    """
    return Asin.build(x, name=name)


class Acos(Unary):
    """y = the angle in [0, pi] whose cosine is x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "arccos"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return -dy / _other_leg(conj(op.inputs[0]))


def acos(x, name=None):
    """Computes the inverse cosine, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.acos([0.0, 1.0]))
        array([1.5707964, 0.       ], dtype=float32)
    """
    return Acos.build(x, name=name)


def _other_leg(x):
    """sqrt(1 - x^2): the cosine where x is the sine."""
    return op_def("Sqrt").build(1 - op_def("Square").build(x))


class Atan(Unary):
    """y = the angle in (-pi/2, pi/2) whose tangent is x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "arctan"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return dy / (1 + op_def("Square").build(conj(op.inputs[0])))


def atan(x, name=None):
    """Computes the inverse tangent, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.atan([0.0, 1.0]))
        array([0.       , 0.7853982], dtype=float32)
    """
    return Atan.build(x, name=name)


class Atan2(Binary):
    """z = the angle of the point (x, y), in [-pi, pi]."""

    T = dt.FLOAT

    def infer(self, y, x):
        return super().infer(y, x)

    def kernel(self, xp, y, x, *, out=None):
        return by_ufunc(xp, "arctan2", y, x, out=out)

    def grad(self, op, dy):
        y, x = op.inputs
        scaled = dy / (op_def("Square").build(x) + op_def("Square").build(y))
        return unbroadcast(x * scaled, y, x), unbroadcast(-y * scaled, x, y)


def atan2(y, x, name=None):
    """Computes the angle of the point (x, y), element by element, in [-pi, pi].

    Args:
        y: floating tensor.
        x: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.atan2([1.0, 0.0], [0.0, -1.0]))
        array([1.5707964, 3.1415927], dtype=float32)
    """
    return Atan2.build(y, x, name=name)
