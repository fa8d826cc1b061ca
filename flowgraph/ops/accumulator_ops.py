"""The ops of conditional accumulators. Their objects: `accumulator_state.py`."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.accumulator_state import Accumulator, DenseAccumulator, SparseAccumulator
from flowgraph.ops.resources import (
    ON_HOST,
    RESOURCE,
    HandleOp,
    as_handle,
    handle_spec,
    resource_of,
)

INT32 = dt.DTypeSet("int32", (dt.int32,))
INT64 = dt.DTypeSet("int64", (dt.int64,))


class _MakesAccumulator(HandleOp, abstract=True):
    """The handle of an accumulator."""

    grad = NotDifferentiable
    kind: type[Accumulator]

    def infer(self, *, dtype, shape=None, container="", shared_name="", reduction_type="MEAN"):
        if reduction_type not in ("MEAN", "SUM"):
            raise ShapeError(f"has reduction_type {reduction_type!r}; it must be 'MEAN' or 'SUM'")
        return handle_spec()

    def create_state(self, attrs):
        """An empty accumulator."""
        return self.kind(attrs["shape"], attrs["reduction_type"])

    def kernel(self, xp, *, dtype, shape=None, container="", shared_name="",
               reduction_type="MEAN", state):
        return as_handle(state)


class ResourceConditionalAccumulator(_MakesAccumulator):
    """The handle of an accumulator of dense gradients."""

    kind = DenseAccumulator


class SparseConditionalAccumulator(_MakesAccumulator):
    """The handle of an accumulator of sparse gradients."""

    kind = SparseAccumulator


class _OnAccumulator(OpDef, abstract=True):
    """An op that uses an accumulator."""

    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable


class ResourceAccumulatorApplyGradient(_OnAccumulator):
    """Adds a gradient, unless it is stale."""

    dtypes = {"handle": RESOURCE, "local_step": INT64, "gradient": "dtype"}
    dtype = dt.NUMBER
    multiple = True

    def infer(self, handle, local_step, gradient):
        shape_rules.require_rank(local_step, 0, "a step")
        return ()

    def kernel(self, xp, handle, local_step, gradient):
        resource_of(handle, DenseAccumulator).apply(int(local_step), gradient)
        return ()


class ResourceAccumulatorTakeGradient(_OnAccumulator):
    """The mean of the gradients, when there are enough."""

    waits = True
    dtypes = {"handle": RESOURCE, "num_required": INT32}

    def infer(self, handle, num_required, *, dtype):
        shape_rules.require_rank(num_required, 0, "a number")
        return Spec(dtype, None)

    def kernel(self, xp, handle, num_required, *, dtype):
        return resource_of(handle, DenseAccumulator).take(int(num_required))


class SparseAccumulatorApplyGradient(_OnAccumulator):
    """Adds the rows of a sparse gradient, unless it is stale."""

    dtypes = {"handle": RESOURCE, "local_step": INT64, "gradient_indices": INT64,
              "gradient_values": "dtype", "gradient_shape": INT64}
    dtype = dt.NUMBER
    multiple = True

    def infer(self, handle, local_step, gradient_indices, gradient_values, gradient_shape, *,
              has_known_shape):
        shape_rules.require_rank(local_step, 0, "a step")
        return ()

    def kernel(self, xp, handle, local_step, gradient_indices, gradient_values, gradient_shape, *,
               has_known_shape):
        resource_of(handle, SparseAccumulator).apply(
            int(local_step), (gradient_indices, gradient_values,
                              gradient_shape if has_known_shape else None))
        return ()


class SparseAccumulatorTakeGradient(_OnAccumulator):
    """(indices, values, shape) of the mean of the sparse gradients, when there are enough."""

    waits = True
    dtypes = {"handle": RESOURCE, "num_required": INT32}
    multiple = True

    def infer(self, handle, num_required, *, dtype):
        shape_rules.require_rank(num_required, 0, "a number")
        return Spec(dt.int64, (None,)), Spec(dtype, None), Spec(dt.int64, (None,))

    def kernel(self, xp, handle, num_required, *, dtype):
        return resource_of(handle, SparseAccumulator).take(int(num_required))


class ResourceAccumulatorNumAccumulated(_OnAccumulator):
    """How many gradients were added since the last were taken."""

    dtypes = {"handle": RESOURCE}

    def infer(self, handle):
        return Spec(dt.int32, ())

    def kernel(self, xp, handle):
        return np.array(resource_of(handle, Accumulator).count(), np.int32)


class ResourceAccumulatorSetGlobalStep(_OnAccumulator):
    """Sets the step below which gradients are stale."""

    dtypes = {"handle": RESOURCE, "new_global_step": INT64}
    multiple = True

    def infer(self, handle, new_global_step):
        shape_rules.require_rank(new_global_step, 0, "a step")
        return ()

    def kernel(self, xp, handle, new_global_step):
        resource_of(handle, Accumulator).set_global_step(int(new_global_step))
        return ()


class AccumulatorNumAccumulated(ResourceAccumulatorNumAccumulated):
    """How many sparse gradients were added since the last were taken."""


class AccumulatorSetGlobalStep(ResourceAccumulatorSetGlobalStep):
    """Sets the step below which sparse gradients are stale."""
