"""The optimizers that `tf.estimator` and `tf.contrib.layers` know by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.train.adagrad import AdagradOptimizer
from flowgraph.train.adam import AdamOptimizer
from flowgraph.train.ftrl import FtrlOptimizer
from flowgraph.train.gradient_descent import GradientDescentOptimizer
from flowgraph.train.rmsprop import RMSPropOptimizer

# Each is called with `learning_rate`.
OPTIMIZERS_BY_NAME: dict[str, Callable[..., Any]] = {
    "Adagrad": AdagradOptimizer,
    "Adam": AdamOptimizer,
    "Ftrl": FtrlOptimizer,
    "RMSProp": RMSPropOptimizer,
    "SGD": GradientDescentOptimizer,
}
