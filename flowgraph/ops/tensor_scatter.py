"""A tensor with some of its elements or slices changed by index: tf.tensor_scatter_*.

What `tf.scatter_nd_update` and its like do to a variable, done to a copy of a tensor.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.gather import gather_nd, scatter_nd
from flowgraph.ops.scatter import check_nd_shapes, combine_nd, nd_index
from flowgraph.ops.shape import shape


class _TensorScatter(OpDef, abstract=True):
    """A copy of `tensor` changed by `updates` at the index vectors in `indices`."""

    dtypes = {"indices": "Tindices"}
    Tindices = dt.INDEX
    checks_data = True
    change = ""  # the ufunc that puts old and new together; "" takes the new

    def infer(self, tensor, indices, updates):
        check_nd_shapes(tensor.shape, indices.shape, updates.shape)
        return Spec(tensor.dtype, tensor.shape)

    def kernel(self, xp, tensor, indices, updates, *, out=None):
        return _changed(xp, self.change, tensor, indices, updates, out)


def _changed(xp, change, tensor, indices, updates, out):
    if out is None:
        out = xp.empty(tensor.shape, tensor.dtype)
    out[...] = tensor
    if change:
        combine_nd(xp, getattr(xp, change), out, indices, updates)
        return out
    index, target = nd_index(xp, indices, tensor.shape), out
    if not index:  # each empty vector stands for the whole tensor
        index, target = (xp.zeros(indices.shape[:-1], "int64"),), out[None]
    target[index] = updates
    return out


class TensorScatterUpdate(_TensorScatter):
    """A copy of `tensor` with `updates` written at the index vectors in `indices`."""

    def grad(self, op, dy):
        _, indices, updates = op.inputs
        zeros = op_def("ZerosLike").build(updates)
        return TensorScatterUpdate.build(dy, indices, zeros), None, gather_nd(dy, indices)


class TensorScatterAdd(_TensorScatter):
    """A copy of `tensor` with `updates` added at the index vectors in `indices`."""

    T = dt.NUMBER
    change = "add"

    def grad(self, op, dy):
        return dy, None, gather_nd(dy, op.inputs[1])


class TensorScatterSub(_TensorScatter):
    """A copy of `tensor` with `updates` subtracted at the index vectors in `indices`."""

    T = dt.NUMBER
    change = "subtract"

    def grad(self, op, dy):
        return dy, None, -gather_nd(dy, op.inputs[1])


class TensorScatterMax(_TensorScatter):
    """A copy of `tensor` that is at least `updates` at the index vectors in `indices`."""

    T = dt.REAL
    change = "maximum"

    def grad(self, op, dy):
        return _to_the_chosen(op, dy)


class TensorScatterMin(_TensorScatter):
    """A copy of `tensor` that is at most `updates` at the index vectors in `indices`."""

    T = dt.REAL
    change = "minimum"

    def grad(self, op, dy):
        return _to_the_chosen(op, dy)


def _to_the_chosen(op, dy):
    """dy goes to those that gave the result, in equal shares where several did."""
    tensor, indices, updates = op.inputs
    result = op.outputs[0]
    equal, cast = op_def("Equal"), op_def("Cast")
    kept = cast.build(equal.build(tensor, result), DstT=dy.dtype)
    came = cast.build(equal.build(updates, gather_nd(result, indices)), DstT=dy.dtype)
    share = dy / (kept + scatter_nd(indices, came, shape(result, out_type=indices.dtype)))
    return kept * share, None, came * gather_nd(share, indices)


def tensor_scatter_update(tensor, indices, updates, name=None):
    """Writes values into a copy of a tensor, at index vectors.

    Args:
        tensor: tensor to copy.
        indices: int32 or int64 tensor [..., depth] of index vectors.
        updates: tensor of shape `indices.shape[:-1] + tensor.shape[depth:]`.
        name: name of the node.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: an index is out of range (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tensor_scatter_nd_update([1, 2, 3], [[0], [2]], [10, 30]))
        array([10,  2, 30], dtype=int32)
    """
    return TensorScatterUpdate.build(tensor, indices, updates, name=name)


def tensor_scatter_add(tensor, indices, updates, name=None):
    """Adds values to a copy of a tensor, at index vectors; repeated ones add up.

    Args:
        tensor: tensor to copy.
        indices: int32 or int64 tensor [..., depth] of index vectors.
        updates: tensor of shape `indices.shape[:-1] + tensor.shape[depth:]`.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tensor_scatter_nd_add([1, 2, 3], [[0], [0]], [10, 30]))
        array([41,  2,  3], dtype=int32)
    """
    return TensorScatterAdd.build(tensor, indices, updates, name=name)


def tensor_scatter_sub(tensor, indices, updates, name=None):
    """Subtracts values from a copy of a tensor, at index vectors; repeated ones add up.

    Args:
        tensor: tensor to copy.
        indices: int32 or int64 tensor [..., depth] of index vectors.
        updates: tensor of shape `indices.shape[:-1] + tensor.shape[depth:]`.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tensor_scatter_nd_sub([1, 2, 3], [[1]], [10]))
        array([ 1, -8,  3], dtype=int32)
    """
    return TensorScatterSub.build(tensor, indices, updates, name=name)


def tensor_scatter_max(tensor, indices, updates, name=None):
    """Takes the larger of a copy of a tensor and values, at index vectors.

    Args:
        tensor: tensor to copy, of a real dtype.
        indices: int32 or int64 tensor [..., depth] of index vectors.
        updates: tensor of shape `indices.shape[:-1] + tensor.shape[depth:]`.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tensor_scatter_nd_max([1, 2, 3], [[0], [2]], [9, 0]))
        array([9, 2, 3], dtype=int32)
    """
    return TensorScatterMax.build(tensor, indices, updates, name=name)


def tensor_scatter_min(tensor, indices, updates, name=None):
    """Takes the smaller of a copy of a tensor and values, at index vectors.

    Args:
        tensor: tensor to copy, of a real dtype.
        indices: int32 or int64 tensor [..., depth] of index vectors.
        updates: tensor of shape `indices.shape[:-1] + tensor.shape[depth:]`.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.tensor_scatter_nd_min([1, 2, 3], [[0], [2]], [9, 0]))
        array([1, 2, 0], dtype=int32)
    """
    return TensorScatterMin.build(tensor, indices, updates, name=name)


tensor_scatter_nd_update = tensor_scatter_update
tensor_scatter_nd_add = tensor_scatter_add
tensor_scatter_nd_sub = tensor_scatter_sub
tensor_scatter_nd_max = tensor_scatter_max
tensor_scatter_nd_min = tensor_scatter_min
