"""Products and solutions of two operators, as operators.

Pairs whose product is simple give a simple operator, such as a diagonal one for two diagonals; the
others give a composition.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.circulant import LinearOperatorCirculant
from flowgraph.linear_operators.composition import LinearOperatorComposition
from flowgraph.linear_operators.derived import LinearOperatorInversion
from flowgraph.linear_operators.diag import LinearOperatorDiag
from flowgraph.linear_operators.identity import (
    LinearOperatorIdentity,
    LinearOperatorScaledIdentity,
)
from flowgraph.linear_operators.triangular import LinearOperatorLowerTriangular
from flowgraph.linear_operators.zeros import LinearOperatorZeros
from flowgraph.ops.reshape import expand_dims


def product(a: LinearOperator, b: LinearOperator) -> LinearOperator:
    """The operator a @ b."""
    if isinstance(a, LinearOperatorIdentity):
        return b
    if isinstance(b, LinearOperatorIdentity):
        return a
    for zeros in (a, b):
        if isinstance(zeros, LinearOperatorZeros):
            if not (a.is_square and b.is_square):
                raise ValueError(located(f"{a.name} and {b.name} must both be square: one is all "
                                         "zeros"))
            return zeros
    if _is_diagonal(a) and _is_diagonal(b) and LinearOperatorDiag in (type(a), type(b)):
        return LinearOperatorDiag(_diagonal(a) * _diagonal(b), **hints.commuting(a, b))
    if isinstance(a, LinearOperatorDiag) and isinstance(b, LinearOperatorLowerTriangular):
        return _triangular(expand_dims(a.diag, -1) * b.to_dense(), a, b)
    if isinstance(a, LinearOperatorLowerTriangular) and isinstance(b, LinearOperatorDiag):
        return _triangular(a.to_dense() * expand_dims(b.diag, -2), a, b)
    if isinstance(a, LinearOperatorCirculant) and isinstance(b, LinearOperatorCirculant):
        return LinearOperatorCirculant(a.spectrum * b.spectrum, a.dtype, **hints.commuting(a, b))
    return _composition(a, b, [a, b])


def solution(a: LinearOperator, b: LinearOperator) -> LinearOperator:
    """The operator a^-1 @ b."""
    if isinstance(a, LinearOperatorInversion):
        return a.operator.matmul(b)
    if isinstance(a, LinearOperatorIdentity):
        return b
    if _is_diagonal(a) and _is_diagonal(b) and LinearOperatorDiag in (type(a), type(b)):
        return LinearOperatorDiag(_diagonal(b) / _diagonal(a), **hints.commuting(a, b))
    if isinstance(a, LinearOperatorDiag) and isinstance(b, LinearOperatorLowerTriangular):
        return _triangular(b.to_dense() / expand_dims(a.diag, -1), a, b)
    if isinstance(a, LinearOperatorCirculant) and isinstance(b, LinearOperatorCirculant):
        return LinearOperatorCirculant(b.spectrum / a.spectrum, a.dtype, **hints.commuting(a, b))
    return _composition(a, b, [LinearOperatorInversion(a), b])


def _is_diagonal(operator: LinearOperator) -> bool:
    return isinstance(operator, (LinearOperatorDiag, LinearOperatorScaledIdentity))


def _diagonal(operator: Any) -> Any:
    if isinstance(operator, LinearOperatorScaledIdentity):
        return expand_dims(operator.multiplier, -1)
    return operator.diag


def _triangular(tril: Any, a: LinearOperator, b: LinearOperator) -> LinearOperator:
    return LinearOperatorLowerTriangular(
        tril, **(hints.commuting(a, b) | {"is_positive_definite": None}))


def _composition(a: LinearOperator, b: LinearOperator, operators: Any) -> LinearOperator:
    square = hints.product_square(a, b)
    if square is False:
        return LinearOperatorComposition(operators, is_non_singular=False, is_self_adjoint=False,
                                         is_positive_definite=False, is_square=False)
    return LinearOperatorComposition(
        operators, is_non_singular=hints.product_non_singular(a, b) if square else None,
        is_square=square)
