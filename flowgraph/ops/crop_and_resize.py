"""Boxes cut out of images and brought to one size: tf.image.crop_and_resize, and its gradients.

The corners of a box are parts of height and width, and may lie anywhere; a box turned inside out
makes a mirrored crop. Places outside of the image get `extrapolation_value`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.checks import may_have, raise_if
from flowgraph.core.deprecation import either
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, OutOfRangeError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.image_resize import wanted_size
from flowgraph.ops.row_sums import summed_rows
from flowgraph.ops.shape import shape

_PIXELS = dt.DTypeSet("a real dtype but uint32 and uint64", (
    dt.float32, dt.float64, dt.float16, dt.uint8, dt.int8, dt.int16, dt.uint16, dt.int32, dt.int64))
_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_INT32 = dt.DTypeSet("int32", (dt.int32,))
_TILE = 1 << 16  # numbers of the crops made at once


class _Places(NamedTuple):
    """Where the pixels of the crops lie along one axis of the images; arrays [boxes, pixels]."""

    inside: object
    low: object
    high: object
    lerp: object
    nearest: object


def _places(xp, first, last, n, m):
    """The places of m pixels from `first` to `last`, parts of an axis of n pixels."""
    far = np.float32(n - 1)
    if m > 1:
        step = (last - first) * far / np.float32(m - 1)
        at = (first * far)[:, None] + xp.arange(m, dtype="float32") * step[:, None]
    else:
        at = (0.5 * (first + last).astype("float64") * (n - 1)).astype("float32")[:, None]
    inside = (at >= 0) & (at <= far)
    at = xp.where(inside, at, xp.zeros_like(at))
    low = xp.floor(at)
    return _Places(inside, low.astype("int64"), xp.ceil(at).astype("int64"), at - low,
                   xp.floor(at.astype("float64") + 0.5).astype("int64"))


def _both(xp, boxes, image_size, crop_size):
    """The places along rows, as [boxes, rows, 1], and along columns, as [boxes, 1, columns]."""
    rows = _places(xp, boxes[:, 0], boxes[:, 2], image_size[0], crop_size[0])
    columns = _places(xp, boxes[:, 1], boxes[:, 3], image_size[1], crop_size[1])
    return (_Places(*(part[:, :, None] for part in rows)),
            _Places(*(part[:, None, :] for part in columns)))


def _box_shapes(boxes, box_ind):
    """How many boxes there are, when it is known."""
    shape_rules.require_rank(boxes, 2, "boxes")
    shape_rules.require_rank(box_ind, 1, "box indices")
    if boxes.shape is not None and boxes.shape[1] not in (None, 4):
        raise ShapeError(f"needs boxes of shape (boxes, 4), got {shape_text(boxes.shape)}",
                         "A box is [y1, x1, y2, x2].")
    return shape_rules.merge("boxes and box indices", Spec(dt.int32, (boxes.shape or (None,))[:1]),
                             Spec(dt.int32, (box_ind.shape or (None,))[:1]))[0]


def _check_grads(grads, boxes, depth):
    """There is one gradient for each pixel and channel of each box's crop."""
    shape_rules.require_rank(grads, 4, "gradients")
    if grads.shape is None:
        return
    count = (boxes.shape or (None,))[0]
    for what, got, wanted in (("boxes", grads.shape[0], count),
                              ("channels", grads.shape[3], depth)):
        if None not in (got, wanted) and got != wanted:
            raise ShapeError(f"has gradients {shape_text(grads.shape)} for {wanted} {what}",
                             "Gradients are [boxes, rows, columns, channels].")


def _check_run(xp, image_size, grads, boxes, box_ind):
    """What only the run of a gradient tells."""
    _check(xp, image_size, boxes, box_ind, grads.shape[1:3])
    if (grads.shape[0], grads.shape[3]) != (boxes.shape[0], image_size[3]):
        raise InvalidArgumentError(None, None, f"gradients of shape {grads.shape} do not go with "
                                   f"{boxes.shape[0]} boxes of images {tuple(image_size)}")


def _check(xp, image_size, boxes, box_ind, crop_size):
    """What only the run tells; `image_size` is that of all images, with batch and depth."""
    if min(image_size[1:3]) <= 0:
        raise InvalidArgumentError(None, None, f"image dimensions must be positive: {image_size}")
    if boxes.shape != (box_ind.shape[0], 4):
        raise InvalidArgumentError(None, None, f"boxes must be [boxes, 4], with an index for each: "
                                   f"got {boxes.shape} and {box_ind.shape}")
    if min(crop_size) <= 0:
        raise InvalidArgumentError(None, None, f"crop dimensions must be positive: {crop_size}")
    if box_ind.size:  # read as unsigned, a negative one is very large
        raise_if(xp, box_ind.view("uint32").max() >= image_size[0], lambda: OutOfRangeError(
            None, None, f"box_index has values outside [0, batch_size): from {int(box_ind.min())} "
                        f"to {int(box_ind.max())} for {image_size[0]} images"))


def _check_method(method):
    if method not in ("bilinear", "nearest"):
        raise ShapeError(f"has the method {method!r}", "It must be 'bilinear' or 'nearest'.")


class CropAndResize(OpDef):
    """Crops [boxes, rows, columns, depth], float32."""

    T = _PIXELS
    dtypes = {"boxes": _FLOAT32, "box_ind": _INT32, "crop_size": _INT32}
    host_inputs = ("crop_size",)
    checks_data = True

    def infer(self, image, boxes, box_ind, crop_size, *, method="bilinear",
              extrapolation_value=0.0):
        _check_method(method)
        shape_rules.require_rank(image, 4, "images")
        shape_rules.require_rank(crop_size, 1, "a size")
        if not shapes.compatible(crop_size.shape, (2,)):
            raise ShapeError(f"needs a size of 2 numbers, got {shape_text(crop_size.shape)}",
                             "Write [crop_height, crop_width].")
        return Spec(dt.float32, (_box_shapes(boxes, box_ind), *wanted_size(crop_size),
                                 None if image.shape is None else image.shape[3]))

    def kernel(self, xp, image, boxes, box_ind, crop_size, *, method="bilinear",
               extrapolation_value=0.0):
        _check(xp, image.shape, boxes, box_ind, crop_size)
        image = xp.ascontiguousarray(image)  # once, not for each of its pixels' four neighbours
        step = len(boxes)
        if xp is np and method == "bilinear":  # so many that what they need stays in the cache
            step = max(1, _TILE // max(1, math.prod(crop_size) * image.shape[3]))
        parts = [_crops(xp, image, boxes[i:i + step], box_ind[i:i + step], crop_size, method,
                        extrapolation_value) for i in range(0, len(boxes), max(1, step))]
        if not parts:
            return xp.empty((0, *crop_size, image.shape[3]), "float32")
        return parts[0] if len(parts) == 1 else xp.concatenate(parts)

    def grad(self, op, dy):
        image, boxes, box_ind, _ = op.inputs
        dx = None
        if image.spec.dtype.is_floating:
            sizes = list(image.spec.shape) if image.spec.is_static else shape(image)
            dx = CropAndResizeGradImage.build(dy, boxes, box_ind, sizes, T=image.dtype.base_dtype,
                                              method=op.attrs["method"])
        return dx, CropAndResizeGradBoxes.build(dy, image, boxes, box_ind), None, None


def _crops(xp, image, boxes, box_ind, crop_size, method, extrapolation_value):
    y, x = _both(xp, boxes, image.shape[1:3], crop_size)
    if method == "nearest":
        crops = _pixels(xp, image, box_ind, y.nearest, x.nearest)
    else:
        crops = _pixels(xp, image, box_ind, y.low, x.low)
        bottom = _pixels(xp, image, box_ind, y.high, x.low)
        lines = (*crops.shape[:2], crops.shape[2] * crops.shape[3])  # so are NumPy's loops long
        top, bottom = crops.reshape(lines), bottom.reshape(lines)
        along = xp.repeat(x.lerp, image.shape[3], axis=2)
        for left, rows in ((top, y.low), (bottom, y.high)):
            way = _pixels(xp, image, box_ind, rows, x.high).reshape(lines)
            way -= left
            way *= along
            left += way
        bottom -= top
        bottom *= y.lerp
        top += bottom
    outside = ~(y.inside & x.inside)
    if not may_have(xp, outside):
        return crops
    return xp.where(outside[..., None], np.float32(extrapolation_value), crops)


def _pixels(xp, image, box_ind, rows, columns):
    """The pixels at places of C-contiguous images, as new float32 [boxes, rows, columns, depth].

    A quarter of the time that an index per axis takes.
    """
    batch, height, width, depth = image.shape
    which = box_ind[:, None, None].astype("int64")
    places = (which * height + rows) * width + columns
    lines, places_in_row = image.reshape(batch * height * width, depth), places.reshape(-1)
    if xp is np:  # in half the time: no place is looked at for each pixel
        found = np.take(lines, places_in_row, axis=0, mode="clip")
    else:
        found = xp.take(lines, places_in_row, axis=0)
    return found.astype("float32", copy=False).reshape((*places.shape, depth))


def crop_and_resize(image, boxes, box_ind=None, crop_size=None, method="bilinear",
                    extrapolation_value=0, name=None, box_indices=None):
    """Cuts boxes out of images and brings them all to one size.

    Args:
        image: tensor [batch, height, width, depth] of a real dtype.
        boxes: float32 tensor [boxes, 4]: corners (y1, x1, y2, x2) of each, 1 being the middle of
            the last pixel.
        box_ind: int32 tensor [boxes], which image each box is cut from.
        crop_size: int32 tensor of 2 elements, or list: height and width of the crops.
        method: "bilinear" or "nearest".
        extrapolation_value: what stands for pixels outside of the image.
        name: name of the node.
        box_indices: newer name of `box_ind`.

    Returns:
        A float32 tensor [boxes, crop height, crop width, depth].

    Raises:
        ValueError: the shapes do not go together, or there is no such method.
        OutOfRangeError: a `box_ind` is not in [0, batch) (at run).

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape(fg.range(9.0), [1, 3, 3, 1])
        >>> crop = fg.image.crop_and_resize(image, [[0.0, 0.5, 0.5, 1.0]], [0], [3, 2])
        >>> fg.Session().run(crop)[0, :, :, 0]
        array([[1. , 2. ],
               [2.5, 3.5],
               [4. , 5. ]], dtype=float32)
    """
    box_ind = either("box_indices", box_indices, "box_ind", box_ind)
    return CropAndResize.build(image, boxes, box_ind, crop_size, method=method,
                               extrapolation_value=float(extrapolation_value), name=name)


# ---- gradients -----------------------------------------------------------------------------------


class CropAndResizeGradImage(OpDef):
    """Images of size `image_size`, each pixel the sum of what was made of it."""

    dtypes = {"grads": _FLOAT32, "boxes": _FLOAT32, "box_ind": _INT32, "image_size": _INT32}
    host_inputs = ("image_size",)
    checks_data = True

    def infer(self, grads, boxes, box_ind, image_size, *, T, method="bilinear"):
        _check_method(method)
        _box_shapes(boxes, box_ind)
        sizes = shape_rules.shape_from_value(image_size)
        if not shapes.compatible(image_size.shape, (4,)):
            raise ShapeError(f"needs the 4 sizes of images, got {shape_text(image_size.shape)}",
                             "Write [batch, height, width, depth].")
        _check_grads(grads, boxes, None if sizes is None else sizes[3])
        return Spec(T, (None,) * 4 if sizes is None else sizes)

    def kernel(self, xp, grads, boxes, box_ind, image_size, *, T, method="bilinear"):
        _check_run(xp, image_size, grads, boxes, box_ind)
        batch, height, width, depth = image_size
        y, x = _both(xp, boxes, (height, width), grads.shape[1:3])
        grads = xp.where((y.inside & x.inside)[..., None], grads, np.float32(0))
        which = box_ind[:, None, None].astype("int64")
        if method == "nearest":
            parts = [(y.nearest, x.nearest, None)]
        else:
            parts = [(rows, columns, down * along)
                     for rows, down in ((y.low, 1 - y.lerp), (y.high, y.lerp))
                     for columns, along in ((x.low, 1 - x.lerp), (x.high, x.lerp))]
        ids = xp.concatenate([((which * height + rows) * width + columns).reshape(-1)
                              for rows, columns, _ in parts])
        values = xp.concatenate([(grads if weight is None else grads * weight[..., None])
                                 .reshape((math.prod(grads.shape[:3]), depth))
                                 for _, _, weight in parts])
        summed = summed_rows(xp, values.astype(T.numpy, copy=False), ids, batch * height * width)
        return summed.reshape(image_size)

    def grad(self, op, dy):
        grads, boxes, box_ind, _ = op.inputs
        return (CropAndResize.build(dy, boxes, box_ind, shape(grads)[1:3],
                                    method=op.attrs["method"]),
                CropAndResizeGradBoxes.build(grads, dy, boxes, box_ind), None, None)


class CropAndResizeGradBoxes(OpDef):
    """How the boxes' corners move the crops; of the bilinear method, for both."""

    T = _PIXELS
    dtypes = {"grads": _FLOAT32, "boxes": _FLOAT32, "box_ind": _INT32}
    grad = NotDifferentiable
    checks_data = True

    def infer(self, grads, image, boxes, box_ind, *, method="bilinear"):
        shape_rules.require_rank(image, 4, "images")
        _box_shapes(boxes, box_ind)
        _check_grads(grads, boxes, None if image.shape is None else image.shape[3])
        return Spec(dt.float32, boxes.shape)

    def kernel(self, xp, grads, image, boxes, box_ind, *, method="bilinear"):
        _check_run(xp, image.shape, grads, boxes, box_ind)
        image = xp.ascontiguousarray(image)
        y, x = _both(xp, boxes, image.shape[1:3], grads.shape[1:3])
        (a, b), (c, d) = ([_pixels(xp, image, box_ind, rows, columns)
                           for columns in (x.low, x.high)] for rows in (y.low, y.high))
        along, down = x.lerp[..., None], y.lerp[..., None]
        grads = xp.where((y.inside & x.inside)[..., None], grads, np.float32(0))
        by_y = (grads * ((1 - along) * (c - a) + along * (d - b))).sum(axis=(2, 3))
        by_x = (grads * ((1 - down) * (b - a) + down * (d - c))).sum(axis=(1, 3))
        columns = []
        for slope, n in ((by_y, image.shape[1]), (by_x, image.shape[2])):
            share = _share(xp, slope.shape[1])
            columns.append(((slope * (1 - share)).sum(axis=1) * np.float32(n - 1),
                            (slope * share).sum(axis=1) * np.float32(n - 1)))
        (y1, y2), (x1, x2) = columns
        return xp.stack([y1, x1, y2, x2], axis=1)


def _share(xp, m):
    """How far each of m pixels goes with the box's second corner."""
    if m == 1:
        return xp.full((1,), 0.5, "float32")
    return xp.arange(m, dtype="float32") / np.float32(m - 1)
