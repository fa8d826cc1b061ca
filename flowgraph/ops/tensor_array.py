"""TensorArray: a list of tensors that loops read and write by index."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape, as_shape, compatible, merge
from flowgraph.core.spec import Shape, shape_text
from flowgraph.graph.graph import name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.identity import identity, no_op
from flowgraph.ops.tensor_list import (
    TensorListGetItem,
    TensorListLength,
    TensorListReserve,
    TensorListSetItem,
)
from flowgraph.ops.tensor_list_batch import (
    TensorListConcat,
    TensorListFromTensor,
    TensorListGather,
    TensorListScatterIntoExistingList,
    TensorListSplit,
    TensorListStack,
)


class TensorArray:
    """A list of tensors of one dtype, written once and read by index; for `tf.while_loop`.

    Each write gives a new TensorArray; use that one from then on. Gradients go through all methods.

    Args:
        dtype: dtype of the items.
        size: int32 scalar; number of items. Required unless `handle` is given.
        dynamic_size: whether it grows when more is written.
        clear_after_read: whether an item may be read only once (default True).
        tensor_array_name: accepted.
        handle: not offered: a TensorArray is a value here.
        flow: a tensor from the `flow` of another TensorArray.
        infer_shape: whether all items must have one shape, which the first write tells.
        element_shape: static shape of the items, if known.
        colocate_with_first_write_call: accepted.
        name: name scope of the node.

    Raises:
        ValueError: there is neither `size` nor `flow`.

    Example:
        >>> import flowgraph as fg
        >>> ta = fg.TensorArray(fg.float32, size=2).write(0, 1.0).write(1, 5.0)
        >>> fg.Session().run(ta.stack())
        array([1., 5.], dtype=float32)
    """

    def __init__(self, dtype: Any, size: Any = None, dynamic_size: bool | None = None,
                 clear_after_read: bool | None = None, tensor_array_name: str | None = None,
                 handle: Any = None, flow: Any = None, infer_shape: bool = True,
                 element_shape: Any = None, colocate_with_first_write_call: bool = True,
                 name: str | None = None) -> None:
        if handle is not None:
            raise ValueError(located("TensorArray(handle=...) is not offered: a TensorArray is a "
                                     "value; pass flow="))
        if flow is None and size is None:
            raise ValueError(located("tf.TensorArray needs a size",
                                     "Write tf.TensorArray(dtype, size=n), or size=0 with "
                                     "dynamic_size=True.", "control-flow"))
        if flow is not None and size is not None:
            raise ValueError(located("Cannot provide both a handle and size at the same time"))
        self._dtype = dt.as_dtype(dtype).base_dtype
        self._dynamic = bool(dynamic_size)
        self._once = clear_after_read is None or clear_after_read
        self._infer_shape = infer_shape or element_shape is not None
        # Shared by all TensorArrays that writes make of this one: as soon as one knows, all know.
        self._element: list[Shape] = [None if element_shape is None else as_shape(element_shape)]
        self._size: int | None = None
        if flow is not None:
            self._flow = flow
            return
        with name_scope(name, "TensorArray", [size]) as scope:
            size = convert_to_tensor(size, dt.int32, name="size")
            self._size = None if self._dynamic else known_value(size)
            self._flow = TensorListReserve.build(size, grows=self._dynamic, name=scope)

    def _with(self, flow: Tensor) -> TensorArray:
        """The TensorArray after an op gave it a new flow."""
        made = TensorArray(self._dtype, flow=flow)
        made.__dict__.update(self.__dict__, _flow=flow)
        return made

    @property
    def dtype(self) -> dt.DType:
        """The dtype of the items."""
        return self._dtype

    @property
    def flow(self) -> Tensor:
        """The tensor that carries the list, as it is after the writes so far."""
        return self._flow

    @property
    def handle(self) -> Tensor:
        """The same as `flow`."""
        return self._flow

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the items' shape."""
        return TensorShape(self._element[0])

    @property
    def dynamic_size(self) -> bool:
        """Whether it grows when more is written."""
        return self._dynamic

    def _merge_shape(self, shape: Shape, what: str) -> None:
        if not self._infer_shape:
            return
        if not compatible(self._element[0], shape):
            raise ValueError(located(f"{what}: inconsistent shapes: saw {shape_text(shape)} but "
                                     f"expected {shape_text(self._element[0])}",
                                     "Items of one shape only, or TensorArray(..., "
                                     "infer_shape=False).", "control-flow"))
        self._element[0] = merge(self._element[0], shape)

    def _typed(self, value: Any, what: str) -> Tensor:
        tensor = convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
        if tensor.dtype.base_dtype is not self._dtype:
            raise TypeError(located(f"{what}: TensorArray dtype is {self._dtype.name} but the "
                                    f"value {tensor.name!r} is {tensor.dtype.base_dtype.name}",
                                    f"Write tf.cast(..., tf.{self._dtype.name}).", "control-flow"))
        return tensor

    def identity(self) -> TensorArray:
        """The same list, under a new node that control dependencies can order."""
        return self._with(identity(self._flow))

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> TensorArray:
        """Not offered: the gradients of a TensorArray are those of its reads and writes.

        Args:
            source, flow, name: ignored.
        """
        raise NotImplementedError(located("TensorArray.grad is not offered; differentiate what was "
                                          "read with tf.gradients"))

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The item at `index`.

        Args:
            index: int32 scalar.
            name: name of the node.
        """
        return TensorListGetItem.build(self._flow, index, element_dtype=self._dtype,
                                       element_shape=self._element[0], once=self._once,
                                       name=name or "TensorArrayReadV3")

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """The list with `value` at `index`, where nothing was written yet.

        Args:
            index: int32 scalar.
            value: the item.
            name: name of the node.

        Raises:
            TypeError: the value has another dtype.
            ValueError: the value has another shape than the items before.
        """
        with name_scope(name, "TensorArrayWrite", [self._flow, index, value]):
            value = self._typed(value, "TensorArray.write")
            self._merge_shape(value.spec.shape, "TensorArray.write")
            return self._with(TensorListSetItem.build(self._flow, index, value,
                                                      grows=self._dynamic,
                                                      name="TensorArrayWriteV3"))

    def stack(self, name: str | None = None) -> Tensor:
        """All items as the rows of one tensor.

        Args:
            name: name scope.
        """
        with name_scope(name, "TensorArrayStack", [self._flow]):
            return TensorListStack.build(self._flow, **self._reading(), num_elements=self._size,
                                         name="TensorArrayGatherV3")

    def _reading(self) -> dict[str, Any]:
        return {"element_dtype": self._dtype, "element_shape": self._element[0],
                "once": self._once}

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The items at `indices` as the rows of one tensor.

        Args:
            indices: int32 vector.
            name: name of the node.
        """
        return TensorListGather.build(self._flow, indices, **self._reading(),
                                      name=name or "TensorArrayGatherV3")

    def concat(self, name: str | None = None) -> Tensor:
        """All items end to end along their first axis.

        Args:
            name: name of the node.
        """
        return TensorListConcat.build(self._flow, **self._reading(),
                                      name=name or "TensorArrayConcatV3")

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """The list with the rows of `value` as its items.

        Args:
            value: tensor of rank 1 or more.
            name: name scope.
        """
        with name_scope(name, "TensorArrayUnstack", [self._flow, value]):
            value = self._typed(value, "TensorArray.unstack")
            if value.spec.shape is not None and not value.spec.shape:
                raise ValueError(located("TensorArray.unstack needs rows, got the scalar "
                                         f"{value.name!r}", section="control-flow"))
            self._merge_shape(_rest(value.spec.shape), "TensorArray.unstack")
            if self._flow.op.type == "TensorListReserve" and self._fits(value):
                return self._with(TensorListFromTensor.build(value, name="TensorArrayScatterV3"))
            from flowgraph.ops.constant import range as range_
            from flowgraph.ops.shape import shape
            rows = range_(shape(value)[0])
            return self._with(TensorListScatterIntoExistingList.build(
                self._flow, value, rows, grows=self._dynamic, name="TensorArrayScatterV3"))

    def _fits(self, value: Tensor) -> bool:
        """Whether the rows fill the still empty list exactly, as far as is known now."""
        rows = None if value.spec.shape is None else value.spec.shape[0]
        if rows is not None and rows == self._size:
            return True
        size = self._flow.op.inputs[0].op  # tf.TensorArray(dtype, size=tf.shape(value)[0])
        return (size.type == "StridedSlice" and size.inputs[0].op.type == "Shape"
                and size.inputs[0].op.inputs[0] is value and size.attrs["shrink_axis_mask"] == 1
                and known_value(size.inputs[1]) == (0,))

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """The list with the rows of `value` as its items at `indices`.

        Args:
            indices: int32 vector.
            value: tensor of as many rows.
            name: name scope.
        """
        with name_scope(name, "TensorArrayScatter", [self._flow, value, indices]):
            value = self._typed(value, "TensorArray.scatter")
            self._merge_shape(_rest(value.spec.shape), "TensorArray.scatter")
            return self._with(TensorListScatterIntoExistingList.build(
                self._flow, value, indices, grows=self._dynamic, name="TensorArrayScatterV3"))

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """The list with pieces of `value` as its items.

        Args:
            value: tensor of rank 1 or more.
            lengths: length of each piece along the first axis.
            name: name scope.
        """
        with name_scope(name, "TensorArraySplit", [self._flow, value, lengths]):
            value = self._typed(value, "TensorArray.split")
            lengths = convert_to_tensor(lengths, preferred_dtype=dt.int64)
            pieces = known_value(lengths)
            if self._infer_shape and value.spec.shape is not None:
                same = pieces is not None and len(set(pieces)) == 1
                self._merge_shape((pieces[0] if same else None, *value.spec.shape[1:]),
                                  "TensorArray.split")
            return self._with(TensorListSplit.build(self._flow, value, lengths,
                                                    grows=self._dynamic,
                                                    name="TensorArraySplitV3"))

    def size(self, name: str | None = None) -> Tensor:
        """The number of items.

        Args:
            name: name of the node.
        """
        return TensorListLength.build(self._flow, name=name or "TensorArraySizeV3")

    def close(self, name: str | None = None) -> Operation:
        """An operation that does nothing: lists are freed when no one needs them.

        Args:
            name: name of the node.
        """
        return no_op(name=name or "TensorArrayCloseV3")


def _rest(shape: Shape) -> Shape:
    return None if shape is None else shape[1:]


nest.register_composite(TensorArray, lambda array: [array.flow],
                        lambda array, parts: array._with(parts[0]))
