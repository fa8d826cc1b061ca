"""What the open with-blocks say about new operations: scopes, devices, control dependencies.

Each graph has one `Scopes`, and each thread sees its own values in it.
"""

from __future__ import annotations

import threading
from typing import Any

from flowgraph.core.frames import UserFrame
from flowgraph.graph.operation import Operation


class ControlDependencies:
    """One open `with tf.control_dependencies(...)` block.

    New ops inside get `ops` as control inputs, unless an input of theirs is one of them or was made
    inside the same block: then the order follows from the data, and TensorFlow leaves the edge out
    too.
    """

    __slots__ = ("ops", "seen")

    def __init__(self, ops: list[Operation]) -> None:
        self.ops = ops
        self.seen: set[Operation] = set()


class Scopes(threading.local):
    """What the with-blocks open in this thread say about new operations."""

    def __init__(self) -> None:
        self.name = ""  # open name scope, without the trailing slash
        self.controls: list[ControlDependencies] = []
        self.devices: list[Any] = []
        self.colocated: list[Any] = []  # operations that new ones are to stand beside
        self.container = ""
        self.gradient_overrides: dict[str, str] = {}
        self.variable_creators: list[Any] = []
        self.kernel_labels: dict[str, str] = {}
        self.frame: UserFrame | None = None  # set while gradients are built
        self.forward_op: Operation | None = None
