"""What the source of a loop calls: lists as rows of one array, and the general way."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.dtypes import DType
from flowgraph.ops.tensor_list import TensorList
from flowgraph.program.ir import Instr


class General:
    """A loop in the general way, for what its source does not do: round by round, by the kernel.

    Args:
        instr: the loop.
        used: the numbers of the results that are wanted.
    """

    def __init__(self, instr: Instr, used: list[int]) -> None:
        self._instr = instr
        self._used = used

    def __call__(self, bodies: Any, *inputs: Any) -> Any:
        """The results that are wanted, as a tuple; a lone one as it is."""
        instr = self._instr
        results = instr.op_def.kernel(np, inputs, bodies=bodies, **instr.attrs)
        wanted = tuple([results[k] for k in self._used])
        return wanted[0] if len(wanted) == 1 else wanted


def rows_of(items: TensorList, indices: range, dtype: DType, once: bool = False) -> Any:
    """Something that gives the item at each of the indices by `[index]`; None if some cannot be.

    Args:
        items: the list.
        indices: which items will be asked for.
        dtype: of the items.
        once: whether an item may be read only once.
    """
    if once and not items.read.isdisjoint(indices):
        return None
    if not indices:
        return ()
    rows = items.rows
    low, high = min(indices[0], indices[-1]), max(indices[0], indices[-1])
    if rows is not None and low >= 0 and high < len(rows):
        return rows if rows.dtype == dtype.numpy else None
    found = items.items()
    if all(index in found and found[index].dtype == dtype.numpy for index in indices):
        return found
    return None


def rows_to_write(items: TensorList, indices: range, shape: tuple[int, ...], dtype: DType,
                  grows: bool) -> Any:
    """An array for the items that a loop will write into a list; None if it cannot be one.

    Args:
        items: the list, which must have no items yet.
        indices: which items will be written.
        shape, dtype: of an item.
        grows: whether the list may become longer.
    """
    size = items.length()
    if items.items():
        return None
    if indices:
        low, high = min(indices[0], indices[-1]), max(indices[0], indices[-1])
        if low < 0 or (high >= size and not grows):
            return None
        size = max(size, high + 1)
    if size * int(np.prod(shape)) * dtype.numpy.itemsize > MOST_BYTES:
        return None
    make = np.empty if len(indices) == size else np.zeros
    return make((size, *shape), dtype.numpy)


MOST_BYTES = 1 << 30  # of the rows of one list


def fit(dtype: Any, *numbers: range) -> bool:
    """Whether a counter of this dtype takes these numbers, and the one after, without overflow."""
    info = np.iinfo(dtype)
    return all(info.min <= some.start <= info.max
               and info.min <= some.start + len(some) * some.step <= info.max for some in numbers)


def after(numbers: range) -> int:
    """What a counter is when the loop has ended."""
    return numbers.start + len(numbers) * numbers.step


def within(indices: range, size: int) -> bool:
    """Whether all these indices are of rows that there are."""
    return not indices or (min(indices[0], indices[-1]) >= 0
                           and max(indices[0], indices[-1]) < size)


def written(rows: Any, indices: range, items: TensorList) -> TensorList:
    """The list that `items` has become when these rows were written."""
    made = TensorList.of_rows(rows, indices)
    made.read = items.read
    return made


def add_item(items: dict[int, Any], index: int, item: Any) -> None:
    """Adds one item to those of a sum of lists."""
    index = int(index)
    old = items.get(index)
    items[index] = np.array(item) if old is None else np.add(old, item)
