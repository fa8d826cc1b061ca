"""Ops on lists of tensors that only graphs which TensorFlow wrote have: they grow and shrink."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import NotDifferentiable
from flowgraph.opdef.shape_rules import require_rank
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.resources import as_handle
from flowgraph.ops.tensor_list import (
    INT32,
    LIST,
    LIST_SPEC,
    ListOp,
    TensorList,
    TensorListGetOrZeros,
    TensorListLength,
    owned,
    take,
)


class TensorListResize(ListOp):
    """The list with `size` items: the first ones, and missing ones behind."""

    aliases = ("input_handle",)
    dtypes = {"input_handle": LIST, "size": INT32}

    def infer(self, input_handle, size):
        require_rank(size, 0, "the size of a list")
        return LIST_SPEC

    def kernel(self, xp, input_handle, size):
        if size < 0:
            raise InvalidArgumentError(None, None, "TensorListSlice expects size to be "
                                       f"non-negative. Got: {int(size)}")
        items = input_handle.items()
        return TensorList({i: item for i, item in items.items() if i < size}, int(size))

    def grad(self, op, dlist):
        return dlist, None


class TensorListPushBack(ListOp):
    """The list with `tensor` behind its last item."""

    aliases = ("input_handle",)
    dtypes = {"input_handle": LIST, "tensor": "element_dtype"}
    element_dtype = dt.ANY
    takes_missing_gradient = True

    def infer(self, input_handle, tensor):
        return LIST_SPEC

    def kernel(self, xp, input_handle, tensor):
        length = input_handle.length()
        longer = input_handle.with_item(length, owned(xp, tensor))
        longer.size = length + 1
        return longer

    def grad(self, op, dlist):
        if dlist is None:
            return None, None
        items, tensor = op.inputs
        return dlist, TensorListGetOrZeros.build(dlist, TensorListLength.build(items), tensor)


class TensorListPopBack(ListOp):
    """The list without its last item, and that item."""

    aliases = ("input_handle",)
    dtypes = {"input_handle": LIST, "element_shape": INT32}
    host_inputs = ("element_shape",)
    multiple = True
    grad = NotDifferentiable

    def infer(self, input_handle, element_shape, *, element_dtype):
        shape = element_shape.value
        known = None if not isinstance(shape, tuple) else tuple(
            None if n is None or n < 0 else n for n in shape)
        return LIST_SPEC, Spec(element_dtype, known)

    def kernel(self, xp, input_handle, element_shape, *, element_dtype):
        last = input_handle.length() - 1
        if last < 0:
            raise InvalidArgumentError(None, None, "Trying to pop from an empty list.")
        shape = element_shape if isinstance(element_shape, tuple) and min(
            element_shape, default=0) >= 0 else None
        item = take(xp, input_handle, last, (element_dtype, shape))
        items = {i: held for i, held in input_handle.items().items() if i < last}
        return TensorList(items, last), item


class TensorListZerosLike(ListOp):
    """A list of zeros, like the items of another one; what is missing there is missing here."""

    dtypes = {"list": LIST}
    grad = NotDifferentiable

    def infer(self, list):
        return LIST_SPEC

    def kernel(self, xp, list):
        if not isinstance(list, TensorList):  # an optional value, in a branch's gradient
            return as_handle(list[()].zeros_like())
        zeros = {i: TensorList() if isinstance(item, TensorList) else xp.zeros_like(item)
                 for i, item in list.items().items()}
        return TensorList(zeros, list.length())


class TensorListPutItem(ListOp):
    """The list with `item` at `index`, in place of what was there, as TensorFlow's lists have it.

    A TensorArray writes each item only once; that is `TensorListSetItem` here.
    """

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
                None, None, f"Trying to modify element {index} in a list with {list.length()} "
                "elements.")
        return list.with_item(index, owned(xp, item))

    def grad(self, op, dlist):
        if dlist is None:
            return None, None, None
        _, index, item = op.inputs
        return (TensorListPutItem.build(dlist, index, zeros_like(item)), None,
                TensorListGetOrZeros.build(dlist, index, item))
