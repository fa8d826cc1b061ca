"""The product of operators; and what all operators made of a list share."""

from __future__ import annotations

from functools import reduce
from operator import add, mul
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import joined
from flowgraph.ops.cast import cast
from flowgraph.ops.join import stack
from flowgraph.ops.shape import broadcast_dynamic_shape, broadcast_static_shape
from flowgraph.ops.type_checks import assert_proper_iterable


class OfOperators(LinearOperator):
    """An operator made of a list of them, which has the hints named in `_kept` if all of them do.
    """

    _kept: tuple[str, ...] = ()
    _what = ""
    _between = ""

    def __init__(self, operators: Any, name: str | None = None, **given: Any) -> None:
        assert_proper_iterable(operators)
        self._operators = list(operators)
        if not self._operators:
            raise ValueError(located(f"{self._what} needs at least one operator, got an empty "
                                     "list"))
        dtypes = [operator.dtype for operator in self._operators]
        if len(set(dtypes)) > 1:
            found = ", ".join(f"{operator.name}: {operator.dtype.name}"
                              for operator in self._operators)
            raise TypeError(located(f"{self._what} needs operators of one dtype, got {found}"))
        for hint in self._kept:
            given[hint] = hints.kept(self._operators, given[hint], hint, self._what)
        parents = [parent for operator in self._operators for parent in operator.graph_parents]
        if name is None:
            name = self._between.join(operator.name for operator in self._operators)
        super().__init__(dtypes[0], parents, name=name, **given)

    @property
    def operators(self) -> list[LinearOperator]:
        """The operators it is made of."""
        return self._operators

    def _static_batch(self) -> TensorShape:
        return reduce(broadcast_static_shape, [o.batch_shape for o in self._operators])

    def _dynamic_batch(self) -> Any:
        return reduce(broadcast_dynamic_shape, [o.batch_shape_tensor() for o in self._operators])

    def _each(self, method: str) -> list[Any]:
        """What a method without arguments gives for each of the operators."""
        return [getattr(operator, method)() for operator in self._operators]

    def _logarithms(self) -> list[Any]:
        """Each log_abs_determinant in this dtype; some complex operators give a real one."""
        return [cast(one, self.dtype) for one in self._each("log_abs_determinant")]


class LinearOperatorComposition(OfOperators):
    """The product A1 @ A2 @ ... of operators.

    Args:
        operators: list of LinearOperators of one dtype; neighbours' inner sizes are equal, and
            their batches broadcast.
        is_non_singular: whether it is invertible; True if all operators are.
        is_self_adjoint: whether it equals its conjugate transpose; None if nobody knows.
        is_positive_definite: whether it is positive definite; None if nobody knows.
        is_square: whether it is square; None to tell by the shape.
        name: prefix of its nodes; default the operators' names joined by `_o_`.

    Raises:
        TypeError: operators of different dtypes.
        ValueError: no operators, or a hint that cannot be.

    Example:
        >>> import flowgraph as fg
        >>> a = fg.linalg.LinearOperatorFullMatrix([[1.0, 2.0], [3.0, 4.0]])
        >>> b = fg.linalg.LinearOperatorDiag([1.0, 10.0])
        >>> fg.Session().run(fg.linalg.LinearOperatorComposition([a, b]).to_dense())
        array([[ 1., 20.],
               [ 3., 40.]], dtype=float32)
    """

    _kept = ("is_non_singular",)
    _what = "a composition"
    _between = "_o_"

    def __init__(self, operators: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str | None = None) -> None:
        super().__init__(operators, name, is_non_singular=is_non_singular,
                         is_self_adjoint=is_self_adjoint,
                         is_positive_definite=is_positive_definite, is_square=is_square)

    def _shape(self) -> TensorShape:
        for left, right in zip(self._operators, self._operators[1:], strict=False):
            left.domain_dimension.assert_is_compatible_with(right.range_dimension)
        return self._static_batch().concatenate([self._operators[0].range_dimension,
                                                 self._operators[-1].domain_dimension])

    def _shape_tensor(self) -> Any:
        return joined(self._dynamic_batch(), stack([
            self._operators[0].range_dimension_tensor(),
            self._operators[-1].domain_dimension_tensor()]))

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        first, *rest = self._operators if adjoint else self._operators[::-1]
        return reduce(lambda y, operator: operator.matmul(y, adjoint=adjoint), rest,
                      first.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg))

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        first, *rest = self._operators[::-1] if adjoint else self._operators
        return reduce(lambda y, operator: operator.solve(y, adjoint=adjoint), rest,
                      first.solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg))

    def _determinant(self) -> Any:
        return reduce(mul, self._each("determinant"))

    def _log_abs_determinant(self) -> Any:
        return reduce(add, self._logarithms())
