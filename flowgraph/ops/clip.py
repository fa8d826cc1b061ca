"""Clipping: by value, by the norm of one tensor, by the norm of many together.

Where TensorFlow's functions take IndexedSlices, these do too, and clip their values.
"""

from __future__ import annotations

from flowgraph.core.frames import located
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import to_tensor
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_sum


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """Clips each element to a range.

    Args:
        t: tensor of a real number dtype, or IndexedSlices.
        clip_value_min: the smallest value, a tensor that broadcasts to t's shape.
        clip_value_max: the largest value, a tensor that broadcasts to t's shape.
        name: name of the last node, and of the scope of the others.

    Returns:
        What t is, of its shape.

    Raises:
        ValueError: a bound does not broadcast to t's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.clip_by_value([-1.0, 0.5, 2.0], 0.0, 1.0))
        array([0. , 0.5, 1. ], dtype=float32)
    """
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = _values(t, "t")
        below = op_def("Minimum").build(values, clip_value_max)
        _keeps_shape("clip_by_value", values, below, "clip_value_max")
        clipped = op_def("Maximum").build(below, clip_value_min, name=scope)
        _keeps_shape("clip_by_value", values, clipped, "clip_value_min")
        return _like(t, clipped)


def clip_by_norm(t, clip_norm, axes=None, name=None):
    """Scales a tensor down so that its Euclidean norm is at most `clip_norm`.

    Args:
        t: floating tensor, or IndexedSlices.
        clip_norm: the largest norm, a number or scalar tensor.
        axes: int or list of ints: the axes a norm goes over; None for all of them together.
        name: name of the last node, and of the scope of the others.

    Returns:
        What t is, of its shape.

    Raises:
        ValueError: `clip_norm` does not broadcast to t's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.clip_by_norm([3.0, 4.0], 1.0))
        array([0.6, 0.8], dtype=float32)
    """
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = _values(t, "t")
        square = reduce_sum(values * values, axes, keepdims=True)
        # where the norm is 0 the root has no gradient: it sees 1 there and is then thrown away
        positive = square > 0
        safe = op_def("Select").build(positive, square, op_def("OnesLike").build(square))
        norm = op_def("Select").build(positive, op_def("Sqrt").build(safe), square)
        scaled = values * clip_norm
        _keeps_shape("clip_by_norm", values, scaled, "clip_norm")
        clipped = op_def("Identity").build(scaled / op_def("Maximum").build(norm, clip_norm),
                                           name=scope)
        return _like(t, clipped)


def global_norm(t_list, name=None):
    """Computes the Euclidean norm of several tensors taken as one long vector.

    Args:
        t_list: list of floating tensors, IndexedSlices and None, which counts as nothing.
        name: name of the scope of the nodes.

    Returns:
        A scalar tensor.

    Raises:
        TypeError: `t_list` is not a list.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.global_norm([[3.0], [4.0]]))
        np.float32(5.0)
    """
    _check_list(t_list)
    with name_scope(name, "global_norm", [t for t in t_list if t is not None]):
        values = [_values(t, f"t_{i}") for i, t in enumerate(t_list) if t is not None]
        halves = []
        for value in values:
            with value.graph.colocate_with(value.op):
                halves.append(op_def("L2Loss").build(value))
        half = reduce_sum(op_def("Pack").build(halves, name="stack"))
        two = to_tensor(half.graph, 2, half.spec.dtype, "Const")
        return op_def("Sqrt").build(half * two, name="global_norm")


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Scales several tensors down by one factor so that their norm together is at most `clip_norm`.

    Args:
        t_list: list of floating tensors, IndexedSlices and None.
        clip_norm: the largest norm, a number or scalar tensor.
        use_norm: the norm, if it is known already; default `global_norm(t_list)`.
        name: name of the scope of the nodes.

    Returns:
        (list of what `t_list` holds, scaled; the norm before). Everything is NaN when the norm is
        infinite or NaN.

    Raises:
        TypeError: `t_list` is not a list.

    Example:
        >>> import flowgraph as fg
        >>> clipped, norm = fg.clip_by_global_norm([fg.constant([3.0]), fg.constant([4.0])], 1.0)
        >>> fg.Session().run([clipped, norm])
        [[array([0.6], dtype=float32), array([0.8], dtype=float32)], np.float32(5.0)]
    """
    _check_list(t_list)
    if use_norm is None:
        use_norm = global_norm(t_list, name)
    with name_scope(name, "clip_by_global_norm", [t for t in t_list if t is not None]) as scope:
        norm = to_tensor(get_default_graph(), use_norm, None, "use_norm")
        one = to_tensor(norm.graph, 1, norm.spec.dtype, "Const")
        scale = clip_norm * op_def("Minimum").build(1 / norm, one / clip_norm)
        scale = scale + (norm - norm)  # NaN when the norm is not finite: no clipping could help
        clipped = []
        for i, t in enumerate(t_list):
            if t is None:
                clipped.append(None)
                continue
            values = _values(t, f"t_{i}")
            with values.graph.colocate_with(values.op):
                scaled = op_def("Identity").build(values * scale, name=f"{scope}_{i}")
            clipped.append(_like(t, scaled))
    return clipped, use_norm


def clip_by_average_norm(t, clip_norm, name=None):
    """Scales a tensor down so that its norm per element is at most `clip_norm`.

    Args:
        t: float32 tensor.
        clip_norm: the largest average norm, a number or scalar tensor.
        name: name of the last node, and of the scope of the others.

    Returns:
        A tensor of t's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.clip_by_average_norm([3.0, 4.0], 1.0))
        array([1.2, 1.6], dtype=float32)
    """
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        t = _values(t, "t")
        count = cast(op_def("Size").build(t), t.spec.dtype)
        inverse = op_def("Rsqrt").build(reduce_sum(t * t))
        one = to_tensor(t.graph, 1, t.spec.dtype, "Const")
        factor = op_def("Minimum").build(inverse * count, one / clip_norm)
        return op_def("Identity").build(t * clip_norm * factor, name=scope)


def _values(t, name: str) -> Tensor:
    if isinstance(t, IndexedSlices):
        return t.values
    return to_tensor(get_default_graph(), t, None, name)


def _like(t, clipped: Tensor):
    if isinstance(t, IndexedSlices):
        return IndexedSlices(clipped, t.indices, t.dense_shape)
    return clipped


def _check_list(t_list) -> None:
    if not isinstance(t_list, (list, tuple)):
        raise TypeError(located(f"t_list should be a list of tensors, not {t_list!r:.100}"))


def _keeps_shape(function: str, t: Tensor, result: Tensor, bound: str) -> None:
    if not compatible(t.spec.shape, result.spec.shape):
        raise ShapeError(located(
            f"tf.{function} cannot clip {t.name!r} ({t.op.frame}) of shape "
            f"{shape_text(t.spec.shape)}: its {bound} would stretch it to "
            f"{shape_text(result.spec.shape)}", advice=f"{bound} must broadcast to t's shape.",
            section="shape-error"))
