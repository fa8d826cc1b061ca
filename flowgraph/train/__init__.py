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

_LAZY = {
    "AdadeltaOptimizer": "flowgraph.train.adadelta:AdadeltaOptimizer",
    "AdagradDAOptimizer": "flowgraph.train.proximal:AdagradDAOptimizer",
    "AdagradOptimizer": "flowgraph.train.adagrad:AdagradOptimizer",
    "BytesList": "flowgraph.train.example:BytesList",
    "Example": "flowgraph.train.example:Example",
    "ExponentialMovingAverage": "flowgraph.train.moving_averages:ExponentialMovingAverage",
    "Feature": "flowgraph.train.example:Feature",
    "FeatureList": "flowgraph.train.example:FeatureList",
    "FeatureLists": "flowgraph.train.example:FeatureLists",
    "Features": "flowgraph.train.example:Features",
    "FloatList": "flowgraph.train.example:FloatList",
    "FtrlOptimizer": "flowgraph.train.ftrl:FtrlOptimizer",
    "Int64List": "flowgraph.train.example:Int64List",
    "ProximalAdagradOptimizer": "flowgraph.train.proximal:ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer": "flowgraph.train.proximal:ProximalGradientDescentOptimizer",
    "RMSPropOptimizer": "flowgraph.train.rmsprop:RMSPropOptimizer",
    "SequenceExample": "flowgraph.train.example:SequenceExample",
    "cosine_decay": "flowgraph.train.cosine:cosine_decay",
    "cosine_decay_restarts": "flowgraph.train.cosine:cosine_decay_restarts",
    "exponential_decay": "flowgraph.train.schedules:exponential_decay",
    "inverse_time_decay": "flowgraph.train.schedules:inverse_time_decay",
    "linear_cosine_decay": "flowgraph.train.cosine:linear_cosine_decay",
    "natural_exp_decay": "flowgraph.train.schedules:natural_exp_decay",
    "noisy_linear_cosine_decay": "flowgraph.train.cosine:noisy_linear_cosine_decay",
    "piecewise_constant": "flowgraph.train.schedules:piecewise_constant",
    "piecewise_constant_decay": "flowgraph.train.schedules:piecewise_constant",
    "polynomial_decay": "flowgraph.train.schedules:polynomial_decay",
}

__getattr__ = _lazy("tf.train", globals(), _LAZY)
