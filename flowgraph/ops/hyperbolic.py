"""Hyperbolic sine and cosine, and the inverses of all three; tanh stands beside sigmoid.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.opdef.families import Unary
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.approximation import by_ufunc
from flowgraph.ops.complex_numbers import conj


class Sinh(Unary):
    """y = sinh x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "sinh"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return dy * cosh(conj(op.inputs[0]))


def sinh(x, name=None):
    """Computes the hyperbolic sine, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sinh([0.0, 1.0]))
        array([0.       , 1.1752012], dtype=float32)
    """
    return Sinh.build(x, name=name)


class Cosh(Unary):
    """y = cosh x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "cosh"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return dy * sinh(conj(op.inputs[0]))


def cosh(x, name=None):
    """Computes the hyperbolic cosine, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.cosh([0.0, 1.0])).round(4)
        array([1.    , 1.5431], dtype=float32)
    """
    return Cosh.build(x, name=name)


class Asinh(Unary):
    """y = the number whose hyperbolic sine is x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "arcsinh"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return dy / cosh(conj(op.outputs[0]))


def asinh(x, name=None):
    """Computes the inverse hyperbolic sine, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.asinh([0.0, 1.0]))
        array([0.       , 0.8813736], dtype=float32)
    """
    return Asinh.build(x, name=name)


class Acosh(Unary):
    """y = the number >= 0 whose hyperbolic cosine is x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "arccosh"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return dy / sinh(conj(op.outputs[0]))


def acosh(x, name=None):
    """Computes the inverse hyperbolic cosine, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.acosh([1.0, 2.0]))
        array([0.      , 1.316958], dtype=float32)
    """
    return Acosh.build(x, name=name)


class Atanh(Unary):
    """y = the number whose hyperbolic tangent is x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "arctanh"

    def kernel(self, xp, x, *, out=None):
        return by_ufunc(xp, self.ufunc, x, out=out)

    def grad(self, op, dy):
        return dy / (1 - op_def("Square").build(conj(op.inputs[0])))


def atanh(x, name=None):
    """Computes the inverse hyperbolic tangent, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.atanh([0.0, 0.5]))
        array([0.        , 0.54930615], dtype=float32)
    """
    return Atanh.build(x, name=name)
