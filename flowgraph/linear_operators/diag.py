"""Diagonal matrices."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import assert_no_zeros, assert_real, joined, tensor_of
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import conj, real
from flowgraph.ops.diagonal import matrix_diag
from flowgraph.ops.exponential import log
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.reduce import reduce_prod, reduce_sum
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import abs as absolute
from flowgraph.ops.unary import sqrt


class LinearOperatorDiag(LinearOperator):
    """Matrices with a diagonal, and zeros elsewhere.

    Args:
        diag: tensor [..., N] of a floating or complex dtype: the diagonals.
        is_non_singular: whether no entry is 0; None if nobody knows.
        is_self_adjoint: whether the entries are real; True for a real dtype.
        is_positive_definite: whether their real parts are positive.
        is_square: must not be False.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be, or `diag` is a scalar.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorDiag([1.0, 2.0])
        >>> fg.Session().run([operator.matvec([3.0, 4.0]), operator.to_dense()])
        [array([3., 8.], dtype=float32), array([[1., 0.],
               [0., 2.]], dtype=float32)]
    """

    def __init__(self, diag: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorDiag") -> None:
        if is_square is False:
            raise ValueError(located("is_square=False cannot be: a diagonal operator is square"))
        with name_scope(name, values=[diag]):
            self._diag = tensor_of(diag, "diag", 1)
            super().__init__(
                self._diag.dtype, [self._diag], is_non_singular=is_non_singular,
                is_self_adjoint=hints.real_diagonal(self._diag.dtype, is_self_adjoint),
                is_positive_definite=is_positive_definite, is_square=True, name=name)

    @property
    def diag(self) -> Any:
        """The diagonals, [..., N]."""
        return self._diag

    def _shape(self) -> TensorShape:
        return self._diag.shape.concatenate(self._diag.shape[-1:])

    def _shape_tensor(self) -> Any:
        sizes = shape(self._diag)
        return joined(sizes, sizes[-1:])

    def _assert_non_singular(self) -> Any:
        return assert_no_zeros(self._diag,
                               "Singular operator:  Diagonal contained zero values.")

    def _assert_positive_definite(self) -> Any:
        return assert_positive(real(self._diag), message="Diagonal operator had diagonal entries "
                               "with non-positive real part, thus was not positive definite.")

    def _assert_self_adjoint(self) -> Any:
        return assert_real(self._diag, "This diagonal operator contained non-zero imaginary "
                           "values.  Thus it was not self-adjoint.")

    def _entries(self, adjoint: bool) -> Any:
        return conj(self._diag) if adjoint else self._diag

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return expand_dims(self._entries(adjoint), -1) * (adjoint_of(x) if adjoint_arg else x)

    def _matvec(self, x: Any, adjoint: bool = False) -> Any:
        return self._entries(adjoint) * x

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        return rhs * expand_dims(1.0 / self._entries(adjoint), -1)

    def _determinant(self) -> Any:
        return reduce_prod(self._diag, axis=[-1])

    def _log_abs_determinant(self) -> Any:
        return cast(reduce_sum(log(absolute(self._diag)), axis=[-1]), self.dtype)

    def _to_dense(self) -> Any:
        return matrix_diag(self._diag)

    def _diag_part(self) -> Any:
        return self._diag

    def _adjoint_operator(self) -> LinearOperator:
        return LinearOperatorDiag(conj(self._diag), **hints.of(self))

    def _inverse_operator(self) -> LinearOperator:
        return LinearOperatorDiag(1.0 / self._diag, **hints.of(self))

    def _cholesky_operator(self) -> LinearOperator:
        return LinearOperatorDiag(sqrt(self._diag), is_non_singular=True, is_self_adjoint=True,
                                  is_positive_definite=True)
