"""Cutting a signal into frames that may overlap, and adding such frames up again."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.arithmetic import Maximum
from flowgraph.ops.cast import Cast
from flowgraph.ops.constant import ZerosLike
from flowgraph.ops.constant import range as range_
from flowgraph.ops.gather import gather
from flowgraph.ops.join import Pack, concat
from flowgraph.ops.pad import pad
from flowgraph.ops.reduce import reduce_prod, reduce_sum
from flowgraph.ops.reshape import reshape, transpose
from flowgraph.ops.select import one_hot
from flowgraph.ops.shape import rank, shape
from flowgraph.ops.signal_windows import scalar


def frame(signal, frame_length, frame_step, pad_end=False, pad_value=0, axis=-1, name=None):
    """Cuts a signal into frames of one length, `frame_step` apart.

    Args:
        signal: tensor [..., samples, ...].
        frame_length: int or scalar integer tensor, samples of a frame.
        frame_step: int or scalar integer tensor, samples from the start of one frame to the next.
        pad_end: whether the frames go on until they start beyond the signal, filled up with
            `pad_value`; else only whole frames are made.
        pad_value: scalar of the signal's dtype.
        axis: int or scalar integer tensor, the axis of the samples.
        name: name of the scope.

    Returns:
        A tensor [..., frames, frame_length, ...].

    Raises:
        ValueError: an argument is not a scalar, or the signal is one.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.signal.frame([1, 2, 3, 4, 5], frame_length=3, frame_step=2))
        array([[1, 2, 3],
               [3, 4, 5]], dtype=int32)
    """
    with name_scope(name, "frame", [signal, frame_length, frame_step, pad_value]):
        signal = _of_rank(convert_to_tensor(signal, name="signal"), 1, "frame")
        length = _plain(frame_length, "frame_length", "frame")
        step = _plain(frame_step, "frame_step", "frame")
        axis = _plain(axis, "axis", "frame")
        sizes = signal.spec.shape
        static_axis = sizes is not None and isinstance(axis, int)
        if static_axis:
            if not -len(sizes) <= axis < len(sizes):
                raise ShapeError(located(f"frame has axis {axis} for a signal {shape_text(sizes)}",
                                         section="shape-error"))
            axis %= len(sizes)
        samples = sizes[axis] if static_axis else None
        samples = shape(signal)[axis] if samples is None else samples
        if pad_end:
            count = _maximum(0, -(-samples // step))
            lacking = _maximum(0, length + step * (count - 1) - samples)
            pad_value = scalar(convert_to_tensor(pad_value, signal.dtype.base_dtype), "frame")
            signal = _padded(signal, axis, lacking, pad_value)
        else:
            count = _maximum(0, 1 + (samples - length) // step)
        chosen = (reshape(range_(count) * step, [-1, 1]) + reshape(range_(length), [1, -1]))
        frames = gather(signal, chosen, axis=axis)
        if static_axis:
            frames.set_shape([*sizes[:axis], *(n if isinstance(n, int) else None
                                               for n in (count, length)), *sizes[axis + 1:]])
        return frames


def overlap_and_add(signal, frame_step, name=None):
    """Adds frames up to one signal, each `frame_step` after the one before.

    Args:
        signal: tensor [..., frames, frame_length].
        frame_step: int or scalar integer tensor.
        name: name of the scope.

    Returns:
        A tensor [..., (frames - 1) * frame_step + frame_length].

    Raises:
        ValueError: the rank is below 2, or `frame_step` is not an integer scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.signal.overlap_and_add([[1, 1, 1], [2, 2, 2]], frame_step=2))
        array([1, 1, 3, 2, 2], dtype=int32)
    """
    with name_scope(name, "overlap_and_add", [signal, frame_step]):
        signal = _of_rank(convert_to_tensor(signal, name="signal"), 2, "overlap_and_add")
        step = convert_to_tensor(frame_step, name="frame_step")
        if not step.dtype.base_dtype.is_integer:
            raise ValueError(located("overlap_and_add needs an integer frame_step, not "
                                     f"{step.dtype.name}"))
        step = _plain(step, "frame_step", "overlap_and_add")
        sizes, all_sizes = signal.spec.shape, shape(signal)
        frames, length = ((None, None) if sizes is None else sizes[-2:])
        frames = all_sizes[-2] if frames is None else frames
        length = all_sizes[-1] if length is None else length
        total = length + step * (frames - 1)
        outer = all_sizes[:-2]
        # With p parts of `frame_step` to a frame, part j of frame i belongs to part i + j of the
        # sum. Rows of parts get p zeros at the end; cut anew one part shorter, each row starts one
        # part later than the one before. Then the parts to be added stand below each other.
        parts = -(-length // step)
        x = reshape(signal, _packed(reduce_prod(outer), frames, length))
        x = pad(x, _rows((0, 0), (0, parts), (0, parts * step - length)))
        x = reshape(x, _packed(-1, frames + parts, parts, step))
        x = transpose(x, [0, 2, 1, 3])
        x = reshape(x, _packed(-1, (frames + parts) * parts, step))
        x = x[:, :(frames + parts - 1) * parts]
        x = reshape(x, _packed(-1, parts, frames + parts - 1, step))
        x = reshape(reduce_sum(x, 1), _packed(-1, (frames + parts - 1) * step))
        result = reshape(x[:, :total], concat([outer, _packed(total)], 0))
        if sizes is not None:
            result.set_shape([*sizes[:-2], total if isinstance(total, int) else None])
        return result


def _of_rank(x, least, what):
    if x.spec.rank is not None and x.spec.rank < least:
        raise ShapeError(located(f"{what} needs a signal of rank {least} or more, got "
                                 f"{shape_text(x.spec.shape)}", section="shape-error"))
    return x


def _plain(value, name, what):
    """An integer scalar: an int when the graph tells, else a tensor."""
    tensor = scalar(convert_to_tensor(value, name=name), what)
    known = known_value(tensor)
    if isinstance(known, int):
        return known
    return Cast.build(tensor, DstT=dt.int32) if tensor.dtype is not dt.int32 else tensor


def _maximum(a, b):
    return max(a, b) if isinstance(b, int) else Maximum.build(np.int32(a), b)


def _padded(x, axis, lacking, pad_value):
    """`x` with `lacking` times `pad_value` after the end of `axis`."""
    axes = x.spec.rank
    if axes is not None and isinstance(axis, int) and isinstance(lacking, int):
        pairs = np.zeros((axes, 2), np.int32)
        pairs[axis, 1] = lacking
        return pad(x, pairs, constant_values=pad_value)
    axes = rank(x)
    at_axis = one_hot((axis + axes) % axes, axes, dtype=dt.int32)
    after = at_axis * lacking
    return pad(x, Pack.build([ZerosLike.build(after), after], axis=1),
               constant_values=pad_value)


def _packed(*sizes):
    """A shape, as a constant when all sizes are ints."""
    if all(isinstance(n, int) for n in sizes):
        return np.array(sizes, np.int32)
    return Pack.build([np.int32(n) if isinstance(n, int) else n for n in sizes])


def _rows(*pairs):
    if all(isinstance(n, int) for pair in pairs for n in pair):
        return np.array(pairs, np.int32)
    return Pack.build([_packed(*pair) for pair in pairs])
