"""Shapes as tensors: shape, shape_n, size, rank, and what shapes broadcast to.

Where the graph tells the whole answer it becomes a constant (`optimize`); where it tells a part,
`known` gives that part, so that `tf.reshape(x, [tf.shape(x)[0], -1])` keeps a static rank.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape, as_shape
from flowgraph.core.spec import Spec
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known, op_def
from flowgraph.ops.constant import constant
from flowgraph.ops.sparse_tensor import as_sparse, is_sparse


def _check_out_type(out_type):
    if out_type not in dt.INDEX.members:
        raise DTypeError(f"cannot give sizes as {out_type.name}",
                         f"out_type must be {dt.INDEX.name}.")


class Shape(OpDef):
    """The sizes of `input` as a 1-D tensor."""

    folds_by_shape = True

    grad = NotDifferentiable

    def infer(self, input, *, out_type=dt.int32):
        _check_out_type(out_type)
        return Spec(out_type, (input.rank,))

    def kernel(self, xp, input, *, out_type=dt.int32):
        return xp.array(input.shape, dtype=out_type.numpy)

    def known(self, input, *, out_type=dt.int32):
        return input.shape


def shape(input, name=None, out_type=dt.int32):
    """The shape of a tensor, as a tensor: the sizes that a run has.

    Args:
        input: any tensor, or a SparseTensor.
        name: name of the node.
        out_type: int32 or int64.

    Returns:
        A 1-D tensor; a constant when the shape is static.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [None, 3])
        >>> fg.Session().run(fg.shape(x), {x: [[1, 2, 3]]})
        array([1, 3], dtype=int32)
    """
    return shape_internal(input, name, optimize=True, out_type=out_type)


def shape_internal(input, name=None, optimize=True, out_type=dt.int32):
    """`shape`, with `optimize=False` always as a `Shape` node."""
    out_type = dt.as_dtype(out_type).base_dtype
    if not isinstance(input, Tensor):
        with name_scope(name, "Shape") as scope:
            if is_sparse(input):
                return op_def("Cast").build(as_sparse(input).dense_shape, DstT=out_type)
            return shape_internal(convert_to_tensor(input), scope, optimize, out_type)
    if optimize and input.spec.is_static:
        return constant(np.array(input.spec.shape, out_type.numpy), name=name or "Shape")
    return Shape.build(input, out_type=out_type, name=name)


class ShapeN(OpDef):
    """The sizes of several tensors."""

    lists = ("input",)
    multiple = True
    folds_by_shape = True
    grad = NotDifferentiable

    def infer(self, input, *, out_type=dt.int32):
        _check_out_type(out_type)
        if not input:
            raise ShapeError("needs at least one tensor")
        return tuple(Spec(out_type, (x.rank,)) for x in input)

    def kernel(self, xp, input, *, out_type=dt.int32):
        return tuple(xp.array(x.shape, dtype=out_type.numpy) for x in input)

    def known(self, input, *, out_type=dt.int32):
        return tuple(x.shape for x in input)


def shape_n(input, out_type=dt.int32, name=None):
    """The shapes of several tensors of one dtype.

    Args:
        input: list of tensors.
        out_type: int32 or int64.
        name: name of the node.

    Returns:
        A list of 1-D tensors.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.shape_n([fg.zeros([2]), fg.zeros([3])]))
        [array([2], dtype=int32), array([3], dtype=int32)]
    """
    return ShapeN.build(input, out_type=dt.as_dtype(out_type), name=name)


class Size(OpDef):
    """How many elements `input` has."""

    folds_by_shape = True

    grad = NotDifferentiable

    def infer(self, input, *, out_type=dt.int32):
        _check_out_type(out_type)
        return Spec(out_type, ())

    def kernel(self, xp, input, *, out_type=dt.int32):
        return xp.array(input.size, dtype=out_type.numpy)

    def known(self, input, *, out_type=dt.int32):
        return input.size


def size(input, name=None, out_type=dt.int32):
    """The number of elements of a tensor, as a scalar tensor.

    Args:
        input: any tensor, or a SparseTensor.
        name: name of the node.
        out_type: int32 or int64.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.size([[1, 2, 3]]))
        np.int32(3)
    """
    out_type = dt.as_dtype(out_type).base_dtype
    with name_scope(name, "Size", [input]) as scope:
        if is_sparse(input):
            sizes = op_def("Cast").build(as_sparse(input).dense_shape, DstT=out_type)
            return op_def("Prod").build(sizes, 0, name=scope)
        input = convert_to_tensor(input)
        if input.spec.size is not None:
            return constant(input.spec.size, out_type, name=scope)
        if input.spec.shape is not None and 0 in input.spec.shape:
            return constant(0, out_type, name=scope)
        return Size.build(input, out_type=out_type, name=scope)


class Rank(OpDef):
    """How many dimensions `input` has."""

    folds_by_shape = True

    grad = NotDifferentiable

    def infer(self, input):
        return Spec(dt.int32, ())

    def kernel(self, xp, input):
        return xp.array(input.ndim, dtype="int32")

    def known(self, input):
        return input.rank


def rank(input, name=None):
    """The number of dimensions of a tensor, as a scalar int32 tensor.

    Args:
        input: any tensor, or a SparseTensor.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.rank([[1, 2, 3]]))
        np.int32(2)
    """
    with name_scope(name, "Rank", [input]) as scope:
        if is_sparse(input):
            return Size.build(as_sparse(input).dense_shape, name=scope)
        input = convert_to_tensor(input)
        if input.spec.shape is not None:
            return constant(len(input.spec.shape), dt.int32, name=scope)
        return Rank.build(input, name=scope)


# ---- broadcasting --------------------------------------------------------------------------------


class BroadcastArgs(OpDef):
    """The shape that tensors of shapes s0 and s1 broadcast to."""

    T = dt.INDEX
    on_host = frozenset(("s0", "s1"))
    grad = NotDifferentiable

    def infer(self, s0, s1):
        shape_rules.require_rank(s0, 1, "a shape s0")
        shape_rules.require_rank(s1, 1, "a shape s1")
        lengths = [None if s.shape is None else s.shape[0] for s in (s0, s1)]
        return Spec(s0.dtype, (None if None in lengths else max(lengths),))

    def kernel(self, xp, s0, s1):
        return xp.array(_broadcast_sizes(s0.tolist(), s1.tolist()), dtype=s0.dtype)


def _broadcast_sizes(s0, s1):
    try:
        return shapes.broadcast(tuple(s0), tuple(s1))
    except ValueError as error:
        raise InvalidArgumentError(None, None, f"Incompatible shapes for broadcasting: {s0} vs. "
                                   f"{s1}; {error}") from None


class BroadcastGradientArgs(OpDef):
    """The axes over which tensors of shapes s0 and s1 are stretched when they are broadcast."""

    T = dt.INDEX
    host_inputs = ("s0", "s1")
    multiple = True
    grad = NotDifferentiable

    def infer(self, s0, s1):
        shape_rules.require_rank(s0, 1, "a shape s0")
        shape_rules.require_rank(s1, 1, "a shape s1")
        if is_known(s0.value) and is_known(s1.value):
            shape_rules.broadcast(Spec(dt.int32, s0.value), Spec(dt.int32, s1.value))
            return tuple(Spec(dt.int32, (len(axes),))
                         for axes in stretched_axes(s0.value, s1.value))
        return Spec(dt.int32, (None,)), Spec(dt.int32, (None,))

    def kernel(self, xp, s0, s1):
        return tuple(xp.array(axes, dtype="int32") for axes in stretched_axes(s0, s1))

    def known(self, s0, s1):
        if is_known(s0.value) and is_known(s1.value):
            return stretched_axes(s0.value, s1.value)
        return None


def stretched_axes(s0, s1):
    """For two full shapes: the axes of the result in which each has size 1; none if they are equal.

    TensorFlow counts those where both have size 1, too.
    """
    rank = max(len(s0), len(s1))
    padded = [(1,) * (rank - len(s)) + tuple(s) for s in (s0, s1)]
    if any(n != m and 1 not in (n, m) for n, m in zip(*padded)):
        raise InvalidArgumentError(None, None, f"Incompatible shapes: {tuple(s0)} vs. {tuple(s1)}")
    if tuple(s0) == tuple(s1):
        return (), ()
    return tuple(tuple(i for i, n in enumerate(shape) if n == 1) for shape in padded)


def broadcast_static_shape(shape_x, shape_y):
    """The static shape that two static shapes broadcast to.

    Args:
        shape_x: a TensorShape.
        shape_y: a TensorShape.

    Returns:
        A TensorShape.

    Raises:
        ValueError: the shapes do not broadcast.

    Example:
        >>> import flowgraph as fg
        >>> fg.broadcast_static_shape(fg.TensorShape([3, 1]), fg.TensorShape([2])).as_list()
        [3, 2]
    """
    try:
        return TensorShape(shapes.broadcast(as_shape(shape_x), as_shape(shape_y)))
    except ValueError as error:
        raise ValueError(located(f"Incompatible shapes for broadcasting: {TensorShape(shape_x)} "
                                 f"and {TensorShape(shape_y)}; {error}")) from None


def broadcast_dynamic_shape(shape_x, shape_y):
    """The shape that two shapes broadcast to, as a tensor.

    Args:
        shape_x: 1-D integer tensor.
        shape_y: 1-D tensor of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.broadcast_dynamic_shape([3, 1], [2]))
        array([3, 2], dtype=int32)
    """
    return BroadcastArgs.build(shape_x, shape_y)
