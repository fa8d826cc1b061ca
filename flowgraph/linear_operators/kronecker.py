"""The Kronecker product: each entry of one operator times the whole other one.

(A1 x A2) applied to x, whose rows are numbered (n1, n2): A1 works on n1, A2 on n2. Each operator
multiplies the rows that are first, and passes them to the end, so that the next one's are first:

    n1 n2 R  ->  n2 R r1  ->  R r1 r2  ->  r1 r2 R
"""

from __future__ import annotations

from functools import reduce
from operator import add, mul
from typing import Any

from flowgraph.core.shapes import Dimension, TensorShape
from flowgraph.errors import InvalidArgumentError
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import batch_sizes, joined
from flowgraph.linear_operators.composition import OfOperators
from flowgraph.ops.cast import cast
from flowgraph.ops.identity import group
from flowgraph.ops.join import stack
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.reshape import expand_dims, matrix_transpose, reshape
from flowgraph.ops.shape import shape


class LinearOperatorKronecker(OfOperators):
    """The Kronecker product A1 x A2 x ... of operators.

    Args:
        operators: list of LinearOperators of one dtype, whose batches broadcast.
        is_non_singular: whether it is invertible; True if all operators are.
        is_self_adjoint: whether it equals its conjugate transpose; True if all operators do.
        is_positive_definite: whether it is positive definite; True if all operators are.
        is_square: whether it is square; None to tell by the shape.
        name: prefix of its nodes; default the operators' names joined by `_x_`.

    Raises:
        TypeError: operators of different dtypes.
        ValueError: no operators, or a hint that cannot be.

    Example:
        >>> import flowgraph as fg
        >>> a = fg.linalg.LinearOperatorFullMatrix([[1.0, 2.0]])
        >>> b = fg.linalg.LinearOperatorIdentity(2)
        >>> fg.Session().run(fg.linalg.LinearOperatorKronecker([a, b]).to_dense())
        array([[1., 0., 2., 0.],
               [0., 1., 0., 2.]], dtype=float32)
    """

    _kept = ("is_non_singular", "is_self_adjoint", "is_positive_definite")
    _what = "a Kronecker product"
    _between = "_x_"

    def __init__(self, operators: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str | None = None) -> None:
        super().__init__(operators, name, is_non_singular=is_non_singular,
                         is_self_adjoint=is_self_adjoint,
                         is_positive_definite=is_positive_definite, is_square=is_square)

    def _shape(self) -> TensorShape:
        return self._static_batch().concatenate([
            reduce(mul, [operator.range_dimension for operator in self._operators], Dimension(1)),
            reduce(mul, [operator.domain_dimension for operator in self._operators], Dimension(1))])

    def _shape_tensor(self) -> Any:
        return joined(self._dynamic_batch(), stack([
            reduce(mul, self._each("range_dimension_tensor")),
            reduce(mul, self._each("domain_dimension_tensor"))]))

    def _passed_round(self, method: str, x: Any, adjoint: bool, adjoint_arg: bool) -> Any:
        """A method of each operator on its own factor of the rows of `x`."""
        x = adjoint_of(x) if adjoint_arg else x
        columns = x.shape[-1].value
        columns = shape(x)[-1] if columns is None else columns
        rows_in = "range_dimension" if adjoint == (method == "matmul") else "domain_dimension"
        for operator in self._operators:
            n = getattr(operator, rows_in).value
            n = getattr(operator, rows_in + "_tensor")() if n is None else n
            x = reshape(x, joined(batch_sizes(x), [n], [-1]))
            x = matrix_transpose(getattr(operator, method)(x, adjoint=adjoint))
        return matrix_transpose(reshape(x, joined(batch_sizes(x), [columns], [-1])))

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._passed_round("matmul", x, adjoint, adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._passed_round("solve", rhs, adjoint, adjoint_arg)

    def _powers(self) -> list[Any]:
        """How often each operator stands along the diagonal: its determinant's exponent."""
        total = self.domain_dimension_tensor()
        return [cast(total // n, self.dtype) for n in self._each("domain_dimension_tensor")]

    def _determinant(self) -> Any:
        determinants = zip(self._each("determinant"), self._powers(), strict=True)
        return reduce(mul, [one ** power for one, power in determinants])

    def _log_abs_determinant(self) -> Any:
        logarithms = zip(self._logarithms(), self._powers(), strict=True)
        return reduce(add, [one * power for one, power in logarithms])

    def _trace(self) -> Any:
        return reduce(mul, self._each("trace"))

    def _diag_part(self) -> Any:
        if not all(operator.is_square for operator in self._operators):
            return super()._diag_part()
        return reduce(_outer, self._each("diag_part"))

    def _to_dense(self) -> Any:
        dense = reduce(_kronecker, self._each("to_dense"))
        dense.set_shape(self.shape)
        return dense

    def _adjoint_operator(self) -> LinearOperator:
        return LinearOperatorKronecker(self._each("adjoint"), **hints.of(self))

    def _inverse_operator(self) -> LinearOperator:
        return LinearOperatorKronecker(self._each("inverse"), **hints.of(self))

    def _cholesky_operator(self) -> LinearOperator:
        return LinearOperatorKronecker(self._each("cholesky"), is_non_singular=True)

    def _assert_non_singular(self) -> Any:
        return self._assert_each("assert_non_singular", "invertible")

    def _assert_self_adjoint(self) -> Any:
        return self._assert_each("assert_self_adjoint", "self-adjoint")

    def _assert_each(self, method: str, what: str) -> Any:
        if not all(operator.is_square for operator in self._operators):
            raise InvalidArgumentError(None, None, "All Kronecker factors must be square for the "
                                       f"product to be {what}.")
        return group(*self._each(method))


def _outer(a: Any, b: Any) -> Any:
    """Every entry of vectors a [..., m] times every one of b [..., n], as [..., m * n]."""
    product = expand_dims(a, -1) * expand_dims(b, -2)
    return reshape(product, joined(batch_sizes(product), [-1]))


def _kronecker(a: Any, b: Any) -> Any:
    """The Kronecker product of matrices [..., m, n] and [..., k, l], as [..., m * k, n * l]."""
    product = expand_dims(expand_dims(a, -2), -1) * expand_dims(expand_dims(b, -2), -4)
    return reshape(product, joined(shape(product)[:-4], shape(a)[-2:] * shape(b)[-2:]))
