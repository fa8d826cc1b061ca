"""Premade models of `tf.contrib.learn`: linear ones, networks, and both side by side.

The variables have the names that TensorFlow 1 gave them:

    dnn/hiddenlayer_0/weights, …/biases       linear/<column>/weight
    dnn/logits/weights, …/biases              linear/bias_weight

The loss of a batch is the mean of its examples' losses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.contrib.layers import fully_connected
from flowgraph.contrib.learn.estimators import BaseEstimator
from flowgraph.contrib.learn.inputs import named, whole
from flowgraph.estimator.class_heads import classes_head
from flowgraph.estimator.logits import scope_of
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.optimizers import optimizer_of
from flowgraph.estimator.regression_heads import RegressionHead
from flowgraph.feature_column.columns import CategoricalColumn, Features, checked_columns
from flowgraph.feature_column.layers import input_layer, weighted_sum
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, get_collection
from flowgraph.losses import Reduction
from flowgraph.ops.activation import relu
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.bias import bias_add
from flowgraph.ops.clip import clip_by_global_norm
from flowgraph.ops.dropout import dropout as drop
from flowgraph.ops.identity import group
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.state import assign_add
from flowgraph.ops.variable_scope import get_variable, variable_scope
from flowgraph.train.global_step import get_global_step

_METRICS = {"prediction/mean": "labels/prediction_mean", "label/mean": "labels/actual_label_mean",
            "accuracy_baseline": "accuracy/baseline_label_mean",
            "precision": "precision/positive_threshold_0.500000_mean",
            "recall": "recall/positive_threshold_0.500000_mean"}


class _Premade(BaseEstimator):
    """A network, a linear model, or both, with a head."""

    def __init__(self, head: Any, deep: Any, wide: Any, hidden_units: Any, optimizers: Any,
                 model_dir: Any, config: Any, activation_fn: Any, dropout: Any,
                 gradient_clip_norm: Any, feature_engineering_fn: Any) -> None:
        deep, wide = tuple(deep or ()), tuple(wide or ())
        if not deep and not wide:
            raise ValueError("Either linear_feature_columns or dnn_feature_columns must be "
                             "defined.")

        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            if feature_engineering_fn is not None:
                features, labels = feature_engineering_fn(features, labels)
            features, labels = named(features), whole(labels)
            parts = []
            if deep:
                with scope_of("dnn", features):
                    parts.append(_dnn(features, mode, head.logits_dimension, deep, hidden_units,
                                      activation_fn, dropout))
            if wide:
                with scope_of("linear", features):
                    parts.append(_linear(features, head.logits_dimension, wide))

            def train(loss: Any) -> Any:
                return _train_op(loss, [(scope, optimizer) for scope, optimizer in optimizers
                                        if get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)],
                                 gradient_clip_norm)
            spec = head.create_estimator_spec(features, mode, sum(parts[1:], parts[0]), labels,
                                              train_op_fn=train)
            if mode != ModeKeys.EVAL:
                return spec
            return spec._replace(eval_metric_ops={
                _METRICS.get(key, key): pair for key, pair in spec.eval_metric_ops.items()
                if key != "average_loss"})
        super().__init__(model_fn, model_dir, config)

    def _values(self, key: str, x: Any, input_fn: Any, batch_size: Any, as_iterable: bool) -> Any:
        """One kind of predictions."""
        rows = BaseEstimator.predict(self, x, input_fn, batch_size, [key])
        values = (_value(row[key]) if key != "probabilities" else row[key] for row in rows)
        return values if as_iterable else np.array(list(values))


def _value(row: Any) -> Any:
    """A number of its own, or the array of several."""
    return row[0] if row.shape == (1,) else row


class _Classifier(_Premade):
    """What classifiers share."""

    _has_names = False

    def predict_classes(self, x: Any = None, input_fn: Any = None, batch_size: int | None = None,
                        as_iterable: bool = True) -> Any:
        """The class of each example.

        Args:
            x, input_fn, batch_size, as_iterable: as for `predict`.
        """
        return self._values("classes" if self._has_names else "class_ids", x, input_fn, batch_size,
                            as_iterable)

    def predict_proba(self, x: Any = None, input_fn: Any = None, batch_size: int | None = None,
                      as_iterable: bool = True) -> Any:
        """The probability of each class, for each example.

        Args:
            x, input_fn, batch_size, as_iterable: as for `predict`.
        """
        return self._values("probabilities", x, input_fn, batch_size, as_iterable)

    def predict(self, x: Any = None, input_fn: Any = None, batch_size: int | None = None,
                outputs: Any = None, as_iterable: bool = True,
                iterate_batches: bool = False) -> Any:
        """The class of each example, or what `outputs` names.

        Args:
            x, input_fn, batch_size, outputs, as_iterable, iterate_batches: as for
                `Estimator.predict`.
        """
        if outputs:
            return BaseEstimator.predict(self, x, input_fn, batch_size, outputs, as_iterable,
                                         iterate_batches)
        return self.predict_classes(x, input_fn, batch_size, as_iterable)


class _Regressor(_Premade):
    """What regressors share."""

    def predict_scores(self, x: Any = None, input_fn: Any = None, batch_size: int | None = None,
                       as_iterable: bool = True) -> Any:
        """The number of each example.

        Args:
            x, input_fn, batch_size, as_iterable: as for `predict`.
        """
        return self._values("scores", x, input_fn, batch_size, as_iterable)

    def predict(self, x: Any = None, input_fn: Any = None, batch_size: int | None = None,
                outputs: Any = None, as_iterable: bool = True,
                iterate_batches: bool = False) -> Any:
        """The number of each example, or what `outputs` names.

        Args:
            x, input_fn, batch_size, outputs, as_iterable, iterate_batches: as for
                `Estimator.predict`.
        """
        if outputs:
            return BaseEstimator.predict(self, x, input_fn, batch_size, outputs, as_iterable,
                                         iterate_batches)
        return self.predict_scores(x, input_fn, batch_size, as_iterable)


class _ScoresHead(RegressionHead):
    """Numbers under the name that `tf.contrib.learn` gives them."""

    def predictions(self, logits: Any) -> dict[str, Any]:
        """The numbers under "scores"; a single one without an axis of its own."""
        return {"scores": logits[:, 0] if self.logits_dimension == 1 else logits,
                "predictions": logits}

    def _metrics(self, labels: Any, predictions: dict[str, Any], weights: Any) -> dict[str, Any]:
        return {}


def _numbers(label_dimension: int, weight_column_name: Any) -> RegressionHead:
    return _ScoresHead(label_dimension, weight_column_name, Reduction.SUM_OVER_BATCH_SIZE)


def _classes(n_classes: int, weight_column_name: Any, label_keys: Any) -> Any:
    return classes_head(n_classes, weight_column_name, label_keys, Reduction.SUM_OVER_BATCH_SIZE)


def _dnn(features: dict[str, Any], mode: str, units: int, columns: Any, hidden_units: Any,
         activation_fn: Any, dropout: Any) -> Any:
    with variable_scope("input_from_feature_columns"):
        net = input_layer(features, columns)
    for i, count in enumerate(hidden_units):
        with variable_scope(f"hiddenlayer_{i}") as scope:
            net = fully_connected(net, count, activation_fn=activation_fn, scope=scope)
            if dropout is not None and mode == ModeKeys.TRAIN:
                net = drop(net, rate=dropout)
    with variable_scope("logits") as scope:
        return fully_connected(net, units, activation_fn=None, scope=scope)


def _linear(features: dict[str, Any], units: int, columns: Any) -> Any:
    cache, sums = Features(features), []
    for column in checked_columns(columns):
        with variable_scope(column.scope_name):
            rows = (column.num_buckets if isinstance(column, CategoricalColumn)
                    else column.variable_shape.num_elements())
            weight = get_variable("weight", [rows, units], initializer=Zeros())
            sums.append(weighted_sum(column, cache, weight, "sum"))
    return bias_add(add_n(sums), get_variable("bias_weight", [units], initializer=Zeros()))


def _train_op(loss: Any, optimizers: list[tuple[str, Callable[[], Any]]], clip_norm: Any) -> Any:
    """Each optimizer makes a step with the variables of its scope, then the step counts."""
    steps = []
    for scope, make in optimizers:
        optimizer = make()
        pairs = optimizer.compute_gradients(
            loss, get_collection(GraphKeys.TRAINABLE_VARIABLES, scope + "/"))
        if clip_norm is not None:
            gradients, variables = zip(*pairs)
            pairs = list(zip(clip_by_global_norm(gradients, clip_norm)[0], variables))
        steps.append(optimizer.apply_gradients(pairs))
    with control_dependencies([group(*steps)]):
        return assign_add(get_global_step(), 1).op


def _dnn_optimizer(optimizer: Any) -> tuple[str, Any]:
    return "dnn", lambda: optimizer_of("Adagrad" if optimizer is None else optimizer, 0.05)


def _linear_optimizer(optimizer: Any, columns: Any, most: float = 0.2) -> tuple[str, Any]:
    rate = min(most, 1.0 / math.sqrt(max(1, len(columns or ()))))
    return "linear", lambda: optimizer_of("Ftrl" if optimizer is None else optimizer, rate)


class DNNClassifier(_Classifier):
    """A network of dense layers that chooses classes.

    Args:
        hidden_units: list of the sizes of the hidden layers.
        feature_columns: list of dense columns, as `infer_real_valued_columns_from_input` makes.
        model_dir: folder of the checkpoints and event files.
        n_classes: how many classes; labels are ids from 0.
        weight_column_name: name of the feature with the examples' weights.
        optimizer: an Optimizer; default Adagrad with a learning rate of 0.05.
        activation_fn: the hidden layers' activation function.
        dropout: the share of units that are left out in training.
        gradient_clip_norm: gradients with a larger norm together are scaled down to it.
        enable_centered_bias: accepted.
        config: a RunConfig.
        feature_engineering_fn: function of features and labels that returns both, changed.
        embedding_lr_multipliers, input_layer_min_slice_size: accepted.
        label_keys: list of texts, if labels are such.

    Raises:
        ValueError: there are no columns.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x, y = np.array([[-1.0], [0.0], [1.0]]), np.array([0, 1, 2])
        >>> columns = fg.contrib.learn.infer_real_valued_columns_from_input(x)
        >>> model = fg.contrib.learn.DNNClassifier(
        ...     [10], columns, n_classes=3, config=fg.contrib.learn.RunConfig(tf_random_seed=1))
        >>> _ = model.fit(x, y, steps=200)
        >>> model.evaluate(x, y)["accuracy"], [int(c) for c in model.predict(x)]
        (np.float32(1.0), [0, 1, 2])
    """

    def __init__(self, hidden_units: Any, feature_columns: Any, model_dir: Any = None,
                 n_classes: int = 2, weight_column_name: Any = None, optimizer: Any = None,
                 activation_fn: Any = relu, dropout: Any = None, gradient_clip_norm: Any = None,
                 enable_centered_bias: bool = False, config: Any = None,
                 feature_engineering_fn: Any = None, embedding_lr_multipliers: Any = None,
                 input_layer_min_slice_size: Any = None, label_keys: Any = None) -> None:
        self._has_names = bool(label_keys)
        super().__init__(_classes(n_classes, weight_column_name, label_keys), feature_columns,
                         None, hidden_units, [_dnn_optimizer(optimizer)], model_dir, config,
                         activation_fn, dropout, gradient_clip_norm, feature_engineering_fn)


class DNNRegressor(_Regressor):
    """A network of dense layers that predicts numbers.

    Args:
        hidden_units, feature_columns, model_dir, weight_column_name, optimizer, activation_fn,
            dropout, gradient_clip_norm, enable_centered_bias, config, feature_engineering_fn,
            embedding_lr_multipliers, input_layer_min_slice_size: as for DNNClassifier.
        label_dimension: how many numbers a label has.

    Raises:
        ValueError: there are no columns.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = np.array([[0.0], [1.0]])
        >>> columns = fg.contrib.learn.infer_real_valued_columns_from_input(x)
        >>> model = fg.contrib.learn.DNNRegressor([4], columns).fit(x, x[:, 0], steps=2)
        >>> model.predict(x, as_iterable=False).shape
        (2,)
    """

    def __init__(self, hidden_units: Any, feature_columns: Any, model_dir: Any = None,
                 weight_column_name: Any = None, optimizer: Any = None, activation_fn: Any = relu,
                 dropout: Any = None, gradient_clip_norm: Any = None,
                 enable_centered_bias: bool = False, config: Any = None,
                 feature_engineering_fn: Any = None, label_dimension: int = 1,
                 embedding_lr_multipliers: Any = None,
                 input_layer_min_slice_size: Any = None) -> None:
        super().__init__(_numbers(label_dimension, weight_column_name), feature_columns, None,
                         hidden_units, [_dnn_optimizer(optimizer)], model_dir, config,
                         activation_fn, dropout, gradient_clip_norm, feature_engineering_fn)


class LinearClassifier(_Classifier):
    """A linear model that chooses classes.

    Args:
        feature_columns: list of columns.
        model_dir: folder of the checkpoints and event files.
        n_classes: how many classes; labels are ids from 0.
        weight_column_name: name of the feature with the examples' weights.
        optimizer: an Optimizer; default Ftrl with a learning rate of at most 0.2.
        gradient_clip_norm: gradients with a larger norm together are scaled down to it.
        enable_centered_bias, _joint_weight: accepted.
        config: a RunConfig.
        feature_engineering_fn: function of features and labels that returns both, changed.
        label_keys: list of texts, if labels are such.

    Raises:
        ValueError: there are no columns.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
        >>> columns = fg.contrib.learn.infer_real_valued_columns_from_input(x)
        >>> model = fg.contrib.learn.LinearClassifier(columns).fit(x, y, steps=20)
        >>> [int(c) for c in model.predict_classes(x)]
        [0, 1]
    """

    def __init__(self, feature_columns: Any, model_dir: Any = None, n_classes: int = 2,
                 weight_column_name: Any = None, optimizer: Any = None,
                 gradient_clip_norm: Any = None, enable_centered_bias: bool = False,
                 _joint_weight: bool = False, config: Any = None,
                 feature_engineering_fn: Any = None, label_keys: Any = None) -> None:
        self._has_names = bool(label_keys)
        super().__init__(_classes(n_classes, weight_column_name, label_keys), None,
                         feature_columns, None, [_linear_optimizer(optimizer, feature_columns)],
                         model_dir, config, None, None, gradient_clip_norm,
                         feature_engineering_fn)


class LinearRegressor(_Regressor):
    """A linear model that predicts numbers.

    Args:
        feature_columns, model_dir, weight_column_name, optimizer, gradient_clip_norm,
            enable_centered_bias, _joint_weights, config, feature_engineering_fn: as for
            LinearClassifier.
        label_dimension: how many numbers a label has.

    Raises:
        ValueError: there are no columns.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = np.array([[0.0], [1.0]])
        >>> columns = fg.contrib.learn.infer_real_valued_columns_from_input(x)
        >>> model = fg.contrib.learn.LinearRegressor(columns).fit(x, 1 + 2 * x[:, 0], steps=500)
        >>> model.predict(x, as_iterable=False).round(1)
        array([1., 3.], dtype=float32)
    """

    def __init__(self, feature_columns: Any, model_dir: Any = None, weight_column_name: Any = None,
                 optimizer: Any = None, gradient_clip_norm: Any = None,
                 enable_centered_bias: bool = False, label_dimension: int = 1,
                 _joint_weights: bool = False, config: Any = None,
                 feature_engineering_fn: Any = None) -> None:
        super().__init__(_numbers(label_dimension, weight_column_name), None, feature_columns,
                         None, [_linear_optimizer(optimizer, feature_columns)], model_dir, config,
                         None, None, gradient_clip_norm, feature_engineering_fn)


class DNNLinearCombinedClassifier(_Classifier):
    """A network beside a linear model that choose classes.

    Args:
        model_dir: folder of the checkpoints and event files.
        n_classes: how many classes; labels are ids from 0.
        weight_column_name: name of the feature with the examples' weights.
        linear_feature_columns: list of columns of the linear model.
        linear_optimizer: an Optimizer; default Ftrl with a learning rate of at most 0.2.
        dnn_feature_columns: list of dense columns of the network.
        dnn_optimizer: an Optimizer; default Adagrad with a learning rate of 0.05.
        dnn_hidden_units: list of the sizes of the hidden layers.
        dnn_activation_fn: their activation function.
        dnn_dropout: the share of units that are left out in training.
        gradient_clip_norm: gradients with a larger norm together are scaled down to it.
        config: a RunConfig.
        feature_engineering_fn: function of features and labels that returns both, changed.
        label_keys: list of texts, if labels are such.
        more: accepted.

    Raises:
        ValueError: there are no columns.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
        >>> columns = fg.contrib.learn.infer_real_valued_columns_from_input(x)
        >>> model = fg.contrib.learn.DNNLinearCombinedClassifier(
        ...     linear_feature_columns=columns, dnn_feature_columns=columns, dnn_hidden_units=[4])
        >>> model.fit(x, y, steps=2).predict_proba(x, as_iterable=False).shape
        (2, 2)
    """

    def __init__(self, model_dir: Any = None, n_classes: int = 2, weight_column_name: Any = None,
                 linear_feature_columns: Any = None, linear_optimizer: Any = None,
                 dnn_feature_columns: Any = None, dnn_optimizer: Any = None,
                 dnn_hidden_units: Any = None, dnn_activation_fn: Any = relu,
                 dnn_dropout: Any = None, gradient_clip_norm: Any = None, config: Any = None,
                 feature_engineering_fn: Any = None, label_keys: Any = None,
                 **more: Any) -> None:
        self._has_names = bool(label_keys)
        super().__init__(_classes(n_classes, weight_column_name, label_keys), dnn_feature_columns,
                         linear_feature_columns, dnn_hidden_units,
                         [_dnn_optimizer(dnn_optimizer),
                          _linear_optimizer(linear_optimizer, linear_feature_columns)],
                         model_dir, config, dnn_activation_fn, dnn_dropout, gradient_clip_norm,
                         feature_engineering_fn)


class DNNLinearCombinedRegressor(_Regressor):
    """A network beside a linear model that predict numbers.

    Args:
        model_dir, weight_column_name, linear_feature_columns, linear_optimizer,
            dnn_feature_columns, dnn_optimizer, dnn_hidden_units, dnn_activation_fn, dnn_dropout,
            gradient_clip_norm, config, feature_engineering_fn, more: as for
            DNNLinearCombinedClassifier.
        label_dimension: how many numbers a label has.

    Raises:
        ValueError: there are no columns.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = np.array([[0.0], [1.0]])
        >>> columns = fg.contrib.learn.infer_real_valued_columns_from_input(x)
        >>> model = fg.contrib.learn.DNNLinearCombinedRegressor(linear_feature_columns=columns)
        >>> model.fit(x, x[:, 0], steps=2).predict(x, as_iterable=False).shape
        (2,)
    """

    def __init__(self, model_dir: Any = None, weight_column_name: Any = None,
                 linear_feature_columns: Any = None, linear_optimizer: Any = None,
                 dnn_feature_columns: Any = None, dnn_optimizer: Any = None,
                 dnn_hidden_units: Any = None, dnn_activation_fn: Any = relu,
                 dnn_dropout: Any = None, gradient_clip_norm: Any = None, config: Any = None,
                 feature_engineering_fn: Any = None, label_dimension: int = 1,
                 **more: Any) -> None:
        super().__init__(_numbers(label_dimension, weight_column_name), dnn_feature_columns,
                         linear_feature_columns, dnn_hidden_units,
                         [_dnn_optimizer(dnn_optimizer),
                          _linear_optimizer(linear_optimizer, linear_feature_columns)],
                         model_dir, config, dnn_activation_fn, dnn_dropout, gradient_clip_norm,
                         feature_engineering_fn)
