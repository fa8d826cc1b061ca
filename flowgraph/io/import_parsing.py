"""Older ops that parse Examples: they become ParseExampleV2, which takes its keys as vectors."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.tensor import Tensor
from flowgraph.io.import_build import Build
from flowgraph.io.rules import rule
from flowgraph.ops.string_elements import strings


def _vector(build: Build, keys: list[Tensor], part: str) -> Any:
    """Scalars of text as a vector."""
    if not keys:
        return strings([], (0,))
    return build.sub("Pack", keys, part=part)


@rule("ParseExample")
def parse_example(build: Build) -> Any:
    """Examples in a vector; the keys are inputs."""
    serialized, names, sparse, dense, defaults = build.groups()
    return build.plain("ParseExampleV2", serialized, names, _vector(build, sparse, "sparse_keys"),
                       _vector(build, dense, "dense_keys"), strings([], (0,)), defaults)


@rule("ParseSingleExample")
def parse_single_example(build: Build) -> Any:
    """One Example; the keys are attributes."""
    serialized, defaults = build.groups()
    sparse, dense = ([text.encode("utf-8", "surrogateescape") for text in build.attr(name)]
                     for name in ("sparse_keys", "dense_keys"))
    return build.plain("ParseExampleV2", serialized, strings([], (0,)),
                       strings(sparse, (len(sparse),)), strings(dense, (len(dense),)),
                       strings([], (0,)), defaults)
