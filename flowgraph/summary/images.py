"""`tf.summary.image`: images as PNG files."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.image_formats import write_png
from flowgraph.ops.string_elements import ON_HOST, invalid, strings
from flowgraph.summary.names import collected, summary_scope
from flowgraph.summary.scalars import check_tag, one_tag, tag_field

RED = np.array([255, 0, 0, 255], np.uint8)
_NEARLY_ZERO = np.float32(1e-6)
_MOST_PIXELS = 1 << 29


class ImageSummary(OpDef):
    """A Summary with up to `max_images` images of a batch; pixels that are not finite get
    `bad_color`.
    """

    dtypes = {"tag": dt.STRING}
    T = dt.DTypeSet("uint8, float32, float16 or float64", (dt.float32, dt.uint8, dt.float16,
                                                           dt.float64))
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, tag: Spec, tensor: Spec, *, max_images=3, bad_color=RED):
        check_tag(tag)
        if max_images < 1:
            raise ShapeError(f"has max_outputs {max_images}, less than the minimum 1")
        shape = tensor.shape
        if shape is not None and (len(shape) != 4 or shape[3] not in (None, 1, 3, 4)):
            raise ShapeError(f"needs images of shape [batch, height, width, 1, 3 or 4], got "
                             f"{shape_text(shape)}", "tf.reshape brings flat images into shape.")
        return Spec(dt.string, ())

    def kernel(self, xp, tag, tensor, *, max_images=3, bad_color=RED):
        tag, images = one_tag(tag), np.asarray(tensor)
        if images.ndim != 4 or images.shape[3] not in (1, 3, 4):
            raise invalid("Tensor must be 4-D with last dim 1, 3, or 4, not "
                          f"{shape_text(images.shape)}")
        if 0 in images.shape[1:]:
            raise invalid("input tensor must have non-zero dims. Found: "
                          f"{shape_text(images.shape)}.")
        _, height, width, channels = images.shape
        if height * width >= _MOST_PIXELS:
            raise invalid(f"Tensor too large for summary {shape_text(images.shape)}")
        if images.dtype != np.uint8 and (bad_color.ndim != 1 or bad_color.size < channels):
            raise invalid("expected depth <= bad_color.size, got depth = "
                          f"{channels}, bad_color.size = {bad_color.size}")
        size = b"".join(wire.varint_field(number, value)
                        for number, value in enumerate((height, width, channels), 1))
        found = []
        for i, image in enumerate(images[:max_images]):
            pixels = image if image.dtype == np.uint8 else as_pixels(image, bad_color)
            numbered = b"%s/image/%d" % (tag, i) if max_images > 1 else tag + b"/image"
            found.append(wire.field(1, tag_field(numbered) + wire.field(
                4, size + wire.field(4, write_png(pixels)))))
        return strings([b"".join(found)], ())


def as_pixels(image: np.ndarray, bad_color: np.ndarray) -> np.ndarray:
    """An image of floats as uint8.

    Without negative values the largest becomes 255. With negative ones 0 becomes 128, and the value
    farthest from it 1 or 255.

    Args:
        image: [height, width, channels], floating.
        bad_color: what pixels become that have a value which is not finite.
    """
    finite = np.isfinite(image).all(axis=2)
    values = image[finite].astype(np.float32)
    low, high = (values.min(), values.max()) if values.size else (np.inf, -np.inf)
    largest = max(abs(low), abs(high)) if low < 0 else high
    scale = (np.float32(127 if low < 0 else 255) / largest if largest >= _NEARLY_ZERO
             else np.float32(0))
    kind = image.dtype.type
    scaled = np.where(finite[..., None], image, kind(0)) * kind(scale) + kind(128 if low < 0 else 0)
    # By way of int32 as in C: what is out of range (a scale may be infinite in float16) wraps.
    pixels = scaled.astype(np.int32).astype(np.uint8)
    pixels[~finite] = bad_color[:image.shape[2]]
    return pixels


def image(name: str, tensor: Any, max_outputs: int = 3, collections: Any = None,
          family: str | None = None) -> Tensor:
    """A summary of images.

    Floats are scaled image by image: without negative values the largest becomes 255; with negative
    ones 0 becomes grey, and the value farthest from 0 black or white. Pixels with NaN or infinite
    values become red. uint8 values stay as they are.

    Args:
        name: name of the node; the tags are `name/image/0`, `name/image/1`, …, or `name/image` when
            `max_outputs` is 1.
        tensor: [batch, height, width, channels], uint8 or floating, 1, 3 or 4 channels.
        max_outputs: how many images of the batch are shown at most.
        collections: names of the collections that the summary is added to; default
            `[tf.GraphKeys.SUMMARIES]`.
        family: opens the tag; images of one family stand together.

    Returns:
        A string: the serialized `tf.Summary`.

    Raises:
        ValueError: the tensor has another rank or number of channels.
        TypeError: it has another dtype.

    Example:
        >>> import flowgraph as fg
        >>> shown = fg.summary.image("digit", fg.zeros([2, 28, 28, 1]))
        >>> [value.tag for value in fg.Summary.FromString(fg.Session().run(shown)).value]
        ['digit/image/0', 'digit/image/1']
    """
    with summary_scope(name, family, [tensor]) as (tag, scope):
        return collected(ImageSummary.build(tag, tensor, max_images=max_outputs, bad_color=RED,
                                            name=scope), collections)
