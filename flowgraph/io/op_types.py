"""Every op type there is: what a GraphDef may name.

Most op types live in `flowgraph/ops`; a few live in the room of the objects that they work on.
Those modules are listed here, so that reading a graph, and the tests of all ops, find them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from flowgraph import ops

OUTSIDE_OPS = (
    "flowgraph.data.csv_op",
    "flowgraph.data.file_ops",
    "flowgraph.data.function_ops",
    "flowgraph.data.iterator_ops",
    "flowgraph.data.selection_ops",
    "flowgraph.data.source_ops",
    "flowgraph.io.checkpoints.save_restore",
    "flowgraph.io.checkpoints.sharded_save",
    "flowgraph.summary.sounds",
    "flowgraph.summary.histograms",
    "flowgraph.summary.images",
    "flowgraph.summary.merging",
    "flowgraph.summary.scalars",
    "flowgraph.summary.tensors",
    "flowgraph.train.vocab_remap",
)


@cache
def load_every_op() -> None:
    """Imports every module that defines op types, so that the registry is complete."""
    ops.load_all()
    for module in OUTSIDE_OPS:
        import_module(module)
