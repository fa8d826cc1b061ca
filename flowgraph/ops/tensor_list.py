"""Lists of tensors: what TensorArrays, loops and their gradients keep their values in.

A TensorList is a value like any other: setting an item gives another list, the old one stays as it
was. The two share their storage; only the newest owns it, so that writing n items takes n steps and
not n copies. An older list that is read again makes itself a copy first (Baker's trick, "Shallow
binding makes functional arrays fast", 1991).

Lists stand in tensors of dtype `variant` and shape (). In the lists of gradients a missing item
means zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.opdef.shape_rules import require_rank

LIST = dt.DTypeSet("a list of tensors", (dt.variant,))
INT32 = dt.DTypeSet("int32", (dt.int32,))
LIST_SPEC = Spec(dt.variant, ())


class TensorList:
    """A list of arrays, some of which may be missing.

    Attributes:
        rows: one array with the items as its rows, zeros where one is missing; None where the
            items are arrays of their own.
        size: number of items; None when it grows with what is set.
        shape, dtype: as arrays have them: a list is one value.
    """

    __slots__ = ("_items", "_newer", "_old", "read", "rows", "size")
    shape = ()
    dtype = np.dtype(object)

    def __init__(self, items: dict[int, Any] | None = None, size: int | None = None) -> None:
        # None once another list has the storage
        self._items: dict[int, Any] | None = {} if items is None else items
        self._newer: TensorList | None = None
        self._old: tuple[int, Any] = (-1, None)  # what the newer list changed
        self.rows: Any = None
        self.size = size
        self.read: set[int] = set()  # items that were read and may not be read again

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        array = np.empty((), object)
        array[()] = self
        return array

    @classmethod
    def of_rows(cls, rows: Any, written: range | None = None) -> TensorList:
        """The list with the rows of an array, which must not be changed any more, as its items.

        Args:
            rows: the array.
            written: which of the rows are items; default all. The others are zeros.
        """
        made = cls(None, len(rows))
        made.rows = rows
        made._items = None
        made._old = -1, range(len(rows)) if written is None else written
        return made

    def items(self) -> dict[int, Any]:
        """The arrays by index; not to be changed."""
        if self._items is None and self._newer is None:
            rows = self.rows
            self._items = {index: rows[index, ...] for index in self._old[1]}
        if self._items is None:
            changes, at = [], self  # type: tuple[list[Any], Any]
            while at._items is None:
                changes.append(at._old)
                at = at._newer
            items = dict(at._items)
            for index, array in reversed(changes):
                if array is None:
                    items.pop(index, None)
                else:
                    items[index] = array
            self._items, self._newer = items, None
        return self._items

    def with_item(self, index: int, array: Any) -> TensorList:
        """The list with one item set."""
        items = self.items()
        new = TensorList(items, self.size)
        new.read = self.read
        self._old = index, items.get(index)
        items[index] = array
        self._items, self._newer = None, new
        return new

    def mapped(self, function: Callable[[Any], Any]) -> TensorList:
        """The list of what a function gives for each item, as a copy of it in other memory."""
        new = TensorList({index: function(array) for index, array in self.items().items()},
                         self.size)
        new.read = self.read
        return new

    def length(self) -> int:
        """Number of items, missing ones included."""
        found = max(self.items(), default=-1) + 1
        return found if self.size is None else max(self.size, found)

    def __len__(self) -> int:
        return self.length()


def take(xp: Any, items: TensorList, index: int, element: Any, once: bool = False) -> Any:
    """One item; zeros for a missing one of known shape.

    Args:
        xp: the array module.
        items: the list.
        index: which one.
        element: (dtype, static shape) of the items.
        once: whether the item may be read only once.
    """
    dtype, shape = element
    if not 0 <= index < items.length():
        raise InvalidArgumentError(None, None, f"Tried to read from index {index} but array size "
                                               f"is: {items.length()}")
    if once:
        if index in items.read:
            raise InvalidArgumentError(
                None, None, f"Could not read index {index} twice because it was cleared after a "
                "previous read (perhaps try setting clear_after_read = false?)")
        items.read.add(index)
    array = items.items().get(index)
    if array is None:
        if dtype is dt.variant:
            return TensorList()
        if shape is None or None in shape:
            raise InvalidArgumentError(None, None, f"Could not read index {index}: it has not been "
                                       "written, and the element shape is not known")
        return xp.full(shape, b"" if dtype is dt.string else 0, dtype.numpy)
    if dtype.numpy != array.dtype:
        raise InvalidArgumentError(None, None, f"expected elements of {dtype.name}, found "
                                               f"{array.dtype}")
    return array


def owned(xp: Any, item: Any) -> Any:
    """A copy to keep in a list: the plan may use the item's memory again. Lists never change."""
    return item if isinstance(item, TensorList) else xp.array(item)


class ListOp(OpDef, abstract=True):
    """An op on lists. Its results are made anew in each run, and are never constants."""

    effects = "resource"
    on_host = frozenset(("index", "indices", "lengths", "num_elements", "size"))


class EmptyTensorList(ListOp):
    """A list without items that grows."""

    grad = NotDifferentiable

    def infer(self):
        return LIST_SPEC

    def kernel(self, xp):
        return TensorList()


class TensorListReserve(ListOp):
    """A list of `num_elements` missing items; one that `grows` may become longer."""

    dtypes = {"num_elements": INT32}
    grad = NotDifferentiable

    def infer(self, num_elements, *, grows=False):
        require_rank(num_elements, 0, "the size of a list")
        return LIST_SPEC

    def kernel(self, xp, num_elements, *, grows=False):
        size = int(num_elements)
        if size < 0:
            raise InvalidArgumentError(None, None, f"The size of a list cannot be {size}")
        return TensorList(size=size)


class TensorListSetItem(ListOp):
    """The list with `item` at `index`, which must be missing so far."""

    aliases = ("list",)
    dtypes = {"list": LIST, "index": INT32, "item": "element_dtype"}
    element_dtype = dt.ANY
    takes_missing_gradient = True

    def infer(self, list, index, item, *, grows=False):
        require_rank(index, 0, "an index")
        return LIST_SPEC

    def kernel(self, xp, list, index, item, *, grows=False):
        index = int(index)
        if index < 0 or (not grows and index >= list.length()):
            raise InvalidArgumentError(
                None, None, f"Tried to write to index {index} but array is not resizeable and size "
                f"is: {list.length()}")
        if index in list.items():
            raise InvalidArgumentError(
                None, None, f"Could not write to TensorArray index {index} because it has already "
                "been written to.")
        return list.with_item(index, owned(xp, item))

    def grad(self, op, dlist):
        if dlist is None:
            return None, None, None
        _, index, item = op.inputs
        return dlist, None, TensorListGetOrZeros.build(dlist, index, item)


class TensorListGetItem(ListOp):
    """The item at `index`."""

    aliases = ("list",)
    dtypes = {"list": LIST, "index": INT32}

    def infer(self, list, index, *, element_dtype, element_shape=None, once=False):
        require_rank(index, 0, "an index")
        return Spec(element_dtype, element_shape)

    def kernel(self, xp, list, index, *, element_dtype, element_shape=None, once=False):
        return take(xp, list, int(index), (element_dtype, element_shape), once)

    def grad(self, op, dy):
        return TensorListFromItem.build(op.inputs[1], dy), None


class TensorListFromItem(ListOp):
    """A list in which only `index` is not missing: the gradient of reading it."""

    dtypes = {"index": INT32, "item": "element_dtype"}
    element_dtype = dt.ANY
    takes_missing_gradient = True

    def infer(self, index, item):
        require_rank(index, 0, "an index")
        return LIST_SPEC

    def kernel(self, xp, index, item):
        return TensorList({int(index): owned(xp, item)})

    def grad(self, op, dlist):
        index, item = op.inputs
        return None, None if dlist is None else TensorListGetOrZeros.build(dlist, index, item)


class TensorListGetOrZeros(ListOp):
    """The item at `index` of a list of gradients; zeros like `like` when it is missing."""

    aliases = ("list",)
    dtypes = {"list": LIST, "index": INT32, "like": "element_dtype"}
    element_dtype = dt.ANY

    def infer(self, list, index, like):
        require_rank(index, 0, "an index")
        return Spec(like.dtype, like.shape)

    def kernel(self, xp, list, index, like):
        index = int(index)
        if list.rows is not None and 0 <= index < len(list.rows):
            return list.rows[index, ...]  # missing ones are zeros there
        item = list.items().get(index)
        if item is None:
            return TensorList() if isinstance(like, TensorList) else xp.zeros_like(like)
        return item

    def grad(self, op, dy):
        return TensorListFromItem.build(op.inputs[1], dy), None, None


class TensorListAddN(ListOp):
    """The sum of lists of gradients, item by item."""

    aliases = ("lists",)
    dtypes = {"lists": LIST}
    lists = ("lists",)

    def infer(self, lists):
        if not lists:
            raise ShapeError("needs at least one list")
        return LIST_SPEC

    def kernel(self, xp, lists):
        return _sum_of_lists(xp, lists)

    def grad(self, op, dlist):
        return [dlist] * len(op.inputs)


def _sum_of_lists(xp: Any, lists: Any) -> TensorList:
    longest = max(lists, key=lambda one: len(one.items()))
    total, used = longest, False
    for other in lists:
        if other is longest and not used:
            used = True
            continue
        for index, array in [*other.items().items()]:
            old = total.items().get(index)
            total = total.with_item(index, array if old is None else _sum(xp, old, array))
    return total


def _sum(xp: Any, a: Any, b: Any) -> Any:
    """The sum of two items, which may be lists themselves."""
    return _sum_of_lists(xp, (a, b)) if isinstance(a, TensorList) else xp.add(a, b)


class TensorListLength(ListOp):
    """The number of items."""

    dtypes = {"list": LIST}
    grad = NotDifferentiable

    def infer(self, list):
        return Spec(dt.int32, ())

    def kernel(self, xp, list):
        return xp.array(list.length(), "int32")
