"""exp, log and their like, and the two saturating curves made of exp: sigmoid and tanh.

The gradients of sigmoid and tanh are ops of their own (SigmoidGrad, TanhGrad), as in TensorFlow:
they need only the result y, so that the input can be dropped.

NumPy computes ln(1 + x) and e^x - 1 number by number. Of many float32 numbers both are made here of
`log` and `exp`, which it computes eight at a time or more, in a fifth and a third of the time: what
1 + x and e^x are rounded by is taken out again by dividing by what they were rounded to (Goldberg,
What every computer scientist should know about floating-point arithmetic, 1991, theorem 4; Eigen's
kernels, which TensorFlow has, do the same).
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.opdef import shape_rules
from flowgraph.opdef.families import Unary
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.approximation import in_blocks
from flowgraph.ops.complex_numbers import conj

FEW = 1024  # elements, for which float64 takes as long as the call
MANY = 2048  # float32 numbers, from which on log1p and expm1 are quicker made of others
TINY, LARGEST = 1e-37, 3.4028235e38  # float32: 0 / 0 becomes 1, inf / inf becomes inf


class Exp(Unary):
    """y = e^x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "exp"

    def grad(self, op, dy):
        return dy * conj(op.outputs[0])


def exp(x, name=None):
    """Computes e to the power x, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.exp([0.0, 1.0]))
        array([1.      , 2.718282], dtype=float32)
    """
    return Exp.build(x, name=name)


class Expm1(Unary):
    """y = e^x - 1, exact for small x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "expm1"

    def kernel(self, xp, x, *, out=None):
        return expm1_of(xp, x, out)

    def grad(self, op, dy):
        return dy * exp(conj(op.inputs[0]))


def expm1_of(xp, x, out=None):
    """e^x - 1 of an array."""
    return _in_single(_expm1, x, out) if _is_many(xp, x) else xp.expm1(x, out=out)


def _expm1(xp, x):
    x = xp.maximum(x, -20)  # e^-20 - 1 is -1
    e = xp.exp(x)
    exponent = xp.log(e)  # of what e^x was rounded to
    exponent += TINY
    xp.minimum(exponent, 100, out=exponent)
    e -= 1
    e += TINY
    e /= exponent
    e *= x
    return e


def _is_many(xp, x):
    return xp is np and x.dtype == "float32" and x.size >= MANY


def _in_single(function, x, out):
    result = in_blocks(np, function, x, "float32")
    if out is None:
        return result
    out[...] = result
    return out


def expm1(x, name=None):
    """Computes e^x - 1, element by element, exact for small x.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.expm1([0.0, 1.0])).round(4)
        array([0.    , 1.7183], dtype=float32)
    """
    return Expm1.build(x, name=name)


class Log(Unary):
    """y = ln x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "log"

    def kernel(self, xp, x, *, out=None):
        return _exact_log(xp, x, out) if x.size <= FEW else xp.log(x, out=out)

    def grad(self, op, dy):
        return dy * op_def("Reciprocal").build(conj(op.inputs[0]))


def _exact_log(xp, x, out):
    """The logarithm, in float32 rounded from float64 as C's `logf` is: NumPy's own is up to 3.5
    steps of float32 off.
    """
    if x.dtype != "float32":
        return xp.log(x, out=out)
    exact = xp.log(x.astype("float64"))
    if out is None:
        return exact.astype("float32")
    out[...] = exact
    return out


def log(x, name=None):
    """Computes the natural logarithm, element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.log([1.0, 2.0]))
        array([0.       , 0.6931472], dtype=float32)
    """
    return Log.build(x, name=name)


class Log1p(Unary):
    """y = ln(1 + x), exact for small x."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "log1p"

    def kernel(self, xp, x, *, out=None):
        return log1p_of(xp, x, out)

    def grad(self, op, dy):
        return dy / (1 + conj(op.inputs[0]))


def log1p_of(xp, x, out=None):
    """ln(1 + x) of an array."""
    return _in_single(_log1p, x, out) if _is_many(xp, x) else xp.log1p(x, out=out)


def _log1p(xp, x):
    more = x + 1
    result = xp.log(more)
    result += TINY
    more -= 1  # x as 1 + x was rounded
    more += TINY
    xp.minimum(more, LARGEST, out=more)
    result /= more
    result *= x
    return result


def log1p(x, name=None):
    """Computes ln(1 + x), element by element, exact for small x.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.log1p([0.0, 1.0]))
        array([0.       , 0.6931472], dtype=float32)
    """
    return Log1p.build(x, name=name)


class Sigmoid(Unary):
    """y = 1 / (1 + e^-x)."""

    T = dt.FLOAT_OR_COMPLEX

    def kernel(self, xp, x, *, out=None):
        return xp.reciprocal(xp.add(1, xp.exp(xp.negative(x, out=out), out=out), out=out), out=out)

    def grad(self, op, dy):
        return SigmoidGrad.build(conj(op.outputs[0]), dy)


class SigmoidGrad(OpDef):
    """The gradient of y = sigmoid(x): dy y (1 - y)."""

    T = dt.FLOAT_OR_COMPLEX
    elementwise = True

    def infer(self, y: Spec, dy: Spec):
        return Spec(y.dtype, shape_rules.merge("tensors", y, dy))

    def kernel(self, xp, y, dy, *, out=None):
        return xp.multiply(dy * y, xp.subtract(1, y, out=out), out=out)

    def grad(self, op, ddy):
        y, dy = conj(op.inputs[0]), conj(op.inputs[1])
        return ddy * dy * (1 - 2 * y), SigmoidGrad.build(y, ddy)


def sigmoid(x, name=None):
    """Computes 1 / (1 + e^-x), element by element.

    Args:
        x: floating or complex tensor.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sigmoid([0.0, 2.0]))
        array([0.5     , 0.880797], dtype=float32)
    """
    return Sigmoid.build(x, name=name)


class Tanh(Unary):
    """y = tanh(x), the hyperbolic tangent."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "tanh"
    maps_values = True

    def grad(self, op, dy):
        return TanhGrad.build(conj(op.outputs[0]), dy)


class TanhGrad(OpDef):
    """The gradient of y = tanh(x): dy (1 - y^2)."""

    T = dt.FLOAT_OR_COMPLEX
    elementwise = True

    def infer(self, y: Spec, dy: Spec):
        return Spec(y.dtype, shape_rules.merge("tensors", y, dy))

    def kernel(self, xp, y, dy, *, out=None):
        return xp.multiply(dy, xp.subtract(1, xp.multiply(y, y, out=out), out=out), out=out)

    def grad(self, op, ddy):
        y, dy = conj(op.inputs[0]), conj(op.inputs[1])
        return -2 * ddy * dy * y, TanhGrad.build(y, ddy)


def tanh(x, name=None):
    """Computes the hyperbolic tangent, element by element.

    Args:
        x: floating or complex tensor; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tanh([0.0, 1.0]))
        array([0.       , 0.7615942], dtype=float32)
    """
    return Tanh.build(x, name=name)
