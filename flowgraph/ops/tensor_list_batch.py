"""Ops between a list and one tensor that holds all its items, stacked or end to end."""

from __future__ import annotations

import itertools
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef.shape_rules import require_rank, require_rank_at_least
from flowgraph.ops.tensor_list import INT32, LIST, LIST_SPEC, ListOp, TensorList, take


def _rows(tensor: Any) -> Any:
    """The rows as arrays; a string among them would be no array by itself."""
    if tensor.ndim == 1 and tensor.dtype.kind == "O":
        return (tensor[i, ...] for i in range(len(tensor)))
    return tensor


def _stacked(xp: Any, arrays: list[Any], element: Any) -> Any:
    """The arrays as rows of one; all must have one shape."""
    dtype, shape = element
    if not arrays:
        if shape is None or None in shape:
            raise InvalidArgumentError(
                None, None, "TensorArray has zero elements, but element shape "
                f"{shape_text(shape)} is not fully defined. Currently only static shapes are "
                "supported when packing zero-size TensorArrays.")
        return xp.zeros((0, *shape), dtype.numpy)
    first = arrays[0].shape
    for i, array in enumerate(arrays):
        if array.shape != first:
            raise InvalidArgumentError(
                None, None, f"TensorArray has inconsistent shapes. Index 0 has shape: "
                f"{list(first)} but index {i} has shape: {list(array.shape)}")
    return xp.stack(arrays)


def _check_rows(indices: Spec, rows: Spec) -> None:
    """There is one row for each index."""
    require_rank(indices, 1, "indices")
    require_rank_at_least(rows, 1, "rows")
    if (rows.shape and indices.shape and None not in (rows.shape[0], indices.shape[0])
            and rows.shape[0] != indices.shape[0]):
        raise ShapeError(f"has {rows.shape[0]} rows for {indices.shape[0]} indices")


class TensorListStack(ListOp):
    """All items as the rows of one tensor."""

    aliases = ("list",)
    dtypes = {"list": LIST}

    def infer(self, list, *, element_dtype, element_shape=None, num_elements=None, once=False):
        return Spec(element_dtype,
                    None if element_shape is None else (num_elements, *element_shape))

    def kernel(self, xp, list, *, element_dtype, element_shape=None, num_elements=None, once=False):
        rows = list.rows
        if (rows is not None and len(rows) and rows.dtype == element_dtype.numpy
                and not (once and list.read)):
            if once:
                list.read.update(range(len(rows)))
            return rows
        element = element_dtype, _shape_of_any(list, element_shape)
        items = [take(xp, list, i, element, once) for i in range(list.length())]
        return _stacked(xp, items, element)

    def grad(self, op, dy):
        return TensorListFromTensor.build(dy)


def _shape_of_any(items: TensorList, shape: Any) -> Any:
    """The shape of the items that there are: what a missing one is zeros of."""
    if shape is not None and None not in shape:
        return shape
    found = next(iter(items.items().values()), None)
    return shape if found is None else found.shape


class TensorListFromTensor(ListOp):
    """The rows of a tensor as a list."""

    aliases = ("tensor",)
    dtypes = {"tensor": "element_dtype"}
    element_dtype = dt.ANY
    takes_missing_gradient = True

    def infer(self, tensor):
        require_rank_at_least(tensor, 1, "a tensor of rows")
        return LIST_SPEC

    def kernel(self, xp, tensor):
        return TensorList.of_rows(tensor)

    def grad(self, op, dlist):
        return None if dlist is None else TensorListStackOrZeros.build(dlist, op.inputs[0])


class TensorListStackOrZeros(ListOp):
    """The items of a list of gradients as rows like those of `like`; zeros for missing ones."""

    dtypes = {"list": LIST, "like": "element_dtype"}
    element_dtype = dt.ANY

    def infer(self, list, like):
        return Spec(like.dtype, like.shape)

    def kernel(self, xp, list, like):
        result = xp.zeros_like(like)
        for index, array in list.items().items():
            result[index] = array
        return result

    def grad(self, op, dy):
        return TensorListFromTensor.build(dy), None


class TensorListGather(ListOp):
    """The items at `indices` as the rows of one tensor."""

    dtypes = {"list": LIST, "indices": INT32}

    def infer(self, list, indices, *, element_dtype, element_shape=None, once=False):
        require_rank(indices, 1, "indices")
        return Spec(element_dtype, None if element_shape is None else (None, *element_shape))

    def kernel(self, xp, list, indices, *, element_dtype, element_shape=None, once=False):
        element = element_dtype, _shape_of_any(list, element_shape)
        return _stacked(xp, [take(xp, list, int(i), element, once) for i in indices], element)

    def grad(self, op, dy):
        return TensorListFromItems.build(op.inputs[1], dy), None


class TensorListFromItems(ListOp):
    """A list of gradients of the rows of `items` at `indices`; those at one index are added."""

    dtypes = {"indices": INT32, "items": "element_dtype"}
    element_dtype = dt.ANY
    takes_missing_gradient = True

    def infer(self, indices, items):
        _check_rows(indices, items)
        return LIST_SPEC

    def kernel(self, xp, indices, items):
        found: dict[int, Any] = {}
        for index, row in zip(indices.tolist(), xp.array(items), strict=True):
            found[index] = xp.add(found[index], row) if index in found else row
        return TensorList(found)

    def grad(self, op, dlist):
        indices, items = op.inputs
        return None, None if dlist is None else TensorListGatherOrZeros.build(dlist, indices, items)


class TensorListGatherOrZeros(ListOp):
    """The items of a list of gradients at `indices`, as rows like those of `like`."""

    dtypes = {"list": LIST, "indices": INT32, "like": "element_dtype"}
    element_dtype = dt.ANY

    def infer(self, list, indices, like):
        _check_rows(indices, like)
        return Spec(like.dtype, like.shape)

    def kernel(self, xp, list, indices, like):
        result = xp.zeros_like(like)
        for row, index in enumerate(indices.tolist()):
            array = list.items().get(index)
            if array is not None:
                result[row] = array
        return result

    def grad(self, op, dy):
        return TensorListFromItems.build(op.inputs[1], dy), None, None


class TensorListScatterIntoExistingList(ListOp):
    """The list with the rows of `tensor` as its items at `indices`."""

    aliases = ("list",)
    dtypes = {"list": LIST, "tensor": "element_dtype", "indices": INT32}
    element_dtype = dt.ANY
    takes_missing_gradient = True

    def infer(self, list, tensor, indices, *, grows=False):
        _check_rows(indices, tensor)
        return LIST_SPEC

    def kernel(self, xp, list, tensor, indices, *, grows=False):
        if len(tensor) != len(indices):
            raise InvalidArgumentError(None, None, f"Expected len(indices) == values.shape[0], but "
                                                   f"saw: {len(indices)} vs. {len(tensor)}")
        indices = indices.tolist()
        longest = max(indices, default=-1)
        if min(indices, default=0) < 0 or (not grows and longest >= list.length()):
            raise InvalidArgumentError(
                None, None, f"TensorArray scatter: max scatter index {longest} must be < array "
                f"size ({list.length()})")
        return _written(list, zip(indices, _rows(xp.array(tensor)), strict=True))

    def grad(self, op, dlist):
        if dlist is None:
            return None, None, None
        _, tensor, indices = op.inputs
        return dlist, TensorListGatherOrZeros.build(dlist, indices, tensor), None


def _written(items: TensorList, pairs: Any) -> TensorList:
    for index, array in pairs:
        if index in items.items():
            raise InvalidArgumentError(None, None, f"Could not write to TensorArray index {index} "
                                                   "because it has already been written to.")
        items = items.with_item(index, array)
    return items


class TensorListConcat(ListOp):
    """All items end to end along their first axis."""

    aliases = ("list",)
    dtypes = {"list": LIST}

    def infer(self, list, *, element_dtype, element_shape=None, once=False):
        return Spec(element_dtype, None if element_shape is None else (None, *element_shape[1:]))

    def kernel(self, xp, list, *, element_dtype, element_shape=None, once=False):
        rows = list.rows
        if (rows is not None and len(rows) and rows.ndim > 1 and rows.flags.c_contiguous
                and rows.dtype == element_dtype.numpy and not (once and list.read)):
            if once:
                list.read.update(range(len(rows)))
            return rows.reshape((-1, *rows.shape[2:]))
        known = element_shape if element_shape and None not in element_shape else None
        arrays = [take(xp, list, i, (element_dtype, known), once) for i in range(list.length())]
        if not arrays:
            if element_shape is None or None in element_shape[1:]:
                raise InvalidArgumentError(None, None, "cannot concatenate no items of unknown "
                                                       "shape")
            return xp.zeros((0, *element_shape[1:]), element_dtype.numpy)
        for i, array in enumerate(arrays):
            if array.ndim == 0:
                raise InvalidArgumentError(None, None, "Concat saw a scalar shape at index "
                                                       f"{i} but requires at least vectors.")
            if array.shape[1:] != arrays[0].shape[1:]:
                raise InvalidArgumentError(
                    None, None, "TensorArray has inconsistent shapes. Index 0 has (excepting "
                    f"dimension 0) shape: {_from_one(arrays[0])} but index {i} has (excepting "
                    f"dimension 0) shape: {_from_one(array)}")
        return xp.concatenate(arrays)

    def grad(self, op, dy):
        return TensorListSplitLike.build(dy, op.inputs[0])


def _from_one(array: Any) -> Any:
    return list(array.shape[1:])


class TensorListSplit(ListOp):
    """The list with pieces of `tensor`, of the given lengths along its first axis, as its items."""

    aliases = ("list",)
    dtypes = {"list": LIST, "tensor": "element_dtype",
              "lengths": dt.DTypeSet("int64 or int32", (dt.int64, dt.int32))}
    element_dtype = dt.ANY
    takes_missing_gradient = True

    def infer(self, list, tensor, lengths, *, grows=False):
        require_rank(lengths, 1, "lengths")
        require_rank_at_least(tensor, 1, "a tensor to split")
        return LIST_SPEC

    def kernel(self, xp, list, tensor, lengths, *, grows=False):
        lengths = lengths.tolist()
        if sum(lengths) != len(tensor):
            raise InvalidArgumentError(
                None, None, "Expected sum of lengths to be equal to values.shape[0], but sum of "
                f"lengths is {sum(lengths)} and value's shape is: {tensor.shape}")
        if not grows and len(lengths) != list.length():
            raise InvalidArgumentError(
                None, None, f"TensorArray's size is not equal to the size of lengths "
                f"({list.length()} vs. {len(lengths)}), and the TensorArray is not marked as "
                "dynamically resizeable")
        return _written(list, enumerate(_pieces(xp.array(tensor), lengths)))

    def grad(self, op, dlist):
        if dlist is None:
            return None, None, None
        return dlist, TensorListConcatLike.build(dlist, op.outputs[0], op.inputs[1]), None


def _pieces(tensor: Any, lengths: list[int]) -> list[Any]:
    ends = list(itertools.accumulate(lengths, initial=0))
    return [tensor[start:end] for start, end in itertools.pairwise(ends)]


class TensorListSplitLike(ListOp):
    """Pieces of `tensor`, as long as the items of `like`, as a list: the gradient of Concat."""

    dtypes = {"tensor": "element_dtype", "like": LIST}
    element_dtype = dt.ANY
    takes_missing_gradient = True

    def infer(self, tensor, like):
        return LIST_SPEC

    def kernel(self, xp, tensor, like):
        found = like.items()
        pieces = _pieces(xp.array(tensor), [len(found[i]) for i in range(like.length())])
        return TensorList(dict(enumerate(pieces)), len(pieces))

    def grad(self, op, dlist):
        tensor, like = op.inputs
        return None if dlist is None else TensorListConcatLike.build(dlist, like, tensor), None


class TensorListConcatLike(ListOp):
    """The items of a list of gradients end to end, zeros where `lengths` has one and it has none.

    `like` is the tensor that the result looks like.
    """

    dtypes = {"list": LIST, "lengths": LIST, "like": "element_dtype"}
    element_dtype = dt.ANY

    def infer(self, list, lengths, like):
        return Spec(like.dtype, like.shape)

    def kernel(self, xp, list, lengths, like):
        result, start, found = xp.zeros_like(like), 0, list.items()
        for index in range(lengths.length()):
            end = start + len(lengths.items()[index])
            if index in found:
                result[start:end] = found[index]
            start = end
        return result

    def grad(self, op, dy):
        return TensorListSplitLike.build(dy, op.inputs[1]), None, None
