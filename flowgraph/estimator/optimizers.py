"""The optimizers that premade models know by name."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies
from flowgraph.ops.identity import group
from flowgraph.ops.state import assign_add
from flowgraph.train.global_step import get_global_step
from flowgraph.train.optimizer import Optimizer
from flowgraph.train.optimizer_names import OPTIMIZERS_BY_NAME


def optimizer_of(optimizer: Any, learning_rate: float) -> Optimizer:
    """The Optimizer that is meant.

    Args:
        optimizer: an Optimizer, a function without arguments that returns one, or one of "Adagrad",
            "Adam", "Ftrl", "RMSProp" and "SGD".
        learning_rate: the learning rate of one that is given by its name.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS_BY_NAME:
            raise ValueError(located(f"Unsupported optimizer name: {optimizer}. Supported names "
                                     f"are: {tuple(OPTIMIZERS_BY_NAME)}"))
        return OPTIMIZERS_BY_NAME[optimizer](learning_rate=learning_rate)
    if callable(optimizer):
        optimizer = optimizer()
    if not isinstance(optimizer, Optimizer):
        raise ValueError(located(f"The given object is not an Optimizer instance. Given: "
                                 f"{optimizer!r}"))
    return optimizer


def counted_together(steps: list[Any]) -> Any:
    """The steps of several optimizers as one, after which the global step counts.

    Args:
        steps: list of operations.

    Returns:
        An Operation.
    """
    with control_dependencies([group(*steps)]):
        return assign_add(get_global_step(), 1).op
