"""OldCopy: the array that a variable had before its last change, and where it is out of date.

An op that changes a few rows of a large variable must not change the variable's own array: the run
may fail, and other threads may be reading. A copy of 50,000 rows for the sake of 256 is slow,
though. So the array from before the last change serves again: only the rows that differ are copied.

    now  0 1 2 3 4 5      changed last: rows 1, 4
    old  0 - 2 3 - 5      copy those, then change row 3: this is the new value, `now` becomes old
"""

from __future__ import annotations

from typing import Any


class OldCopy:
    """Memory for a variable's new value that is nearly its present one.

    Args:
        array: the memory.
        current: the array that it is a copy of but for `rows`; None if it is a copy of nothing.
        rows: numbers of the rows that differ; None if all may.

    Attributes:
        changed: set by the op: the rows in which the new value differs from `current`; None if all
            may.
    """

    __slots__ = ("array", "changed", "current", "rows")

    def __init__(self, array: Any, current: Any = None, rows: Any = None) -> None:
        self.array = array
        self.current = current
        self.rows = rows
        self.changed: Any = None

    def refreshed(self, ref: Any, rows: Any) -> Any:
        """The memory as a copy of `ref`, in which `rows` are going to be changed.

        Args:
            ref: the variable's value.
            rows: integer array of any shape, all of them row numbers of `ref`.
        """
        if self.current is ref:
            self.changed = rows.flatten()  # a copy: the next run may write where these lie
        if self.rows is not None and self.current is ref and 4 * self.rows.size < ref.shape[0]:
            self.array[self.rows] = ref[self.rows]
        else:
            self.array[...] = ref
        return self.array
