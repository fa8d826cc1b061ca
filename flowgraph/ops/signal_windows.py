"""Windows: weights that let a stretch of a signal fade in and out."""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import Equal
from flowgraph.ops.constant import OnesLike, ones
from flowgraph.ops.constant import range as range_
from flowgraph.ops.select import SelectV2
from flowgraph.ops.trigonometry import cos


def hann_window(window_length, periodic=True, dtype=dt.float32, name=None):
    """Makes a Hann window: 0.5 - 0.5 cos.

    Args:
        window_length: int, or scalar integer tensor.
        periodic: whether the number after the last would be the first again, as wanted for
            spectra; else the window is symmetric.
        dtype: a floating dtype.
        name: name of the scope.

    Returns:
        A tensor [window_length].

    Raises:
        ValueError: `dtype` is not floating, or an argument is not a scalar.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.signal.hann_window(4)))
        [0.  0.5 1.  0.5]
    """
    return _raised_cosine("hann_window", window_length, periodic, dtype, name, 0.5, 0.5)


def hamming_window(window_length, periodic=True, dtype=dt.float32, name=None):
    """Makes a Hamming window: 0.54 - 0.46 cos.

    Args:
        window_length: int, or scalar integer tensor.
        periodic: whether the number after the last would be the first again, as wanted for
            spectra; else the window is symmetric.
        dtype: a floating dtype.
        name: name of the scope.

    Returns:
        A tensor [window_length].

    Raises:
        ValueError: `dtype` is not floating, or an argument is not a scalar.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.signal.hamming_window(4)).round(4))
        [0.08 0.54 1.   0.54]
    """
    return _raised_cosine("hamming_window", window_length, periodic, dtype, name, 0.54, 0.46)


def _raised_cosine(default_name, length, periodic, dtype, name, mean, swing):
    dtype = dt.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(located(f"{default_name} needs a floating dtype, not {dtype.name}"))
    with name_scope(name, default_name, [length, periodic]):
        length = scalar(convert_to_tensor(length, dt.int32, "window_length"), default_name)
        known = known_value(length)
        if known == 1:
            return ones([1], dtype)
        periodic = scalar(convert_to_tensor(periodic, dt.bool_, "periodic"), default_name)
        # A periodic window of even length is a symmetric one that lacks its last number. Of odd
        # length TensorFlow 1 makes the symmetric one all the same.
        whole = length + cast(periodic, dt.int32) * (1 - length % 2) - 1
        angle = 2 * math.pi * cast(range_(length), dtype) / cast(whole, dtype)
        window = mean - swing * cos(angle)
        if known is not None:
            return window
        return SelectV2.build(Equal.build(length, 1), OnesLike.build(window), window)


def scalar(tensor, what):
    """`tensor`; raises unless it is, or may be, a scalar."""
    if tensor.spec.rank not in (None, 0):
        raise ShapeError(located(f"{what} needs a scalar for {tensor.op.name!r}, got "
                                 f"{shape_text(tensor.spec.shape)}", section="shape-error"))
    return tensor
