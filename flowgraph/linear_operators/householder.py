"""Reflections at a hyperplane."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import joined, tensor_of
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.constant import ones, zeros
from flowgraph.ops.diagonal import matrix_diag_part, matrix_set_diag
from flowgraph.ops.identity import no_op
from flowgraph.ops.matmul import matmul
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.norm import norm
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.shape import shape


class LinearOperatorHouseholder(LinearOperator):
    """Householder reflections I - 2 v v^H, where v is the axis scaled to length 1.

    Args:
        reflection_axis: tensor [..., N] of a floating or complex dtype: the vectors that are
            turned round.
        is_non_singular: whether it is invertible, which it is.
        is_self_adjoint: must not be False.
        is_positive_definite: must not be True.
        is_square: must not be False.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be, or `reflection_axis` is a scalar.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorHouseholder([0.0, 2.0])
        >>> fg.Session().run(operator.matvec([3.0, 4.0]))
        array([ 3., -4.], dtype=float32)
    """

    def __init__(self, reflection_axis: Any, is_non_singular: Any = None,
                 is_self_adjoint: Any = None, is_positive_definite: Any = None,
                 is_square: Any = None, name: str = "LinearOperatorHouseholder") -> None:
        for hint, value, wrong in (("is_self_adjoint", is_self_adjoint, False),
                                   ("is_positive_definite", is_positive_definite, True),
                                   ("is_square", is_square, False)):
            if value is wrong:
                raise ValueError(located(f"{hint}={value} cannot be for a Householder reflection"))
        with name_scope(name, values=[reflection_axis]):
            self._reflection_axis = tensor_of(reflection_axis, "reflection_axis", 1)
            super().__init__(
                self._reflection_axis.dtype, [self._reflection_axis],
                is_non_singular=is_non_singular, is_self_adjoint=True, is_positive_definite=False,
                is_square=True, name=name)

    @property
    def reflection_axis(self) -> Any:
        """The vectors that are turned round, [..., N]."""
        return self._reflection_axis

    def _shape(self) -> TensorShape:
        return self._reflection_axis.shape.concatenate(self._reflection_axis.shape[-1:])

    def _shape_tensor(self) -> Any:
        sizes = shape(self._reflection_axis)
        return joined(sizes, sizes[-1:])

    def _assert_non_singular(self) -> Any:
        return no_op("assert_non_singular")

    def _assert_positive_definite(self) -> Any:
        raise InvalidArgumentError(None, None,
                                   "Householder operators are always non-positive definite.")

    def _assert_self_adjoint(self) -> Any:
        return no_op("assert_self_adjoint")

    def _unit_axis(self) -> Any:
        axis = self._reflection_axis
        return axis / norm(axis, axis=-1, keepdims=True)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = adjoint_of(x) if adjoint_arg else x
        column = expand_dims(self._unit_axis(), -1)
        return x - 2 * column * matmul(column, x, adjoint_a=True)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._matmul(rhs, adjoint, adjoint_arg)  # reflected twice is as it was

    def _batch_sizes(self) -> Any:
        batch = self.batch_shape
        return batch.as_list() if batch.is_fully_defined() else self.batch_shape_tensor()

    def _trace(self) -> Any:
        n = cast(self.domain_dimension_tensor() - 2, self.dtype)
        return n * ones(self._batch_sizes(), self.dtype)

    def _determinant(self) -> Any:
        return -ones(self._batch_sizes(), self.dtype)

    def _log_abs_determinant(self) -> Any:
        return zeros(self._batch_sizes(), self.dtype)

    def _to_dense(self) -> Any:
        column = expand_dims(self._unit_axis(), -1)
        matrix = -2 * matmul(column, column, adjoint_b=True)
        return matrix_set_diag(matrix, 1.0 + matrix_diag_part(matrix))

    def _diag_part(self) -> Any:
        axis = self._unit_axis()
        return 1.0 - 2 * axis * conj(axis)

    def _inverse_operator(self) -> LinearOperator:
        return self
