"""Windows of images laid into the channels: tf.extract_image_patches and its gradient.

One tap of the window at a time: the pixels that it sees over all windows are a strided slice.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.shape import shape


class ExtractImagePatches(OpDef):
    """The window around each place of `images`, its pixels in the last axis."""

    T = dt.REAL

    def infer(self, images, *, ksizes, strides, rates, padding):
        _check(ksizes, strides, rates, padding)
        shape_rules.require_rank(images, 4, "images")
        n, h, w, c = images.shape or (None,) * 4
        (oh, _), (ow, _) = (_windows(*sizes, padding) for sizes in
                            zip((h, w), ksizes[1:], strides[1:], rates[1:]))
        return Spec(images.dtype, (n, oh, ow, None if c is None else ksizes[1] * ksizes[2] * c))

    def kernel(self, xp, images, *, ksizes, strides, rates, padding):
        return _patches(xp, images, ksizes, strides, rates, padding)

    def grad(self, op, dy):
        return ExtractImagePatchesGrad.build(dy, shape(op.inputs[0]), **op.attrs)


class ExtractImagePatchesGrad(OpDef):
    """Images of shape `sizes`; each pixel is the sum of `dy` over the windows that show it."""

    T = dt.REAL
    dtypes = {"sizes": "Tsizes"}
    Tsizes = dt.INDEX
    host_inputs = ("sizes",)

    def infer(self, dy, sizes, *, ksizes, strides, rates, padding):
        _check(ksizes, strides, rates, padding)
        return Spec(dy.dtype, shape_rules.shape_from_value(sizes))

    def kernel(self, xp, dy, sizes, *, ksizes, strides, rates, padding):
        return _summed(xp, dy, sizes, ksizes, strides, rates, padding)

    def grad(self, op, dy):
        return ExtractImagePatches.build(dy, **op.attrs), None


def _check(ksizes, strides, rates, padding):
    for value, what in ((ksizes, "ksizes"), (strides, "strides"), (rates, "rates")):
        if len(value) != 4 or value[0] != 1 or value[3] != 1 or min(value) < 1:
            raise ShapeError(f"has {what} {list(value)}", "Write [1, rows, columns, 1].")
    if padding not in ("SAME", "VALID"):
        raise ShapeError(f"has padding {padding!r}", "It must be 'SAME' or 'VALID'.")


def _windows(n, size, stride, rate, padding):
    """(how many windows fit along an axis of size n, zeros before it); None where n is unknown."""
    if n is None:
        return None, None
    reach = (size - 1) * rate + 1
    if padding == "VALID":
        if n - reach <= -2 * stride:  # as TensorFlow; else there are no windows, which is no error
            raise ShapeError(f"has a window of {reach} for an axis of size {n}",
                             "Write padding='SAME', or a smaller window.")
        return max((n - reach) // stride + 1, 0), 0
    count = -(-n // stride)
    return count, max((count - 1) * stride + reach - n, 0) // 2


def _taps(sizes, ksizes, strides, rates, padding):
    """(windows along both axes, zeros before them, padded sizes, [(row, column, slices)])."""
    try:
        axes = [_windows(*row, padding) for row in
                zip(sizes[1:3], ksizes[1:], strides[1:], rates[1:])]
    except ShapeError as error:
        raise InvalidArgumentError(None, None, error.args[0]) from None
    (oh, top), (ow, left) = axes
    padded = [max(n + before, (count - 1) * stride + (k - 1) * rate + 1) for n, (count, before), k,
              stride, rate in zip(sizes[1:3], axes, ksizes[1:], strides[1:], rates[1:])]

    def along(tap, count, axis):
        start = tap * rates[axis]
        return slice(start, start + (count - 1) * strides[axis] + 1 if count else start,
                     strides[axis])

    taps = [(i, j, (slice(None), along(i, oh, 1), along(j, ow, 2)))
            for i in range(ksizes[1]) for j in range(ksizes[2])]
    return (oh, ow), (top, left), padded, taps


def _patches(xp, images, ksizes, strides, rates, padding):
    n, h, w, c = images.shape
    (oh, ow), (top, left), (ph, pw), taps = _taps(images.shape, ksizes, strides, rates, padding)
    if (ph, pw) != (h, w):
        images = xp.pad(images, ((0, 0), (top, ph - h - top), (left, pw - w - left), (0, 0)))
    result = xp.empty((n, oh, ow, ksizes[1], ksizes[2], c), images.dtype)
    for i, j, seen in taps:
        result[:, :, :, i, j] = images[seen]
    return result.reshape((n, oh, ow, ksizes[1] * ksizes[2] * c))


def _summed(xp, dy, sizes, ksizes, strides, rates, padding):
    n, h, w, c = sizes
    (oh, ow), (top, left), (ph, pw), taps = _taps(sizes, ksizes, strides, rates, padding)
    dy = dy.reshape((n, oh, ow, ksizes[1], ksizes[2], c))
    result = xp.zeros((n, ph, pw, c), dy.dtype)
    for i, j, seen in taps:
        result[seen] += dy[:, :, :, i, j]
    return result[:, top:top + h, left:left + w]


def extract_image_patches(images, ksizes=None, strides=None, rates=None, padding=None, name=None,
                          sizes=None):
    """Takes a window of pixels around each place of images, and lays it into the last axis.

    Args:
        images: tensor [batch, rows, columns, depth] of a real dtype.
        ksizes: size of the window, [1, rows, columns, 1].
        strides: step from window to window, [1, rows, columns, 1].
        rates: step from pixel to pixel inside the window, [1, rows, columns, 1].
        padding: "VALID" for windows inside the images; "SAME" puts zeros around them.
        name: name of the node.
        sizes: newer name of `ksizes`.

    Returns:
        A tensor [batch, windows down, windows across, ksizes[1] * ksizes[2] * depth].

    Example:
        >>> import flowgraph as fg
        >>> fg.extract_image_patches(fg.zeros([1, 5, 5, 2]), [1, 3, 3, 1], [1, 2, 2, 1],
        ...                          [1, 1, 1, 1], "SAME").shape.as_list()
        [1, 3, 3, 18]
    """
    ksizes = either("sizes", sizes, "ksizes", ksizes)
    for value, what in ((ksizes, "ksizes"), (strides, "strides"), (rates, "rates")):
        if not isinstance(value, (list, tuple)):
            raise TypeError(located(f"extract_image_patches needs a list of ints for {what}, got "
                                    f"{value!r}"))
    return ExtractImagePatches.build(images, ksizes=tuple(ksizes), strides=tuple(strides),
                                     rates=tuple(rates), padding=padding, name=name)


def extract_patches(images, sizes, strides, rates, padding, name=None):
    """Takes a window of pixels around each place of images, and lays it into the last axis.

    Args:
        images: tensor [batch, rows, columns, depth] of a real dtype.
        sizes: size of the window, [1, rows, columns, 1].
        strides: step from window to window, [1, rows, columns, 1].
        rates: step from pixel to pixel inside the window, [1, rows, columns, 1].
        padding: "VALID" for windows inside the images; "SAME" puts zeros around them.
        name: name of the node.

    Returns:
        A tensor [batch, windows down, windows across, sizes[1] * sizes[2] * depth].

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape(fg.range(4), [1, 2, 2, 1])
        >>> fg.Session().run(fg.image.extract_patches(image, [1, 2, 2, 1], [1, 1, 1, 1],
        ...                                           [1, 1, 1, 1], "VALID"))[0, 0, 0]
        array([0, 1, 2, 3], dtype=int32)
    """
    return extract_image_patches(images, sizes, strides, rates, padding, name)
