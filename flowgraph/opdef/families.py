"""Families of regular ops: a member is a class with a ufunc's name and a gradient.

    class Tanh(Unary):
        \"\"\"y = tanh(x).\"\"\"
        T = FLOAT_OR_COMPLEX
        ufunc = "tanh"

The depth stays at op -> family -> OpDef.
"""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef


class Unary(OpDef, abstract=True):
    """y[i] = f(x[i]), of x's dtype."""

    T = dt.NUMBER
    elementwise = True
    ufunc: ClassVar[str] = ""

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, x.shape)

    def kernel(self, xp: Any, x: Any, *, out: Any = None) -> Any:
        return getattr(xp, self.ufunc)(x, out=out)


class UnaryTest(Unary, abstract=True):
    """y[i] = whether f(x[i])."""

    def infer(self, x: Spec) -> Spec:
        return Spec(dt.bool_, x.shape)


class Binary(OpDef, abstract=True):
    """z[i] = f(x[i], y[i]), with broadcasting, of the inputs' dtype."""

    T = dt.NUMBER
    elementwise = True
    ufunc: ClassVar[str] = ""

    def infer(self, x: Spec, y: Spec) -> Spec:
        return Spec(x.dtype, shape_rules.broadcast(x, y))

    def kernel(self, xp: Any, x: Any, y: Any, *, out: Any = None) -> Any:
        return getattr(xp, self.ufunc)(x, y, out=out)


class Comparison(Binary, abstract=True):
    """z[i] = whether x[i] and y[i] stand in a relation, with broadcasting."""

    T = dt.REAL

    def infer(self, x: Spec, y: Spec) -> Spec:
        return Spec(dt.bool_, shape_rules.broadcast(x, y))


class Reduction(OpDef, abstract=True):
    """Reduces over the axes in `reduction_indices`, all of them removed or kept with size 1.

    Kernels call the array's method: `x.sum(axis=0)` takes half the time of `np.sum(x, axis=0)` on
    small arrays.
    """

    T = dt.NUMBER
    dtypes: ClassVar[dict[str, Any]] = {"reduction_indices": "Tidx"}
    Tidx = dt.INDEX
    host_inputs = ("reduction_indices",)
    function: ClassVar[str] = ""

    def infer(self, input: Spec, reduction_indices: Spec, *, keep_dims: bool = False) -> Spec:
        return Spec(input.dtype,
                    shape_rules.reduced(input.shape, reduction_indices.value, keep_dims))

    def kernel(self, xp: Any, input: Any, reduction_indices: Any, *, keep_dims: bool = False,
               out: Any = None) -> Any:
        return getattr(input, self.function)(axis=reduction_indices, keepdims=keep_dims, out=out)
