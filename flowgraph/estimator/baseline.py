"""Premade models that look at no feature: what any other model must be better than."""

from __future__ import annotations

from typing import Any

from flowgraph.estimator.class_heads import classes_head
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.logits import baseline_logits, check_features
from flowgraph.estimator.optimizers import optimizer_of
from flowgraph.estimator.regression_heads import RegressionHead
from flowgraph.losses import Reduction
from flowgraph.train.global_step import get_global_step

_RATE = 0.3


class BaselineEstimator(Estimator):
    """The same prediction for each example, with a head of one's own.

    Args:
        head: a Head, from the logits to predictions, loss and metrics.
        model_dir: folder of the checkpoints and event files.
        optimizer: an Optimizer, a function that returns one, or the name of one (with a learning
            rate of 0.3).
        config: a RunConfig.

    Raises:
        ValueError: when it is used: the features are no dict.

    Example:
        >>> import flowgraph as fg
        >>> model = fg.estimator.BaselineEstimator(fg.estimator.MultiLabelHead(2))
        >>> row = next(model.predict(lambda: fg.data.Dataset.from_tensors({"x": [[1.0]]})))
        >>> row["probabilities"]
        array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, head: Any, model_dir: Any = None, optimizer: Any = "Ftrl",
                 config: Any = None) -> None:
        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            check_features(features)
            logits = baseline_logits(features, head.logits_dimension)
            return head.create_estimator_spec(
                features, mode, logits, labels,
                train_op_fn=lambda loss: optimizer_of(optimizer, _RATE).minimize(
                    loss, global_step=get_global_step()))
        super().__init__(model_fn, model_dir, config)


class BaselineClassifier(BaselineEstimator):
    """Predicts how frequent each class is.

    Args:
        model_dir, optimizer, config: as for BaselineEstimator.
        n_classes: how many classes; labels are ids from 0.
        weight_column: name of the feature with the examples' weights, or a numeric column.
        label_vocabulary: list of texts, if labels are such.
        loss_reduction: how the losses of a batch's examples become one; default their sum.

    Raises:
        ValueError: there are fewer than two classes.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.zeros([4])}, np.array([0, 1, 1, 1]), num_epochs=300, shuffle=False,
        ...     batch_size=2)
        >>> model = fg.estimator.BaselineClassifier().train(data)
        >>> next(model.predict(data))["probabilities"].round(2)
        array([0.25, 0.75], dtype=float32)
    """

    def __init__(self, model_dir: Any = None, n_classes: int = 2, weight_column: Any = None,
                 label_vocabulary: Any = None, optimizer: Any = "Ftrl", config: Any = None,
                 loss_reduction: str = Reduction.SUM) -> None:
        super().__init__(classes_head(n_classes, weight_column, label_vocabulary, loss_reduction),
                         model_dir, optimizer, config)


class BaselineRegressor(BaselineEstimator):
    """Predicts the mean of the labels.

    Args:
        model_dir, optimizer, config: as for BaselineEstimator.
        label_dimension: how many numbers a label has.
        weight_column: name of the feature with the examples' weights, or a numeric column.
        loss_reduction: how the losses of a batch's examples become one; default their sum.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.zeros([2])}, np.array([1.0, 3.0]), num_epochs=300, shuffle=False,
        ...     batch_size=2)
        >>> model = fg.estimator.BaselineRegressor().train(data)
        >>> next(model.predict(data))["predictions"].round(2)
        array([2.], dtype=float32)
    """

    def __init__(self, model_dir: Any = None, label_dimension: int = 1, weight_column: Any = None,
                 optimizer: Any = "Ftrl", config: Any = None,
                 loss_reduction: str = Reduction.SUM) -> None:
        super().__init__(RegressionHead(label_dimension, weight_column, loss_reduction),
                         model_dir, optimizer, config)
