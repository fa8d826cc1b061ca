"""Instructions for matrix products that passes make; they are never in a graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import OpDef


class TransposedCopy(OpDef, abstract=True):
    """The transpose of a matrix, laid out row by row."""

    type = "TransposedCopy"
    params = ("x",)
    takes_out = True

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, None if x.shape is None else x.shape[::-1])

    def kernel(self, xp: Any, x: Any, *, out: Any = None) -> Any:
        if out is None:
            return xp.ascontiguousarray(x.T)
        out[...] = x.T
        return out


class OneHotProduct(OpDef, abstract=True):
    """The product of one-hot rows and a matrix: for each index, the row of the matrix.

    An index outside of the matrix gives zeros. Where the matrix holds a NaN or an infinity, every
    row of the product is touched by it (0 * inf is NaN): then it is worked out as a product.
    """

    type = "OneHotProduct"
    params = ("indices", "weights")
    takes_out = True

    def infer(self, indices: Spec, weights: Spec) -> Spec:
        rows = None if indices.shape is None else indices.shape[0]
        columns = None if weights.shape is None else weights.shape[1]
        return Spec(weights.dtype, (rows, columns))

    def kernel(self, xp: Any, indices: Any, weights: Any, *, out: Any = None) -> Any:
        depth = weights.shape[0]
        if not xp.isfinite(weights.sum()):
            rows = (indices[:, None] == xp.arange(depth)).astype(weights.dtype)
            return xp.dot(rows, weights, out=out)
        inside = xp.clip(indices, 0, depth - 1)
        if xp is np:  # which, if it looked at the indices, would write into memory of its own first
            out = np.take(weights, inside, axis=0, out=out, mode="clip")
        else:
            out = xp.take(weights, inside, axis=0, out=out)
        if not (inside == indices).all():
            out[inside != indices] = 0
        return out


TRANSPOSED_COPY = TransposedCopy()
ONE_HOT_PRODUCT = OneHotProduct()
