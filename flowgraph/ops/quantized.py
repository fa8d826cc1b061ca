"""Networks in integers of 8 bits: what TensorFlow's tools make of a graph for small machines.

An integer stands for a float, evenly from `min` for the lowest integer of its dtype to `max` for
the highest. Every tensor goes with its range, two floats. Products and sums have 32 bits, and
Requantize brings them back to 8.

The numbers are TensorFlow's to the last bit: where it computes in single or in double precision, or
with integers, so do these kernels.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.conv2d import convolved
from flowgraph.ops.convolve import correlate
from flowgraph.ops.matmul import MatMul
from flowgraph.ops.padding import windows
from flowgraph.ops.pooling import largest, mean, pool_windows, pooled

_F = np.float32
_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_BYTES = dt.DTypeSet("quint8 or qint8", (dt.quint8, dt.qint8))
_WHOLE = dt.DTypeSet("qint32", (dt.qint32,))
_SCALAR = Spec(dt.float32, ())
_UPPERMOST = _F(2147483520)  # the largest float below 2**31


class _Quantized(OpDef, abstract=True):
    """An op on integers and their ranges."""

    multiple: ClassVar[bool] = True
    host_only: ClassVar[str] = "the limits of ranges are worked out one by one"
    grad = NotDifferentiable


def _ranges(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, _FLOAT32)


def _check_ranges(*limits: Spec) -> None:
    for spec in limits:
        shape_rules.require_rank(spec, 0, "a limit of a range")


def _require_wide(*ranges: tuple[str, Any, Any]) -> None:
    for name, low, high in ranges:
        if not high > low:
            raise InvalidArgumentError(None, None, f"max_{name} must be larger than min_{name}, "
                                       f"got {high} and {low}")


# ---- between floats and integers -----------------------------------------------------------------


def _round(x: Any) -> Any:
    """The nearest integer; halves away from zero."""
    return np.trunc(x + np.copysign(0.5, x)) if not isinstance(x, np.float32) else _F(
        np.trunc(np.float64(x) + np.copysign(0.5, x)))


def _ends(dtype: Any) -> tuple[int, int]:
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)


def _integer(x: float, low: Any, high: Any, dtype: Any, cut: bool = True) -> int:
    """The integer that stands for a float, cut to those that there are."""
    lowest, highest = _ends(dtype)
    if low == high:
        return lowest
    steps = highest - lowest + 1
    scale = steps / (float(_F(high) - _F(low)) * (steps / (steps - 1.0)))
    number = lowest + int(_round(x * scale)) - int(_round(float(low) * scale))
    return min(max(number, lowest), highest) if cut else number


def _float(number: int, low: Any, high: Any, dtype: Any) -> Any:
    """The float that an integer stands for."""
    if low == high:
        return _F(low)
    lowest, highest = _ends(dtype)
    steps = highest - lowest + 1
    scale = float(_F(high) - _F(low)) * (steps / (steps - 1.0)) / steps
    first = _round(_F(low) / _F(scale)) * _F(scale)
    return _F(float(first) + (number - lowest) * scale)


def _floats(numbers: Any, low: Any, high: Any) -> Any:
    """The floats that integers stand for, in single precision."""
    lowest, highest = _ends(numbers.dtype)
    scale = _F(float(_F(high) - _F(low)) / (highest - lowest))
    first = _F(low) if low == high else _round(_F(low) / scale) * scale
    return (first - _F(lowest) * scale) + numbers.astype(_F) * scale


def _integers(floats: Any, low: Any, high: Any, dtype: Any) -> Any:
    """The integers that stand for floats, in single precision."""
    lowest, highest = _ends(dtype)
    scale = _F(0) if low == high else _F((highest - lowest) / float(_F(high) - _F(low)))
    first = _round(_F(low) * scale) - _F(lowest)
    found = np.trunc(floats * scale + np.copysign(_F(0.5), floats)) - first
    return np.clip(found, _F(lowest), min(_F(highest), _UPPERMOST)).astype(dtype)


def _product_range(a: Any, low_a: Any, high_a: Any, b: Any, low_b: Any, high_b: Any) -> Any:
    """The range of products of 32 bits of integers like a and b."""
    level = _F(1)
    for array, low, high in ((a, low_a, high_a), (b, low_b, high_b)):
        lowest, highest = _ends(array.dtype)
        level = level * ((_F(high) - _F(low)) / _F(highest - lowest))
    lowest, highest = _ends(np.int32)
    return level * _F(lowest), level * _F(highest)


def _centered(x: Any, low: Any, high: Any) -> Any:
    """Integers less the one that stands for 0, as exact floats."""
    return x.astype(np.float64) - _integer(0.0, low, high, x.dtype, cut=False)


# ---- products ------------------------------------------------------------------------------------


class QuantizedConv2D(_Quantized):
    """Conv2D of integers; 32 bits and their range."""

    T = _BYTES
    Tinput = Tfilter = _BYTES
    dtypes = {"input": "Tinput", "filter": "Tfilter",
              **_ranges("min_input", "max_input", "min_filter", "max_filter")}

    def infer(self, input, filter, min_input, max_input, min_filter, max_filter, *, strides,
              padding, out_type=dt.qint32, dilations=(1, 1, 1, 1)):
        _check_ranges(min_input, max_input, min_filter, max_filter)
        found = convolved(input, filter, strides, padding, "NHWC", dilations)
        return Spec(out_type, found.shape), _SCALAR, _SCALAR

    def kernel(self, xp, input, filter, min_input, max_input, min_filter, max_filter, *, strides,
               padding, out_type=dt.qint32, dilations=(1, 1, 1, 1)):
        place = windows(filter.shape[:-2], "NHWC", strides, padding, dilations)
        sums = correlate(np, _centered(input, min_input, max_input),
                         _centered(filter, min_filter, max_filter), place, None)
        return (sums.astype(np.int64).astype(np.int32),
                *_product_range(input, min_input, max_input, filter, min_filter, max_filter))


class QuantizedMatMul(_Quantized):
    """The product of matrices of integers; 32 bits and their range."""

    T1 = T2 = _BYTES
    dtypes = {"a": "T1", "b": "T2", **_ranges("min_a", "max_a", "min_b", "max_b")}

    def infer(self, a, b, min_a, max_a, min_b, max_b, *, transpose_a=False, transpose_b=False,
              Toutput=dt.qint32, Tactivation=dt.quint8):
        _check_ranges(min_a, max_a, min_b, max_b)
        floats = (Spec(dt.float64, spec.shape) for spec in (a, b))
        found = MatMul().infer(*floats, transpose_a=transpose_a, transpose_b=transpose_b)
        return Spec(Toutput, found.shape), _SCALAR, _SCALAR

    def kernel(self, xp, a, b, min_a, max_a, min_b, max_b, *, transpose_a=False,
               transpose_b=False, Toutput=dt.qint32, Tactivation=dt.quint8):
        _require_wide(("a", min_a, max_a), ("b", min_b, max_b))
        left, right = _centered(a, min_a, max_a), _centered(b, min_b, max_b)
        product = (left.T if transpose_a else left) @ (right.T if transpose_b else right)
        return (product.astype(np.int64).astype(np.int32),
                *_product_range(a, min_a, max_a, b, min_b, max_b))


class QuantizedMul(_Quantized):
    """Products of integers; 32 bits and their range."""

    T1 = T2 = _BYTES
    dtypes = {"x": "T1", "y": "T2", **_ranges("min_x", "max_x", "min_y", "max_y")}

    def infer(self, x, y, min_x, max_x, min_y, max_y, *, Toutput=dt.qint32):
        _check_ranges(min_x, max_x, min_y, max_y)
        return Spec(Toutput, shape_rules.broadcast(x, y)), _SCALAR, _SCALAR

    def kernel(self, xp, x, y, min_x, max_x, min_y, max_y, *, Toutput=dt.qint32):
        _require_wide(("x", min_x, max_x), ("y", min_y, max_y))
        product = _centered(x, min_x, max_x) * _centered(y, min_y, max_y)
        return product.astype(np.int32), *_product_range(x, min_x, max_x, y, min_y, max_y)


# ---- sums ----------------------------------------------------------------------------------------


class QuantizedBiasAdd(_Quantized):
    """Integers plus one for each channel; 32 bits and their range."""

    T1 = T2 = _BYTES
    dtypes = {"input": "T1", "bias": "T2",
              **_ranges("min_input", "max_input", "min_bias", "max_bias")}

    def infer(self, input, bias, min_input, max_input, min_bias, max_bias, *, out_type):
        _check_ranges(min_input, max_input, min_bias, max_bias)
        shape_rules.require_rank_at_least(input, 2, "an input")
        shape_rules.require_rank(bias, 1, "biases")
        if input.shape is not None:
            shape_rules.merge("a bias per channel", Spec(bias.dtype, input.shape[-1:]), bias)
        return Spec(out_type, input.shape), _SCALAR, _SCALAR

    def kernel(self, xp, input, bias, min_input, max_input, min_bias, max_bias, *, out_type):
        if input.shape[-1:] != bias.shape:
            raise InvalidArgumentError(None, None, "needs a bias per channel, got "
                                       f"{len(bias)} for {input.shape[-1]} channels")
        high = max(_F(max_input), -_F(min_input), _F(max_bias), -_F(min_bias)) * _F(1 << 17)
        parts = [_integers(_floats(*part), -high, high, np.int32)
                 for part in ((input, min_input, max_input), (bias, min_bias, max_bias))]
        return parts[0] + (parts[1] + np.int32(_integer(0.0, -high, high, np.int32))), -high, high


class QuantizedAdd(_Quantized):
    """Sums of integers; 32 bits and their range."""

    T1 = T2 = _BYTES
    dtypes = {"x": "T1", "y": "T2", **_ranges("min_x", "max_x", "min_y", "max_y")}

    def infer(self, x, y, min_x, max_x, min_y, max_y, *, Toutput=dt.qint32):
        _check_ranges(min_x, max_x, min_y, max_y)
        return Spec(Toutput, shape_rules.broadcast(x, y)), _SCALAR, _SCALAR

    def kernel(self, xp, x, y, min_x, max_x, min_y, max_y, *, Toutput=dt.qint32):
        _require_wide(("x", min_x, max_x), ("y", min_y, max_y))
        high = max(abs(min(_F(min_x), _F(min_y))), abs(max(_F(max_x), _F(max_y)))) * _F(1 << 14)
        return (_widened(x, min_x, max_x, high) + _widened(y, min_y, max_y, high), -high, high)


def _widened(x: Any, low: Any, high: Any, most: Any) -> Any:
    """Integers of 32 bits with the range from -most to most: evenly, as those of 0 and 1 say."""
    zero, one = (_integer(float(_float(n, low, high, x.dtype)), -most, most, np.int32, cut=False)
                 for n in (0, 1))
    if x.size == 1:
        number = _float(int(x.reshape(())), low, high, x.dtype)
        return np.full(x.shape, _integer(float(number), -most, most, np.int32), np.int32)
    return np.clip(zero + x.astype(np.int64) * (one - zero), *_ends(np.int32)).astype(np.int32)


class QuantizedBatchNormWithGlobalNormalization(_Quantized):
    """(t - m) / sqrt(v + epsilon) * gamma + beta, in integers of 32 bits of which 11 are places."""

    Tinput = dt.DTypeSet("quint8", (dt.quint8,))
    dtypes = {**dict.fromkeys(("t", "m", "v", "beta", "gamma"), "Tinput"),
              **_ranges(*(f"{name}_{end}" for name in ("t", "m", "v", "beta", "gamma")
                          for end in ("min", "max")))}

    def infer(self, t, t_min, t_max, m, m_min, m_max, v, v_min, v_max, beta, beta_min, beta_max,
              gamma, gamma_min, gamma_max, *, out_type, variance_epsilon,
              scale_after_normalization):
        _check_ranges(t_min, t_max, m_min, m_max, v_min, v_max, beta_min, beta_max, gamma_min,
                      gamma_max)
        shape_rules.require_rank(t, 4, "an input")
        channels = Spec(t.dtype, None if t.shape is None else t.shape[3:])
        for spec in (m, v, beta, gamma):
            shape_rules.merge("a mean, variance, beta and gamma per channel", spec, channels)
        return Spec(out_type, t.shape), _SCALAR, _SCALAR

    def kernel(self, xp, t, t_min, t_max, m, m_min, m_max, v, v_min, v_max, beta, beta_min,
               beta_max, gamma, gamma_min, gamma_max, *, out_type, variance_epsilon,
               scale_after_normalization):
        high = _F(1 << 20)
        means, variances, betas, gammas = (
            np.array([_float(int(n), low, top, x.dtype) for n in x], _F)
            for x, low, top in ((m, m_min, m_max), (v, v_min, v_max), (beta, beta_min, beta_max),
                                (gamma, gamma_min, gamma_max)))
        scale = _F(1) / np.sqrt(variances + _F(variance_epsilon))
        scale = scale * gammas if scale_after_normalization else scale
        scales, offsets = (np.array([_integer(float(x), -high, high, np.int32) for x in row],
                                    np.int32) for row in (scale, -means * scale + betas))
        table = np.array([_integer(float(_float(n, t_min, t_max, t.dtype)), -high, high, np.int32)
                          for n in range(256)], np.int32)
        product = table[t] * scales  # may wrap around, as TensorFlow's does
        one = _integer(1.0, -high, high, np.int32)
        whole = np.sign(product) * (np.abs(product.astype(np.int64)) // one).astype(np.int32)
        return whole + offsets, -high, high


# ---- other ranges --------------------------------------------------------------------------------


class RequantizationRange(_Quantized):
    """The part of a range that integers really use, 0 in it."""

    dtypes = {"input": "Tinput", **_ranges("input_min", "input_max")}
    Tinput = _WHOLE

    def infer(self, input, input_min, input_max):
        _check_ranges(input_min, input_max)
        return _SCALAR, _SCALAR

    def kernel(self, xp, input, input_min, input_max):
        return _used(input, input_min, input_max)


def _used(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    lowest, highest = _ends(x.dtype)
    least, most = (int(x.min()), int(x.max())) if x.size else (highest, lowest)
    return min(_F(0), _float(least, low, high, x.dtype)), _float(most, low, high, x.dtype)


class Requantize(_Quantized):
    """Integers of 32 bits as ones of 8 bits, with another range."""

    Tinput = _WHOLE
    dtypes = {"input": "Tinput", **_ranges("input_min", "input_max", "requested_output_min",
                                           "requested_output_max")}

    def infer(self, input, input_min, input_max, requested_output_min, requested_output_max, *,
              out_type):
        _check_ranges(input_min, input_max, requested_output_min, requested_output_max)
        return Spec(out_type, input.shape), _SCALAR, _SCALAR

    def kernel(self, xp, input, input_min, input_max, requested_output_min, requested_output_max,
               *, out_type):
        low, high = _F(requested_output_min), _F(requested_output_max)
        if low > 0 or high < low:
            raise InvalidArgumentError(None, None, "requested_output_min must be <= 0 and "
                                       f"requested_output_max not less, but got {low} and {high}")
        return _narrowed(input, input_min, input_max, low, high, out_type.numpy), low, high


class QuantizeDownAndShrinkRange(_Quantized):
    """Integers of 32 bits as ones of 8 bits, with the range that they really use."""

    Tinput = _WHOLE
    dtypes = {"input": "Tinput", **_ranges("input_min", "input_max")}

    def infer(self, input, input_min, input_max, *, out_type):
        _check_ranges(input_min, input_max)
        return Spec(out_type, input.shape), _SCALAR, _SCALAR

    def kernel(self, xp, input, input_min, input_max, *, out_type):
        low, high = _used(input, input_min, input_max)
        return _narrowed(input, input_min, input_max, low, high, out_type.numpy), low, high


def _narrowed(x: Any, low: Any, high: Any, new_low: Any, new_high: Any, dtype: Any) -> Any:
    if dtype != np.uint8:
        return _integers(_floats(x, low, high), new_low, new_high, dtype)
    width = _F(new_high) - _F(new_low)  # with 16 binary places, as TensorFlow does it
    if width == 0:
        scale = offset = start = 0
    else:
        scale = int(255.0 * 65536 * float(_F(high) - _F(low)) / float(width))
        middle = _F(float(_F(low) + _F(high)) / 2.0)
        offset = int(middle * _F(255.0 / float(width)) * _F(65536))
        start = int(65536 * (float(new_low) * 255.0) / float(width))
    places = (x.astype(np.int64) * scale >> 32) + (offset - start + 32768)
    return np.clip(places >> 16, 0, 255).astype(np.uint8)


# ---- within a range ------------------------------------------------------------------------------


class QuantizedRelu(_Quantized):
    """No integer below the one that stands for 0."""

    Tinput = dt.QUANTIZED
    dtypes = {"features": "Tinput", **_ranges("min_features", "max_features")}
    aliases = ("min_features", "max_features")
    most: ClassVar[float | None] = None

    def infer(self, features, min_features, max_features, *, out_type=dt.quint8):
        _check_ranges(min_features, max_features)
        return Spec(out_type, features.shape), _SCALAR, _SCALAR

    def kernel(self, xp, features, min_features, max_features, *, out_type=dt.quint8):
        limits = [_integer(x, min_features, max_features, features.dtype)
                  for x in (0.0, self.most) if x is not None]
        found = np.maximum(features, features.dtype.type(limits[0]))
        if len(limits) > 1:
            found = np.minimum(found, features.dtype.type(limits[1]))
        return found.astype(out_type.numpy, copy=False), min_features, max_features


class QuantizedRelu6(QuantizedRelu):
    """No integer below the one that stands for 0, none above the one for 6."""

    most = 6.0


class QuantizedMaxPool(_Quantized):
    """The largest integer of each window."""

    T = _BYTES
    dtypes = _ranges("min_input", "max_input")
    aliases = ("min_input", "max_input")

    def infer(self, input, min_input, max_input, *, ksize, strides, padding):
        _check_ranges(min_input, max_input)
        return pooled(input, ksize, strides, padding, "NHWC"), _SCALAR, _SCALAR

    def kernel(self, xp, input, min_input, max_input, *, ksize, strides, padding):
        place = pool_windows(ksize, strides, padding)
        return largest(np, input, place), min_input, max_input


class QuantizedAvgPool(_Quantized):
    """The mean of the integers of each window, without its fraction."""

    T = _BYTES
    dtypes = _ranges("min_input", "max_input")
    aliases = ("min_input", "max_input")

    def infer(self, input, min_input, max_input, *, ksize, strides, padding):
        _check_ranges(min_input, max_input)
        return pooled(input, ksize, strides, padding, "NHWC"), _SCALAR, _SCALAR

    def kernel(self, xp, input, min_input, max_input, *, ksize, strides, padding):
        found = mean(np, input.astype(np.float64), pool_windows(ksize, strides, padding))
        whole = np.trunc(found + np.copysign(1e-9, found))  # a fraction is far larger than that
        return whole.astype(input.dtype), min_input, max_input
