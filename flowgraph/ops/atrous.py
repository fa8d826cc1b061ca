"""tf.nn.with_space_to_batch: any function of windows made to look at every rate-th pixel.

The pixels that are `rate` apart become images of their own in the batch, the function runs on these
smaller images, and the results are put back in place.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import is_known
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.join import concat, stack
from flowgraph.ops.shape import shape
from flowgraph.ops.space import (
    batch_to_space_nd,
    required_space_to_batch_paddings,
    space_to_batch_nd,
)


def with_space_to_batch(input, dilation_rate, padding, op, filter_shape=None, spatial_dims=None,
                        data_format=None):
    """Runs a function of sliding windows on pixels that are `dilation_rate` apart.

    Args:
        input: tensor of a rank above the last of `spatial_dims`.
        dilation_rate: [n] int32 tensor of known length.
        padding: "VALID", or "SAME" to pad by what the dilated filter needs.
        op: function (input, number of spatial axes, padding) to a tensor.
        filter_shape: for "SAME", integer tensor of n elements or more: the window's sizes.
        spatial_dims: growing list of n ints of 1 or more, the axes that windows slide along;
            default the first after the batch, or after the channels where the format says so.
        data_format: one that starts with "NC" puts channels second.

    Returns:
        What `op` returns, its images put together again.

    Raises:
        ValueError: the rate is below 1 or of unknown length, `padding` is another, `spatial_dims`
            do not grow, or the rank is too low.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape(fg.range(5.0), [1, 5, 1])
        >>> y = fg.nn.with_space_to_batch(x, [2], "VALID",
        ...                               lambda x, axes, padding: x[:, 1:] - x[:, :-1])
        >>> fg.Session().run(y)[0, :, 0]
        array([2., 2., 2.], dtype=float32)
    """
    input = convert_to_tensor(input, name="input")
    rate = convert_to_tensor(dilation_rate, dt.int32, name="dilation_rate")
    if rate.spec.shape is None or len(rate.spec.shape) != 1 or None in rate.spec.shape:
        raise ValueError(located("with_space_to_batch needs a dilation_rate of rank 1 and known "
                                 f"length, got the shape {rate.shape}"))
    (axes,) = rate.spec.shape
    dims = _checked_dims(spatial_dims, axes, data_format)
    rank = None if input.spec.shape is None else len(input.spec.shape)
    needed = dims[-1] if _channels_second(data_format) else dims[-1] + 1
    if rank is not None and rank < needed:
        raise ValueError(located(f"with_space_to_batch needs an input of rank {needed} or more for "
                                 f"the axes {dims}, got {input.shape}"))
    rates = _known(rate)
    if rates is not None:
        if (rates < 1).any():
            raise ValueError(located(f"dilation_rate must be positive, got {rates.tolist()}"))
        if (rates == 1).all():
            return op(input, axes, padding)
    base = _paddings(padding, filter_shape, axes, rate if rates is None else rates)
    paddings, crops = required_space_to_batch_paddings(_spatial_sizes(input, dims), rate, base)
    blocks = _at_axes(rate, 1, dims)
    pieces = space_to_batch_nd(input, blocks, _at_axes(paddings, 0, dims))
    return batch_to_space_nd(op(pieces, axes, "VALID"), blocks, _at_axes(crops, 0, dims))


def _channels_second(data_format):
    return data_format is not None and data_format.startswith("NC")


def _checked_dims(spatial_dims, axes, data_format):
    first = 2 if _channels_second(data_format) else 1
    dims = [int(axis) for axis in
            (range(first, first + axes) if spatial_dims is None else spatial_dims)]
    if dims != sorted(set(dims)) or any(axis < 1 for axis in dims):
        raise ValueError(located(f"spatial_dims must be growing positive ints, got {dims}"))
    if len(dims) != axes or not dims:
        raise ValueError(located(f"got {axes} dilation rates for the axes {dims}"))
    return dims


def _known(tensor):
    """The tensor's value as an array; None where it is not known when building."""
    value = known_value(tensor)
    whole = is_known(value)
    return np.array(value, tensor.dtype.numpy).reshape(tensor.spec.shape) if whole else None


def _spatial_sizes(input, dims):
    sizes = None if input.spec.shape is None else [input.spec.shape[axis] for axis in dims]
    if sizes is not None and None not in sizes:
        return sizes
    found = shape(input)
    return stack([found[axis] for axis in dims])


def _paddings(padding, filter_shape, axes, rate):
    """[axes, 2]: what "SAME" pads for a filter whose elements are `rate` apart."""
    if padding == "VALID":
        return np.zeros((axes, 2), np.int32)
    if padding != "SAME":
        raise ValueError(located(f"padding must be 'SAME' or 'VALID', not {padding!r}"))
    if filter_shape is None:
        raise ValueError(located("filter_shape must be specified for SAME padding"))
    sizes = convert_to_tensor(filter_shape, dt.int32, name="filter_shape")
    sizes = sizes if _known(sizes) is None else _known(sizes)
    extra = (sizes[:axes] - 1) * rate
    start = extra // 2
    end = extra - start
    return stack([[start[i], end[i]] for i in range(axes)])


def _at_axes(rows, fill, dims):
    """One row for each axis from 1 to the last of `dims`: `fill` where `dims` has a gap."""
    known = _known(rows)
    rows = rows if known is None else known
    width = list(rows.shape[1:])
    parts, before = [], 0
    for i, axis in enumerate(dims):
        if axis > before + 1:
            parts.append(np.full([axis - 1 - before, *map(int, width)], fill, np.int32))
        parts.append(rows[i:i + 1])
        before = axis
    return np.concatenate(parts) if known is not None else concat(parts, 0)
