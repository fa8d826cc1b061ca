"""`tf.summary.histogram`: how many values fall between which limits.

The limits are TensorFlow's: from 1e-12 to 1e20 each is 10 % larger than the one before, the same
with a minus, zero, and the largest numbers there are.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.message_scalar import DOUBLE
from flowgraph.core.spec import Spec
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, strings
from flowgraph.summary.names import collected, summary_scope
from flowgraph.summary.scalars import check_tag, one_tag, tag_field


@cache
def bucket_limits() -> np.ndarray:
    """The upper ends of all buckets."""
    positive = []
    limit = 1e-12
    while limit < 1e20:
        positive.append(limit)
        limit *= 1.1
    positive.append(sys.float_info.max)
    return np.array([*[-limit for limit in reversed(positive)], 0.0, *positive])


def serialized_histogram(values: np.ndarray) -> bytes:
    """The HistogramProto of finite values; a run of empty buckets becomes one.

    Args:
        values: real numbers in any shape.
    """
    limits = bucket_limits()
    numbers = values.reshape(-1)
    # Sorted, 1500 look-ups find all counts; looking up a bucket for each value takes five times
    # as long.
    ordered = np.sort(numbers).astype(np.float64)
    below = np.searchsorted(ordered, limits, side="left")
    below[-1] = ordered.size  # the largest number itself
    counts = np.diff(below, prepend=0)
    keep = (counts > 0) | np.append(counts[1:] > 0, True)
    low, high = ((numbers[numbers.argmin()], numbers[numbers.argmax()]) if numbers.size
                 else (limits[-1], limits[0]))
    numbers = numbers.astype(np.float64)
    total, squares = (0.0 + np.cumsum(x)[-1] if x.size else 0.0  # one by one, as TensorFlow adds
                      for x in (numbers, numbers * numbers))
    heads = [low, high, ordered.size, total, squares]
    fields = [DOUBLE.field(number, float(value)) for number, value in enumerate(heads, 1)
              if value != 0 or np.signbit(value)]
    return b"".join(fields) + wire.field(6, limits[keep].tobytes()) + wire.field(
        7, counts[keep].astype(np.float64).tobytes())


class HistogramSummary(OpDef):
    """A Summary with a histogram."""

    dtypes = {"tag": dt.STRING}
    T = dt.REAL
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, tag: Spec, values: Spec):
        check_tag(tag)
        return Spec(dt.string, ())

    def kernel(self, xp, tag, values):
        tag, values = one_tag(tag), np.asarray(values)
        finite = np.isfinite(values)
        if not finite.all():
            first = values[~finite].ravel()[0]
            raise invalid(f"{'Nan' if first != first else 'Infinity'} in summary histogram for: "
                          f"{tag.decode(errors='replace')}")
        histogram = serialized_histogram(values)
        return strings([wire.field(1, tag_field(tag) + wire.field(5, histogram))], ())


def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of how values are distributed.

    Args:
        name: name of the node, and of the histogram in TensorBoard.
        values: real numbers in any shape.
        collections: names of the collections that the summary is added to; default
            `[tf.GraphKeys.SUMMARIES]`.
        family: opens the tag; histograms of one family stand together.

    Returns:
        A string: the serialized `tf.Summary`. Running it raises InvalidArgumentError when a value
        is NaN or infinite.

    Raises:
        TypeError: the values are not real numbers.

    Example:
        >>> import flowgraph as fg
        >>> weights = fg.summary.histogram("weights", fg.constant([1.0, 2.0, 2.0]))
        >>> histo = fg.Summary.FromString(fg.Session().run(weights)).value[0].histo
        >>> histo.num, histo.sum, list(histo.bucket)
        (3.0, 5.0, [0.0, 1.0, 0.0, 2.0, 0.0])
    """
    with summary_scope(name, family, [values], "HistogramSummary") as (tag, scope):
        return collected(HistogramSummary.build(tag, values, name=scope), collections)
