"""The results of an evaluation, written to an event file for TensorBoard."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.logger import logger
from flowgraph.graph.collections import GraphKeys
from flowgraph.ops.make_tensor_proto import make_tensor_proto


def write_results(folder: str, results: dict[str, Any]) -> None:
    """Logs the metrics of an evaluation and writes them to the event file of a folder.

    Args:
        folder: the folder.
        results: dict of the values, with that of the global step.
    """
    from flowgraph.summary import FileWriterCache, Summary
    step = results[GraphKeys.GLOBAL_STEP]
    shown = ", ".join(f"{key} = {value}" for key, value in sorted(results.items())
                      if not isinstance(value, bytes))
    logger().info("Saving dict for global step %d: %s", step, shown)
    summary = Summary()
    for key, value in results.items():
        if key == GraphKeys.GLOBAL_STEP or value is None:
            continue
        if isinstance(value, (float, int, np.floating, np.integer)):
            summary.value.add(tag=key, simple_value=float(value))
        elif isinstance(value, bytes):
            _add_serialized(summary, key, value)
        elif isinstance(value, np.ndarray):
            summary.value.add(tag=key, node_name=key, tensor=make_tensor_proto(value))
            logger().info("Summary for np.ndarray is not visible in Tensorboard by default.")
        else:
            logger().warning("Skipping summary for %s, must be a number, an array or a serialized "
                             "string of Summary.", key)
    writer = FileWriterCache.get(folder)
    writer.add_summary(summary, step)
    writer.flush()


def _add_serialized(summary: Any, key: str, content: bytes) -> None:
    """Adds the values of a summary that a metric made, as a picture."""
    from flowgraph.summary import Summary
    try:
        values = Summary.FromString(content).value
    except ValueError:
        logger().warning("Skipping summary for %s, cannot parse string to Summary.", key)
        return
    for i, value in enumerate(values):
        value.tag = f"{key}/{i}"
        summary.value.append(value)


def write_checkpoint_path(folder: str, checkpoint_path: str, step: int) -> None:
    """Writes which checkpoint was evaluated.

    Args:
        folder: the folder of the event file.
        checkpoint_path: name of the checkpoint.
        step: its global step.
    """
    from flowgraph.summary import FileWriterCache, Summary
    logger().info("Saving 'checkpoint_path' summary for global step %d: %s", step, checkpoint_path)
    summary = Summary()
    summary.value.add(tag="checkpoint_path",
                      tensor=make_tensor_proto(checkpoint_path, dtype=dt.string))
    writer = FileWriterCache.get(folder)
    writer.add_summary(summary, step)
    writer.flush()
