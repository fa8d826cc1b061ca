"""Rounding to whole numbers, and asking whether numbers are numbers at all.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import to_tensor
from flowgraph.opdef.families import Unary, UnaryTest
from flowgraph.opdef.opdef import NotDifferentiable


class Floor(Unary):
    """y = the largest whole number that is not above x."""

    T = dt.FLOAT
    ufunc = "floor"
    grad = NotDifferentiable


def floor(x, name=None):
    """Rounds down, element by element.

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.floor([1.5, -1.5]))
        array([ 1., -2.], dtype=float32)
    """
    return Floor.build(x, name=name)


class Ceil(Unary):
    """y = the smallest whole number that is not below x."""

    T = dt.FLOAT
    ufunc = "ceil"
    grad = NotDifferentiable


def ceil(x, name=None):
    """Rounds up, element by element.

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.ceil([1.2, -1.2]))
        array([ 2., -1.], dtype=float32)
    """
    return Ceil.build(x, name=name)


class Rint(Unary):
    """y = the whole number nearest to x; of two the even one."""

    T = dt.FLOAT
    ufunc = "rint"
    grad = NotDifferentiable


def rint(x, name=None):
    """Rounds to the nearest whole number, halves to the even one.

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.rint([0.5, 1.5, 2.4]))
        array([0., 2., 2.], dtype=float32)
    """
    return Rint.build(x, name=name)


class Round(Unary):
    """y = the whole number nearest to x; of two the even one."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "rint"
    grad = NotDifferentiable


def round(x, name=None):
    """Rounds to the nearest whole number, halves to the even one.

    Args:
        x: tensor of a number dtype; integers are returned as they are.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.round([0.5, 1.5, 2.4]))
        array([0., 2., 2.], dtype=float32)
    """
    if type(x) is not Tensor:
        x = to_tensor(get_default_graph(), x, None, "x")
    return x if x.spec.dtype.is_integer else Round.build(x, name=name)


class IsNan(UnaryTest):
    """y = whether x is not a number."""

    T = dt.FLOAT
    ufunc = "isnan"
    grad = NotDifferentiable


def is_nan(x, name=None):
    """Tells where x is not a number (NaN).

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A bool tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.is_nan([1.0, float("nan")]))
        array([False,  True])
    """
    return IsNan.build(x, name=name)


class IsInf(UnaryTest):
    """y = whether x is infinite."""

    T = dt.FLOAT
    ufunc = "isinf"
    grad = NotDifferentiable


def is_inf(x, name=None):
    """Tells where x is infinite, positively or negatively.

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A bool tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.is_inf([1.0, float("inf")]))
        array([False,  True])
    """
    return IsInf.build(x, name=name)


class IsFinite(UnaryTest):
    """y = whether x is neither infinite nor NaN."""

    T = dt.FLOAT
    ufunc = "isfinite"
    grad = NotDifferentiable


def is_finite(x, name=None):
    """Tells where x is neither infinite nor NaN.

    Args:
        x: floating tensor.
        name: name of the node.

    Returns:
        A bool tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.is_finite([1.0, float("inf")]))
        array([ True, False])
    """
    return IsFinite.build(x, name=name)
