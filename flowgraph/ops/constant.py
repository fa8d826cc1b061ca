"""Constants and tensors made from nothing but numbers: constant, zeros, ones, fill, linspace, eye.

A `Const` holds a private, read-only array. As in TensorFlow 1, `tf.zeros` and `tf.ones` of a small
static shape are Consts; larger ones, and shapes that only a run knows, are a `Fill`.
"""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import Dimension, TensorShape, as_shape
from flowgraph.core.spec import Spec, shape_text
from flowgraph.core.values import to_array
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, op_def, plain_value

_SMALL = 1000  # elements; zeros and ones below this are Consts, as in TensorFlow 1
_LARGEST_KNOWN = 1024  # elements; contents beyond are data, not a shape


class Const(OpDef):
    """A tensor that the graph itself holds; `value` is a read-only array."""

    grad = NotDifferentiable

    def infer(self, *, value):
        return Spec(dt.of_numpy(value.dtype), value.shape)

    def kernel(self, xp, *, value):
        return value

    def known(self, *, value):
        return plain_value(value) if value.size <= _LARGEST_KNOWN else None


def constant(value, dtype=None, shape=None, name="Const", verify_shape=False):
    """Makes a constant tensor.

    Args:
        value: number, text, array, or nested lists of them.
        dtype: the dtype; default the value's own (float32 and int32 for Python numbers).
        shape: the shape; default the value's own. Where the value has fewer elements, its last one
            fills up the rest.
        name: name of the node.
        verify_shape: whether the value must have exactly `shape`.

    Returns:
        A Tensor.

    Raises:
        TypeError: the value does not fit `dtype`, or not `shape` while `verify_shape`.
        ValueError: the value has more elements than `shape`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.constant([1, 2], shape=[2, 2]))
        array([[1, 2],
               [2, 2]], dtype=int32)
    """
    array = _array(value, None if dtype is None else dt.as_dtype(dtype).base_dtype)
    if shape is not None:
        array = _fit(array, as_shape(shape), verify_shape)
    array = np.array(array, order="C")
    array.flags.writeable = False
    return Const.build(value=array, name=name or "Const")


def _array(value, dtype=None):
    try:
        return to_array(value, dtype)
    except (TypeError, ValueError) as error:
        raise type(error)(located(str(error))) from None


def _fit(array, shape, verify_shape):
    """`array` with `shape`, by the rule of `constant`."""
    if shape is None or None in shape:
        raise ValueError(located(f"a constant needs a fully known shape, got {shape_text(shape)}",
                                 "Write tf.fill(dims, value) for sizes that only a run knows."))
    if array.shape == shape:
        return array
    if verify_shape:
        raise TypeError(located(f"Expected Tensor's shape: {shape_text(shape)}, got "
                                f"{shape_text(array.shape)}."))
    size = math.prod(shape)
    if not size:
        return np.empty(shape, array.dtype)
    if array.size > size:
        raise ValueError(located(f"Too many elements provided. Needed at most {size}, but received "
                                 f"{array.size}"))
    if array.size == size:
        return array.reshape(shape)
    if array.size == 0:
        raise ValueError(located(f"cannot fill the shape {shape_text(shape)} from an empty value"))
    full = np.full(size, array.flat[-1], array.dtype)
    full[:array.size] = array.ravel()
    return full.reshape(shape)


# ---- one value everywhere ------------------------------------------------------------------------


class Fill(OpDef):
    """A tensor of shape `dims` with `value` everywhere."""

    dtypes = {"dims": "index_type"}
    index_type = dt.INDEX
    host_inputs = ("dims",)

    def infer(self, dims, value):
        shape_rules.require_rank(value, 0, "a value")
        return Spec(value.dtype, shape_rules.shape_from_value(dims))

    def kernel(self, xp, dims, value):
        return xp.full(dims, value, dtype=value.dtype)

    def grad(self, op, dy):
        return None, op_def("Sum").build(dy, _all_axes(dy))


def _all_axes(tensor):
    """Every axis of `tensor`, for a full reduction."""
    if tensor.spec.shape is not None:
        return np.arange(len(tensor.spec.shape), dtype=np.int32)
    return op_def("Range").build(0, op_def("Rank").build(tensor), 1)


def fill(dims, value, name=None):
    """Makes a tensor with one value everywhere.

    Args:
        dims: the shape, a 1-D int32 or int64 tensor.
        value: scalar of any dtype.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.fill([2, 2], 9))
        array([[9, 9],
               [9, 9]], dtype=int32)
    """
    return Fill.build(dims, value, name=name)


def zeros(shape, dtype=dt.float32, name=None):
    """Makes a tensor of zeros.

    Args:
        shape: list of sizes (ints or scalar tensors), TensorShape, or 1-D integer tensor.
        dtype: the dtype; a string tensor gets empty strings, a bool tensor False.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.zeros([2]))
        array([0., 0.], dtype=float32)
    """
    return _filled(0, shape, dtype, name or "zeros")


def ones(shape, dtype=dt.float32, name=None):
    """Makes a tensor of ones.

    Args:
        shape: list of sizes (ints or scalar tensors), TensorShape, or 1-D integer tensor.
        dtype: a number dtype, or bool.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.ones([2], fg.int32))
        array([1, 1], dtype=int32)
    """
    return _filled(1, shape, dtype, name or "ones")


def _filled(value, shape, dtype, name):
    """A Const, or a Fill where the shape is large or not static."""
    dtype = dt.as_dtype(dtype).base_dtype
    scalar = np.array(b"" if dtype is dt.string else value, dtype.numpy)
    sizes = static_sizes(shape)
    if sizes is not None and math.prod(sizes) < _SMALL:
        array = np.full(sizes, scalar, dtype.numpy)
        array.flags.writeable = False
        return Const.build(value=array, name=name)
    with name_scope(name, values=[shape]) as scope:
        if sizes is not None:
            dims = constant(sizes, _size_dtype(sizes), name="shape_as_tensor")
        else:
            dims = convert_to_tensor(shape, None if is_tensor_like(shape) else dt.int32)
            if dims.spec.shape == ():
                dims = op_def("Reshape").build(dims, [-1])
        return Fill.build(dims, constant(scalar, dtype), name=scope)


def _size_dtype(sizes):
    return dt.int32 if all(n <= dt.int32.max for n in sizes) else dt.int64


def static_sizes(shape):
    """The sizes in a shape argument as a tuple of ints; None when it holds tensors.

    Raises:
        ValueError: a size is unknown or negative.
    """
    if is_tensor_like(shape):
        return None
    if isinstance(shape, (list, tuple)) and any(is_tensor_like(n) for n in shape):
        return None
    if isinstance(shape, np.ndarray):
        shape = shape.reshape(-1).tolist()
    elif not isinstance(shape, (list, tuple, TensorShape, Dimension)):
        shape = [shape]
    sizes = as_shape(shape)
    if sizes is None or None in sizes:
        raise ValueError(located("cannot make a tensor of the partially known shape "
                                 f"{shape_text(sizes)}; write tf.shape(t) for the sizes in a run"))
    return sizes


# ---- like another tensor -------------------------------------------------------------------------

_FILLABLE = dt.NUMBER + dt.BOOL


class ZerosLike(OpDef):
    """Zeros of x's shape and dtype."""

    T = _FILLABLE
    grad = NotDifferentiable

    def infer(self, x):
        return Spec(x.dtype, x.shape)

    def kernel(self, xp, x):
        return xp.zeros_like(x)


class OnesLike(OpDef):
    """Ones of x's shape and dtype."""

    T = _FILLABLE
    grad = NotDifferentiable

    def infer(self, x):
        return Spec(x.dtype, x.shape)

    def kernel(self, xp, x):
        return xp.ones_like(x)


def zeros_like(tensor, dtype=None, name=None, optimize=True):
    """Makes zeros of the shape of `tensor`.

    Args:
        tensor: any tensor.
        dtype: the dtype; default that of `tensor`.
        name: name of the node.
        optimize: whether a static shape may be built in as a constant.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.zeros_like([[1, 2]]))
        array([[0, 0]], dtype=int32)
    """
    if type(tensor) is Tensor and (dtype is None or dt.as_dtype(dtype) is tensor.dtype.base_dtype):
        if optimize and tensor.spec.is_static:  # the common cases need no name scope
            return _filled(0, tensor.spec.shape, tensor.dtype, name or "zeros_like")
        if tensor.dtype.base_dtype in _FILLABLE:
            return ZerosLike.build(tensor, name=name or "zeros_like")
    with name_scope(name, "zeros_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        dtype = tensor.dtype.base_dtype if dtype is None else dt.as_dtype(dtype).base_dtype
        if optimize and tensor.spec.is_static:
            return _filled(0, tensor.spec.shape, dtype, scope)
        if dtype is tensor.dtype.base_dtype and dtype in _FILLABLE:
            return ZerosLike.build(tensor, name=scope)
        return _filled(0, op_def("Shape").build(tensor), dtype, scope)


def ones_like(tensor, dtype=None, name=None, optimize=True):
    """Makes ones of the shape of `tensor`.

    Args:
        tensor: any tensor.
        dtype: the dtype; default that of `tensor`.
        name: name of the node.
        optimize: whether a static shape may be built in as a constant.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.ones_like([[1, 2]]))
        array([[1, 1]], dtype=int32)
    """
    with name_scope(name, "ones_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        dtype = tensor.dtype.base_dtype if dtype is None else dt.as_dtype(dtype).base_dtype
        if optimize and tensor.spec.is_static:
            shape = constant(tensor.spec.shape, dt.int32, name="Shape")
        else:
            shape = op_def("Shape").build(tensor)
        return _filled(1, shape, dtype, scope)


# ---- sequences -----------------------------------------------------------------------------------


class LinSpace(OpDef):
    """`num` evenly spaced values from `start` to `stop`, both included."""

    T = dt.FLOAT
    dtypes = {"num": "Tidx"}
    Tidx = dt.INDEX
    host_inputs = ("num",)

    def infer(self, start, stop, num):
        shape_rules.require_rank(start, 0, "a start")
        shape_rules.require_rank(stop, 0, "a stop")
        shape_rules.require_rank(num, 0, "a num")
        if num.value is not None and num.value <= 0:
            raise ShapeError(f"needs num > 0, got {num.value}")
        return Spec(start.dtype, (num.value,))

    def kernel(self, xp, start, stop, num):
        return xp.linspace(start, stop, _positive(num), dtype=start.dtype)

    def kernel_cupy(self, xp, start, stop, num):
        from flowgraph.ops.like_numpy import linspace  # late: few have a GPU
        return linspace(xp, start, stop, _positive(num))

    def grad(self, op, dy):
        start, _, num = op.inputs
        part = LinSpace.build(constant(0, start.dtype), constant(1, start.dtype), num)
        to_stop = op_def("Sum").build(dy * part, [0])
        return op_def("Sum").build(dy, [0]) - to_stop, to_stop, None


def _positive(num):
    if num <= 0:
        raise InvalidArgumentError(None, None, f"Requires num > 0: {num}")
    return num


def lin_space(start, stop, num, name=None):
    """Makes `num` evenly spaced values, the first `start` and the last `stop`.

    Args:
        start: floating scalar.
        stop: scalar of the same dtype.
        num: how many values, at least 1.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.lin_space(0.0, 1.0, 3))
        array([0. , 0.5, 1. ], dtype=float32)
    """
    return LinSpace.build(start, stop, num, name=name)


linspace = lin_space


class Range(OpDef):
    """start, start + delta, start + 2 delta, … as far as `limit`, which is left out."""

    _NUMBERS = dt.DTypeSet("int32, int64, float32 or float64",
                           (dt.int32, dt.int64, dt.float32, dt.float64))
    dtypes = {"start": _NUMBERS, "limit": _NUMBERS, "delta": _NUMBERS}
    host_inputs = ("start", "limit", "delta")
    grad = NotDifferentiable

    def infer(self, start, limit, delta, *, Tidx=dt.int32):
        for spec, what in ((start, "a start"), (limit, "a limit"), (delta, "a delta")):
            shape_rules.require_rank(spec, 0, what)
        if start.value is None or limit.value is None or delta.value is None:
            return Spec(Tidx, (None,))
        try:
            return Spec(Tidx, (_range_size(start.value, limit.value, delta.value, Tidx),))
        except InvalidArgumentError as error:
            raise ShapeError(f"needs other bounds: {error}") from None

    def kernel(self, xp, start, limit, delta, *, Tidx=dt.int32):
        return xp.arange(_range_size(start, limit, delta, Tidx), dtype=Tidx.numpy) * delta + start


def _range_size(start, limit, delta, dtype):
    """How many values a range has, worked out in its own dtype as TensorFlow does."""
    if delta == 0:
        raise InvalidArgumentError(None, None, "Requires delta != 0")
    if delta > 0 and start > limit:
        raise InvalidArgumentError(None, None,
                                   f"Requires start <= limit when delta > 0: {start}/{limit}")
    if delta < 0 and start < limit:
        raise InvalidArgumentError(None, None,
                                   f"Requires start >= limit when delta < 0: {start}/{limit}")
    if dtype.is_integer:
        return -((start - limit) // delta)
    number = dtype.as_numpy_dtype
    return math.ceil((number(limit) - number(start)) / number(delta))


def range(start, limit=None, delta=1, dtype=None, name="range"):
    """Makes a sequence of numbers, as Python's `range`; floats too.

    Args:
        start: the first number; with no `limit` it is the limit, and the first number is 0.
        limit: where to stop; not in the result.
        delta: the step, not 0.
        dtype: the dtype; default the widest of the inputs' dtypes.
        name: name of the node.

    Returns:
        A 1-D tensor of int32, int64, float32 or float64.

    Raises:
        ValueError: `delta` is 0 or goes away from `limit`, and the graph tells.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.range(3, 18, 3))
        array([ 3,  6,  9, 12, 15], dtype=int32)
    """
    if limit is None:
        start, limit = 0, start
    dtype = None if dtype is None else dt.as_dtype(dtype).base_dtype
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        parts = [start, limit, delta]
        if dtype is None:
            dtype = max((part.dtype.base_dtype if is_tensor_like(part) else
                         dt.of_numpy(_array(part).dtype) for part in parts),
                        key=lambda found: _RANGE_ORDER.get(found, -1))
            parts = [op_def("Cast").build(part, DstT=dtype) if is_tensor_like(part) and
                     part.dtype.base_dtype is not dtype else part for part in parts]
        parts = [convert_to_tensor(part, dtype, name=what)
                 for part, what in zip(parts, ("start", "limit", "delta"), strict=True)]
        return Range.build(*parts, Tidx=dtype, name=scope)


_RANGE_ORDER = {dt.int32: 0, dt.int64: 1, dt.float32: 2, dt.float64: 3}


# ---- identity matrices ---------------------------------------------------------------------------


def eye(num_rows, num_columns=None, batch_shape=None, dtype=dt.float32, name=None):
    """Makes an identity matrix, or a batch of them.

    Args:
        num_rows: number of rows, int or int32 scalar.
        num_columns: number of columns; default `num_rows`.
        batch_shape: shape of the batch, list of ints or 1-D int32 tensor.
        dtype: the dtype.
        name: name of the node.

    Returns:
        A tensor of shape `batch_shape + [num_rows, num_columns]`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.eye(2))
        array([[1., 0.],
               [0., 1.]], dtype=float32)
    """
    num_columns = num_rows if num_columns is None else num_columns
    dtype = dt.as_dtype(dtype).base_dtype
    batch = () if batch_shape is None else batch_shape
    sizes = [num_rows, num_columns]
    if static_sizes(sizes) is not None and static_sizes(batch) is not None:
        rows, columns = static_sizes(sizes)
        matrix = np.eye(rows, columns, dtype=dtype.numpy)
        return constant(np.broadcast_to(matrix, static_sizes(batch) + matrix.shape),
                        name=name or "eye")
    with name_scope(name, "eye") as scope:
        matrix = op_def("OneHot").build(range(num_rows), num_columns, constant(1, dtype),
                                        constant(0, dtype), axis=-1)
        shape = op_def("ConcatV2").build([convert_to_tensor(batch, dt.int32),
                                          op_def("Shape").build(matrix)], 0)
        return op_def("BroadcastTo").build(matrix, shape, name=scope)
