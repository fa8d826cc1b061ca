"""Order along an axis: the k largest, sorted values and their places, the n-th smallest.

Everything stands on TopKV2, which sorts the last axis downwards; equal elements keep their order,
NaN comes after all numbers. Sorting upwards is TopKV2 of the negated values (of ints: of -x - 1,
which cannot overflow).
"""

from __future__ import annotations

import math
from collections import namedtuple

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, op_def
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.cast import cast
from flowgraph.ops.gather import ScatterNd
from flowgraph.ops.join import concat
from flowgraph.ops.largest import largest_places
from flowgraph.ops.reshape import expand_dims, reshape, transpose
from flowgraph.ops.shape import shape, size

TopKV2Result = namedtuple("TopKV2", ("values", "indices"))  # type: ignore[name-match]


class TopKV2(OpDef):
    """(values, indices) of the k largest elements along the last axis, the largest first."""

    T = dt.REAL
    dtypes = {"k": "Tk"}
    Tk = dt.INDEX
    host_inputs = ("k",)
    multiple = True

    def infer(self, input, k, *, sorted=True):
        shape_rules.require_rank_at_least(input, 1, "an input")
        shape_rules.require_rank(k, 0, "k")
        count = k.value
        if count is not None and count < 0:
            raise ShapeError(f"needs k >= 0, got {count}")
        if input.shape is None:
            return Spec(input.dtype, None), Spec(dt.int32, None)
        if count is not None and input.shape[-1] is not None and count > input.shape[-1]:
            raise ShapeError(f"cannot take the {count} largest of {shape_text(input.shape)}",
                             "k must not be more than the last size.")
        sizes = (*input.shape[:-1], count)
        return Spec(input.dtype, sizes), Spec(dt.int32, sizes)

    def kernel(self, xp, input, k, *, sorted=True):
        if k > input.shape[-1]:
            raise InvalidArgumentError(None, None, f"input must have at least k columns: k is {k}, "
                                       f"the input {input.shape}")
        places = largest_places(xp, input, k)
        rows, length = math.prod(input.shape[:-1]), input.shape[-1]
        flat = xp.arange(rows)[:, None] * length + places.reshape(rows, k)
        return xp.take(input.reshape(-1), flat).reshape(places.shape), places

    def grad(self, op, dy, _):
        x, indices = op.inputs[0], op.outputs[1]
        last = shape(x)[-1:]
        rows = reshape(op_def("Prod").build(shape(x)[:-1], 0), [1])
        starts = op_def("Range").build(0, rows[0], 1) * last
        flat = reshape(indices, concat([rows, shape(indices)[-1:]], 0)) + expand_dims(starts, 1)
        places = reshape(flat, concat([reshape(size(indices), [1]), [1]], 0))
        spread = ScatterNd.build(places, reshape(dy, reshape(size(indices), [1])), rows * last)
        return reshape(spread, shape(x)), None


def top_k(input, k=1, sorted=True, name=None):
    """Finds the k largest elements along the last axis, and where they are.

    Args:
        input: tensor of a real number dtype, of rank 1 or more.
        k: integer scalar, at most the size of the last axis.
        sorted: accepted; the result is always sorted.
        name: name of the node.

    Returns:
        A named tuple: `values`, the largest first, and their int32 `indices`. Equal elements are in
        the order of the input; NaN counts as less than any number.

    Raises:
        ValueError: k is negative, or more than the last size.

    Example:
        >>> import flowgraph as fg
        >>> values, indices = fg.nn.top_k([10, 30, 20], k=2)
        >>> fg.Session().run([values, indices])
        [array([30, 20], dtype=int32), array([1, 2], dtype=int32)]
    """
    return TopKV2Result(*TopKV2.build(input, k, sorted=bool(sorted), name=name))


def sort(values, axis=-1, direction="ASCENDING", name=None):
    """Sorts along an axis.

    Args:
        values: tensor of a real number dtype, of rank 1 or more.
        axis: a Python int; default the last axis.
        direction: "ASCENDING" or "DESCENDING".
        name: name of the scope of the nodes.

    Returns:
        A tensor of the same shape and dtype; NaN comes last.

    Raises:
        ValueError: there is no such axis or direction.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sort([3, 1, 2]))
        array([1, 2, 3], dtype=int32)
    """
    with name_scope(name, "sort"):
        return _sorted(values, axis, direction, False)


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    """Finds the places that the elements along an axis have in sorted order.

    Args:
        values: tensor of a real number dtype, of rank 1 or more.
        axis: a Python int; default the last axis.
        direction: "ASCENDING" or "DESCENDING".
        stable: accepted; equal elements always keep their order.
        name: name of the scope of the nodes.

    Returns:
        An int32 tensor of the same shape: gathering by it along the axis sorts.

    Raises:
        ValueError: there is no such axis or direction.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.argsort([30, 10, 20]))
        array([1, 2, 0], dtype=int32)
    """
    with name_scope(name, "argsort"):
        return _sorted(values, axis, direction, True)


def _sorted(values, axis, direction, places):
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(located("direction should be one of ASCENDING, DESCENDING, got "
                                 f"{direction!r}"))
    at = known_value(convert_to_tensor(axis, name="axis"))
    if not isinstance(at, int):
        raise ValueError(located("axis must be a constant scalar", "Pass axis as a Python int."))
    values = convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _downwards(values, at, places)
    result = _downwards(_turned(values), at, places)
    return result if places else _turned(result)


def _turned(values):
    """Values in the opposite order; turning them twice gives them back."""
    dtype = values.dtype.base_dtype
    if dtype.is_unsigned:
        return op_def("Sub").build(convert_to_tensor(dtype.max, dtype), values)
    return -values - 1 if dtype.is_integer else -values


def _downwards(values, axis, places):
    rank = values.spec.rank
    if rank is not None:
        axis = _axis(axis, rank)
    last = axis == -1 or axis + 1 == rank
    order = None if last else _last_axis_swapped(values, axis)
    rows = values if last else transpose(values, order)
    # of rows that are all there is of an axis, all are wanted
    sizes, indices = TopKV2.build(rows, shape(rows)[-1], sorted=True)
    result = indices if places else sizes
    return result if last else transpose(result, order)


def _last_axis_swapped(values, axis):
    """The order of axes in which `axis` and the last one have changed places."""
    rank = values.spec.rank
    if rank is not None:
        order = list(range(rank))
        order[axis], order[-1] = order[-1], order[axis]
        return order
    count = op_def("Rank").build(values)
    at = axis if axis >= 0 else count + axis
    every = op_def("Range").build(0, count, 1)
    is_axis, is_last = op_def("Equal").build(every, at), op_def("Equal").build(every, count - 1)
    zero = op_def("ZerosLike").build(every)
    swapped = op_def("SelectV2").build(is_last, zero + at, every)
    return op_def("SelectV2").build(is_axis, zero + (count - 1), swapped)


def _axis(axis, rank):
    """`axis` counted from the front; a plain ValueError where there is none such."""
    if not -rank <= axis < rank:
        raise ValueError(located(f"cannot sort along axis {axis} of values of rank {rank}"))
    return axis % rank


class NthElement(OpDef):
    """The n-th smallest element along the last axis, n counted from 0; or the n-th largest."""

    T = dt.REAL
    dtypes = {"n": dt.DTypeSet("int32", (dt.int32,))}
    host_inputs = ("n",)

    def infer(self, input, n, *, reverse=False):
        shape_rules.require_rank_at_least(input, 1, "an input")
        shape_rules.require_rank(n, 0, "n")
        if n.value is not None and n.value < 0:
            raise ShapeError(f"needs n >= 0, got {n.value}")
        if input.shape is None:
            return Spec(input.dtype, None)
        if n.value is not None and input.shape[-1] is not None and n.value >= input.shape[-1]:
            raise ShapeError(f"has n {n.value}, but the input is {shape_text(input.shape)}",
                             "n must be less than the last size.")
        return Spec(input.dtype, input.shape[:-1])

    def kernel(self, xp, input, n, *, reverse=False):
        if n >= input.shape[-1]:
            raise InvalidArgumentError(None, None, f"n is {n}, but the input is {input.shape}")
        return xp.sort(input, axis=-1)[..., input.shape[-1] - 1 - n if reverse else n].copy()

    def grad(self, op, dy):
        x, y = op.inputs[0], expand_dims(op.outputs[0], -1)
        chosen = cast(op_def("Equal").build(y, x), dy.spec.dtype)
        count = op_def("Sum").build(chosen, -1, keep_dims=True)
        return chosen / count * expand_dims(dy, -1), None


def nth_element(input, n, reverse=False, name=None):
    """Finds the n-th smallest element along the last axis.

    Args:
        input: tensor of a real number dtype, of rank 1 or more.
        n: int32 scalar, counted from 0, less than the size of the last axis.
        reverse: whether to find the n-th largest instead.
        name: name of the node.

    Returns:
        A tensor without the last axis, of the same dtype.

    Raises:
        ValueError: n is negative, or not less than the last size.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.sort import nth_element
        >>> fg.Session().run(nth_element([[30, 10, 20]], 1))
        array([20], dtype=int32)
    """
    return NthElement.build(input, n, reverse=bool(reverse), name=name)


class InTopKV2(OpDef):
    """Whether the prediction for the target is among the k largest of its row."""

    T = dt.INDEX
    dtypes = {"predictions": dt.DTypeSet("float32", (dt.float32,))}
    grad = NotDifferentiable

    def infer(self, predictions, targets, k):
        shape_rules.require_rank(predictions, 2, "predictions")
        shape_rules.require_rank(targets, 1, "targets")
        shape_rules.require_rank(k, 0, "k")
        rows = predictions.shape[:1] if predictions.shape is not None else None
        sizes = shape_rules.merge("batches", Spec(dt.bool_, rows), Spec(dt.bool_, targets.shape))
        return Spec(dt.bool_, sizes if sizes is not None else (None,))

    def kernel(self, xp, predictions, targets, k):
        classes = predictions.shape[1]
        known = (targets >= 0) & (targets < classes)
        picks = xp.where(known, targets, 0)[:, None]
        if not classes:
            return known
        own = xp.take_along_axis(predictions, picks, 1)
        more = (predictions > own).view("int8").sum(1, dtype="int32")  # twice as fast as of bools
        return known & xp.isfinite(predictions).all(1) & (more < k)


def in_top_k(predictions, targets, k, name=None):
    """Tells for each row whether its target is among the k classes with the largest predictions.

    Args:
        predictions: float32 matrix [batch, classes].
        targets: int32 or int64 vector [batch] of classes.
        k: integer scalar. Classes that tie with the k-th are all in.
        name: name of the scope of the node.

    Returns:
        A bool vector [batch]; False where the target is no class or a prediction is not finite.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.in_top_k([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1]], [1, 2], 1))
        array([ True, False])
    """
    with name_scope(name, "in_top_k"):
        return InTopKV2.build(predictions, targets, k)
