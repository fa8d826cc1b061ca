"""What trains the premade models of `tf.contrib.learn`, with the variables that it makes."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.contrib.layers.optimizing import optimize_loss, optimizer_of
from flowgraph.estimator.optimizers import counted_together
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_collection
from flowgraph.ops.clip import clip_by_global_norm
from flowgraph.ops.identity import group
from flowgraph.train.ftrl import FtrlOptimizer
from flowgraph.train.global_step import get_global_step

DNN_RATE, LINEAR_RATE = 0.05, 0.2


def linear_rate(columns: Any) -> float:
    """The learning rate of a linear model for its default optimizer.

    Args:
        columns: its columns.
    """
    return min(LINEAR_RATE, 1.0 / math.sqrt(len(columns)))


def train_part(loss: Any, part: str, optimizer: Any, learning_rate: float, clip_norm: Any,
               counts: bool = True) -> Any:
    """One step of one part of a model, by `tf.contrib.layers.optimize_loss`.

    Args:
        loss: the loss.
        part: the scope of its variables, "dnn" or "linear".
        optimizer: name of an optimizer, an Optimizer, or function without arguments to one.
        learning_rate: the learning rate of one that is named.
        clip_norm: gradients with a larger norm together are scaled down to it; or None.
        counts: whether the global step counts.
    """
    variables = get_collection(GraphKeys.TRAINABLE_VARIABLES, part + "/")
    return optimize_loss(loss, get_global_step(), learning_rate,
                         optimizer() if callable(optimizer) else optimizer,
                         clip_gradients=None if clip_norm is None else float(clip_norm),
                         variables=variables, name=part, summaries=[], increment_global_step=counts)


def train_both(steps: list[Any], counted: bool) -> Any:
    """The steps of the parts of a model together.

    Args:
        steps: what trains each part.
        counted: whether they count the global step; else it counts after them.
    """
    return group(*steps) if counted else counted_together(steps)


def train_linear(loss: Any, columns: Any, optimizer: Any, clip_norm: Any) -> Any:
    """One step of a linear model that is alone.

    Args:
        loss: the loss.
        columns: its columns.
        optimizer: as for `train_part`, or None.
        clip_norm: as for `train_part`.

    Raises:
        ValueError: there is no optimizer of this name.
    """
    if not optimizer:
        optimizer = FtrlOptimizer(linear_rate(columns))
    elif callable(optimizer):
        optimizer = optimizer()
    else:
        optimizer = optimizer_of(optimizer, LINEAR_RATE)
    pairs = optimizer.compute_gradients(
        loss, get_collection(GraphKeys.TRAINABLE_VARIABLES, "linear/"))
    if clip_norm:
        gradients, variables = zip(*pairs)
        pairs = list(zip(clip_by_global_norm(gradients, clip_norm)[0], variables))
    return optimizer.apply_gradients(pairs, global_step=get_global_step())
