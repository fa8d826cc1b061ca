"""Images of a wanted size, whatever the method: tf.image.resize_images, resize_image_with_pad."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.arithmetic import minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.division import truediv
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.image_checks import (
    as_batch,
    at_least_3d,
    demand,
    dimensions,
    larger,
    of_batch,
    wrong_shape,
)
from flowgraph.ops.image_crop import pad_to_bounding_box
from flowgraph.ops.image_resize import (
    ResizeArea,
    ResizeBicubic,
    ResizeBilinear,
    ResizeNearestNeighbor,
)
from flowgraph.ops.join import stack
from flowgraph.ops.rounding import floor
from flowgraph.ops.rounding import round as round_


class ResizeMethod:
    """The ways to resize an image, for `tf.image.resize_images`.

    Example:
        >>> import flowgraph as fg
        >>> fg.image.ResizeMethod.BICUBIC
        2
    """

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


_METHODS = {0: ResizeBilinear, 1: ResizeNearestNeighbor, 2: ResizeBicubic, 3: ResizeArea,
            "bilinear": ResizeBilinear, "nearest": ResizeNearestNeighbor,
            "bicubic": ResizeBicubic, "area": ResizeArea}


def resize_images(images, size, method=ResizeMethod.BILINEAR, align_corners=False,
                  preserve_aspect_ratio=False, name=None):
    """Resizes an image, or a batch of them.

    Args:
        images: tensor [height, width, channels] or [batch, height, width, channels].
        size: int32 tensor of 2 elements, or list: new height and new width.
        method: a `ResizeMethod`; "bilinear", "nearest", "bicubic" and "area" are understood too.
        align_corners: whether the middles of the corner pixels stay where they are.
        preserve_aspect_ratio: whether the images keep the ratio of their sides; they then fit
            into `size`.
        name: name of the node.

    Returns:
        A tensor of the images' rank: float32, or of the images' dtype for NEAREST_NEIGHBOR. The
        images as they are when the graph tells that they have the size; not with
        `preserve_aspect_ratio`.

    Raises:
        ValueError: the rank is not known to be 3 or 4, `size` has not 2 elements, or there is no
            such method.

    Example:
        >>> import flowgraph as fg
        >>> photo = fg.placeholder(fg.uint8, [100, 200, 3])
        >>> fg.image.resize_images(photo, [50, 50], preserve_aspect_ratio=True)
        <tf.Tensor 'resize/Squeeze:0' shape=(25, 50, 3) dtype=float32>
    """
    with name_scope(name, "resize", [images, size]):
        images = convert_to_tensor(images, name="images")
        if images.spec.shape is None:
            raise wrong_shape(images, "its rank must be known; use set_shape")
        images, is_batch = as_batch(images)
        try:
            size = convert_to_tensor(size, dt.int32, name="size")
        except (TypeError, ValueError):
            raise ValueError(located("resize_images needs an int32 tensor of 2 elements for size, "
                                     f"got {size!r:.100}")) from None
        if not size.shape.is_compatible_with([2]):
            raise wrong_shape(size, "a size must be [new_height, new_width]")
        known = known_value(size)
        if preserve_aspect_ratio:
            size = _fitting(images, size)
        elif known is not None and None not in known and images.spec.shape[1:3] == known:
            return of_batch(images, is_batch)
        return of_batch(_resized(images, size, method, align_corners), is_batch)


resize = resize_images


def _resized(images, size, method, align_corners):
    """A batch of images in another size."""
    if method not in _METHODS:
        raise ValueError(located(f"there is no resize method {method!r}; use "
                                 "tf.image.ResizeMethod"))
    return _METHODS[method].build(images, size, align_corners=align_corners)


def _fitting(images, size):
    """The largest size within `size` that has the images' ratio of sides."""
    _, *current = dimensions(images, 4)[:3]
    known = known_value(size)
    if known is not None and None not in known and not any(map(is_tensor_like, current)):
        scale = min(np.float32(n) / np.float32(m) for n, m in zip(known, current, strict=True))
        return convert_to_tensor([int(np.rint(scale * np.float32(m))) for m in current], dt.int32,
                                 name="size")
    current = [cast(m, dt.float32) for m in current]
    scale = minimum(*(truediv(cast(size[i], dt.float32), current[i]) for i in range(2)))
    return stack([cast(round_(scale * m), dt.int32) for m in current], name="size")


def resize_image_with_pad(image, target_height, target_width, method=ResizeMethod.BILINEAR,
                          align_corners=False):
    """Resizes images without distortion to fit into a size, and fills up with zeros on both sides.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        target_height: int, or int32 scalar tensor.
        target_width: int, or int32 scalar tensor.
        method: a `ResizeMethod`.
        align_corners: whether the middles of the corner pixels stay where they are.

    Returns:
        A tensor of the image's rank, in the size asked for: float32, or of the image's dtype for
        NEAREST_NEIGHBOR.

    Raises:
        ValueError: the image is not of rank 3 or 4, or a size is not above 0.

    Example:
        >>> import flowgraph as fg
        >>> wide = fg.ones([1, 4, 1])
        >>> fg.Session().run(fg.image.resize_image_with_pad(wide, 3, 4))[:, :, 0]
        array([[0., 0., 0., 0.],
               [1., 1., 1., 1.],
               [0., 0., 0., 0.]], dtype=float32)
    """
    with name_scope(None, "resize_image_with_pad", [image]):
        image, is_batch = as_batch(convert_to_tensor(image, name="image"))
        checks = [*at_least_3d(image), *demand(target_width > 0, "target_width must be > 0"),
                  *demand(target_height > 0, "target_height must be > 0")]
        image = with_dependencies(checks, image)
        _, height, width, _ = dimensions(image, 4)
        sizes, before = _within(height, width, target_height, target_width)
        with name_scope(None, "resize", [image, sizes]):
            resized = _resized(image, sizes, method, align_corners)
        return of_batch(pad_to_bounding_box(resized, *before, target_height, target_width),
                        is_batch)


def _within(height, width, target_height, target_width):
    """([new height, new width], [rows above, columns on the left]) of an image that keeps its
    ratio.

    In float32 as TensorFlow does it: rounding may cost a pixel.
    """
    known = not any(is_tensor_like(n) for n in (height, width, target_height, target_width))
    real = np.float32 if known else lambda n: cast(n, dt.float32)
    down = np.floor if known else floor
    whole = int if known else lambda n: cast(n, dt.int32)
    sides = [(real(n), real(target)) for n, target in
             ((height, target_height), (width, target_width))]
    ratio = larger(sides[1][0] / sides[1][1], sides[0][0] / sides[0][1])
    sizes = [n / ratio for n, _ in sides]
    before = [larger(0, whole(down((target - size) / 2)))
              for size, (_, target) in zip(sizes, sides, strict=True)]
    sizes = [whole(down(size)) for size in sizes]
    return (sizes if known else stack(sizes)), before
