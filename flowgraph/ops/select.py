"""Choosing by conditions: where, one_hot, sequence_mask; and reverse."""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known, op_def
from flowgraph.ops.choosing import choose
from flowgraph.ops.constant import constant, zeros_like
from flowgraph.ops.reshape import expand_dims


class Select(OpDef):
    """t where the condition holds, else e; a vector condition chooses whole rows."""

    dtypes = {"condition": dt.BOOL}

    def infer(self, condition, t, e):
        sizes, c = shape_rules.merge("tensors t and e", t, e), condition.shape
        if sizes is None or c is None or c == ():
            return Spec(t.dtype, sizes)
        if len(c) == 1 and len(sizes) > 1:
            if not shapes.compatible(c, sizes[:1]):
                raise ShapeError(f"cannot choose rows of {shape_text(sizes)} by a condition of "
                                 f"shape {shape_text(c)}", "There must be one entry for each row.")
            return Spec(t.dtype, sizes)
        if not shapes.compatible(c, sizes):
            raise ShapeError(f"cannot choose from {shape_text(sizes)} by a condition of shape "
                             f"{shape_text(c)}", "The condition must have the same shape, or be a "
                             "vector with one entry for each row. tf.where_v2 broadcasts.")
        return Spec(t.dtype, shapes.merge(sizes, c))

    def kernel(self, xp, condition, t, e, *, out=None):
        return choose(xp, _over_rows(condition, t), t, e, out=out)

    def grad(self, op, dy):
        zeros, condition = zeros_like(dy), op.inputs[0]
        return None, Select.build(condition, dy, zeros), Select.build(condition, zeros, dy)


def _over_rows(condition, t):
    """A vector condition with axes of size 1 behind, so that it broadcasts over rows."""
    if condition.ndim == 1 and t.ndim > 1:
        return condition.reshape((-1,) + (1,) * (t.ndim - 1))
    return condition


class SelectV2(OpDef):
    """t where the condition holds, else e; all three are broadcast."""

    dtypes = {"condition": dt.BOOL}
    elementwise = True

    def infer(self, condition, t, e):
        return Spec(t.dtype, shape_rules.broadcast(condition, t, e))

    def kernel(self, xp, condition, t, e):
        return choose(xp, condition, t, e)

    def grad(self, op, dy):
        condition, t, e = op.inputs
        zero, output = constant(0, dy.dtype), op.outputs[0]
        return (None, unbroadcast(SelectV2.build(condition, dy, zero), t, output),
                unbroadcast(SelectV2.build(condition, zero, dy), e, output))


class Where(OpDef):
    """The indices of the elements that are not zero, one row each, in row-major order."""

    T = dt.NUMBER + dt.BOOL
    grad = NotDifferentiable
    waits_for_gpu = "its result is as long as there are such elements"

    def infer(self, condition):
        shape_rules.require_rank_at_least(condition, 1, "a condition")
        return Spec(dt.int64, (None, condition.rank))

    def kernel(self, xp, condition):
        return xp.argwhere(condition).astype("int64")


def where(condition, x=None, y=None, name=None):
    """Chooses between two tensors, or gives the indices where a condition holds.

    Args:
        condition: bool tensor; with `x` and `y` of their shape, or a vector with one entry for each
            of their rows.
        x: tensor chosen where the condition holds.
        y: tensor chosen elsewhere, of the shape and dtype of `x`.
        name: name of the node.

    Returns:
        A tensor like `x`; without `x` and `y` an int64 tensor [count, rank of condition].

    Raises:
        ValueError: only one of `x` and `y` is given, or the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.where([True, False], [1, 2], [3, 4]))
        array([1, 4], dtype=int32)
    """
    return _where(Select, condition, x, y, name)


def where_v2(condition, x=None, y=None, name=None):
    """Chooses between two tensors with broadcasting, or gives the indices where a condition holds.

    Args:
        condition: bool tensor.
        x: tensor chosen where the condition holds.
        y: tensor chosen elsewhere, of the dtype of `x`.
        name: name of the node.

    Raises:
        ValueError: only one of `x` and `y` is given, or the shapes do not broadcast.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.where_v2([True, False], 1, [3, 4]))
        array([1, 4], dtype=int32)
    """
    return _where(SelectV2, condition, x, y, name)


def _where(op, condition, x, y, name):
    if x is None and y is None:
        return Where.build(condition, name=name)
    if x is None or y is None:
        raise ValueError(located(
            "x and y must both be non-None or both be None.",
            "Pass both to choose from them, none to get the places where condition is True."))
    return op.build(condition, x, y, name=name)


# ---- one_hot and masks ---------------------------------------------------------------------------


class OneHot(OpDef):
    """`on_value` where the new axis's index is the entry of `indices`, else `off_value`."""

    dtypes = {"indices": "TI", "depth": dt.DTypeSet("int32", (dt.int32,))}
    TI = dt.DTypeSet("uint8, int32 or int64", (dt.int64, dt.int32, dt.uint8, dt.int8))
    host_inputs = ("depth",)
    grad = NotDifferentiable

    def infer(self, indices, depth, on_value, off_value, *, axis=-1):
        for spec, what in ((depth, "a depth"), (on_value, "an on_value"),
                           (off_value, "an off_value")):
            shape_rules.require_rank(spec, 0, what)
        if depth.value is not None and depth.value < 0:
            raise ShapeError(f"needs depth >= 0, got {depth.value}")
        if indices.shape is None:
            return Spec(on_value.dtype, None)
        if axis < -1:
            raise ShapeError(f"has axis {axis}", "It is -1 for the last one, or counted from 0.")
        if axis > len(indices.shape):
            return Spec(on_value.dtype, (None,) * (len(indices.shape) + 1))  # an error of the run
        at = shape_rules.axis_index(axis, len(indices.shape) + 1)
        return Spec(on_value.dtype, indices.shape[:at] + (depth.value,) + indices.shape[at:])

    def kernel(self, xp, indices, depth, on_value, off_value, *, axis=-1, out=None):
        _check_axis(indices, depth, axis)
        at = axis if axis >= 0 else indices.ndim
        result = out
        if out is None:
            sizes = (*indices.shape[:at], depth, *indices.shape[at:])
            result = xp.empty(sizes, off_value.dtype)
        result[...] = off_value
        # Only what is on is set, by its place in memory: a third of the time of comparing.
        levels = indices.reshape(-1).astype("int64")
        before = xp.arange(levels.size)
        behind = math.prod(indices.shape[at:])
        if behind == 1:
            places = before * depth + levels
        else:
            places = (before // behind * depth + levels) * behind + before % behind
        known = (levels >= 0) & (levels < depth)
        result.reshape(-1)[places if bool(known.all()) else places[known]] = on_value
        return result

    def kernel_cupy(self, xp, indices, depth, on_value, off_value, *, axis=-1):
        _check_axis(indices, depth, axis)
        levels = xp.expand_dims(indices.astype("int64"), axis)
        sizes = [1] * levels.ndim
        sizes[axis] = depth
        return xp.where(levels == xp.arange(depth).reshape(sizes), on_value, off_value)


def _check_axis(indices, depth, axis):
    if depth < 0:
        raise InvalidArgumentError(None, None, f"depth must be non-negative, got: {depth}")
    if axis > indices.ndim:
        raise InvalidArgumentError(None, None, "axis must be -1 or from 0 to "
                                   f"{indices.ndim}, got {axis}")


def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None):
    """Turns indices into vectors that are "on" at the index and "off" elsewhere.

    Args:
        indices: integer tensor; an entry outside of [0, depth) gives a vector that is all off.
        depth: int32 scalar, length of the vectors.
        on_value: scalar; default 1.
        off_value: scalar of the same dtype; default 0.
        axis: where the vectors' axis stands in the result; default last.
        dtype: dtype of the result; default that of the values, float32 without them.
        name: name of the node.

    Raises:
        TypeError: `on_value`, `off_value` and `dtype` do not go together.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.one_hot([1, 0], 2))
        array([[0., 1.],
               [1., 0.]], dtype=float32)
    """
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value]) as scope:
        dtype = None if dtype is None else dt.as_dtype(dtype).base_dtype
        wanted = dtype
        for value in (on_value, off_value):
            if wanted is None and is_tensor_like(value):
                wanted = value.dtype.base_dtype
        given = [None if value is None else convert_to_tensor(value, preferred_dtype=wanted,
                                                              name=f"{word}_value")
                 for word, value in (("on", on_value), ("off", off_value))]
        dtypes = [value.dtype.base_dtype for value in given if value is not None]
        dtype = dtype or (dtypes[0] if dtypes else dt.float32)
        for word, value in zip(("on", "off"), given):
            if value is not None and value.dtype.base_dtype is not dtype:
                raise TypeError(located(f"dtype {value.dtype.base_dtype.name} of {word}_value does "
                                        f"not match {dtype.name}, the dtype of the result"))
        on, off = (constant(number, dtype, name=f"{word}_value") if value is None else value
                   for word, number, value in zip(("on", "off"), (1, 0), given))
        if isinstance(indices, np.ndarray) and indices.dtype.kind in "fb":
            # TensorFlow casts arrays, as of labels read from a file; lists of floats it refuses.
            indices = indices.astype(np.int64)
        return OneHot.build(indices, depth, on, off, axis=-1 if axis is None else axis, name=scope)


def sequence_mask(lengths, maxlen=None, dtype=dt.bool_, name=None):
    """Makes a mask in which the first `lengths[i]` entries of row i are True.

    Args:
        lengths: integer tensor of any shape.
        maxlen: integer scalar, length of the rows; default the greatest of `lengths`.
        dtype: dtype of the mask.
        name: name scope of the new nodes.

    Returns:
        A tensor of shape `lengths.shape + [maxlen]`.

    Raises:
        ValueError: `maxlen` is not a scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sequence_mask([1, 2], 3, fg.int32))
        array([[1, 0, 0],
               [1, 1, 0]], dtype=int32)
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            from flowgraph.ops.constant import _all_axes
            longest = op_def("Max").build(lengths, _all_axes(lengths))
            maxlen = op_def("Maximum").build(constant(0, longest.dtype), longest)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen.spec.shape not in (None, ()):
            raise ValueError(located("maxlen must be scalar for sequence_mask"))
        kind = maxlen.dtype.base_dtype
        places = op_def("Range").build(constant(0, kind), maxlen, constant(1, kind), Tidx=kind)
        ends = expand_dims(lengths, -1)
        if ends.dtype is not kind:
            ends = op_def("Cast").build(ends, DstT=kind)
        mask = op_def("Less").build(places, ends)
        dtype = dt.bool_ if dtype is None else dt.as_dtype(dtype).base_dtype
        return mask if dtype is dt.bool_ else op_def("Cast").build(mask, DstT=dtype)


# ---- reverse -------------------------------------------------------------------------------------


class ReverseV2(OpDef):
    """`tensor` back to front along the axes in `axis`."""

    dtypes = {"axis": "Tidx"}
    Tidx = dt.INDEX
    host_inputs = ("axis",)
    aliases = ("tensor",)

    def infer(self, tensor, axis):
        shape_rules.require_rank(axis, 1, "axes")
        if tensor.shape is not None and is_known(axis.value):
            found = shape_rules.axes(axis.value, len(tensor.shape))
            if len(set(found)) != len(found):
                raise ShapeError(f"has an axis twice in {axis.value}")
        return Spec(tensor.dtype, tensor.shape)

    def kernel(self, xp, tensor, axis):
        return xp.flip(tensor, axis=axis)

    def grad(self, op, dy):
        return reverse(dy, op.inputs[1]), None


def reverse(tensor, axis, name=None):
    """Turns a tensor back to front along some axes.

    Args:
        tensor: any tensor.
        axis: 1-D integer tensor or list of axes.
        name: name of the node.

    Raises:
        ValueError: an axis does not exist, or stands there twice.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reverse([1, 2, 3], [0]))
        array([3, 2, 1], dtype=int32)
    """
    return ReverseV2.build(tensor, axis, name=name)


reverse_v2 = reverse
