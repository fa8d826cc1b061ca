"""What is known of a matrix: hints, which are True, False, or None where nobody said."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located

NAMES = ("is_non_singular", "is_self_adjoint", "is_positive_definite", "is_square")


def of(operator: Any, **changes: Any) -> dict[str, Any]:
    """The hints of an operator, some of them replaced, as arguments of a constructor."""
    return {name: getattr(operator, name) for name in NAMES} | changes


def shared(operator: Any, given: dict[str, Any], what: str) -> dict[str, Any]:
    """The hints of a matrix which has each property if and only if `operator` has it.

    Raises:
        ValueError: a given hint contradicts the operator's.
    """
    combined = {}
    for name, hint in given.items():
        own = getattr(operator, name)
        if None not in (own, hint) and bool(own) != bool(hint):
            raise ValueError(located(f"{name}={hint} cannot be: an operator and its {what} agree "
                                     f"in it, and {operator.name} has {name}={own}"))
        combined[name] = True if own or hint else False if False in (own, hint) else None
    return combined


def kept(operators: Any, hint: Any, name: str, what: str) -> Any:
    """A hint that is True because it is for all of the operators; else as given.

    Raises:
        ValueError: it is given as False.
    """
    if not all(getattr(operator, name) for operator in operators):
        return hint
    if hint is False:
        raise ValueError(located(f"{name}=False cannot be: {what} of operators with {name}=True "
                                 "has it too"))
    return True


# ---- of a product of two operators ---------------------------------------------------------------


def product_non_singular(a: Any, b: Any) -> Any:
    """Whether a @ b is invertible."""
    if a.is_non_singular is False or b.is_non_singular is False:
        return False
    return a.is_non_singular and b.is_non_singular


def product_square(a: Any, b: Any) -> Any:
    """Whether a @ b is square."""
    if a.is_square and b.is_square:
        return True
    rows, columns = a.range_dimension.value, b.domain_dimension.value
    if rows is not None and columns is not None:
        return rows == columns
    return False if None not in (a.is_square, b.is_square) and a.is_square != b.is_square else None


def commuting(a: Any, b: Any) -> dict[str, Any]:
    """The hints of a square product in which the order of the factors does not matter."""
    adjoint = {a.is_self_adjoint, b.is_self_adjoint}
    definite = all(x.is_positive_definite and x.is_self_adjoint for x in (a, b))
    return {"is_non_singular": product_non_singular(a, b),
            "is_self_adjoint": True if adjoint == {True} else
            False if adjoint == {True, False} else None,
            "is_positive_definite": True if definite else None, "is_square": True}


# ---- of what few numbers describe ----------------------------------------------------------------


def real_diagonal(dtype: Any, is_self_adjoint: Any) -> Any:
    """`is_self_adjoint` of a matrix with these (eigen)values: True for real ones."""
    if dtype.is_complex:
        return is_self_adjoint
    if is_self_adjoint is False:
        raise ValueError(located("is_self_adjoint=False cannot be: an operator with a real "
                                 "diagonal, or a real spectrum, is always self-adjoint"))
    return True
