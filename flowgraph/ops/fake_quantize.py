"""Floats rounded as quantization would round them, for training: they stay floats.

The gradient passes straight through where a number lies in the range, as if it were not rounded.
The range is moved a little first ("nudged") so that 0.0 is one of the steps.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))


# ---- a fixed range -------------------------------------------------------------------------------


class FakeQuantWithMinMaxArgs(OpDef):
    """Rounds to the steps of the range from `min` to `max`."""

    T = _FLOAT32
    elementwise = True

    def infer(self, inputs: Spec, *, min=-6.0, max=6.0, num_bits=8, narrow_range=False):
        return Spec(inputs.dtype, inputs.shape)

    def kernel(self, xp, inputs, *, min=-6.0, max=6.0, num_bits=8, narrow_range=False):
        _check_range(min, max)
        low, high = xp.float32(min), xp.float32(max)
        return _rounded(xp, inputs, *_nudged(xp, low, high, num_bits, narrow_range))

    def grad(self, op, dy):
        return FakeQuantWithMinMaxArgsGradient.build(dy, op.inputs[0], **op.attrs)


def fake_quant_with_min_max_args(inputs, min=-6, max=6, num_bits=8, narrow_range=False, name=None):
    """Rounds floats as quantization to `num_bits` bits would.

    Args:
        inputs: float32 tensor.
        min: number, the lowest float; lower ones become it.
        max: number, the highest float.
        num_bits: bits, 2 to 16.
        narrow_range: whether the lowest integer is left out.
        name: name of the node.

    Returns:
        A float32 tensor of the same shape.

    Raises:
        InvalidArgumentError: when run, if the range or the bits make no sense.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.fake_quant_with_min_max_args([-1.0, 0.4, 1.6, 9.0], 0.0, 3.0, num_bits=2)
        >>> print(fg.Session().run(y))
        [0. 0. 2. 3.]
    """
    return FakeQuantWithMinMaxArgs.build(inputs, min=float(min), max=float(max), num_bits=num_bits,
                                         narrow_range=narrow_range, name=name)


class FakeQuantWithMinMaxArgsGradient(OpDef):
    """`gradients` where `inputs` lies in the range, else 0."""

    T = _FLOAT32
    grad = NotDifferentiable

    def infer(self, gradients: Spec, inputs: Spec, *, min=-6.0, max=6.0, num_bits=8,
              narrow_range=False):
        return Spec(gradients.dtype, shape_rules.merge("tensors", gradients, inputs))

    def kernel(self, xp, gradients, inputs, *, min=-6.0, max=6.0, num_bits=8, narrow_range=False):
        _check_range(min, max)
        low, high, _ = _nudged(xp, xp.float32(min), xp.float32(max), num_bits, narrow_range)
        return gradients * ((inputs >= low) & (inputs <= high))


def fake_quant_with_min_max_args_gradient(gradients, inputs, min=-6, max=6, num_bits=8,
                                          narrow_range=False, name=None):
    """Computes the gradient of `fake_quant_with_min_max_args`.

    Args:
        gradients: float32 tensor, the gradient of its result.
        inputs: float32 tensor of the same shape, its argument.
        min: number, the lowest float.
        max: number, the highest float.
        num_bits: bits, 2 to 16.
        narrow_range: whether the lowest integer is left out.
        name: name of the node.

    Returns:
        `gradients` where `inputs` lies in the range, else 0.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.fake_quant_with_min_max_args_gradient([1.0, 2.0], [9.0, 0.0])
        >>> print(fg.Session().run(y))
        [0. 2.]
    """
    return FakeQuantWithMinMaxArgsGradient.build(
        gradients, inputs, min=float(min), max=float(max), num_bits=num_bits,
        narrow_range=narrow_range, name=name)


# ---- a range of tensors --------------------------------------------------------------------------


class FakeQuantWithMinMaxVars(OpDef):
    """Rounds to the steps of the range from `min` to `max`, two scalars."""

    T = _FLOAT32

    def infer(self, inputs: Spec, min: Spec, max: Spec, *, num_bits=8, narrow_range=False):
        shape_rules.require_rank(min, 0, "min")
        shape_rules.require_rank(max, 0, "max")
        return Spec(inputs.dtype, inputs.shape)

    def kernel(self, xp, inputs, min, max, *, num_bits=8, narrow_range=False):
        return _rounded(xp, inputs, *_nudged(xp, min, max, num_bits, narrow_range))

    def grad(self, op, dy):
        return tuple(FakeQuantWithMinMaxVarsGradient.build(dy, *op.inputs, **op.attrs))


def fake_quant_with_min_max_vars(inputs, min, max, num_bits=8, narrow_range=False, name=None):
    """Rounds floats as quantization to `num_bits` bits would, in a range that can be learned.

    Args:
        inputs: float32 tensor.
        min: float32 scalar, the lowest float.
        max: float32 scalar, the highest float.
        num_bits: bits, 2 to 16.
        narrow_range: whether the lowest integer is left out.
        name: name of the node.

    Returns:
        A float32 tensor of the same shape.

    Example:
        >>> import flowgraph as fg
        >>> low, high = fg.constant(0.0), fg.constant(3.0)
        >>> y = fg.fake_quant_with_min_max_vars([-1.0, 0.4, 1.6, 9.0], low, high, num_bits=2)
        >>> print(fg.Session().run(y))
        [0. 0. 2. 3.]
        >>> fg.Session().run(fg.gradients(y, high))
        [np.float32(1.0)]
    """
    return FakeQuantWithMinMaxVars.build(inputs, min, max, num_bits=num_bits,
                                         narrow_range=narrow_range, name=name)


class FakeQuantWithMinMaxVarsPerChannel(OpDef):
    """Rounds the entries [..., i] to the steps of the range from `min[i]` to `max[i]`."""

    T = _FLOAT32

    def infer(self, inputs: Spec, min: Spec, max: Spec, *, num_bits=8, narrow_range=False):
        return Spec(inputs.dtype, _per_channel(inputs, min, max))

    def kernel(self, xp, inputs, min, max, *, num_bits=8, narrow_range=False):
        return _rounded(xp, inputs, *_nudged(xp, min, max, num_bits, narrow_range))

    def grad(self, op, dy):
        return tuple(FakeQuantWithMinMaxVarsPerChannelGradient.build(dy, *op.inputs, **op.attrs))


def fake_quant_with_min_max_vars_per_channel(inputs, min, max, num_bits=8, narrow_range=False,
                                             name=None):
    """Rounds floats as quantization to `num_bits` bits would, with a range for each channel.

    Args:
        inputs: float32 tensor [..., channels].
        min: float32 tensor [channels], the lowest floats.
        max: float32 tensor [channels], the highest floats.
        num_bits: bits, 2 to 16.
        narrow_range: whether the lowest integer is left out.
        name: name of the node.

    Returns:
        A float32 tensor of the same shape.

    Raises:
        ValueError: `min` or `max` has not one number for each channel.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.fake_quant_with_min_max_vars_per_channel([[1.6, 1.6]], [0.0, 0.0], [3.0, 1.5],
        ...                                                 num_bits=2)
        >>> print(fg.Session().run(y))
        [[2.  1.5]]
    """
    return FakeQuantWithMinMaxVarsPerChannel.build(inputs, min, max, num_bits=num_bits,
                                                   narrow_range=narrow_range, name=name)


class FakeQuantWithMinMaxVarsGradient(OpDef):
    """The gradients for inputs, min and max of FakeQuantWithMinMaxVars."""

    T = _FLOAT32
    multiple = True
    grad = NotDifferentiable

    def infer(self, gradients: Spec, inputs: Spec, min: Spec, max: Spec, *, num_bits=8,
              narrow_range=False):
        shape_rules.require_rank(min, 0, "min")
        shape_rules.require_rank(max, 0, "max")
        scalar = Spec(inputs.dtype, ())
        return Spec(inputs.dtype, shape_rules.merge("tensors", gradients, inputs)), scalar, scalar

    def kernel(self, xp, gradients, inputs, min, max, *, num_bits=8, narrow_range=False):
        return _gradients(xp, gradients, inputs, min, max, num_bits, narrow_range, None)


def fake_quant_with_min_max_vars_gradient(gradients, inputs, min, max, num_bits=8,
                                          narrow_range=False, name=None):
    """Computes the gradients of `fake_quant_with_min_max_vars`.

    Args:
        gradients: float32 tensor, the gradient of its result.
        inputs: float32 tensor of the same shape.
        min: float32 scalar, the lowest float.
        max: float32 scalar, the highest float.
        num_bits: bits, 2 to 16.
        narrow_range: whether the lowest integer is left out.
        name: name of the node.

    Returns:
        A list of three tensors: the gradients for `inputs`, `min` and `max`.

    Example:
        >>> import flowgraph as fg
        >>> parts = fg.fake_quant_with_min_max_vars_gradient([1.0, 2.0], [9.0, 0.5], 0.0, 1.0)
        >>> print(*fg.Session().run(parts))
        [0. 2.] 0.0 1.0
    """
    return FakeQuantWithMinMaxVarsGradient.build(gradients, inputs, min, max, num_bits=num_bits,
                                                 narrow_range=narrow_range, name=name)


class FakeQuantWithMinMaxVarsPerChannelGradient(OpDef):
    """The gradients for inputs, min and max of FakeQuantWithMinMaxVarsPerChannel."""

    T = _FLOAT32
    multiple = True
    grad = NotDifferentiable

    def infer(self, gradients: Spec, inputs: Spec, min: Spec, max: Spec, *, num_bits=8,
              narrow_range=False):
        shape = _per_channel(Spec(inputs.dtype, shape_rules.merge("tensors", gradients, inputs)),
                             min, max)
        channels = Spec(inputs.dtype, (None if shape is None else shape[-1],))
        return Spec(inputs.dtype, shape), channels, channels

    def kernel(self, xp, gradients, inputs, min, max, *, num_bits=8, narrow_range=False):
        axes = tuple(range(inputs.ndim - 1))
        return _gradients(xp, gradients, inputs, min, max, num_bits, narrow_range, axes)


def fake_quant_with_min_max_vars_per_channel_gradient(gradients, inputs, min, max, num_bits=8,
                                                      narrow_range=False, name=None):
    """Computes the gradients of `fake_quant_with_min_max_vars_per_channel`.

    Args:
        gradients: float32 tensor, the gradient of its result.
        inputs: float32 tensor [..., channels].
        min: float32 tensor [channels], the lowest floats.
        max: float32 tensor [channels], the highest floats.
        num_bits: bits, 2 to 16.
        narrow_range: whether the lowest integer is left out.
        name: name of the node.

    Returns:
        A list of three tensors: the gradients for `inputs`, `min` and `max`.

    Example:
        >>> import flowgraph as fg
        >>> parts = fg.fake_quant_with_min_max_vars_per_channel_gradient([1.0, 2.0], [9.0, 0.5],
        ...                                                              [0.0, 0.0], [1.0, 1.0])
        >>> print(*fg.Session().run(parts))
        [0. 2.] [0. 0.] [1. 0.]
    """
    return FakeQuantWithMinMaxVarsPerChannelGradient.build(
        gradients, inputs, min, max, num_bits=num_bits, narrow_range=narrow_range, name=name)


# ---- quantize and dequantize ---------------------------------------------------------------------


class QuantizeAndDequantizeV2(OpDef):
    """Rounds to the steps of a range around 0: the one given, or the input's own."""

    T = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))
    waits_for_gpu = "its range is worked out in Python"

    def infer(self, input: Spec, input_min: Spec, input_max: Spec, *, signed_input=True, num_bits=8,
              range_given=False, round_mode="HALF_TO_EVEN", narrow_range=False):
        shape_rules.require_rank(input_min, 0, "input_min")
        shape_rules.require_rank(input_max, 0, "input_max")
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input, input_min, input_max, *, signed_input=True, num_bits=8,
               range_given=False, round_mode="HALF_TO_EVEN", narrow_range=False):
        if not 0 < num_bits < (62 if signed_input else 63):
            raise InvalidArgumentError(None, None, f"num_bits is out of range: {num_bits} with "
                                                   f"signed_input_ {int(signed_input)}")
        if range_given and bool(input_min > input_max):
            number = input_min.dtype.type
            raise InvalidArgumentError(
                None, None, f"Invalid range: input_min {number(float(input_min))} > input_max "
                            f"{number(float(input_max))}")
        if not input.size:
            return xp.zeros(input.shape, input.dtype)
        number = input.dtype.type
        low, high = (input_min, input_max) if range_given else (input.min(), input.max())
        lowest = number(-(1 << num_bits - 1) + narrow_range if signed_input else 0)
        highest = number((1 << num_bits - signed_input) - 1)
        largest = number(np.finfo(input.dtype).max)
        by_low = lowest / low if lowest * low > 0 else largest
        by_high = highest / high if highest * high > 0 else largest
        if by_low < by_high:
            scale, step = by_low, low / lowest
            high = highest * step
        else:
            scale, step = by_high, high / highest
            low = lowest * step
        x = xp.maximum(xp.minimum(input, high), low) if range_given else input
        up = round_mode == "HALF_UP"
        return (xp.floor(x * scale + number(0.5)) if up else xp.rint(x * scale)) * step

    def grad(self, op, dy):
        return dy, None, None


def quantize_and_dequantize(input, input_min, input_max, signed_input=True, num_bits=8,
                            range_given=False, round_mode="HALF_TO_EVEN", name=None,
                            narrow_range=False):
    """Rounds floats as quantization to `num_bits` bits and back would.

    Args:
        input: float32 or float64 tensor.
        input_min: scalar, the lowest float, if `range_given`.
        input_max: scalar, the highest float, if `range_given`.
        signed_input: whether the integers have a sign.
        num_bits: bits.
        range_given: whether `input_min` and `input_max` count; else the input's own range does.
        round_mode: "HALF_TO_EVEN" or "HALF_UP".
        name: name of the node.
        narrow_range: whether the lowest integer is left out.

    Returns:
        A tensor of the input's shape and dtype. Its gradient passes straight through.

    Raises:
        InvalidArgumentError: when run, if the range or the bits make no sense.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.quantization.quantize_and_dequantize([-1.0, 0.3, 0.9], -1.0, 1.0, num_bits=3,
        ...                                             range_given=True)
        >>> print(fg.Session().run(y))
        [-1.          0.33333334  1.        ]
    """
    if round_mode not in ("HALF_TO_EVEN", "HALF_UP"):
        raise ValueError(located("round_mode must be 'HALF_TO_EVEN' or 'HALF_UP', not "
                                 f"{round_mode!r}"))
    return QuantizeAndDequantizeV2.build(
        input, input_min, input_max, signed_input=signed_input, num_bits=num_bits,
        range_given=range_given, round_mode=round_mode, narrow_range=narrow_range, name=name)


# ---- helpers -------------------------------------------------------------------------------------


def _check_range(low, high):
    if low >= high:
        raise InvalidArgumentError(None, None, f"min has to be smaller than max, was: {low:g} >= "
                                               f"{high:g}")


def _per_channel(inputs, low, high):
    """The static shape of `inputs`, its last size being that of the two ranges."""
    shape_rules.require_rank(low, 1, "min")
    shape_rules.require_rank(high, 1, "max")
    shape_rules.require_rank_at_least(inputs, 1, "inputs")
    channels = shape_rules.merge("min and max", low, high)
    if inputs.shape is None or channels is None:
        return inputs.shape
    if not shapes.compatible(inputs.shape[-1:], channels):
        raise ShapeError(f"has {channels[0]} ranges for inputs {shape_text(inputs.shape)}",
                         "There must be one range for each entry of the last axis.")
    return (*inputs.shape[:-1], shapes.merge(inputs.shape[-1:], channels)[0])


def _nudged(xp, low, high, num_bits, narrow_range):
    """The range moved so that 0.0 is a step, and the size of a step; NaN for the range (0, 0)."""
    if not 2 <= num_bits <= 16:
        raise InvalidArgumentError(None, None, "num_bits must be between 2 and 16, inclusive")
    first, last = xp.float32(narrow_range), xp.float32((1 << num_bits) - 1)
    none = (low == 0) & (high == 0)
    step = xp.where(none, xp.float32(np.nan), (high - low) / (last - first))
    zero = xp.floor(xp.clip(first - low / step, first, last) + xp.float32(0.5))
    return (first - zero) * step, (last - zero) * step, step


def _rounded(xp, x, low, high, step):
    zero = xp.floor(-low / step + xp.float32(0.5))
    inside = xp.maximum(xp.minimum(x, high), low) - low
    result = (xp.floor(inside / step + xp.float32(0.5)) - zero) * step
    return xp.where(xp.isnan(step), xp.float32(0), result)


def _gradients(xp, dy, x, low, high, num_bits, narrow_range, axes):
    low, high, step = _nudged(xp, low, high, num_bits, narrow_range)
    below, above = x < low, x > high  # both False for the range (0, 0), which is NaN here
    inside = xp.isnan(step) | ((x >= low) & (x <= high))
    return dy * inside, (dy * below).sum(axis=axes), (dy * above).sum(axis=axes)
