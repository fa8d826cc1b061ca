"""Images made brighter, darker, more or less colourful; by a given amount, or a random one.

Integer images are computed as float32 in [0, 1] and converted back.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add, maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.division import divide
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.image_checks import as_image, demand
from flowgraph.ops.image_color import AdjustContrastv2, AdjustHue, AdjustSaturation
from flowgraph.ops.image_dtype import as_float, convert_image_dtype
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.reduce import reduce_mean, reduce_prod
from flowgraph.ops.reduced_statistics import reduce_std
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import rsqrt


def adjust_brightness(image, delta):
    """Adds to all values of images.

    Args:
        image: tensor of an integer or floating dtype.
        delta: scalar, what to add; for integer images too it is a part of 1.

    Returns:
        A tensor of the image's shape and dtype; integers stay within their range.

    Example:
        >>> import flowgraph as fg
        >>> image = fg.constant([0, 100, 250], fg.uint8)
        >>> fg.Session().run(fg.image.adjust_brightness(image, 0.1))
        array([ 25, 125, 255], dtype=uint8)
    """
    with name_scope(None, "adjust_brightness", [image, delta]) as scope:
        image = convert_to_tensor(image, name="image")
        real = as_float(image)
        adjusted = add(real, cast(delta, real.dtype), name=scope)
        return convert_image_dtype(adjusted, image.dtype, saturate=True)


def random_brightness(image, max_delta, seed=None):
    """Adds a random number to all values of images.

    Args:
        image: tensor of an integer or floating dtype.
        max_delta: float; the number is drawn from [-max_delta, max_delta).
        seed: int, for the same numbers in every session.

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: `max_delta` is negative.

    Example:
        >>> import flowgraph as fg
        >>> image = fg.constant([0.5])
        >>> fg.Session().run(fg.image.random_brightness(image, 0.0))
        array([0.5], dtype=float32)
    """
    if max_delta < 0:
        raise ValueError(located(f"max_delta must not be negative, got {max_delta}"))
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


def adjust_contrast(images, contrast_factor):
    """Multiplies the distance of each value from the mean of its channel in its image.

    Args:
        images: tensor [..., height, width, channels] of an integer or floating dtype.
        contrast_factor: float32 scalar.

    Returns:
        A tensor of the images' shape and dtype; integers stay within their range.

    Raises:
        ValueError: the rank is below 3.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.adjust_contrast([[[1.0], [3.0]]], 2.0))[:, :, 0]
        array([[0., 4.]], dtype=float32)
    """
    with name_scope(None, "adjust_contrast", [images, contrast_factor]) as scope:
        images = convert_to_tensor(images, name="images")
        adjusted = AdjustContrastv2.build(as_float(images), contrast_factor, name=scope)
        return convert_image_dtype(adjusted, images.dtype, saturate=True)


def random_contrast(image, lower, upper, seed=None):
    """Changes the contrast of images by a random factor.

    Args:
        image: tensor [..., height, width, channels] of an integer or floating dtype.
        lower: float, the least factor.
        upper: float, the bound that the factor does not reach.
        seed: int, for the same factors in every session.

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: not 0 <= lower < upper.

    Example:
        >>> import flowgraph as fg
        >>> fg.image.random_contrast(fg.zeros([4, 4, 3]), 0.5, 1.5).shape.as_list()
        [4, 4, 3]
    """
    _check_bounds(lower, upper)
    return adjust_contrast(image, random_uniform([], lower, upper, seed=seed))


def _check_bounds(lower, upper):
    if upper <= lower:
        raise ValueError(located(f"upper must be above lower, got {upper} and {lower}"))
    if lower < 0:
        raise ValueError(located(f"lower must not be negative, got {lower}"))


def adjust_gamma(image, gamma=1, gain=1):
    """Corrects images: `gain * image ** gamma`.

    Args:
        image: tensor of an integer or floating dtype.
        gamma: scalar; above 1 makes dark what is not white.
        gain: scalar to multiply with.

    Returns:
        A tensor of the image's shape and dtype; integers stay within their range.

    Raises:
        ValueError: `gamma` is negative.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.adjust_gamma([0.0, 0.5, 1.0], 2.0))
        array([0.  , 0.25, 1.  ], dtype=float32)
    """
    with name_scope(None, "adjust_gamma", [image, gamma, gain]):
        image = convert_to_tensor(image, name="image")
        real = as_float(image)
        if not is_tensor_like(gamma) and gamma < 0:
            raise ValueError(located(f"gamma must not be negative, got {gamma}"))
        if is_tensor_like(gamma):
            gamma = with_dependencies(demand(gamma >= 0, "gamma must not be negative"), gamma)
        return convert_image_dtype(gain * real ** gamma, image.dtype, saturate=True)


def adjust_hue(image, delta, name=None):
    """Turns the hue of RGB images.

    Args:
        image: tensor [..., height, width, 3] of an integer or floating dtype.
        delta: float32 scalar of [-1, 1], the part of a full turn.
        name: name scope.

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: the rank is below 3.
        InvalidArgumentError: there are not 3 channels (at run).

    Example:
        >>> import flowgraph as fg
        >>> red = fg.constant([[[1.0, 0.0, 0.0]]])
        >>> fg.Session().run(fg.image.adjust_hue(red, 0.5))[0, 0]
        array([0., 1., 1.], dtype=float32)
    """
    with name_scope(name, "adjust_hue", [image]):
        image = convert_to_tensor(image, name="image")
        return convert_image_dtype(AdjustHue.build(as_float(image), delta), image.dtype)


def random_hue(image, max_delta, seed=None):
    """Turns the hue of RGB images by a random angle.

    Args:
        image: tensor [..., height, width, 3] of an integer or floating dtype.
        max_delta: float of [0, 0.5]; the angle is drawn from [-max_delta, max_delta) turns.
        seed: int, for the same angles in every session.

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: `max_delta` is not in [0, 0.5].

    Example:
        >>> import flowgraph as fg
        >>> fg.image.random_hue(fg.zeros([4, 4, 3]), 0.2).shape.as_list()
        [4, 4, 3]
    """
    if not 0 <= max_delta <= 0.5:
        raise ValueError(located(f"max_delta must be in [0, 0.5], got {max_delta}"))
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


def adjust_saturation(image, saturation_factor, name=None):
    """Multiplies the saturation of RGB images.

    Args:
        image: tensor [..., height, width, 3] of an integer or floating dtype.
        saturation_factor: float32 scalar; 0 makes grey images.
        name: name scope.

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: the rank is below 3.
        InvalidArgumentError: there are not 3 channels (at run).

    Example:
        >>> import flowgraph as fg
        >>> pink = fg.constant([[[1.0, 0.5, 0.5]]])
        >>> fg.Session().run(fg.image.adjust_saturation(pink, 2.0))[0, 0]
        array([1., 0., 0.], dtype=float32)
    """
    with name_scope(name, "adjust_saturation", [image]):
        image = convert_to_tensor(image, name="image")
        adjusted = AdjustSaturation.build(as_float(image), saturation_factor)
        return convert_image_dtype(adjusted, image.dtype)


def random_saturation(image, lower, upper, seed=None):
    """Multiplies the saturation of RGB images by a random factor.

    Args:
        image: tensor [..., height, width, 3] of an integer or floating dtype.
        lower: float, the least factor.
        upper: float, the bound that the factor does not reach.
        seed: int, for the same factors in every session.

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: not 0 <= lower < upper.

    Example:
        >>> import flowgraph as fg
        >>> fg.image.random_saturation(fg.zeros([4, 4, 3]), 0.5, 1.5).shape.as_list()
        [4, 4, 3]
    """
    _check_bounds(lower, upper)
    return adjust_saturation(image, random_uniform([], lower, upper, seed=seed))


def per_image_standardization(image):
    """Scales each image to mean 0 and standard deviation 1.

    Args:
        image: tensor [..., height, width, channels].

    Returns:
        A float32 tensor of the image's shape. An image of one colour becomes 0: the deviation that
        is divided by is at least `1 / sqrt(number of values)`.

    Raises:
        ValueError: the rank is below 3, or a size is 0.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.per_image_standardization([[[1.0], [3.0]]]))[:, :, 0]
        array([[-1.,  1.]], dtype=float32)
    """
    with name_scope(None, "per_image_standardization", [image]) as scope:
        image = cast(as_image(image), dt.float32)
        count = reduce_prod(shape(image)[-3:])
        mean = reduce_mean(image, axis=[-1, -2, -3], keepdims=True)
        deviation = reduce_std(image, axis=[-1, -2, -3], keepdims=True)
        return divide(image - mean, maximum(deviation, rsqrt(cast(count, dt.float32))), name=scope)
