"""Ops that wrote and read the checkpoints of TensorFlow's first years: they become those of today.

What such a graph saves here is a checkpoint of the second format, under the name that the graph
gives; reading takes both formats.
"""

from __future__ import annotations

from typing import Any

from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rules import rule
from flowgraph.ops.string_elements import strings


def _empty_texts(count: int) -> Any:
    """What stands for whole tensors in a vector of shapes and slices."""
    return strings([b""] * count, (count,))


@rule("Save", "SaveSlices")
def save(build: Build) -> Any:
    """Saves tensors, or parts of tensors."""
    prefix, names, *slices, tensors = build.groups()
    return build.plain("SaveV2", prefix, names, *(slices or [_empty_texts(len(tensors))]), tensors)


@rule("Restore", "RestoreSlice")
def restore(build: Build) -> Any:
    """Restores a tensor, or a part of one."""
    prefix, *texts = build.inputs
    name, *slices = (build.sub("Reshape", text, [1], part=part)
                     for text, part in zip(texts, ("name", "slice"), strict=False))
    return build.plain("RestoreV2", prefix, name, *(slices or [_empty_texts(1)]),
                       dtypes=(build.attr("dt"),))


@rule("ShardedFilespec")
def sharded_filespec(build: Build) -> Any:
    """The pattern of the names of some shards, as "model-?????-of-00002"."""
    base, count = build.inputs
    number = build.sub("AsString", count, part="number", width=5, fill="0")
    marks = build.sub("Const", part="marks", value=strings([b"-?????-of-"], ()))
    return build.plain("StringJoin", [base, marks, number])
