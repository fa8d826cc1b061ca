"""Toeplitz matrices: the same entry all along each diagonal."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import joined, tensor_of
from flowgraph.linear_operators.circulant import LinearOperatorCirculant, to_complex
from flowgraph.ops.assertions import assert_equal
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones, zeros_like
from flowgraph.ops.fft import fft
from flowgraph.ops.join import concat
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.select import reverse
from flowgraph.ops.shape import broadcast_dynamic_shape, broadcast_static_shape, shape


class LinearOperatorToeplitz(LinearOperator):
    """Matrices whose entry at (i, j) depends on i - j alone.

    It multiplies as a part of a circulant matrix of twice its size, by Fourier transforms.

    Args:
        col: tensor [..., N] of a floating or complex dtype: the first column.
        row: tensor [..., N] of the same dtype: the first row; its first entry is not read.
        is_non_singular: whether it is invertible; None if nobody knows.
        is_self_adjoint: whether it equals its conjugate transpose; None if nobody knows.
        is_positive_definite: whether it is positive definite; None if nobody knows.
        is_square: must not be False.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be; `col` or `row` is a scalar, or their lengths differ.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorToeplitz(col=[1.0, 2.0], row=[1.0, 3.0])
        >>> fg.Session().run(fg.round(operator.to_dense()))
        array([[1., 3.],
               [2., 1.]], dtype=float32)
    """

    def __init__(self, col: Any, row: Any, is_non_singular: Any = None,
                 is_self_adjoint: Any = None, is_positive_definite: Any = None,
                 is_square: Any = None, name: str = "LinearOperatorToeplitz") -> None:
        if is_square is False:
            raise ValueError(located("is_square=False cannot be: only square Toeplitz operators "
                                     "are there"))
        with name_scope(name, values=[row, col]):
            self._row, self._col = tensor_of(row, "row", 1), tensor_of(col, "col", 1)
            if not self._row.shape[-1].is_compatible_with(self._col.shape[-1]):
                raise ValueError(located(f"row of shape {self._row.shape} and col of shape "
                                         f"{self._col.shape} must have one length: only square "
                                         "Toeplitz operators are there"))
            super().__init__(
                self._row.dtype, [self._row, self._col], is_non_singular=is_non_singular,
                is_self_adjoint=is_self_adjoint, is_positive_definite=is_positive_definite,
                is_square=True, name=name)
            row, col = self._of_one_batch()
            ring = concat([col, zeros_like(col[..., :1]), reverse(row[..., 1:], [-1])], axis=-1)
            self._circulant = LinearOperatorCirculant(fft(to_complex(ring)), self.dtype)

    def _of_one_batch(self) -> tuple[Any, Any]:
        if self._row.shape[:-1] == self._col.shape[:-1] and self._row.shape.ndims is not None:
            return self._row, self._col
        return self._row + zeros_like(self._col), self._col + zeros_like(self._row)

    @property
    def col(self) -> Any:
        """The first column, [..., N]."""
        return self._col

    @property
    def row(self) -> Any:
        """The first row, [..., N]."""
        return self._row

    def _shape(self) -> TensorShape:
        sizes = broadcast_static_shape(self._row.shape, self._col.shape)
        return sizes.concatenate(sizes[-1:])

    def _shape_tensor(self) -> Any:
        sizes = broadcast_dynamic_shape(shape(self._row), shape(self._col))
        return joined(sizes, sizes[-1:])

    def _assert_self_adjoint(self) -> Any:
        return assert_equal(self._row, self._col, message="row and col are not the same, and so "
                            "this operator is not self-adjoint.")

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = adjoint_of(x) if adjoint_arg else x
        twice = self._circulant.matmul(concat([x, zeros_like(x)], axis=-2), adjoint=adjoint)
        n = self.domain_dimension.value
        return twice[..., :self.domain_dimension_tensor() if n is None else n, :]

    def _trace(self) -> Any:
        return cast(self.domain_dimension_tensor(), self.dtype) * self._of_one_batch()[1][..., 0]

    def _diag_part(self) -> Any:
        n = self.domain_dimension.value
        return self._of_one_batch()[1][..., :1] * ones(
            [self.domain_dimension_tensor() if n is None else n], self.dtype)
