"""Local response normalisation: each channel is divided by a power of the sum of squares of the
channels around it.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.gradients.gradients import gradients
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.arithmetic import add_n, pow
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.pad import pad
from flowgraph.ops.padding import axis_taps
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import square

_BAND = 256  # channels; up to here a product with a band matrix is quicker than adding slices


class LRN(OpDef):
    """y = x / (bias + alpha * sum of squares within depth_radius channels) ^ beta."""

    multiplies = True
    T = dt.FLOAT

    def infer(self, input: Spec, *, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5):
        shape_rules.require_rank(input, 4, "an input")
        return Spec(input.dtype, input.shape or (None,) * 4)

    def kernel(self, xp, input, *, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5):
        return input * _shrink(xp, _norm(xp, input, depth_radius, bias, alpha), beta)

    def grad(self, op, dy):
        return LRNGrad.build(dy, op.inputs[0], op.outputs[0], **op.attrs)


class LRNGrad(OpDef):
    """The gradient of LRN."""

    multiplies = True
    T = dt.FLOAT

    def infer(self, input_grads: Spec, input_image: Spec, output_image: Spec, *, depth_radius=5,
              bias=1.0, alpha=1.0, beta=0.5):
        shape_rules.require_rank(input_image, 4, "images")
        return Spec(input_grads.dtype,
                    shape_rules.merge("inputs", input_grads, input_image, output_image))

    def kernel(self, xp, input_grads, input_image, output_image, *, depth_radius=5, bias=1.0,
               alpha=1.0, beta=0.5):
        real = input_image.dtype.type
        if input_image.ndim != 4:
            raise InvalidArgumentError(None, None, "images must have rank 4, got the shape "
                                                   f"{input_image.shape}")
        norm = _norm(xp, input_image, depth_radius, bias, alpha)
        through = _around(xp, input_grads * output_image / norm, depth_radius)
        return (input_grads * _shrink(xp, norm, beta)
                - real(2 * alpha * beta) * input_image * through)

    def grad(self, op, ddx):
        dy, x, _ = op.inputs
        r, beta = op.attrs["depth_radius"], op.attrs["beta"]

        def around(t):
            wide = pad(t, [[0, 0], [0, 0], [0, 0], [r, r]])
            return add_n([slice_(wide, [0, 0, 0, i], shape(t)) for i in range(2 * r + 1)])

        norm = around(square(x)) * op.attrs["alpha"] + op.attrs["bias"]
        y = x * pow(norm, -beta)
        dx = dy * pow(norm, -beta) - 2 * op.attrs["alpha"] * beta * x * around(dy * y / norm)
        return (*gradients([dx], [dy, x], [ddx]), None)  # y is taken as the function of x it is


def _norm(xp, x, radius, bias, alpha):
    real = x.dtype.type
    return real(bias) + real(alpha) * _around(xp, x * x, radius)


def _shrink(xp, norm, beta):
    """norm ^ -beta; the usual exponents by roots, many times as fast as a power."""
    if beta == 1:
        return 1 / norm
    if beta == 0.5:
        return 1 / xp.sqrt(norm)
    if beta == 0.75:
        root = xp.sqrt(norm)
        return 1 / (root * xp.sqrt(root))
    return xp.power(norm, norm.dtype.type(-beta))


def _around(xp, x, radius):
    """The sum over the channels within `radius` of each channel."""
    channels = x.shape[-1]
    if channels <= _BAND and x.dtype.itemsize > 2:
        at = xp.arange(channels)
        near = (abs(at[:, None] - at) <= radius).astype(x.dtype)
        return xp.dot(x.reshape(math.prod(x.shape[:-1]), channels), near).reshape(x.shape)
    total = x.copy()
    for i, (results, sources) in enumerate(
            axis_taps(channels, channels, 2 * radius + 1, 1, 1, radius)):
        if i != radius:
            total[..., results] += x[..., sources]
    return total


def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5, name=None):
    """Divides each channel by (bias + alpha * sum of squares of the channels around it) ^ beta.

    Args:
        input: [batch, height, width, channels] tensor of a floating dtype.
        depth_radius: how many channels on either side are summed.
        bias: added to the sum, usually above 0 so that nothing is divided by 0.
        alpha: factor of the sum.
        beta: exponent.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 1.0, 1.0], [1, 1, 1, 3])
        >>> fg.Session().run(fg.nn.lrn(x, depth_radius=2, beta=1.0))
        array([[[[0.25, 0.25, 0.25]]]], dtype=float32)
    """
    return LRN.build(input, depth_radius=int(depth_radius), bias=float(bias), alpha=float(alpha),
                     beta=float(beta), name=name)


lrn = local_response_normalization
