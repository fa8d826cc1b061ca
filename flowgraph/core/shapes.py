"""TensorShape and Dimension, TensorFlow 1's public face of static shapes, and shape algebra.

Inside the engine a static shape is a plain tuple (see `core/spec.py`); `TensorShape` wraps one
where users see it. The algebra (`merge`, `broadcast`, …) works on the plain tuples.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.spec import Shape, shape_text


class Dimension:
    """One size of a TensorShape: a number, or unknown. `value` is an int or None.

    Arithmetic with an unknown size is unknown; comparing with one gives None, as in TensorFlow 1.

    Args:
        value: int >= 0, Dimension, or None for unknown.

    Raises:
        ValueError: the size is negative.

    Example:
        >>> import flowgraph as fg
        >>> d = fg.TensorShape([None, 8])[1]
        >>> d.value, int(d * 2)
        (8, 16)
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value: int | None
        if isinstance(value, Dimension):
            self._value = value._value
        elif value is None:
            self._value = None
        else:
            self._value = _size(value)

    @property
    def value(self) -> int | None:
        """The size, or None when unknown."""
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        """Whether the two could be the same size."""
        other = Dimension(other)
        return self._value is None or other._value is None or self._value == other._value

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ValueError when the two cannot be the same size."""
        if not self.is_compatible_with(other):
            raise ValueError(located(f"Dimensions {self} and {other} are not compatible"))

    def merge_with(self, other: Any) -> Dimension:
        """What is known from both. Raises ValueError when they contradict."""
        self.assert_is_compatible_with(other)
        return Dimension(other) if self._value is None else Dimension(self._value)

    def __int__(self) -> int:
        return self._value  # type: ignore[return-value]

    def __index__(self) -> int:
        return self._value  # type: ignore[return-value]

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Dimension({self._value})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __eq__(self, other: object) -> Any:
        return self._compare(operator.eq, other)

    def __ne__(self, other: object) -> Any:
        return self._compare(operator.ne, other)

    def __lt__(self, other: Any) -> Any:
        return self._compare(operator.lt, other)

    def __le__(self, other: Any) -> Any:
        return self._compare(operator.le, other)

    def __gt__(self, other: Any) -> Any:
        return self._compare(operator.gt, other)

    def __ge__(self, other: Any) -> Any:
        return self._compare(operator.ge, other)

    def __truediv__(self, other: Any) -> Any:
        raise TypeError(located("unsupported operand type(s) for /: 'Dimension' and "
                                f"{type(other).__name__!r}, please use // instead"))

    def __rtruediv__(self, other: Any) -> Any:
        raise TypeError(located(f"unsupported operand type(s) for /: {type(other).__name__!r} and "
                                "'Dimension', please use // instead"))

    def _compare(self, compare: Callable[[Any, Any], Any], other: Any) -> Any:
        try:
            other = Dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return None
        return compare(self._value, other._value)


def _size(value: Any) -> int:
    try:
        size = operator.index(value)
    except TypeError:
        if not (isinstance(value, float) and value.is_integer()):
            raise TypeError(located(f"a Dimension needs an int or None, not {value!r}")) from None
        size = int(value)
    if size < 0:
        raise ValueError(located(f"Dimension {size} must be >= 0"))
    return size


def _dimension_arithmetic(compute: Callable[[int, int], int], swap: bool) -> Callable[..., Any]:
    """One arithmetic method of Dimension; with `swap` the reflected one."""

    def method(self: Dimension, other: Any) -> Any:
        try:
            other = Dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return Dimension(None)
        pair = (other._value, self._value) if swap else (self._value, other._value)
        return Dimension(compute(*pair))

    return method


for _name, _compute in (("add", operator.add), ("sub", operator.sub), ("mul", operator.mul),
                        ("floordiv", operator.floordiv), ("mod", operator.mod)):
    setattr(Dimension, f"__{_name}__", _dimension_arithmetic(_compute, swap=False))
    setattr(Dimension, f"__r{_name}__", _dimension_arithmetic(_compute, swap=True))


class TensorShape:
    """A static shape: sizes, some of which may be unknown, or nothing known at all.

    Args:
        dims: iterable of sizes (int, None or Dimension), another TensorShape, a TensorShapeProto, a
            single int for a vector's shape, or None for an unknown rank.

    Example:
        >>> import flowgraph as fg
        >>> fg.TensorShape([None, 3]).as_list()
        [None, 3]
    """

    __slots__ = ("_dims",)

    def __init__(self, dims: Any) -> None:
        self._dims: Shape = as_shape(dims)

    @property
    def dims(self) -> list[Dimension] | None:
        """The sizes as Dimensions, or None for an unknown rank."""
        return None if self._dims is None else [Dimension(n) for n in self._dims]

    @property
    def ndims(self) -> int | None:
        """The rank, or None when unknown."""
        return None if self._dims is None else len(self._dims)

    rank = ndims

    def as_list(self) -> list[int | None]:
        """The sizes as ints and Nones. Raises ValueError for an unknown rank."""
        if self._dims is None:
            raise ValueError(located("as_list() is not defined on a TensorShape of unknown rank"))
        return list(self._dims)

    def as_tuple(self) -> Shape:
        """The plain tuple the engine works with."""
        return self._dims

    def num_elements(self) -> int | None:
        """Number of elements, or None when it is not known."""
        if not self.is_fully_defined():
            return None
        count = 1
        for n in self.as_list():
            count *= n  # type: ignore[operator]
        return count

    def is_fully_defined(self) -> bool:
        """Whether rank and every size are known."""
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        """Raises ValueError when something is unknown."""
        if not self.is_fully_defined():
            raise ValueError(located(f"Shape {self} is not fully defined"))

    def is_compatible_with(self, other: Any) -> bool:
        """Whether some shape could be both."""
        return compatible(self._dims, as_shape(other))

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ValueError when no shape could be both."""
        if not self.is_compatible_with(other):
            raise ValueError(located(f"Shapes {self} and {TensorShape(other)} are incompatible"))

    def merge_with(self, other: Any) -> TensorShape:
        """What is known from both. Raises ValueError when they contradict."""
        self.assert_is_compatible_with(other)
        return TensorShape(merge(self._dims, as_shape(other)))

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """What is true of both: sizes that differ become unknown, as does the rank."""
        return TensorShape(widen(self._dims, as_shape(other)))

    def as_proto(self) -> Any:
        """The shape as a TensorShapeProto."""
        from flowgraph.core.tensor_message import shape_message
        return shape_message(self._dims)

    def concatenate(self, other: Any) -> TensorShape:
        """This shape's sizes followed by the other's."""
        other = as_shape(other)
        if self._dims is None or other is None:
            return TensorShape(None)
        return TensorShape(self._dims + other)

    def with_rank(self, rank: Any) -> TensorShape:
        """This shape, known to have `rank`. Raises ValueError when it has another."""
        if self.ndims is not None and self.ndims != int(rank):
            raise ValueError(located(f"Shape {self} must have rank {rank}"))
        return self if self._dims is not None else unknown_shape(int(rank))

    def with_rank_at_least(self, rank: Any) -> TensorShape:
        """This shape. Raises ValueError when its rank is below `rank`."""
        if self.ndims is not None and self.ndims < int(rank):
            raise ValueError(located(f"Shape {self} must have rank at least {rank}"))
        return self

    def with_rank_at_most(self, rank: Any) -> TensorShape:
        """This shape. Raises ValueError when its rank is above `rank`."""
        if self.ndims is not None and self.ndims > int(rank):
            raise ValueError(located(f"Shape {self} must have rank at most {rank}"))
        return self

    def assert_has_rank(self, rank: Any) -> None:
        """Raises ValueError when the rank is known and not `rank`."""
        if self.ndims not in (None, rank):
            raise ValueError(located(f"Shape {self} must have rank {rank}"))

    def assert_same_rank(self, other: Any) -> None:
        """Raises ValueError when both ranks are known and differ."""
        other = TensorShape(other)
        if self.ndims is not None and other.ndims is not None and self.ndims != other.ndims:
            raise ValueError(located(f"Shapes {self} and {other} must have the same rank"))

    def __getitem__(self, key: Any) -> Any:
        if self._dims is None:
            if not isinstance(key, slice):
                return Dimension(None)
            start, stop = key.start or 0, key.stop
            if key.step is not None or stop is None or start < 0 or stop < 0:
                return TensorShape(None)
            return unknown_shape(max(0, stop - start))
        if isinstance(key, slice):
            return TensorShape(self._dims[key])
        return Dimension(self._dims[key])

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            raise ValueError(located("Cannot iterate over a shape of unknown rank"))
        return iter(self.dims or ())

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError(located("Cannot take the length of a shape of unknown rank"))
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == as_shape(other)
        except (TypeError, ValueError):
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._dims)

    def __repr__(self) -> str:
        return f"TensorShape({self.dims})"

    def __str__(self) -> str:
        return shape_text(self._dims)


def dimension_value(dimension: Any) -> int | None:
    """The size that a Dimension stands for, or the int itself.

    Args:
        dimension: a Dimension, int or None.

    Example:
        >>> import flowgraph as fg
        >>> fg.dimension_value(fg.Dimension(3)), fg.dimension_value(None)
        (3, None)
    """
    return dimension.value if isinstance(dimension, Dimension) else dimension


def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """One size of a shape; an unknown one if the rank is unknown.

    Args:
        shape: a TensorShape.
        index: which one.

    Example:
        >>> import flowgraph as fg
        >>> fg.dimension_at_index(fg.TensorShape([2, 3]), 1)
        Dimension(3)
    """
    return Dimension(None) if shape.rank is None else shape.dims[index]  # type: ignore[index]


def unknown_shape(rank: int | None = None, ndims: int | None = None) -> TensorShape:
    """A shape of which at most the rank is known."""
    rank = ndims if rank is None else rank
    return TensorShape(None if rank is None else [None] * rank)


def as_shape(value: Any) -> Shape:
    """The plain tuple of anything that describes a static shape; -1 is not taken as unknown.

    Raises:
        TypeError: `value` holds something other than sizes.
        ValueError: a size is negative.
    """
    if value is None:
        return None
    if type(value) is TensorShape:
        return value._dims
    if isinstance(value, (int, Dimension, np.integer)):
        return (Dimension(value)._value,)
    if isinstance(value, (str, bytes, float)):
        raise TypeError(located(f"a shape is a list of sizes, not {value!r}"))
    if hasattr(value, "unknown_rank"):  # a TensorShapeProto
        return None if value.unknown_rank else tuple(
            None if dim.size == -1 else dim.size for dim in value.dim)
    return tuple(n if type(n) is int and n >= 0 else Dimension(n)._value for n in value)


# ---- algebra on plain tuples ---------------------------------------------------------------------


def compatible(a: Shape, b: Shape) -> bool:
    """Whether some full shape could be both `a` and `b`."""
    if a == b or a is None or b is None:
        return True
    return len(a) == len(b) and all(m is None or n is None or m == n
                                    for m, n in zip(a, b, strict=True))


def merge(a: Shape, b: Shape) -> Shape:
    """What is known from both; they must be compatible."""
    if a == b or b is None:
        return a
    if a is None:
        return b
    return tuple(n if m is None else m for m, n in zip(a, b, strict=True))


def widen(a: Shape, b: Shape) -> Shape:
    """What holds for both: sizes in which they differ become unknown."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(m if m == n else None for m, n in zip(a, b, strict=True))


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an elementwise op on `a` and `b` (NumPy's rule).

    Raises:
        ValueError: the shapes do not broadcast; the text says which sizes clash.
    """
    if a == b and (a is None or None not in a):
        return a
    if a is None or b is None:
        return None
    if len(a) < len(b):
        a = (1,) * (len(b) - len(a)) + a
    elif len(b) < len(a):
        b = (1,) * (len(a) - len(b)) + b
    sizes: list[int | None] = []
    for m, n in zip(a, b, strict=True):
        if m == n:
            sizes.append(m)
        elif m == 1 or (m is None and n != 1 and n is not None):
            sizes.append(n)
        elif n == 1 or (n is None and m is not None):
            sizes.append(m)
        elif m is None or n is None:
            sizes.append(None)
        else:
            raise ValueError(f"the sizes {m} and {n} must be equal, or one of them 1")
    return tuple(sizes)
