"""Depthwise convolution: every channel is convolved with its own filters, and separable
convolution, which mixes the channels afterwards.

The arithmetic stands in `depthwise_rows`.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.conv2d import Conv2D, arranged, attributes, last_sizes
from flowgraph.ops.convolve import as_format, channels_last
from flowgraph.ops.depthwise_rows import filter_adjoint, forwards, input_adjoint
from flowgraph.ops.padding import per_axis, spatial_axes, windows
from flowgraph.ops.shape import shape

_ONES = (1, 1, 1, 1)


class DepthwiseConv2dNative(OpDef):
    """[N, H, W, C] by [h, w, C, M]: channel c gives the M output channels c * M to c * M + M - 1.
    """

    T = dt.FLOAT

    def infer(self, input: Spec, filter: Spec, *, strides, padding, explicit_paddings=(),
              data_format="NHWC", dilations=_ONES):
        return _spread(input, filter, strides, padding, data_format, dilations, explicit_paddings)

    def kernel(self, xp, input, filter, *, strides, padding, explicit_paddings=(),
               data_format="NHWC", dilations=_ONES, out=None):
        x = channels_last(xp, input, data_format)
        place = windows(filter.shape[:2], data_format, strides, padding, dilations,
                        explicit_paddings)
        _require("channels", x.shape[3], filter.shape[2])
        y = forwards(xp, x, filter, place, out if data_format == "NHWC" else None)
        return as_format(xp, y, data_format)

    def grad(self, op, dy):
        x, w = op.inputs
        return (DepthwiseConv2dNativeBackpropInput.build(shape(x), w, dy, **op.attrs),
                DepthwiseConv2dNativeBackpropFilter.build(x, shape(w), dy, **op.attrs))


class DepthwiseConv2dNativeBackpropInput(OpDef):
    """The gradient of DepthwiseConv2dNative with respect to its input."""

    dtypes = {"input_sizes": dt.INDEX}
    T = dt.FLOAT
    host_inputs = ("input_sizes",)

    def infer(self, input_sizes: Spec, filter: Spec, out_backprop: Spec, *, strides, padding,
              explicit_paddings=(), data_format="NHWC", dilations=_ONES):
        shape_rules.require_rank(out_backprop, 4, "a gradient")
        sizes = shape_rules.shape_from_value(input_sizes) or (None,) * 4
        made = _spread(Spec(filter.dtype, sizes), filter, strides, padding, data_format, dilations,
                       explicit_paddings)
        shape_rules.merge("the gradient and the result forwards", out_backprop, made)
        return Spec(filter.dtype, sizes)

    def kernel(self, xp, input_sizes, filter, out_backprop, *, strides, padding,
               explicit_paddings=(), data_format="NHWC", dilations=_ONES, out=None):
        sizes = last_sizes(input_sizes, data_format)
        place = windows(filter.shape[:2], data_format, strides, padding, dilations,
                        explicit_paddings)
        dy = channels_last(xp, out_backprop, data_format)
        _check(dy, filter.shape, sizes, place)
        dx = input_adjoint(xp, sizes, filter, dy, place, out if data_format == "NHWC" else None)
        return as_format(xp, dx, data_format)

    def grad(self, op, dx):
        _, w, dy = op.inputs
        return (None, DepthwiseConv2dNativeBackpropFilter.build(dx, shape(w), dy, **op.attrs),
                DepthwiseConv2dNative.build(dx, w, **op.attrs))


class DepthwiseConv2dNativeBackpropFilter(OpDef):
    """The gradient of DepthwiseConv2dNative with respect to its filter."""

    dtypes = {"filter_sizes": dt.INDEX}
    T = dt.FLOAT
    host_inputs = ("filter_sizes",)

    def infer(self, input: Spec, filter_sizes: Spec, out_backprop: Spec, *, strides, padding,
              explicit_paddings=(), data_format="NHWC", dilations=_ONES):
        shape_rules.require_rank(out_backprop, 4, "a gradient")
        sizes = shape_rules.shape_from_value(filter_sizes) or (None,) * 4
        made = _spread(input, Spec(input.dtype, sizes), strides, padding, data_format, dilations,
                       explicit_paddings)
        shape_rules.merge("the gradient and the result forwards", out_backprop, made)
        return Spec(input.dtype, sizes)

    def kernel(self, xp, input, filter_sizes, out_backprop, *, strides, padding,
               explicit_paddings=(), data_format="NHWC", dilations=_ONES):
        x = channels_last(xp, input, data_format)
        place = windows(filter_sizes[:2], data_format, strides, padding, dilations,
                        explicit_paddings)
        dy = channels_last(xp, out_backprop, data_format)
        _check(dy, filter_sizes, x.shape, place)
        return filter_adjoint(xp, x, tuple(filter_sizes), dy, place)

    def grad(self, op, dw):
        x, _, dy = op.inputs
        return (DepthwiseConv2dNativeBackpropInput.build(shape(x), dw, dy, **op.attrs), None,
                DepthwiseConv2dNative.build(x, dw, **op.attrs))


def _spread(input: Spec, filter: Spec, strides, padding, data_format, dilations,
            explicit_paddings) -> Spec:
    """The Spec of the result."""
    shape_rules.require_rank(input, 4, "an input")
    shape_rules.require_rank(filter, 4, "a filter")
    sizes, window = input.shape or (None,) * 4, filter.shape or (None,) * 4
    place = windows(window[:2], data_format, strides, padding, dilations, explicit_paddings)
    channels = sizes[data_format.index("C")]
    if channels is not None and window[2] is not None and channels != window[2]:
        raise ShapeError(
            f"cannot convolve {shape_text(input.shape)} with a filter {shape_text(filter.shape)}",
            f"The input has {channels} channels ({data_format}), the filter [height, width, "
            f"channels, multiplier] has {window[2]}; the two must be equal.")
    channels = window[2] if channels is None else channels
    made = None if channels is None or window[3] is None else channels * window[3]
    counts = place.results([sizes[i] for i in spatial_axes(data_format)])
    return Spec(input.dtype, arranged(sizes[0], counts, made, data_format))


def _check(dy, filter_sizes, sizes, place) -> None:
    """Raises unless dy has the shape of the result forwards."""
    counts, _ = place.place(sizes[1:3])
    _require("channels", sizes[3], filter_sizes[2])
    _require("shape of the gradient",
             dy.shape, (sizes[0], *counts, filter_sizes[2] * filter_sizes[3]))


def _require(what, got, wanted) -> None:
    if got != wanted:
        raise InvalidArgumentError(None, None, f"the {what} do not fit: {got} and {wanted}")


# -- functions ---------------------------------------------------------------------------------

def depthwise_conv2d_native(input, filter, strides, padding, data_format="NHWC",
                            dilations=(1, 1, 1, 1), name=None):
    """Convolves each channel of images with filters of its own.

    Args:
        input: [batch, height, width, channels] tensor of a floating dtype.
        filter: [height, width, channels, multiplier] tensor of the same dtype.
        strides: int, or list of 1, 2 or 4 ints: how far the window moves.
        padding: "SAME", "VALID", or a (before, after) pair for each of the four axes.
        data_format: "NHWC" or "NCHW".
        dilations: int, or list of 1, 2 or 4 ints: distance between the elements of the window.
        name: name of the node.

    Returns:
        A [batch, height, width, channels * multiplier] tensor, or as `data_format` says.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 2, 2, 2]), fg.ones([2, 2, 2, 1])
        >>> fg.Session().run(fg.nn.depthwise_conv2d_native(x, w, 1, "VALID"))
        array([[[[4., 4.]]]], dtype=float32)
    """
    return DepthwiseConv2dNative.build(
        input, filter, name=name, **attributes(strides, padding, data_format or "NHWC", dilations))


def depthwise_conv2d(input, filter, strides, padding, rate=None, name=None, data_format=None,
                     dilations=None):
    """Convolves each channel of images with filters of its own.

    Args:
        input: [batch, height, width, channels] tensor of a floating dtype.
        filter: [height, width, channels, multiplier] tensor of the same dtype.
        strides: list of 4 ints: how far the window moves.
        padding: "SAME", "VALID", or a (before, after) pair for each of the four axes.
        rate: list of 2 ints: distance between the elements of the window; default 1.
        name: name of the node.
        data_format: "NHWC" (the default) or "NCHW".
        dilations: other name of `rate`.

    Returns:
        A [batch, height, width, channels * multiplier] tensor, or as `data_format` says.

    Raises:
        ValueError: the channels differ, or both strides and rates are above 1.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 2, 2, 1]), fg.ones([2, 2, 1, 3])
        >>> fg.Session().run(fg.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "VALID"))
        array([[[[4., 4., 4.]]]], dtype=float32)
    """
    rate = either("dilations", dilations, "rate", rate)
    data_format = data_format or "NHWC"
    with name_scope(name, "depthwise", [input, filter]) as scope:
        input = convert_to_tensor(input, name="tensor_in")
        filter = convert_to_tensor(filter, input.dtype.base_dtype, name="filter_in")
        _strides_or_rates(strides, rate, data_format)
        return DepthwiseConv2dNative.build(input, filter, name=scope,
                                           **attributes(strides, padding, data_format, rate))


def _strides_or_rates(strides, rate, data_format) -> None:
    if any(r != 1 for r in per_axis(rate, data_format, "rate")) and any(
            s != 1 for s in per_axis(strides, data_format, "strides")):
        raise ValueError(located("strides > 1 not supported in conjunction with dilation_rate > 1",
                                 "Let the strides or the rate be 1."))


def depthwise_conv2d_backprop_input(input_sizes, filter, out_backprop, strides, padding,
                                    data_format="NHWC", dilations=(1, 1, 1, 1), name=None):
    """Computes the gradient of `depthwise_conv2d` with respect to its input.

    Args:
        input_sizes: the input's shape, a list or 1-D int32 tensor.
        filter: [height, width, channels, multiplier] tensor.
        out_backprop: gradient of the convolution's result.
        strides, padding, data_format, dilations: as given to `depthwise_conv2d_native`.
        name: name of the node.

    Returns:
        A tensor of the shape `input_sizes`.

    Example:
        >>> import flowgraph as fg
        >>> dx = fg.nn.depthwise_conv2d_backprop_input(
        ...     [1, 2, 2, 1], fg.ones([1, 1, 1, 2]), fg.ones([1, 2, 2, 2]), [1, 1, 1, 1], "SAME")
        >>> fg.Session().run(dx)[0, :, :, 0]
        array([[2., 2.],
               [2., 2.]], dtype=float32)
    """
    return DepthwiseConv2dNativeBackpropInput.build(
        input_sizes, filter, out_backprop, name=name,
        **attributes(strides, padding, data_format or "NHWC", dilations))


def depthwise_conv2d_backprop_filter(input, filter_sizes, out_backprop, strides, padding,
                                     data_format="NHWC", dilations=(1, 1, 1, 1), name=None):
    """Computes the gradient of `depthwise_conv2d` with respect to its filter.

    Args:
        input: the convolution's input.
        filter_sizes: the filter's shape, a list or 1-D int32 tensor.
        out_backprop: gradient of the convolution's result.
        strides, padding, data_format, dilations: as given to `depthwise_conv2d_native`.
        name: name of the node.

    Returns:
        A tensor of the shape `filter_sizes`.

    Example:
        >>> import flowgraph as fg
        >>> dw = fg.nn.depthwise_conv2d_backprop_filter(
        ...     fg.ones([1, 2, 2, 1]), [1, 1, 1, 2], fg.ones([1, 2, 2, 2]), [1, 1, 1, 1], "SAME")
        >>> fg.Session().run(dw)
        array([[[[4., 4.]]]], dtype=float32)
    """
    return DepthwiseConv2dNativeBackpropFilter.build(
        input, filter_sizes, out_backprop, name=name,
        **attributes(strides, padding, data_format or "NHWC", dilations))


def separable_conv2d(input, depthwise_filter, pointwise_filter, strides, padding, rate=None,
                     name=None, data_format=None, dilations=None):
    """Convolves each channel by itself, then mixes the channels of each pixel.

    Args:
        input: [batch, height, width, channels] tensor of a floating dtype.
        depthwise_filter: [height, width, channels, multiplier] tensor of the same dtype.
        pointwise_filter: [1, 1, channels * multiplier, out] tensor of the same dtype.
        strides: list of 4 ints: how far the depthwise window moves.
        padding: "SAME" or "VALID".
        rate: list of 2 ints: distance between the elements of the window; default 1.
        name: name of the last node, and of the scope of the others.
        data_format: "NHWC" (the default) or "NCHW".
        dilations: other name of `rate`.

    Returns:
        A [batch, height, width, out] tensor, or as `data_format` says.

    Raises:
        ValueError: the pointwise filter is not [1, 1, channels * multiplier, out].

    Example:
        >>> import flowgraph as fg
        >>> x, d, p = fg.ones([1, 2, 2, 1]), fg.ones([2, 2, 1, 2]), fg.ones([1, 1, 2, 1])
        >>> fg.Session().run(fg.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "VALID"))
        array([[[[8.]]]], dtype=float32)
    """
    rate = either("dilations", dilations, "rate", rate)
    data_format = data_format or "NHWC"
    with name_scope(name, "separable_conv2d",
                    [input, depthwise_filter, pointwise_filter]) as scope:
        input = convert_to_tensor(input, name="tensor_in")
        dtype = input.dtype.base_dtype
        depthwise_filter = convert_to_tensor(depthwise_filter, dtype, name="depthwise_filter")
        pointwise_filter = convert_to_tensor(pointwise_filter, dtype, name="pointwise_filter")
        pointwise = pointwise_filter.spec.shape
        if pointwise is not None and (len(pointwise) != 4 or pointwise[0] not in (1, None)
                                      or pointwise[1] not in (1, None)):
            raise ShapeError(located("separable_conv2d got a pointwise filter "
                                     f"{shape_text(pointwise)}",
                                     "It must be [1, 1, channels * multiplier, "
                                     "out].", "shape-error"))
        _strides_or_rates(strides, rate, data_format)
        deep = DepthwiseConv2dNative.build(input, depthwise_filter, name="depthwise",
                                           **attributes(strides, padding, data_format, rate))
        return Conv2D.build(deep, pointwise_filter, name=scope,
                            **attributes(1, "VALID", data_format, 1))
