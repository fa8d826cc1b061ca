"""Heads that predict numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.estimator.export_output import PredictOutput, RegressionOutput
from flowgraph.estimator.head import Head
from flowgraph.losses import Reduction, mean_squared_error
from flowgraph.metrics import mean as mean_metric
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones_like
from flowgraph.ops.cross_entropy import log_poisson_loss, sigmoid_cross_entropy_with_logits
from flowgraph.ops.exponential import exp, sigmoid


class RegressionHead(Head):
    """Numbers, trained by the squared error.

    Args:
        label_dimension: how many numbers an example has.
        weight_column, loss_reduction, loss_fn, name: as for `tf.estimator.Head`.
        inverse_link_fn: function from logits to predictions; default none: logits are predictions.

    Raises:
        ValueError: the dimension is not positive, or something is not of its kind.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.estimator.RegressionHead()
        >>> spec = head.create_estimator_spec({}, "eval", fg.constant([[1.0], [3.0]]),
        ...                                   fg.constant([0.0, 0.0]))
        >>> fg.Session().run(spec.loss)
        np.float32(5.0)
    """

    _numbers_key = "predictions"  # the name of the numbers among the predictions

    def __init__(self, label_dimension: int = 1, weight_column: Any = None,
                 loss_reduction: str = "sum_over_batch_size",
                 loss_fn: Callable[..., Any] | None = None,
                 inverse_link_fn: Callable[[Any], Any] | None = None,
                 name: str | None = None) -> None:
        if label_dimension < 1:
            raise ValueError(located(f"Invalid label_dimension {label_dimension}."))
        super().__init__(weight_column, loss_reduction, loss_fn, name)
        self._dimension, self._inverse_link_fn = label_dimension, inverse_link_fn

    @property
    def logits_dimension(self) -> int:
        """How many numbers an example has."""
        return self._dimension

    @property
    def _label_dimension(self) -> int:
        return self._dimension

    @property
    def _weighs_logits(self) -> bool:
        return True

    def predictions(self, logits: Any) -> dict[str, Any]:
        """The numbers under "predictions", and "logits" where these are others."""
        if self._inverse_link_fn is None:
            return {"predictions": logits}
        return {"predictions": self._inverse_link_fn(logits), "logits": logits}

    def _labels(self, labels: Any) -> Any:
        return cast(labels, dt.float32)

    def _losses(self, labels: Any, logits: Any) -> Any:
        return mean_squared_error(labels, logits, reduction=Reduction.NONE)

    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        numbers = predictions["predictions"]
        weighted = weights * ones_like(numbers)
        return {"prediction/mean": mean_metric(numbers, weighted, name="prediction/mean"),
                "label/mean": mean_metric(labels, weighted, name="label/mean")}

    def _outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        regression = RegressionOutput(predictions[self._numbers_key])
        return {"serving_default": regression, "regression": regression,
                "predict": PredictOutput(predictions)}


class PoissonRegressionHead(RegressionHead):
    """Counts, trained by the likelihood of Poisson's distribution.

    Args:
        label_dimension, weight_column, loss_reduction, name: as for `RegressionHead`.
        compute_full_loss: whether the loss has the term that does not depend on the model.

    Raises:
        ValueError: the dimension is not positive.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.estimator.PoissonRegressionHead()
        >>> spec = head.create_estimator_spec({}, "infer", fg.constant([[0.0]]))
        >>> fg.Session().run(spec.predictions["predictions"])
        array([[1.]], dtype=float32)
    """

    def __init__(self, label_dimension: int = 1, weight_column: Any = None,
                 loss_reduction: str = "sum_over_batch_size",
                 compute_full_loss: bool = True, name: str | None = None) -> None:
        super().__init__(label_dimension, weight_column, loss_reduction, None, exp, name)
        self._compute_full_loss = compute_full_loss

    def _losses(self, labels: Any, logits: Any) -> Any:
        return log_poisson_loss(targets=labels, log_input=logits,
                                compute_full_loss=self._compute_full_loss)


class LogisticRegressionHead(RegressionHead):
    """Numbers from 0 to 1, trained by the cross entropy.

    Args:
        weight_column, loss_reduction, name: as for `RegressionHead`.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.estimator.LogisticRegressionHead()
        >>> spec = head.create_estimator_spec({}, "infer", fg.constant([[0.0]]))
        >>> fg.Session().run(spec.predictions["predictions"])
        array([[0.5]], dtype=float32)
    """

    def __init__(self, weight_column: Any = None,
                 loss_reduction: str = "sum_over_batch_size",
                 name: str | None = None) -> None:
        super().__init__(1, weight_column, loss_reduction, None, sigmoid, name)

    def _losses(self, labels: Any, logits: Any) -> Any:
        return sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
