"""`tensorflow.python.ops.nn_grad`, `math_grad` and `array_grad`: gradients to call by their names.

Programs that register a gradient of their own, for `Graph.gradient_override_map`, call the usual
one in it: `nn_grad._ReluGrad(op, grad)`. Each of the three modules has all the names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.gradients.registry import NotDifferentiable
from flowgraph.opdef.opdef import REGISTRY

# Functions that are not named after their op type.
_TYPES = {"_BatchMatMul": "BatchMatMulV2", "_BatchMatMulV2": "BatchMatMulV2",
          "_ConcatGradV2": "ConcatV2", "_IdGrad": "Identity", "_IdNGrad": "IdentityN",
          "_SelectGradV2": "SelectV2", "_TopKGrad": "TopKV2"}


def __getattr__(name: str) -> Callable[..., Any]:
    """The gradient function of an op type, by the name that TensorFlow's has."""
    op_type = _TYPES.get(name) or (name[1:-4] if name[0] == "_" and name.endswith("Grad") else "")
    if op_type and op_type not in REGISTRY:
        from flowgraph.io.op_types import load_every_op
        load_every_op()
    if getattr(REGISTRY.get(op_type), "grad", NotDifferentiable) is NotDifferentiable:
        raise AttributeError(f"there is no gradient function {name}", name=name)
    gradient: Any = REGISTRY[op_type].grad

    def function(op: Any, *grads: Any) -> Any:
        """The gradients of the op's inputs: a list, or for one input a tensor."""
        given = gradient(op, *grads)
        several = list(given) if isinstance(given, (list, tuple)) else [given]
        return several[0] if len(several) == 1 else several

    function.__name__ = name
    return function
