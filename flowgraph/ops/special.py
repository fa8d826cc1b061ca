"""Products and quotients that are 0 wherever x is 0, neighbours of a float, polynomials.

x log y and x / y are taken as 0 at x = 0 whatever y is, as the limits in entropies ask for.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.families import Binary
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.division import DivNoNan


def _where_not_zero(xp, x, value):
    return xp.where(x == 0, x.dtype.type(0), value)


def _not_zero(x: Tensor) -> Tensor:
    """1 where x is not 0, else 0."""
    return cast(op_def("NotEqual").build(x, op_def("ZerosLike").build(x)), x.spec.dtype)


class Xlogy(Binary):
    """z = x ln y, and 0 where x is 0."""

    T = dt.FLOAT_OR_COMPLEX

    def kernel(self, xp, x, y):
        return _where_not_zero(xp, x, x * xp.log(y))

    def grad(self, op, dy):
        x, y = op.inputs
        return (unbroadcast(dy * conj(xlogy(_not_zero(x), y)), x, y),
                unbroadcast(dy * conj(xdivy(x, y)), y, x))


def xlogy(x, y, name=None):
    """Computes x ln y, element by element; 0 where x is 0, whatever y is.

    Args:
        x: floating or complex tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.xlogy([0.0, 2.0], [0.0, 1.0]))
        array([0., 0.], dtype=float32)
    """
    return Xlogy.build(x, y, name=name)


class Xlog1py(Binary):
    """z = x ln(1 + y), and 0 where x is 0."""

    T = dt.FLOAT_OR_COMPLEX

    def kernel(self, xp, x, y):
        return _where_not_zero(xp, x, x * xp.log1p(y))

    def grad(self, op, dy):
        x, y = op.inputs
        return (unbroadcast(dy * conj(xlog1py(_not_zero(x), y)), x, y),
                unbroadcast(dy * conj(xdivy(x, y + 1)), y, x))


def xlog1py(x, y, name=None):
    """Computes x ln(1 + y), element by element; 0 where x is 0, whatever y is.

    Args:
        x: floating or complex tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.xlog1py([0.0, 2.0], [-1.0, 0.0]))
        array([0., 0.], dtype=float32)
    """
    with name_scope(name, "xlog1py", [x]):
        return Xlog1py.build(x, y)


class Xdivy(Binary):
    """z = x / y, and 0 where x is 0."""

    T = dt.FLOAT_OR_COMPLEX

    def kernel(self, xp, x, y):
        return _where_not_zero(xp, x, xp.divide(x, y))

    def grad(self, op, dy):
        x, y = op.inputs
        return (unbroadcast(dy * conj(xdivy(_not_zero(x), y)), x, y),
                unbroadcast(dy * conj(xdivy(-x, y * y)), y, x))


def xdivy(x, y, name=None):
    """Computes x / y, element by element; 0 where x is 0, whatever y is.

    Args:
        x: floating or complex tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.xdivy([0.0, 2.0], [0.0, 4.0]))
        array([0. , 0.5], dtype=float32)
    """
    with name_scope(name, "xdivy", [x]):
        return Xdivy.build(x, y)


class NextAfter(Binary):
    """z = the float after x1 on the way to x2."""

    T = dt.DTypeSet("float32 or float64", (dt.float64, dt.float32))
    ufunc = "nextafter"

    def infer(self, x1, x2):
        return super().infer(x1, x2)

    def kernel(self, xp, x1, x2, *, out=None):
        return xp.nextafter(x1, x2, out=out)

    def grad(self, op, dy):
        x1, x2 = op.inputs
        return unbroadcast(dy, x1, x2), op_def("ZerosLike").build(x2)


def nextafter(x1, x2, name=None):
    """Finds the float that comes after x1 on the way to x2, element by element.

    Args:
        x1: float32 or float64 tensor.
        x2: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.math.nextafter(1.0, 2.0)))
        1.0000001
    """
    return NextAfter.build(x1, x2, name=name)


def reciprocal_no_nan(x, name=None):
    """Computes 1 / x, element by element, and 0 where x is 0.

    Args:
        x: floating or complex tensor.
        name: name of the node, and of the scope of its constant.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.reciprocal_no_nan([2.0, 0.0]))
        array([0.5, 0. ], dtype=float32)
    """
    with name_scope(name, "reciprocal_no_nan", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        one = convert_to_tensor(1, dtype=x.dtype.base_dtype, name="one")
        return DivNoNan.build(one, x, name=scope)


def polyval(coeffs, x, name=None):
    """Computes a polynomial, element by element, by Horner's rule.

    Args:
        coeffs: list of tensors or numbers, that of the highest power first.
        x: tensor of a number dtype.
        name: name of the scope of the nodes; default "polyval".

    Returns:
        A tensor of the shape that x and the coefficients broadcast to, of the same dtype; zeros if
        there are no coefficients.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.math.polyval([1.0, -2.0, 3.0], 2.0)))
        3.0
    """
    with name_scope(name, "polyval", [*coeffs, x]):
        x = convert_to_tensor(x, name="x")
        if len(coeffs) < 1:
            return op_def("ZerosLike").build(x, name="x")
        terms = [convert_to_tensor(c, name=f"{i}_coeff") for i, c in enumerate(coeffs)]
        value = terms[0]
        for c in terms[1:]:
            value = c + value * x
        return value
