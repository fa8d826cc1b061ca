"""`tf.estimator`: training, evaluation and prediction of a model given as one function."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.run_config import RunConfig
from flowgraph.estimator.spec import EstimatorSpec
from flowgraph.estimator.warm_start import WarmStartSettings
from flowgraph.train.warm_starting import VocabInfo

_TRAIN = ("CheckpointSaverHook", "CheckpointSaverListener", "FeedFnHook", "FinalOpsHook",
          "GlobalStepWaiterHook", "LoggingTensorHook", "NanLossDuringTrainingError",
          "NanTensorHook", "ProfilerHook", "SecondOrStepTimer", "SessionRunArgs",
          "SessionRunContext", "SessionRunHook", "SessionRunValues", "StepCounterHook",
          "StopAtStepHook", "SummarySaverHook")
_LAZY = {
    **{name: f"flowgraph.train:{name}" for name in _TRAIN},
    **{name: f"flowgraph.estimator.baseline:{name}" for name in (
        "BaselineClassifier", "BaselineEstimator", "BaselineRegressor")},
    **{name: f"flowgraph.estimator.boosted_trees:{name}" for name in (
        "BoostedTreesClassifier", "BoostedTreesEstimator", "BoostedTreesRegressor")},
    **{name: f"flowgraph.estimator.class_heads:{name}" for name in (
        "BinaryClassHead", "MultiClassHead", "MultiLabelHead")},
    **{name: f"flowgraph.estimator.dnn:{name}" for name in (
        "DNNClassifier", "DNNEstimator", "DNNRegressor")},
    **{name: f"flowgraph.estimator.dnn_linear_combined:{name}" for name in (
        "DNNLinearCombinedClassifier", "DNNLinearCombinedEstimator", "DNNLinearCombinedRegressor")},
    **{name: f"flowgraph.estimator.linear:{name}" for name in (
        "LinearClassifier", "LinearEstimator", "LinearRegressor")},
    **{name: f"flowgraph.estimator.regression_heads:{name}" for name in (
        "LogisticRegressionHead", "PoissonRegressionHead", "RegressionHead")},
    **{name: f"flowgraph.estimator.parse_specs:{name}" for name in (
        "classifier_parse_example_spec", "regressor_parse_example_spec")},
    "Head": "flowgraph.estimator.head:Head",
    "MultiHead": "flowgraph.estimator.multi_head:MultiHead",
    "add_metrics": "flowgraph.estimator.more_metrics:add_metrics",
    **{name: f"flowgraph.estimator.exporters:{name}" for name in (
        "BestExporter", "Exporter", "FinalExporter", "LatestExporter")},
    **{name: f"flowgraph.estimator.train_evaluate:{name}" for name in (
        "EvalSpec", "TrainSpec", "train_and_evaluate")},
    "experimental": "flowgraph.estimator.experimental",
    "export": "flowgraph.estimator.export",
    "inputs": "flowgraph.estimator.inputs",
}

__getattr__ = _lazy("tf.estimator", globals(), _LAZY)
