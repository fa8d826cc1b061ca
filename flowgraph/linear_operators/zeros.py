"""The zero matrix."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import as_dtype
from flowgraph.core.frames import located
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import batch_sizes, joined
from flowgraph.linear_operators.identity import Sized
from flowgraph.ops.constant import zeros
from flowgraph.ops.identity import no_op
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.reduce import reduce_min
from flowgraph.ops.shape import shape


class LinearOperatorZeros(Sized):
    """The zero matrix, or a batch of them.

    Args:
        num_rows: number of rows, scalar int or integer tensor.
        num_columns: number of columns; default `num_rows`.
        batch_shape: shape of the batch, list of ints or 1-D integer tensor; default no batch.
        dtype: its dtype; default float32.
        is_non_singular: must not be True.
        is_self_adjoint: must be True if it is square, else False.
        is_positive_definite: must not be True.
        is_square: whether it is square.
        assert_proper_shapes: whether to check when run what the graph cannot tell.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be, or a size is negative or of the wrong rank.
        TypeError: a size is not an integer.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorZeros(2, 3, is_square=False, is_self_adjoint=False)
        >>> fg.Session().run(operator.matvec([1.0, 2.0, 3.0]))
        array([0., 0.], dtype=float32)
    """

    def __init__(self, num_rows: Any, num_columns: Any = None, batch_shape: Any = None,
                 dtype: Any = None, is_non_singular: Any = False, is_self_adjoint: Any = True,
                 is_positive_definite: Any = False, is_square: Any = True,
                 assert_proper_shapes: bool = False, name: str = "LinearOperatorZeros") -> None:
        if not is_self_adjoint and is_square:
            raise ValueError(located(f"is_self_adjoint={is_self_adjoint} cannot be: a square zero "
                                     "operator is always self-adjoint"))
        for hint, value in (("is_non_singular", is_non_singular),
                            ("is_positive_definite", is_positive_definite)):
            if value:
                raise ValueError(located(f"{hint}={value} cannot be for a zero operator"))
        with name_scope(name):
            super().__init__(as_dtype(dtype or dt.float32), is_non_singular=is_non_singular,
                             is_self_adjoint=is_self_adjoint,
                             is_positive_definite=is_positive_definite, is_square=is_square,
                             name=name)
            self._take_sizes(num_rows, num_columns, batch_shape, assert_proper_shapes)
        rows, columns = self._static[-2].value, self._static[-1].value
        if is_square and None not in (rows, columns) and rows != columns:
            raise ValueError(located(f"is_square=True cannot be: num_rows is {rows}, num_columns "
                                     f"{columns}"))

    def _assert_non_singular(self) -> Any:
        raise InvalidArgumentError(None, None, "Zero operators are always non-invertible.")

    def _assert_positive_definite(self) -> Any:
        raise InvalidArgumentError(None, None, "Zero operators are always non-positive definite.")

    def _assert_self_adjoint(self) -> Any:
        return no_op("assert_self_adjoint")

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = self._fitting(adjoint_of(x) if adjoint_arg else x, adjoint)
        rows = self._num_columns if adjoint else self._num_rows
        known = self._static[-1 if adjoint else -2].value
        columns = x.shape[-1].value
        sizes = joined(batch_sizes(x), [rows if known is None else known],
                       [shape(x)[-1] if columns is None else columns])
        return self._over_the_batch(zeros(sizes, self.dtype))

    def _determinant(self) -> Any:
        return zeros(self._batch_sizes(), self.dtype)

    def _trace(self) -> Any:
        return self._determinant()

    def _diag_part(self) -> Any:
        rows, columns = self._static[-2].value, self._static[-1].value
        shorter = (reduce_min(self.shape_tensor()[-2:]) if None in (rows, columns)
                   else min(rows, columns))
        return zeros(joined(self._batch_sizes(), [shorter]), self.dtype)

    def _add_to_tensor(self, x: Any) -> Any:
        return self._over_the_batch(x)

    def _adjoint_operator(self) -> LinearOperator:
        return LinearOperatorZeros(
            self._num_columns, self._num_rows, self._batch, self.dtype,
            is_self_adjoint=self.is_self_adjoint, is_square=self.is_square)
