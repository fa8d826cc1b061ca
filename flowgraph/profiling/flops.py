"""How many floating point operations a step takes, from its shapes.

A multiplication and the addition of its product are two; a function of a number (`exp`, `tanh`) is
one, as TensorFlow counts it. What TensorFlow counts (`summary/float_ops.py`) is counted in the same
way, except gradients of convolutions, whose strides it takes for exact divisors; what it does not
count is counted here. Moving numbers about takes none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flowgraph.opdef.opdef import OpDef
from flowgraph.summary.float_ops import float_ops_of

Shapes = list[Any]  # of tuples; None for what has no shape

# Per element of the result; elementwise ops that are not named here count one.
_ELEMENTWISE = {
    **dict.fromkeys(("Cast", "Real", "Imag", "Complex", "LogicalAnd", "LogicalOr", "LogicalNot",
                     "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Invert", "LeftShift", "RightShift",
                     "SelectV2", "IsNan", "IsInf", "IsFinite", "NextAfter"), 0),
    "SigmoidGrad": 3, "TanhGrad": 3, "SqrtGrad": 2, "ReciprocalGrad": 3, "SoftplusGrad": 4,
    "SoftsignGrad": 4, "EluGrad": 2, "SeluGrad": 2, "LeakyRelu": 2, "LeakyReluGrad": 2,
    "Elu": 2, "Selu": 3, "Sigmoid": 4, "Softplus": 3, "Softsign": 3, "Relu6": 2, "Relu6Grad": 2,
    "ComplexAbs": 4, "Xlogy": 2, "Xlog1py": 2, "Xdivy": 1,
}
_EACH_INPUT = {"Max": 1, "Min": 1, "Prod": 1, "EuclideanNorm": 2, "Cumsum": 1, "Cumprod": 1,
               "CumulativeLogsumexp": 3, "LogSoftmax": 5, "SoftmaxCrossEntropyWithLogits": 8,
               "SparseSoftmaxCrossEntropyWithLogits": 7, "SegmentSum": 1, "SegmentMean": 1,
               "SegmentProd": 1, "SegmentMax": 1, "SegmentMin": 1, "UnsortedSegmentSum": 1,
               "UnsortedSegmentProd": 1, "UnsortedSegmentMax": 1, "UnsortedSegmentMin": 1,
               "FusedBatchNormGrad": 11, "FusedBatchNormGradV3": 11, "AdjustContrastv2": 3}


def _filter(given: Any, made: Any) -> Any:
    """The filter's shape: the second input is the filter, or its shape and the filter is made."""
    return made if given is None or len(given) == 1 else given


def _of_filter(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    """A convolution's gradient: the filter is an input, or the result; dy comes last."""
    kernel = _filter(inputs[1], outputs[0])
    return 2 * math.prod(inputs[2]) * math.prod(kernel[:-1])


def _of_window(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    """Of a convolution in which each channel stands for itself: the filter's height and width."""
    kernel = _filter(inputs[1], outputs[0])
    return 2 * math.prod(inputs[2]) * math.prod(kernel[:2])


def _pool(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return math.prod(attrs["ksize"]) * math.prod(outputs[0])


def _pool_grad(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return math.prod(attrs["ksize"]) * math.prod(inputs[-1])


def _batch_norm(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return (8 if attrs.get("is_training", True) else 4) * math.prod(inputs[0])


def _einsum(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    letters = attrs["equation"].replace(" ", "").partition("->")[0].split(",")
    if "..." in "".join(letters):
        return 0
    sizes = {letter: size for term, shape in zip(letters, inputs, strict=True)
             for letter, size in zip(term, shape, strict=True)}
    return len(inputs) * math.prod(sizes.values())


def _fourier(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    count = math.prod(inputs[0])
    return 5 * count * math.log2(max(inputs[0][-1], 1))


def _fourier_of_reals(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    count, last = max((math.prod(shape), shape[-1]) for shape in (inputs[0], outputs[0]))
    return 2.5 * count * math.log2(max(last, 1))


def _cubic(factor: float) -> Callable[..., float]:
    """Of a square matrix, factor * n**3."""
    return lambda inputs, outputs, attrs: factor * math.prod(inputs[0]) * inputs[0][-1]


def _triangular(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return math.prod(inputs[0]) * inputs[1][-1]


def _solve(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return math.prod(inputs[0]) * (inputs[0][-1] * 2 / 3 + 2 * inputs[1][-1])


def _sparse_matmul(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return 2 * math.prod(inputs[1]) * outputs[0][-1]


def _sparse_segment(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return math.prod(inputs[1]) * math.prod(inputs[0][1:])


def _updates(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return math.prod(inputs[2])


def _local_response(inputs: Shapes, outputs: Shapes, attrs: dict[str, Any]) -> float:
    return (2 * (2 * attrs["depth_radius"] + 1) + 4) * math.prod(outputs[0])


_RULES: dict[str, Callable[[Shapes, Shapes, dict[str, Any]], float]] = {
    **dict.fromkeys(("Conv2DBackpropInput", "Conv2DBackpropFilter", "Conv3DBackpropInputV2",
                     "Conv3DBackpropFilterV2"), _of_filter),
    **dict.fromkeys(("DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"),
                    _of_window),
    **dict.fromkeys(("Dilation2DBackpropInput", "Dilation2DBackpropFilter"),
                    lambda inputs, outputs, attrs: 2 * math.prod(inputs[2])
                    * math.prod(inputs[1][:2])),
    **dict.fromkeys(("AvgPool", "MaxPool", "AvgPool3D", "MaxPool3D", "MaxPoolWithArgmax"), _pool),
    **dict.fromkeys(("AvgPoolGrad", "AvgPool3DGrad", "MaxPoolGrad", "MaxPool3DGrad"), _pool_grad),
    "FusedBatchNorm": _batch_norm, "FusedBatchNormV3": _batch_norm, "Einsum": _einsum,
    "FFT": _fourier, "IFFT": _fourier, "RFFT": _fourier_of_reals, "IRFFT": _fourier_of_reals,
    "Cholesky": _cubic(1 / 3), "MatrixInverse": _cubic(2), "MatrixDeterminant": _cubic(2 / 3),
    "Lu": _cubic(2 / 3), "MatrixTriangularSolve": _triangular, "MatrixSolve": _solve,
    "SparseTensorDenseMatMul": _sparse_matmul,
    **dict.fromkeys(("SparseSegmentSum", "SparseSegmentMean", "SparseSegmentSqrtN"),
                    _sparse_segment),
    **dict.fromkeys(("ScatterAdd", "ScatterSub", "ScatterMul", "ScatterDiv"), _updates),
    "LRN": _local_response, "ResizeBilinear": lambda i, outputs, a: 7 * math.prod(outputs[0]),
}


def flops_of(op_def: OpDef, attrs: dict[str, Any], inputs: Shapes, outputs: Shapes) -> int:
    """The count of an op for these shapes; 0 for ops that are not counted.

    Args:
        op_def: the op.
        attrs: its attributes.
        inputs, outputs: shapes, None for what has none.
    """
    kind = op_def.type
    try:
        if kind in _RULES:
            return int(_RULES[kind](inputs, outputs, attrs))
        if kind in _EACH_INPUT:
            return _EACH_INPUT[kind] * math.prod(inputs[0])
        if kind in _ELEMENTWISE:
            return _ELEMENTWISE[kind] * math.prod(outputs[0])
    except (TypeError, IndexError, ValueError, KeyError):  # a shape that is not known
        return 0
    counted = float_ops_of(kind, attrs, inputs, outputs)
    if not counted and op_def.elementwise and outputs and outputs[0] is not None:
        return math.prod(outputs[0])
    return counted
