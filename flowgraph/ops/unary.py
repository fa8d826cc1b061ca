"""Size and sign, squares, roots and reciprocals.

The gradients of roots and reciprocals are ops of their own (SqrtGrad, RsqrtGrad, ReciprocalGrad),
as in TensorFlow: they need only the result y, so that the input can be dropped.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import to_tensor
from flowgraph.opdef.families import Unary
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.complex_numbers import ComplexAbs, conj
from flowgraph.ops.sparse_tensor import SparseTensor


class Abs(Unary):
    """y = |x|, for real numbers; ComplexAbs is for complex ones."""

    T = dt.REAL
    ufunc = "absolute"

    def grad(self, op, dy):
        return dy * sign(op.inputs[0])


def abs(x, name=None):
    """Computes the absolute value, element by element.

    Args:
        x: tensor of a number dtype; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype; of complex numbers: of their real dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.abs([1.0, -2.0]))
        array([1., 2.], dtype=float32)
    """
    if isinstance(x, SparseTensor):
        return x._with_values(abs(x.values, name))
    if type(x) is not Tensor:
        x = to_tensor(get_default_graph(), x, None, f"{name or 'Abs'}/x")
    if x.spec.dtype.is_complex:
        return ComplexAbs.build(x, name=name or "Abs", Tout=x.spec.dtype.real_dtype)
    return Abs.build(x, name=name)


class Sign(Unary):
    """y = -1, 0 or 1 as x is below, at or above 0; of complex numbers x / |x|."""

    ufunc = "sign"
    maps_values = True

    def grad(self, op, dy):
        return op_def("ZerosLike").build(op.inputs[0])


def sign(x, name=None):
    """Returns -1, 0 or 1 for the sign of each element; for complex numbers x / |x|.

    Args:
        x: tensor of a number dtype; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sign([3.0, 0.0, -2.0]))
        array([ 1.,  0., -1.], dtype=float32)
    """
    return Sign.build(x, name=name)


class Square(Unary):
    """y = x^2."""

    ufunc = "square"
    maps_values = True

    def grad(self, op, dy):
        return dy * (2 * conj(op.inputs[0]))


def square(x, name=None):
    """Computes x^2, element by element.

    Args:
        x: tensor of a number dtype; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.square([2.0, -3.0]))
        array([4., 9.], dtype=float32)
    """
    return Square.build(x, name=name)


class Sqrt(Unary):
    """y = the square root of x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "sqrt"
    maps_values = True

    def grad(self, op, dy):
        return SqrtGrad.build(conj(op.outputs[0]), dy)


class SqrtGrad(OpDef):
    """The gradient of y = sqrt(x): dy / (2 y)."""

    T = dt.FLOAT_OR_COMPLEX
    elementwise = True

    def infer(self, y: Spec, dy: Spec):
        return Spec(y.dtype, shape_rules.merge("tensors", y, dy))

    def kernel(self, xp, y, dy, *, out=None):
        return xp.true_divide(dy * 0.5, y, out=out)

    def grad(self, op, ddy):
        y = conj(op.inputs[0])
        return -(ddy / y) * conj(op.outputs[0]), 0.5 * ddy / y


def sqrt(x, name=None):
    """Computes the square root, element by element.

    Args:
        x: floating or complex tensor; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sqrt([4.0, 2.0]))
        array([2.       , 1.4142135], dtype=float32)
    """
    return Sqrt.build(x, name=name)


class Rsqrt(Unary):
    """y = 1 / sqrt(x)."""

    T = dt.FLOAT_OR_COMPLEX

    def kernel(self, xp, x, *, out=None):
        return xp.reciprocal(xp.sqrt(x), out=out)

    def grad(self, op, dy):
        return RsqrtGrad.build(conj(op.outputs[0]), dy)


class RsqrtGrad(OpDef):
    """The gradient of y = 1 / sqrt(x): -dy y^3 / 2."""

    T = dt.FLOAT_OR_COMPLEX
    elementwise = True

    def infer(self, y: Spec, dy: Spec):
        return Spec(y.dtype, shape_rules.merge("tensors", y, dy))

    def kernel(self, xp, y, dy, *, out=None):
        return xp.multiply(dy * -0.5 * y, y * y, out=out)

    def grad(self, op, ddy):
        y, dy = conj(op.inputs[0]), conj(op.inputs[1])
        return -1.5 * ddy * dy * op_def("Square").build(y), RsqrtGrad.build(y, ddy)


def rsqrt(x, name=None):
    """Computes 1 / sqrt(x), element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.rsqrt([4.0, 2.0]))
        array([0.5       , 0.70710677], dtype=float32)
    """
    return Rsqrt.build(x, name=name)


class Reciprocal(Unary):
    """y = 1 / x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "reciprocal"

    def grad(self, op, dy):
        return ReciprocalGrad.build(conj(op.outputs[0]), dy)


class ReciprocalGrad(OpDef):
    """The gradient of y = 1 / x: -dy y^2."""

    T = dt.FLOAT_OR_COMPLEX
    elementwise = True

    def infer(self, y: Spec, dy: Spec):
        return Spec(y.dtype, shape_rules.merge("tensors", y, dy))

    def kernel(self, xp, y, dy, *, out=None):
        return xp.multiply(-dy * y, y, out=out)

    def grad(self, op, ddy):
        y, dy = conj(op.inputs[0]), conj(op.inputs[1])
        return -2 * ddy * dy * y, ReciprocalGrad.build(y, ddy)


def reciprocal(x, name=None):
    """Computes 1 / x, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reciprocal([4.0, 2.0]))
        array([0.25, 0.5 ], dtype=float32)
    """
    return Reciprocal.build(x, name=name)
