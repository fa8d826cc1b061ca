"""Conditional accumulators: gradients of several workers, added up until there are enough.

A worker applies its gradient together with the global step that it was made at; who updates the
variables takes the mean of a number of gradients, and waits for them if need be. Gradients made
before the last update are dropped.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops import accumulator_ops as ops
from flowgraph.ops.cast import cast

SparseGradient = namedtuple("SparseGradient", ("indices", "values", "shape"))


class ConditionalAccumulatorBase:
    """What dense and sparse accumulators share; make one of these.

    Args:
        dtype: dtype of the gradients.
        shape: shape of the gradients; None when it is not known.
        accumulator_ref: the handle.

    Example:
        >>> import flowgraph as fg
        >>> isinstance(fg.ConditionalAccumulator(fg.float32), fg.ConditionalAccumulatorBase)
        True
    """

    _num_accumulated: Any = ops.ResourceAccumulatorNumAccumulated
    _set_global_step: Any = ops.ResourceAccumulatorSetGlobalStep

    def __init__(self, dtype: Any, shape: Any, accumulator_ref: Tensor) -> None:
        self._dtype = as_dtype(dtype)
        self._shape = TensorShape(shape)
        self._accumulator_ref = accumulator_ref
        self._name = accumulator_ref.op.name.split("/")[-1]

    @property
    def accumulator_ref(self) -> Tensor:
        """The handle."""
        return self._accumulator_ref

    @property
    def name(self) -> str:
        """Name of the handle's node, without its scopes."""
        return self._name

    @property
    def dtype(self) -> DType:
        """dtype of the gradients."""
        return self._dtype

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """How many gradients were added since the last were taken, an int32 scalar.

        Args:
            name: name of the node.
        """
        return self._num_accumulated.build(
            self._accumulator_ref, name=name or f"{self._name}_NumAccumulated")

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Operation:
        """An operation that sets the step below which gradients are stale.

        Args:
            new_global_step: int64 scalar.
            name: name of the node.
        """
        return self._set_global_step.build(
            self._accumulator_ref, cast(convert_to_tensor(new_global_step), dt.int64), name=name)


class ConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds up dense gradients, and gives their mean when there are enough.

    Args:
        dtype: dtype of the gradients.
        shape: shape of the gradients; None when it is not known.
        shared_name: accumulators of one shared name are one object within a session.
        name: name of the node.
        reduction_type: "MEAN" or "SUM".

    Example:
        >>> import flowgraph as fg
        >>> total = fg.ConditionalAccumulator(fg.float32, [2])
        >>> add = [total.apply_grad([1.0, 2.0]), total.apply_grad([3.0, 4.0])]
        >>> mean = total.take_grad(2)
        >>> with fg.Session() as sess:
        ...     _ = sess.run(add)
        ...     sess.run(mean)
        array([2., 3.], dtype=float32)
    """

    def __init__(self, dtype: Any, shape: Any = None, shared_name: str | None = None,
                 name: str = "conditional_accumulator", reduction_type: str = "MEAN") -> None:
        super().__init__(dtype, shape, ops.ResourceConditionalAccumulator.build(
            dtype=as_dtype(dtype), shape=TensorShape(shape).as_tuple(),
            shared_name=shared_name or "", reduction_type=reduction_type, name=name))

    def apply_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Operation:
        """An operation that adds a gradient, unless it is stale.

        Args:
            grad: the gradient.
            local_step: the global step that it was made at.
            name: name of the node.

        Raises:
            ValueError: its shape does not fit.
        """
        grad = convert_to_tensor(grad, self._dtype)
        grad.shape.assert_is_compatible_with(self._shape)
        return ops.ResourceAccumulatorApplyGradient.build(
            self._accumulator_ref, cast(convert_to_tensor(local_step), dt.int64), grad, name=name)

    def take_grad(self, num_required: Any, name: str | None = None) -> Tensor:
        """The mean (or sum) of the gradients. It then starts anew, at the next global step.

        A run waits until `num_required` gradients were added, by runs in other threads.

        Args:
            num_required: how many gradients there must be.
            name: name of the node.

        Raises:
            InvalidArgumentError: `num_required` is not positive (in the run).
            CancelledError: the session is closed while it waits.
        """
        taken = ops.ResourceAccumulatorTakeGradient.build(
            self._accumulator_ref, num_required, dtype=self._dtype, name=name)
        taken.set_shape(self._shape)
        return taken


class SparseConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds up sparse gradients row by row, and gives their mean when there are enough.

    Args:
        dtype: dtype of the gradients.
        shape: shape of the whole gradient; None when it is not known.
        shared_name: accumulators of one shared name are one object within a session.
        name: name of the node.
        reduction_type: "MEAN" (each row is divided by how often it came) or "SUM".

    Example:
        >>> import flowgraph as fg
        >>> total = fg.SparseConditionalAccumulator(fg.float32)
        >>> add = [total.apply_grad([0, 2], [[1.0], [2.0]]), total.apply_grad([2], [[4.0]])]
        >>> mean = total.take_grad(2)
        >>> with fg.Session() as sess:
        ...     _ = sess.run(add)
        ...     sess.run([mean.indices, mean.values])
        [array([0, 2]), array([[1.],
               [3.]], dtype=float32)]
    """

    _num_accumulated = ops.AccumulatorNumAccumulated
    _set_global_step = ops.AccumulatorSetGlobalStep

    def __init__(self, dtype: Any, shape: Any = None, shared_name: str | None = None,
                 name: str = "sparse_conditional_accumulator",
                 reduction_type: str = "MEAN") -> None:
        super().__init__(dtype, shape, ops.SparseConditionalAccumulator.build(
            dtype=as_dtype(dtype), shape=TensorShape(shape).as_tuple(),
            shared_name=shared_name or "", reduction_type=reduction_type, name=name))

    def apply_indexed_slices_grad(self, grad: IndexedSlices, local_step: Any = 0,
                                  name: str | None = None) -> Operation:
        """An operation that adds a gradient, unless it is stale.

        Args:
            grad: the gradient, an IndexedSlices.
            local_step: the global step that it was made at.
            name: name of the node.
        """
        return self.apply_grad(grad.indices, grad.values, grad.dense_shape, local_step, name)

    def apply_grad(self, grad_indices: Any, grad_values: Any, grad_shape: Any = None,
                   local_step: Any = 0, name: str | None = None) -> Operation:
        """An operation that adds a gradient, unless it is stale.

        Args:
            grad_indices: vector of the numbers of rows, in ascending order.
            grad_values: the rows.
            grad_shape: shape of the whole gradient; None when it is not known.
            local_step: the global step that it was made at.
            name: name of the node.
        """
        known = grad_shape is not None
        return ops.SparseAccumulatorApplyGradient.build(
            self._accumulator_ref, cast(convert_to_tensor(local_step), dt.int64),
            cast(grad_indices, dt.int64), convert_to_tensor(grad_values, self._dtype),
            cast(grad_shape, dt.int64) if known else convert_to_tensor([], dt.int64),
            has_known_shape=known, name=name)

    def take_grad(self, num_required: Any, name: str | None = None) -> SparseGradient:
        """The mean (or sum) of the gradients. It then starts anew, at the next global step.

        A run waits until `num_required` gradients were added, by runs in other threads.

        Args:
            num_required: how many gradients there must be.
            name: name of the node.

        Returns:
            A named tuple: `indices`, `values` and `shape`.
        """
        return SparseGradient(*ops.SparseAccumulatorTakeGradient.build(
            self._accumulator_ref, num_required, dtype=self._dtype, name=name))

    def take_indexed_slices_grad(self, num_required: Any,
                                 name: str | None = None) -> IndexedSlices:
        """As `take_grad`, as an IndexedSlices.

        Args:
            num_required: how many gradients there must be.
            name: name of the node.
        """
        indices, values, shape = self.take_grad(num_required, name)
        return IndexedSlices(values, indices, shape)
