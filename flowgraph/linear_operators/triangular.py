"""Lower triangular matrices."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import assert_no_zeros, solve_triangular, tensor_of
from flowgraph.ops.diagonal import matrix_band_part, matrix_diag_part
from flowgraph.ops.exponential import log
from flowgraph.ops.matmul import matmul
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.reduce import reduce_prod, reduce_sum
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import abs as absolute


class LinearOperatorLowerTriangular(LinearOperator):
    """The lower triangles of matrices.

    Args:
        tril: tensor [..., N, N] of a floating or complex dtype; what is above the diagonals is
            taken as zeros.
        is_non_singular: whether no entry of the diagonals is 0; None if nobody knows.
        is_self_adjoint: whether it equals its conjugate transpose; None if nobody knows.
        is_positive_definite: whether it is positive definite; None if nobody knows.
        is_square: must not be False.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be, or `tril` has a rank below 2.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorLowerTriangular([[2.0, 9.0], [1.0, 4.0]])
        >>> fg.Session().run([operator.determinant(), operator.solvevec([2.0, 5.0])])
        [np.float32(8.0), array([1., 1.], dtype=float32)]
    """

    def __init__(self, tril: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorLowerTriangular") -> None:
        if is_square is False:
            raise ValueError(located("is_square=False cannot be: a lower triangular operator is "
                                     "square"))
        with name_scope(name, values=[tril]):
            self._tril = tensor_of(tril, "tril", 2)
            super().__init__(
                self._tril.dtype, [self._tril], is_non_singular=is_non_singular,
                is_self_adjoint=is_self_adjoint, is_positive_definite=is_positive_definite,
                is_square=True, name=name)

    def _shape(self) -> TensorShape:
        return self._tril.shape

    def _shape_tensor(self) -> Any:
        return shape(self._tril)

    def _assert_non_singular(self) -> Any:
        return assert_no_zeros(self._diag_part(),
                               "Singular operator:  Diagonal contained zero values.")

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return matmul(self._to_dense(), x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return solve_triangular(self._to_dense(), adjoint_of(rhs) if adjoint_arg else rhs, adjoint)

    def _determinant(self) -> Any:
        return reduce_prod(self._diag_part(), axis=[-1])

    def _log_abs_determinant(self) -> Any:
        return reduce_sum(log(absolute(self._diag_part())), axis=[-1])

    def _to_dense(self) -> Any:
        return matrix_band_part(self._tril, -1, 0)

    def _diag_part(self) -> Any:
        return matrix_diag_part(self._tril)
