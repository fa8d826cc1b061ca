"""Images turned: flipped, flipped at random, rotated by quarters, with rows and columns exchanged.

Height and width are the axes -3 and -2, so that one image, a batch, and a tensor of unknown rank
are treated alike.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.compare import equal, less
from flowgraph.ops.cond import switch_case
from flowgraph.ops.constant import range as range_
from flowgraph.ops.division import floormod
from flowgraph.ops.image_checks import as_image, rank_3_or_4, wrong_shape
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.reshape import reshape
from flowgraph.ops.reshape import transpose as transpose_
from flowgraph.ops.rounding import round as round_
from flowgraph.ops.select import reverse, where, where_v2
from flowgraph.ops.shape import rank, shape

_HEIGHT, _WIDTH = -3, -2


def flip_left_right(image):
    """Mirrors images: what was on the left comes on the right.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: the image is not of rank 3 or 4, or a size is 0.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.flip_left_right([[[1], [2], [3]]]))[:, :, 0]
        array([[3, 2, 1]], dtype=int32)
    """
    return _flipped(image, _WIDTH, "flip_left_right")


def flip_up_down(image):
    """Turns images upside down.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: the image is not of rank 3 or 4, or a size is 0.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.flip_up_down([[[1]], [[2]]]))[:, :, 0]
        array([[2],
               [1]], dtype=int32)
    """
    return _flipped(image, _HEIGHT, "flip_up_down")


def _flipped(image, axis, name):
    with name_scope(None, name, [image]):
        image = as_image(image)
        known = rank_3_or_4(image)
        return reverse(image, [axis if known is None else axis + known])


def random_flip_left_right(image, seed=None):
    """Mirrors images or leaves them, with equal chances; each image of a batch by itself.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        seed: int, for the same choices in every session.

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: the image is not of rank 3 or 4, or a size is 0.

    Example:
        >>> import flowgraph as fg
        >>> flipped = fg.image.random_flip_left_right([[[1], [2], [3]]], seed=3)
        >>> session = fg.Session()
        >>> [session.run(flipped)[0, :, 0].tolist() for _ in range(3)]
        [[3, 2, 1], [1, 2, 3], [3, 2, 1]]
    """
    return _flipped_at_random(image, _WIDTH, seed, "random_flip_left_right")


def random_flip_up_down(image, seed=None):
    """Turns images upside down or leaves them, with equal chances; each image of a batch by itself.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        seed: int, for the same choices in every session.

    Returns:
        A tensor of the image's shape and dtype.

    Raises:
        ValueError: the image is not of rank 3 or 4, or a size is 0.

    Example:
        >>> import flowgraph as fg
        >>> flipped = fg.image.random_flip_up_down([[[1]], [[2]]], seed=3)
        >>> session = fg.Session()
        >>> [session.run(flipped)[:, 0, 0].tolist() for _ in range(3)]
        [[2, 1], [1, 2], [2, 1]]
    """
    return _flipped_at_random(image, _HEIGHT, seed, "random_flip_up_down")


def _flipped_at_random(image, axis, seed, name):
    """As TensorFlow chooses: one image flips below 1/2, an image of a batch above."""
    with name_scope(None, name, [image]):
        image = as_image(image)
        known = rank_3_or_4(image)
        drawn = random_uniform([] if known == 3 else shape(image)[:-3], 0, 1.0, seed=seed)
        flipped = reverse(image, [axis if known is None else axis + known])
        if known == 3:
            return where_v2(less(drawn, 0.5), flipped, image)
        if known is None:
            one = equal(rank(image), 3)
            chosen = where_v2(one, less(drawn, 0.5), equal(round_(drawn), 1.0))
            return where_v2(reshape(chosen, concat([shape(drawn), [1, 1, 1]], 0)), flipped, image)
        return where(equal(round_(drawn), 1.0), flipped, image)


def transpose_image(image, name=None):
    """Exchanges rows and columns of images.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        name: name of the node.

    Returns:
        A tensor [width, height, channels] or [batch, width, height, channels].

    Raises:
        ValueError: the image is not of rank 3 or 4, or a size is 0.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.transpose_image([[[1], [2], [3]]]))[:, :, 0]
        array([[1],
               [2],
               [3]], dtype=int32)
    """
    with name_scope(name, "transpose", [image]):
        image = as_image(image)
        rank_3_or_4(image)
        return _exchanged(image, name)


def _exchanged(image, name=None):
    """The image with rows and columns exchanged."""
    known = image.spec.rank
    if known is not None:
        return transpose_(image, [*range(known - 3), known - 2, known - 3, known - 1], name=name)
    last = reshape(rank(image), [1])
    order = concat([range_(rank(image) - 3), last - 2, last - 3, last - 1], 0)
    return transpose_(image, order, name=name)


def rot90(image, k=1, name=None):
    """Rotates images by quarters of a turn, counter-clockwise.

    Args:
        image: tensor [height, width, channels] or [batch, height, width, channels].
        k: how many quarters; int, or int32 scalar tensor.
        name: name of the scope.

    Returns:
        A tensor of the image's rank and dtype; for odd `k`, height and width have changed places.
        The static shape tells them only where they are equal.

    Raises:
        ValueError: the image is not of rank 3 or 4, or a size is 0.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.rot90([[[1], [2]], [[3], [4]]]))[:, :, 0]
        array([[2, 4],
               [1, 3]], dtype=int32)
    """
    with name_scope(name, "rot90", [image, k]):
        image = as_image(image)
        known = rank_3_or_4(image)
        k = convert_to_tensor(k, dt.int32, name="k")
        if k.spec.rank not in (None, 0):
            raise wrong_shape(k, "k must be a scalar")
        height, width = _HEIGHT + (known or 0), _WIDTH + (known or 0)
        return switch_case(floormod(k, 4), [
            lambda: image,
            lambda: _exchanged(reverse(image, [width])),
            lambda: reverse(image, [height, width]),
            lambda: reverse(_exchanged(image), [width])])
