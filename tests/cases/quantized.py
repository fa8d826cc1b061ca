"""Cases of ops/quantized.py: layers in integers of 8 bits.

The rows compute with the floats that the integers stand for; what an op gives must stand for a
float within a step of that. tests/io/test_old_graphs.py compares with TensorFlow bit by bit.
"""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef.opdef import op_def
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(11)
BYTES = RNG.integers(0, 256, (2, 4, 5, 3)).astype(np.uint8)
MATRIX = RNG.integers(0, 256, (3, 4)).astype(np.uint8)
OTHER = RNG.integers(0, 256, (4, 2)).astype(np.uint8)
VECTOR = RNG.integers(0, 256, 4).astype(np.uint8)
SUMS = RNG.integers(-2**20, 2**20, (3, 4)).astype(np.int32)
A, B = (-1.0, 2.0), (-0.5, 0.25)


def op(name, *arrays, ranges=(A, B), **attrs):
    """The results of an op: integers come as bytes, and go as ones of their width."""
    kinds = {fg.uint8: fg.quint8, fg.int8: fg.qint8, fg.int32: fg.qint32}
    quantized = [fg.bitcast(x, kinds[x.dtype]) for x in arrays]
    limits = [limit for pair in ranges for limit in pair]
    results = type(op_def(name)).build(*quantized, *limits, **attrs)
    plain = {new: old for old, new in kinds.items()}
    return [fg.bitcast(y, plain[y.dtype]) if y.dtype in plain else y for y in results]


def values(x, low, high):
    """The floats that integers stand for; one of them for 0."""
    limits = np.iinfo(x.dtype)
    step = (high - low) / (float(limits.max) - float(limits.min))
    return (np.round(low / step) + x.astype(float) - float(limits.min)) * step


def stands_for(wanted, steps=1.0):
    """Whether what an op gives stands for some floats, as near as `steps` of its range."""
    def check(results):
        numbers, low, high = results
        limits = np.iinfo(numbers.dtype)
        step = (float(high) - float(low)) / (float(limits.max) - float(limits.min))
        assert abs(values(numbers, float(low), float(high)) - wanted).max() <= steps * step + 1e-6
    return check


def row(name, *arrays, wanted, ranges=(A, B), steps=1.0, case="layer", **attrs):
    return Case(f"{name}/{case}", lambda *xs: op(name, *xs, ranges=ranges, **attrs), arrays,
                check=stands_for(wanted, steps))


FILTER = BYTES[0, :2, :2][..., None]
WINDOWS = {"ksize": [1, 2, 2, 1], "strides": [1, 1, 1, 1], "padding": "VALID"}
PARTS = np.stack([BYTES[:, i:3 + i, j:4 + j].astype(int) for i in (0, 1) for j in (0, 1)])
IMAGE = values(BYTES, *A)
KERNEL = values(FILTER, *B)[..., 0]
CONVOLVED = sum((IMAGE[:, i:3 + i, j:4 + j] * KERNEL[i, j]).sum(-1) for i in (0, 1)
                for j in (0, 1))[..., None]
SUM_RANGE = (-1000.0, 1000.0)
REAL = values(SUMS, *SUM_RANGE)

CHANNELS = RNG.integers(0, 256, (4, 3)).astype(np.uint8)
LIMITS = (A, (-0.5, 0.6), (0.4, 2.0), (-0.9, 1.0), (0.4, 1.5))


def batch_norm(x, *channels):
    """t, m, v, beta and gamma, each with its range behind it."""
    inputs = [part for array, limits in zip((x, *channels), LIMITS, strict=True)
              for part in (fg.bitcast(array, fg.quint8), *limits)]
    numbers, low, high = type(op_def("QuantizedBatchNormWithGlobalNormalization")).build(
        *inputs, out_type=fg.qint32, variance_epsilon=0.01, scale_after_normalization=True)
    return [fg.bitcast(numbers, fg.int32), low, high]


MEAN, VARIANCE, BETA, GAMMA = (values(part, *limits) for part, limits in zip(
    CHANNELS, LIMITS[1:], strict=True))
NORMAL = (IMAGE - MEAN) / np.sqrt(VARIANCE + 0.01) * GAMMA + BETA

CASES = [
    row("QuantizedConv2D", BYTES, FILTER, wanted=CONVOLVED, strides=[1, 1, 1, 1], padding="VALID"),
    row("QuantizedMatMul", MATRIX, OTHER, wanted=values(MATRIX, *A) @ values(OTHER, *B)),
    row("QuantizedMatMul", OTHER, MATRIX, wanted=values(OTHER, *A).T @ values(MATRIX, *B).T,
        case="transposed", transpose_a=True, transpose_b=True),
    row("QuantizedMul", MATRIX, VECTOR, wanted=values(MATRIX, *A) * values(VECTOR, *B)),
    row("QuantizedAdd", MATRIX, VECTOR, wanted=values(MATRIX, *A) + values(VECTOR, *B),
        steps=2000.0),
    row("QuantizedAdd", MATRIX, VECTOR[:1], wanted=values(MATRIX, *A) + values(VECTOR[:1], *B),
        case="one", steps=2000.0),
    row("QuantizedBiasAdd", MATRIX, VECTOR, wanted=values(MATRIX, *A) + values(VECTOR, *B),
        out_type=fg.qint32, steps=20.0),
    Case("QuantizedBatchNormWithGlobalNormalization/layer", lambda *xs: batch_norm(*xs),
         (BYTES, *CHANNELS), check=stands_for(NORMAL, 8.0)),
    Case("RequantizationRange/used", lambda x: op("RequantizationRange", x, ranges=(SUM_RANGE,)),
         (SUMS,), [np.float32(REAL.min()), np.float32(REAL.max())], rtol=1e-4),
    Case("RequantizationRange/with_zero",
         lambda x: op("RequantizationRange", x, ranges=(SUM_RANGE,)), (abs(SUMS) + 9,),
         [np.float32(0), np.float32(values(abs(SUMS) + 9, *SUM_RANGE).max())], rtol=1e-4),
    row("Requantize", SUMS, wanted=REAL, ranges=(SUM_RANGE, (-0.5, 0.5)), out_type=fg.quint8),
    row("Requantize", SUMS, wanted=REAL, ranges=(SUM_RANGE, (-0.5, 0.5)), out_type=fg.qint8,
        case="signed"),
    row("Requantize", SUMS, wanted=np.clip(REAL, -0.1, 0.2), ranges=(SUM_RANGE, (-0.1, 0.2)),
        out_type=fg.quint8, case="cut"),
    row("QuantizeDownAndShrinkRange", SUMS, wanted=REAL, ranges=(SUM_RANGE,),
        out_type=fg.quint8),
    row("QuantizedRelu", BYTES, wanted=np.maximum(IMAGE, 0), ranges=(A,)),
    row("QuantizedRelu", SUMS, wanted=np.maximum(REAL, 0), ranges=(SUM_RANGE,), case="sums",
        out_type=fg.qint32, steps=300.0),
    row("QuantizedRelu6", BYTES, wanted=np.clip(values(BYTES, -3.0, 12.0), 0, 6),
        ranges=((-3.0, 12.0),)),
    Case("QuantizedMaxPool/windows",
         lambda x: op("QuantizedMaxPool", x, ranges=(A,), **WINDOWS)[0], (BYTES,),
         PARTS.max(0).astype(np.uint8)),
    Case("QuantizedAvgPool/windows",
         lambda x: op("QuantizedAvgPool", x, ranges=(A,), **WINDOWS)[0], (BYTES,),
         (PARTS.sum(0) // 4).astype(np.uint8)),
]


def bad(name, shapes, words, error=ShapeError, ranges=(A, B), **attrs):
    """A wrong use of zeros of these shapes."""
    dtype = np.int32 if "antiz" in name and "ed" not in name else np.uint8
    return BadCase(f"{name}/shapes", lambda: op(
        name, *[fg.zeros(shape, dtype) for shape in shapes], ranges=ranges, **attrs), error, words)


BAD = [
    bad("QuantizedConv2D", ((1, 4, 4, 2), (2, 2, 3, 1)), ("2", "3"), strides=[1] * 4,
        padding="SAME"),
    bad("QuantizedMatMul", ((2, 3), (2, 3)), ("(2, 3)",)),
    bad("QuantizedMul", ((2, 3), (2,)), ("(2, 3)", "(2,)")),
    bad("QuantizedAdd", ((2, 3), (2,)), ("(2, 3)", "(2,)")),
    bad("QuantizedBiasAdd", ((2, 3), (2,)), ("bias per channel",), out_type=fg.qint32),
    BadCase("QuantizedBatchNormWithGlobalNormalization/shapes", lambda: batch_norm(
        fg.zeros((1, 2, 2, 3), fg.uint8), *[fg.zeros(2, fg.uint8)] * 4), ShapeError,
        ("per channel", "(2,)", "(3,)")),
    bad("RequantizationRange", ((2,),), ("limit", "(1,)"), ranges=(([0.0], 1.0),)),
    bad("Requantize", ((2,),), ("limit", "(1,)"), ranges=(([0.0], 1.0), A), out_type=fg.quint8),
    bad("QuantizeDownAndShrinkRange", ((2,),), ("limit", "(1,)"), ranges=(([0.0], 1.0),),
        out_type=fg.quint8),
    bad("QuantizedRelu", ((2,),), ("limit", "(1,)"), ranges=(([0.0], 1.0),)),
    bad("QuantizedRelu6", ((2,),), ("limit", "(1,)"), ranges=(([0.0], 1.0),)),
    bad("QuantizedMaxPool", ((2, 3),), ("rank 4",), ranges=(A,), **WINDOWS),
    bad("QuantizedAvgPool", ((2, 3),), ("rank 4",), ranges=(A,), **WINDOWS),
    *(BadCase(f"{name}/range", lambda a, b, name=name: op(name, a, b, ranges=((1.0, 1.0), B)),
              InvalidArgumentError, ("must be larger",), (MATRIX, other), "run")
      for name, other in (("QuantizedMatMul", OTHER), ("QuantizedMul", VECTOR),
                          ("QuantizedAdd", VECTOR))),
    BadCase("Requantize/range", lambda x: op(
        "Requantize", x, ranges=(SUM_RANGE, (0.5, 1.0)), out_type=fg.quint8),
        InvalidArgumentError, ("must be <= 0", "0.5"), (SUMS,), "run"),
    BadCase("QuantizedBiasAdd/run", lambda a, b: op("QuantizedBiasAdd", a, b, out_type=fg.qint32),
            InvalidArgumentError, ("bias per channel", "3"), (MATRIX, VECTOR[:3]), "run"),
]
