"""EstimatorSpec: what a model function returns, checked where it is made."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.estimator.export_output import ExportOutput, PredictOutput
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.operation import Operation
from flowgraph.ops.reshape import reshape
from flowgraph.ops.static import is_tensor
from flowgraph.train.scaffold import Scaffold
from flowgraph.train.session_run_hook import SessionRunHook

DEFAULT_SIGNATURE = "serving_default"


class EstimatorSpec(namedtuple("EstimatorSpec", (
        "mode", "predictions", "loss", "train_op", "eval_metric_ops", "export_outputs",
        "training_chief_hooks", "training_hooks", "scaffold", "evaluation_hooks",
        "prediction_hooks"))):
    """What a model function returns: the tensors and operations that an Estimator runs.

    Training needs `loss` and `train_op`, evaluation `loss`, prediction `predictions`; what is given
    besides is not looked at, so that a function may give everything each time.

    Args:
        mode: one of ModeKeys, as the function was given it.
        predictions: Tensor or dict of them by name.
        loss: scalar Tensor, or one of a single element.
        train_op: Operation or Tensor that makes one step, and adds 1 to the global step.
        eval_metric_ops: dict from names to pairs (value, update), as `tf.metrics` makes them, or to
            metrics of `tf.keras.metrics` that were called.
        export_outputs: dict from names of signatures to outputs of `tf.estimator.export`; default
            the predictions.
        training_chief_hooks: hooks for training; there is one process, so that these are as
            `training_hooks`.
        training_hooks: list of hooks for training.
        scaffold: a `tf.train.Scaffold`; default a new one.
        evaluation_hooks: list of hooks for evaluation.
        prediction_hooks: list of hooks for prediction.

    Raises:
        ValueError: what the mode needs is missing, the loss has several elements, or something is
            of another graph.
        TypeError: something is not of its kind.

    Example:
        >>> import flowgraph as fg
        >>> spec = fg.estimator.EstimatorSpec("infer", predictions={"double": fg.constant([2.0])})
        >>> sorted(spec.predictions), spec.loss
        (['double'], None)
    """

    __slots__ = ()

    def __new__(cls, mode: str, predictions: Any = None, loss: Any = None, train_op: Any = None,
                eval_metric_ops: Any = None, export_outputs: Any = None,
                training_chief_hooks: Any = None, training_hooks: Any = None, scaffold: Any = None,
                evaluation_hooks: Any = None, prediction_hooks: Any = None) -> EstimatorSpec:
        predictions = _predictions(predictions, mode)
        if mode == ModeKeys.PREDICT:
            export_outputs = _export_outputs(export_outputs, predictions)
        scaffold = scaffold or Scaffold()
        if not isinstance(scaffold, Scaffold):
            raise TypeError(located(f"scaffold must be tf.train.Scaffold. Given: {scaffold!r}"))
        return super().__new__(
            cls, mode, predictions, _loss(loss, mode), _train_op(train_op, mode),
            _metrics(eval_metric_ops), export_outputs, _hooks(training_chief_hooks),
            _hooks(training_hooks), scaffold, _hooks(evaluation_hooks), _hooks(prediction_hooks))

    def _replace(self, **kwds: Any) -> EstimatorSpec:
        """The same with other values, checked like new ones.

        Args:
            kwds: the values by name.

        Raises:
            ValueError: the mode would be another, or there is no such name.
        """
        if kwds.get("mode", self.mode) != self.mode:
            raise ValueError(located("mode of EstimatorSpec cannot be changed."))
        unknown = sorted(kwds.keys() - set(self._fields))
        if unknown:
            raise ValueError(located(f"Got unexpected field names: {unknown!r}"))
        return EstimatorSpec(**{**self._asdict(), **kwds})


def _of_default_graph(value: Any, what: str, name: str) -> None:
    if value.graph is not get_default_graph():
        raise ValueError(located(
            f'{what} with "{name}" must be from the default graph.',
            "It was created outside the context of the default graph, or not in the most recent "
            'call to "model_fn": build it inside the function.'))


def _tensor(value: Any, what: str) -> Any:
    if not is_tensor(value):
        raise TypeError(located(f"{what} must be Tensor, given: {value!r:.200}"))
    return value


def _train_op(train_op: Any, mode: str) -> Any:
    if train_op is None:
        if mode == ModeKeys.TRAIN:
            raise ValueError(located("Missing train_op.",
                                     "Give EstimatorSpec train_op=optimizer.minimize(loss, "
                                     "global_step=tf.train.get_global_step())."))
        return None
    if not isinstance(train_op, Operation) and not is_tensor(train_op):
        raise TypeError(located(f"train_op must be Operation or Tensor, given: {train_op!r:.200}"))
    _of_default_graph(train_op, "train_op", train_op.name)
    return train_op


def _loss(loss: Any, mode: str) -> Any:
    if loss is None:
        if mode in (ModeKeys.TRAIN, ModeKeys.EVAL):
            raise ValueError(located("Missing loss."))
        return None
    shape = TensorShape(_tensor(loss, "loss").shape)
    if shape.num_elements() not in (None, 1):
        raise ValueError(located(f"Loss must be scalar, given: {loss!r}",
                                 "Take the mean of it: tf.reduce_mean(loss)."))
    _of_default_graph(loss, "loss", loss.name)
    return loss if shape.is_compatible_with(TensorShape([])) else reshape(loss, [])


def _predictions(predictions: Any, mode: str) -> Any:
    if predictions is None:
        if mode == ModeKeys.PREDICT:
            raise ValueError(located("Missing predictions."))
        return {}
    if not isinstance(predictions, dict):
        _of_default_graph(_tensor(predictions, "predictions"), "prediction values",
                          predictions.name)
        return predictions
    for key, value in predictions.items():
        _of_default_graph(_tensor(value, f"predictions[{key}]"), "prediction values",
                          f"{key}: {getattr(value, 'name', value)}")
    return predictions


def _export_outputs(export_outputs: Any, predictions: Any) -> dict[str, Any]:
    """The outputs with one of the name that servers ask for if nothing else is said."""
    if export_outputs is None:
        return {DEFAULT_SIGNATURE: PredictOutput(predictions)}
    if not isinstance(export_outputs, dict):
        raise TypeError(located(f"export_outputs must be dict, given: {export_outputs!r:.200}"))
    for value in export_outputs.values():
        if not isinstance(value, ExportOutput):
            raise TypeError(located("Values in export_outputs must be ExportOutput objects. Given: "
                                    f"{export_outputs!r:.200}"))
    if len(export_outputs) == 1:
        export_outputs = {**export_outputs, DEFAULT_SIGNATURE: next(iter(export_outputs.values()))}
    if export_outputs and DEFAULT_SIGNATURE not in export_outputs:
        raise ValueError(located(
            "Multiple export_outputs were provided, but none of them is specified as the default.",
            f"Name one of them tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY, "
            f"{DEFAULT_SIGNATURE!r}."))
    return export_outputs


def _metrics(eval_metric_ops: Any) -> dict[str, Any]:
    if eval_metric_ops is None:
        return {}
    if not isinstance(eval_metric_ops, dict):
        raise TypeError(located(f"eval_metric_ops must be a dict, given: {eval_metric_ops!r:.200}"))
    checked = {}
    for key, value in eval_metric_ops.items():
        pair = _pair_of_keras(value) if hasattr(value, "update_state") else value
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(located(
                "Values of eval_metric_ops must be (metric_value, update_op) tuples, given: "
                f"{value!r:.200} for key: {key}"))
        for part in (pair[0], *(pair[1] if isinstance(pair[1], (list, tuple)) else (pair[1],))):
            if hasattr(part, "graph"):
                _of_default_graph(part, "eval_metric_ops", f"{key}: {part.name}")
        checked[key] = pair
    return checked


def _pair_of_keras(metric: Any) -> tuple[Any, Any]:
    if not metric.updates:
        raise ValueError(located(
            f'Please call update_state(...) on the "{metric.name}" metric'))
    return metric.result(), metric.updates[0]


def _hooks(hooks: Any) -> tuple[Any, ...]:
    hooks = tuple(hooks or ())
    for hook in hooks:
        if not isinstance(hook, SessionRunHook):
            raise TypeError(located(f"All hooks must be SessionRunHook instances, given: {hook!r}"))
    return hooks
