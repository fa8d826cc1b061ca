"""`tf.estimator.inputs`: input functions from data in memory."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.estimator.numpy_input import numpy_input_fn
from flowgraph.estimator.pandas_input import pandas_input_fn

__all__ = ["numpy_input_fn", "pandas_input_fn"]
__getattr__ = _lazy("tf.estimator.inputs", globals())
