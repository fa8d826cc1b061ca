"""Dropout: some elements become 0, the others are scaled up so that the mean stays."""

from __future__ import annotations

import numbers

from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.frames import located
from flowgraph.core.shapes import as_shape, merge
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.cast import cast
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.shape import shape as shape_of


def dropout(x, keep_prob=None, noise_shape=None, seed=None, name=None, rate=None):
    """Sets each element to 0 with probability `rate`, and divides the others by `1 - rate`.

    Args:
        x: tensor of a floating dtype.
        keep_prob: older spelling of `1 - rate`.
        noise_shape: shape of the random decisions; it broadcasts against x, so that a size of 1
            keeps or drops all elements along that axis together. Default: the shape of x.
        seed: int, for the same decisions in every session.
        name: name of the scope.
        rate: number of [0, 1), or scalar tensor: the probability that an element is dropped.

    Returns:
        A tensor of x's shape and dtype; x itself when `rate` is 0.

    Raises:
        ValueError: `rate` is missing, given twice or out of range, or x is not floating.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.dropout(fg.ones([4]), rate=0.5, seed=1))
        array([0., 2., 0., 0.], dtype=float32)
    """
    if keep_prob is not None:
        renamed_argument("rate", rate, "keep_prob", keep_prob,
                         "Please use `rate` instead of `keep_prob`: rate = 1 - keep_prob.")
        try:
            rate = 1.0 - keep_prob
        except TypeError:
            raise ValueError(located("keep_prob must be a floating point number or Tensor (got "
                                     f"{keep_prob!r})")) from None
    if rate is None:
        raise ValueError(located("You must provide a rate to dropout.",
                                 "Write rate=0.5 to drop half of the elements."))
    with name_scope(name, "dropout", [x]):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise ValueError(located("x has to be a floating point tensor since it's going to be "
                                     f"scaled. Got a {x.dtype.name} tensor instead."))
        if isinstance(rate, numbers.Real):
            if not 0 <= rate < 1:
                raise ValueError(located("rate must be a scalar tensor or a float in the range [0, "
                                         f"1), got {rate:g}"))
            if rate == 0:
                return x
        rate = convert_to_tensor(rate, x.dtype.base_dtype, "rate")
        rate.shape.assert_is_compatible_with(())
        if known_value(rate) == 0:
            return x
        uniform = random_uniform(_noise_shape(x, noise_shape), seed=seed, dtype=x.dtype.base_dtype)
        scale = 1 / (1 - rate)
        kept = uniform >= rate  # numbers are in [0, 1): the rate itself is among those kept
        result = x * scale * cast(kept, x.dtype.base_dtype)
        result.set_shape(x.shape)
        return result


def _noise_shape(x, noise_shape):
    """The shape of the decisions; unknown sizes of a given one are those of x."""
    if noise_shape is None:
        return shape_of(x)
    if is_tensor_like(noise_shape):
        return noise_shape
    try:
        wanted = as_shape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape
    known = x.spec.shape
    if wanted is not None and known is not None and len(wanted) == len(known):
        return merge(wanted, tuple(n if w is None else None for w, n in zip(wanted, known)))
    return noise_shape
