"""A box of a given size, cut out of a tensor at a random place."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.compare import greater_equal
from flowgraph.ops.identity import identity
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.shape import shape as shape_of


def random_crop(value, size, seed=None, name=None):
    """Cuts a box out of a tensor at a random place, each place equally likely.

    Args:
        value: tensor.
        size: the box's size along each axis: a list, or a 1-D int32 tensor.
        seed: int, for the same places in every session.
        name: name of the node.

    Returns:
        A tensor of the shape `size`.

    Raises:
        InvalidArgumentError: when run, if the box is larger than the tensor.

    Example:
        >>> import flowgraph as fg
        >>> image = fg.reshape(fg.range(16), [4, 4])
        >>> fg.Session().run(fg.random_crop(image, [2, 3], seed=1)).shape
        (2, 3)
    """
    with name_scope(name, "random_crop", [value, size]) as scope:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dt.int32, name="size")
        shape = shape_of(value)
        check = assert_true(reduce_all(greater_equal(shape, size)),
                            ["Need value.shape >= size, got ", shape, size], summarize=1000)
        with control_dependencies([check]):
            shape = identity(shape, name="control_dependency")
        places = shape - size + 1
        offset = random_uniform(shape_of(shape), dtype=dt.int32, maxval=dt.int32.max, seed=seed)
        return slice_(value, offset % places, size, name=scope)
