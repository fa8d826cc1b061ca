"""Scatter in step with leading axes: each batch entry of a variable gets its own updates."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import Range, ones_like
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.scatter import scatter_nd_update
from flowgraph.ops.shape import shape


def batch_scatter_update(ref, indices, updates, use_locking=True, name=None):
    """Sets slices of a variable, batch entry by batch entry.

    With `indices` of rank n, `ref[i1, ..., indices[i1, ..., in]] = updates[i1, ..., in]`.

    Args:
        ref: the variable.
        indices: int32 or int64 tensor of known rank n; all its axes but the last are batch axes.
        updates: tensor of shape `indices.shape + ref.shape[n:]`.
        use_locking: accepted; runs are atomic anyway.
        name: name of the scope.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        ValueError: the rank of `indices` is not known.
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.batch_scatter_update(v, [[0], [2]], [[10.0], [60.0]]))
        array([[10.,  2.,  3.],
               [ 4.,  5., 60.]], dtype=float32)
    """
    with name_scope(name):
        indices = convert_to_tensor(indices, name="indices")
        sizes = shape(indices)
        count = indices.shape.ndims
        if count is None:
            raise ValueError(located(
                "batch_scatter_update does not allow indices with unknown shape.",
                "Give the placeholder of the indices a shape, or call set_shape."))
        vectors = expand_dims(indices, axis=-1)
        columns = []
        for axis in range(count - 1):
            size = sizes[axis]
            along = [1] * (count + 1)
            along[axis] = size
            places = reshape(Range.build(0, size, 1), along)
            if indices.dtype is not dt.int32:
                places = cast(places, indices.dtype)
            columns.append(multiply(places, ones_like(vectors)))
        columns.append(vectors)
        return scatter_nd_update(ref, concat(columns, axis=-1), updates, use_locking=use_locking)
