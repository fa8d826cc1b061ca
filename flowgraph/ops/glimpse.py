"""Windows of one size out of a batch of images, noise where they reach out: extract_glimpse."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops import distributions
from flowgraph.ops.image_resize import wanted_size
from flowgraph.ops.philox import TILE, PhiloxState

_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_INT32 = dt.DTypeSet("int32", (dt.int32,))


class ExtractGlimpse(OpDef):
    """A window of `size` out of each image, at its `offsets`."""

    dtypes = {"input": _FLOAT32, "size": _INT32, "offsets": _FLOAT32}
    host_inputs = ("size",)
    effects = "random"
    grad = NotDifferentiable
    waits_for_gpu = "boxes are drawn, and windows cut out, one by one"

    def infer(self, input, size, offsets, *, centered=True, normalized=True, uniform_noise=True,
              noise="uniform"):
        shape_rules.require_rank(input, 4, "images")
        shape_rules.require_rank(size, 1, "a size")
        shape_rules.require_rank(offsets, 2, "offsets")
        if not shapes.compatible(size.shape, (2,)) or not shapes.compatible(
                offsets.shape, (None, 2)):
            raise ShapeError(f"needs a size (2,) and offsets (batch, 2), got "
                             f"{shape_text(size.shape)} and {shape_text(offsets.shape)}")
        n, _, _, depth = input.shape or (None,) * 4
        (count,) = shape_rules.merge("as many offsets as images", Spec(dt.int32, (n,)),
                                     Spec(dt.int32, (offsets.shape or (None,))[:1]))
        return Spec(dt.float32, (count, *wanted_size(size), depth))

    def create_state(self, attrs):
        """The noise is new in each session, as in TensorFlow."""
        return PhiloxState.from_seeds(0, 0)

    def kernel(self, xp, input, size, offsets, *, centered=True, normalized=True,
               uniform_noise=True, noise="uniform", state):
        if min(size) < 0:
            raise InvalidArgumentError(None, None, f"a glimpse of size {size} makes no sense")
        if offsets.shape[0] != input.shape[0]:
            raise InvalidArgumentError(None, None, "first dimension should be batch: got "
                                       f"{input.shape} and {offsets.shape}")
        glimpses = xp.empty((input.shape[0], *size, input.shape[3]), np.float32)
        if not glimpses.size:
            return glimpses
        corners = _corners(offsets, input.shape[1:3], size, normalized, centered).tolist()
        for image, glimpse, corner in zip(input, glimpses, corners, strict=True):
            rows, columns = (_overlap(*sizes) for sizes in
                             zip(corner, size, image.shape[:2], strict=True))
            if rows[0] != (0, size[0]) or columns[0] != (0, size[1]):
                glimpse[:] = _noise(xp, image, glimpse.shape, noise, state)
            to, source = ((slice(*rows[i]), slice(*columns[i])) for i in range(2))
            glimpse[to] = image[source]
        return glimpses


def _corners(offsets, image_size, size, normalized, centered):
    """The first row and column of each window; may lie outside."""
    image_size, size = np.asarray(image_size, np.float32), np.asarray(size, np.float32)
    at = np.asarray(offsets.tolist(), np.float32).reshape(-1, 2)
    if normalized:
        at = at * image_size
    if centered:
        at = at / np.float32(2) + image_size / np.float32(2)
    return (at - size / np.float32(2)).astype(np.int64)  # towards 0


def _overlap(start, length, n):
    """((start, stop) in the window, (start, stop) in the image) along one axis, as TensorFlow
    has it: a window larger than the image that starts before it shows the image at its end.
    """
    if start < 0:
        seen = max(0, length + start)
        return (length - seen, length - seen + min(seen, n)), (0, min(seen, n))
    seen = max(0, min(length, n - start))
    return (0, seen), (start, start + seen)


def _noise(xp, image, shape, noise, state):
    """Numbers of the range of the image's own."""
    if noise == "zero":
        return xp.zeros(shape, np.float32)
    count = int(np.prod(shape))
    taken = state.take(count * distributions.OUTPUT_BLOCKS)
    if noise == "uniform":
        low, high = image.min(), image.max()
        return distributions.uniform(xp, taken, count, np.dtype(np.float32),
                                     TILE).reshape(shape) * (high - low) + low
    normal = distributions.normal(xp, taken, count, np.dtype(np.float32), TILE).reshape(shape)
    axes = (0, 1)
    return xp.clip(image.mean(axis=axes) + normal * image.std(axis=axes), image.min(axis=axes),
                   image.max(axis=axes))


def extract_glimpse(input, size, offsets, centered=True, normalized=True, uniform_noise=True,
                    name=None):
    """Takes a window out of each image; where it reaches out of the image there is noise.

    Args:
        input: float32 tensor [batch, height, width, channels].
        size: int32 tensor of 2 elements, or list: height and width of the windows.
        offsets: float32 tensor [batch, 2]: (y, x) of the middle of each window.
        centered: whether (0, 0) is the middle of the image, not its upper left corner.
        normalized: whether offsets are parts of the image (of half of it, if centered), not pixels.
        uniform_noise: accepted; the noise is uniform in the range of the image's values.
        name: name of the node.

    Returns:
        A float32 tensor [batch, height, width, channels] of the windows.

    Raises:
        ValueError: the shapes do not go together.

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape(fg.range(9.0), [1, 3, 3, 1])
        >>> glimpse = fg.image.extract_glimpse(image, [2, 2], [[1.0, 2.0]], centered=False,
        ...                                    normalized=False)
        >>> fg.Session().run(glimpse)[0, :, :, 0]
        array([[1., 2.],
               [4., 5.]], dtype=float32)
    """
    return ExtractGlimpse.build(input, size, offsets, centered=centered, normalized=normalized,
                                uniform_noise=uniform_noise, name=name)
