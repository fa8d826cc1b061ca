"""`add_metrics`: further metrics for an Estimator that is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.estimator.arguments import parameters_of
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.mode_keys import ModeKeys


def add_metrics(estimator: Estimator, metric_fn: Callable[..., dict[str, Any]]) -> Estimator:
    """A new Estimator of the same model and folder that computes further metrics.

    Args:
        estimator: the Estimator.
        metric_fn: function of any of `features`, `labels`, `predictions` and `config` that returns
            a dict as for `eval_metric_ops`; it replaces metrics of the same names.

    Returns:
        The new Estimator.

    Raises:
        ValueError: `metric_fn` takes other arguments.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> def error(labels, predictions):
        ...     numbers = fg.squeeze(predictions["predictions"], -1)
        ...     return {"error": fg.metrics.mean_absolute_error(labels, numbers)}
        >>> x = fg.feature_column.numeric_column("x")
        >>> model = fg.estimator.add_metrics(fg.estimator.LinearRegressor([x]), error)
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.zeros([2])}, np.array([1, 3], np.float32), shuffle=False)
        >>> model.evaluate(data)["error"]
        np.float32(2.0)
    """
    takes = parameters_of(metric_fn)
    unknown = sorted(set(takes) - {"features", "labels", "predictions", "config"})
    if unknown:
        raise ValueError(located(f"metric_fn ({metric_fn}) has following not expected args: "
                                 f"{unknown}"))

    def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
        spec = estimator.model_fn(features, labels, mode, config)
        if mode != ModeKeys.EVAL:
            return spec
        given = {"features": features, "labels": labels, "predictions": spec.predictions,
                 "config": config}
        more = metric_fn(**{name: given[name] for name in takes})
        return spec._replace(eval_metric_ops={**spec.eval_metric_ops, **more})
    return Estimator(model_fn, estimator.model_dir, estimator.config)
