"""Quantized ops of a GraphDef that do nothing to their numbers: the range goes along."""

from __future__ import annotations

from typing import Any

from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rnn_cells import named
from flowgraph.io.importing.rules import rule


@rule("QuantizedReshape")
def reshape(build: Build) -> Any:
    """Reshape; the range is the same."""
    tensor, shape, low, high = build.inputs
    return named(build, [build.sub("Reshape", tensor, shape, part="Reshape"), low, high])
