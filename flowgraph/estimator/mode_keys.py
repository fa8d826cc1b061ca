"""The three things that a model function is asked for."""

from __future__ import annotations


class ModeKeys:
    """Names of what a model function is asked for.

    * `TRAIN`: "train", the model with its loss and the operation that trains it.
    * `EVAL`: "eval", the model with its loss and metrics.
    * `PREDICT`: "infer", the model with its predictions; there are no labels then.

    Example:
        >>> import flowgraph as fg
        >>> fg.estimator.ModeKeys.PREDICT
        'infer'
    """

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"
