"""Images turned, shifted, and seen from the side, as tf.contrib.image does it."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.shape import shape

_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_INT32 = dt.DTypeSet("int32", (dt.int32,))


class ImageProjectiveTransformV2(OpDef):
    """Each pixel (x, y) of the result is that of the image at ((a0 x + a1 y + a2) / k,
    (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1, or 0 where that is outside of the image.
    """

    T = dt.DTypeSet("uint8, int32, int64 or a floating dtype",
                    (dt.uint8, dt.int32, dt.int64, dt.float16, dt.float32, dt.float64))
    dtypes = {"transforms": _FLOAT32, "output_shape": _INT32}
    host_inputs = ("output_shape",)
    grad = NotDifferentiable

    def infer(self, images: Spec, transforms: Spec, output_shape: Spec, *, interpolation,
              fill_mode="CONSTANT"):
        shape_rules.require_rank(images, 4, "images")
        shape_rules.require_rank(output_shape, 1, "an output_shape")
        if not compatible(transforms.shape, (None, 8)) or output_shape.shape not in (
                None, (None,), (2,)):
            raise ShapeError("needs transforms [images, 8] and an output_shape of 2 sizes, got "
                             f"{shape_text(transforms.shape)} and "
                             f"{shape_text(output_shape.shape)}")
        if interpolation not in ("NEAREST", "BILINEAR"):
            raise ShapeError(f"has interpolation {interpolation!r}",
                             "It must be 'NEAREST' or 'BILINEAR'.")
        if fill_mode != "CONSTANT":
            raise ShapeError(f"has fill_mode {fill_mode!r}", "Only 'CONSTANT' is offered.")
        sizes = shape_rules.shape_from_value(output_shape) or (None, None)
        count, *_, channels = images.shape or (None,) * 4
        return Spec(images.dtype, (count, *sizes, channels))

    def kernel(self, xp, images, transforms, output_shape, *, interpolation,
               fill_mode="CONSTANT"):
        if len(transforms) not in (1, len(images)) or min(output_shape, default=0) <= 0:
            raise InvalidArgumentError(
                None, None, f"needs one transform, or one for each of {len(images)} images, got "
                f"{len(transforms)}; and sizes above 0, got {output_shape}")
        a0, a1, a2, b0, b1, b2, c0, c1 = (transforms[:, i, None, None] for i in range(8))
        x = xp.arange(output_shape[1], dtype=xp.float32)
        y = xp.arange(output_shape[0], dtype=xp.float32)[:, None]
        k = c0 * x + c1 * y + 1
        seen = xp.where(k == 0, xp.float32(1), k)
        column, row = (xp.where(k == 0, xp.float32(-9), place / seen) for place in (
            a0 * x + a1 * y + a2, b0 * x + b1 * y + b2))
        if interpolation == "NEAREST":
            return _pixels(xp, images, _rounded(xp, row), _rounded(xp, column))
        top, left = xp.floor(row), xp.floor(column)
        down, right = (row - top)[..., None], (column - left)[..., None]
        upper, lower = ((1 - right) * _pixels(xp, images, line, left)
                        + right * _pixels(xp, images, line, left + 1) for line in (top, top + 1))
        return ((1 - down) * upper + down * lower).astype(images.dtype)


def _rounded(xp, places):
    """The nearest whole numbers; halves are rounded away from 0."""
    whole = xp.trunc(places)
    return whole + xp.sign(places) * (xp.abs(places - whole) >= 0.5)


def _pixels(xp, images, rows, columns):
    """The pixels at some rows and columns, 0 where there are none."""
    count, height, width, channels = images.shape
    if not height * width:
        return xp.zeros((count, *rows.shape[1:], channels), images.dtype)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    i, j = (xp.where(inside, places, xp.float32(0)).astype(xp.int64) for places in (rows, columns))
    found = images[xp.arange(count)[:, None, None], i, j]
    return xp.where(inside[..., None], found, images.dtype.type(0))  # 0, though a pixel is NaN


def image_projective_transform(images, transforms, output_shape=None, interpolation="NEAREST",
                               name=None):
    """Turns, shifts or tilts images.

    Args:
        images: [images, height, width, channels], numbers.
        transforms: float32 [images or 1, 8]: (a0, a1, a2, b0, b1, b2, c0, c1). The pixel (x, y) of
            the result is the image's at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), where
            k = c0 x + c1 y + 1.
        output_shape: int32, height and width of the results; default those of the images.
        interpolation: "NEAREST" or "BILINEAR".
        name: name of the node.

    Returns:
        Images of the same dtype.

    Raises:
        ValueError: the shapes do not go together.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.projective import image_projective_transform
        >>> image = fg.reshape(fg.range(4.0), [1, 2, 2, 1])
        >>> shifted = image_projective_transform(image, [[1, 0, -1, 0, 1, 0, 0, 0]])
        >>> fg.Session().run(shifted)[0, :, :, 0].tolist()
        [[0.0, 0.0], [0.0, 2.0]]
    """
    if output_shape is None:
        output_shape = shape(images)[1:3]
    return ImageProjectiveTransformV2.build(images, transforms, output_shape, name=name,
                                            interpolation=interpolation)
