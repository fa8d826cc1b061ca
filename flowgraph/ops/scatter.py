"""Scatter: writing rows, or single entries, of a variable at given indices.

`ScatterAdd` and its like address rows by the first axis: `ref[indices[i, j]] += updates[i, j]`.
`ScatterNdAdd` and its like take index vectors: `ref[tuple(indices[i, j])] += updates[i, j]`.
Indices may repeat: every update counts, in order (for an update the last one stays).
"""

from __future__ import annotations

import math
from functools import partial
from typing import ClassVar

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.state import check_variable


class _Scatter(OpDef, abstract=True):
    """Combines the rows of `ref` at `indices` with `updates`, which may be one scalar."""

    T = dt.NUMBER
    dtypes: ClassVar = {"indices": "Tindices"}
    Tindices = dt.INDEX
    refs = ("ref",)
    overwrites = "ref"
    is_ref = True
    takes_old_copy = True
    touches_rows = True
    checks_data = True
    grad = NotDifferentiable
    ufunc: ClassVar[str] = ""

    def infer(self, ref, indices, updates, *, use_locking=False):
        if ref.shape is not None and not ref.shape:
            raise ShapeError("cannot scatter into a scalar variable")
        if ref.shape is not None and indices.shape is not None:
            wanted = indices.shape + ref.shape[1:]
            if updates.shape != () and not compatible(updates.shape, wanted):
                raise ShapeError(
                    f"cannot scatter updates of shape {shape_text(updates.shape)} to "
                    f"{shape_text(indices.shape)} indices of a variable of shape "
                    f"{shape_text(ref.shape)}",
                    f"The updates must have the shape indices.shape + ref.shape[1:] = "
                    f"{shape_text(wanted)}, or be a scalar.")
        return Spec(updates.dtype, ref.shape)

    def kernel(self, xp, ref, indices, updates, *, use_locking=False, out=None):
        from flowgraph.ops.changed_rows import changed  # late, as few programs do this
        return changed(xp, getattr(xp, self.ufunc), ref, indices, updates, out)


class _ScatterInTurn(_Scatter, abstract=True):
    """A scatter whose ufunc has no `at` in CuPy: repeated indices are applied turn by turn."""

    waits_for_gpu = "what is repeated is done in turns, until nothing is left"

    def kernel(self, xp, ref, indices, updates, *, use_locking=False, out=None):
        from flowgraph.ops.changed_rows import check_rows, copied
        check_rows(xp, indices, ref.shape[0])
        result = copied(xp, ref, out, indices)
        rows = indices.reshape(-1)
        updates = xp.broadcast_to(updates, indices.shape + ref.shape[1:])
        updates = updates.reshape(rows.shape + ref.shape[1:])
        left = xp.arange(rows.size)
        while left.size:
            at, first = xp.unique(rows[left], return_index=True)
            result[at] = self.combined(xp, result[at], updates[left[first]])
            later = xp.ones(left.shape, bool)
            later[first] = False
            left = left[later]
        return result

    def combined(self, xp, old, new):
        """The rows `old` after one turn of updates."""
        return getattr(xp, self.ufunc)(old, new)


class ScatterUpdate(_Scatter):
    """ref[indices] = updates."""

    T = dt.ANY

    def kernel(self, xp, ref, indices, updates, *, use_locking=False, out=None):
        from flowgraph.ops.changed_rows import replaced
        return replaced(xp, ref, indices, updates, out)


def scatter_update(ref, indices, updates, use_locking=True, name=None):
    """Sets rows of a variable.

    Args:
        ref: the variable, of rank 1 or more.
        indices: int32 or int64 tensor of any shape: numbers of rows. Of rows named twice the last
            update stays.
        updates: tensor of shape `indices.shape + ref.shape[1:]`, or a scalar.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0, 3.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_update(v, [2, 0], [30.0, 10.0]))
        array([10.,  2., 30.], dtype=float32)
    """
    check_variable(ref, "tf.scatter_update")
    return ScatterUpdate.build(ref, indices, updates, name=name, use_locking=use_locking)


class ScatterAdd(_Scatter):
    """ref[indices] += updates; repeated indices add up."""

    ufunc = "add"


def scatter_add(ref, indices, updates, use_locking=False, name=None):
    """Adds to rows of a variable; rows named twice get both updates.

    Args:
        ref: the variable, of rank 1 or more.
        indices: int32 or int64 tensor of any shape: numbers of rows.
        updates: tensor of shape `indices.shape + ref.shape[1:]`, or a scalar.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0, 3.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_add(v, [0, 0], [5.0, 6.0]))
        array([12.,  2.,  3.], dtype=float32)
    """
    check_variable(ref, "tf.scatter_add")
    return ScatterAdd.build(ref, indices, updates, name=name, use_locking=use_locking)


class ScatterSub(_Scatter):
    """ref[indices] -= updates; repeated indices add up."""

    ufunc = "subtract"


def scatter_sub(ref, indices, updates, use_locking=False, name=None):
    """Subtracts from rows of a variable; rows named twice lose both updates.

    Args:
        ref: the variable, of rank 1 or more.
        indices: int32 or int64 tensor of any shape: numbers of rows.
        updates: tensor of shape `indices.shape + ref.shape[1:]`, or a scalar.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0, 3.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_sub(v, [1], [5.0]))
        array([ 1., -3.,  3.], dtype=float32)
    """
    check_variable(ref, "tf.scatter_sub")
    return ScatterSub.build(ref, indices, updates, name=name, use_locking=use_locking)


class ScatterMul(_ScatterInTurn):
    """ref[indices] *= updates; repeated indices multiply."""

    ufunc = "multiply"


def scatter_mul(ref, indices, updates, use_locking=False, name=None):
    """Multiplies rows of a variable; rows named twice are multiplied twice.

    Args:
        ref: the variable, of rank 1 or more.
        indices: int32 or int64 tensor of any shape: numbers of rows.
        updates: tensor of shape `indices.shape + ref.shape[1:]`, or a scalar.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0, 3.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_mul(v, [1, 1], [5.0, 10.0]))
        array([  1., 100.,   3.], dtype=float32)
    """
    check_variable(ref, "tf.scatter_mul")
    return ScatterMul.build(ref, indices, updates, name=name, use_locking=use_locking)


class ScatterDiv(_ScatterInTurn):
    """ref[indices] /= updates; repeated indices divide again. Integers are truncated."""

    ufunc = "divide"

    def combined(self, xp, old, new):
        if old.dtype.kind not in "iu":
            return xp.divide(old, new)
        raise_if(xp, new == 0,
                 lambda: InvalidArgumentError(None, None, "integer division by zero"))
        return xp.sign(old) * xp.sign(new) * (abs(old) // abs(new))


def scatter_div(ref, indices, updates, use_locking=False, name=None):
    """Divides rows of a variable; rows named twice are divided twice.

    Args:
        ref: the variable, of rank 1 or more.
        indices: int32 or int64 tensor of any shape: numbers of rows.
        updates: tensor of shape `indices.shape + ref.shape[1:]`, or a scalar.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0, 3.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_div(v, [1], [4.0]))
        array([1. , 0.5, 3. ], dtype=float32)
    """
    check_variable(ref, "tf.scatter_div")
    return ScatterDiv.build(ref, indices, updates, name=name, use_locking=use_locking)


class ScatterMin(_Scatter):
    """ref[indices] = min(ref[indices], updates)."""

    T = dt.REAL
    ufunc = "minimum"


def scatter_min(ref, indices, updates, use_locking=False, name=None):
    """Lowers rows of a variable to `updates` where these are smaller.

    Args:
        ref: the variable, of rank 1 or more.
        indices: int32 or int64 tensor of any shape: numbers of rows.
        updates: tensor of shape `indices.shape + ref.shape[1:]`, or a scalar.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0, 3.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_min(v, [0, 2], 1.5))
        array([1. , 2. , 1.5], dtype=float32)
    """
    check_variable(ref, "tf.scatter_min")
    return ScatterMin.build(ref, indices, updates, name=name, use_locking=use_locking)


class ScatterMax(_Scatter):
    """ref[indices] = max(ref[indices], updates)."""

    T = dt.REAL
    ufunc = "maximum"


def scatter_max(ref, indices, updates, use_locking=False, name=None):
    """Raises rows of a variable to `updates` where these are larger.

    Args:
        ref: the variable, of rank 1 or more.
        indices: int32 or int64 tensor of any shape: numbers of rows.
        updates: tensor of shape `indices.shape + ref.shape[1:]`, or a scalar.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0, 3.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_max(v, [0, 2], 1.5))
        array([1.5, 2. , 3. ], dtype=float32)
    """
    check_variable(ref, "tf.scatter_max")
    return ScatterMax.build(ref, indices, updates, name=name, use_locking=use_locking)


# ---- by index vectors ----------------------------------------------------------------------------


class _ScatterNd(OpDef, abstract=True):
    """Combines the entries or slices of `ref` at index vectors with `updates`."""

    T = dt.NUMBER
    dtypes: ClassVar = {"indices": "Tindices"}
    Tindices = dt.INDEX
    refs = ("ref",)
    overwrites = "ref"
    is_ref = True
    checks_data = True
    grad = NotDifferentiable
    ufunc: ClassVar[str] = ""

    def infer(self, ref, indices, updates, *, use_locking=False):
        check_nd_shapes(ref.shape, indices.shape, updates.shape)
        return Spec(updates.dtype, ref.shape)

    def kernel(self, xp, ref, indices, updates, *, use_locking=False, out=None):
        from flowgraph.ops.changed_rows import copied
        result = copied(xp, ref, out)
        combine_nd(xp, getattr(xp, self.ufunc), result, indices, updates)
        return result


class ScatterNdUpdate(_ScatterNd):
    """ref[tuple(indices[i])] = updates[i]."""

    T = dt.ANY

    def kernel(self, xp, ref, indices, updates, *, use_locking=False, out=None):
        from flowgraph.ops.changed_rows import copied
        result = copied(xp, ref, out)
        result[nd_index(xp, indices, ref.shape)] = updates
        return result


def scatter_nd_update(ref, indices, updates, use_locking=True, name=None):
    """Sets entries or slices of a variable.

    Args:
        ref: the variable.
        indices: int32 or int64 tensor of shape [..., k]: each vector addresses `ref[i0, ..., ik]`.
        updates: tensor of shape `indices.shape[:-1] + ref.shape[k:]`.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([[1.0, 2.0], [3.0, 4.0]])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_nd_update(v, [[0, 1]], [20.0]))
        array([[ 1., 20.],
               [ 3.,  4.]], dtype=float32)
    """
    check_variable(ref, "tf.scatter_nd_update")
    return ScatterNdUpdate.build(ref, indices, updates, name=name, use_locking=use_locking)


class ScatterNdAdd(_ScatterNd):
    """ref[tuple(indices[i])] += updates[i]; repeated indices add up."""

    ufunc = "add"


def scatter_nd_add(ref, indices, updates, use_locking=False, name=None):
    """Adds to entries or slices of a variable; repeated indices add up.

    Args:
        ref: the variable.
        indices: int32 or int64 tensor of shape [..., k]: each vector addresses `ref[i0, ..., ik]`.
        updates: tensor of shape `indices.shape[:-1] + ref.shape[k:]`.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_nd_add(v, [[1], [1]], [20.0, 300.0]))
        array([  1., 322.], dtype=float32)
    """
    check_variable(ref, "tf.scatter_nd_add")
    return ScatterNdAdd.build(ref, indices, updates, name=name, use_locking=use_locking)


class ScatterNdSub(_ScatterNd):
    """ref[tuple(indices[i])] -= updates[i]; repeated indices add up."""

    ufunc = "subtract"


def scatter_nd_sub(ref, indices, updates, use_locking=False, name=None):
    """Subtracts from entries or slices of a variable; repeated indices add up.

    Args:
        ref: the variable.
        indices: int32 or int64 tensor of shape [..., k]: each vector addresses `ref[i0, ..., ik]`.
        updates: tensor of shape `indices.shape[:-1] + ref.shape[k:]`.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the update, as a tensor.

    Raises:
        InvalidArgumentError: an index is out of range (in the run).

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0])
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.scatter_nd_sub(v, [[1]], [20.0]))
        array([  1., -18.], dtype=float32)
    """
    check_variable(ref, "tf.scatter_nd_sub")
    return ScatterNdSub.build(ref, indices, updates, name=name, use_locking=use_locking)


# ---- helpers -------------------------------------------------------------------------------------


def combine_nd(xp, ufunc, result, indices, updates) -> None:
    """Writes `ufunc(result[i], updates)` to `result[i]`, i the index vectors, each in turn."""
    from flowgraph.ops.changed_rows import combine
    index = nd_index(xp, indices, result.shape)
    if not index:  # each empty vector stands for the whole
        index, result = (xp.zeros(indices.shape[:-1], "int64"),), result[None]
    depth = len(index)
    rows = index[0].astype("int64")
    for part, size in zip(index[1:], result.shape[1:depth], strict=True):
        rows = rows * size + part
    count = math.prod(result.shape[:depth])
    combine(xp, ufunc, result.reshape((count, *result.shape[depth:])), rows, updates)


def nd_index(xp, indices, shape):
    """Index vectors as a tuple for NumPy's indexing.

    Raises:
        InvalidArgumentError: an index is out of range for `shape`.
    """
    parts = []
    for axis in range(indices.shape[-1]):
        part, size = indices[..., axis], shape[axis]
        if part.size:
            raise_if(xp, part.view(f"u{part.itemsize}").max() >= size,
                     partial(_wrong_index, part, axis, size))
        parts.append(part)
    return tuple(parts)


def _wrong_index(part, axis, size):
    return InvalidArgumentError(
        None, None, f"an index on axis {axis} is not in [0, {size}): the indices go from "
                    f"{int(part.min())} to {int(part.max())}")


def check_nd_shapes(ref, indices, updates) -> None:
    """Raises ShapeError unless index vectors and updates of these shapes fit a `ref` shape."""
    if indices is None or ref is None:
        return
    if not indices:
        raise ShapeError("needs indices of rank 1 or more, got a scalar")
    depth = indices[-1]
    if depth is None:
        return
    if depth > len(ref):
        raise ShapeError(f"has index vectors of length {depth} for a shape of rank {len(ref)}")
    wanted = indices[:-1] + ref[depth:]
    if not compatible(updates, wanted):
        raise ShapeError(
            f"cannot scatter updates of shape {shape_text(updates)} with indices of shape "
            f"{shape_text(indices)} into shape {shape_text(ref)}",
            f"The updates must have the shape {shape_text(wanted)}.")
