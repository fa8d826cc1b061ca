"""`tf.contrib.estimator`: heads under their first names, and Estimators changed."""

from flowgraph.core.lazy import lazy as _lazy

_CLASSES = "flowgraph.estimator.class_heads:"
_EXTENDERS = "flowgraph.contrib.estimator.extenders:"
_HEADS = "flowgraph.contrib.estimator.regression_heads:"
_STOPPING = ("make_early_stopping_hook", "read_eval_metrics", "stop_if_higher_hook",
             "stop_if_lower_hook", "stop_if_no_decrease_hook", "stop_if_no_increase_hook")
_LAZY = {
    **{name: f"flowgraph.estimator.early_stopping:{name}" for name in _STOPPING},
    "add_metrics": "flowgraph.estimator.more_metrics:add_metrics",
    "binary_classification_head": _CLASSES + "BinaryClassHead",
    "build_raw_supervised_input_receiver_fn":
        "flowgraph.estimator.receivers:build_raw_supervised_input_receiver_fn",
    "clip_gradients_by_norm": _EXTENDERS + "clip_gradients_by_norm",
    "forward_features": _EXTENDERS + "forward_features",
    "logistic_regression_head": "flowgraph.estimator.regression_heads:LogisticRegressionHead",
    "multi_class_head": _CLASSES + "MultiClassHead",
    "multi_head": "flowgraph.estimator.multi_head:MultiHead",
    "multi_label_head": _CLASSES + "MultiLabelHead",
    "poisson_regression_head": _HEADS + "poisson_regression_head",
    "regression_head": _HEADS + "regression_head",
}

__getattr__ = _lazy("tf.contrib.estimator", globals(), _LAZY)
