"""Premade linear models."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.estimator.class_heads import classes_head
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.logits import check_features, linear_logits, scope_of
from flowgraph.estimator.optimizers import optimizer_of
from flowgraph.estimator.regression_heads import RegressionHead
from flowgraph.losses import Reduction
from flowgraph.train.ftrl import FtrlOptimizer

_RATE = 0.2


class LinearEstimator(Estimator):
    """A linear model with a head of one's own.

    Args:
        head: a Head, from the logits to predictions, loss and metrics.
        feature_columns: list of columns.
        model_dir: folder of the checkpoints and event files.
        optimizer: an Optimizer, a function that returns one, or the name of one, which gets a
            learning rate of 0.2; None for Ftrl with 1 / sqrt(number of columns), at most 0.2.
        config: a RunConfig.
        partitioner: partitioner of the variables.
        sparse_combiner: "sum", "mean" or "sqrtn": how several categories of one example count.
        warm_start_from: folder of an earlier model's checkpoint, or WarmStartSettings.

    Raises:
        ValueError: when it is used: the features are no dict.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> model = fg.estimator.LinearEstimator(fg.estimator.PoissonRegressionHead(), [x])
        >>> [float(row["predictions"][0]) for row in model.predict(
        ...     lambda: fg.data.Dataset.from_tensors({"x": [[1.0], [2.0]]}))]
        [1.0, 1.0]
    """

    def __init__(self, head: Any, feature_columns: Any, model_dir: Any = None,
                 optimizer: Any = "Ftrl", config: Any = None, partitioner: Any = None,
                 sparse_combiner: str = "sum", warm_start_from: Any = None) -> None:
        columns = tuple(feature_columns or ())

        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            check_features(features)
            with scope_of("linear", features, 64 << 20, partitioner):
                logits = linear_logits(features, head.logits_dimension, columns, sparse_combiner)
                chosen = optimizer if optimizer is not None else FtrlOptimizer(
                    min(_RATE, 1.0 / math.sqrt(len(columns))))
                return head.create_estimator_spec(features, mode, logits, labels,
                                                  optimizer=optimizer_of(chosen, _RATE))
        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class LinearClassifier(LinearEstimator):
    """A linear model that chooses classes.

    Args:
        feature_columns: list of columns.
        model_dir: folder of the checkpoints and event files.
        n_classes: how many classes; labels are ids from 0.
        weight_column: name of the feature with the examples' weights, or a numeric column.
        label_vocabulary: list of texts, if labels are such.
        optimizer, config, partitioner, warm_start_from, sparse_combiner: as for LinearEstimator.
        loss_reduction: how the losses of a batch's examples become one; default their sum.

    Raises:
        ValueError: there are fewer than two classes.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.array([-2.0, -1.0, 1.0, 2.0])}, np.array([0, 0, 1, 1]), num_epochs=50,
        ...     shuffle=False, batch_size=4)
        >>> model = fg.estimator.LinearClassifier([x]).train(data)
        >>> model.evaluate(data)["accuracy"]
        np.float32(1.0)
    """

    def __init__(self, feature_columns: Any, model_dir: Any = None, n_classes: int = 2,
                 weight_column: Any = None, label_vocabulary: Any = None, optimizer: Any = "Ftrl",
                 config: Any = None, partitioner: Any = None, warm_start_from: Any = None,
                 loss_reduction: str = Reduction.SUM, sparse_combiner: str = "sum") -> None:
        super().__init__(classes_head(n_classes, weight_column, label_vocabulary, loss_reduction),
                         feature_columns, model_dir, optimizer, config, partitioner,
                         sparse_combiner, warm_start_from)


class LinearRegressor(LinearEstimator):
    """A linear model that predicts numbers.

    Args:
        feature_columns: list of columns.
        model_dir: folder of the checkpoints and event files.
        label_dimension: how many numbers a label has.
        weight_column: name of the feature with the examples' weights, or a numeric column.
        optimizer, config, partitioner, warm_start_from, sparse_combiner: as for LinearEstimator.
        loss_reduction: how the losses of a batch's examples become one; default their sum.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.array([0.0, 1.0])}, np.array([1.0, 3.0]), num_epochs=300, shuffle=False,
        ...     batch_size=2)
        >>> model = fg.estimator.LinearRegressor([x]).train(data)
        >>> round(float(model.get_variable_value("linear/linear_model/x/weights")[0, 0]), 1)
        2.0
    """

    def __init__(self, feature_columns: Any, model_dir: Any = None, label_dimension: int = 1,
                 weight_column: Any = None, optimizer: Any = "Ftrl", config: Any = None,
                 partitioner: Any = None, warm_start_from: Any = None,
                 loss_reduction: str = Reduction.SUM, sparse_combiner: str = "sum") -> None:
        super().__init__(RegressionHead(label_dimension, weight_column, loss_reduction),
                         feature_columns, model_dir, optimizer, config, partitioner,
                         sparse_combiner, warm_start_from)
