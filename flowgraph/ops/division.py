"""Division in its many kinds, and the remainders that go with them.

`/` is `truediv`: integers are cast to a floating dtype first. `//` is `floordiv`, rounding down,
with the remainder `%` of the divisor's sign. `tf.div` is the `/` of Python 2: `//` for integers.
The `truncate` pair rounds towards zero, as C does.

Integers divided by zero raise InvalidArgumentError in the run; floats give infinity or NaN.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core import frames
from flowgraph.core.checks import raise_if
from flowgraph.core.deprecation import deprecated
from flowgraph.errors import DTypeError, InvalidArgumentError, message
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.graph.graph import Graph, get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef.convert import as_tensor, refused_value, to_tensor, value_advice
from flowgraph.opdef.families import Binary
from flowgraph.opdef.opdef import NotDifferentiable, op_def
from flowgraph.opdef.subgraph import building_graph
from flowgraph.ops.complex_numbers import conj

TRUE_QUOTIENT = {dt.int8: dt.float32, dt.uint8: dt.float32, dt.int16: dt.float32,
                 dt.uint16: dt.float32, dt.int32: dt.float64, dt.uint32: dt.float64,
                 dt.int64: dt.float64, dt.uint64: dt.float64}


class RealDiv(Binary):
    """z = x / y."""

    T = dt.FLOAT_OR_COMPLEX
    ufunc = "true_divide"

    def grad(self, op, dy):
        x, y = op.inputs
        x_conj, y_conj = conj(x), conj(y)
        dy_dy = dy * (-x_conj / y_conj / y_conj)
        return unbroadcast(dy / y_conj, x, y), unbroadcast(dy_dy, y, x)


def realdiv(x, y, name=None):
    """Divides floating or complex tensors, element by element.

    Args:
        x: floating or complex tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.realdiv([1.0, 2.0], 4.0))
        array([0.25, 0.5 ], dtype=float32)
    """
    return RealDiv.build(x, y, name=name)


def truediv(x, y, name=None):
    """Divides as Python 3 does: `x / y`. Integers are cast to floats first.

    Args:
        x: tensor of a number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape: float32 for 8 and 16 bit integers, float64 for larger
        ones, else of the inputs' dtype.

    Raises:
        TypeError: the dtypes differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.truediv([1, 2], 4))
        array([0.25, 0.5 ])
    """
    if type(x) is Tensor and x.spec.dtype.kind in "fc":
        return RealDiv.build(x, y, name=name or "truediv")
    with name_scope(name, "truediv", [x, y]) as scope:
        x, y = _operands("truediv", x, y)
        quotient = TRUE_QUOTIENT.get(x.spec.dtype)
        if quotient is not None:
            x, y = (op_def("Cast").build(t, DstT=quotient) for t in (x, y))
        return RealDiv.build(x, y, name=scope)


def divide(x, y, name=None):
    """Divides as Python 3 does: `x / y`; the same as `truediv`.

    Args:
        x: tensor of a number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape; see `truediv` for its dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.divide([1.0, 2.0], 4.0))
        array([0.25, 0.5 ], dtype=float32)
    """
    return truediv(x, y, name)


def div(x, y, name=None):
    """Divides as Python 2 did: integers are rounded down, floats are not.

    Args:
        x: tensor of a real number or complex dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        TypeError: the dtypes differ.
        InvalidArgumentError: in the run, when an integer is divided by zero.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run([fg.div(7, 2), fg.div(7.0, 2.0)])
        [np.int32(3), np.float32(3.5)]
    """
    deprecated("Deprecated in favor of operator or tf.math.divide.")
    with name_scope(name, "div", [x, y]) as scope:
        x, y = _operands("div", x, y)
        op = RealDiv if x.spec.dtype.kind in "fc" else FloorDiv
        return op.build(x, y, name=scope)


def _operands(function: str, x, y) -> tuple[Tensor, Tensor]:
    """Both as tensors of one dtype; a Python value takes the dtype of the tensor beside it."""
    tensors = [t for t in (x, y) if is_tensor_like(t)]
    graph = building_graph(tensors[0].graph) if tensors else get_default_graph()
    x_dtype = None if is_tensor_like(x) or not tensors else y.dtype.base_dtype
    x = _operand(function, graph, x, x_dtype, "x")
    if not is_tensor_like(y):
        y = _operand(function, graph, y, x.spec.dtype, "y")
    y = to_tensor(graph, y, None, "y")
    if x.spec.dtype is not y.spec.dtype:
        raise DTypeError(message(
            f"tf.{function} ({frames.user_frame()}) cannot mix {x.spec.dtype.name} and "
            f"{y.spec.dtype.name}",
            [(f"{p} =", repr(t.name), f"{t.shape} {t.spec.dtype.name}", str(t.op.frame))
             for p, t in (("x", x), ("y", y))],
            f"x and y must have one dtype. Write tf.cast(..., tf.{x.spec.dtype.name}).",
            "dtype-error"))
    return x, y


def _operand(function: str, graph: Graph, value, dtype: dt.DType | None, name: str) -> Tensor:
    if is_tensor_like(value) or dtype is None:
        return to_tensor(graph, value, dtype, name)
    try:
        return as_tensor(graph, value, dtype, name)
    except (TypeError, ValueError) as error:
        raise refused_value(
            error, f"tf.{function} ({frames.user_frame()}) cannot take the value given for "
            f"{name!r}", value_advice(error, dtype)) from None


class DivNoNan(Binary):
    """z = x / y, and 0 wherever y is 0."""

    T = dt.FLOAT_OR_COMPLEX

    def kernel(self, xp, x, y):
        return xp.where(y == 0, x.dtype.type(0), xp.true_divide(x, y))

    def grad(self, op, dy):
        x, y = op.inputs
        x_conj, y_conj = conj(x), conj(y)
        dy_dy = dy * DivNoNan.build(DivNoNan.build(-x_conj, y_conj), y_conj)
        return unbroadcast(DivNoNan.build(dy, y_conj), x, y), unbroadcast(dy_dy, y, x)


def div_no_nan(x, y, name=None):
    """Divides floating tensors; the quotient is 0 where y is.

    Args:
        x: floating or complex tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.div_no_nan([1.0, 1.0], [2.0, 0.0]))
        array([0.5, 0. ], dtype=float32)
    """
    return DivNoNan.build(x, y, name=name or "div_no_nan")


# ---- rounded down --------------------------------------------------------------------------------


class FloorDiv(Binary):
    """z = floor(x / y)."""

    checks_data = True

    def kernel(self, xp, x, y, *, out=None):
        if x.dtype.kind in "iu":
            _no_zero(xp, x, y)
            return xp.floor_divide(x, y, out=out)
        # floor_divide would call 1 // 0.1 nine, because the float below 0.1 fits ten times
        return xp.floor(xp.true_divide(x, y), out=out)

    T = dt.REAL
    grad = NotDifferentiable


def floordiv(x, y, name=None):
    """Divides and rounds down: `x // y`.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        InvalidArgumentError: in the run, when an integer is divided by zero.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.floordiv([7, -7], 2))
        array([ 3, -4], dtype=int32)
    """
    return FloorDiv.build(x, y, name=name or "floordiv")


def floor_div(x, y, name=None):
    """Divides and rounds down; `floordiv` under another name.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.floor_div([7, -7], 2))
        array([ 3, -4], dtype=int32)
    """
    return FloorDiv.build(x, y, name=name)


class FloorMod(Binary):
    """z = x - floor(x / y) y, which has the sign of y."""

    T = dt.REAL
    checks_data = True

    def kernel(self, xp, x, y, *, out=None):
        if x.dtype.kind in "iu":
            _no_zero(xp, x, y)
        return xp.remainder(x, y, out=out)

    def kernel_cupy(self, xp, x, y):
        from flowgraph.ops.like_numpy import remainder  # late: few have a GPU
        return remainder(xp, x, y) if x.dtype.kind == "f" else self.kernel(xp, x, y)

    def grad(self, op, dy):
        x, y = op.inputs
        return unbroadcast(dy, x, y), unbroadcast(-dy * FloorDiv.build(x, y), y, x)


def floormod(x, y, name=None):
    """Returns the remainder of division rounded down: `x % y`, with the sign of y.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        InvalidArgumentError: in the run, when an integer is divided by zero.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.floormod([7, -7], 3))
        array([1, 2], dtype=int32)
    """
    return FloorMod.build(x, y, name=name)


mod = floormod


# ---- rounded towards zero ------------------------------------------------------------------------


class TruncateDiv(Binary):
    """z = x / y for integers, rounded towards zero."""

    T = dt.INT
    checks_data = True

    def kernel(self, xp, x, y):
        _no_zero(xp, x, y)
        down = xp.floor_divide(x, y)  # one too small where the quotient is negative and not whole
        return down + ((down < 0) & (down * y != x))

    grad = NotDifferentiable


def truncatediv(x, y, name=None):
    """Divides integers and rounds towards zero, as C does.

    Args:
        x: integer tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        InvalidArgumentError: in the run, when an integer is divided by zero.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.truncatediv([7, -7], 2))
        array([ 3, -3], dtype=int32)
    """
    return TruncateDiv.build(x, y, name=name)


class TruncateMod(Binary):
    """z = what division rounded towards zero leaves; it has the sign of x."""

    T = dt.REAL
    checks_data = True

    def kernel(self, xp, x, y, *, out=None):
        if x.dtype.kind in "iu":
            _no_zero(xp, x, y)
        return xp.fmod(x, y, out=out)

    def kernel_cupy(self, xp, x, y):
        if x.dtype.kind == "f":
            return xp.fmod(x, y)
        from flowgraph.ops.like_numpy import truncated_remainder  # late: few have a GPU
        _no_zero(xp, x, y)
        return truncated_remainder(xp, x, y)

    grad = NotDifferentiable


def truncatemod(x, y, name=None):
    """Returns what division rounded towards zero leaves, with the sign of x, as C's `%`.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        InvalidArgumentError: in the run, when an integer is divided by zero.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.truncatemod([7, -7], 3))
        array([ 1, -1], dtype=int32)
    """
    return TruncateMod.build(x, y, name=name)


def _no_zero(xp, x, y) -> None:
    """Raises InvalidArgumentError where a number would be divided by zero."""
    if x.size:
        raise_if(xp, y == 0,
                 lambda: InvalidArgumentError(None, None, "Integer division by zero"))
