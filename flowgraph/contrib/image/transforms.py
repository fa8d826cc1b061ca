"""Projective transformations of images: eight numbers a0 ... b2, c0, c1 tell for each place of the
result, (x, y), where in the image its colour is found:

    ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)    with k = c0 x + c1 y + 1
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import float16, float32, float64, int32, int64, uint8
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones, zeros
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.projective import ImageProjectiveTransformV2
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.trigonometry import cos, sin

_DTYPES = (uint8, int32, int64, float16, float32, float64)


def _batch(images: Any) -> tuple[Any, int]:
    """(the images as a batch with channels, the rank they were given with)."""
    images = convert_to_tensor(images, name="images")
    if images.dtype.base_dtype not in _DTYPES:
        raise TypeError(located(f"Invalid dtype {images.dtype.name}."))
    rank = images.shape.ndims
    if rank is None:
        raise TypeError(located("image_or_images rank must be statically known"))
    if rank not in (2, 3, 4):
        raise TypeError(located(f"Images should have rank between 2 and 4, not {rank}."))
    return (images[None, :, :, None] if rank == 2 else images[None] if rank == 3
            else images), rank


def _unbatched(images: Any, rank: int) -> Any:
    return images[0, :, :, 0] if rank == 2 else images[0] if rank == 3 else images


def transform(images: Any, transforms: Any, interpolation: str = "NEAREST",
              output_shape: Any = None, name: str | None = None) -> Any:
    """Applies projective transformations to images.

    Args:
        images: [batch, height, width, channels] tensor, or one image, [height, width, channels] or
            [height, width].
        transforms: [8] vector, or [batch, 8] or [1, 8] matrix: from places of the result to places
            of the image.
        interpolation: "NEAREST" or "BILINEAR".
        output_shape: (height, width) of the result; default the images'.
        name: name of the ops.

    Returns:
        A tensor of the images' rank and dtype; what lies outside the image is 0.

    Raises:
        TypeError: a rank or dtype is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import image
        >>> shifted = image.transform(fg.constant([[1, 2], [3, 4]]), [1, 0, 1, 0, 1, 0, 0, 0])
        >>> fg.Session().run(shifted)
        array([[2, 0],
               [4, 0]], dtype=int32)
    """
    with name_scope(name, "transform"):
        images, rank = _batch(images)
        transforms = convert_to_tensor(transforms, float32, name="transforms")
        if transforms.shape.ndims not in (1, 2):
            raise TypeError(located("Transforms should have rank 1 or 2, got "
                                    f"{transforms.shape}."))
        if transforms.shape.ndims == 1:
            transforms = transforms[None]
        if output_shape is None:
            sizes = images.shape.as_list()[1:3]
            output_shape = shape_of(images)[1:3] if None in sizes else sizes
        output_shape = convert_to_tensor(output_shape, int32, name="output_shape")
        output = ImageProjectiveTransformV2.build(images, transforms, output_shape,
                                                  interpolation=interpolation.upper())
        return _unbatched(output, rank)


def rotate(images: Any, angles: Any, interpolation: str = "NEAREST",
           name: str | None = None) -> Any:
    """Rotates images about their centre, counterclockwise.

    Args:
        images: as for `transform`.
        angles: the angle in radians, a scalar, or one for each image.
        interpolation: "NEAREST" or "BILINEAR".
        name: name of the ops.

    Returns:
        A tensor of the images' shape and dtype; what lies outside the image is 0.

    Raises:
        TypeError: a rank or dtype is another.

    Example:
        >>> import flowgraph as fg
        >>> import math
        >>> from flowgraph.contrib import image
        >>> fg.Session().run(image.rotate(fg.constant([[1, 2], [3, 4]]), math.pi / 2))
        array([[2, 4],
               [1, 3]], dtype=int32)
    """
    with name_scope(name, "rotate"):
        images, rank = _batch(images)
        sizes = cast(shape_of(images), float32)
        return _unbatched(transform(images, angles_to_projective_transforms(
            angles, sizes[1][None], sizes[2][None]), interpolation), rank)


def translate(images: Any, translations: Any, interpolation: str = "NEAREST",
              name: str | None = None) -> Any:
    """Shifts images.

    Args:
        images: as for `transform`.
        translations: (to the right, down) in pixels, or one such pair for each image.
        interpolation: "NEAREST" or "BILINEAR".
        name: name of the ops.

    Returns:
        A tensor of the images' shape and dtype; what lies outside the image is 0.

    Raises:
        TypeError: a rank or dtype is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import image
        >>> fg.Session().run(image.translate(fg.constant([[1, 2], [3, 4]]), [1, 0]))
        array([[0, 1],
               [0, 3]], dtype=int32)
    """
    with name_scope(name, "translate"):
        return transform(images, translations_to_projective_transforms(translations),
                         interpolation)


# ---- the eight numbers ---------------------------------------------------------------------------


def angles_to_projective_transforms(angles: Any, image_height: Any, image_width: Any,
                                    name: str | None = None) -> Any:
    """The transformations that rotate images about their centre.

    Args:
        angles: angle in radians, or a vector of angles.
        image_height, image_width: sizes of the images, as floats.
        name: name of the ops.

    Returns:
        A [angles, 8] matrix.

    Raises:
        TypeError: the angles have a rank above 1.

    Example:
        >>> from flowgraph.contrib import image
        >>> image.angles_to_projective_transforms([0.0, 1.0], 28.0, 28.0).shape.as_list()
        [2, 8]
    """
    with name_scope(name, "angles_to_projective_transforms"):
        angles = convert_to_tensor(angles, float32, name="angles")
        if angles.shape.ndims not in (0, 1):
            raise TypeError(located("Angles should have rank 0 or 1."))
        angles = angles[None] if angles.shape.ndims == 0 else angles
        right, down = image_width - 1, image_height - 1
        across, along = cos(angles), sin(angles)
        x = (right - (across * right - along * down)) / 2.0
        y = (down - (along * right + across * down)) / 2.0
        rest = zeros((shape_of(angles)[0], 2), float32)
        columns = [across, -along, x, along, across, y]
        return concat([*(column[:, None] for column in columns), rest], 1)


def translations_to_projective_transforms(translations: Any, name: str | None = None) -> Any:
    """The transformations that shift images.

    Args:
        translations: (to the right, down), or a matrix with one such row for each image.
        name: name of the ops.

    Returns:
        A [translations, 8] matrix.

    Raises:
        TypeError: the rank is another.

    Example:
        >>> from flowgraph.contrib import image
        >>> image.translations_to_projective_transforms([1.0, 2.0]).shape.as_list()
        [1, 8]
    """
    with name_scope(name, "translations_to_projective_transforms"):
        shifts: Any = convert_to_tensor(translations, float32, name="translations")
        if shifts.shape.ndims not in (1, 2):
            raise TypeError(located("Translations should have rank 1 or 2."))
        shifts = shifts[None] if shifts.shape.ndims == 1 else shifts
        count = shape_of(shifts)[0]
        one: Any = ones((count, 1), float32)
        two: Any = zeros((count, 2), float32)
        return concat([one, two[:, :1], -shifts[:, 0, None], two[:, :1], one,
                       -shifts[:, 1, None], two], 1)


def compose_transforms(*transforms: Any) -> Any:
    """One transformation that does what several do one after another.

    Args:
        *transforms: [8] vectors or [batch, 8] matrices, the last one applied first.

    Returns:
        A [batch, 8] matrix.

    Raises:
        AssertionError: there are none.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import image
        >>> shift = image.translations_to_projective_transforms([1.0, 2.0])
        >>> fg.Session().run(image.compose_transforms(shift, shift))[0, [2, 5]]
        array([-2., -4.], dtype=float32)
    """
    if not transforms:
        raise AssertionError(located("transforms cannot be empty"))
    with name_scope("compose_transforms"):
        composed = flat_transforms_to_matrices(transforms[0])
        for one in transforms[1:]:
            composed = matmul(composed, flat_transforms_to_matrices(one))
        return matrices_to_flat_transforms(composed)


def flat_transforms_to_matrices(transforms: Any) -> Any:
    """Transformations as 3 by 3 matrices.

    Args:
        transforms: [8] vector or [batch, 8] matrix.

    Returns:
        A [batch, 3, 3] tensor.

    Raises:
        ValueError: the rank is another.

    Example:
        >>> from flowgraph.contrib import image
        >>> image.flat_transforms_to_matrices([[1.0] * 8] * 2).shape.as_list()
        [2, 3, 3]
    """
    with name_scope("flat_transforms_to_matrices"):
        transforms = convert_to_tensor(transforms, name="transforms")
        if transforms.shape.ndims not in (1, 2):
            raise ValueError(located(f"Transforms should be 1D or 2D, got: {transforms}"))
        transforms = reshape(transforms, [-1, 8])
        last = ones([shape_of(transforms)[0], 1])
        return reshape(concat([transforms, last], 1), [-1, 3, 3])


def matrices_to_flat_transforms(transform_matrices: Any) -> Any:
    """3 by 3 matrices as transformations of eight numbers.

    Args:
        transform_matrices: [3, 3] matrix or [batch, 3, 3] tensor.

    Returns:
        A [batch, 8] matrix.

    Raises:
        ValueError: the rank is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import image
        >>> fg.Session().run(image.matrices_to_flat_transforms(2 * fg.eye(3)))
        array([[1., 0., 0., 0., 1., 0., 0., 0.]], dtype=float32)
    """
    with name_scope("matrices_to_flat_transforms"):
        matrices = convert_to_tensor(transform_matrices, name="transform_matrices")
        if matrices.shape.ndims not in (2, 3):
            raise ValueError(located(f"Matrices should be 2D or 3D, got: {matrices}"))
        flat = reshape(matrices, [-1, 9])
        return (flat / flat[:, 8:9])[:, :8]
