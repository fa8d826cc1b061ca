"""`tf.train`: optimizers, the global step, and what training loops need."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.train.adam import AdamOptimizer
from flowgraph.train.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
    global_step,
)
from flowgraph.train.gradient_descent import GradientDescentOptimizer
from flowgraph.train.momentum import MomentumOptimizer
from flowgraph.train.optimizer import Optimizer

__getattr__ = _lazy("tf.train", globals())
