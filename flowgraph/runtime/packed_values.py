"""PackedValues: variables of a session whose values are parts of one array.

A run that updates many variables by one formula reads and writes them as one array. The session's
variables stay what they are for everyone else, one array each: views of that one.

    flat   |  w1   |    w2     | w3 |      what the run computes with
    parts   w1       w2          w3        what the session has under the variables' names

Whether the values are still those parts is seen by identity: an assignment, a restore, or another
run that wrote one of them has put another array there. Then all are copied together once. As a
single variable does, a pack has two arrays in turn (`State.take_spare`), and the older one is used
again only if nobody else has it or a part of it. Who uses a pack has the locks of its variables.
"""

from __future__ import annotations

import operator
import sys
from typing import Any

import numpy as np

from flowgraph.core import aligned
from flowgraph.program.packs import Pack


class Flat:
    """One array, and its parts.

    Attributes:
        array: the array.
        parts: its parts, in the shapes of the variables.
    """

    __slots__ = ("_references", "array", "parts")

    def __init__(self, array: np.ndarray, pack: Pack) -> None:
        self.array = array
        self.parts = tuple(pack.parts(array))
        self._references = self._count()

    def _count(self) -> int:
        """References to the parts, and to the memory that they are in."""
        return sum(map(sys.getrefcount, self.parts)) + sys.getrefcount(self.array.base)

    @property
    def is_free(self) -> bool:
        """Whether nothing else refers to the array, a part, or a view of one."""
        return (self.array.base is not None and self._count() == self._references
                and sys.getrefcount(self.array) == 2)  # the attribute, the argument of that call


class PackedValues:
    """The arrays of a pack in a session.

    Args:
        pack: how the variables lie in the array.
        dtype: of the variables.
    """

    __slots__ = ("_dtype", "_pack", "_spare", "_used")

    def __init__(self, pack: Pack, dtype: np.dtype) -> None:
        self._pack = pack
        self._dtype = dtype
        self._used: Flat | None = None  # whose parts the variables were when they were last written
        self._spare: Flat | None = None

    def whole(self, values: tuple[Any, ...]) -> np.ndarray:
        """The values of the variables as one array, which no one may write to.

        Args:
            values: one array per variable.
        """
        used = self._used
        if used is not None and all(map(operator.is_, values, used.parts)):
            return used.array
        flat = self._empty()
        np.concatenate([value.reshape(-1) for value in values], out=flat)
        return flat

    def take_spare(self) -> Flat:
        """Memory for the new values."""
        spare, self._spare = self._spare, None
        return spare if spare is not None and spare.is_free else Flat(self._empty(), self._pack)

    def parts(self, array: np.ndarray, spare: Flat | None) -> tuple[np.ndarray, ...]:
        """The new values of the variables; the present ones are kept as memory.

        Args:
            array: all of them as one array.
            spare: from `take_spare`, if that gave memory for them.
        """
        new = spare if spare is not None and array is spare.array else Flat(array, self._pack)
        self._used, self._spare = new, self._used
        return new.parts

    def _empty(self) -> np.ndarray:
        return aligned.empty((self._pack.size,), self._dtype)
