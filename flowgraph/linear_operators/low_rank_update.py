"""An operator changed by a matrix of low rank, L + U D V^H.

It is solved by way of the small capacitance matrix C = D^-1 + V^H L^-1 U:

    A^-1 = L^-1 - L^-1 U C^-1 V^H L^-1        det A = det L  det D  det C
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import (
    joined,
    solve_by_cholesky,
    solve_dense,
    tensor_of,
)
from flowgraph.linear_operators.diag import LinearOperatorDiag
from flowgraph.linear_operators.identity import LinearOperatorIdentity
from flowgraph.ops.cast import cast
from flowgraph.ops.decomposition import cholesky
from flowgraph.ops.determinant import matrix_determinant, slogdet
from flowgraph.ops.diagonal import matrix_diag_part
from flowgraph.ops.exponential import exp, log
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.shape import broadcast_dynamic_shape, broadcast_static_shape, shape


class LinearOperatorLowRankUpdate(LinearOperator):
    """An operator L changed by K columns: L + U D V^H, solved in the time of L and K equations.

    Args:
        base_operator: the LinearOperator L, [..., M, N].
        u: tensor [..., M, K] of its dtype.
        diag_update: tensor [..., K], the diagonal D; default ones.
        v: tensor [..., N, K]; default `u`.
        is_diag_update_positive: whether D is positive; True for the default.
        is_non_singular: whether it is invertible; None if nobody knows.
        is_self_adjoint: whether it equals its conjugate transpose; True if L does, the dtype is
            real and `v` is left out.
        is_positive_definite: whether it is positive definite; True if L is positive definite and
            self-adjoint, D is positive and `v` is left out.
        is_square: whether it is square; None to tell by the shape.
        name: prefix of its nodes.

    Raises:
        ValueError: shapes that do not fit, or a hint that cannot be.

    Example:
        >>> import flowgraph as fg
        >>> base = fg.linalg.LinearOperatorIdentity(2)
        >>> operator = fg.linalg.LinearOperatorLowRankUpdate(base, [[1.0], [2.0]])
        >>> fg.Session().run(operator.to_dense())
        array([[2., 2.],
               [2., 5.]], dtype=float32)
        >>> print(fg.Session().run(fg.round(operator.solvevec([4.0, 7.0]))))
        [1. 1.]
    """

    def __init__(self, base_operator: Any, u: Any, diag_update: Any = None, v: Any = None,
                 is_diag_update_positive: Any = None, is_non_singular: Any = None,
                 is_self_adjoint: Any = None, is_positive_definite: Any = None,
                 is_square: Any = None, name: str = "LinearOperatorLowRankUpdate") -> None:
        base = base_operator
        if diag_update is None:
            if is_diag_update_positive is False:
                raise ValueError(located("is_diag_update_positive=False cannot be: without "
                                         "diag_update the diagonal is of ones"))
            is_diag_update_positive = True
        if base.is_self_adjoint and v is None and not base.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError(located("is_self_adjoint=False cannot be: L + U D U^H is "
                                         "self-adjoint, as L is"))
            is_self_adjoint = True
        self._use_cholesky = bool(base.is_positive_definite and base.is_self_adjoint
                                  and is_diag_update_positive and v is None)
        if self._use_cholesky:
            if False in (is_positive_definite, is_self_adjoint, is_non_singular):
                raise ValueError(located("L + U D U^H is self-adjoint and positive definite, as L "
                                         "and D are: no hint can be False"))
            is_positive_definite = is_self_adjoint = True
        with name_scope(name, values=[*base.graph_parents, u, diag_update, v]):
            self._base_operator = base
            self._u = tensor_of(u, "u", 2)
            self._v = self._u if v is None else tensor_of(v, "v", 2)
            self._diag_update = (None if diag_update is None
                                 else tensor_of(diag_update, "diag_update", 1))
            self._is_diag_update_positive = is_diag_update_positive
            parts = [part for part in (self._u, self._diag_update, self._v) if part is not None]
            super().__init__(
                base.dtype, [*base.graph_parents, *parts], is_non_singular=is_non_singular,
                is_self_adjoint=is_self_adjoint, is_positive_definite=is_positive_definite,
                is_square=is_square, name=name)
            self._check_shapes()
            k = self._u.shape[-1].value
            self._diag_operator: LinearOperator = (
                LinearOperatorIdentity(shape(self._u)[-1] if k is None else k, dtype=self.dtype)
                if self._diag_update is None else
                LinearOperatorDiag(self._diag_update, is_positive_definite=is_diag_update_positive))

    @property
    def base_operator(self) -> LinearOperator:
        """L."""
        return self._base_operator

    @property
    def u(self) -> Any:
        """U, [..., M, K]."""
        return self._u

    @property
    def v(self) -> Any:
        """V, [..., N, K]; `u` where it was left out."""
        return self._v

    @property
    def diag_update(self) -> Any:
        """D's diagonal, [..., K]; None where it was left out."""
        return self._diag_update

    @property
    def diag_operator(self) -> LinearOperator:
        """D as an operator."""
        return self._diag_operator

    @property
    def is_diag_update_positive(self) -> Any:
        """Whether D is positive; None if nobody knows."""
        return self._is_diag_update_positive

    def _check_shapes(self) -> None:
        base = self._base_operator
        pairs = [("u", self._u.shape[-2], base.range_dimension),
                 ("v", self._v.shape[-2], base.domain_dimension),
                 ("v", self._v.shape[-1], self._u.shape[-1])]
        if self._diag_update is not None:
            pairs.append(("diag_update", self._diag_update.shape[-1], self._u.shape[-1]))
        for what, size, wanted in pairs:
            if not size.is_compatible_with(wanted):
                raise ValueError(located(f"{what} has the size {size} where {wanted} is needed: "
                                         f"the base is {base.shape}, u is {self._u.shape}"))
        self._shape()  # raises where the batches do not broadcast

    def _shape(self) -> TensorShape:
        batches = [self._base_operator.batch_shape, self._u.shape[:-2], self._v.shape[:-2]]
        if self._diag_update is not None:
            batches.append(self._diag_update.shape[:-1])
        return reduce(broadcast_static_shape, batches).concatenate(self._base_operator.shape[-2:])

    def _shape_tensor(self) -> Any:
        batches = [self._base_operator.batch_shape_tensor(), shape(self._u)[:-2],
                   shape(self._v)[:-2]]
        if self._diag_update is not None:
            batches.append(shape(self._diag_update)[:-1])
        return joined(reduce(broadcast_dynamic_shape, batches),
                      self._base_operator.shape_tensor()[-2:])

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        left, right = (self._v, self._u) if adjoint else (self._u, self._v)
        small = matmul(right, x, adjoint_a=True, adjoint_b=adjoint_arg)
        return (self._base_operator.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)
                + matmul(left, self._diag_operator.matmul(small, adjoint=adjoint)))

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        base = self._base_operator
        left, right = (self._v, self._u) if adjoint else (self._u, self._v)
        of_base = base.solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)
        small = matmul(right, of_base, adjoint_a=True)
        solved = (solve_by_cholesky(cholesky(self._capacitance()), small) if self._use_cholesky
                  else solve_dense(self._capacitance(), small, adjoint))
        return of_base - base.solve(matmul(left, solved), adjoint=adjoint)

    def _capacitance(self) -> Any:
        small = matmul(self._v, self._base_operator.solve(self._u), adjoint_a=True)
        return self._diag_operator.inverse().add_to_tensor(small)

    def _determinant(self) -> Any:
        if self.is_positive_definite:
            return exp(self.log_abs_determinant())
        return (matrix_determinant(self._capacitance()) * self._diag_operator.determinant()
                * self._base_operator.determinant())

    def _log_abs_determinant(self) -> Any:
        if self._use_cholesky:
            factor = matrix_diag_part(cholesky(self._capacitance()))
            logarithm = 2 * reduce_sum(log(factor), axis=[-1])
        else:
            logarithm = slogdet(self._capacitance()).log_abs_determinant
        return (logarithm + self._diag_operator.log_abs_determinant()
                + cast(self._base_operator.log_abs_determinant(), self.dtype))
