"""Older ops that parse Examples and SequenceExamples: they become those of today (V2), which take
their keys as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.tensor import Tensor
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rules import rule
from flowgraph.ops.string_elements import strings


def _vector(build: Build, keys: list[Tensor], part: str) -> Any:
    """Scalars of text as a vector."""
    if not keys:
        return strings([], (0,))
    return build.sub("Pack", keys, part=part)


def _attribute(build: Build, name: str) -> Any:
    """The texts of an attribute as a vector."""
    texts = [text.encode("utf-8", "surrogateescape") for text in build.attr(name)]
    return strings(texts, (len(texts),))


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
    return build.plain("ParseExampleV2", serialized, strings([], (0,)),
                       _attribute(build, "sparse_keys"), _attribute(build, "dense_keys"),
                       strings([], (0,)), defaults)


_SEQUENCE_KEYS = ("context_sparse", "context_dense", "feature_list_sparse", "feature_list_dense")


@rule("ParseSequenceExample")
def parse_sequence_example(build: Build) -> Any:
    """SequenceExamples in a vector; the keys are attributes."""
    serialized, names, defaults = build.groups()
    keys = [_attribute(build, f"{kind}_keys") for kind in _SEQUENCE_KEYS]
    may_miss = build.attr("feature_list_dense_missing_assumed_empty")
    optional = np.array([key in may_miss for key in build.attr("feature_list_dense_keys")], bool)
    return _sequences(build, serialized, names, keys, optional, defaults)


@rule("ParseSingleSequenceExample")
def parse_single_sequence_example(build: Build) -> Any:
    """One SequenceExample; the keys are inputs. There are no lengths."""
    serialized, may_miss, *keys, defaults, name = build.groups()
    keys = [_vector(build, group, kind) for group, kind in zip(keys, _SEQUENCE_KEYS, strict=True)]
    column = build.sub("ExpandDims", keys[3], np.int32(1), part="column")
    optional = build.sub("Any", build.sub("Equal", column, may_miss, part="equal"), np.int32(1),
                         part="optional")
    outputs = _sequences(build, serialized, name, keys, optional, defaults)
    return outputs[:len(outputs) - build.attr("Nfeature_list_dense")]


def _sequences(build: Build, serialized: Any, names: Any, keys: list[Any], optional: Any,
               defaults: Any) -> Any:
    none = strings([], (0,))
    return build.plain("ParseSequenceExampleV2", serialized, names, *keys[:2], none, *keys[2:],
                       none, optional, defaults)
