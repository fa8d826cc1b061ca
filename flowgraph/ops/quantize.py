"""Quantized numbers: floats of a range as integers of few bits, and back.

    MIN_COMBINED   the range from min to max is spread over all integers
    MIN_FIRST      the same, with min moved a little so that 0.0 is one of the integers' values
    SCALED         0.0 is the integer 0; the range is widened to be symmetric for signed integers

Arrays of quantized dtypes are plain NumPy integers: quint8 is carried by uint8.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_MODES = ("MIN_COMBINED", "MIN_FIRST", "SCALED")


class Quantized(NamedTuple):
    """What `quantize` returns: the integers, and the range that they stand for.

    Args:
        output: tensor of a quantized dtype.
        output_min: float32 scalar, the float of the lowest integer.
        output_max: float32 scalar, the float of the highest integer.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.quantize([0.0, 1.0], 0.0, 1.0, fg.quint8)
        >>> y.output.dtype, y.output_max.dtype
        (tf.quint8, tf.float32)
    """

    output: Any
    output_min: Any
    output_max: Any


class QuantizeV2(OpDef):
    """Floats as integers of the dtype `T`, with the range that was really used."""

    dtypes = {"input": _FLOAT32, "min_range": _FLOAT32, "max_range": _FLOAT32}
    multiple = True
    grad = NotDifferentiable
    waits_for_gpu = "its range is worked out in Python"

    def infer(self, input: Spec, min_range: Spec, max_range: Spec, *, T, mode="MIN_COMBINED",
              round_mode="HALF_AWAY_FROM_ZERO"):
        shape_rules.require_rank(min_range, 0, "min_range")
        shape_rules.require_rank(max_range, 0, "max_range")
        scalar = Spec(dt.float32, ())
        return Spec(T, input.shape), scalar, scalar

    def kernel(self, xp, input, min_range, max_range, *, T, mode="MIN_COMBINED",
               round_mode="HALF_AWAY_FROM_ZERO"):
        if round_mode == "HALF_TO_EVEN" and mode != "SCALED":
            raise InvalidArgumentError(None, None, "Round mode 'HALF_TO_EVEN' only supported for "
                                                   f"mode 'SCALED', but mode is '{mode}'.")
        low, high = _widened(xp, min_range, max_range)
        lowest, highest = _limits(T)
        if mode == "MIN_COMBINED":
            scale = _float32(xp, (highest - lowest) / (high - low))
            shifted = (_clip(xp, input, low, high) - low) * scale
            half = xp.float32(0 if lowest == 0 else (highest - lowest + 1) / 2)
            numbers = xp.floor(shifted + xp.float32(0.5)) if lowest == 0 else _round(xp,
                                                                                   shifted - half)
        elif mode == "MIN_FIRST":
            numbers = _from_range(xp, input, low, high, T)
        else:
            low, high, scale = _symmetric(xp, low, high, T)
            scaled = _clip(xp, input, low, high) * scale
            numbers = xp.rint(scaled) if round_mode == "HALF_TO_EVEN" else _round(xp, scaled)
        return _as_integers(xp, numbers, T), low, high


def quantize(input, min_range, max_range, T, mode="MIN_COMBINED",
             round_mode="HALF_AWAY_FROM_ZERO", name=None):
    """Turns floats of a range into integers of few bits.

    Args:
        input: float32 tensor.
        min_range: float32 scalar, the lowest float; lower ones become it.
        max_range: float32 scalar, the highest float; higher ones become it.
        T: quint8, qint8, quint16, qint16 or qint32.
        mode: "MIN_COMBINED", "MIN_FIRST" or "SCALED".
        round_mode: "HALF_AWAY_FROM_ZERO", or "HALF_TO_EVEN" (with "SCALED" only).
        name: name of the node.

    Returns:
        (output, output_min, output_max): the integers, and the range that they stand for, which is
        wider where the one given does not hold 0.

    Raises:
        TypeError: `T` is no quantized dtype.
        ValueError: there is no such mode.
        InvalidArgumentError: when run, if the range is turned around.

    Example:
        >>> import flowgraph as fg
        >>> y, low, high = fg.quantization.quantize([0.0, 0.5, 1.0], 0.0, 1.0, fg.quint8)
        >>> fg.Session().run(y)
        array([  0, 128, 255], dtype=uint8)
    """
    T = dt.as_dtype(T)
    if T not in dt.QUANTIZED:
        raise DTypeError(located(f"quantize cannot make {T.name}; it makes "
                                 f"{', '.join(d.name for d in dt.QUANTIZED.members)}",
                                 section="dtype-error"))
    _one_of(mode, _MODES, "mode")
    _one_of(round_mode, ("HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"), "round_mode")
    return Quantized(*QuantizeV2.build(input, min_range, max_range, T=T, mode=mode,
                                       round_mode=round_mode, name=name))


def quantize_v2(input, min_range, max_range, T, mode="MIN_COMBINED", name=None,
                round_mode="HALF_AWAY_FROM_ZERO"):
    """Turns floats of a range into integers of few bits; `quantize` with other argument order.

    Args:
        input: float32 tensor.
        min_range: float32 scalar, the lowest float.
        max_range: float32 scalar, the highest float.
        T: quint8, qint8, quint16, qint16 or qint32.
        mode: "MIN_COMBINED", "MIN_FIRST" or "SCALED".
        name: name of the node.
        round_mode: "HALF_AWAY_FROM_ZERO", or "HALF_TO_EVEN" (with "SCALED" only).

    Returns:
        (output, output_min, output_max): the integers, and the range that they stand for.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.quantize_v2([-1.0, 0.0, 1.0], -1.0, 1.0, fg.qint8, mode="SCALED")
        >>> fg.Session().run(y.output)
        array([-127,    0,  127], dtype=int8)
    """
    return quantize(input, min_range, max_range, T, mode, round_mode, name)


class Dequantize(OpDef):
    """The floats that integers of a range stand for."""

    dtypes = {"min_range": _FLOAT32, "max_range": _FLOAT32}
    T = dt.QUANTIZED
    grad = NotDifferentiable
    waits_for_gpu = "its range is worked out in Python"

    def infer(self, input: Spec, min_range: Spec, max_range: Spec, *, T, mode="MIN_COMBINED"):
        shape_rules.require_rank(min_range, 0, "min_range")
        shape_rules.require_rank(max_range, 0, "max_range")
        return Spec(dt.float32, input.shape)

    def kernel(self, xp, input, min_range, max_range, *, T, mode="MIN_COMBINED"):
        lowest, highest = _limits(T)
        numbers = input.astype("float32")
        if mode == "MIN_COMBINED":
            half = xp.float32(0 if lowest == 0 else (highest - lowest + 1) / 2)
            scale = (max_range - min_range) / xp.float32(highest - lowest)
            return (numbers + half) * scale + min_range
        if mode == "MIN_FIRST":
            return _to_range(xp, numbers, min_range, max_range, T)
        scale = max_range / xp.float32(highest)
        if lowest:
            scale = xp.maximum(scale, min_range / xp.float32(lowest))
        return numbers * scale


def dequantize(input, min_range, max_range, mode="MIN_COMBINED", name=None):
    """Turns quantized integers back into the floats that they stand for.

    Args:
        input: tensor of a quantized dtype.
        min_range: float32 scalar, the float of the lowest integer.
        max_range: float32 scalar, the float of the highest integer.
        mode: "MIN_COMBINED", "MIN_FIRST" or "SCALED", as in `quantize`.
        name: name of the node.

    Returns:
        A float32 tensor.

    Raises:
        TypeError: the input is not quantized.
        ValueError: there is no such mode.

    Example:
        >>> import flowgraph as fg
        >>> y, low, high = fg.quantize([0.0, 0.5, 1.0], 0.0, 1.0, fg.quint8)
        >>> print(fg.Session().run(fg.dequantize(y, low, high)).round(2))
        [0.  0.5 1. ]
    """
    _one_of(mode, _MODES, "mode")
    T = getattr(getattr(input, "dtype", None), "base_dtype", dt.quint8)
    return Dequantize.build(input, min_range, max_range, T=T, mode=mode, name=name)


class QuantizedConcat(OpDef):
    """Quantized tensors one after the other, all brought to one range."""

    dtypes = {"concat_dim": dt.DTypeSet("int32", (dt.int32,)), "input_mins": _FLOAT32,
              "input_maxes": _FLOAT32}
    T = dt.QUANTIZED
    lists = ("values", "input_mins", "input_maxes")
    host_inputs = ("concat_dim",)
    multiple = True
    grad = NotDifferentiable
    waits_for_gpu = "its range is worked out in Python"

    def infer(self, concat_dim: Spec, values, input_mins, input_maxes, *, T):
        shape_rules.require_rank(concat_dim, 0, "concat_dim")
        scalar = Spec(dt.float32, ())
        return Spec(T, _joined(concat_dim.value, values)), scalar, scalar

    def kernel(self, xp, concat_dim, values, input_mins, input_maxes, *, T):
        low = xp.minimum(xp.float32(0), xp.stack(list(input_mins)).min())
        high = xp.stack(list(input_maxes)).max()
        if _limits(T)[0]:
            high = xp.maximum(abs(low), abs(high))
            low = -high
        parts = [_as_integers(xp, _from_range(xp, _to_range(xp, x.astype("float32"), a, b, T),
                                              low, high, T), T)
                 if a != low or b != high else x
                 for x, a, b in zip(values, input_mins, input_maxes, strict=True)]
        return xp.concatenate(parts, axis=concat_dim), low, high


def quantized_concat(concat_dim, values, input_mins, input_maxes, name=None):
    """Joins quantized tensors along an axis.

    Args:
        concat_dim: int, the axis.
        values: list of tensors of one quantized dtype.
        input_mins: list of float32 scalars, the float of the lowest integer of each.
        input_maxes: list of float32 scalars, the float of the highest integer of each.
        name: name of the node.

    Returns:
        (output, output_min, output_max): the integers, all of one range, and that range.

    Raises:
        ValueError: the shapes do not go together, or the lists have different lengths.

    Example:
        >>> import flowgraph as fg
        >>> a, b = (fg.quantize([0.0, top], 0.0, top, fg.quint8) for top in (1.0, 2.0))
        >>> y = fg.quantized_concat(0, [a[0], b[0]], [a[1], b[1]], [a[2], b[2]])
        >>> fg.Session().run(y.output)
        array([  0, 128,   0, 255], dtype=uint8)
    """
    if not len(values) == len(input_mins) == len(input_maxes) > 0:
        raise ShapeError(located("quantized_concat needs a minimum and a maximum for each tensor, "
                                 f"got {len(values)} tensors, {len(input_mins)} and "
                                 f"{len(input_maxes)}", section="shape-error"))
    return Quantized(*QuantizedConcat.build(concat_dim, list(values), list(input_mins),
                                            list(input_maxes), T=values[0].dtype.base_dtype,
                                            name=name))


# ---- helpers -------------------------------------------------------------------------------------


def _joined(axis, values):
    shapes = [spec.shape for spec in values]
    if axis is None or None in shapes:
        rank = next((len(s) for s in shapes if s is not None), None)
        return None if rank is None else (None,) * rank
    first = shapes[0]
    axis = shape_rules.axis_index(axis, len(first), "concat_dim")
    sizes = list(first)
    for shape in shapes[1:]:
        if len(shape) != len(first):
            raise ShapeError(f"cannot join {shape_text(first)} and {shape_text(shape)}")
        for i, n in enumerate(shape):
            if i == axis:
                sizes[i] = None if n is None or sizes[i] is None else sizes[i] + n
            elif n is not None and sizes[i] not in (None, n):
                raise ShapeError(f"cannot join {shape_text(first)} and {shape_text(shape)} along "
                                 f"axis {axis}", "The other sizes must be equal.")
            elif sizes[i] is None:
                sizes[i] = n
    return tuple(sizes)


def _one_of(value, allowed, what):
    if value not in allowed:
        raise ValueError(located(f"{what} must be one of {', '.join(map(repr, allowed))}, not "
                                 f"{value!r}"))


def _limits(T):
    info = np.iinfo(T.numpy)
    return int(info.min), int(info.max)


def _float32(xp, value):
    return xp.asarray(value, dtype="float32")[()]


def _clip(xp, x, low, high):
    return xp.maximum(xp.minimum(x, high), low)


def _round(xp, x):
    """To the nearest integer; halves go away from 0."""
    return xp.copysign(xp.floor(abs(x) + x.dtype.type(0.5)), x)


def _widened(xp, low, high):
    """The range with 0 in it, and not too narrow."""
    if bool(high < low):
        raise InvalidArgumentError(None, None, "input_max_range must be larger than "
                                               "input_min_range.")
    least = xp.maximum(xp.float32(1), xp.maximum(abs(low), abs(high))) / xp.float32(100)
    low = xp.minimum(xp.float32(0), low)
    return low, xp.maximum(xp.float32(0), xp.maximum(high, low + least))


def _symmetric(xp, low, high, T):
    """The range and the factor for which 0.0 is the integer 0 and no number is cut off."""
    lowest, highest = _limits(T)
    largest = xp.float32(np.finfo(np.float32).max)
    by_low = xp.float32(lowest) / low if lowest * float(low) > 0 else largest
    by_high = xp.float32(highest) / high if float(high) > 0 else largest
    scale = xp.minimum(by_low, by_high)
    return xp.float32(lowest) / scale, xp.float32(highest) / scale, scale


def _from_range(xp, x, low, high, T):
    """MIN_FIRST: floats as whole numbers, not yet cut to the dtype's limits."""
    lowest, highest = _limits(T)
    scale = _float32(xp, 0.0 if low == high else (highest - lowest) / (high - low))
    return _round(xp, x * scale) - (_round(xp, low * scale) - xp.float32(lowest))


def _to_range(xp, numbers, low, high, T):
    """MIN_FIRST: the floats of whole numbers."""
    lowest, highest = _limits(T)
    scale = _float32(xp, (high - low) / (highest - lowest))
    start = low if low == high else _round(xp, low / scale) * scale
    return (start - xp.float32(lowest) * scale) + numbers * scale


def _as_integers(xp, numbers, T):
    """Whole numbers as the dtype's integers, cut to its limits."""
    lowest, highest = _limits(T)
    wide = numbers.astype("float64")  # float32 does not hold the limits of 32 bits
    return xp.clip(wide, lowest, highest).astype(T.numpy)
