"""How many floating point operations an op takes: TensorFlow's counts, from shapes alone.

A multiplication and the addition of its product are two. What is not listed counts as none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Shape = tuple[int, ...]
_EACH_INPUT = {"Reciprocal": 1, "Square": 1, "Rsqrt": 2, "Log": 1, "Neg": 1, "AssignSub": 1,
               "AssignAdd": 1, "Softmax": 5, "BiasAdd": 1}
_EACH_OUTPUT = {"Add": 1, "AddV2": 1, "Sub": 1, "Mul": 1, "RealDiv": 1, "Maximum": 1, "Minimum": 1,
                "Pow": 1, "RsqrtGrad": 4, "GreaterEqual": 1, "Greater": 1, "LessEqual": 1,
                "Less": 1, "Equal": 1, "NotEqual": 1, "SquaredDifference": 2}
_REDUCTIONS = ("Sum", "ArgMax", "ArgMin", "BiasAddGrad")


def float_ops(op: Any, shape_of: Callable[[Any], Shape | None]) -> int:
    """The count of an operation; 0 where a shape that matters is not known.

    Args:
        op: the operation.
        shape_of: function from a tensor to its shape, or None.
    """
    return float_ops_of(op.type, op.attrs, [shape_of(tensor) for tensor in op.inputs],
                        [shape_of(tensor) for tensor in op.outputs])


def float_ops_of(kind: str, attrs: dict[str, Any], inputs: list[Shape | None],
                 outputs: list[Shape | None]) -> int:
    """The count of an op of this type, for these shapes; 0 where one that matters is not known.

    Args:
        kind: the op's type.
        attrs: its attributes.
        inputs, outputs: shapes.
    """
    try:
        return int(_count(kind, attrs, inputs, outputs[0] if outputs else None))
    except (TypeError, IndexError):  # of a size that is None, or a rank that is
        return 0


def _count(kind: str, attrs: dict[str, Any], inputs: list[Any], output: Any) -> float:
    if kind in _EACH_INPUT:
        return _EACH_INPUT[kind] * math.prod(inputs[0])
    if kind in _EACH_OUTPUT:
        return _EACH_OUTPUT[kind] * math.prod(output)
    if kind in _REDUCTIONS:
        return math.prod(inputs[0]) - math.prod(output)
    if kind == "Mean":
        return math.prod(inputs[0])
    if kind == "L2Loss":
        return 3 * math.prod(inputs[0]) - 1
    if kind == "AddN":
        return math.prod(inputs[0]) * (len(inputs) - 1)
    if kind in ("MatMul", "BatchMatMul", "BatchMatMulV2"):
        turned = attrs.get("transpose_a") or attrs.get("adj_x")
        return 2 * math.prod(output) * inputs[0][-2 if turned else -1]
    if kind in ("Conv2D", "Conv3D"):
        return 2 * math.prod(output) * math.prod(inputs[1][:-1])
    if kind == "DepthwiseConv2dNative":
        return 2 * math.prod(output) * math.prod(inputs[1][:2])
    if kind == "Dilation2D":
        return 2 * math.prod(output) * math.prod(inputs[1][:2])
    if attrs.get("data_format", "NHWC") != "NHWC":
        return 0
    return _of_gradient_or_pool(kind, attrs, inputs, output)


def _of_gradient_or_pool(kind: str, attrs: dict[str, Any], inputs: list[Any],
                         output: Any) -> float:
    window = math.prod(attrs.get("ksize", ()))
    if kind in ("AvgPool", "MaxPool"):
        return window * math.prod(output)
    if kind == "AvgPoolGrad":
        return 2 * window * math.prod(inputs[1])
    if kind == "MaxPoolGrad":
        return (window + 1) * math.prod(inputs[1])
    if kind in ("Conv2DBackpropInput", "Conv2DBackpropFilter"):
        image, kernel = ((output, inputs[1]) if kind == "Conv2DBackpropInput"
                         else (inputs[0], output))
        stride = attrs["strides"][1] * attrs["strides"][2]
        return 2 * math.prod(image) * math.prod(kernel) / (image[-1] * stride)
    return 0
