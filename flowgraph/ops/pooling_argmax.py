"""MaxPoolWithArgmax: the largest element of each window and where it stands.

A place is an index into one flattened image, ((y * width) + x) * channels + channel, or into the
whole flattened batch if `include_batch_in_index`.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.gather import in_range
from flowgraph.ops.pooling import pool_attributes, pool_windows, pooled
from flowgraph.ops.row_sums import summed_rows


class MaxPoolWithArgmax(OpDef):
    """The largest element of each window, and the flat index of its first occurrence."""

    T = dt.REAL
    multiple = True

    def infer(self, input: Spec, *, ksize, strides, padding, Targmax=dt.int64,
              include_batch_in_index=False):
        result = pooled(input, ksize, strides, padding, "NHWC")
        return result, Spec(Targmax, result.shape)

    def kernel(self, xp, input, *, ksize, strides, padding, Targmax=dt.int64,
               include_batch_in_index=False):
        place = pool_windows(ksize, strides, padding)
        counts, _ = place.place(input.shape)
        places = xp.arange(math.prod(input.shape[1:]), dtype=Targmax.numpy)
        places = places.reshape(1, *input.shape[1:])
        best = xp.zeros(counts, input.dtype)
        where = xp.full(counts, -1, Targmax.numpy)
        every = slice(None)
        for results, sources in place.all_taps(input.shape):
            value, at, part = input[sources], places[(every, *sources[1:])], where[results]
            better = (value > best[results]) | (part < 0)
            best[results] = xp.where(better, value, best[results])
            where[results] = xp.where(better, at, part)
        if include_batch_in_index:
            where += _starts(xp, input.shape, Targmax.numpy)
        return best, where

    def grad(self, op, dy, _):
        attrs = {key: value for key, value in op.attrs.items() if key != "Targmax"}
        return MaxPoolGradWithArgmax.build(op.inputs[0], dy, op.outputs[1], **attrs)


class MaxPoolGradWithArgmax(OpDef):
    """The gradient of MaxPoolWithArgmax: each element of `grad` is added where `argmax` says."""

    dtypes = {"argmax": dt.INDEX}
    T = dt.REAL

    def infer(self, input: Spec, grad: Spec, argmax: Spec, *, ksize, strides, padding,
              include_batch_in_index=False):
        shape_rules.merge("grad and argmax", grad, argmax)
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input, grad, argmax, *, ksize, strides, padding,
               include_batch_in_index=False):
        if not include_batch_in_index:
            argmax = argmax + _starts(xp, input.shape, argmax.dtype)
        total = xp.bincount(argmax.reshape(-1), grad.reshape(-1), input.size)
        return total.reshape(input.shape).astype(input.dtype)

    def kernel_cupy(self, xp, input, grad, argmax, *, ksize, strides, padding,
                    include_batch_in_index=False):
        if not include_batch_in_index:
            argmax = argmax + _starts(xp, input.shape, argmax.dtype)
        total = summed_rows(xp, grad.reshape(-1).astype("float64"), argmax.reshape(-1), input.size)
        return total.reshape(input.shape).astype(input.dtype)

    def grad(self, op, dx):
        x, _, argmax = op.inputs
        return zeros_like(x), MaxPoolGradGradWithArgmax.build(x, dx, argmax, **op.attrs), None


class MaxPoolGradGradWithArgmax(OpDef):
    """The elements of `grad`, of the input's shape, at the places in `argmax`."""

    dtypes = {"argmax": dt.INDEX}
    T = dt.REAL
    checks_data = True

    def infer(self, input: Spec, grad: Spec, argmax: Spec, *, ksize, strides, padding,
              include_batch_in_index=False):
        shape_rules.merge("input and grad", input, grad)
        return Spec(input.dtype, argmax.shape)

    def kernel(self, xp, input, grad, argmax, *, ksize, strides, padding,
               include_batch_in_index=False):
        if not include_batch_in_index:
            argmax = argmax + _starts(xp, input.shape, argmax.dtype)
        return grad.reshape(-1)[in_range(xp, argmax, grad.size)]

    def grad(self, op, dy):
        x, _, argmax = op.inputs
        return zeros_like(x), MaxPoolGradWithArgmax.build(x, dy, argmax, **op.attrs), None


def _starts(xp, sizes, dtype):
    """The flat index of each image's first element."""
    return (xp.arange(sizes[0], dtype=dtype) * math.prod(sizes[1:])).reshape(-1, 1, 1, 1)


def max_pool_with_argmax(input, ksize, strides, padding, data_format="NHWC", Targmax=None,
                         name=None, output_dtype=None, include_batch_in_index=False):
    """Takes the largest element of each window, and tells where it stands.

    Args:
        input: [batch, height, width, channels] tensor of a real dtype.
        ksize: list of 4 ints (or fewer, as for `max_pool`): size of the window.
        strides: list of 4 ints (or fewer): how far the window moves.
        padding: "SAME" or "VALID".
        data_format: must be "NHWC".
        Targmax: int32 or int64 (the default), dtype of the places.
        name: name of the node.
        output_dtype: other name of `Targmax`.
        include_batch_in_index: whether places count through the whole batch.

    Returns:
        Two tensors: the maxima; their places as flat indices
        ((b * height + y) * width + x) * channels + c, without b unless `include_batch_in_index`.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 5.0, 3.0, 2.0], [1, 2, 2, 1])
        >>> y, place = fg.nn.max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
        >>> fg.Session().run([y, place])
        [array([[[[5.]]]], dtype=float32), array([[[[1]]]])]
    """
    if data_format != "NHWC":
        raise ValueError(located(f"data_format must be 'NHWC', not {data_format!r}"))
    attrs = pool_attributes(ksize, strides, padding, "NHWC")
    del attrs["data_format"]
    dtype = dt.int64 if Targmax is None and output_dtype is None else dt.as_dtype(
        Targmax if output_dtype is None else output_dtype)
    best, where = MaxPoolWithArgmax.build(input, name=name, Targmax=dtype,
                                          include_batch_in_index=include_batch_in_index, **attrs)
    return best, where
