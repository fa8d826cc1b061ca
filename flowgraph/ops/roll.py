"""Elements moved along an axis: round the end (roll), or back to front up to a length."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.checks import raise_if
from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef


class Roll(OpDef):
    """`input` shifted along axes; what leaves at the end comes in at the start."""

    dtypes = {"shift": "Tshift", "axis": "Taxis"}
    Tshift = dt.INDEX
    Taxis = dt.INDEX
    host_inputs = ("shift", "axis")

    def infer(self, input, shift, axis):
        shape_rules.require_rank_at_least(input, 1, "an input")
        for spec, what in ((shift, "shift"), (axis, "axis")):
            if spec.shape is not None and len(spec.shape) > 1:
                raise ShapeError(f"needs a {what} of rank 0 or 1, got {shape_text(spec.shape)}")
        if not shapes.compatible(shift.shape, axis.shape):
            raise ShapeError(f"has a shift of {shape_text(shift.shape)} and an axis of "
                             f"{shape_text(axis.shape)}", "There must be one shift for each axis.")
        return Spec(input.dtype, input.shape)  # TensorFlow looks at the axis in the run only

    def kernel(self, xp, input, shift, axis):
        return xp.roll(input, shift, axis)

    def grad(self, op, dy):
        return roll(dy, -op.inputs[1], op.inputs[2]), None, None


def roll(input, shift, axis, name=None):
    """Shifts a tensor along axes; what leaves at the end comes in at the start.

    Args:
        input: tensor of rank 1 or more.
        shift: integer scalar or 1-D tensor: by how many places, to the end; negative to the start.
        axis: integer scalar or 1-D tensor: the axis of each shift.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.roll([1, 2, 3, 4], 1, 0))
        array([4, 1, 2, 3], dtype=int32)
    """
    return Roll.build(input, shift, axis, name=name)


class ReverseSequence(OpDef):
    """Entry b of `input` along `batch_dim` has its first `seq_lengths[b]` places reversed."""

    dtypes = {"seq_lengths": "Tlen"}
    Tlen = dt.INDEX
    checks_data = True

    def infer(self, input, seq_lengths, *, seq_dim, batch_dim=0):
        shape_rules.require_rank(seq_lengths, 1, "seq_lengths")
        if seq_dim == batch_dim:
            raise ShapeError(f"has seq_dim and batch_dim {seq_dim}", "They must not be the same.")
        if input.shape is None:
            return Spec(input.dtype, None)
        for value, what in ((seq_dim, "seq_dim"), (batch_dim, "batch_dim")):
            if not 0 <= value < len(input.shape):
                raise ShapeError(f"has {what} {value}, but its input has rank {len(input.shape)}")
        n, m = input.shape[batch_dim], (seq_lengths.shape or (None,))[0]
        if None not in (n, m) and n != m:
            raise ShapeError(f"has {m} seq_lengths for the batch of {n} in "
                             f"{shape_text(input.shape)}", "There must be one for each entry.")
        sizes = list(input.shape)
        sizes[batch_dim] = m if n is None else n
        return Spec(input.dtype, tuple(sizes))

    def kernel(self, xp, input, seq_lengths, *, seq_dim, batch_dim=0):
        return _reversed(xp, input, seq_lengths, seq_dim, batch_dim)

    def grad(self, op, dy):
        return ReverseSequence.build(dy, op.inputs[1], **op.attrs), None


def _reversed(xp, input, lengths, seq_dim, batch_dim):
    count, longest = input.shape[batch_dim], input.shape[seq_dim]
    if lengths.shape != (count,):
        raise InvalidArgumentError(None, None, f"seq_lengths of {lengths.shape} does not fit the "
                                   f"batch of {count}")
    if lengths.size:
        raise_if(xp, (lengths.min() < 0) | (lengths.max() > longest), lambda: InvalidArgumentError(
            None, None, f"seq_lengths are not all in [0, {longest}]: they go from "
                        f"{int(lengths.min())} to {int(lengths.max())}"))
    places, length = xp.arange(longest), lengths[:, None]
    source = xp.where(places < length, length - 1 - places, places)
    rows = xp.moveaxis(input, (batch_dim, seq_dim), (0, 1))
    return xp.moveaxis(rows[xp.arange(count)[:, None], source], (0, 1), (batch_dim, seq_dim))


def reverse_sequence(input, seq_lengths, seq_axis=None, batch_axis=None, name=None, seq_dim=None,
                     batch_dim=None):
    """Turns the start of each sequence in a batch back to front; the rest stays.

    Args:
        input: tensor of rank 2 or more.
        seq_lengths: 1-D int32 or int64 tensor, how many places of each batch entry to reverse.
        seq_axis: the axis to reverse along, an int.
        batch_axis: the batch axis, an int; default 0.
        name: name of the node.
        seq_dim: old name of `seq_axis`.
        batch_dim: old name of `batch_axis`.

    Raises:
        InvalidArgumentError: a length is negative or longer than the axis (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.reverse_sequence([[1, 2, 3], [4, 5, 6]], [2, 3], seq_axis=1))
        array([[2, 1, 3],
               [6, 5, 4]], dtype=int32)
    """
    seq_axis = renamed_argument("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch_axis = renamed_argument("batch_axis", batch_axis, "batch_dim", batch_dim)
    if seq_axis is None:
        raise TypeError(located("reverse_sequence needs a seq_axis",
                                "It is the axis along which the sequences run."))
    return ReverseSequence.build(input, seq_lengths, seq_dim=seq_axis, batch_dim=batch_axis or 0,
                                 name=name)
