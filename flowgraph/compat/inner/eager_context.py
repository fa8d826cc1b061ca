"""`tensorflow.python.eager.context`: there are graphs only."""

from __future__ import annotations


def executing_eagerly() -> bool:
    """False: there is no eager execution."""
    return False


in_eager_mode = executing_eagerly


def in_graph_mode() -> bool:
    """True."""
    return True


def num_gpus() -> int:
    """How many GPUs a session may use."""
    from flowgraph.runtime.devices import visible_gpus

    return len(visible_gpus())
