"""Half the sum of squares, and scaling to length one."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.arithmetic import maximum, multiply
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.unary import rsqrt, square


class L2Loss(OpDef):
    """Half the sum of the squares of all elements."""

    T = dt.FLOAT

    def infer(self, t: Spec):
        return Spec(t.dtype, ())

    def kernel(self, xp, t):
        return xp.vdot(t, t) / t.dtype.type(2)

    def grad(self, op, dy):
        return op.inputs[0] * dy


def l2_loss(t, name=None):
    """Computes `sum(t ** 2) / 2`.

    Args:
        t: tensor of a floating dtype.
        name: name of the node.

    Returns:
        A scalar of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.nn.l2_loss([3.0, 4.0])))
        12.5
    """
    return L2Loss.build(t, name=name)


def l2_normalize(x, axis=None, epsilon=1e-12, name=None, dim=None):
    """Divides by the length of the vectors along `axis`: `x / sqrt(max(sum(x ** 2), epsilon))`.

    Args:
        x: tensor of a floating dtype.
        axis: int or list of ints, the axes that make up one vector; default all.
        epsilon: keeps the divisor away from 0.
        name: name of the scope and of the last node.
        dim: older name of `axis`.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.l2_normalize([3.0, 4.0]))
        array([0.6, 0.8], dtype=float32)
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        square_sum = reduce_sum(square(x), axis, keepdims=True)
        return multiply(x, rsqrt(maximum(square_sum, epsilon)), name=scope)
