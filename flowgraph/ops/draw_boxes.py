"""Boxes drawn into images: tf.image.draw_bounding_boxes."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_CANVAS = dt.DTypeSet("float32 or float16", (dt.float32, dt.float16))
_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_PALETTE = np.array([  # yellow, blue, red, lime, purple, olive, maroon, navy, aqua, fuchsia
    [1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1],
    [0.5, 0, 0, 1], [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1]], np.float32)


def _drawn(xp, images, boxes, colors):
    """A copy of the images with the boxes in it, as lines one pixel wide."""
    _check(images, boxes, colors)
    height, width, depth = images.shape[1:]
    canvas = images.copy()
    scale = xp.asarray(np.array([height - 1, width - 1] * 2, np.float32))
    colors = xp.asarray(colors[:, :depth]).astype(images.dtype)
    # Whole rows and columns, towards 0; Python's numbers are quicker than arrays for so few.
    for image, of_image in zip(canvas, (boxes * scale).astype("int64").tolist(), strict=True):
        for number, (top, left, bottom, right) in enumerate(of_image):
            color = colors[number % len(colors)]
            if top > bottom or left > right or top >= height or left >= width or (
                    bottom < 0 or right < 0):
                continue  # turned inside out, or outside of the image
            rows = slice(max(top, 0), min(bottom, height - 1) + 1)
            columns = slice(max(left, 0), min(right, width - 1) + 1)
            for row in {top, bottom}:
                if 0 <= row < height:
                    image[row, columns] = color
            for column in {left, right}:
                if 0 <= column < width:
                    image[rows, column] = color
    return canvas


def _check(images, boxes, colors):
    depth = images.shape[3]
    for wrong, problem in (
            (images.shape[0] != boxes.shape[0], "The batch sizes should be the same, got "
             f"{images.shape} and {boxes.shape}"),
            (depth not in (1, 3, 4), "Channel depth should be either 1 (GRY), 3 (RGB), or 4 "
             f"(RGBA), got {depth}"),
            (boxes.shape[2] != 4, f"a box has 4 coordinates, got {boxes.shape}"),
            (colors.shape[1] < depth, "colors must have equal or more channels than the image "
             f"provided: {colors.shape}")):
        if wrong:
            raise InvalidArgumentError(None, None, problem)


class DrawBoundingBoxes(OpDef):
    """Images with boxes drawn into them, in ten colours."""

    T = _CANVAS
    dtypes = {"boxes": _FLOAT32}
    grad = NotDifferentiable
    waits_for_gpu = "boxes are drawn, and windows cut out, one by one"

    def infer(self, images, boxes):
        shape_rules.require_rank(images, 4, "images")
        shape_rules.require_rank(boxes, 3, "boxes")
        if images.shape is not None and images.shape[3] not in (None, 1, 3, 4):
            raise ShapeError(f"cannot draw into images of {shape_text(images.shape)}",
                             "There must be 1, 3 or 4 channels.")
        if boxes.shape is not None and boxes.shape[2] not in (None, 4):
            raise ShapeError(f"needs boxes [batch, boxes, 4], got {shape_text(boxes.shape)}")
        return Spec(images.dtype, images.shape)

    def kernel(self, xp, images, boxes):
        palette = _PALETTE.copy()
        if images.shape[3] == 1:
            palette[:, 0] = 1  # white
        return _drawn(xp, images, boxes, palette)


class DrawBoundingBoxesV2(OpDef):
    """Images with boxes drawn into them, in the given colours."""

    T = _CANVAS
    dtypes = {"boxes": _FLOAT32, "colors": _FLOAT32}
    grad = NotDifferentiable
    waits_for_gpu = "boxes are drawn, and windows cut out, one by one"

    def infer(self, images, boxes, colors):
        shape_rules.require_rank_at_least(images, 3, "images")
        return Spec(images.dtype, images.shape)

    def kernel(self, xp, images, boxes, colors):
        if images.ndim != 4 or boxes.ndim != 3 or colors.ndim != 2:
            raise InvalidArgumentError(None, None, "images must be of rank 4, boxes of rank 3, "
                                       f"colors of rank 2, got {images.shape}, {boxes.shape} and "
                                       f"{colors.shape}")
        if not colors.size:
            return DrawBoundingBoxes().kernel(xp, images, boxes)
        return _drawn(xp, images, boxes, colors)


def draw_bounding_boxes(images, boxes, name=None, colors=None):
    """Draws boxes into images, with lines one pixel wide.

    Args:
        images: float32 or float16 tensor [batch, height, width, depth], depth 1, 3 or 4.
        boxes: float32 tensor [batch, boxes, 4]: (y_min, x_min, y_max, x_max) of each, as parts of
            height and width.
        name: name of the node.
        colors: float32 tensor [colors, 4] of RGBA values, used in turn; default ten bright ones.

    Returns:
        A tensor of the images' shape and dtype.

    Raises:
        ValueError: the shapes do not go together.

    Example:
        >>> import flowgraph as fg
        >>> drawn = fg.image.draw_bounding_boxes(fg.zeros([1, 4, 4, 1]), [[[0.0, 0.0, 0.7, 0.7]]])
        >>> fg.Session().run(drawn)[0, :, :, 0]
        array([[1., 1., 1., 0.],
               [1., 0., 1., 0.],
               [1., 1., 1., 0.],
               [0., 0., 0., 0.]], dtype=float32)
    """
    if colors is None:
        return DrawBoundingBoxes.build(images, boxes, name=name)
    return DrawBoundingBoxesV2.build(images, boxes, colors, name=name)
