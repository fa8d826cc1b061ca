"""Images in another dtype: what stands for black and white depends on the dtype.

    floating    0 .. 1
    integer     0 .. the largest number of the dtype
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.cast import cast, saturate_cast
from flowgraph.ops.division import floordiv
from flowgraph.ops.identity import identity


def convert_image_dtype(image, dtype, saturate=False, name=None):
    """Casts an image to another dtype and scales it to what white is there.

    Args:
        image: tensor of an integer or floating dtype.
        dtype: the dtype to make.
        saturate: whether numbers that do not fit become the nearest that do.
        name: name of the node.

    Returns:
        A tensor of the image's shape.

    Raises:
        AttributeError: one of the dtypes is neither integer nor floating.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.image.convert_image_dtype([0.0, 0.5, 1.0], fg.uint8))
        array([  0, 127, 255], dtype=uint8)
    """
    image = convert_to_tensor(image, name="image")
    dtype, source = dt.as_dtype(dtype).base_dtype, image.dtype.base_dtype
    for given in (dtype, source):
        if not given.is_floating and not given.is_integer:
            raise AttributeError(located("convert_image_dtype takes and makes integer and floating "
                                         f"dtypes, got {given.name}"))
    if dtype is source:
        return identity(image, name=name)
    to = saturate_cast if saturate else cast
    with name_scope(name, "convert_image", [image]) as scope:
        if source.is_floating:
            if dtype.is_floating:
                return cast(image, dtype, name=scope)
            return to(multiply(image, dtype.max + 0.5), dtype, name=scope)  # a cast rounds down
        if dtype.is_floating:
            return multiply(cast(image, dtype), 1.0 / source.max, name=scope)
        if source.max > dtype.max:
            return to(floordiv(image, (source.max + 1) // (dtype.max + 1)), dtype, name=scope)
        return multiply(to(image, dtype), (dtype.max + 1) // (source.max + 1), name=scope)


def as_float(image):
    """The image in the dtype that colours are computed in: float16 and float32 stay."""
    if image.dtype.base_dtype in (dt.float16, dt.float32):
        return image
    return convert_image_dtype(image, dt.float32)
