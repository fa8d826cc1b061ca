"""OldCopy: the array that a variable had before its last change, and where it is out of date.

An op that changes a few rows of a large variable must not change the variable's own array: the run
may fail, and other threads may be reading. A copy of 50,000 rows for the sake of 256 is slow,
though. So the array from before the last change serves again: only the rows that differ are copied.

    now  0 1 2 3 4 5      changed last: rows 1, 4
    old  0 - 2 3 - 5      copy those, then change row 3: this is the new value, `now` becomes old
"""

from __future__ import annotations

from typing import Any

import numpy as np


def put_rows(array: Any, at: Any, rows: Any) -> None:
    """`array[at] = rows`, with each row as one item: 2,048 of 128 numbers take 56 µs, not 89.

    Args:
        array: of rank 1 or more, changed in place.
        at: integer vector of row numbers; of those named twice the last row stays.
        rows: array of the dtype of `array`, a row for each of `at`.
    """
    if (array.ndim < 2 or not rows.size or not isinstance(array, np.ndarray)
            or not array.flags.c_contiguous or array.dtype.hasobject):
        array[at] = rows
    else:
        row = f"V{rows.nbytes // len(rows)}"
        array.reshape(-1).view(row)[at] = np.ascontiguousarray(rows).reshape(-1).view(row)


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

    def refreshed(self, ref: Any, rows: Any, others: Any = None) -> Any:
        """The memory as a copy of `ref`, in which `rows` are going to be changed.

        Args:
            ref: the variable's value.
            rows: integer array of any shape, all of them row numbers of `ref`.
            others: a bool for each row of `ref`, which is False for `rows`, if these are going to
                be written whole: they may be anything then.
        """
        if self.current is ref:
            self.changed = rows.flatten()  # a copy: the next run may write where these lie
        if self.rows is not None and self.current is ref and 4 * self.rows.size < ref.shape[0]:
            stale = self.rows if others is None else self.rows[others.take(self.rows)]
            put_rows(self.array, stale, ref.take(stale, axis=0))
        else:
            self.array[...] = ref
        return self.array
