"""Colours: hue, saturation and value, grey, YIQ and YUV; channels are the last axis.

A colour's hue goes once around a hexagon, 6 sides long; on each side one of red, green and blue
moves while one of the others is largest and one smallest:

    hue     0 .. 1   1 .. 2   2 .. 3   3 .. 4   4 .. 5   5 .. 6
    red      max      falls    min      min      rises    max
    green    rises    max      max      falls    min      min
    blue     min      min      rises    max      max      falls
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.division import div_no_nan
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.image_checks import wrong_shape
from flowgraph.ops.image_dtype import convert_image_dtype
from flowgraph.ops.join import concat, stack, tile
from flowgraph.ops.logic import logical_and, logical_not
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_max, reduce_mean, reduce_min, reduce_sum
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.roll import roll
from flowgraph.ops.shape import rank, shape
from flowgraph.ops.tensordot import tensordot
from flowgraph.ops.unary import square

_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_ADJUSTABLE = dt.DTypeSet("float32 or float16", (dt.float32, dt.float16))


def _three_channels(images):
    """The shape of RGB images, whose last size is 3."""
    shape_rules.require_rank_at_least(images, 1, "images")
    if images.shape is None:
        return None
    if images.shape[-1] not in (None, 3):
        raise ShapeError(f"needs images with 3 channels, got {shape_text(images.shape)}",
                         "The last axis must hold red, green and blue, or hue, saturation and "
                         "value.")
    return (*images.shape[:-1], 3)


def _channels(images):
    """The three channels, checked in the run."""
    if images.shape[-1] != 3:
        raise InvalidArgumentError(None, None, "input must have 3 channels but instead has "
                                   f"{images.shape[-1]} channels")
    return images[..., 0], images[..., 1], images[..., 2]


def _hexagon(xp, red, green, blue):
    """(hue in [0, 6), smallest, largest channel) of each pixel."""
    # Written with `where`: as in TensorFlow, of NaN and a number after it the number counts.
    low, high = xp.where(red < green, red, green), xp.where(green < red, red, green)
    low, high = xp.where(low < blue, low, blue), xp.where(blue < high, high, blue)
    wide = high - low
    wide = xp.where(wide > 0, wide, xp.ones_like(wide))
    hue = xp.where(red == high, (green - blue) / wide, xp.where(
        green == high, (blue - red) / wide + 2, (red - green) / wide + 4)).astype(red.dtype)
    hue = xp.where(high > low, hue, xp.zeros_like(hue))
    return xp.where(hue < 0, hue + 6, hue).astype(red.dtype), low, high


def _coloured(xp, hue, low, high):
    """The inverse of `_hexagon`: RGB in the last axis."""
    one = hue.dtype.type(1)
    shares = (abs(hue - 3 * one) - one, 2 * one - abs(hue - 2 * one), 2 * one - abs(hue - 4 * one))
    return xp.stack([low + (high - low) * xp.clip(share, 0, 1) for share in shares],
                    axis=-1).astype(hue.dtype, copy=False)


class RGBToHSV(OpDef):
    """Red, green, blue as hue, saturation, value."""

    T = dt.FLOAT

    def infer(self, images):
        return Spec(images.dtype, _three_channels(images))

    def kernel(self, xp, images):
        hue, low, high = _hexagon(xp, *_channels(images))
        lit = high > 0
        grey = xp.where(lit, (high - low) / xp.where(lit, high, xp.ones_like(high)), 0)
        return xp.stack([hue / images.dtype.type(6), grey, high], axis=-1).astype(images.dtype,
                                                                                  copy=False)

    def grad(self, op, dy):
        return _gradient_of_hsv(op.inputs[0], dy)


def _gradient_of_hsv(images, dy):
    """With M, m the largest and smallest channel and p, q those after M in the order r, g, b:
    hue = (p - q) / (6 (M - m)) + constant, saturation = (M - m) / M, value = M.

    As in TensorFlow, channels that are not above 0 do not move the saturation, nor the hue if all
    are not.
    """
    dtype = images.dtype.base_dtype
    high, low = (pick(images, axis=-1, keepdims=True) for pick in (reduce_max, reduce_min))
    largest, smallest = _first(equal(images, high)), _first(equal(images, low), backwards=True)
    largest, smallest = cast(largest, dtype), cast(smallest, dtype)
    per_range = div_no_nan(convert_to_tensor(1, dtype), high - low)
    after = roll(largest, 1, -1) - roll(largest, 2, -1)
    across = reduce_sum(after * images, axis=-1, keepdims=True)
    d_hue = cast(high > 0, dtype) * (
        after * per_range - (largest - smallest) * across * square(per_range)) / 6
    d_saturation = cast(images > 0, dtype) * (
        largest * div_no_nan(low, square(high))
        - smallest * div_no_nan(convert_to_tensor(1, dtype), high))
    return (d_hue * dy[..., 0:1] + d_saturation * dy[..., 1:2] + largest * dy[..., 2:3])


def _first(marks, backwards=False):
    """Only the first mark of each pixel: of equal channels, one counts."""
    a, b, c = (marks[..., i] for i in ((2, 1, 0) if backwards else (0, 1, 2)))
    kept = [a, logical_and(b, logical_not(a)),
            logical_and(logical_and(c, logical_not(a)), logical_not(b))]
    return stack(kept[::-1] if backwards else kept, axis=-1)


def rgb_to_hsv(images, name=None):
    """Converts RGB images to hue, saturation and value.

    Args:
        images: floating tensor [..., 3], red, green and blue in [0, 1].
        name: name of the node.

    Returns:
        A tensor of the images' shape and dtype, all values in [0, 1].

    Raises:
        ValueError: the last axis has not size 3.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.rgb_to_hsv([[0.0, 0.5, 0.0], [1.0, 1.0, 1.0]]))
        array([[0.33333334, 1.        , 0.5       ],
               [0.        , 0.        , 1.        ]], dtype=float32)
    """
    return RGBToHSV.build(images, name=name)


class HSVToRGB(OpDef):
    """Hue, saturation, value as red, green, blue."""

    T = dt.FLOAT
    grad = NotDifferentiable

    def infer(self, images):
        return Spec(images.dtype, _three_channels(images))

    def kernel(self, xp, images):
        hue, saturation, value = _channels(images)
        one = images.dtype.type(1)
        return _coloured(xp, hue * (6 * one), (one - saturation) * value, value)


def hsv_to_rgb(images, name=None):
    """Converts hue, saturation and value to RGB images.

    Args:
        images: floating tensor [..., 3], all values in [0, 1].
        name: name of the node.

    Returns:
        A tensor of the images' shape and dtype: red, green and blue in [0, 1].

    Raises:
        ValueError: the last axis has not size 3.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.hsv_to_rgb([[0.5, 1.0, 0.25]]))
        array([[0.  , 0.25, 0.25]], dtype=float32)
    """
    return HSVToRGB.build(images, name=name)


# ---- adjusting -----------------------------------------------------------------------------------


_FEW = 1 << 10  # numbers


def _adjusted(images, amount):
    """The Spec of RGB images with one number that says how much."""
    shape_rules.require_rank_at_least(images, 3, "images")
    shape_rules.require_rank(amount, 0, "a number")
    return Spec(images.dtype, images.shape)


class AdjustContrastv2(OpDef):
    """Images with each channel's distance from its mean multiplied."""

    T = _ADJUSTABLE
    dtypes = {"contrast_factor": _FLOAT32}

    def infer(self, images, contrast_factor):
        return _adjusted(images, contrast_factor)

    def kernel(self, xp, images, contrast_factor):
        if not images.size:
            return images.copy()
        if images.size < _FEW:
            mean = images.mean(axis=(-3, -2), keepdims=True, dtype="float32")
            return (mean + (images - mean) * contrast_factor).astype(images.dtype, copy=False)
        # As rows of pixels, with means that are repeated for each pixel: NumPy's loops are long.
        *outer, rows, columns, channels = images.shape
        lines = images.reshape((*outer, rows, columns * channels))
        mean = lines.sum(axis=-2, dtype="float32").reshape((*outer, columns, channels))
        mean = mean.sum(axis=-2, keepdims=True)
        mean /= rows * columns
        mean = mean.repeat(columns, axis=-2).reshape((*outer, 1, columns * channels))
        result = lines - mean
        result *= contrast_factor
        result += mean
        return result.astype(images.dtype, copy=False).reshape(images.shape)

    def grad(self, op, dy):
        images, factor = op.inputs
        mean = reduce_mean(images, axis=[-3, -2], keepdims=True)
        same = cast(factor, images.dtype)
        dx = dy * same + reduce_mean(dy, axis=[-3, -2], keepdims=True) * (1 - same)
        return dx, cast(reduce_sum(dy * (images - mean)), factor.dtype)


class AdjustHue(OpDef):
    """Images with their hue turned by `delta` of a full turn."""

    T = _ADJUSTABLE
    dtypes = {"delta": _FLOAT32}
    grad = NotDifferentiable

    def infer(self, images, delta):
        return _adjusted(images, delta)

    def kernel(self, xp, images, delta):
        six = images.dtype.type(6)
        turn = six * xp.asarray(delta).astype(images.dtype)

        def turned(hue):
            hue = hue + turn
            return hue - six * xp.floor(hue / six)

        result = _adjusted_on_host(xp, images, lambda of: (turned(of.hue), of.low, of.wide))
        if result is not None:
            return result
        hue, low, high = _hexagon(xp, *_channels(images))
        return _coloured(xp, turned(hue), low, high)


class AdjustSaturation(OpDef):
    """Images with their saturation multiplied, up to 1."""

    T = _ADJUSTABLE
    dtypes = {"scale": _FLOAT32}
    grad = NotDifferentiable

    def infer(self, images, scale):
        return _adjusted(images, scale)

    def kernel(self, xp, images, scale):
        scale = xp.asarray(scale).astype(images.dtype)

        def lowest(low, high):
            lit = high > 0
            saturation = xp.where(lit, (high - low) / xp.where(lit, high, xp.ones_like(high)), 0)
            saturation = xp.clip(saturation * scale, 0, 1)
            return (high - saturation * high).astype(images.dtype, copy=False)

        def change(of):
            low = lowest(of.low, of.high)
            return of.hue, low, of.high - low

        result = _adjusted_on_host(xp, images, change)
        if result is not None:
            return result
        hue, low, high = _hexagon(xp, *_channels(images))
        return _coloured(xp, hue, lowest(low, high), high)


def _adjusted_on_host(xp, images, change):
    """Images with other colours, as planes; None if they are on a GPU, or not all finite."""
    _channels(images)
    if xp is not np:
        return None
    from flowgraph.ops.color_planes import adjusted  # late: few change colours
    return adjusted(images, change)


# ---- grey ----------------------------------------------------------------------------------------


def rgb_to_grayscale(images, name=None):
    """Converts RGB images to grey ones.

    Args:
        images: tensor [..., 3] of an integer or floating dtype.
        name: name of the node.

    Returns:
        A tensor [..., 1] of the images' dtype.

    Raises:
        ValueError: the last axis has not size 3.

    Example:
        >>> import flowgraph as fg
        >>> white = fg.constant([[255, 255, 255]], fg.uint8)
        >>> fg.Session().run(fg.image.rgb_to_grayscale(white))
        array([[255]], dtype=uint8)
    """
    with name_scope(name, "rgb_to_grayscale", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        sizes = images.spec.shape
        if sizes is not None and (not sizes or sizes[-1] not in (None, 3)):
            raise wrong_shape(images, "the last axis must hold red, green and blue")
        checks = [] if sizes is not None and sizes[-1] == 3 else [assert_true(
            equal(shape(images)[-1], 3), ["the last axis of an RGB image must have size 3, got",
                                          shape(images)], summarize=8)]
        real = convert_image_dtype(images, dt.float32)
        if checks:
            real = with_dependencies(checks, real)
        # One channel after the other, as TensorFlow adds them up: no rounding differs.
        grey = real[..., 0:1] * 0.2989 + real[..., 1:2] * 0.5870 + real[..., 2:3] * 0.1140
        if sizes is not None:
            grey.set_shape([*sizes[:-1], 1])
        return convert_image_dtype(grey, images.dtype, name=scope)


def grayscale_to_rgb(images, name=None):
    """Repeats the one channel of grey images three times.

    Args:
        images: tensor [..., 1].
        name: name of the node.

    Returns:
        A tensor [..., 3] of the images' dtype.

    Raises:
        ValueError: the last axis has not size 1.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.grayscale_to_rgb([[0.25], [0.5]]))
        array([[0.25, 0.25, 0.25],
               [0.5 , 0.5 , 0.5 ]], dtype=float32)
    """
    with name_scope(name, "grayscale_to_rgb", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        sizes = images.spec.shape
        if sizes is not None and (len(sizes) < 2 or sizes[-1] not in (None, 1)):
            raise wrong_shape(images, "a grey image has at least two axes, the last of size 1")
        checks = [] if images.spec.is_static else [assert_true(
            equal(shape(images)[-1], 1), ["the last axis of a grey image must have size 1, got",
                                          shape(images)], summarize=8)]
        images = with_dependencies(checks, images)
        times = ([*(1 for _ in sizes[:-1]), 3] if sizes is not None else
                 concat([tile([1], expand_dims(rank(images) - 1, 0)), [3]], 0))
        rgb = tile(images, times, name=scope)
        if sizes is not None:
            rgb.set_shape([*sizes[:-1], 3])
        return rgb


# ---- YIQ and YUV ---------------------------------------------------------------------------------

# Rows are what red, green and blue (or Y, I, Q; Y, U, V) add to each channel of the other kind.
_RGB_TO_YIQ = np.array([[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617],
                        [0.114, -0.32134392, 0.31119955]])
_YIQ_TO_RGB = np.array([[1, 1, 1], [0.95598634, -0.27201283, -1.10674021],
                        [0.6208248, -0.64720424, 1.70423049]])
_RGB_TO_YUV = np.array([[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512],
                        [0.114, 0.43601035, -0.10001026]])
_YUV_TO_RGB = np.array([[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]])


def _converted(images, matrix):
    images = convert_to_tensor(images, name="images")
    return tensordot(images, convert_to_tensor(matrix, images.dtype, name="kernel"), [[-1], [0]])


def rgb_to_yiq(images):
    """Converts RGB images to YIQ, the colours of NTSC television.

    Args:
        images: floating tensor [..., 3], red, green and blue in [0, 1].

    Returns:
        A tensor of the images' shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.rgb_to_yiq([[1.0, 0.0, 0.0]])).round(3)
        array([[0.299, 0.596, 0.212]], dtype=float32)
    """
    return _converted(images, _RGB_TO_YIQ)


def yiq_to_rgb(images):
    """Converts YIQ images to RGB.

    Args:
        images: floating tensor [..., 3]: Y, I and Q.

    Returns:
        A tensor of the images' shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.yiq_to_rgb([[0.5, 0.0, 0.0]]))
        array([[0.5, 0.5, 0.5]], dtype=float32)
    """
    return _converted(images, _YIQ_TO_RGB)


def rgb_to_yuv(images):
    """Converts RGB images to YUV, the colours of PAL television.

    Args:
        images: floating tensor [..., 3], red, green and blue in [0, 1].

    Returns:
        A tensor of the images' shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.rgb_to_yuv([[0.0, 1.0, 0.0]])).round(3)
        array([[ 0.587, -0.289, -0.515]], dtype=float32)
    """
    return _converted(images, _RGB_TO_YUV)


def yuv_to_rgb(images):
    """Converts YUV images to RGB.

    Args:
        images: floating tensor [..., 3]: Y, U and V.

    Returns:
        A tensor of the images' shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.yuv_to_rgb([[0.5, 0.0, 0.0]]))
        array([[0.5, 0.5, 0.5]], dtype=float32)
    """
    return _converted(images, _YUV_TO_RGB)
