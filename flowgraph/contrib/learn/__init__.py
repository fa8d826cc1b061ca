"""`tf.contrib.learn`: estimators with `fit`, texts as numbers, small data sets.

What is here stands on `tf.estimator`: an estimator's `fit`, `evaluate` and `predict` take arrays
`x` and `y`, or an `input_fn`. Premade models have the variables that TensorFlow 1's had.
"""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.contrib.learn."
_LAZY = {
    **{name: _HERE + f"estimators:{name}" for name in ("BaseEstimator", "Estimator", "SKCompat")},
    **{name: _HERE + f"premade:{name}" for name in (
        "DNNClassifier", "DNNLinearCombinedClassifier", "DNNLinearCombinedRegressor",
        "DNNRegressor", "LinearClassifier", "LinearRegressor")},
    **{name: _HERE + f"inputs:{name}" for name in (
        "infer_real_valued_columns_from_input", "infer_real_valued_columns_from_input_fn")},
    **{name: _HERE + f"experiments:{name}" for name in ("Experiment", "run")},
    **{name: _HERE + name for name in (
        "datasets", "estimators", "learn_runner", "models", "monitors", "preprocessing",
        "run_config")},
    "MetricSpec": _HERE + "metric_spec:MetricSpec",
    "ModeKeys": _HERE + "model_fn:ModeKeys",
    "ModelFnOps": _HERE + "model_fn:ModelFnOps",
    "PredictionKey": _HERE + "model_fn:PredictionKey",
    "RunConfig": _HERE + "run_config:RunConfig",
    "VocabularyProcessor": _HERE + "preprocessing.text:VocabularyProcessor",
}

__getattr__ = _lazy("tf.contrib.learn", globals(), _LAZY)
