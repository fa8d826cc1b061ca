"""TensorFlow 1's TensorArrays: the ops that its graphs hold for them.

flowgraph's own TensorArray (`tensor_array`) is a list that never changes; these ops run graphs that
were written by TensorFlow 1. There a TensorArray is an object that lives as long as the run, and a
number, the *flow*, goes from each op that changes it to the ops that come after.

The gradient of a TensorArray is another one, which sums up: the gradient of a read adds to it, the
gradient of a write reads from it, and the gradient of the flow tells in which order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.shapes import as_shape, compatible
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError
from flowgraph.gradients.paths import gradient_scope, is_differentiable
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.opdef.shape_rules import require_rank
from flowgraph.ops.resources import ON_HOST, RESOURCE, as_handle, handle_spec, resource_of

FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
INT32 = dt.DTypeSet("int32", (dt.int32,))
INT64 = dt.DTypeSet("int64", (dt.int64,))
_FLOW = Spec(dt.float32, ())


class TensorArrayState:
    """The elements of a TensorArray.

    Args:
        name: for messages.
        dtype: dtype of the elements.
        size: how many there are.
        shape: static shape of the elements.
        dynamic: whether a write behind the end makes it longer.
        clear: whether an element is gone when it was read.
        sums: whether a second write adds to the first, as for gradients.
    """

    def __init__(self, name: str, dtype: dt.DType, size: int, shape: Any = None,
                 dynamic: bool = False, clear: bool = True, sums: bool = False) -> None:
        self.name = name
        self.dtype = dtype
        self.size = size
        self.shape = shape
        self.dynamic = dynamic
        self.clear = clear
        self.sums = sums
        self.elements: dict[int, Any] = {}
        self.gone: set[int] = set()
        self.written: dict[int, tuple[int, ...]] = {}  # shapes, also of elements that are gone
        self.gradients: dict[Any, Any] = {}

    def write(self, xp: Any, index: int, value: Any) -> None:
        """Sets an element, or adds to it."""
        self._check_index(index, "write to")
        if dt.of_numpy(value.dtype) is not self.dtype:
            raise self._wrong(f"Could not write to index {index} because the value dtype is "
                              f"{value.dtype} but TensorArray dtype is {self.dtype.name}.")
        if not compatible(self.shape, value.shape):
            raise self._wrong(f"Could not write to index {index} because the value shape is "
                              f"{shape_text(value.shape)} which is incompatible with the "
                              f"TensorArray's element shape {shape_text(self.shape)}.")
        if index in self.elements and not self.sums:
            raise self._wrong(f"Could not write to index {index} because it has already been "
                              "written to.")
        old = self.elements.get(index)
        self.elements[index] = xp.array(value) if old is None else old + value
        self.written.setdefault(index, value.shape)
        self.size = max(self.size, index + 1)

    def read(self, xp: Any, index: int) -> Any:
        """An element; zeros for one that was never written, when its shape is known."""
        self._check_index(index, "read from", grows=False)
        if index in self.gone:
            raise self._wrong(f"Could not read index {index} twice because it was cleared after a "
                              "previous read (perhaps try setting clear_after_read = false?)")
        value = self.elements.get(index)
        if value is None:
            shape = self._known_shape(index)
            if shape is None:
                raise self._wrong(f"Could not read from index {index}: it was never written, and "
                                  "the element shape is not known.")
            value = xp.zeros(shape, self.dtype.numpy)
        if self.clear:
            self.elements.pop(index, None)
            self.gone.add(index)
        return value

    def _known_shape(self, index: int) -> tuple[int, ...] | None:
        if self.shape is not None and None not in self.shape:
            return self.shape
        if self.sums and index in self.written:
            return self.written[index]
        if self.sums and self.elements:
            return next(iter(self.elements.values())).shape
        return None

    def _check_index(self, index: int, what: str, grows: bool = True) -> None:
        if index < 0 or (index >= self.size and not (self.dynamic and grows)):
            raise self._wrong(f"Tried to {what} index {index} but array size is: {self.size}"
                              + ("" if self.dynamic else " and it is not resizeable"))

    def _wrong(self, problem: str) -> InvalidArgumentError:
        return InvalidArgumentError(None, None, f"TensorArray {self.name!r}: {problem}")

    def gradient(self, source: Any) -> TensorArrayState:
        """The TensorArray that sums up this one's gradients for `source`."""
        if source not in self.gradients:
            self.gradients[source] = TensorArrayState(
                f"{self.name}@{source}", self.dtype, self.size, self.shape, clear=False, sums=True)
        found = self.gradients[source]
        found.size = max(found.size, self.size)
        found.written |= self.written
        return found


def _made(handle: Any) -> TensorArrayState:
    return resource_of(handle, TensorArrayState)


def _gradient_handle(op: Any) -> Any:
    """The TensorArray of gradients of the one that `op` works on, one for each `tf.gradients`."""
    return TensorArrayGradV3.build(op.inputs[0], op.inputs[-1], source=gradient_scope())[0]


class _ArrayOp(OpDef, abstract=True):
    """An op on a TensorArray."""

    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable


class TensorArrayV3(_ArrayOp):
    """Makes a TensorArray of `size` elements; its handle and its flow."""

    dtypes = {"size": INT32}
    multiple = True

    def infer(self, size, *, dtype, element_shape=None, dynamic_size=False, clear_after_read=True,
              identical_element_shapes=False, tensor_array_name=""):
        require_rank(size, 0, "a size")
        return handle_spec(), _FLOW

    def kernel(self, xp, size, *, dtype, element_shape=None, dynamic_size=False,
               clear_after_read=True, identical_element_shapes=False, tensor_array_name=""):
        if size < 0:
            raise InvalidArgumentError(None, None, f"Size should be >= 0, got {size}")
        name = tensor_array_name
        return as_handle(TensorArrayState(
            name.decode("utf-8", "replace") if isinstance(name, bytes) else name, dtype, int(size),
            as_shape(element_shape), dynamic_size, clear_after_read)), np.float32(0)


class TensorArrayGradV3(_ArrayOp):
    """The TensorArray in which the gradients of another one are summed up."""

    dtypes = {"handle": RESOURCE, "flow_in": FLOAT32}
    multiple = True

    def infer(self, handle, flow_in, *, source):
        return handle_spec(), _FLOW

    def kernel(self, xp, handle, flow_in, *, source):
        return as_handle(_made(handle).gradient(source)), np.float32(0)


class TensorArrayWriteV3(_ArrayOp):
    """Sets the element `index`."""

    dtypes = {"handle": RESOURCE, "index": INT32, "value": dt.ANY, "flow_in": FLOAT32}

    def infer(self, handle, index, value, flow_in):
        require_rank(index, 0, "an index")
        return _FLOW

    def kernel(self, xp, handle, index, value, flow_in):
        _made(handle).write(xp, int(index), value)
        return np.float32(0)

    def grad(self, op, flow):
        _, index, value, _ = op.inputs
        if not is_differentiable(value):
            return [None, None, None, flow]
        dvalue = TensorArrayReadV3.build(_gradient_handle(op), index, flow, dtype=value.dtype)
        return [None, None, dvalue, flow]


class TensorArrayReadV3(_ArrayOp):
    """The element `index`."""

    dtypes = {"handle": RESOURCE, "index": INT32, "flow_in": FLOAT32}

    def infer(self, handle, index, flow_in, *, dtype):
        require_rank(index, 0, "an index")
        return Spec(dtype, None)

    def kernel(self, xp, handle, index, flow_in, *, dtype):
        return _made(handle).read(xp, int(index))

    def grad(self, op, dy):
        return [None, None, TensorArrayWriteV3.build(_gradient_handle(op), op.inputs[1], dy,
                                                     op.inputs[2])]


class TensorArrayGatherV3(_ArrayOp):
    """The elements `indices`, stacked."""

    dtypes = {"handle": RESOURCE, "indices": INT32, "flow_in": FLOAT32}

    def infer(self, handle, indices, flow_in, *, dtype, element_shape=None):
        require_rank(indices, 1, "indices")
        count = None if indices.shape is None else indices.shape[0]
        element_shape = as_shape(element_shape)
        return Spec(dtype, None if element_shape is None else (count, *element_shape))

    def kernel(self, xp, handle, indices, flow_in, *, dtype, element_shape=None):
        array = _made(handle)
        elements = [array.read(xp, int(i)) for i in indices]
        if elements:
            return xp.stack(elements)
        shape = as_shape(element_shape) or array.shape or ()
        return xp.zeros((0, *(n or 0 for n in shape)), dtype.numpy)

    def grad(self, op, dy):
        return [None, None, TensorArrayScatterV3.build(_gradient_handle(op), op.inputs[1], dy,
                                                       op.inputs[2])]


class TensorArrayScatterV3(_ArrayOp):
    """Sets the elements `indices` to the rows of `value`."""

    dtypes = {"handle": RESOURCE, "indices": INT32, "value": dt.ANY, "flow_in": FLOAT32}

    def infer(self, handle, indices, value, flow_in):
        require_rank(indices, 1, "indices")
        return _FLOW

    def kernel(self, xp, handle, indices, value, flow_in):
        array = _made(handle)
        if value.ndim < 1 or len(value) != len(indices):
            raise InvalidArgumentError(None, None, f"got {len(indices)} indices for a value of "
                                       f"shape {shape_text(value.shape)}")
        for i, row in zip(indices, value, strict=True):
            array.write(xp, int(i), xp.asarray(row))
        return np.float32(0)

    def grad(self, op, flow):
        _, indices, value, _ = op.inputs
        if not is_differentiable(value):
            return [None, None, None, flow]
        shape = value.spec.shape
        dvalue = TensorArrayGatherV3.build(_gradient_handle(op), indices, flow, dtype=value.dtype,
                                           element_shape=None if shape is None else shape[1:])
        return [None, None, dvalue, flow]


class TensorArrayConcatV3(_ArrayOp):
    """All elements, one after the other along their first axis, and how long each was."""

    dtypes = {"handle": RESOURCE, "flow_in": FLOAT32}
    multiple = True

    def infer(self, handle, flow_in, *, dtype, element_shape_except0=None):
        rest = as_shape(element_shape_except0)
        return (Spec(dtype, None if rest is None else (None, *rest)), Spec(dt.int64, (None,)))

    def kernel(self, xp, handle, flow_in, *, dtype, element_shape_except0=None):
        array = _made(handle)
        elements = [array.read(xp, i) for i in range(array.size)]
        if any(element.ndim < 1 for element in elements):
            raise InvalidArgumentError(None, None, "concat saw a scalar shape, but it needs "
                                       "elements of rank 1 or more")
        rest = tuple(n or 0 for n in as_shape(element_shape_except0) or ())
        value = xp.concatenate(elements) if elements else xp.zeros((0, *rest), dtype.numpy)
        return value, np.array([len(element) for element in elements], np.int64)

    def grad(self, op, dy, dlengths):
        return [None, TensorArraySplitV3.build(_gradient_handle(op), dy, op.outputs[1],
                                               op.inputs[1])]


class TensorArraySplitV3(_ArrayOp):
    """Cuts `value` into elements of `lengths` rows."""

    dtypes = {"handle": RESOURCE, "value": dt.ANY, "lengths": INT64, "flow_in": FLOAT32}

    def infer(self, handle, value, lengths, flow_in):
        require_rank(lengths, 1, "lengths")
        return _FLOW

    def kernel(self, xp, handle, value, lengths, flow_in):
        array = _made(handle)
        if value.ndim < 1 or int(lengths.sum()) != len(value) or (lengths < 0).any():
            raise InvalidArgumentError(None, None, "Expected sum of lengths to be equal to "
                                       f"values.shape[0], but sum of lengths is {lengths.sum()} "
                                       f"and value's shape is: {shape_text(value.shape)}")
        at = 0
        for i, length in enumerate(lengths.tolist()):
            array.write(xp, i, value[at:at + length])
            at += length
        return np.float32(0)

    def grad(self, op, flow):
        value = op.inputs[1]
        if not is_differentiable(value):
            return [None, None, None, flow]
        shape = value.spec.shape
        dvalue, _ = TensorArrayConcatV3.build(
            _gradient_handle(op), flow, dtype=value.dtype,
            element_shape_except0=None if shape is None else shape[1:])
        return [None, dvalue, None, flow]


class TensorArraySizeV3(_ArrayOp):
    """How many elements there are."""

    dtypes = {"handle": RESOURCE, "flow_in": FLOAT32}

    def infer(self, handle, flow_in):
        return Spec(dt.int32, ())

    def kernel(self, xp, handle, flow_in):
        return np.int32(_made(handle).size)


class TensorArrayCloseV3(_ArrayOp):
    """Forgets the elements."""

    dtypes = {"handle": RESOURCE}
    multiple = True

    def infer(self, handle):
        return ()

    def kernel(self, xp, handle):
        _made(handle).elements.clear()
        return ()
