"""What model functions of `tf.contrib.learn` are asked for, and what they return."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.core.frames import located
from flowgraph.estimator.spec import EstimatorSpec


class ModeKeys:
    """Names of what a model function is asked for: "train", "eval" and "infer".

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.learn.ModeKeys.INFER
        'infer'
    """

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"

    @classmethod
    def validate(cls, key: str) -> None:
        """Refuses other names.

        Args:
            key: the name.

        Raises:
            ValueError: it is another.
        """
        if key not in (cls.TRAIN, cls.EVAL, cls.INFER):
            raise ValueError(located(f"Invalid mode {key}."))


class PredictionKey:
    """Names of what a model predicts, for `MetricSpec(prediction_key=...)`.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.learn.PredictionKey.CLASSES
        'classes'
    """

    CLASSES = "classes"
    PROBABILITIES = "probabilities"
    LOGITS = "logits"
    LOGISTIC = "logistic"
    SCORES = "scores"
    TOP_K = "top_k"
    GENERIC = "output"


class ModelFnOps(namedtuple("ModelFnOps", (
        "predictions", "loss", "train_op", "eval_metric_ops", "output_alternatives",
        "training_chief_hooks", "training_hooks", "scaffold", "mode"))):
    """What a model function returns.

    Args:
        mode: one of ModeKeys.
        predictions: Tensor or dict of them by name.
        loss: scalar Tensor.
        train_op: operation that makes one step.
        eval_metric_ops: dict from names to pairs (value, update).
        output_alternatives: accepted.
        training_chief_hooks, training_hooks: lists of hooks for training.
        scaffold: a `tf.train.Scaffold`.

    Example:
        >>> import flowgraph as fg
        >>> ops = fg.contrib.learn.ModelFnOps("infer", predictions=fg.constant([1.0]))
        >>> ops.loss is None
        True
    """

    __slots__ = ()

    def __new__(cls, mode: str, predictions: Any = None, loss: Any = None, train_op: Any = None,
                eval_metric_ops: Any = None, output_alternatives: Any = None,
                training_chief_hooks: Any = None, training_hooks: Any = None,
                scaffold: Any = None) -> ModelFnOps:
        ModeKeys.validate(mode)
        return super().__new__(cls, predictions, loss, train_op, eval_metric_ops or {},
                               output_alternatives, training_chief_hooks or [],
                               training_hooks or [], scaffold, mode)


def as_spec(result: Any, mode: str) -> EstimatorSpec:
    """What a model function returned, as an EstimatorSpec.

    Args:
        result: ModelFnOps, EstimatorSpec, or tuple (predictions, loss, train_op).
        mode: one of ModeKeys.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(result, EstimatorSpec):
        return result
    if not isinstance(result, ModelFnOps):
        if not isinstance(result, tuple) or len(result) != 3:
            raise ValueError(located("Unrecognized value returned by model_fn, please return "
                                     f"ModelFnOps: {result!r:.200}"))
        result = ModelFnOps(mode, *result)
    return EstimatorSpec(mode, result.predictions, result.loss, result.train_op,
                         dict(result.eval_metric_ops), scaffold=result.scaffold,
                         training_chief_hooks=result.training_chief_hooks,
                         training_hooks=result.training_hooks)
