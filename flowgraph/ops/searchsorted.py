"""Where values would go in sorted sequences: LowerBound and UpperBound, row by row."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape


class _Bound(OpDef, abstract=True):
    """For each value its place in the sorted row of the same number."""

    T = dt.REAL
    grad = NotDifferentiable

    def infer(self, sorted_inputs, values, *, out_type=dt.int32):
        shape_rules.require_rank(sorted_inputs, 2, "sorted_inputs")
        shape_rules.require_rank(values, 2, "values")
        s, v = sorted_inputs.shape, values.shape
        if s is not None and v is not None and not shapes.compatible(s[:1], v[:1]):
            raise ShapeError(f"cannot search {shape_text(s)} for values of {shape_text(v)}",
                             "The leading sizes must be equal.")
        return Spec(out_type, v if v is not None else (None, None))


class LowerBound(_Bound):
    """For each value the first place in its sorted row where it could go."""

    def kernel(self, xp, sorted_inputs, values, *, out_type=dt.int32):
        return _places(xp, sorted_inputs, values, "left", out_type)


class UpperBound(_Bound):
    """For each value the last place in its sorted row where it could go."""

    def kernel(self, xp, sorted_inputs, values, *, out_type=dt.int32):
        return _places(xp, sorted_inputs, values, "right", out_type)


def _places(xp, rows, values, side, out_type):
    result = xp.empty(values.shape, out_type.numpy)
    for i in range(len(rows)):
        result[i] = xp.searchsorted(rows[i], values[i], side)
    return result


def searchsorted(sorted_sequence, values, side="left", out_type=dt.int32, name=None):
    """Finds where values would have to go in sorted sequences to keep them sorted.

    Args:
        sorted_sequence: tensor of a real number dtype, sorted along the last axis.
        values: tensor of the same dtype and the same sizes but for the last.
        side: "left" for the first place that fits, "right" for the last.
        out_type: tf.int32 or tf.int64.
        name: name of the node that searches.

    Returns:
        A tensor of the shape of `values`: how many elements of its sequence each value comes after.

    Raises:
        ValueError: `side` is neither "left" nor "right", or the shapes do not fit.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.searchsorted([1, 3, 3, 5], [3, 6]))
        array([1, 4], dtype=int32)
    """
    if side not in ("left", "right"):
        raise ValueError(located(f"side must be either 'right' or 'left', got {side!r}"))
    sorted_sequence, values = convert_to_tensor(sorted_sequence), convert_to_tensor(values)
    bound = LowerBound if side == "left" else UpperBound
    found = bound.build(_as_rows(sorted_sequence), _as_rows(values), name=name,
                        out_type=dt.as_dtype(out_type))
    return reshape(found, shape(values))


def _as_rows(tensor):
    return reshape(tensor, [-1, shape(tensor)[-1]])
