"""Premade networks of dense layers."""

from __future__ import annotations

from typing import Any

from flowgraph.estimator.class_heads import classes_head
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.logits import check_features, dnn_logits, scope_of
from flowgraph.estimator.optimizers import optimizer_of
from flowgraph.estimator.regression_heads import RegressionHead
from flowgraph.losses import Reduction
from flowgraph.ops.activation import relu

_RATE = 0.05


class DNNEstimator(Estimator):
    """A network of dense layers with a head of one's own.

    Args:
        head: a Head, from the logits to predictions, loss and metrics.
        hidden_units: list of the sizes of the hidden layers.
        feature_columns: list of dense columns.
        model_dir: folder of the checkpoints and event files.
        optimizer: an Optimizer, a function that returns one, or the name of one (with a learning
            rate of 0.05).
        activation_fn: the hidden layers' activation function; None for none.
        dropout: the share of units that are left out in training; None for none.
        input_layer_partitioner: partitioner of the columns' variables.
        config: a RunConfig.
        warm_start_from: folder of an earlier model's checkpoint, or WarmStartSettings.
        batch_norm: whether to normalize after each hidden layer.

    Raises:
        ValueError: when it is used: the features are no dict.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> head = fg.estimator.MultiLabelHead(n_classes=3)
        >>> model = fg.estimator.DNNEstimator(head, [4], [x])
        >>> row = next(model.predict(lambda: fg.data.Dataset.from_tensors({"x": [[1.0]]})))
        >>> row["probabilities"].shape
        (3,)
    """

    def __init__(self, head: Any, hidden_units: Any, feature_columns: Any, model_dir: Any = None,
                 optimizer: Any = "Adagrad", activation_fn: Any = relu, dropout: Any = None,
                 input_layer_partitioner: Any = None, config: Any = None,
                 warm_start_from: Any = None, batch_norm: bool = False) -> None:
        columns = tuple(feature_columns or ())

        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            check_features(features)
            with scope_of("dnn", features):
                logits = dnn_logits(features, mode, head.logits_dimension, hidden_units, columns,
                                    activation_fn, dropout, batch_norm, input_layer_partitioner)
                return head.create_estimator_spec(features, mode, logits, labels,
                                                  optimizer=optimizer_of(optimizer, _RATE))
        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class DNNClassifier(DNNEstimator):
    """A network of dense layers that chooses classes.

    Args:
        hidden_units: list of the sizes of the hidden layers.
        feature_columns: list of dense columns.
        model_dir: folder of the checkpoints and event files.
        n_classes: how many classes; labels are ids from 0.
        weight_column: name of the feature with the examples' weights, or a numeric column.
        label_vocabulary: list of texts, if labels are such.
        optimizer, activation_fn, dropout, input_layer_partitioner, config, warm_start_from,
            batch_norm: as for DNNEstimator.
        loss_reduction: how the losses of a batch's examples become one; default their sum.

    Raises:
        ValueError: there are fewer than two classes.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.array([-1.0, 0.0, 1.0])}, np.array([0, 1, 2]), num_epochs=200,
        ...     shuffle=False, batch_size=3)
        >>> config = fg.estimator.RunConfig(tf_random_seed=1)
        >>> model = fg.estimator.DNNClassifier([10], [x], n_classes=3, config=config).train(data)
        >>> model.evaluate(data)["accuracy"]
        np.float32(1.0)
    """

    def __init__(self, hidden_units: Any, feature_columns: Any, model_dir: Any = None,
                 n_classes: int = 2, weight_column: Any = None, label_vocabulary: Any = None,
                 optimizer: Any = "Adagrad", activation_fn: Any = relu, dropout: Any = None,
                 input_layer_partitioner: Any = None, config: Any = None,
                 warm_start_from: Any = None, loss_reduction: str = Reduction.SUM,
                 batch_norm: bool = False) -> None:
        super().__init__(classes_head(n_classes, weight_column, label_vocabulary, loss_reduction),
                         hidden_units, feature_columns, model_dir, optimizer, activation_fn,
                         dropout, input_layer_partitioner, config, warm_start_from, batch_norm)


class DNNRegressor(DNNEstimator):
    """A network of dense layers that predicts numbers.

    Args:
        hidden_units: list of the sizes of the hidden layers.
        feature_columns: list of dense columns.
        model_dir: folder of the checkpoints and event files.
        label_dimension: how many numbers a label has.
        weight_column: name of the feature with the examples' weights, or a numeric column.
        optimizer, activation_fn, dropout, input_layer_partitioner, config, warm_start_from,
            batch_norm: as for DNNEstimator.
        loss_reduction: how the losses of a batch's examples become one; default their sum.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> model = fg.estimator.DNNRegressor([4, 2], [x])
        >>> row = next(model.predict(lambda: fg.data.Dataset.from_tensors({"x": [[1.0]]})))
        >>> row["predictions"].shape
        (1,)
    """

    def __init__(self, hidden_units: Any, feature_columns: Any, model_dir: Any = None,
                 label_dimension: int = 1, weight_column: Any = None, optimizer: Any = "Adagrad",
                 activation_fn: Any = relu, dropout: Any = None,
                 input_layer_partitioner: Any = None, config: Any = None,
                 warm_start_from: Any = None, loss_reduction: str = Reduction.SUM,
                 batch_norm: bool = False) -> None:
        super().__init__(RegressionHead(label_dimension, weight_column, loss_reduction),
                         hidden_units, feature_columns, model_dir, optimizer, activation_fn,
                         dropout, input_layer_partitioner, config, warm_start_from, batch_norm)
