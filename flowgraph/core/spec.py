"""Specs: what is known about a value before it exists.

A `Spec` is a dtype with a static shape: a tuple whose unknown sizes are None, or None itself when
the rank is unknown. For inputs whose contents decide a shape (the `axis` of a reduction, the
`shape` of a reshape) `value` holds the contents when they are known.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import DType

Shape = tuple[int | None, ...] | None


class Spec:
    """dtype and static shape of a value, and its contents when they are known.

    Args:
        dtype: the element type, never a reference dtype.
        shape: tuple of sizes, None for an unknown size; None for an unknown rank.
        value: contents as plain Python numbers and nested tuples, when they are known. A tuple may
            hold None for entries that are not known yet, as in `tf.stack([tf.shape(x)[0], 10])`.
    """

    __slots__ = ("dtype", "shape", "value")

    def __init__(self, dtype: DType, shape: Shape, value: Any = None) -> None:
        self.dtype = dtype
        self.shape = shape
        self.value = value

    @property
    def rank(self) -> int | None:
        """Number of dimensions, or None when unknown."""
        return None if self.shape is None else len(self.shape)

    @property
    def is_static(self) -> bool:
        """Whether every size is known."""
        return self.shape is not None and None not in self.shape

    @property
    def size(self) -> int | None:
        """Number of elements, or None when unknown."""
        if self.shape is None or None in self.shape:
            return None
        count = 1
        for n in self.shape:
            count *= n  # type: ignore[operator]
        return count

    @property
    def nbytes(self) -> int | None:
        """Bytes of the value, or None when unknown."""
        size = self.size
        return None if size is None else size * self.dtype.numpy.itemsize

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spec):
            return NotImplemented
        return self.dtype is other.dtype and self.shape == other.shape

    def __hash__(self) -> int:
        return hash((self.dtype, self.shape))

    def __repr__(self) -> str:
        return f"{self.dtype.name}{shape_text(self.shape, '[]')}"


def shape_text(shape: Shape, brackets: str = "()") -> str:
    """A shape for messages: `(?, 128)`, `()`, and `<unknown>` for an unknown rank."""
    if shape is None:
        return "<unknown>" if brackets == "()" else "[...]"
    sizes = ", ".join("?" if n is None else str(n) for n in shape)
    comma = "," if len(shape) == 1 and brackets == "()" else ""
    return f"{brackets[0]}{sizes}{comma}{brackets[1]}"
