"""Names of the nodes that clip."""

from __future__ import annotations

import flowgraph as fg


def test_clipped_tensors_are_named_as_in_tensorflow() -> None:
    with fg.Graph().as_default(), fg.name_scope("out"):
        clipped, _ = fg.clip_by_global_norm([fg.constant([3.0]), fg.constant([4.0])], 1.0)
    assert [tensor.op.name for tensor in clipped] == [
        "out/clip_by_global_norm/out/clip_by_global_norm/_0",
        "out/clip_by_global_norm/out/clip_by_global_norm/_1"]
