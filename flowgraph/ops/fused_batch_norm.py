"""Batch normalisation of images in one op, by the statistics of the batch or by given ones.

For training, y = scale * (x - m) / sqrt(v + epsilon) + offset with m and v the mean and variance of
each channel over the batch; the variance that comes out is the unbiased one, n / (n - 1) of it, for
moving averages. The mean and the variance themselves pass no gradient on, as in TensorFlow.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.scratch import Scratch
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.gradients.gradients import gradients
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.arithmetic import squared_difference
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.unary import rsqrt

_AXES = {"NHWC": (0, 1, 2), "NCHW": (0, 2, 3)}  # those that are summed over
_SHAPES = {"NHWC": (1, 1, 1, -1), "NCHW": (1, -1, 1, 1)}  # of a vector with an entry per channel
_ROW = 1024  # numbers
_LARGE = 1 << 14  # numbers from which on images are laid out anew and summed by BLAS


class FusedBatchNorm(OpDef):
    """x normalised channel by channel; the statistics used; the same again for the gradient."""

    T = dt.FLOAT
    multiple = True

    def infer(self, x: Spec, scale: Spec, offset: Spec, mean: Spec, variance: Spec, *,
              epsilon=1e-4, data_format="NHWC", is_training=True):
        y, vector = _specs(x, (scale, offset, mean, variance), data_format, is_training)
        return (y,) + (vector,) * 4

    def kernel(self, xp, x, scale, offset, mean, variance, *, epsilon=1e-4, data_format="NHWC",
               is_training=True):
        return _normalized(xp, x, scale, offset, mean, variance, epsilon, data_format, is_training)

    def grad(self, op, dy, *_):
        return _gradient(FusedBatchNormGrad, op, dy, ())


class FusedBatchNormV3(OpDef):
    """FusedBatchNorm whose statistics may be of higher precision than x."""

    dtypes = {"scale": "U", "offset": "U", "mean": "U", "variance": "U"}
    T = U = dt.FLOAT
    multiple = True

    def infer(self, x: Spec, scale: Spec, offset: Spec, mean: Spec, variance: Spec, *,
              epsilon=1e-4, data_format="NHWC", is_training=True):
        y, vector = _specs(x, (scale, offset, mean, variance), data_format, is_training)
        return (y,) + (vector,) * 4 + (Spec(vector.dtype, (0,)),)

    def kernel(self, xp, x, scale, offset, mean, variance, *, epsilon=1e-4, data_format="NHWC",
               is_training=True):
        return (*_normalized(xp, x, scale, offset, mean, variance, epsilon, data_format,
                             is_training), xp.zeros((0,), scale.dtype))

    def grad(self, op, dy, *_):
        return _gradient(FusedBatchNormGradV3, op, dy, (op.outputs[5],))


class FusedBatchNormGrad(OpDef):
    """The gradients of FusedBatchNorm with respect to x, scale and offset."""

    T = dt.FLOAT
    multiple = True

    def infer(self, y_backprop: Spec, x: Spec, scale: Spec, reserve_space_1: Spec,
              reserve_space_2: Spec, *, epsilon=1e-4, data_format="NHWC", is_training=True):
        dx, vector = _specs(x, (scale, reserve_space_1, reserve_space_2), data_format, False)
        empty = Spec(vector.dtype, (0,))
        return dx, vector, vector, empty, empty

    def kernel(self, xp, y_backprop, x, scale, reserve_space_1, reserve_space_2, *, epsilon=1e-4,
               data_format="NHWC", is_training=True):
        return _gradients(xp, y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon,
                          data_format, is_training)

    def grad(self, op, *ddx):
        return _second_gradients(op, ddx)


class FusedBatchNormGradV3(OpDef):
    """The gradients of FusedBatchNormV3 with respect to x, scale and offset."""

    dtypes = {"scale": "U", "reserve_space_1": "U", "reserve_space_2": "U",
              "reserve_space_3": "U"}
    T = U = dt.FLOAT
    multiple = True

    def infer(self, y_backprop: Spec, x: Spec, scale: Spec, reserve_space_1: Spec,
              reserve_space_2: Spec, reserve_space_3: Spec, *, epsilon=1e-4, data_format="NHWC",
              is_training=True):
        dx, vector = _specs(x, (scale, reserve_space_1, reserve_space_2), data_format, False)
        empty = Spec(vector.dtype, (0,))
        return dx, vector, vector, empty, empty

    def kernel(self, xp, y_backprop, x, scale, reserve_space_1, reserve_space_2, reserve_space_3,
               *, epsilon=1e-4, data_format="NHWC", is_training=True):
        return _gradients(xp, y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon,
                          data_format, is_training)

    def grad(self, op, *ddx):
        return (*_second_gradients(op, ddx), None)


# -- shape rules -------------------------------------------------------------------------------

def _specs(x: Spec, vectors: tuple[Spec, ...], data_format: str, training: bool):
    """The Specs of a tensor like x and of a vector with an entry per channel."""
    if data_format not in _AXES:
        raise ShapeError(f"has data_format {data_format!r}", "It must be 'NHWC' or 'NCHW'.")
    shape_rules.require_rank(x, 4, "an input")
    axis = data_format.index("C")
    channels = None if x.shape is None else x.shape[axis]
    for i, vector in enumerate(vectors):
        shape_rules.require_rank(vector, 1, "vectors")
        size = None if vector.shape is None else vector.shape[0]
        if size is None or (training and i >= 2):  # the mean and variance are not looked at
            continue
        if channels is not None and channels != size:
            raise ShapeError(f"cannot normalise {shape_text(x.shape)} by a vector of {size}",
                             f"There are {channels} channels ({data_format}).")
        channels = size
    made = shapes.merge(x.shape, (None,) * axis + (channels,) + (None,) * (3 - axis))
    return Spec(x.dtype, made), Spec(vectors[0].dtype, (channels,))


# -- arithmetic --------------------------------------------------------------------------------

class _Channels:
    """Images laid out so that NumPy's loops over them are long, with vectors of their channels.

        NHWC    [rows, k * C]      k pixels in a row, as many as make some hundred numbers
        NCHW    [N, C, H * W]

    Sums over pixels of the first are a product with ones: BLAS adds up rows many times as quickly.

    Args:
        xp: the array module.
        shape: of the images.
        data_format: "NHWC" or "NCHW".
    """

    def __init__(self, xp, shape, data_format):
        self.xp, self.last, size = xp, data_format == "NHWC", math.prod(shape)
        self.count = shape[data_format.index("C")]
        self.pixels, self.times = size // max(1, self.count), 1
        self.large = size >= _LARGE
        if self.last:
            if self.large:
                self.times = math.gcd(self.pixels, _pixels_in_a_row(self.count))
            self.shape = (self.pixels // self.times, self.times * self.count)
        else:
            self.shape = (*shape[:2], shape[2] * shape[3])

    def spread(self, vector):
        """A vector with an entry per channel, so that it broadcasts over the images laid out."""
        if not self.last:
            return vector[:, None]
        return vector if self.times == 1 else vector[None].repeat(self.times, 0).reshape(-1)

    def sums(self, images, dtype, divisor=1):
        """The sum of each channel, divided; of halves as float32, which is rounded at the end."""
        wide = "float32" if dtype.itemsize == 2 else dtype
        if not self.last:
            sums = images.sum((0, 2), wide)
        elif self.large and images.dtype == wide:
            sums = self.xp.dot(self.xp.ones(self.shape[0], wide), images)
        else:
            sums = images.sum(0, wide)
        if self.times > 1:
            sums = sums.reshape(self.times, self.count).sum(0)
        if divisor != 1:
            sums /= divisor
        return sums.astype(dtype, copy=False)

    def sums_of_products(self, a, b, dtype, divisor=1):
        """The sum of a * b in each channel, divided."""
        if not self.large:
            return self.sums(a * b, dtype, divisor)
        with Scratch(self.xp) as scratch:
            products = self.xp.multiply(a, b, out=scratch.empty(b.shape, b.dtype))
            return self.sums(products, dtype, divisor)


def _pixels_in_a_row(channels):
    """A power of two of them, so that it goes into most images."""
    return 1 << max(0, (_ROW // max(1, channels)).bit_length() - 1)


def _normalized(xp, x, scale, offset, mean, variance, epsilon, data_format, training):
    dtype, shape = scale.dtype, x.shape
    channels = _Channels(xp, shape, data_format)
    for vector in (scale, offset) if training else (scale, offset, mean, variance):
        if vector.shape != (channels.count,):
            raise InvalidArgumentError(None, None, f"cannot normalise {shape} by a vector of "
                                                   f"shape {vector.shape}")
    x = x.reshape(channels.shape)
    if training:
        m = channels.sums(x, dtype, channels.pixels)
        centered = x - channels.spread(m)
        v = channels.sums_of_products(centered, centered, dtype, channels.pixels)
        unbiased = v * dtype.type(channels.pixels / max(1, channels.pixels - 1))
    else:
        m, v, unbiased = mean.copy(), variance.copy(), variance.copy()
        centered = x - channels.spread(m)
    centered *= channels.spread(scale / xp.sqrt(v + dtype.type(epsilon)))
    centered += channels.spread(offset)
    return centered.astype(x.dtype, copy=False).reshape(shape), m, unbiased, m.copy(), v


def _gradients(xp, dy, x, scale, m, v, epsilon, data_format, training):
    dtype, shape = scale.dtype, x.shape
    channels = _Channels(xp, shape, data_format)
    dy, x, count = dy.reshape(channels.shape), x.reshape(channels.shape), max(1, channels.pixels)
    shrink = 1 / xp.sqrt(v + dtype.type(epsilon))
    dx = x - channels.spread(m)
    d_offset = channels.sums(dy, dtype)
    d_scale = channels.sums_of_products(dy, dx, dtype) * shrink
    if training:
        dx *= channels.spread(d_scale / count * shrink)
        dx += channels.spread(d_offset / count)
        xp.subtract(dy, dx, out=dx)
        dx *= channels.spread(scale * shrink)
    else:
        xp.multiply(dy, channels.spread(scale * shrink), out=dx)
    empty = xp.zeros((0,), dtype)
    return (dx.astype(x.dtype, copy=False).reshape(shape), d_scale, d_offset, empty, empty.copy())


def _gradient(gradient_op, op, dy, reserved):
    x, scale, _, mean, variance = op.inputs
    training = op.attrs["is_training"]
    m, v = (op.outputs[3], op.outputs[4]) if training else (mean, variance)
    dx, d_scale, d_offset, *_ = gradient_op.build(dy, x, scale, m, v, *reserved, **op.attrs)
    return dx, d_scale, d_offset, None, None


def _second_gradients(op, ddx):
    """The gradients of the gradients: of their formula, written with ordinary ops."""
    dy, x, scale, m, v = op.inputs[:5]
    dtype = scale.dtype.base_dtype
    axes, column = _AXES[op.attrs["data_format"]], _SHAPES[op.attrs["data_format"]]
    wide_dy, wide_x = cast(dy, dtype), cast(x, dtype)
    if op.attrs["is_training"]:
        m = reduce_mean(wide_x, axes, keepdims=True)
        v = reduce_mean(squared_difference(wide_x, m), axes, keepdims=True)
    else:
        m, v = reshape(m, column), reshape(v, column)
    shrink = rsqrt(v + op.attrs["epsilon"])
    unit = (wide_x - m) * shrink
    slope = wide_dy
    if op.attrs["is_training"]:
        slope = (wide_dy - reduce_mean(wide_dy, axes, keepdims=True)
                 - unit * reduce_mean(wide_dy * unit, axes, keepdims=True))
    first = [cast(slope * shrink * reshape(scale, column), x.dtype.base_dtype),
             reduce_sum(wide_dy * unit, axes), reduce_sum(wide_dy, axes)]
    return (*gradients(first, [dy, x, scale], list(ddx[:3])), None, None)


def fused_batch_norm(x, scale, offset, mean=None, variance=None, epsilon=0.001,
                     data_format="NHWC", is_training=True, name=None):
    """Normalises each channel of images, then scales and shifts it.

    Args:
        x: [batch, height, width, channels] tensor of a floating dtype, or as `data_format` says.
        scale, offset: vectors with an entry per channel.
        mean, variance: vectors to normalise by; only if not `is_training`.
        epsilon: small number added to the variance, at least 1.001e-5.
        data_format: "NHWC" or "NCHW".
        is_training: whether to normalise by the statistics of this batch.
        name: name of the node.

    Returns:
        Three tensors: the normalised x; the mean and the (unbiased) variance of the batch, or
        those given.

    Raises:
        ValueError: `mean` and `variance` are given in training, or missing otherwise.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 3.0], [2, 1, 1, 1])
        >>> y, mean, variance = fg.nn.fused_batch_norm(x, [1.0], [0.0])
        >>> fg.Session().run([mean, variance])
        [array([2.], dtype=float32), array([2.], dtype=float32)]
    """
    if is_training and (mean is not None or variance is not None):
        raise ValueError(located("Both 'mean' and 'variance' must be None if is_training is True."))
    if not is_training and (mean is None or variance is None):
        raise ValueError(located("'mean' and 'variance' must be given if is_training is False."))
    x = convert_to_tensor(x, name="input")
    scale = convert_to_tensor(scale, name="scale")
    offset = convert_to_tensor(offset, name="offset")
    dtype = scale.dtype.base_dtype
    mean = constant([], dtype) if mean is None else convert_to_tensor(mean, dtype)
    variance = constant([], dtype) if variance is None else convert_to_tensor(variance, dtype)
    y, m, v, *_ = FusedBatchNormV3.build(
        x, scale, offset, mean, variance, epsilon=max(float(epsilon), 1.001e-5),
        data_format=data_format, is_training=bool(is_training), name=name)
    return y, m, v
