"""`tf.summary.merge` and `merge_all`: several summaries as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_collection, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, strings
from flowgraph.summary.names import clean_tag, collected


def values_of(summary: bytes) -> list[bytes]:
    """The serialized values of a serialized Summary.

    Args:
        summary: the bytes.

    Raises:
        WireError: they are damaged.
    """
    return [value for number, kind, value in wire.fields(summary)
            if number == 1 and kind == wire.BYTES and isinstance(value, bytes)]


def tag_of(value: bytes) -> bytes:
    """The tag of a serialized Summary.Value; b"" if it has none.

    Args:
        value: the bytes.

    Raises:
        WireError: they are damaged.
    """
    tag = b""
    for number, kind, content in wire.fields(value):
        if number == 1 and kind == wire.BYTES and isinstance(content, bytes):
            tag = content
    return tag


class MergeSummary(OpDef):
    """One Summary with the values of several."""

    dtypes = {"inputs": dt.STRING}
    lists = ("inputs",)
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, inputs: tuple[Spec, ...]):
        return Spec(dt.string, ())

    def kernel(self, xp, inputs):
        merged, tags = [], set()
        for summary in (item for part in inputs for item in np.asarray(part).ravel().tolist()):
            try:
                values = [(tag_of(value), value) for value in values_of(summary)]
            except wire.WireError:
                raise invalid("Could not parse one of the summary inputs") from None
            for tag, value in values:
                if tag and tag in tags:
                    raise invalid(f"Duplicate tag {tag.decode(errors='replace')} found in summary "
                                  "inputs")
                tags.add(tag)
                merged.append(wire.field(1, value))
        return strings([b"".join(merged)], ())


def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """One summary of several, to run and write them at once.

    Args:
        inputs: list of summaries.
        collections: names of the collections that the merged summary is added to; default none.
        name: name of the node.

    Returns:
        A string: the serialized `tf.Summary`. Running it raises InvalidArgumentError when two
        values have one tag.

    Raises:
        ValueError: the list is empty.
        TypeError: something in it is no string tensor.

    Example:
        >>> import flowgraph as fg
        >>> both = fg.summary.merge([fg.summary.scalar("a", 1.0), fg.summary.scalar("b", 2.0)])
        >>> [value.tag for value in fg.Summary.FromString(fg.Session().run(both)).value]
        ['a', 'b']
    """
    name = clean_tag(name)
    if isinstance(inputs, (list, tuple)) and not inputs:
        raise ValueError(located("merge needs at least one summary, got an empty list"))
    with name_scope(name, "Merge", inputs if isinstance(inputs, (list, tuple)) else [inputs]):
        return collected(MergeSummary.build(inputs, name=name), collections, ())


def merge_all(key: Any = GraphKeys.SUMMARIES, scope: str | None = None,
              name: str | None = None) -> Tensor | None:
    """One summary of all that the default graph has collected.

    Args:
        key: the collection.
        scope: a regular expression; only summaries whose name it matches from the start.
        name: name of the node.

    Returns:
        A string: the serialized `tf.Summary`; None when the collection is empty.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.summary.scalar("loss", 0.5)
        >>> fg.Session().run(fg.summary.merge_all()) == fg.Session().run(loss)
        True
    """
    summaries = get_collection(key, scope)
    return merge(summaries, name=name) if summaries else None
