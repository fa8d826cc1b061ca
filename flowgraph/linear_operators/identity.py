"""The identity, and multiples of it."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import (
    assert_no_zeros,
    assert_real,
    batch_shape_of,
    joined,
    known_batch_shape,
    size_of,
)
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.assertions import assert_equal, assert_non_negative, assert_positive
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import conj, real
from flowgraph.ops.constant import ones, zeros
from flowgraph.ops.diagonal import matrix_diag_part, matrix_set_diag
from flowgraph.ops.exponential import log
from flowgraph.ops.identity import no_op, with_dependencies
from flowgraph.ops.join import stack
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import abs as absolute
from flowgraph.ops.unary import sqrt


class Sized(LinearOperator):
    """An operator that knows its numbers of rows and columns and its batch from scalars."""

    _assert_proper_shapes = False

    def _take_sizes(self, num_rows: Any, num_columns: Any = None, batch_shape: Any = None,
                    assert_proper_shapes: bool = False) -> None:
        self._assert_proper_shapes = assert_proper_shapes
        self._num_rows = self._checked(size_of(num_rows, "num_rows"))
        self._num_columns = (self._num_rows if num_columns is None
                             else self._checked(size_of(num_columns, "num_columns")))
        batch = batch_shape_of(batch_shape)
        self._batch = None if batch is None else self._checked(batch)
        self._static = known_batch_shape(batch).concatenate(
            [known_value(self._num_rows), known_value(self._num_columns)])

    def _checked(self, sizes: Any) -> Any:
        if self._assert_proper_shapes and known_value(sizes) is None:
            return with_dependencies([assert_non_negative(sizes)], sizes)
        return sizes

    def _shape(self) -> TensorShape:
        return self._static

    def _shape_tensor(self) -> Any:
        sizes = stack([self._num_rows, self._num_columns])
        return sizes if self._batch is None else joined(self._batch, sizes)

    def _batch_sizes(self) -> Any:
        batch = self.batch_shape
        return batch.as_list() if batch.is_fully_defined() else self.batch_shape_tensor()

    def _fitting(self, x: Any, adjoint: bool = False) -> Any:
        """`x`, checked when it runs if `assert_proper_shapes` asked for it."""
        if not self._assert_proper_shapes:
            return x
        rows = self.range_dimension_tensor() if adjoint else self.domain_dimension_tensor()
        return with_dependencies([assert_equal(shape(x)[-2], rows, message="Dimensions are not "
                                               "compatible.")], x)

    def _over_the_batch(self, x: Any) -> Any:
        """`x`, repeated where this operator's batch is larger."""
        if self._batch is None or self.batch_shape.ndims == 0:
            return x
        if self.batch_shape.is_fully_defined() and x.shape[:-2] == self.batch_shape:
            return x
        return x + zeros(joined(self._batch_sizes(), [1, 1]), self.dtype)


class LinearOperatorIdentity(Sized):
    """The identity of n rows, or a batch of them.

    Args:
        num_rows: n, scalar int or integer tensor.
        batch_shape: shape of the batch, list of ints or 1-D integer tensor; default no batch.
        dtype: its dtype; default float32.
        is_non_singular: must be True.
        is_self_adjoint: must be True.
        is_positive_definite: must be True.
        is_square: must be True.
        assert_proper_shapes: whether to check when run what the graph cannot tell.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint is not True, or a size is negative or of the wrong rank.
        TypeError: a size is not an integer.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorIdentity(2, batch_shape=[3])
        >>> operator.shape.as_list(), operator.matmul(fg.ones([2, 4])).shape.as_list()
        ([3, 2, 2], [3, 2, 4])
    """

    def __init__(self, num_rows: Any, batch_shape: Any = None, dtype: Any = None,
                 is_non_singular: Any = True, is_self_adjoint: Any = True,
                 is_positive_definite: Any = True, is_square: Any = True,
                 assert_proper_shapes: bool = False,
                 name: str = "LinearOperatorIdentity") -> None:
        given = {"is_non_singular": is_non_singular, "is_self_adjoint": is_self_adjoint,
                 "is_positive_definite": is_positive_definite, "is_square": is_square}
        for hint, value in given.items():
            if not value:
                raise ValueError(located(f"{hint}={value} cannot be: the identity has it"))
        with name_scope(name):
            super().__init__(as_dtype(dtype or dt.float32), name=name, **given)
            self._take_sizes(num_rows, None, batch_shape, assert_proper_shapes)

    def _assert_non_singular(self) -> Any:
        return no_op("assert_non_singular")

    def _assert_positive_definite(self) -> Any:
        return no_op("assert_positive_definite")

    def _assert_self_adjoint(self) -> Any:
        return no_op("assert_self_adjoint")

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._over_the_batch(self._fitting(adjoint_of(x) if adjoint_arg else x))

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._matmul(rhs, adjoint_arg=adjoint_arg)

    def _determinant(self) -> Any:
        return ones(self._batch_sizes(), self.dtype)

    def _log_abs_determinant(self) -> Any:
        return zeros(self._batch_sizes(), self.dtype)

    def _trace(self) -> Any:
        return cast(self.domain_dimension_tensor(), self.dtype) * self._determinant()

    def _diag_part(self) -> Any:
        sizes = self.shape[:-1]
        return ones(sizes.as_list() if sizes.is_fully_defined() else self.shape_tensor()[:-1],
                    self.dtype)

    def _add_to_tensor(self, x: Any) -> Any:
        x = self._over_the_batch(x)
        return matrix_set_diag(x, 1 + matrix_diag_part(x))

    def _adjoint_operator(self) -> LinearOperator:
        return self

    def _inverse_operator(self) -> LinearOperator:
        return self

    def _cholesky_operator(self) -> LinearOperator:
        return self


class LinearOperatorScaledIdentity(Sized):
    """The identity of n rows times a number, or times each number of a batch.

    Args:
        num_rows: n, scalar int or integer tensor.
        multiplier: tensor [...] of a floating or complex dtype: the numbers.
        is_non_singular: whether no number is 0; None if nobody knows.
        is_self_adjoint: whether the numbers are real; True for a real dtype.
        is_positive_definite: whether their real parts are positive.
        is_square: must be True.
        assert_proper_shapes: whether to check when run what the graph cannot tell.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be, or num_rows is negative or of the wrong rank.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorScaledIdentity(2, multiplier=3.0)
        >>> fg.Session().run([operator.matvec([1.0, 2.0]), operator.determinant()])
        [array([3., 6.], dtype=float32), np.float32(9.0)]
    """

    def __init__(self, num_rows: Any, multiplier: Any, is_non_singular: Any = None,
                 is_self_adjoint: Any = None, is_positive_definite: Any = None,
                 is_square: Any = True, assert_proper_shapes: bool = False,
                 name: str = "LinearOperatorScaledIdentity") -> None:
        if not is_square:
            raise ValueError(located(f"is_square={is_square} cannot be: a scaled identity is "
                                     "square"))
        with name_scope(name, values=[multiplier, num_rows]):
            self._multiplier: Any = convert_to_tensor(multiplier, name="multiplier")
            dtype = self._multiplier.dtype.base_dtype
            super().__init__(
                dtype, is_non_singular=is_non_singular,
                is_self_adjoint=hints.real_diagonal(dtype, is_self_adjoint),
                is_positive_definite=is_positive_definite, is_square=True, name=name)
            self._take_sizes(num_rows, assert_proper_shapes=assert_proper_shapes)

    @property
    def multiplier(self) -> Any:
        """The numbers, [...]."""
        return self._multiplier

    def _shape(self) -> TensorShape:
        return self._multiplier.shape.concatenate(self._static)

    def _shape_tensor(self) -> Any:
        return joined(shape(self._multiplier), super()._shape_tensor())

    def _assert_non_singular(self) -> Any:
        return assert_no_zeros(self._multiplier, "LinearOperator was singular")

    def _assert_positive_definite(self) -> Any:
        return assert_positive(real(self._multiplier),
                               message="LinearOperator was not positive definite.")

    def _assert_self_adjoint(self) -> Any:
        return assert_real(self._multiplier, "LinearOperator was not self-adjoint")

    def _numbers(self, adjoint: bool = False) -> Any:
        """One number for each matrix, to multiply matrices by."""
        numbers = conj(self._multiplier) if adjoint else self._multiplier
        return expand_dims(expand_dims(numbers, -1), -1)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._fitting(adjoint_of(x) if adjoint_arg else x) * self._numbers(adjoint)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._fitting(adjoint_of(rhs) if adjoint_arg else rhs) / self._numbers(adjoint)

    def _determinant(self) -> Any:
        return self._multiplier ** cast(self._num_rows, self.dtype)

    def _log_abs_determinant(self) -> Any:
        return cast(self._num_rows, self.dtype.real_dtype) * log(absolute(self._multiplier))

    def _trace(self) -> Any:
        return self._multiplier * cast(self._num_rows, self.dtype)

    def _diag_part(self) -> Any:
        n = self._static[-1].value
        return expand_dims(self._multiplier, -1) * ones([self._num_rows if n is None else n],
                                                        self.dtype)

    def _add_to_tensor(self, x: Any) -> Any:
        x = x + zeros(joined(self._batch_sizes(), [1, 1]), self.dtype)
        return matrix_set_diag(x, expand_dims(self._multiplier, -1) + matrix_diag_part(x))

    def _adjoint_operator(self) -> LinearOperator:
        return LinearOperatorScaledIdentity(self._num_rows, conj(self._multiplier),
                                            **hints.of(self, is_square=True))

    def _inverse_operator(self) -> LinearOperator:
        return LinearOperatorScaledIdentity(self._num_rows, 1.0 / self._multiplier,
                                            **hints.of(self, is_square=True))

    def _cholesky_operator(self) -> LinearOperator:
        return LinearOperatorScaledIdentity(
            self._num_rows, sqrt(self._multiplier), is_non_singular=True, is_self_adjoint=True,
            is_positive_definite=True)
