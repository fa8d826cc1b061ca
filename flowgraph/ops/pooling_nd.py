"""Pooling of volumes (MaxPool3D, AvgPool3D) and series, and `pool`, which picks by rank."""

from __future__ import annotations

import itertools

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.arithmetic import add_n, maximum, multiply
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.padding import per_axis, spatial_axes
from flowgraph.ops.pooling import (
    AvgPool,
    MaxPool,
    avg_pool,
    check_pool,
    largest,
    max_pool2d,
    mean,
    of_first,
    pool_attributes,
    pool_windows,
    pooled,
    pooled_twice,
    shared_out,
    to_first,
)
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.shape import shape


class MaxPool3D(OpDef):
    """The largest element of each window of a volume."""

    T = dt.FLOAT

    def infer(self, input: Spec, *, ksize, strides, padding, data_format="NDHWC"):
        return pooled(input, ksize, strides, padding, data_format)

    def kernel(self, xp, input, *, ksize, strides, padding, data_format="NDHWC", out=None):
        return largest(xp, input, pool_windows(ksize, strides, padding), out)

    def grad(self, op, dy):
        return MaxPool3DGrad.build(op.inputs[0], op.outputs[0], dy, **op.attrs)


class MaxPool3DGrad(OpDef):
    """The gradient of MaxPool3D: each dy goes to the first maximum of its window."""

    dtypes = {"orig_input": "TInput", "orig_output": "TInput"}
    T = TInput = dt.FLOAT

    def infer(self, orig_input: Spec, orig_output: Spec, grad: Spec, *, ksize, strides, padding,
              data_format="NDHWC"):
        check_pool(ksize, strides, padding, data_format)
        shape_rules.require_rank(orig_input, len(data_format), "an input")
        return Spec(grad.dtype, orig_input.shape)

    def kernel(self, xp, orig_input, orig_output, grad, *, ksize, strides, padding,
               data_format="NDHWC"):
        return to_first(xp, orig_input, orig_output, grad, pool_windows(ksize, strides, padding))

    def grad(self, op, dx):
        x, y, _ = op.inputs
        return zeros_like(x), zeros_like(y), MaxPool3DGradGrad.build(x, y, dx, **op.attrs)


class MaxPool3DGradGrad(OpDef):
    """What stands in `grad` where each window has its first maximum."""

    T = dt.FLOAT

    def infer(self, orig_input: Spec, orig_output: Spec, grad: Spec, *, ksize, strides, padding,
              data_format="NDHWC"):
        return pooled_twice(orig_input, orig_output, grad, ksize, strides, padding, data_format)

    def kernel(self, xp, orig_input, orig_output, grad, *, ksize, strides, padding,
               data_format="NDHWC"):
        return of_first(xp, orig_input, orig_output, grad, pool_windows(ksize, strides, padding))

    def grad(self, op, dy):
        x, y, _ = op.inputs
        return zeros_like(x), zeros_like(y), MaxPool3DGrad.build(x, y, dy, **op.attrs)


class AvgPool3D(OpDef):
    """The mean of the elements of each window of a volume, padding not counted."""

    T = dt.FLOAT

    def infer(self, input: Spec, *, ksize, strides, padding, data_format="NDHWC"):
        return pooled(input, ksize, strides, padding, data_format)

    def kernel(self, xp, input, *, ksize, strides, padding, data_format="NDHWC", out=None):
        return mean(xp, input, pool_windows(ksize, strides, padding), out)

    def grad(self, op, dy):
        return AvgPool3DGrad.build(shape(op.inputs[0]), dy, **op.attrs)


class AvgPool3DGrad(OpDef):
    """The gradient of AvgPool3D: each dy is shared out evenly among its window."""

    dtypes = {"orig_input_shape": dt.INDEX}
    T = dt.FLOAT
    host_inputs = ("orig_input_shape",)

    def infer(self, orig_input_shape: Spec, grad: Spec, *, ksize, strides, padding,
              data_format="NDHWC"):
        check_pool(ksize, strides, padding, data_format)
        return Spec(grad.dtype, shape_rules.shape_from_value(orig_input_shape))

    def kernel(self, xp, orig_input_shape, grad, *, ksize, strides, padding, data_format="NDHWC"):
        return shared_out(xp, orig_input_shape, grad, pool_windows(ksize, strides, padding))

    def grad(self, op, dx):
        return None, AvgPool3D.build(dx, **op.attrs)


def max_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None):
    """Takes the largest element of each window of a volume.

    Args:
        input: [batch, depth, height, width, channels] tensor of a floating dtype.
        ksize: int, or list of 1, 3 or 5 ints: size of the window.
        strides: int, or list of 1, 3 or 5 ints: how far the window moves.
        padding: "SAME" or "VALID".
        data_format: "NDHWC" or "NCDHW".
        name: name of the node.

    Returns:
        A tensor of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.max_pool3d(fg.ones([1, 2, 2, 2, 1]), 2, 2, "VALID"))
        array([[[[[1.]]]]], dtype=float32)
    """
    with name_scope(name, "MaxPool3D", [input]) as scope:
        return MaxPool3D.build(input, name=scope, **pool_attributes(ksize, strides, padding,
                                                                    data_format or "NDHWC"))


def avg_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None):
    """Takes the mean of each window of a volume; what lies in the padding does not count.

    Args:
        input: [batch, depth, height, width, channels] tensor of a floating dtype.
        ksize: int, or list of 1, 3 or 5 ints: size of the window.
        strides: int, or list of 1, 3 or 5 ints: how far the window moves.
        padding: "SAME" or "VALID".
        data_format: "NDHWC" or "NCDHW".
        name: name of the node.

    Returns:
        A tensor of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.avg_pool3d(fg.ones([1, 2, 2, 2, 1]), 2, 2, "VALID"))
        array([[[[[1.]]]]], dtype=float32)
    """
    with name_scope(name, "AvgPool3D", [input]) as scope:
        return AvgPool3D.build(input, name=scope, **pool_attributes(ksize, strides, padding,
                                                                    data_format or "NDHWC"))


# -- one axis: images of height 1 --------------------------------------------------------------

def max_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """Takes the largest element of each window of a series.

    Args:
        input: [batch, width, channels] tensor of a real dtype.
        ksize: int, or list of 1 or 3 ints: size of the window.
        strides: int, or list of 1 or 3 ints: how far the window moves.
        padding: "SAME" or "VALID".
        data_format: "NWC" or "NCW".
        name: name of the pool and of the scope of the other nodes.

    Returns:
        A tensor of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 2.0, 3.0], [1, 4, 1])
        >>> fg.Session().run(fg.nn.max_pool1d(x, 2, 2, "VALID"))[0, :, 0]
        array([5., 3.], dtype=float32)
    """
    return _pool1d(MaxPool, input, ksize, strides, padding, data_format, name, "MaxPool1d")


def avg_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """Takes the mean of each window of a series; what lies in the padding does not count.

    Args:
        input: [batch, width, channels] tensor of a floating dtype.
        ksize: int, or list of 1 or 3 ints: size of the window.
        strides: int, or list of 1 or 3 ints: how far the window moves.
        padding: "SAME" or "VALID".
        data_format: "NWC" or "NCW".
        name: name of the pool and of the scope of the other nodes.

    Returns:
        A tensor of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 2.0, 3.0], [1, 4, 1])
        >>> fg.Session().run(fg.nn.avg_pool1d(x, 2, 2, "VALID"))[0, :, 0]
        array([3. , 2.5], dtype=float32)
    """
    return _pool1d(AvgPool, input, ksize, strides, padding, data_format, name, "AvgPool1D")


def _pool1d(op_class, input, ksize, strides, padding, data_format, name, default):
    data_format = data_format or "NWC"
    if data_format not in ("NWC", "NCW"):
        raise ValueError(located(f"data_format must be 'NWC' or 'NCW', not {data_format!r}"))
    axis = data_format.index("W")
    with name_scope(name, default, [input]) as scope:
        sizes, steps = (per_axis(value, data_format, what)
                        for value, what in ((ksize, "ksize"), (strides, "strides")))
        image = expand_dims(convert_to_tensor(input, name="input"), axis)
        result = op_class.build(
            image, name=scope, ksize=[*sizes[:axis], 1, *sizes[axis:]],
            strides=[*steps[:axis], 1, *steps[axis:]], padding=padding,
            data_format="NHWC" if axis == 1 else "NCHW")
        return squeeze(result, [axis])


# -- any number of axes ------------------------------------------------------------------------

def max_pool_v2(input, ksize, strides, padding, data_format=None, name=None):
    """Takes the largest element of each window, over one, two or three axes.

    Args:
        input: [batch, sizes..., channels] tensor of a real dtype, or as `data_format` says.
        ksize: int, or one per axis: size of the window.
        strides: int, or one per axis: how far the window moves.
        padding: "SAME" or "VALID".
        data_format: as "NWC", "NHWC", "NCHW", "NDHWC"; default channels last.
        name: name of the node.

    Returns:
        A tensor of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.max_pool_v2(fg.ones([1, 2, 1]), 2, 2, "VALID"))
        array([[[1.]]], dtype=float32)
    """
    input, axes, data_format = _of_rank(input, data_format)
    return (max_pool1d, max_pool2d, max_pool3d)[axes - 1](input, ksize, strides, padding,
                                                          data_format, name)


def avg_pool_v2(input, ksize, strides, padding, data_format=None, name=None):
    """Takes the mean of each window, over one, two or three axes.

    Args:
        input: [batch, sizes..., channels] tensor of a floating dtype, or as `data_format` says.
        ksize: int, or one per axis: size of the window.
        strides: int, or one per axis: how far the window moves.
        padding: "SAME" or "VALID".
        data_format: as "NWC", "NHWC", "NCHW", "NDHWC"; default channels last.
        name: name of the node.

    Returns:
        A tensor of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.avg_pool_v2(fg.ones([1, 2, 1]), 2, 2, "VALID"))
        array([[[1.]]], dtype=float32)
    """
    input, axes, data_format = _of_rank(input, data_format)
    return (avg_pool1d, avg_pool, avg_pool3d)[axes - 1](input, ksize, strides, padding,
                                                        data_format, name)


_CHANNELS_LAST = ("NWC", "NHWC", "NDHWC")


def _of_rank(input, data_format):
    """(tensor, number of axes that windows slide over, data format)."""
    input = convert_to_tensor(input, name="input")
    rank = len(data_format) if data_format else input.spec.rank
    if rank not in (3, 4, 5):
        raise ValueError(located(f"Input tensor must be of rank 3, 4 or 5 but was {rank}",
                                 "Give the placeholder a shape, or call set_shape."))
    return input, rank - 2, data_format or _CHANNELS_LAST[rank - 3]


def pool(input, window_shape, pooling_type, padding, dilation_rate=None, strides=None, name=None,
         data_format=None, dilations=None):
    """Pools over one, two or three axes.

    Args:
        input: [batch, sizes..., channels] tensor of a floating dtype, or as `data_format` says.
        window_shape: one int per axis: size of the window.
        pooling_type: "MAX" or "AVG".
        padding: "SAME" or "VALID".
        dilation_rate: one int per axis, distance between the elements of a window; default 1.
        strides: one int per axis: how far the window moves; default 1.
        name: name of the node.
        data_format: as "NWC", "NHWC", "NCHW", "NDHWC"; default channels last.
        dilations: other name of `dilation_rate`.

    Returns:
        A tensor of the same dtype.

    Raises:
        ValueError: strides and dilations are both above 1, or dilations above 1 are asked for
            with padding "SAME".

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape(fg.range(9.0), [1, 3, 3, 1])
        >>> fg.Session().run(fg.nn.pool(x, [2, 2], "MAX", "VALID", dilation_rate=[2, 2]))
        array([[[[8.]]]], dtype=float32)
    """
    dilation_rate = either("dilations", dilations, "dilation_rate", dilation_rate)
    if pooling_type not in ("MAX", "AVG"):
        raise ValueError(located(f"pooling_type must be 'MAX' or 'AVG', not {pooling_type!r}"))
    axes = len(window_shape)
    if axes not in (1, 2, 3):
        raise ValueError(located("window_shape must have 1, 2 or 3 numbers, not "
                                 f"{list(window_shape)}"))
    data_format = data_format or _CHANNELS_LAST[axes - 1]
    most = pooling_type == "MAX"
    with name_scope(name, "max_pool" if most else "avg_pool", [input]) as scope:
        if dilation_rate is None or all(r == 1 for r in dilation_rate):
            function = ((max_pool1d, max_pool2d, max_pool3d) if most
                        else (avg_pool1d, avg_pool, avg_pool3d))[axes - 1]
            return function(input, list(window_shape), 1 if strides is None else list(strides),
                            padding, data_format, scope)
        if strides is not None and any(s != 1 for s in strides):
            raise ValueError(located("strides > 1 not supported in conjunction with dilation_rate "
                                     "> 1",
                                     "Let the strides or the dilation_rate be 1."))
        if padding != "VALID":
            raise ValueError(located("pooling with 'SAME' padding is not implemented for "
                                     "dilation_rate > 1",
                                     "Write padding='VALID'."))
        return _dilated(convert_to_tensor(input, name="input"), list(window_shape),
                        list(dilation_rate), most, data_format, scope)


def _dilated(x, window, rates, most, data_format, name):
    """A pool with stride 1: the views of x through each element of the window, put together."""
    shape_rules.require_rank(x.spec, len(data_format), "an input")
    places = spatial_axes(data_format)
    views = []
    for tap in itertools.product(*map(range, window)):
        at = [slice(None)] * len(data_format)
        for axis, i, k, r in zip(places, tap, window, rates, strict=True):
            at[axis] = slice(i * r, -(k - 1 - i) * r or None)
        views.append(x[tuple(at)])
    if not most:
        return multiply(add_n(views), 1 / len(views), name=name)
    result = views[0]
    for view in views[1:-1]:
        result = maximum(result, view)
    return maximum(result, views[-1], name=name)
