"""Shape rules that many ops share, on plain shape tuples; they raise ShapeError(rule, advice).

`build` puts the op's name, line and inputs around the rule.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import shapes
from flowgraph.core.spec import Shape, Spec, shape_text
from flowgraph.errors import ShapeError


def broadcast(*specs: Spec) -> Shape:
    """The shape of an elementwise op over the inputs, by NumPy's broadcasting rule."""
    result = specs[0].shape
    for spec in specs[1:]:
        try:
            result = shapes.broadcast(result, spec.shape)
        except ValueError as error:
            raise ShapeError(f"cannot broadcast {shape_text(result)} with {shape_text(spec.shape)}",
                             f"Shapes are aligned at the right; {error}.") from None
    return result


def require_rank(spec: Spec, rank: int, what: str) -> None:
    """Raises unless `spec` has, or may have, `rank`."""
    if spec.shape is not None and len(spec.shape) != rank:
        raise ShapeError(f"needs {what} of rank {rank}, got {shape_text(spec.shape)}")


def require_rank_at_least(spec: Spec, rank: int, what: str) -> None:
    """Raises when the rank of `spec` is known to be below `rank`."""
    if spec.shape is not None and len(spec.shape) < rank:
        raise ShapeError(f"needs {what} of rank {rank} or more, got {shape_text(spec.shape)}")


def merge(what: str, *specs: Spec) -> Shape:
    """The one shape that all inputs must have."""
    result = specs[0].shape
    for spec in specs[1:]:
        if not shapes.compatible(result, spec.shape):
            raise ShapeError(f"needs {what} of one shape, got {shape_text(result)} and "
                             f"{shape_text(spec.shape)}")
        result = shapes.merge(result, spec.shape)
    return result


def axis_index(axis: int, rank: int, what: str = "axis") -> int:
    """`axis` counted from the front. Raises when it is not in [-rank, rank)."""
    if not -rank <= axis < rank:
        raise ShapeError(f"has {what} {axis}, but its input has rank {rank}",
                         f"The {what} must be in [{-rank}, {rank}).")
    return axis % rank


def axes(value: Any, rank: int, what: str = "axis") -> tuple[int, ...]:
    """A host input's axes (one int, or a tuple) counted from the front."""
    return tuple(axis_index(a, rank, what)
                 for a in (value if isinstance(value, tuple) else (value,)))


def reduced(shape: Shape, axis: Any, keep_dims: bool) -> Shape:
    """The shape after reducing over `axis` (an int or tuple; None when it is not known)."""
    if shape is None:
        return None
    if axis is None or (isinstance(axis, tuple) and None in axis):
        return (None,) * len(shape) if keep_dims else None
    gone = axes(axis, len(shape), "reduction axis")
    if keep_dims:
        return tuple(1 if i in gone else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in gone)


def shape_from_value(spec: Spec) -> Shape:
    """The shape that a 1-D shape input asks for; -1 is not taken as unknown here.

    Args:
        spec: Spec of the host input, `value` filled in as far as known.
    """
    require_rank(spec, 1, "a shape")
    if spec.value is not None:
        if any(n is not None and n < 0 for n in spec.value):
            raise ShapeError(f"asks for the shape {spec.value}; sizes must not be negative")
        return tuple(spec.value)
    length = None if spec.shape is None else spec.shape[0]
    return None if length is None else (None,) * length


def static_pairs(pairs: Spec, count: int) -> tuple[tuple[int | None, int | None], ...]:
    """The contents of a matrix of `count` pairs, as far as known: None for a number that is not."""
    return tuple(pair or (None, None) for pair in pairs.value or (None,) * count)
