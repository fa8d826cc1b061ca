"""Cases of ops/quantize.py and ops/fake_quantize.py.

The gradients pass straight through the rounding, so they are no slopes that differences could
confirm: the rows state them.
"""

import numpy as np

import flowgraph as fg
from flowgraph.opdef.opdef import op_def
from flowgraph.testing import BadCase, Case

X = np.array([-7.0, -1.3, 0.0, 0.4, 2.6, 9.0], np.float32)
F32 = np.float32
InvalidArgument = fg.errors.InvalidArgumentError


def rounded(x, low, high, steps):
    """The nearest of `steps` + 1 numbers from low to high, one of which is 0."""
    step = (high - low) / steps
    zero = np.round(-low / step)
    return ((np.clip(np.floor(x / step + 0.5), -zero, steps - zero)) * step).astype(np.float32)


def there_and_back(T, mode, low, high):
    def build(x):
        y, least, most = fg.quantize(x, low, high, T, mode)
        return fg.dequantize(y, least, most, mode)
    return build


def near(low, high, step):
    """Every number of X is within half a step of itself, cut to the range."""
    def check(results):
        assert abs(results[0] - np.clip(X, low, high)).max() <= step * 0.5001
    return check


def joined(dtype):
    def build(a, b):
        first, second = fg.quantize(a, 0.0, 1.0, dtype), fg.quantize(b, -1.0, 3.0, dtype)
        y = fg.quantized_concat(0, [first.output, second.output], [first[1], second[1]],
                                [first[2], second[2]])
        return [fg.dequantize(*y, mode="MIN_FIRST"), y.output_min, y.output_max]
    return build


def vars_and_gradients(x, low, high):
    y = fg.fake_quant_with_min_max_vars(x, low, high, num_bits=3)
    return [y, *fg.gradients(y, [x, low, high])]


def channels_and_gradients(x, low, high):
    y = fg.fake_quant_with_min_max_vars_per_channel(x, low, high, num_bits=2)
    return [y, *fg.gradients(y, [x, low, high])]


CASES = [
    Case("QuantizeV2/quint8", lambda x: list(fg.quantize(x, -1.0, 4.0, fg.quint8)), (X,),
         [np.array([0, 0, 51, 71, 184, 255], np.uint8), F32(-1), F32(4)]),
    Case("QuantizeV2/qint8", lambda x: list(fg.quantize(x, -1.0, 4.0, fg.qint8)), (X,),
         [np.array([-128, -128, -77, -57, 56, 127], np.int8), F32(-1), F32(4)]),
    Case("QuantizeV2/range_without_0", lambda x: list(fg.quantize(x, 2.0, 4.0, fg.quint8)), (X,),
         [np.array([0, 0, 0, 26, 166, 255], np.uint8), F32(0), F32(4)]),
    Case("QuantizeV2/min_first", lambda x: fg.quantize(x, -1.0, 4.0, fg.qint16, "MIN_FIRST")[0],
         (X,), np.array([-32768, -32768, -19661, -14418, 14417, 32767], np.int16)),
    Case("QuantizeV2/scaled", lambda x: list(fg.quantize(x, -4.0, 4.0, fg.qint8, "SCALED")), (X,),
         [np.array([-128, -41, 0, 13, 83, 127], np.int8), F32(-128 * 4 / 127), F32(4)]),
    Case("QuantizeV2/half_to_even",
         lambda x: fg.quantize(x, 0.0, 255.0, fg.quint8, "SCALED", "HALF_TO_EVEN")[0],
         (np.array([0.5, 1.5, 2.5], F32),), np.array([0, 2, 2], np.uint8)),
    Case("QuantizeV2/half_away", lambda x: fg.quantize(x, 0.0, 255.0, fg.quint8, "SCALED")[0],
         (np.array([0.5, 1.5, 2.5], F32),), np.array([1, 2, 3], np.uint8)),
    Case("QuantizeV2/qint32_limits", lambda x: fg.quantize(x, 0.0, 1.0, fg.qint32)[0],
         (np.array([-1.0, 2.0], F32),), np.array([-2 ** 31, 2 ** 31 - 1], np.int32)),
    Case("Dequantize/combined", there_and_back(fg.quint8, "MIN_COMBINED", -1.0, 4.0), (X,),
         check=near(-1, 4, 5 / 255)),
    Case("Dequantize/combined_signed", there_and_back(fg.qint16, "MIN_COMBINED", -1.0, 4.0), (X,),
         check=near(-1, 4, 5 / 65535 + 2e-6)),
    Case("Dequantize/min_first", there_and_back(fg.quint8, "MIN_FIRST", -1.0, 4.0), (X,),
         check=near(-1, 4, 5 / 255)),
    Case("Dequantize/scaled", there_and_back(fg.qint8, "SCALED", -4.0, 4.0), (X,),
         check=near(-4 * 128 / 127, 4, 4 / 127)),
    Case("QuantizedConcat/two_ranges", joined(fg.quint8),
         (np.array([0.0, 1.0], F32), np.array([-1.0, 3.0], F32)),
         [np.array([0, 64, -64, 191]) * F32(4 / 255), F32(-1), F32(3)]),
    Case("QuantizedConcat/signed", joined(fg.qint8),
         (np.array([0.0], F32), np.array([3.0], F32)),
         check=lambda results: np.testing.assert_allclose(results[0], [0, 3], atol=0.025)),
    Case("FakeQuantWithMinMaxArgs/default", fg.fake_quant_with_min_max_args, (X,),
         lambda x: rounded(x, -6, 6, 255), rtol=1e-5, atol=1e-5),
    Case("FakeQuantWithMinMaxArgs/narrow",
         lambda x: fg.fake_quant_with_min_max_args(x, -1, 2, 3, True), (X,),
         lambda x: rounded(x, -1, 2, 6)),
    Case("FakeQuantWithMinMaxArgs/gradient",
         lambda x: fg.gradients(fg.fake_quant_with_min_max_args(x, 0, 3), x), (X,),
         np.array([0, 0, 1, 1, 1, 0], F32)),
    Case("FakeQuantWithMinMaxArgsGradient/direct",
         lambda dy, x: fg.fake_quant_with_min_max_args_gradient(dy, x, 0, 3), (X + 10, X),
         lambda dy, x: dy * np.array([0, 0, 1, 1, 1, 0])),
    Case("FakeQuantWithMinMaxVars/gradients", vars_and_gradients, (X, F32(-2), F32(5)),
         [rounded(X, -2, 5, 7), np.array([0, 1, 1, 1, 1, 0], F32), F32(1), F32(1)]),
    Case("FakeQuantWithMinMaxVars/no_range", vars_and_gradients, (X, F32(0), F32(0)),
         [np.zeros(6), np.ones(6), F32(0), F32(0)]),
    Case("FakeQuantWithMinMaxVarsPerChannel/gradients", channels_and_gradients,
         (X.reshape(3, 2), np.array([-1, -3], F32), np.array([2, 0], F32)),
         [np.stack([rounded(X[::2], -1, 2, 3), rounded(X[1::2], -3, 0, 3)], 1),
          np.array([[0, 1], [1, 0], [0, 0]], F32), np.array([1, 0], F32), np.array([1, 2], F32)]),
    Case("QuantizeAndDequantizeV2/given",
         lambda x: fg.quantization.quantize_and_dequantize(x, -4.0, 4.0, range_given=True), (X,),
         lambda x: np.clip(np.rint(x * 31.75), -128, 127) / 31.75),
    Case("QuantizeAndDequantizeV2/own_range",
         lambda x: fg.quantization.quantize_and_dequantize(x, 0.0, 0.0, False, 4),
         (np.array([0.0, 0.24, 1.0]),), lambda x: np.rint(x * 15) / 15),
    Case("QuantizeAndDequantizeV2/narrow_half_up",
         lambda x: fg.quantization.quantize_and_dequantize(
             x, -7.0, 7.0, num_bits=4, range_given=True, round_mode="HALF_UP", narrow_range=True),
         (np.array([-9.0, 0.5, 1.5]),), np.array([-7.0, 1.0, 2.0])),
    Case("QuantizeAndDequantizeV2/gradient", lambda x: fg.gradients(
        fg.quantization.quantize_and_dequantize(x, -1.0, 1.0), x), (X,), np.ones(6, F32)),
]

BAD = [
    BadCase("quantize/dtype", lambda: fg.quantize([1.0], 0.0, 1.0, fg.uint8), TypeError,
            ("uint8", "quint8")),
    BadCase("quantize/mode", lambda: fg.quantize([1.0], 0.0, 1.0, fg.quint8, "MAX"), ValueError,
            ("'MAX'", "SCALED")),
    BadCase("quantize/turned_around", lambda: fg.quantize([1.0], 1.0, 0.0, fg.quint8)[0],
            InvalidArgument, ("larger",), (), "run"),
    BadCase("quantize/rounding", lambda: fg.quantize([1.0], 0.0, 1.0, fg.quint8,
                                                     round_mode="HALF_TO_EVEN")[0],
            InvalidArgument, ("SCALED",), (), "run"),
    BadCase("dequantize/float", lambda: fg.dequantize(fg.constant([1.0]), 0.0, 1.0), TypeError,
            ("float32", "quantized")),
    BadCase("quantized_concat/lengths", lambda: fg.quantized_concat(0, [], [], []), ValueError,
            ("minimum",)),
    BadCase("fake_quant/bits", lambda: fg.fake_quant_with_min_max_args([1.0], num_bits=17),
            InvalidArgument, ("between 2 and 16",), (), "run"),
    BadCase("fake_quant/range", lambda: fg.fake_quant_with_min_max_args([1.0], 2, 1),
            InvalidArgument, ("2 >= 1",), (), "run"),
    BadCase("fake_quant/float64", lambda: fg.fake_quant_with_min_max_args(
        fg.zeros([2], fg.float64)), TypeError,
            ("float32",)),
    BadCase("fake_quant/channels", lambda: fg.fake_quant_with_min_max_vars_per_channel(
        [[1.0, 2.0]], [0.0], [1.0]), ValueError, ("(1, 2)",)),
    BadCase("quantize_and_dequantize/range", lambda: fg.quantization.quantize_and_dequantize(
        [1.0], 1.0, 0.0, range_given=True), InvalidArgument, ("Invalid range",), (), "run"),
    BadCase("QuantizedConcat/floats", lambda: op_def("QuantizedConcat").build(
        0, [fg.constant([1.0])], [0.0], [1.0], T=fg.quint8), TypeError,
            ("QuantizedConcat '", "float32 for 'values'", "a quantized dtype")),
    BadCase("QuantizedConcat/lists", lambda: op_def("QuantizedConcat").build(
        0, [fg.quantize([1.0], 0.0, 1.0, fg.quint8)[0]] * 2, [0.0], [1.0], T=fg.quint8),
            ValueError, ("QuantizedConcat '", "2 for 'values', 1 for 'input_mins'")),
]
