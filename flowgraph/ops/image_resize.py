"""Resizing images: four ops that make images of another size, and their gradients.

    nearest neighbor    a pixel is the one that lies there; the dtype stays
    bilinear            between the 4 pixels around; float32
    bicubic             a cubic curve through 16 pixels; float32
    area                the mean of what the pixel covers; float32

Rows and columns are resampled one after the other, with the tables of `ops/resampling.py`.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops import resampling
from flowgraph.ops.shape import shape

_PIXELS = dt.DTypeSet("a real dtype but uint32 and uint64", (
    dt.float32, dt.float64, dt.float16, dt.uint8, dt.int8, dt.int16, dt.uint16, dt.int32, dt.int64))
_INT32 = dt.DTypeSet("int32", (dt.int32,))
_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))


class _Resize(OpDef, abstract=True):
    """Images [batch, rows, columns, depth] in the size (rows, columns) that `size` holds."""

    dtypes = {"size": _INT32}
    T = _PIXELS
    host_inputs = ("size",)

    def infer(self, images, size, *, align_corners=False, half_pixel_centers=False):
        return _resized(images, size, dt.float32)


def _resized(images, size, dtype):
    """The Spec of images in another size."""
    shape_rules.require_rank(images, 4, "images")
    shape_rules.require_rank(size, 1, "a size")
    if size.shape is not None and size.shape[0] not in (None, 2):
        raise ShapeError(f"needs a size of 2 numbers, got {shape_text(size.shape)}",
                         "Write [new_height, new_width].")
    n, _, _, depth = images.shape or (None,) * 4
    return Spec(dtype, (n, *wanted_size(size), depth))


def wanted_size(size):
    """(rows, columns) as far as a `size` input tells; -1 is an error of the run."""
    sizes = tuple(None if n == -1 else n for n in size.value or (None, None))
    if any(n is not None and n < 0 for n in sizes):
        raise ShapeError(f"has the size {sizes}", "Sizes must be positive.")
    return sizes


def _check(images, size, align_corners, half_pixel_centers):
    """Raises what TensorFlow raises in the run."""
    if align_corners and half_pixel_centers:
        raise InvalidArgumentError(None, None, "If half_pixel_centers is True, align_corners must "
                                   "be False.")
    if min(size) <= 0:
        raise InvalidArgumentError(None, None, f"output dimensions must be positive, got {size}")
    if min(images.shape[1:]) <= 0:
        raise InvalidArgumentError(None, None, "input image must be of non-zero size, got "
                                   f"{images.shape}")


class ResizeNearestNeighbor(_Resize):
    """Images in another size, each pixel the one that lies there."""

    def infer(self, images, size, *, align_corners=False, half_pixel_centers=False):
        return _resized(images, size, images.dtype)

    def kernel(self, xp, images, size, *, align_corners=False, half_pixel_centers=False):
        _check(images, size, align_corners, half_pixel_centers)
        rows, columns = (xp.asarray(resampling.nearest(n, m, align_corners, half_pixel_centers))
                         for n, m in zip(images.shape[1:3], size, strict=True))
        return xp.take(xp.take(images, rows, axis=1), columns, axis=2)

    def grad(self, op, dy):
        images = op.inputs[0]
        sizes = images.spec.shape
        known = sizes is not None and None not in sizes[1:3]
        return ResizeNearestNeighborGrad.build(
            dy, list(sizes[1:3]) if known else shape(images)[1:3], **op.attrs), None


def resize_nearest_neighbor(images, size, align_corners=False, name=None,
                            half_pixel_centers=False):
    """Resizes images; each new pixel is the old one that lies there.

    Args:
        images: tensor [batch, height, width, channels] of a real dtype.
        size: int32 tensor of 2 elements, or list: new height and new width.
        align_corners: whether the middles of the corner pixels stay where they are.
        name: name of the node.
        half_pixel_centers: whether a pixel's middle is half a pixel from its edge; not with
            `align_corners`.

    Returns:
        A tensor [batch, new height, new width, channels] of the images' dtype.

    Raises:
        ValueError: the images are not of rank 4, or `size` has not 2 elements.
        InvalidArgumentError: a size is 0 (at run).

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape([1, 2, 3], [1, 1, 3, 1])
        >>> fg.Session().run(fg.image.resize_nearest_neighbor(image, [1, 6]))[0, 0, :, 0]
        array([1, 1, 2, 2, 3, 3], dtype=int32)
    """
    return ResizeNearestNeighbor.build(images, size, align_corners=align_corners,
                                       half_pixel_centers=half_pixel_centers, name=name)


class ResizeNearestNeighborGrad(OpDef):
    """Images of `size`; each pixel is the sum of `grads` over the pixels that were made of it."""

    dtypes = {"size": _INT32}
    T = dt.DTypeSet("float32, float64, float16, uint8, int8 or int32", (
        dt.float32, dt.float64, dt.float16, dt.uint8, dt.int8, dt.int32))
    host_inputs = ("size",)

    def infer(self, grads, size, *, align_corners=False, half_pixel_centers=False):
        return _resized(grads, size, grads.dtype)

    def kernel(self, xp, grads, size, *, align_corners=False, half_pixel_centers=False):
        _check(grads, size, False, False)
        return _backward(xp, "nearest", grads, size, align_corners, half_pixel_centers)

    def grad(self, op, dy):
        return ResizeNearestNeighbor.build(dy, shape(op.inputs[0])[1:3], **op.attrs), None


def _backward(xp, kind, grads, size, align_corners, half_pixel_centers):
    """Images of `size` with the sums of `grads`; rows first."""
    rows, columns = (resampling.backward(kind, n, m, align_corners, half_pixel_centers)
                     for n, m in zip(size, grads.shape[1:3], strict=True))
    return resampling.by_images(
        xp, lambda some: resampling.summed(xp, resampling.summed(xp, some, 1, size[0], rows), 2,
                                           size[1], columns),
        grads, tuple(size))


class _ResizeGrad(OpDef, abstract=True):
    """The transpose of a resize: `grads` of the new images, added up to `original_image`'s size."""

    dtypes = {"grads": _FLOAT32}
    T = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))
    kind = ""

    def infer(self, grads, original_image, *, align_corners=False, half_pixel_centers=False):
        shape_rules.require_rank(grads, 4, "gradients")
        shape_rules.require_rank(original_image, 4, "images")
        return Spec(original_image.dtype, original_image.shape)

    def kernel(self, xp, grads, original_image, *, align_corners=False, half_pixel_centers=False):
        _check(original_image, grads.shape[1:3], align_corners, half_pixel_centers)
        dtype = original_image.dtype
        grads = grads.astype("float64") if dtype.itemsize == 8 else grads
        return _backward(xp, self.kind, grads, original_image.shape[1:3], align_corners,
                         half_pixel_centers).astype(dtype, copy=False)


class ResizeBilinear(_Resize):
    """Images in another size, each pixel between the four around it."""

    def kernel(self, xp, images, size, *, align_corners=False, half_pixel_centers=False):
        _check(images, size, align_corners, half_pixel_centers)
        if images.shape[1:3] == size:
            return images.astype("float32")
        (rows, columns) = (resampling.bilinear(n, m, align_corners, half_pixel_centers)
                           for n, m in zip(images.shape[1:3], size, strict=True))
        return resampling.by_images(
            xp, lambda some: resampling.lerped_both(xp, some, columns, rows),
            images.astype("float32", copy=False), size)

    def grad(self, op, dy):
        images = op.inputs[0]
        if not images.spec.dtype.is_floating:
            return None, None
        return ResizeBilinearGrad.build(dy, images, **op.attrs), None


def resize_bilinear(images, size, align_corners=False, name=None, half_pixel_centers=False):
    """Resizes images; each new pixel lies on straight lines between four old ones.

    Args:
        images: tensor [batch, height, width, channels] of a real dtype.
        size: int32 tensor of 2 elements, or list: new height and new width.
        align_corners: whether the middles of the corner pixels stay where they are.
        name: name of the node.
        half_pixel_centers: whether a pixel's middle is half a pixel from its edge; not with
            `align_corners`.

    Returns:
        A float32 tensor [batch, new height, new width, channels].

    Raises:
        ValueError: the images are not of rank 4, or `size` has not 2 elements.
        InvalidArgumentError: a size is 0, or both flags are set (at run).

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape([1.0, 2.0, 4.0], [1, 1, 3, 1])
        >>> fg.Session().run(fg.image.resize_bilinear(image, [1, 6]))[0, 0, :, 0]
        array([1. , 1.5, 2. , 3. , 4. , 4. ], dtype=float32)
    """
    return ResizeBilinear.build(images, size, align_corners=align_corners,
                                half_pixel_centers=half_pixel_centers, name=name)


class ResizeBilinearGrad(_ResizeGrad):
    """The transpose of ResizeBilinear."""

    T = dt.FLOAT
    kind = "bilinear"

    def grad(self, op, dy):
        return ResizeBilinear.build(dy, shape(op.inputs[0])[1:3], **op.attrs), None


class ResizeBicubic(_Resize):
    """Images in another size, each pixel on a cubic curve through sixteen."""

    def kernel(self, xp, images, size, *, align_corners=False, half_pixel_centers=False):
        _check(images, size, align_corners, half_pixel_centers)
        (rows, columns) = (resampling.bicubic(n, m, align_corners, half_pixel_centers)
                           for n, m in zip(images.shape[1:3], size, strict=True))
        return resampling.by_images(
            xp, lambda some: resampling.mixed(xp, resampling.mixed(xp, some, 1, *rows), 2,
                                              *columns),
            images.astype("float32", copy=False), size)

    def grad(self, op, dy):
        images = op.inputs[0]
        if images.spec.dtype not in (dt.float32, dt.float64):
            return None, None
        return ResizeBicubicGrad.build(dy, images, **op.attrs), None


def resize_bicubic(images, size, align_corners=False, name=None, half_pixel_centers=False):
    """Resizes images; each new pixel lies on cubic curves through sixteen old ones.

    Args:
        images: tensor [batch, height, width, channels] of a real dtype.
        size: int32 tensor of 2 elements, or list: new height and new width.
        align_corners: whether the middles of the corner pixels stay where they are.
        name: name of the node.
        half_pixel_centers: whether a pixel's middle is half a pixel from its edge; not with
            `align_corners`.

    Returns:
        A float32 tensor [batch, new height, new width, channels]; values may overshoot those of
        the images.

    Raises:
        ValueError: the images are not of rank 4, or `size` has not 2 elements.
        InvalidArgumentError: a size is 0, or both flags are set (at run).

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape([0.0, 8.0, 0.0], [1, 1, 3, 1])
        >>> fg.Session().run(fg.image.resize_bicubic(image, [1, 6]))[0, 0, :, 0]
        array([ 0.  ,  4.75,  8.  ,  4.75,  0.  , -0.75], dtype=float32)
    """
    return ResizeBicubic.build(images, size, align_corners=align_corners,
                               half_pixel_centers=half_pixel_centers, name=name)


class ResizeBicubicGrad(_ResizeGrad):
    """The transpose of ResizeBicubic."""

    kind = "bicubic"

    def grad(self, op, dy):
        return ResizeBicubic.build(dy, shape(op.inputs[0])[1:3], **op.attrs), None


class ResizeArea(OpDef):
    """Images in another size, each pixel the mean of what it covers."""

    dtypes = {"size": _INT32}
    T = _PIXELS
    host_inputs = ("size",)
    grad = NotDifferentiable

    def infer(self, images, size, *, align_corners=False):
        return _resized(images, size, dt.float32)

    def kernel(self, xp, images, size, *, align_corners=False):
        _check(images, size, align_corners, False)
        result = images.astype("float32", copy=False)
        share = 1.0
        for axis, m in zip((1, 2), size, strict=True):
            n = images.shape[axis]
            result = resampling.summed(xp, result, axis, m, resampling.area(n, m, align_corners))
            share *= float(resampling.area_scale(n, m, align_corners))
        result *= xp.float32(1.0 / share)
        return result


def resize_area(images, size, align_corners=False, name=None):
    """Resizes images; each new pixel is the mean of the area that it covers.

    Args:
        images: tensor [batch, height, width, channels] of a real dtype.
        size: int32 tensor of 2 elements, or list: new height and new width.
        align_corners: whether the middles of the corner pixels stay where they are.
        name: name of the node.

    Returns:
        A float32 tensor [batch, new height, new width, channels].

    Raises:
        ValueError: the images are not of rank 4, or `size` has not 2 elements.
        InvalidArgumentError: a size is 0 (at run).

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape([1.0, 3.0, 5.0, 9.0], [1, 1, 4, 1])
        >>> fg.Session().run(fg.image.resize_area(image, [1, 2]))[0, 0, :, 0]
        array([2., 7.], dtype=float32)
    """
    return ResizeArea.build(images, size, align_corners=align_corners, name=name)
