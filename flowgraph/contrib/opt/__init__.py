"""`tf.contrib.opt`: further optimizers."""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.contrib.opt."
_LAZY = {
    "AdaMaxOptimizer": _HERE + "adam_variants:AdaMaxOptimizer",
    "AdamWOptimizer": _HERE + "weight_decay:AdamWOptimizer",
    "DecoupledWeightDecayExtension": _HERE + "weight_decay:DecoupledWeightDecayExtension",
    "ExternalOptimizerInterface": _HERE + "external:ExternalOptimizerInterface",
    "LazyAdamOptimizer": _HERE + "adam_variants:LazyAdamOptimizer",
    "MomentumWOptimizer": _HERE + "weight_decay:MomentumWOptimizer",
    "MovingAverageOptimizer": _HERE + "moving_average:MovingAverageOptimizer",
    "NadamOptimizer": _HERE + "adam_variants:NadamOptimizer",
    "ScipyOptimizerInterface": _HERE + "external:ScipyOptimizerInterface",
    "extend_with_decoupled_weight_decay": _HERE + "weight_decay:extend_with_decoupled_weight_decay",
}

__getattr__ = _lazy("tf.contrib.opt", globals(), _LAZY)
