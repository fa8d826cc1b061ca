"""Names and tags of summaries: a tag is the name scope in which the summary stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.core.logger import logger
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor

_ILLEGAL = re.compile(r"[^-/\w.]")


def clean_tag(name: str | None) -> str | None:
    """A name of which an operation can be made: illegal characters become `_`.

    Args:
        name: what the user wrote, or None.
    """
    if name is None:
        return None
    clean = _ILLEGAL.sub("_", name).lstrip("/")
    if clean != name:
        logger().info("Summary name %s is illegal; using %s instead.", name, clean)
    return clean


@contextmanager
def summary_scope(name: str | None, family: str | None, values: list[Any],
                  default_name: str | None = None) -> Iterator[tuple[str, str]]:
    """Enters the name scope of one summary; gives its tag and the name of its op.

    Args:
        name: what the user calls the summary.
        family: opens the tag, so that TensorBoard shows what has one family together.
        values: the tensors shown.
        default_name: the name if there is none.
    """
    name, family = clean_tag(name), clean_tag(family)
    base = name if family is None else f"{family}/{name}"
    with name_scope(base, default_name, values) as scope:
        tag = scope.rstrip("/")
        yield (tag if family is None else f"{family}/{tag}"), scope


def collected(summary: Tensor, collections: Any, default: Any = (GraphKeys.SUMMARIES,)) -> Tensor:
    """Adds a summary to collections and returns it.

    Args:
        summary: the summary.
        collections: names of collections, or None for the default.
        default: the default.
    """
    for key in default if collections is None else collections:
        summary.graph.add_to_collection(key, summary)
    return summary
