"""MetricSpec: a metric for `evaluate`, and what of a model it looks at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.estimator.arguments import parameters_of


class MetricSpec:
    """A metric for `evaluate`.

    Args:
        metric_fn: function of predictions, labels and if it names them weights, that returns a
            pair (value, update), as those of `tf.metrics` and `tf.contrib.metrics`.
        prediction_key: name of the prediction, if a model has several.
        label_key: name of the label, if there are several.
        weight_key: name of the feature with weights.

    Example:
        >>> import flowgraph as fg
        >>> spec = fg.contrib.learn.MetricSpec(fg.metrics.accuracy, prediction_key="classes")
        >>> spec.prediction_key
        'classes'
    """

    def __init__(self, metric_fn: Callable[..., Any], prediction_key: str | None = None,
                 label_key: str | None = None, weight_key: str | None = None) -> None:
        self.metric_fn = metric_fn
        self.prediction_key, self.label_key = prediction_key, label_key
        self.weight_key = weight_key

    def create_metric_ops(self, inputs: Any, labels: Any, predictions: Any) -> Any:
        """The metric of a batch.

        Args:
            inputs: the features.
            labels: Tensor, or dict of them.
            predictions: Tensor, or dict of them.

        Returns:
            A pair (value, update).

        Raises:
            ValueError: there are several to choose from and no key is given.
        """
        prediction = _one_of(predictions, self.prediction_key, "prediction")
        label = _one_of(labels, self.label_key, "label")
        if getattr(label, "shape", None) is not None and label.shape.ndims == 2 and (
                prediction.shape.ndims == 1):
            label = label[:, 0]
        takes = parameters_of(self.metric_fn)
        names = {name for name in ("labels", "targets", "predictions") if name in takes}
        weights = {} if self.weight_key is None else {"weights": inputs[self.weight_key]}
        if "predictions" in names and names & {"labels", "targets"}:
            label_name = "labels" if "labels" in names else "targets"
            return self.metric_fn(**{"predictions": prediction, label_name: label}, **weights)
        return self.metric_fn(prediction, label, **weights)


def _one_of(values: Any, key: Any, what: str) -> Any:
    if not isinstance(values, dict):
        return values
    if key is None and len(values) > 1:
        raise ValueError(located(
            f"MetricSpec without specified {what}_key requires {what}s tensor or single element "
            f"dictionary, got {sorted(map(str, values))}", f"Give the MetricSpec {what}_key=."))
    return values[key] if key is not None else next(iter(values.values()))
