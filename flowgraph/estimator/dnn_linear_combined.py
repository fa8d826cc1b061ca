"""Premade models of a network beside a linear model, "wide and deep"."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core.frames import located
from flowgraph.estimator.class_heads import classes_head
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.logits import (
    check_features,
    dnn_logits,
    linear_logits,
    one_part,
    scope_of,
    summarize_layer,
)
from flowgraph.estimator.optimizers import counted_together, optimizer_of
from flowgraph.estimator.regression_heads import RegressionHead
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_collection
from flowgraph.losses import Reduction
from flowgraph.ops.activation import relu

_DNN_RATE = 0.001
_LINEAR_RATE = 0.005


class DNNLinearCombinedEstimator(Estimator):
    """A network beside a linear model, whose logits are added, with a head of one's own.

    Args:
        head: a Head, from the logits to predictions, loss and metrics.
        model_dir: folder of the checkpoints and event files.
        linear_feature_columns: list of columns of the linear model; None for none.
        linear_optimizer: an Optimizer, a function that returns one, or the name of one (with a
            learning rate of at most 0.005, 1 / sqrt(number of columns)).
        dnn_feature_columns: list of dense columns of the network; None for none.
        dnn_optimizer: likewise, with a learning rate of 0.001.
        dnn_hidden_units: list of the sizes of the hidden layers.
        dnn_activation_fn: their activation function; None for none.
        dnn_dropout: the share of units that are left out in training; None for none.
        input_layer_partitioner: partitioner of the columns' variables.
        config: a RunConfig.
        batch_norm: whether to normalize after each hidden layer.
        linear_sparse_combiner: "sum", "mean" or "sqrtn": how several categories of one example
            count.
        warm_start_from: folder of an earlier model's checkpoint, or WarmStartSettings.

    Raises:
        ValueError: there are no columns. When it is used: the features are no dict, or there are
            no hidden units.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> model = fg.estimator.DNNLinearCombinedEstimator(
        ...     fg.estimator.BinaryClassHead(), linear_feature_columns=[x],
        ...     dnn_feature_columns=[x], dnn_hidden_units=[4])
        >>> row = next(model.predict(lambda: fg.data.Dataset.from_tensors({"x": [[1.0]]})))
        >>> row["logits"].shape
        (1,)
    """

    def __init__(self, head: Any, model_dir: Any = None, linear_feature_columns: Any = None,
                 linear_optimizer: Any = "Ftrl", dnn_feature_columns: Any = None,
                 dnn_optimizer: Any = "Adagrad", dnn_hidden_units: Any = None,
                 dnn_activation_fn: Any = relu, dnn_dropout: Any = None,
                 input_layer_partitioner: Any = None, config: Any = None,
                 linear_sparse_combiner: str = "sum", warm_start_from: Any = None,
                 batch_norm: bool = False) -> None:
        wide, deep = tuple(linear_feature_columns or ()), tuple(dnn_feature_columns or ())
        if not wide and not deep:
            raise ValueError(located(
                "Either linear_feature_columns or dnn_feature_columns must be defined."))
        if deep and not dnn_hidden_units:
            raise ValueError(located("dnn_hidden_units must be defined when dnn_feature_columns is "
                                     "specified."))
        partitioner = input_layer_partitioner or one_part()

        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            check_features(features)
            parts, training = [], []
            if deep:
                with scope_of("dnn", features) as scope:
                    parts.append(dnn_logits(features, mode, head.logits_dimension,
                                            dnn_hidden_units, deep, dnn_activation_fn, dnn_dropout,
                                            batch_norm, partitioner))
                training.append((optimizer_of(dnn_optimizer, _DNN_RATE), scope.name))
            if wide:
                with scope_of("linear", features, partitioner=partitioner) as scope:
                    parts.append(linear_logits(features, head.logits_dimension, wide,
                                               linear_sparse_combiner))
                    summarize_layer(parts[-1], scope.name)
                rate = min(_LINEAR_RATE, 1.0 / math.sqrt(len(wide)))
                training.append((optimizer_of(linear_optimizer, rate), scope.name))
            return head.create_estimator_spec(
                features, mode, parts[0] + parts[1] if len(parts) > 1 else parts[0], labels,
                train_op_fn=lambda loss: _train_op(loss, training))
        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


def _train_op(loss: Any, training: list[tuple[Any, str]]) -> Any:
    """Each optimizer makes a step with the variables of its scope, then the step counts."""
    return counted_together([
        optimizer.minimize(loss, var_list=get_collection(GraphKeys.TRAINABLE_VARIABLES, scope))
        for optimizer, scope in training])


class DNNLinearCombinedClassifier(DNNLinearCombinedEstimator):
    """A network beside a linear model that choose classes.

    Args:
        model_dir, linear_feature_columns, linear_optimizer, dnn_feature_columns, dnn_optimizer,
            dnn_hidden_units, dnn_activation_fn, dnn_dropout, input_layer_partitioner, config,
            warm_start_from, batch_norm, linear_sparse_combiner: as for DNNLinearCombinedEstimator.
        n_classes: how many classes; labels are ids from 0.
        weight_column: name of the feature with the examples' weights, or a numeric column.
        label_vocabulary: list of texts, if labels are such.
        loss_reduction: how the losses of a batch's examples become one; default their sum.

    Raises:
        ValueError: there are no columns, or fewer than two classes.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> b = fg.feature_column.bucketized_column(x, [0.0])
        >>> model = fg.estimator.DNNLinearCombinedClassifier(
        ...     linear_feature_columns=[b], dnn_feature_columns=[x], dnn_hidden_units=[8, 4])
        >>> row = next(model.predict(lambda: fg.data.Dataset.from_tensors({"x": [[1.0]]})))
        >>> row["probabilities"].shape
        (2,)
    """

    def __init__(self, model_dir: Any = None, linear_feature_columns: Any = None,
                 linear_optimizer: Any = "Ftrl", dnn_feature_columns: Any = None,
                 dnn_optimizer: Any = "Adagrad", dnn_hidden_units: Any = None,
                 dnn_activation_fn: Any = relu, dnn_dropout: Any = None, n_classes: int = 2,
                 weight_column: Any = None, label_vocabulary: Any = None,
                 input_layer_partitioner: Any = None, config: Any = None,
                 warm_start_from: Any = None, loss_reduction: str = Reduction.SUM,
                 batch_norm: bool = False, linear_sparse_combiner: str = "sum") -> None:
        super().__init__(classes_head(n_classes, weight_column, label_vocabulary, loss_reduction),
                         model_dir, linear_feature_columns, linear_optimizer, dnn_feature_columns,
                         dnn_optimizer, dnn_hidden_units, dnn_activation_fn, dnn_dropout,
                         input_layer_partitioner, config, linear_sparse_combiner,
                         warm_start_from, batch_norm)


class DNNLinearCombinedRegressor(DNNLinearCombinedEstimator):
    """A network beside a linear model that predict numbers.

    Args:
        model_dir, linear_feature_columns, linear_optimizer, dnn_feature_columns, dnn_optimizer,
            dnn_hidden_units, dnn_activation_fn, dnn_dropout, input_layer_partitioner, config,
            warm_start_from, batch_norm, linear_sparse_combiner: as for DNNLinearCombinedEstimator.
        label_dimension: how many numbers a label has.
        weight_column: name of the feature with the examples' weights, or a numeric column.
        loss_reduction: how the losses of a batch's examples become one; default their sum.

    Raises:
        ValueError: there are no columns.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> model = fg.estimator.DNNLinearCombinedRegressor(linear_feature_columns=[x])
        >>> row = next(model.predict(lambda: fg.data.Dataset.from_tensors({"x": [[1.0]]})))
        >>> row["predictions"]
        array([0.], dtype=float32)
    """

    def __init__(self, model_dir: Any = None, linear_feature_columns: Any = None,
                 linear_optimizer: Any = "Ftrl", dnn_feature_columns: Any = None,
                 dnn_optimizer: Any = "Adagrad", dnn_hidden_units: Any = None,
                 dnn_activation_fn: Any = relu, dnn_dropout: Any = None, label_dimension: int = 1,
                 weight_column: Any = None, input_layer_partitioner: Any = None,
                 config: Any = None, warm_start_from: Any = None,
                 loss_reduction: str = Reduction.SUM, batch_norm: bool = False,
                 linear_sparse_combiner: str = "sum") -> None:
        super().__init__(RegressionHead(label_dimension, weight_column, loss_reduction),
                         model_dir, linear_feature_columns, linear_optimizer, dnn_feature_columns,
                         dnn_optimizer, dnn_hidden_units, dnn_activation_fn, dnn_dropout,
                         input_layer_partitioner, config, linear_sparse_combiner,
                         warm_start_from, batch_norm)
