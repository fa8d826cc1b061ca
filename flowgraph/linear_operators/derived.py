"""The conjugate transpose and the inverse of another operator."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import joined
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.matrices import adjoint as adjoint_of


class _Derived(LinearOperator):
    """An operator that has each hint if and only if another one has it."""

    _what = ""
    _suffix = ""

    def __init__(self, operator: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str | None = None) -> None:
        given = {"is_square": is_square, "is_non_singular": is_non_singular,
                 "is_self_adjoint": is_self_adjoint, "is_positive_definite": is_positive_definite}
        name = operator.name + self._suffix if name is None else name
        self._operator = operator
        with name_scope(name, values=operator.graph_parents):
            super().__init__(operator.dtype, operator.graph_parents, name=name,
                             **hints.shared(operator, given, self._what))

    @property
    def operator(self) -> LinearOperator:
        """The operator that it is made from."""
        return self._operator

    def _assert_non_singular(self) -> Any:
        return self._operator.assert_non_singular()

    def _assert_positive_definite(self) -> Any:
        return self._operator.assert_positive_definite()

    def _assert_self_adjoint(self) -> Any:
        return self._operator.assert_self_adjoint()


class LinearOperatorAdjoint(_Derived):
    """The conjugate transpose of another operator.

    Args:
        operator: the LinearOperator.
        is_non_singular: as the operator's, which it must not contradict; so the others.
        is_self_adjoint: whether it equals its conjugate transpose.
        is_positive_definite: whether it is positive definite.
        is_square: whether it is square.
        name: prefix of its nodes; default the operator's with `_adjoint`.

    Raises:
        ValueError: a hint contradicts the operator's.

    Example:
        >>> import flowgraph as fg
        >>> matrix = fg.linalg.LinearOperatorFullMatrix([[1.0, 2.0], [3.0, 4.0]])
        >>> fg.Session().run(fg.linalg.LinearOperatorAdjoint(matrix).to_dense())
        array([[1., 3.],
               [2., 4.]], dtype=float32)
    """

    _what = "conjugate transpose"
    _suffix = "_adjoint"

    def __init__(self, operator: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str | None = None) -> None:
        super().__init__(operator, is_non_singular, is_self_adjoint, is_positive_definite,
                         is_square, name)

    def _shape(self) -> TensorShape:
        sizes = self._operator.shape
        if sizes.ndims is None:
            return sizes
        return sizes[:-2].concatenate([sizes[-1], sizes[-2]])

    def _shape_tensor(self) -> Any:
        sizes = self._operator.shape_tensor()
        return joined(sizes[:-2], sizes[-1:], sizes[-2:-1])

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._operator.matmul(x, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _matvec(self, x: Any, adjoint: bool = False) -> Any:
        return self._operator.matvec(x, adjoint=not adjoint)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._operator.solve(rhs, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _solvevec(self, rhs: Any, adjoint: bool = False) -> Any:
        return self._operator.solvevec(rhs, adjoint=not adjoint)

    def _determinant(self) -> Any:
        return conj(self._operator.determinant())

    def _log_abs_determinant(self) -> Any:
        return self._operator.log_abs_determinant()

    def _trace(self) -> Any:
        return conj(self._operator.trace())

    def _diag_part(self) -> Any:
        return conj(self._operator.diag_part())

    def _to_dense(self) -> Any:
        return adjoint_of(self._operator.to_dense())

    def _adjoint_operator(self) -> LinearOperator:
        return self._operator


class LinearOperatorInversion(_Derived):
    """The inverse of another operator.

    Args:
        operator: the LinearOperator; it must not be known to be singular.
        is_non_singular: as the operator's, which it must not contradict; so the others.
        is_self_adjoint: whether it equals its conjugate transpose.
        is_positive_definite: whether it is positive definite.
        is_square: whether it is square.
        name: prefix of its nodes; default the operator's with `_inv`.

    Raises:
        ValueError: a hint contradicts the operator's, or it has no inverse.

    Example:
        >>> import flowgraph as fg
        >>> matrix = fg.linalg.LinearOperatorFullMatrix([[2.0, 0.0], [0.0, 4.0]])
        >>> fg.Session().run(fg.linalg.LinearOperatorInversion(matrix).to_dense())
        array([[0.5 , 0.  ],
               [0.  , 0.25]], dtype=float32)
    """

    _what = "inverse"
    _suffix = "_inv"

    def __init__(self, operator: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str | None = None) -> None:
        for hint, pair in (("is_non_singular", (operator.is_non_singular, is_non_singular)),
                           ("is_square", (operator.is_square, is_square))):
            if False in pair:
                raise ValueError(located(f"an inverse needs {hint} to be True or None, got "
                                         f"{pair[0]} of the operator and {pair[1]}"))
        super().__init__(operator, is_non_singular, is_self_adjoint, is_positive_definite,
                         is_square, name)

    def _shape(self) -> TensorShape:
        return self._operator.shape

    def _shape_tensor(self) -> Any:
        return self._operator.shape_tensor()

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._operator.solve(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._operator.matmul(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _determinant(self) -> Any:
        return 1.0 / self._operator.determinant()

    def _log_abs_determinant(self) -> Any:
        return -1.0 * self._operator.log_abs_determinant()

    def _inverse_operator(self) -> LinearOperator:
        return self._operator
