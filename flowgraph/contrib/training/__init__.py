"""`tf.contrib.training`: training ops, loops of evaluation, hyperparameters, batches by length."""

from flowgraph.core.lazy import lazy as _lazy

_BUCKETS = "flowgraph.contrib.training.buckets:"
_EVALUATION = "flowgraph.contrib.training.evaluation:"
_TRAIN = "flowgraph.contrib.training.train_op:"
_LAZY = {
    "HParams": "flowgraph.contrib.training.hyperparameters:HParams",
    "StopAfterNEvalsHook": _EVALUATION + "StopAfterNEvalsHook",
    "SummaryAtEndHook": _EVALUATION + "SummaryAtEndHook",
    "add_gradients_summaries": _TRAIN + "add_gradients_summaries",
    "bucket": _BUCKETS + "bucket",
    "bucket_by_sequence_length": _BUCKETS + "bucket_by_sequence_length",
    "checkpoints_iterator": "flowgraph.train.checkpoint_reader:checkpoints_iterator",
    "clip_gradient_norms": _TRAIN + "clip_gradient_norms",
    "clip_gradient_norms_fn": _TRAIN + "clip_gradient_norms_fn",
    "create_train_op": _TRAIN + "create_train_op",
    "evaluate_once": _EVALUATION + "evaluate_once",
    "evaluate_repeatedly": _EVALUATION + "evaluate_repeatedly",
    "get_or_create_eval_step": _EVALUATION + "get_or_create_eval_step",
    "multiply_gradients": _TRAIN + "multiply_gradients",
    "parse_values": "flowgraph.contrib.training.hyperparameters:parse_values",
    "stratified_sample": "flowgraph.contrib.training.sampling:stratified_sample",
    "train": _TRAIN + "train",
    "wait_for_new_checkpoint": _EVALUATION + "wait_for_new_checkpoint",
}

__getattr__ = _lazy("tf.contrib.training", globals(), _LAZY)
