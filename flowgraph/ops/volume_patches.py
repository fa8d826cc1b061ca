"""Windows of volumes laid into the channels: tf.extract_volume_patches and its gradient.

One tap of the window at a time: the voxels that it sees over all windows are a strided slice.
"""

from __future__ import annotations

from itertools import product

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.shape import shape


class ExtractVolumePatches(OpDef):
    """The window around each place of volumes [batch, depth, rows, columns, channels]."""

    T = dt.REAL

    def infer(self, input: Spec, *, ksizes, strides, padding):
        shape_rules.require_rank(input, 5, "volumes")
        n, *sizes, c = input.shape or (None,) * 5
        counts = [_windows(*row, padding)[0] for row in zip(sizes, ksizes[1:], strides[1:])]
        voxels = ksizes[1] * ksizes[2] * ksizes[3]
        return Spec(input.dtype, (n, *counts, None if c is None else voxels * c))

    def kernel(self, xp, input, *, ksizes, strides, padding):
        counts, before, padded, taps = _taps(input.shape, ksizes, strides, padding)
        n, *sizes, c = input.shape
        if list(padded) != sizes:
            rims = [(front, size - m - front) for front, size, m in zip(before, padded, sizes)]
            input = xp.pad(input, ((0, 0), *rims, (0, 0)))
        result = xp.empty((n, *counts, len(taps), c), input.dtype)
        for i, seen in enumerate(taps):
            result[..., i, :] = input[seen]
        return result.reshape((n, *counts, len(taps) * c))

    def grad(self, op, dy):
        return ExtractVolumePatchesGrad.build(dy, shape(op.inputs[0]), **op.attrs)


class ExtractVolumePatchesGrad(OpDef):
    """Volumes of shape `sizes`; each voxel is the sum of `dy` over the windows that show it."""

    T = dt.REAL
    dtypes = {"sizes": "Tsizes"}
    Tsizes = dt.INDEX
    host_inputs = ("sizes",)

    def infer(self, dy: Spec, sizes: Spec, *, ksizes, strides, padding):
        return Spec(dy.dtype, shape_rules.shape_from_value(sizes))

    def kernel(self, xp, dy, sizes, *, ksizes, strides, padding):
        counts, before, padded, taps = _taps(sizes, ksizes, strides, padding)
        n, *inner, c = sizes
        dy = dy.reshape((n, *counts, len(taps), c))
        result = xp.zeros((n, *padded, c), dy.dtype)
        for i, seen in enumerate(taps):
            result[seen] += dy[..., i, :]
        inside = tuple(slice(front, front + m) for front, m in zip(before, inner))
        return result[(slice(None), *inside)]

    def grad(self, op, dy):
        return ExtractVolumePatches.build(dy, **op.attrs), None


def _windows(size, k, stride, padding):
    """(how many windows fit along an axis, zeros before it); None where its size is unknown.

    As in TensorFlow the zeros can be negative, with strides wider than the window: then the first
    window starts inside, so that as much is passed over before as after.
    """
    if size is None:
        return None, None
    if padding == "VALID":
        if size < k:
            raise ShapeError(f"has a window of {k} for an axis of size {size}",
                             "Write padding='SAME', or a smaller window.")
        return (size - k) // stride + 1, 0
    count = -(-size // stride)
    return count, int(((count - 1) * stride + k - size) / 2)  # rounds towards 0


def _taps(sizes, ksizes, strides, padding):
    """(windows along the axes, zeros before them, padded sizes, one tuple of slices a tap)."""
    rows = list(zip(sizes[1:4], ksizes[1:4], strides[1:4]))
    try:
        found = [_windows(*row, padding) for row in rows]
    except ShapeError as error:
        raise InvalidArgumentError(None, None, error.args[0]) from None
    zeros = [max(before, 0) for _, before in found]
    padded = [max(size + front, (count - 1) * stride + k)
              for (size, k, stride), (count, _), front in zip(rows, found, zeros)]

    def along(tap, count, before, stride):
        start = tap + max(-before, 0)
        return slice(start, start + (count - 1) * stride + 1 if count else start, stride)

    taps = [(slice(None), *(along(tap, *windows, stride)
                            for tap, windows, (_, _, stride) in zip(place, found, rows)))
            for place in product(*(range(k) for _, k, _ in rows))]
    return [count for count, _ in found], zeros, padded, taps


def extract_volume_patches(input, ksizes, strides, padding, name=None):
    """Takes a window of voxels around each place of volumes, and lays it into the last axis.

    Args:
        input: tensor [batch, depth, rows, columns, channels] of a real dtype.
        ksizes: size of the window, [1, depth, rows, columns, 1].
        strides: step from window to window, [1, depth, rows, columns, 1].
        padding: "VALID" for windows inside the volumes; "SAME" puts zeros around them.
        name: name of the node.

    Returns:
        A tensor [batch, windows along depth, down, across, voxels of a window * channels].

    Raises:
        ValueError: `ksizes` or `strides` has not five numbers, or the padding is another.

    Example:
        >>> import flowgraph as fg
        >>> fg.extract_volume_patches(fg.zeros([1, 4, 4, 4, 2]), [1, 2, 2, 2, 1], [1, 2, 2, 2, 1],
        ...                           "VALID").shape.as_list()
        [1, 2, 2, 2, 16]
    """
    for value, what in ((ksizes, "ksizes"), (strides, "strides")):
        if len(value) != 5 or min(value) < 1:
            raise ValueError(located(f"extract_volume_patches has {what} {list(value)}; write [1, "
                                     "depth, rows, columns, 1]"))
    if padding not in ("SAME", "VALID"):
        raise ValueError(located(f"padding must be 'SAME' or 'VALID', not {padding!r}"))
    return ExtractVolumePatches.build(input, ksizes=tuple(ksizes), strides=tuple(strides),
                                      padding=padding, name=name)
