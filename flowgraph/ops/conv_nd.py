"""Convolutions of series and volumes: Conv3D with its adjoints, `conv1d` as a flat `conv2d`, and
`convolution`, which picks by rank.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.conv2d import (
    Conv2D,
    Conv2DBackpropInput,
    attributes,
    conv2d_transpose,
    convolved,
    filter_gradient,
    input_gradient,
    last_sizes,
)
from flowgraph.ops.convolve import (
    as_format,
    channels_last,
    correlate,
    filter_adjoint,
    input_adjoint,
)
from flowgraph.ops.join import concat
from flowgraph.ops.padding import per_axis, windows
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.shape import shape_n

_ONES = (1, 1, 1, 1, 1)


class Conv3D(OpDef):
    """Each output voxel is the filter times the inputs under it: [N, D, H, W, C] by
    [d, h, w, C, O].
    """

    multiplies = True
    T = dt.FLOAT

    def infer(self, input: Spec, filter: Spec, *, strides, padding, data_format="NDHWC",
              dilations=_ONES):
        return convolved(input, filter, strides, padding, data_format, dilations)

    def kernel(self, xp, input, filter, *, strides, padding, data_format="NDHWC", dilations=_ONES,
               out=None):
        place = windows(filter.shape[:-2], data_format, strides, padding, dilations)
        return as_format(xp, correlate(xp, channels_last(xp, input, data_format), filter, place,
                                       out if data_format == "NDHWC" else None), data_format)

    def grad(self, op, dy):
        x, w = op.inputs
        x_sizes, w_sizes = shape_n([x, w])
        return (Conv3DBackpropInputV2.build(x_sizes, w, dy, **op.attrs),
                Conv3DBackpropFilterV2.build(x, w_sizes, dy, **op.attrs))


class Conv3DBackpropInputV2(OpDef):
    """The gradient of Conv3D with respect to its input; also a convolution that enlarges."""

    multiplies = True
    dtypes = {"input_sizes": dt.INDEX}
    T = dt.FLOAT
    host_inputs = ("input_sizes",)

    def infer(self, input_sizes: Spec, filter: Spec, out_backprop: Spec, *, strides, padding,
              data_format="NDHWC", dilations=_ONES):
        made = input_gradient(input_sizes, filter, out_backprop, strides, padding, data_format,
                              dilations)
        return made if input_sizes.value is None else Spec(made.dtype, tuple(input_sizes.value))

    def kernel(self, xp, input_sizes, filter, out_backprop, *, strides, padding,
               data_format="NDHWC", dilations=_ONES, out=None):
        place = windows(filter.shape[:-2], data_format, strides, padding, dilations)
        return as_format(xp, input_adjoint(
            xp, last_sizes(input_sizes, data_format), filter,
            channels_last(xp, out_backprop, data_format), place,
            out if data_format == "NDHWC" else None), data_format)

    def grad(self, op, dx):
        _, w, dy = op.inputs
        (w_sizes,) = shape_n([w])
        return (None, Conv3DBackpropFilterV2.build(dx, w_sizes, dy, **op.attrs),
                Conv3D.build(dx, w, **op.attrs))


class Conv3DBackpropFilterV2(OpDef):
    """The gradient of Conv3D with respect to its filter."""

    multiplies = True
    dtypes = {"filter_sizes": dt.INDEX}
    T = dt.FLOAT
    host_inputs = ("filter_sizes",)

    def infer(self, input: Spec, filter_sizes: Spec, out_backprop: Spec, *, strides, padding,
              data_format="NDHWC", dilations=_ONES):
        return filter_gradient(input, filter_sizes, out_backprop, strides, padding, data_format,
                               dilations)

    def kernel(self, xp, input, filter_sizes, out_backprop, *, strides, padding,
               data_format="NDHWC", dilations=_ONES):
        place = windows(filter_sizes[:-2], data_format, strides, padding, dilations)
        return filter_adjoint(xp, channels_last(xp, input, data_format),
                              channels_last(xp, out_backprop, data_format), place)

    def grad(self, op, dw):
        x, _, dy = op.inputs
        (x_sizes,) = shape_n([x])
        return (Conv3DBackpropInputV2.build(x_sizes, dw, dy, **op.attrs), None,
                Conv3D.build(x, dw, **op.attrs))


def conv3d(input, filter=None, strides=None, padding=None, data_format="NDHWC",
           dilations=(1, 1, 1, 1, 1), name=None, filters=None):
    """Convolves volumes with a filter.

    Args:
        input: [batch, depth, height, width, in] tensor of a floating dtype.
        filter: [depth, height, width, in, out] tensor of the same dtype.
        strides: int, or list of 1, 3 or 5 ints: how far the window moves.
        padding: "SAME" or "VALID".
        data_format: "NDHWC" or "NCDHW".
        dilations: int, or list of 1, 3 or 5 ints: distance between the elements of the window.
        name: name of the node.
        filters: other name of `filter`.

    Returns:
        A [batch, depth, height, width, out] tensor, or as `data_format` says.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 2, 2, 2, 1]), fg.ones([2, 2, 2, 1, 1])
        >>> fg.Session().run(fg.nn.conv3d(x, w, 1, "VALID"))
        array([[[[[8.]]]]], dtype=float32)
    """
    filter = either("filters", filters, "filter", filter)
    return Conv3D.build(input, filter, name=name,
                        **attributes(strides, padding, data_format or "NDHWC", dilations))


def conv3d_transpose(value, filter=None, output_shape=None, strides=None, padding="SAME",
                     data_format="NDHWC", name=None, input=None, filters=None, dilations=None):
    """Spreads each voxel over a window of a larger volume: the transpose of `conv3d`.

    Args:
        value: [batch, depth, height, width, in] tensor of a floating dtype.
        filter: [depth, height, width, out, in] tensor of the same dtype.
        output_shape: the result's shape, a list or 1-D int32 tensor.
        strides: int, or list of 1, 3 or 5 ints.
        padding: "SAME" or "VALID".
        data_format: "NDHWC" or "NCDHW".
        name: name of the node.
        input: other name of `value`.
        filters: other name of `filter`.
        dilations: int, or list of 1, 3 or 5 ints.

    Returns:
        A tensor of the shape `output_shape`.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 1, 1, 1, 1]), fg.ones([1, 1, 2, 1, 1])
        >>> y = fg.nn.conv3d_transpose(x, w, [1, 1, 1, 2, 1], 1, "VALID")
        >>> fg.Session().run(y).ravel()
        array([1., 1.], dtype=float32)
    """
    value = either("input", input, "value", value)
    filter = either("filters", filters, "filter", filter)
    with name_scope(name, "conv3d_transpose", [value, filter, output_shape]) as scope:
        return Conv3DBackpropInputV2.build(
            output_shape, filter, value, name=scope,
            **attributes(strides, padding, data_format or "NDHWC", dilations))


def conv3d_backprop_filter(input, filter_sizes, out_backprop, strides, padding,
                           data_format="NDHWC", dilations=(1, 1, 1, 1, 1), name=None):
    """Computes the gradient of `conv3d` with respect to its filter.

    Args:
        input: conv3d's input.
        filter_sizes: the filter's shape, a list or 1-D int32 tensor.
        out_backprop: gradient of conv3d's result.
        strides, padding, data_format, dilations: as given to `conv3d`.
        name: name of the node.

    Returns:
        A tensor of the shape `filter_sizes`.

    Example:
        >>> import flowgraph as fg
        >>> dw = fg.nn.conv3d_backprop_filter(fg.ones([1, 2, 2, 2, 1]), [1, 1, 1, 1, 1],
        ...                                   fg.ones([1, 2, 2, 2, 1]), 1, "VALID")
        >>> fg.Session().run(dw).ravel()
        array([8.], dtype=float32)
    """
    return Conv3DBackpropFilterV2.build(
        input, filter_sizes, out_backprop, name=name,
        **attributes(strides, padding, data_format or "NDHWC", dilations))


# -- one axis: a conv2d over images of height 1 ------------------------------------------------

def conv1d(value=None, filters=None, stride=None, padding=None, use_cudnn_on_gpu=None,
           data_format=None, name=None, input=None, dilations=None):
    """Convolves series with a filter.

    Args:
        value: [batch, width, in] tensor of a floating dtype, or as `data_format` says.
        filters: [width, in, out] tensor of the same dtype.
        stride: int: how far the window moves.
        padding: "SAME" or "VALID".
        use_cudnn_on_gpu: accepted; has no effect.
        data_format: "NWC" (the default) or "NCW".
        name: name of the convolution and of the scope of the other nodes.
        input: other name of `value`.
        dilations: int: distance between the elements of the window.

    Returns:
        A [batch, width, out] tensor, or as `data_format` says.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 4, 1]), fg.ones([2, 1, 1])
        >>> fg.Session().run(fg.nn.conv1d(x, w, 2, "VALID"))[0, :, 0]
        array([2., 2.], dtype=float32)
    """
    value = either("input", input, "value", value)
    with name_scope(name, "conv1d", [value, filters]) as scope:
        flat_format, axis, series_format = _flat_format(data_format)
        attrs = attributes(_with_height(stride, series_format, "stride"), padding, flat_format,
                           _with_height(dilations, series_format, "dilations"))
        value = expand_dims(convert_to_tensor(value, name="value"), axis)
        filters = expand_dims(convert_to_tensor(filters, name="filters"), 0)
        return squeeze(Conv2D.build(value, filters, name=scope, **attrs), [axis])


def conv1d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NWC",
                     dilations=None, name=None):
    """Spreads each element over a window of a longer series: the transpose of `conv1d`.

    Args:
        input: [batch, width, in] tensor of a floating dtype, or as `data_format` says.
        filters: [width, out, in] tensor of the same dtype.
        output_shape: the result's shape, a list or 1-D int32 tensor.
        strides: int: how far the windows lie apart in the result.
        padding: "SAME" or "VALID".
        data_format: "NWC" or "NCW".
        dilations: int: distance between the elements of the window.
        name: name of the convolution and of the scope of the other nodes.

    Returns:
        A tensor of the shape `output_shape`.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 2, 1]), fg.ones([2, 1, 1])
        >>> fg.Session().run(fg.nn.conv1d_transpose(x, w, [1, 3, 1], 1, "VALID"))[0, :, 0]
        array([1., 2., 1.], dtype=float32)
    """
    with name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as scope:
        flat_format, axis, series_format = _flat_format(data_format)
        attrs = attributes(_with_height(strides, series_format, "strides"), padding, flat_format,
                           _with_height(dilations, series_format, "dilations"))
        input = expand_dims(convert_to_tensor(input, name="input"), axis)
        filters = expand_dims(convert_to_tensor(filters, name="filters"), 0)
        if isinstance(output_shape, (list, tuple)):
            sizes = [*output_shape[:axis], 1, *output_shape[axis:]]
        else:
            sizes = concat([output_shape[:axis], [1], output_shape[axis:]], 0)
        return squeeze(Conv2DBackpropInput.build(sizes, filters, input, name=scope, **attrs),
                       [axis])


def _flat_format(data_format):
    """(format of images of height 1, where the axis of the height goes, format of the series)."""
    if data_format in (None, "NWC", "NHWC"):
        return "NHWC", 1, "NWC"
    if data_format in ("NCW", "NCHW"):
        return "NCHW", 2, "NCW"
    raise ValueError(located(f"data_format must be 'NWC' or 'NCW', not {data_format!r}"))


def _with_height(value, series_format, what):
    """A number per axis of the series, and 1 for the height beside it."""
    values = per_axis(value, series_format, what)
    axis = series_format.index("W")
    return [*values[:axis], 1, *values[axis:]]


# -- any number of axes ------------------------------------------------------------------------

def convolution(input, filter, padding, strides=None, dilation_rate=None, name=None,
                data_format=None, filters=None, dilations=None):
    """Convolves over one, two or three axes, as the rank of the input tells.

    Args:
        input: [batch, sizes..., in] tensor of a floating dtype, or as `data_format` says.
        filter: [sizes..., in, out] tensor of the same dtype.
        padding: "SAME" or "VALID".
        strides: one int per axis; default 1.
        dilation_rate: one int per axis, distance between the elements of the window; default 1.
        name: name of the node.
        data_format: as "NWC", "NHWC", "NCHW", "NDHWC"; default channels last.
        filters: other name of `filter`.
        dilations: other name of `dilation_rate`.

    Returns:
        A [batch, sizes..., out] tensor, or as `data_format` says.

    Raises:
        ValueError: the ranks are not known, or do not fit.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 3, 3, 1]), fg.ones([2, 2, 1, 1])
        >>> fg.Session().run(fg.nn.convolution(x, w, "VALID"))[0, :, :, 0]
        array([[4., 4.],
               [4., 4.]], dtype=float32)
    """
    filter = either("filters", filters, "filter", filter)
    dilation_rate = either("dilations", dilations, "dilation_rate", dilation_rate)
    with name_scope(name, "convolution", [input, filter]) as scope:
        input = convert_to_tensor(input, name="input")
        filter = convert_to_tensor(filter, input.dtype.base_dtype, name="filter")
        axes = _spatial_rank(input, filter, data_format)
        if strides is not None and dilation_rate is not None and any(
                n != 1 for n in _numbers(strides)) and any(n != 1 for n in _numbers(dilation_rate)):
            raise ValueError(located("strides > 1 not supported in conjunction with dilation_rate "
                                     "> 1",
                                     "Let the strides or the dilation_rate be 1."))
        if axes == 1:
            return conv1d(input, filter, 1 if strides is None else strides, padding,
                          data_format=data_format, dilations=dilation_rate, name=scope)
        op, default = (Conv2D, "NHWC") if axes == 2 else (Conv3D, "NDHWC")
        return op.build(input, filter, name=scope, **attributes(
            strides, padding, data_format or default, dilation_rate))


def _spatial_rank(input, filter, data_format) -> int:
    """How many axes the windows slide over: 1, 2 or 3."""
    rank = filter.spec.rank if input.spec.rank is None else input.spec.rank
    if rank is None and data_format is not None:
        rank = len(data_format)
    if rank is None:
        raise ValueError(located("convolution needs the rank of its input or of its filter",
                                 "Give the placeholder a shape, or call set_shape."))
    if not 3 <= rank <= 5:
        raise ShapeError(located(f"convolution slides over 1, 2 or 3 axes, but got the rank {rank}",
                                 "An input is [batch, sizes..., channels].", "shape-error"))
    return rank - 2


def _numbers(value) -> list[int]:
    return list(value) if hasattr(value, "__len__") else [value]


def conv_transpose(input, filters, output_shape, strides, padding="SAME", data_format=None,
                   dilations=None, name=None):
    """The transpose of a convolution over one, two or three axes.

    Args:
        input: [batch, sizes..., in] tensor of a floating dtype, or as `data_format` says.
        filters: [sizes..., out, in] tensor of the same dtype.
        output_shape: the result's shape, a list or 1-D int32 tensor.
        strides: int, or one per axis.
        padding: "SAME" or "VALID".
        data_format: as "NWC", "NHWC", "NCHW", "NDHWC"; default channels last.
        dilations: int, or one per axis.
        name: name of the node.

    Returns:
        A tensor of the shape `output_shape`.

    Example:
        >>> import flowgraph as fg
        >>> x, w = fg.ones([1, 2, 1]), fg.ones([2, 1, 1])
        >>> fg.Session().run(fg.nn.conv_transpose(x, w, [1, 4, 1], 2))[0, :, 0]
        array([1., 1., 1., 1.], dtype=float32)
    """
    with name_scope(name, "conv_transpose", [input, filters, output_shape]) as scope:
        input = convert_to_tensor(input, name="input")
        filters = convert_to_tensor(filters, input.dtype.base_dtype, name="filters")
        axes = _spatial_rank(input, filters, data_format)
        function = (conv1d_transpose, conv2d_transpose, conv3d_transpose)[axes - 1]
        default = ("NWC", "NHWC", "NDHWC")[axes - 1]
        return function(input, filters, output_shape, strides, padding,
                        data_format=data_format or default, dilations=dilations, name=scope)
