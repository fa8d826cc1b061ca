"""What the source of a loop calls: lists as rows of one array, and the general way."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np

from flowgraph.core import aligned
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


def fit(dtype: Any, steps: range) -> bool:
    """Whether a counter of this dtype takes these numbers, and the one after, without overflow."""
    info = np.iinfo(dtype)
    return info.min <= steps.start <= info.max and info.min <= after(steps) <= info.max


def after(steps: range) -> int:
    """What a counter is when the loop has ended."""
    return steps.start + len(steps) * steps.step


def numbers(steps: range, dtype: Any) -> np.ndarray:
    """What a counter was in each round."""
    return np.arange(steps.start, steps.stop, steps.step, dtype=dtype)


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


# ---- memory --------------------------------------------------------------------------------------

# Fresh memory of 128 KB or more comes from the system, page by page: of a loop that keeps 5 MB for
# its gradient, half the time went there. So what loops have filled is kept, and used again when no
# array lies in it any more.
_KEPT_BYTES = 1 << 27  # in all
_WORTH_KEEPING = 1 << 16  # bytes
_UNUSED = 3  # references to memory in which no array lies: of the list, a variable, an argument
_kept: list[np.ndarray] = []
_lock = threading.Lock()


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An aligned array, in memory that was used before if there is any.

    Args:
        shape, dtype: of the array.
    """
    nbytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if nbytes < _WORTH_KEEPING or nbytes > _KEPT_BYTES:
        return aligned.empty(shape, dtype)
    nbytes += aligned.LINE - 1
    with _lock:
        memory = _unused(nbytes)
        if memory is None:
            memory = np.empty(nbytes, np.uint8)
            _make_room(nbytes)
            _kept.append(memory)
        return aligned.inside(memory, shape, dtype)


def _unused(nbytes: int) -> np.ndarray | None:
    """Kept memory of this size, or up to twice as large, in which no array lies."""
    for i in range(len(_kept)):  # `enumerate` would hold a reference of its own
        memory = _kept[i]
        if nbytes <= memory.nbytes <= 2 * nbytes and sys.getrefcount(memory) == _UNUSED:
            _kept.append(_kept.pop(i))
            return memory
    return None


def _make_room(nbytes: int) -> None:
    """Forgets memory, what was not used for longest first, until so much more may be kept."""
    total = sum(memory.nbytes for memory in _kept) + nbytes
    while total > _KEPT_BYTES:
        total -= _kept.pop(0).nbytes
