"""The optimizers that premade models know by name."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.train.optimizer import Optimizer

_NAMES = {"Adagrad": "AdagradOptimizer", "Adam": "AdamOptimizer", "Ftrl": "FtrlOptimizer",
          "RMSProp": "RMSPropOptimizer", "SGD": "GradientDescentOptimizer"}


def optimizer_of(optimizer: Any, learning_rate: float) -> Optimizer:
    """The Optimizer that is meant.

    Args:
        optimizer: an Optimizer, a function without arguments that returns one, or one of "Adagrad",
            "Adam", "Ftrl", "RMSProp" and "SGD".
        learning_rate: the learning rate of one that is given by its name.

    Raises:
        ValueError: it is something else.
    """
    import flowgraph.train
    if isinstance(optimizer, str):
        if optimizer not in _NAMES:
            raise ValueError(located(f"Unsupported optimizer name: {optimizer}. Supported names "
                                     f"are: {tuple(_NAMES)}"))
        return getattr(flowgraph.train, _NAMES[optimizer])(learning_rate=learning_rate)
    if callable(optimizer):
        optimizer = optimizer()
    if not isinstance(optimizer, Optimizer):
        raise ValueError(located(f"The given object is not an Optimizer instance. Given: "
                                 f"{optimizer!r}"))
    return optimizer
