"""Operators one after the other along the diagonal."""

from __future__ import annotations

from functools import reduce
from operator import add, mul
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import Dimension, TensorShape
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import broadcast_matrices, joined
from flowgraph.linear_operators.composition import OfOperators
from flowgraph.ops.constant import zeros
from flowgraph.ops.identity import group
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.shape import shape
from flowgraph.ops.split import split


class LinearOperatorBlockDiag(OfOperators):
    """Square operators as blocks along the diagonal, zeros elsewhere.

    Args:
        operators: list of square LinearOperators of one dtype, whose batches broadcast.
        is_non_singular: whether it is invertible; True if all operators are.
        is_self_adjoint: whether it equals its conjugate transpose; True if all operators do.
        is_positive_definite: whether it is positive definite; True if all operators are.
        is_square: must be True.
        name: prefix of its nodes; default the operators' names joined by `_ds_`.

    Raises:
        TypeError: operators of different dtypes.
        ValueError: no operators, one that is not square, or a hint that cannot be.

    Example:
        >>> import flowgraph as fg
        >>> a = fg.linalg.LinearOperatorFullMatrix([[1.0, 2.0], [3.0, 4.0]])
        >>> b = fg.linalg.LinearOperatorIdentity(1)
        >>> fg.Session().run(fg.linalg.LinearOperatorBlockDiag([a, b]).to_dense())
        array([[1., 2., 0.],
               [3., 4., 0.],
               [0., 0., 1.]], dtype=float32)
    """

    _kept = ("is_non_singular", "is_self_adjoint", "is_positive_definite")
    _what = "a block diagonal"
    _between = "_ds_"

    def __init__(self, operators: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = True,
                 name: str | None = None) -> None:
        super().__init__(operators, name, is_non_singular=is_non_singular,
                         is_self_adjoint=is_self_adjoint,
                         is_positive_definite=is_positive_definite, is_square=True)
        if not is_square or any(operator.is_square is False for operator in self._operators):
            shapes = ", ".join(str(operator.shape) for operator in self._operators)
            raise ValueError(located("a block diagonal is made of square operators, got the shapes "
                                     f"{shapes}"))

    def _shape(self) -> TensorShape:
        n = reduce(add, [operator.domain_dimension for operator in self._operators], Dimension(0))
        return self._static_batch().concatenate([n, n])

    def _shape_tensor(self) -> Any:
        n = expand_dims(reduce(add, self._each("domain_dimension_tensor")), 0)
        return joined(self._dynamic_batch(), n, n)

    def _blockwise(self, method: str, x: Any, adjoint: bool, adjoint_arg: bool) -> Any:
        """A method of each operator on its part of the rows of `x`."""
        sizes = [operator.domain_dimension.value for operator in self._operators]
        parts = split(x, self._each("domain_dimension_tensor") if None in sizes else sizes,
                      axis=-1 if adjoint_arg else -2)
        results = [getattr(operator, method)(part, adjoint=adjoint, adjoint_arg=adjoint_arg)
                   for operator, part in zip(self._operators, parts, strict=True)]
        return concat(broadcast_matrices(results), axis=-2)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._blockwise("matmul", x, adjoint, adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._blockwise("solve", rhs, adjoint, adjoint_arg)

    def _determinant(self) -> Any:
        return reduce(mul, self._each("determinant"))

    def _log_abs_determinant(self) -> Any:
        return reduce(add, self._logarithms())

    def _trace(self) -> Any:
        return reduce(add, self._each("trace"))

    def _diag_part(self) -> Any:
        columns = [expand_dims(diagonal, -1) for diagonal in self._each("diag_part")]
        return squeeze(concat(broadcast_matrices(columns), axis=-2), axis=[-1])

    def _to_dense(self) -> Any:
        blocks = broadcast_matrices(self._each("to_dense"))
        rows = []
        for i, block in enumerate(blocks):
            ahead = shape(block)[:-1]
            rows.append(concat(
                [block if i == j else zeros(concat([ahead, shape(other)[-1:]], 0), self.dtype)
                 for j, other in enumerate(blocks)], axis=-1))
        dense = concat(rows, axis=-2)
        dense.set_shape(self.shape)
        return dense

    def _adjoint_operator(self) -> LinearOperator:
        return LinearOperatorBlockDiag(self._each("adjoint"), **hints.of(self))

    def _inverse_operator(self) -> LinearOperator:
        return LinearOperatorBlockDiag(self._each("inverse"), **hints.of(self))

    def _cholesky_operator(self) -> LinearOperator:
        return LinearOperatorBlockDiag(self._each("cholesky"), is_non_singular=True)

    def _assert_non_singular(self) -> Any:
        return group(*self._each("assert_non_singular"))

    def _assert_self_adjoint(self) -> Any:
        return group(*self._each("assert_self_adjoint"))

    def _assert_positive_definite(self) -> Any:
        return group(*self._each("assert_positive_definite"))
