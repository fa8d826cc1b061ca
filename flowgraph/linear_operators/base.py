"""LinearOperator: the interface of matrices known by what they do.

A kind of operator says its shape in `_shape` and `_shape_tensor` and multiplies in `_matmul`; the
rest has defaults here, which go through the dense matrix. It overrides those it can do better:

    matmul, matvec            _matmul, _matvec          determinant          _determinant
    solve, solvevec           _solve, _solvevec         log_abs_determinant  _log_abs_determinant
    to_dense, add_to_tensor   _to_dense, _add_to_tensor diag_part, trace     _diag_part, _trace
    adjoint                   _adjoint_operator         assert_...           _assert_...
    inverse, cholesky         _inverse_operator, _cholesky_operator

The public methods check arguments and name the nodes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import Dimension, TensorShape, dimension_at_index
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.batches import solve_by_cholesky, solve_dense
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.assertions import assert_equal, assert_less, assert_positive
from flowgraph.ops.complex_numbers import real
from flowgraph.ops.constant import eye
from flowgraph.ops.decomposition import cholesky, svd
from flowgraph.ops.determinant import matrix_determinant, slogdet
from flowgraph.ops.diagonal import matrix_diag_part
from flowgraph.ops.exponential import exp, log
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.reduce import reduce_max, reduce_min, reduce_sum
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.shape import size


class LinearOperator:
    """Base of linear operators: matrices [..., M, N] that need not be there in full.

    A kind of operator defines `_shape`, `_shape_tensor` and `_matmul(x, adjoint, adjoint_arg)`,
    and what else it can do better than by the dense matrix: `_solve`, `_determinant`, ...

    Args:
        dtype: dtype of the matrix, and of what it is applied to.
        graph_parents: list of tensors that define it.
        is_non_singular: whether it is invertible; None if nobody knows.
        is_self_adjoint: whether it equals its conjugate transpose; None if nobody knows.
        is_positive_definite: whether x^H A x has a positive real part for every x but 0.
        is_square: whether it is square; None to tell by the shape.
        name: prefix of the nodes that its methods add; default the class's name.

    Raises:
        ValueError: the hints contradict each other, or a graph parent is no tensor.

    Example:
        >>> import flowgraph as fg
        >>> class Twice(fg.linalg.LinearOperator):
        ...     def _shape(self):
        ...         return fg.TensorShape([2, 2])
        ...     def _matmul(self, x, adjoint=False, adjoint_arg=False):
        ...         return 2.0 * (fg.linalg.adjoint(x) if adjoint_arg else x)
        >>> fg.Session().run(Twice(fg.float32).solve([[2.0], [6.0]]))
        array([[1.],
               [3.]], dtype=float32)
    """

    def __init__(self, dtype: Any, graph_parents: Any = None, is_non_singular: Any = None,
                 is_self_adjoint: Any = None, is_positive_definite: Any = None,
                 is_square: Any = None, name: str | None = None) -> None:
        if is_positive_definite and is_non_singular is False:
            raise ValueError(located("is_non_singular=False cannot be: a positive definite matrix "
                                     "is always non-singular"))
        is_non_singular = True if is_positive_definite else is_non_singular
        for hint, word in ((is_non_singular, "non-singular"), (is_self_adjoint, "self-adjoint")):
            if hint and is_square is False:
                raise ValueError(located(f"is_square=False cannot be: a {word} matrix is always "
                                         "square"))
            is_square = True if hint else is_square
        for parent in graph_parents or ():
            if not is_tensor_like(parent):
                raise ValueError(located(f"graph_parents must be tensors, got {parent!r:.100}"))
        self._dtype = as_dtype(dtype).base_dtype if dtype else dtype
        self._graph_parents = list(graph_parents or ())
        self._is_non_singular = is_non_singular
        self._is_self_adjoint = is_self_adjoint
        self._is_positive_definite = is_positive_definite
        self._is_square = is_square
        self._name = name or type(self).__name__

    # ---- what it is ------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The prefix of the nodes that its methods add."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The dtype of the matrix."""
        return self._dtype

    @property
    def graph_parents(self) -> list[Any]:
        """The tensors that define it."""
        return self._graph_parents

    @property
    def is_non_singular(self) -> Any:
        """Whether it is invertible; None if nobody knows."""
        return self._is_non_singular

    @property
    def is_self_adjoint(self) -> Any:
        """Whether it equals its conjugate transpose; None if nobody knows."""
        return self._is_self_adjoint

    @property
    def is_positive_definite(self) -> Any:
        """Whether it is positive definite; None if nobody knows."""
        return self._is_positive_definite

    @property
    def is_square(self) -> Any:
        """Whether it is square: as said, else by its shape; None if neither tells."""
        by_shape = self.domain_dimension == self.range_dimension
        if self._is_square is False and by_shape:
            raise ValueError(located(f"{self.name} has is_square=False, and its shape {self.shape} "
                                     "is"))
        return by_shape if self._is_square is None else self._is_square

    @property
    def shape(self) -> TensorShape:
        """The static shape [..., M, N]."""
        return self._shape()

    @property
    def batch_shape(self) -> TensorShape:
        """The static shape of the batch, [...]."""
        return self.shape[:-2]

    @property
    def tensor_rank(self) -> int | None:
        """The rank of the dense matrix, the batch counted; None if unknown."""
        return self.shape.ndims

    @property
    def domain_dimension(self) -> Dimension:
        """N: the length of the vectors it takes."""
        return dimension_at_index(self.shape, -1)

    @property
    def range_dimension(self) -> Dimension:
        """M: the length of the vectors it gives."""
        return dimension_at_index(self.shape, -2)

    def shape_tensor(self, name: str = "shape_tensor") -> Any:
        """The shape [..., M, N] as a 1-D tensor; `name` is that of the scope."""
        with self._name_scope(name):
            if self.shape.is_fully_defined():
                return convert_to_tensor(self.shape.as_list(), "int32", name="shape")
            return self._shape_tensor()

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Any:
        """The shape of the batch as a 1-D tensor; `name` is that of the scope."""
        with self._name_scope(name):
            if self.batch_shape.is_fully_defined():
                return convert_to_tensor(self.batch_shape.as_list(), "int32", name="batch_shape")
            return self.shape_tensor()[:-2]

    def tensor_rank_tensor(self, name: str = "tensor_rank_tensor") -> Any:
        """The rank of the dense matrix as a scalar tensor; `name` is that of the scope."""
        with self._name_scope(name):
            rank = self.tensor_rank
            return size(self.shape_tensor()) if rank is None else convert_to_tensor(rank)

    def domain_dimension_tensor(self, name: str = "domain_dimension_tensor") -> Any:
        """N as a scalar tensor; `name` is that of the scope."""
        with self._name_scope(name):
            n = self.domain_dimension.value
            return self.shape_tensor()[-1] if n is None else convert_to_tensor(n)

    def range_dimension_tensor(self, name: str = "range_dimension_tensor") -> Any:
        """M as a scalar tensor; `name` is that of the scope."""
        with self._name_scope(name):
            m = self.range_dimension.value
            return self.shape_tensor()[-2] if m is None else convert_to_tensor(m)

    # ---- what it does ----------------------------------------------------------------------------

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False,
               name: str = "matmul") -> Any:
        """Multiplies matrices by it: A @ x.

        Args:
            x: tensor [..., N, R] of its dtype, whose batch broadcasts with its own; or another
                operator, for the operator of the product.
            adjoint: whether to multiply by A^H.
            adjoint_arg: whether to multiply x^H.
            name: name of the scope.

        Returns:
            A tensor [..., M, R]; an operator for an operator.
        """
        if isinstance(x, LinearOperator):
            from flowgraph.linear_operators import products
            a, b = self._two(x, adjoint, adjoint_arg)
            with self._name_scope(name):
                return products.product(a, b)
        with self._name_scope(name):
            x = self._argument(x, "x", -2 if adjoint else -1, -1 if adjoint_arg else -2)
            return self._matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def __matmul__(self, other: Any) -> Any:
        return self.matmul(other)

    def matvec(self, x: Any, adjoint: bool = False, name: str = "matvec") -> Any:
        """Multiplies vectors by it: A x.

        Args:
            x: tensor [..., N] of its dtype, whose batch broadcasts with its own.
            adjoint: whether to multiply by A^H.
            name: name of the scope.

        Returns:
            A tensor [..., M].
        """
        with self._name_scope(name):
            return self._matvec(self._argument(x, "x", -2 if adjoint else -1, -1), adjoint=adjoint)

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False,
              name: str = "solve") -> Any:
        """Solves A @ x = rhs.

        Args:
            rhs: tensor [..., N, R] of its dtype, whose batch broadcasts with its own; or another
                operator, for the operator of the solution.
            adjoint: whether to solve with A^H.
            adjoint_arg: whether to solve for rhs^H.
            name: name of the scope.

        Returns:
            A tensor [..., N, R]; an operator for an operator.

        Raises:
            NotImplementedError: it is known to be singular, or not square.
        """
        for word, hint in (("singular", self.is_non_singular), ("not square", self.is_square)):
            if hint is False:
                raise NotImplementedError(located(f"{self.name} is {word}: it cannot be solved "
                                                  "exactly"))
        if isinstance(rhs, LinearOperator):
            from flowgraph.linear_operators import products
            a, b = self._two(rhs, adjoint, adjoint_arg)
            with self._name_scope(name):
                return products.solution(a, b)
        with self._name_scope(name):
            rhs = self._argument(rhs, "rhs", -1 if adjoint else -2, -1 if adjoint_arg else -2)
            return self._solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str = "solve") -> Any:
        """Solves A x = rhs for vectors.

        Args:
            rhs: tensor [..., N] of its dtype, whose batch broadcasts with its own.
            adjoint: whether to solve with A^H.
            name: name of the scope.

        Returns:
            A tensor [..., N].
        """
        with self._name_scope(name):
            rhs = self._argument(rhs, "rhs", -1 if adjoint else -2, -1)
            return self._solvevec(rhs, adjoint=adjoint)

    def determinant(self, name: str = "det") -> Any:
        """The determinants, [...]; `name` is that of the scope."""
        self._check_square("a determinant", NotImplementedError)
        with self._name_scope(name):
            return self._determinant()

    def log_abs_determinant(self, name: str = "log_abs_det") -> Any:
        """The logarithms of the determinants' sizes, [...]; `name` is that of the scope."""
        self._check_square("a determinant", NotImplementedError)
        with self._name_scope(name):
            return self._log_abs_determinant()

    def to_dense(self, name: str = "to_dense") -> Any:
        """The matrix itself, [..., M, N]; `name` is that of the scope."""
        with self._name_scope(name):
            return self._to_dense()

    def diag_part(self, name: str = "diag_part") -> Any:
        """The main diagonals, [..., min(M, N)]; `name` is that of the scope."""
        with self._name_scope(name):
            return self._diag_part()

    def trace(self, name: str = "trace") -> Any:
        """The sums of the main diagonals, [...]; `name` is that of the scope."""
        with self._name_scope(name):
            return self._trace()

    def add_to_tensor(self, x: Any, name: str = "add_to_tensor") -> Any:
        """A + x, for a tensor `x` [..., M, N] of its dtype; `name` is that of the scope."""
        with self._name_scope(name):
            return self._add_to_tensor(self._typed(x, "x"))

    def adjoint(self, name: str = "adjoint") -> LinearOperator:
        """The operator of the conjugate transposes A^H; `name` is that of the scope."""
        if self.is_self_adjoint is True:
            return self
        with self._name_scope(name):
            return self._adjoint_operator()

    H = property(adjoint, None, None, "The operator of the conjugate transposes A^H.")

    def inverse(self, name: str = "inverse") -> LinearOperator:
        """The operator of the inverses; `name` is that of the scope. ValueError if there is none.
        """
        self._check_square("an inverse", ValueError)
        if self.is_non_singular is False:
            raise ValueError(located(f"{self.name} is singular: it has no inverse"))
        with self._name_scope(name):
            return self._inverse_operator()

    def cholesky(self, name: str = "cholesky") -> LinearOperator:
        """The operator L, lower triangular, with L @ L^H = A; `name` is that of the scope.

        Raises:
            ValueError: nobody said that it is self-adjoint and positive definite.
        """
        if not self._can_use_cholesky():
            raise ValueError(located(f"{self.name} needs is_self_adjoint=True and "
                                     "is_positive_definite=True for a Cholesky decomposition"))
        with self._name_scope(name):
            return self._cholesky_operator()

    def assert_non_singular(self, name: str = "assert_non_singular") -> Any:
        """An operation that raises when it runs if it is singular; `name` is that of the scope."""
        with self._name_scope(name):
            return self._assert_non_singular()

    def assert_positive_definite(self, name: str = "assert_positive_definite") -> Any:
        """An operation that raises when it runs if it is not positive definite.

        `name` is that of the scope.
        """
        with self._name_scope(name):
            return self._assert_positive_definite()

    def assert_self_adjoint(self, name: str = "assert_self_adjoint") -> Any:
        """An operation that raises when it runs if it is not its conjugate transpose.

        `name` is that of the scope.
        """
        with self._name_scope(name):
            return self._assert_self_adjoint()

    # ---- what a kind defines, or does better -----------------------------------------------------

    def _shape(self) -> TensorShape:
        raise NotImplementedError(located(f"{type(self).__name__} does not define _shape"))

    def _shape_tensor(self) -> Any:
        raise NotImplementedError(located(f"{type(self).__name__} does not define _shape_tensor"))

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        raise NotImplementedError(located(f"{type(self).__name__} does not define _matmul"))

    def _matvec(self, x: Any, adjoint: bool = False) -> Any:
        return squeeze(self.matmul(expand_dims(x, -1), adjoint=adjoint), axis=[-1])

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        if self._can_use_cholesky():
            return solve_by_cholesky(cholesky(self.to_dense()), rhs)
        return solve_dense(self.to_dense(), rhs, adjoint)

    def _solvevec(self, rhs: Any, adjoint: bool = False) -> Any:
        return squeeze(self.solve(expand_dims(rhs, -1), adjoint=adjoint), axis=[-1])

    def _determinant(self) -> Any:
        if self._can_use_cholesky():
            return exp(self.log_abs_determinant())
        return matrix_determinant(self.to_dense())

    def _log_abs_determinant(self) -> Any:
        if self._can_use_cholesky():
            return 2 * reduce_sum(log(matrix_diag_part(cholesky(self.to_dense()))), axis=[-1])
        return slogdet(self.to_dense()).log_abs_determinant

    def _to_dense(self) -> Any:
        batch, n = self.batch_shape, self.domain_dimension.value
        return self.matmul(eye(
            self.domain_dimension_tensor() if n is None else n,
            batch_shape=batch.as_list() if batch.is_fully_defined() else self.batch_shape_tensor(),
            dtype=self.dtype))

    def _diag_part(self) -> Any:
        return matrix_diag_part(self.to_dense())

    def _trace(self) -> Any:
        return reduce_sum(self.diag_part(), axis=-1)

    def _add_to_tensor(self, x: Any) -> Any:
        return self.to_dense() + x

    def _adjoint_operator(self) -> LinearOperator:
        from flowgraph.linear_operators.derived import LinearOperatorAdjoint
        return LinearOperatorAdjoint(self, **hints.of(self))

    def _inverse_operator(self) -> LinearOperator:
        from flowgraph.linear_operators.derived import LinearOperatorInversion
        return LinearOperatorInversion(self, **hints.of(self))

    def _cholesky_operator(self) -> LinearOperator:
        from flowgraph.linear_operators.triangular import LinearOperatorLowerTriangular
        return LinearOperatorLowerTriangular(cholesky(self.to_dense()), is_non_singular=True,
                                             is_self_adjoint=False, is_square=True)

    def _assert_non_singular(self) -> Any:
        if self._can_use_cholesky():
            return self.assert_positive_definite()
        values = svd(self.to_dense(), compute_uv=False)
        most = 1 / (np.finfo(self.dtype.as_numpy_dtype).eps
                    * max(100, self.range_dimension.value or 0, self.domain_dimension.value or 0))
        return assert_less(reduce_max(values, axis=-1) / reduce_min(values, axis=-1),
                           values.dtype.as_numpy_dtype(most),
                           message="Singular matrix up to precision epsilon.")

    def _assert_positive_definite(self) -> Any:
        if not self.is_self_adjoint:
            raise NotImplementedError(located(f"{self.name}.assert_positive_definite() works only "
                                              "with is_self_adjoint=True"))
        return assert_positive(real(matrix_diag_part(cholesky(self.to_dense()))),
                               message="Matrix was not positive definite.")

    def _assert_self_adjoint(self) -> Any:
        dense = self.to_dense()
        return assert_equal(dense, adjoint_of(dense),
                            message="Matrix was not equal to its adjoint.")

    # ---- checks ----------------------------------------------------------------------------------

    def _can_use_cholesky(self) -> bool:
        return bool(self.is_self_adjoint and self.is_positive_definite)

    def _check_square(self, what: str, error: type[Exception]) -> None:
        if self.is_square is False:
            raise error(located(f"{self.name} is not square: it has not {what}"))

    def _two(self, other: LinearOperator, adjoint: bool,
             adjoint_arg: bool) -> tuple[LinearOperator, LinearOperator]:
        a = self.adjoint() if adjoint else self
        b = other.adjoint() if adjoint_arg else other
        if not a.domain_dimension.is_compatible_with(b.range_dimension):
            raise ValueError(located(f"{a.name} of shape {a.shape} and {b.name} of shape {b.shape} "
                                     "do not fit: the inner sizes must be equal"))
        return a, b

    def _typed(self, value: Any, what: str) -> Any:
        tensor = convert_to_tensor(value, name=what)
        if tensor.dtype.base_dtype != self.dtype:
            raise TypeError(located(f"{self.name} takes {what} of dtype {self.dtype.name}, got "
                                    f"{tensor.dtype.name}. Write tf.cast({what}, "
                                    f"tf.{self.dtype.name})."))
        return tensor

    def _argument(self, value: Any, what: str, own_axis: int, axis: int) -> Any:
        """A tensor whose size on `axis` fits this operator's on `own_axis`."""
        tensor = self._typed(value, what)
        least = 1 if axis == own_axis == -1 else -axis
        if tensor.shape.ndims is not None and tensor.shape.ndims < least:
            raise ValueError(located(f"{self.name} takes {what} of rank {least} or more, got a "
                                     f"tensor of shape {tensor.shape}"))
        if not dimension_at_index(self.shape, own_axis).is_compatible_with(
                dimension_at_index(tensor.shape, axis)):
            raise ValueError(located(f"{self.name} of shape {self.shape} does not fit {what} of "
                                     f"shape {tensor.shape}"))
        return tensor

    def _name_scope(self, name: str | None = None) -> name_scope:
        return name_scope(self.name if name is None else f"{self.name}/{name}",
                          values=self._graph_parents)
