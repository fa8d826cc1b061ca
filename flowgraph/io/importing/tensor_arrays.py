"""TensorArrays of TensorFlow before 1.0: their handles were strings, without or with a flow.

Each of their ops became one of a newer version (`ops/tensor_array_v3`), which differs in having a
flow as the second result of what makes a TensorArray.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rules import rule

_SAME = ("Read", "Write", "Gather", "Scatter", "Concat", "Split", "Size", "Close")


def _newest(op_type: str) -> str:
    return f"{op_type.removesuffix('V2')}V3"


@rule("TensorArray", "TensorArrayV2", "TensorArrayGrad", "TensorArrayGradV2")
def made(build: Build) -> Any:
    """A TensorArray, or that of the gradients of one; the handle alone."""
    return build.plain(_newest(build.node.op))[:1]


@rule(*(f"TensorArray{name}{version}" for name in _SAME for version in ("", "V2")))
def same(build: Build) -> Any:
    """The same op under a newer name."""
    return build.plain(_newest(build.node.op))


@rule("TensorArrayPack")
def pack(build: Build) -> Any:
    """All elements, stacked."""
    handle, flow = build.inputs
    size = build.sub("TensorArraySizeV3", handle, flow, part="size")
    every = build.sub("Range", np.int32(0), size, np.int32(1), part="indices")
    return build.plain("TensorArrayGatherV3", handle, every, flow)


@rule("TensorArrayUnpack")
def unpack(build: Build) -> Any:
    """Sets all elements to the rows of a tensor."""
    handle, value, flow = build.inputs
    rows = build.sub("StridedSlice", build.sub("Shape", value, part="shape"), [0], [1], [1],
                     part="rows", shrink_axis_mask=1)
    every = build.sub("Range", np.int32(0), rows, np.int32(1), part="indices")
    return build.plain("TensorArrayScatterV3", handle, every, value, flow)
