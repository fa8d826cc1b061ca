"""`tf.contrib.predictor`: exported models and Estimators as functions of arrays."""

from flowgraph.contrib.predictor.predictor import Predictor, from_estimator, from_saved_model
from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.contrib.predictor", globals())
