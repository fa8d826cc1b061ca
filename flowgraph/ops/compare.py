"""Comparisons, element by element; the results are bool tensors.

`tf.equal` and `tf.not_equal` take every dtype. `x == y` is not among the operators: it tells, as in
TensorFlow 1, whether two names stand for the same tensor.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.opdef.families import Comparison
from flowgraph.opdef.opdef import NotDifferentiable

_COMPARABLE = dt.NUMBER + dt.BOOL + dt.STRING


class Equal(Comparison):
    """z = whether x and y are equal."""

    T = _COMPARABLE
    ufunc = "equal"
    commutative = True
    grad = NotDifferentiable


def equal(x, y, name=None):
    """Tells where x and y are equal, element by element.

    Args:
        x: tensor of any dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A bool tensor of the broadcast shape. NaN equals nothing.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.equal(["a", "b"], "a"))
        array([ True, False])
    """
    return Equal.build(x, y, name=name)


class NotEqual(Comparison):
    """z = whether x and y differ."""

    T = _COMPARABLE
    ufunc = "not_equal"
    commutative = True
    grad = NotDifferentiable


def not_equal(x, y, name=None):
    """Tells where x and y differ, element by element.

    Args:
        x: tensor of any dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.not_equal([1, 2], 1))
        array([False,  True])
    """
    return NotEqual.build(x, y, name=name)


class Less(Comparison):
    """z = whether x < y."""

    ufunc = "less"
    grad = NotDifferentiable


def less(x, y, name=None):
    """Tells where x < y, element by element.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.less([1, 2, 3], 2))
        array([ True, False, False])
    """
    return Less.build(x, y, name=name)


class LessEqual(Comparison):
    """z = whether x <= y."""

    ufunc = "less_equal"
    grad = NotDifferentiable


def less_equal(x, y, name=None):
    """Tells where x <= y, element by element.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.less_equal([1, 2, 3], 2))
        array([ True,  True, False])
    """
    return LessEqual.build(x, y, name=name)


class Greater(Comparison):
    """z = whether x > y."""

    ufunc = "greater"
    grad = NotDifferentiable


def greater(x, y, name=None):
    """Tells where x > y, element by element.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.greater([1, 2, 3], 2))
        array([False, False,  True])
    """
    return Greater.build(x, y, name=name)


class GreaterEqual(Comparison):
    """z = whether x >= y."""

    ufunc = "greater_equal"
    grad = NotDifferentiable


def greater_equal(x, y, name=None):
    """Tells where x >= y, element by element.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.greater_equal([1, 2, 3], 2))
        array([False,  True,  True])
    """
    return GreaterEqual.build(x, y, name=name)
