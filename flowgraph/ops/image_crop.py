"""Images cut and padded: boxes of them, borders of zeros around them, and both."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.cast import cast
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.image_checks import (
    as_batch,
    at_least_3d,
    demand,
    dimensions,
    larger,
    of_batch,
    smaller,
    static_or_none,
    wrong_shape,
)
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import stack
from flowgraph.ops.logic import logical_and
from flowgraph.ops.pad import Pad
from flowgraph.ops.reshape import reshape


def central_crop(image, central_fraction):
    """Cuts the middle out of images.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        central_fraction: float of (0, 1], or a scalar tensor: how much of height and width to
            keep.

    Returns:
        A tensor of the image's rank and dtype; the image itself for the fraction 1.

    Raises:
        ValueError: the fraction is not in (0, 1], or the rank is not known to be 3 or 4.

    Example:
        >>> import flowgraph as fg
        >>> fg.image.central_crop(fg.zeros([6, 8, 3]), 0.5).shape.as_list()
        [4, 4, 3]
    """
    with name_scope(None, "central_crop", [image]):
        image = convert_to_tensor(image, name="image")
        fraction = central_fraction
        if is_tensor_like(fraction) and known_value(fraction) is not None:
            fraction = known_value(fraction)
        if is_tensor_like(fraction):
            inside = logical_and(fraction > 0, fraction <= 1)
            image = with_dependencies(demand(inside, "central_fraction must be in (0, 1]"), image)
        elif not 0 < fraction <= 1:
            raise ValueError(located(f"central_fraction must be in (0, 1], got {fraction}"))
        elif fraction == 1:
            return image
        at_least_3d(image)
        if image.spec.rank not in (3, 4):
            raise wrong_shape(image, "it must have either 3 or 4 dimensions")
        *lead, height, width, _ = dimensions(image, image.spec.rank)
        spans = [_central(size, fraction) for size in (height, width)]
        cut = slice_(image, _vector([*(0 for _ in lead), *(start for start, _ in spans), 0]),
                     _vector([*(-1 for _ in lead), *(size for _, size in spans), -1]))
        cut.set_shape([*image.spec.shape[:-3], *static_or_none(size for _, size in spans),
                       image.spec.shape[-1]])
        return cut


def _central(size, fraction):
    """(start, size) of the part of an axis that is kept; float64 decides, as in TensorFlow."""
    if is_tensor_like(size) or is_tensor_like(fraction):
        whole = cast(size, dt.float64)
        start = cast((whole - whole * cast(fraction, dt.float64)) / 2, dt.int32)
    else:
        start = int((float(size) - float(size) * fraction) / 2)
    return start, size - start * 2


def _vector(entries):
    """int32 vector of ints and scalar tensors."""
    if any(is_tensor_like(n) for n in entries):
        return stack([cast(n, dt.int32) for n in entries])
    return convert_to_tensor([int(n) for n in entries], dt.int32, name="stack")


def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Puts zeros around images, so that they have a wanted size.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        offset_height: rows of zeros above; int or int32 scalar tensor, as all that follow.
        offset_width: columns of zeros on the left.
        target_height: height of the result.
        target_width: width of the result.

    Returns:
        A tensor of the image's rank and dtype.

    Raises:
        ValueError: an offset is negative, or the image does not fit (InvalidArgumentError in the
            run where the sizes are not known before).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.pad_to_bounding_box(fg.ones([1, 2, 1]), 1, 0, 2, 3))[:, :, 0]
        array([[0., 0., 0.],
               [1., 1., 0.]], dtype=float32)
    """
    with name_scope(None, "pad_to_bounding_box", [image]):
        image, is_batch = as_batch(convert_to_tensor(image, name="image"))
        checks = at_least_3d(image)
        batch, height, width, depth = dimensions(image, 4)
        below = target_height - offset_height - height
        right = target_width - offset_width - width
        checks += [*demand(offset_height >= 0, "offset_height must be >= 0"),
                   *demand(offset_width >= 0, "offset_width must be >= 0"),
                   *demand(right >= 0, "width must be <= target_width - offset_width"),
                   *demand(below >= 0, "height must be <= target_height - offset_height")]
        image = with_dependencies(checks, image)
        padded = Pad.build(image, reshape(
            _vector([0, 0, offset_height, below, offset_width, right, 0, 0]), [4, 2]), name="Pad")
        padded.set_shape(static_or_none([batch, target_height, target_width, depth]))
        return of_batch(padded, is_batch)


def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Cuts a box out of images.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        offset_height: row of the box's top; int or int32 scalar tensor, as all that follow.
        offset_width: column of the box's left side.
        target_height: height of the box.
        target_width: width of the box.

    Returns:
        A tensor of the image's rank and dtype.

    Raises:
        ValueError: an offset is negative, a size is not above 0, or the box reaches out of the
            image (InvalidArgumentError in the run where the sizes are not known before).

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape(fg.range(6), [2, 3, 1])
        >>> fg.Session().run(fg.image.crop_to_bounding_box(image, 0, 1, 2, 2))[:, :, 0]
        array([[1, 2],
               [4, 5]], dtype=int32)
    """
    with name_scope(None, "crop_to_bounding_box", [image]):
        image, is_batch = as_batch(convert_to_tensor(image, name="image"))
        checks = at_least_3d(image)
        batch, height, width, depth = dimensions(image, 4)
        checks += [*demand(offset_width >= 0, "offset_width must be >= 0"),
                   *demand(offset_height >= 0, "offset_height must be >= 0"),
                   *demand(target_width > 0, "target_width must be > 0"),
                   *demand(target_height > 0, "target_height must be > 0"),
                   *demand(width >= target_width + offset_width,
                           "width must be >= target_width + offset_width"),
                   *demand(height >= target_height + offset_height,
                           "height must be >= target_height + offset_height")]
        image = with_dependencies(checks, image)
        cut = slice_(image, _vector([0, offset_height, offset_width, 0]),
                     _vector([-1, target_height, target_width, -1]))
        cut.set_shape(static_or_none([batch, target_height, target_width, depth]))
        return of_batch(cut, is_batch)


def resize_image_with_crop_or_pad(image, target_height, target_width):
    """Cuts images, or pads them with zeros, evenly on both sides, to a wanted size.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        target_height: int, or int32 scalar tensor.
        target_width: int, or int32 scalar tensor.

    Returns:
        A tensor of the image's rank and dtype.

    Raises:
        ValueError: a size is not above 0, or the image is not of rank 3 or 4.

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape(fg.range(1, 4), [3, 1, 1])
        >>> fg.Session().run(fg.image.resize_image_with_crop_or_pad(image, 1, 3))[:, :, 0]
        array([[0, 2, 0]], dtype=int32)
    """
    with name_scope(None, "resize_image_with_crop_or_pad", [image]):
        image, is_batch = as_batch(convert_to_tensor(image, name="image"))
        checks = [*at_least_3d(image), *demand(target_width > 0, "target_width must be > 0"),
                  *demand(target_height > 0, "target_height must be > 0")]
        image = with_dependencies(checks, image)
        if is_tensor_like(target_height):
            target_height = with_dependencies(checks, target_height)
        if is_tensor_like(target_width):
            target_width = with_dependencies(checks, target_width)
        _, height, width, _ = dimensions(image, 4)
        more_width, more_height = target_width - width, target_height - height
        cropped = crop_to_bounding_box(
            image, larger(-more_height // 2, 0), larger(-more_width // 2, 0),
            smaller(target_height, height), smaller(target_width, width))
        padded = pad_to_bounding_box(cropped, larger(more_height // 2, 0),
                                     larger(more_width // 2, 0), target_height, target_width)
        return of_batch(padded, is_batch)
