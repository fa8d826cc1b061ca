"""`tf.estimator.export`: the inputs and outputs of exported models."""

from flowgraph.core.lazy import lazy as _lazy

_OUTPUTS = ("ClassificationOutput", "ExportOutput", "PredictOutput", "RegressionOutput")
_RECEIVERS = ("ServingInputReceiver", "TensorServingInputReceiver",
              "build_parsing_serving_input_receiver_fn", "build_raw_serving_input_receiver_fn")

__getattr__ = _lazy("tf.estimator.export", globals(), {
    **{name: f"flowgraph.estimator.export_output:{name}" for name in _OUTPUTS},
    **{name: f"flowgraph.estimator.receivers:{name}" for name in _RECEIVERS},
})
