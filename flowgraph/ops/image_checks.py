"""What every function of `tf.image` asks of its images: rank, and sizes above 0.

What the static shape tells is checked at the line that builds the graph; for the rest there is an
`Assert` that the result waits for.
"""

from __future__ import annotations

from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.compare import greater, greater_equal
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.shape import rank, shape
from flowgraph.ops.split import unstack


def wrong_shape(image, what):
    """The ShapeError for an image whose static shape is wrong."""
    return ShapeError(located(f"image {image.name!r} ({image.op.frame}) has the shape "
                              f"{shape_text(image.spec.shape)}: {what}", section="shape-error"))


def at_least_3d(image):
    """Checks [..., height, width, channels], the last three sizes above 0.

    Returns:
        The operations that must run before the image is used: none when the static shape tells.
    """
    sizes = image.spec.shape
    if sizes is not None and len(sizes) < 3:
        raise wrong_shape(image, "it must be at least three-dimensional")
    inner = (None,) * 3 if sizes is None else sizes[-3:]
    if 0 in inner:
        raise wrong_shape(image, "height, width and channels must be above 0")
    if None not in inner:
        return []
    checks = [assert_true(reduce_all(greater(shape(image)[-3:], 0)),
                          ["height, width and channels of an image must be > 0, got shape",
                           shape(image)], summarize=8)]
    if sizes is None:
        checks.append(assert_true(greater_equal(rank(image), 3),
                                  ["an image must be at least three-dimensional, got shape",
                                   shape(image)], summarize=8))
    return checks


def as_image(image):
    """`image` as a tensor that has been checked by `at_least_3d`."""
    image = convert_to_tensor(image, name="image")
    return with_dependencies(at_least_3d(image), image)


def rank_3_or_4(image):
    """The static rank; None when it is not known."""
    found = image.spec.rank
    if found not in (None, 3, 4):
        raise wrong_shape(image, "it must have either 3 or 4 dimensions")
    return found


def as_batch(image):
    """(images of rank 4, whether they were a batch before). An unknown rank is taken for 3."""
    found = rank_3_or_4(image)
    if found == 4:
        return image, True
    image = expand_dims(image, 0)
    if found is None:
        image.set_shape([None] * 4)
    return image, False


def of_batch(images, is_batch):
    """Undoes `as_batch`."""
    return images if is_batch else squeeze(images, axis=[0])


def dimensions(image, count):
    """The sizes of an image of rank `count`: ints, and scalar tensors for those not known."""
    if image.spec.is_static:
        return list(image.spec.shape)
    sizes = unstack(shape(image), count)
    return [size if known is None else known
            for known, size in zip(image.spec.shape, sizes, strict=True)]


def demand(condition, what):
    """Checks a Python bool now (ValueError), or a bool tensor in the run.

    Returns:
        The operations to wait for.
    """
    if is_tensor_like(condition):
        return [assert_true(condition, [what])]
    if not condition:
        raise ShapeError(located(what, section="shape-error"))
    return []


def larger(x, y):
    """The maximum of numbers or scalar tensors."""
    return maximum(x, y) if is_tensor_like(x) or is_tensor_like(y) else max(x, y)


def smaller(x, y):
    """The minimum of numbers or scalar tensors."""
    return minimum(x, y) if is_tensor_like(x) or is_tensor_like(y) else min(x, y)


def static_or_none(sizes):
    """A static shape of ints and tensors, for `set_shape`."""
    return [None if is_tensor_like(n) else n for n in sizes]
