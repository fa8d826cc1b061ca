"""`tf.summary.scalar`: one number under a tag."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes, wire
from flowgraph.core.message_scalar import FLOAT
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, strings
from flowgraph.summary.names import collected, summary_scope


class ScalarSummary(OpDef):
    """A Summary with one number for each tag."""

    dtypes = {"tags": dt.STRING}
    T = dt.REAL
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, tags: Spec, values: Spec):
        if not shapes.compatible(tags.shape, values.shape):
            raise ShapeError(f"needs one number for each tag, got values of shape "
                             f"{shape_text(values.shape)} for tags of shape "
                             f"{shape_text(tags.shape)}",
                             "Reduce them to one number, as with tf.reduce_mean, or show them all "
                             "with tf.summary.histogram.")
        return Spec(dt.string, ())

    def kernel(self, xp, tags, values):
        if tags.shape != values.shape:
            tag = f" (tag {tags.item().decode(errors='replace')!r})" if tags.size == 1 else ""
            raise invalid(f"tags and values not the same shape: {shape_text(tags.shape)} != "
                          f"{shape_text(values.shape)}{tag}")
        numbers = np.asarray(values, np.float32).ravel().tolist()
        return strings([b"".join(
            wire.field(1, tag_field(tag) + FLOAT.field(2, number))
            for tag, number in zip(np.asarray(tags).ravel().tolist(), numbers))], ())


def tag_field(tag: bytes) -> bytes:
    """A tag as the first field of a serialized Summary.Value.

    Args:
        tag: the tag.
    """
    return wire.field(1, tag) if tag else b""


def check_tag(tag: Spec) -> None:
    """Raises ShapeError when a tag is known to be no scalar.

    Args:
        tag: Spec of the tag.
    """
    shape_rules.require_rank(tag, 0, "a tag")


def one_tag(tag: Any) -> bytes:
    """The string in a tag's tensor.

    Args:
        tag: the tensor's value.

    Raises:
        InvalidArgumentError: it is no scalar.
    """
    if tag.shape:
        raise invalid("tag must be scalar")
    return tag.item()


def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of one number, drawn over the steps.

    Args:
        name: name of the node, and of the curve in TensorBoard.
        tensor: a real number.
        collections: names of the collections that the summary is added to; default
            `[tf.GraphKeys.SUMMARIES]`, whose summaries `tf.summary.merge_all` merges.
        family: opens the tag; curves of one family stand together.

    Returns:
        A string: the serialized `tf.Summary`.

    Raises:
        ValueError: the tensor has more than one element.
        TypeError: it does not hold real numbers.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.summary.scalar("loss", fg.constant(0.5))
        >>> fg.Summary.FromString(fg.Session().run(loss)).value[0]
        tag: "loss"
        simple_value: 0.5
        <BLANKLINE>
    """
    with summary_scope(name, family, [tensor]) as (tag, scope):
        return collected(ScalarSummary.build(tag, tensor, name=scope), collections)
