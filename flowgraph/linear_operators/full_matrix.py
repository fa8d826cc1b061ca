"""Matrices that are there in full."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import tensor_of
from flowgraph.ops.matmul import matmul
from flowgraph.ops.shape import shape

_ALLOWED = (dt.float16, dt.float32, dt.float64, dt.complex64, dt.complex128)


class LinearOperatorFullMatrix(LinearOperator):
    """A tensor of matrices as an operator.

    Args:
        matrix: tensor [..., M, N] of a floating or complex dtype.
        is_non_singular: whether it is invertible; None if nobody knows.
        is_self_adjoint: whether it equals its conjugate transpose; None if nobody knows.
        is_positive_definite: whether it is positive definite; None if nobody knows.
        is_square: whether it is square; None to tell by the shape.
        name: prefix of its nodes.

    Raises:
        TypeError: another dtype.
        ValueError: hints that contradict each other, or `matrix` has a rank below 2.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorFullMatrix([[2.0, 0.0], [1.0, 1.0]])
        >>> fg.Session().run(operator.solvevec([2.0, 3.0]))
        array([1., 2.], dtype=float32)
    """

    def __init__(self, matrix: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorFullMatrix") -> None:
        with name_scope(name, values=[matrix]):
            self._matrix = tensor_of(matrix, "matrix", 2)
            if self._matrix.dtype.base_dtype not in _ALLOWED:
                raise TypeError(located("matrix must be of a floating or complex dtype, got "
                                        f"{self._matrix.dtype.name}. Write tf.cast(matrix, "
                                        "tf.float32)."))
            super().__init__(
                self._matrix.dtype, [self._matrix], is_non_singular=is_non_singular,
                is_self_adjoint=is_self_adjoint, is_positive_definite=is_positive_definite,
                is_square=is_square, name=name)

    def _shape(self) -> TensorShape:
        return self._matrix.shape

    def _shape_tensor(self) -> Any:
        return shape(self._matrix)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return matmul(self._matrix, x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _to_dense(self) -> Any:
        return self._matrix
