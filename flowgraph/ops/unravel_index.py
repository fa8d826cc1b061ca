"""Flat indices as coordinates."""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.gather import in_range


class UnravelIndex(OpDef):
    """Column i holds the coordinates, in an array of shape `dims`, of element `indices[i]`."""

    dtypes = {"indices": "Tidx", "dims": "Tidx"}
    Tidx = dt.INDEX
    host_inputs = ("dims",)
    checks_data = True

    def infer(self, indices, dims):
        shape_rules.require_rank(dims, 1, "dims")
        if indices.shape is not None and len(indices.shape) > 1:
            raise ShapeError(f"needs indices of rank 0 or 1, got {shape_text(indices.shape)}")
        rank = None if dims.shape is None else dims.shape[0]
        return Spec(indices.dtype, None if indices.shape is None else (rank, *indices.shape))

    def kernel(self, xp, indices, dims):
        return _coordinates(xp, in_range(xp, indices, math.prod(dims)), dims)

    grad = NotDifferentiable


def _coordinates(xp, indices, dims):
    if not dims:
        return xp.zeros((0, *indices.shape), indices.dtype)
    steps = [math.prod(dims[axis + 1:]) for axis in range(len(dims))]
    return xp.stack([indices // step % n for step, n in zip(steps, dims)]).astype(indices.dtype)


def unravel_index(indices, dims, name=None):
    """Turns flat indices into coordinates, as `numpy.unravel_index` does.

    Args:
        indices: int32 or int64 scalar or vector of indices into a flat array.
        dims: 1-D tensor of the same dtype, the shape of the array.
        name: name of the node.

    Returns:
        A tensor [len(dims)] for a scalar, [len(dims), n] for a vector of n indices.

    Raises:
        InvalidArgumentError: an index is out of range (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.unravel_index([2, 5], [3, 2]))
        array([[1, 2],
               [0, 1]], dtype=int32)
    """
    return UnravelIndex.build(indices, dims, name=name)
