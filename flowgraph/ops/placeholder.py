"""Placeholders: tensors whose values come from `feed_dict`."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.shapes import as_shape, compatible
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef


class Placeholder(OpDef):
    """A tensor that must be fed; `shape` is a tuple with None for unknown sizes, or None."""

    grad = NotDifferentiable

    def infer(self, *, dtype, shape=None):
        return Spec(dtype, shape)

    def kernel(self, xp, *, dtype, shape=None):
        raise InvalidArgumentError(None, None, "You must feed a value for this placeholder tensor "
                                   f"with dtype {dtype.name} and shape {shape_text(shape)}")


def placeholder(dtype, shape=None, name=None):
    """Makes a tensor whose value is given in `feed_dict` when it is run.

    Args:
        dtype: the dtype of the values.
        shape: what is known of their shape; None for sizes, or for everything.
        name: name of the node.

    Returns:
        A Tensor that cannot be evaluated unless it is fed.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [None, 2])
        >>> fg.Session().run(x * 2.0, feed_dict={x: [[1, 2]]})
        array([[2., 4.]], dtype=float32)
    """
    return Placeholder.build(dtype=dt.as_dtype(dtype).base_dtype, shape=as_shape(shape), name=name)


class PlaceholderWithDefault(OpDef):
    """A tensor that may be fed, and is `input` when it is not."""

    dtypes = {"input": "dtype"}
    dtype = dt.ANY
    aliases = ("input",)

    def infer(self, input, *, shape):
        if not compatible(input.shape, shape):
            raise ShapeError(f"cannot take the shape {shape_text(shape)} with a default of shape "
                             f"{shape_text(input.shape)}")
        return Spec(input.dtype, shape)

    def kernel(self, xp, input, *, shape):
        return input

    def grad(self, op, dy):
        return dy

    def known(self, input, *, shape):
        return None  # a feed may change it


def placeholder_with_default(input, shape, name=None):
    """Makes a tensor that is `input` unless another value is fed.

    Args:
        input: the default, any tensor.
        shape: the shape that fed values may have, compatible with the default's.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> rate = fg.placeholder_with_default(0.5, [])
        >>> sess = fg.Session()
        >>> float(sess.run(rate)), float(sess.run(rate, {rate: 0.25}))
        (0.5, 0.25)
    """
    return PlaceholderWithDefault.build(input, shape=as_shape(shape), name=name)
