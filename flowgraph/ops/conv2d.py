"""Convolutions of images: Conv2D, its two adjoints, and the functions made of them.

Convolution is linear in its input and in its filter, so three ops are closed under
differentiation: the gradient of each is made of the other two.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.convolve import (
    as_format,
    channels_last,
    correlate,
    filter_adjoint,
    input_adjoint,
)
from flowgraph.ops.padding import padding_attributes, per_axis, spatial_axes, windows
from flowgraph.ops.shape import shape_n

_ONES = (1, 1, 1, 1)


class Conv2D(OpDef):
    """Each output pixel is the filter times the inputs under it: [N, H, W, C] by [h, w, C, O]."""

    multiplies = True
    T = dt.FLOAT

    def infer(self, input: Spec, filter: Spec, *, strides, padding, explicit_paddings=(),
              data_format="NHWC", dilations=_ONES):
        return convolved(input, filter, strides, padding, data_format, dilations,
                         explicit_paddings)

    def kernel(self, xp, input, filter, *, strides, padding, explicit_paddings=(),
               data_format="NHWC", dilations=_ONES, out=None):
        place = windows(filter.shape[:-2], data_format, strides, padding, dilations,
                        explicit_paddings)
        return as_format(xp, correlate(xp, channels_last(xp, input, data_format), filter, place,
                                       out if data_format == "NHWC" else None), data_format)

    def grad(self, op, dy):
        x, w = op.inputs
        x_sizes, w_sizes = shape_n([x, w])
        return (Conv2DBackpropInput.build(x_sizes, w, dy, **op.attrs),
                Conv2DBackpropFilter.build(x, w_sizes, dy, **op.attrs))


class Conv2DBackpropInput(OpDef):
    """The gradient of Conv2D with respect to its input; also a convolution that enlarges."""

    multiplies = True
    dtypes = {"input_sizes": dt.INDEX}
    T = dt.FLOAT
    host_inputs = ("input_sizes",)

    def infer(self, input_sizes: Spec, filter: Spec, out_backprop: Spec, *, strides, padding,
              explicit_paddings=(), data_format="NHWC", dilations=_ONES):
        return input_gradient(input_sizes, filter, out_backprop, strides, padding, data_format,
                              dilations, explicit_paddings)

    def kernel(self, xp, input_sizes, filter, out_backprop, *, strides, padding,
               explicit_paddings=(), data_format="NHWC", dilations=_ONES, out=None):
        place = windows(filter.shape[:-2], data_format, strides, padding, dilations,
                        explicit_paddings)
        sizes = last_sizes(input_sizes, data_format)
        return as_format(xp, input_adjoint(
            xp, sizes, filter, channels_last(xp, out_backprop, data_format), place,
            out if data_format == "NHWC" else None), data_format)

    def grad(self, op, dx):
        _, w, dy = op.inputs
        (w_sizes,) = shape_n([w])
        return (None, Conv2DBackpropFilter.build(dx, w_sizes, dy, **op.attrs),
                Conv2D.build(dx, w, **op.attrs))


class Conv2DBackpropFilter(OpDef):
    """The gradient of Conv2D with respect to its filter."""

    multiplies = True
    dtypes = {"filter_sizes": dt.INDEX}
    T = dt.FLOAT
    host_inputs = ("filter_sizes",)

    def infer(self, input: Spec, filter_sizes: Spec, out_backprop: Spec, *, strides, padding,
              explicit_paddings=(), data_format="NHWC", dilations=_ONES):
        return filter_gradient(input, filter_sizes, out_backprop, strides, padding, data_format,
                               dilations, explicit_paddings)

    def kernel(self, xp, input, filter_sizes, out_backprop, *, strides, padding,
               explicit_paddings=(), data_format="NHWC", dilations=_ONES):
        place = windows(filter_sizes[:-2], data_format, strides, padding, dilations,
                        explicit_paddings)
        return filter_adjoint(xp, channels_last(xp, input, data_format),
                              channels_last(xp, out_backprop, data_format), place)

    def grad(self, op, dw):
        x, _, dy = op.inputs
        (x_sizes,) = shape_n([x])
        return (Conv2DBackpropInput.build(x_sizes, dw, dy, **op.attrs), None,
                Conv2D.build(x, dw, **op.attrs))


# -- shape rules, for any number of spatial axes -----------------------------------------------

def convolved(input: Spec, filter: Spec, strides, padding, data_format, dilations,
              explicit_paddings=()) -> Spec:
    """The Spec of a convolution's result."""
    rank = len(data_format)
    shape_rules.require_rank(input, rank, "an input")
    shape_rules.require_rank(filter, rank, "a filter")
    sizes = filter.shape or (None,) * rank
    shape = input.shape or (None,) * rank
    place = windows(sizes[:-2], data_format, strides, padding, dilations, explicit_paddings)
    channels = shape[data_format.index("C")]
    if channels is not None and sizes[-2] is not None and channels != sizes[-2]:
        raise ShapeError(
            f"cannot convolve {shape_text(input.shape)} with a filter {shape_text(filter.shape)}",
            f"The input has {channels} channels ({data_format}), the filter [..., in, out] takes "
            f"{sizes[-2]}; the two must be equal.")
    counts = place.results([shape[i] for i in spatial_axes(data_format)])
    return Spec(input.dtype, arranged(shape[0], counts, sizes[-1], data_format))


def input_gradient(input_sizes: Spec, filter: Spec, out_backprop: Spec, strides, padding,
                   data_format, dilations, explicit_paddings=()) -> Spec:
    """The Spec of the gradient of a convolution's input."""
    rank = len(data_format)
    shape_rules.require_rank(filter, rank, "a filter")
    shape_rules.require_rank(out_backprop, rank, "a gradient")
    sizes = shape_rules.shape_from_value(input_sizes) or (None,) * rank
    if len(sizes) == 2 and rank == 4:  # height and width only; the rest follows
        sizes = None, *sizes, None
    if len(sizes) != rank:
        raise ShapeError(f"asks for the shape {shape_text(sizes)}", f"It must have {rank} sizes.")
    below = Spec(out_backprop.dtype, sizes)
    made = convolved(below, filter, strides, padding, data_format, dilations, explicit_paddings)
    _fits(made, out_backprop, sizes)
    batch = None if out_backprop.shape is None else out_backprop.shape[0]
    return Spec(out_backprop.dtype, (batch, *sizes[1:]))  # as TensorFlow tells it


def filter_gradient(input: Spec, filter_sizes: Spec, out_backprop: Spec, strides, padding,
                    data_format, dilations, explicit_paddings=()) -> Spec:
    """The Spec of the gradient of a convolution's filter."""
    rank = len(data_format)
    shape_rules.require_rank(input, rank, "an input")
    shape_rules.require_rank(out_backprop, rank, "a gradient")
    sizes = shape_rules.shape_from_value(filter_sizes) or (None,) * rank
    made = convolved(input, Spec(input.dtype, sizes), strides, padding, data_format, dilations,
                     explicit_paddings)
    _fits(made, out_backprop, input.shape)
    return Spec(input.dtype, sizes)


def _fits(made: Spec, out_backprop: Spec, sizes) -> None:
    got = out_backprop.shape
    if made.shape is not None and got is not None and any(
            a is not None and b is not None and a != b
            for a, b in zip(made.shape, got, strict=True)):
        raise ShapeError(
            f"cannot take back {shape_text(got)} through a convolution of {shape_text(sizes)}",
            f"Forwards, that convolution gives {shape_text(made.shape)}.")


def arranged(batch, spatial, channels, data_format) -> tuple:
    """A shape in `data_format`."""
    return (batch, *spatial, channels) if data_format.endswith("C") else (batch, channels,
                                                                          *spatial)


def last_sizes(sizes, data_format) -> tuple:
    """The sizes of a tensor in `data_format`, those of the channels put last."""
    return tuple(sizes) if data_format.endswith("C") else (sizes[0], *sizes[2:], sizes[1])


# -- functions ---------------------------------------------------------------------------------

def conv2d(input, filter=None, strides=None, padding=None, use_cudnn_on_gpu=True,
           data_format="NHWC", dilations=(1, 1, 1, 1), name=None, filters=None):
    """Convolves images with a filter.

    y[b, i, j, o] is the sum over di, dj, c of
    x[b, i * strides[1] + di, j * strides[2] + dj, c] * filter[di, dj, c, o].

    Args:
        input: [batch, height, width, in] tensor of a floating dtype (or as `data_format` says).
        filter: [height, width, in, out] tensor of the same dtype.
        strides: int, or list of 1, 2 or 4 ints: how far the window moves.
        padding: "SAME", "VALID", or a (before, after) pair for each of the four axes.
        use_cudnn_on_gpu: accepted; has no effect.
        data_format: "NHWC" or "NCHW".
        dilations: int, or list of 1, 2 or 4 ints: distance between the elements of the window.
        name: name of the node.
        filters: other name of `filter`.

    Returns:
        A [batch, height, width, out] tensor, or as `data_format` says.

    Raises:
        ValueError: the channels differ, a rank is not 4, or a VALID window is larger than the
            input.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 4, 4, 1]), fg.ones([3, 3, 1, 1])
        >>> fg.Session().run(fg.nn.conv2d(x, w, strides=1, padding="VALID"))[0, :, :, 0]
        array([[9., 9.],
               [9., 9.]], dtype=float32)
    """
    filter = either("filters", filters, "filter", filter)
    return Conv2D.build(input, filter, name=name,
                        **attributes(strides, padding, data_format or "NHWC", dilations))


def attributes(strides, padding, data_format, dilations):
    """The attributes of a convolution, from a function's arguments."""
    return {"strides": per_axis(strides, data_format, "strides"),
            "dilations": per_axis(dilations, data_format, "dilations"),
            "data_format": data_format, **padding_attributes(padding)}


def conv2d_backprop_input(input_sizes, filter=None, out_backprop=None, strides=None, padding=None,
                          use_cudnn_on_gpu=True, data_format="NHWC", dilations=(1, 1, 1, 1),
                          name=None, filters=None):
    """Computes the gradient of `conv2d` with respect to its input.

    Args:
        input_sizes: the input's shape, a list or 1-D int32 tensor.
        filter: [height, width, in, out] tensor.
        out_backprop: gradient of conv2d's result.
        strides, padding, use_cudnn_on_gpu, data_format, dilations: as given to `conv2d`.
        name: name of the node.
        filters: other name of `filter`.

    Returns:
        A tensor of the shape `input_sizes`.

    Example:
        >>> import flowgraph as fg
        >>> dx = fg.nn.conv2d_backprop_input([1, 3, 3, 1], fg.ones([2, 2, 1, 1]),
        ...                                  fg.ones([1, 2, 2, 1]), 1, "VALID")
        >>> fg.Session().run(dx)[0, :, :, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]], dtype=float32)
    """
    filter = either("filters", filters, "filter", filter)
    return Conv2DBackpropInput.build(
        input_sizes, filter, out_backprop, name=name,
        **attributes(strides, padding, data_format or "NHWC", dilations))


def conv2d_backprop_filter(input, filter_sizes, out_backprop, strides, padding,
                           use_cudnn_on_gpu=True, data_format="NHWC", dilations=(1, 1, 1, 1),
                           name=None):
    """Computes the gradient of `conv2d` with respect to its filter.

    Args:
        input: conv2d's input.
        filter_sizes: the filter's shape, a list or 1-D int32 tensor.
        out_backprop: gradient of conv2d's result.
        strides, padding, use_cudnn_on_gpu, data_format, dilations: as given to `conv2d`.
        name: name of the node.

    Returns:
        A tensor of the shape `filter_sizes`.

    Example:
        >>> import flowgraph as fg
        >>> dw = fg.nn.conv2d_backprop_filter(fg.ones([1, 3, 3, 1]), [2, 2, 1, 1],
        ...                                   fg.ones([1, 2, 2, 1]), 1, "VALID")
        >>> fg.Session().run(dw)[:, :, 0, 0]
        array([[4., 4.],
               [4., 4.]], dtype=float32)
    """
    return Conv2DBackpropFilter.build(
        input, filter_sizes, out_backprop, name=name,
        **attributes(strides, padding, data_format or "NHWC", dilations))


def conv2d_transpose(value=None, filter=None, output_shape=None, strides=None, padding="SAME",
                     data_format="NHWC", name=None, input=None, filters=None, dilations=None):
    """Spreads each pixel over a window of a larger image: the transpose of `conv2d`.

    Args:
        value: [batch, height, width, in] tensor of a floating dtype, or as `data_format` says.
        filter: [height, width, out, in] tensor of the same dtype.
        output_shape: the result's shape, a list or 1-D int32 tensor.
        strides: int, or list of 1, 2 or 4 ints: how far the windows lie apart in the result.
        padding: "SAME" or "VALID".
        data_format: "NHWC" or "NCHW".
        name: name of the node.
        input: other name of `value`.
        filters: other name of `filter`.
        dilations: int, or list of 1, 2 or 4 ints: distance between the elements of the window.

    Returns:
        A tensor of the shape `output_shape`.

    Raises:
        ValueError: a `conv2d` of `output_shape` would not give the shape of `value`.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 1, 2, 1]), fg.ones([2, 2, 1, 1])
        >>> fg.Session().run(fg.nn.conv2d_transpose(x, w, [1, 2, 4, 1], 2))[0, :, :, 0]
        array([[1., 1., 1., 1.],
               [1., 1., 1., 1.]], dtype=float32)
    """
    value = either("input", input, "value", value)
    filter = either("filters", filters, "filter", filter)
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as scope:
        return Conv2DBackpropInput.build(
            output_shape, filter, value, name=scope,
            **attributes(strides, padding, data_format or "NHWC", dilations))


def atrous_conv2d(value, filters, rate, padding, name=None):
    """Convolves images with a filter whose elements stand `rate` pixels apart.

    Args:
        value: [batch, height, width, in] tensor of a floating dtype.
        filters: [height, width, in, out] tensor of the same dtype.
        rate: int, distance between the elements of the window.
        padding: "SAME" or "VALID".
        name: name of the node.

    Returns:
        A [batch, height, width, out] tensor.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 5, 5, 1]), fg.ones([3, 3, 1, 1])
        >>> fg.Session().run(fg.nn.atrous_conv2d(x, w, 2, "VALID"))
        array([[[[9.]]]], dtype=float32)
    """
    return conv2d(value, filters, 1, padding, dilations=rate, name=name or "convolution")


def atrous_conv2d_transpose(value, filters, output_shape, rate, padding, name=None):
    """Computes the transpose of `atrous_conv2d`.

    Args:
        value: [batch, height, width, in] tensor of a floating dtype.
        filters: [height, width, out, in] tensor of the same dtype.
        output_shape: the result's shape, a list or 1-D int32 tensor.
        rate: int, distance between the elements of the window.
        padding: "SAME" or "VALID".
        name: name of the node.

    Returns:
        A tensor of the shape `output_shape`.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 1, 1, 1]), fg.ones([2, 2, 1, 1])
        >>> y = fg.nn.atrous_conv2d_transpose(x, w, [1, 3, 3, 1], 2, "VALID")
        >>> fg.Session().run(y)[0, :, :, 0]
        array([[1., 0., 1.],
               [0., 0., 0.],
               [1., 0., 1.]], dtype=float32)
    """
    with name_scope(name, "atrous_conv2d_transpose", [value, filters, output_shape]) as scope:
        return Conv2DBackpropInput.build(output_shape, filters, value, name=scope,
                                         **attributes(1, padding, "NHWC", rate))
