"""The time of a run as a tensor."""

from __future__ import annotations

import time

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import NotDifferentiable, OpDef


class Timestamp(OpDef):
    """Seconds since the epoch, at the moment when the op runs."""

    effects = "random"
    host_only = "reads the clock of the host"
    grad = NotDifferentiable

    def infer(self):
        return Spec(dt.float64, ())

    def kernel(self, xp):
        return np.float64(time.time())


def timestamp(name=None):
    """The time since the epoch, in seconds, when the op runs.

    Args:
        name: name of the node.

    Returns:
        A float64 scalar tensor.

    Example:
        >>> import flowgraph as fg
        >>> bool(fg.Session().run(fg.timestamp()) > 1.7e9)
        True
    """
    return Timestamp.build(name=name)
