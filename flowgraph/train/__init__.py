"""`tf.train`: optimizers, the global step, checkpoints, and what training loops need."""

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

_STATE = "flowgraph.train.checkpoint_state:"
_LAZY = {
    "AdadeltaOptimizer": "flowgraph.train.adadelta:AdadeltaOptimizer",
    "AdagradDAOptimizer": "flowgraph.train.proximal:AdagradDAOptimizer",
    "AdagradOptimizer": "flowgraph.train.adagrad:AdagradOptimizer",
    "BytesList": "flowgraph.train.example:BytesList",
    "Coordinator": "flowgraph.train.coordinator:Coordinator",
    "Example": "flowgraph.train.example:Example",
    "ExponentialMovingAverage": "flowgraph.train.moving_averages:ExponentialMovingAverage",
    "Feature": "flowgraph.train.example:Feature",
    "FeatureList": "flowgraph.train.example:FeatureList",
    "FeatureLists": "flowgraph.train.example:FeatureLists",
    "Features": "flowgraph.train.example:Features",
    "FloatList": "flowgraph.train.example:FloatList",
    "FtrlOptimizer": "flowgraph.train.ftrl:FtrlOptimizer",
    "Int64List": "flowgraph.train.example:Int64List",
    "LooperThread": "flowgraph.train.coordinator:LooperThread",
    "NewCheckpointReader": "flowgraph.train.checkpoint_reader:NewCheckpointReader",
    "ProximalAdagradOptimizer": "flowgraph.train.proximal:ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer": "flowgraph.train.proximal:ProximalGradientDescentOptimizer",
    "QueueRunner": "flowgraph.train.queue_runner:QueueRunner",
    "RMSPropOptimizer": "flowgraph.train.rmsprop:RMSPropOptimizer",
    "Saver": "flowgraph.train.saver:Saver",
    "SaverDef": "flowgraph.train.saver_def:SaverDef",
    "SequenceExample": "flowgraph.train.example:SequenceExample",
    "add_queue_runner": "flowgraph.train.queue_runner:add_queue_runner",
    "checkpoint_exists": _STATE + "checkpoint_exists",
    "checkpoints_iterator": "flowgraph.train.checkpoint_reader:checkpoints_iterator",
    "cosine_decay": "flowgraph.train.cosine:cosine_decay",
    "cosine_decay_restarts": "flowgraph.train.cosine:cosine_decay_restarts",
    "exponential_decay": "flowgraph.train.schedules:exponential_decay",
    "export_meta_graph": "flowgraph.io.meta_graph:export_meta_graph",
    "generate_checkpoint_state_proto": _STATE + "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes": _STATE + "get_checkpoint_mtimes",
    "get_checkpoint_state": _STATE + "get_checkpoint_state",
    "import_meta_graph": "flowgraph.io.meta_graph:import_meta_graph",
    "init_from_checkpoint": "flowgraph.train.checkpoint_init:init_from_checkpoint",
    "inverse_time_decay": "flowgraph.train.schedules:inverse_time_decay",
    "latest_checkpoint": _STATE + "latest_checkpoint",
    "linear_cosine_decay": "flowgraph.train.cosine:linear_cosine_decay",
    "list_variables": "flowgraph.train.checkpoint_reader:list_variables",
    "load_checkpoint": "flowgraph.train.checkpoint_reader:load_checkpoint",
    "load_variable": "flowgraph.train.checkpoint_reader:load_variable",
    "natural_exp_decay": "flowgraph.train.schedules:natural_exp_decay",
    "noisy_linear_cosine_decay": "flowgraph.train.cosine:noisy_linear_cosine_decay",
    "piecewise_constant": "flowgraph.train.schedules:piecewise_constant",
    "piecewise_constant_decay": "flowgraph.train.schedules:piecewise_constant",
    "polynomial_decay": "flowgraph.train.schedules:polynomial_decay",
    "queue_runner": "flowgraph.train.queue_runner",
    "remove_checkpoint": _STATE + "remove_checkpoint",
    "start_queue_runners": "flowgraph.train.queue_runner:start_queue_runners",
    "summary_iterator": "flowgraph.summary.event_file:summary_iterator",
    "update_checkpoint_state": _STATE + "update_checkpoint_state",
}

__getattr__ = _lazy("tf.train", globals(), _LAZY)
