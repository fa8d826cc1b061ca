"""Premade models of `tf.contrib.learn`: linear ones, networks, and both side by side.

The variables have the names that TensorFlow 1 gave them:

    dnn/hiddenlayer_0/weights, …/biases       linear/<column>/weight
    dnn/logits/weights, …/biases              linear/bias_weight

The loss of a batch is the mean of its examples' losses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.contrib.layers import fully_connected
from flowgraph.contrib.layers.feature_columns import (
    LearnEmbeddingColumn,
    input_from_feature_columns,
)
from flowgraph.contrib.learn.estimators import BaseEstimator
from flowgraph.contrib.learn.heads import classes_head, numbers_head
from flowgraph.contrib.learn.inputs import named, whole
from flowgraph.contrib.learn.refuse import refuse
from flowgraph.contrib.learn.training import (
    DNN_RATE,
    linear_rate,
    train_both,
    train_linear,
    train_part,
)
from flowgraph.core.frames import located
from flowgraph.estimator.logits import scope_of
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.feature_column.columns import CategoricalColumn, Features, checked_columns
from flowgraph.feature_column.layers import input_layer, weighted_sum
from flowgraph.ops.activation import relu
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.bias import bias_add
from flowgraph.ops.dropout import dropout as drop
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope

_ACTIVATIONS = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid}


class _Premade(BaseEstimator):
    """A network, a linear model, or both, with a head."""

    def __init__(self, model: Any, model_dir: Any, config: Any,
                 feature_engineering_fn: Any) -> None:
        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            if feature_engineering_fn is not None:
                features, labels = feature_engineering_fn(features, labels)
            return model(named(features), whole(labels), mode)
        self._model_fn = model_fn
        super().__init__(model_dir, config)

    def _values(self, key: str, x: Any, input_fn: Any, batch_size: Any, as_iterable: bool) -> Any:
        """One kind of predictions."""
        values = (row[key] for row in BaseEstimator.predict(self, x, input_fn, batch_size, [key]))
        return values if as_iterable else np.array(list(values))


class _Classifier(_Premade):
    """What classifiers share."""

    def predict_classes(self, x: Any = None, input_fn: Any = None, batch_size: int | None = None,
                        as_iterable: bool = True) -> Any:
        """The class of each example.

        Args:
            x, input_fn, batch_size, as_iterable: as for `predict`.
        """
        return self._values("classes", x, input_fn, batch_size, as_iterable)

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


def _deep_model(head: Any, columns: Any, hidden_units: Any, optimizer: Any, activation_fn: Any,
                dropout: Any, clip_norm: Any) -> Any:
    """A network alone: function from features, labels and mode to the spec."""
    columns = _some_columns(columns)
    if isinstance(activation_fn, str):
        if activation_fn not in _ACTIVATIONS:
            raise ValueError(located(f"Activation name should be one of "
                                     f"[{', '.join(_ACTIVATIONS)}], you provided "
                                     f"{activation_fn}."))
        activation_fn = _ACTIVATIONS[activation_fn]

    def model(features: dict[str, Any], labels: Any, mode: str) -> Any:
        def train(loss: Any) -> Any:
            with variable_scope(None, head.scope):
                return train_part(loss, "dnn", optimizer or "Adagrad", DNN_RATE, clip_norm)
        with scope_of("dnn", features):
            logits = _dnn(features, mode, head.logits_dimension, columns, hidden_units,
                          activation_fn, dropout)
            return head.create_estimator_spec(features, mode, logits, labels, train_op_fn=train)
    return model


def _wide_model(head: Any, columns: Any, optimizer: Any, clip_norm: Any) -> Any:
    """A linear model alone: function from features, labels and mode to the spec."""
    columns = _some_columns(columns)

    def model(features: dict[str, Any], labels: Any, mode: str) -> Any:
        def train(loss: Any) -> Any:
            with variable_scope(None, head.scope):
                return train_linear(loss, columns, optimizer, clip_norm)
        with scope_of("linear", features):
            logits = _linear(features, head.logits_dimension, columns)
            return head.create_estimator_spec(features, mode, logits, labels, train_op_fn=train)
    return model


def _combined_model(head: Any, wide: Any, linear_optimizer: Any, deep: Any, dnn_optimizer: Any,
                    hidden_units: Any, activation_fn: Any, dropout: Any, clip_norm: Any,
                    counts_once: bool) -> Any:
    """A network, a linear model or both: function from features, labels and mode to the spec."""
    wide, deep = tuple(wide or ()), tuple(deep or ())
    _some_columns(wide + deep)
    if deep and not hidden_units:
        raise ValueError(located("dnn_hidden_units must be defined when dnn_feature_columns is "
                                 "specified.", "Give their sizes, as dnn_hidden_units=[10]."))

    def model(features: dict[str, Any], labels: Any, mode: str) -> Any:
        logits = []
        if deep:
            with scope_of("dnn", features):
                logits.append(_dnn(features, mode, head.logits_dimension, deep, hidden_units,
                                   activation_fn or relu, dropout))
        if wide:
            with scope_of("linear", features):
                logits.append(_linear(features, head.logits_dimension, wide))

        def train(loss: Any) -> Any:
            steps = []
            with variable_scope(None, head.scope):
                if deep:
                    steps.append(train_part(loss, "dnn", dnn_optimizer or "Adagrad", DNN_RATE,
                                            clip_norm, not counts_once))
                if wide:
                    steps.append(train_part(loss, "linear", linear_optimizer or "Ftrl",
                                            linear_rate(wide), clip_norm, not counts_once))
                return train_both(steps, not counts_once)
        return head.create_estimator_spec(features, mode, sum(logits[1:], logits[0]), labels,
                                          train_op_fn=train)
    return model


def _some_columns(columns: Any) -> tuple[Any, ...]:
    if not columns:
        raise ValueError(located("Either linear_feature_columns or dnn_feature_columns must be "
                                 "defined.", "Give the model a list of feature columns."))
    return tuple(columns)


def _dnn(features: dict[str, Any], mode: str, units: int, columns: Any, hidden_units: Any,
         activation_fn: Any, dropout: Any) -> Any:
    with variable_scope("input_from_feature_columns"):
        if any(isinstance(column, LearnEmbeddingColumn) for column in columns):
            net = input_from_feature_columns(features, columns, scope=get_variable_scope())
        else:
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
            sums.append(weighted_sum(column, cache, weight,
                                     getattr(column, "combiner", "sum")))
    return bias_add(add_n(sums), get_variable("bias_weight", [units], initializer=Zeros()))


class DNNClassifier(_Classifier):
    """A network of dense layers that chooses classes.

    Args:
        hidden_units: list of the sizes of the hidden layers.
        feature_columns: list of dense columns, as `infer_real_valued_columns_from_input` makes.
        model_dir: folder of the checkpoints and event files.
        n_classes: how many classes; labels are ids from 0.
        weight_column_name: name of the feature with the examples' weights.
        optimizer: an Optimizer, a function that returns one, or one of "Adagrad", "Adam", "Ftrl",
            "Momentum", "RMSProp", "SGD" with a learning rate of 0.05; default "Adagrad".
        activation_fn: the hidden layers' activation function, or "relu", "tanh" or "sigmoid".
        dropout: the share of units that are left out in training.
        gradient_clip_norm: gradients with a larger norm together are scaled down to it.
        enable_centered_bias: must be False.
        config: a RunConfig.
        feature_engineering_fn: function of features and labels that returns both, changed.
        embedding_lr_multipliers: must be None.
        input_layer_min_slice_size: accepted.
        label_keys: list of texts, if labels are such; there must be more than two.

    Raises:
        ValueError: there are no columns, or an argument is not offered.

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
        refuse(embedding_lr_multipliers=embedding_lr_multipliers)
        refuse(False, enable_centered_bias=enable_centered_bias)
        super().__init__(
            _deep_model(classes_head(n_classes, weight_column_name, label_keys), feature_columns,
                        hidden_units, optimizer, activation_fn, dropout, gradient_clip_norm),
            model_dir, config, feature_engineering_fn)


class DNNRegressor(_Regressor):
    """A network of dense layers that predicts numbers.

    Args:
        hidden_units, feature_columns, model_dir, weight_column_name, optimizer, activation_fn,
            dropout, gradient_clip_norm, enable_centered_bias, config, feature_engineering_fn,
            embedding_lr_multipliers, input_layer_min_slice_size: as for DNNClassifier.
        label_dimension: how many numbers a label has.

    Raises:
        ValueError: there are no columns, or an argument is not offered.

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
        refuse(embedding_lr_multipliers=embedding_lr_multipliers)
        refuse(False, enable_centered_bias=enable_centered_bias)
        super().__init__(
            _deep_model(numbers_head(label_dimension, weight_column_name), feature_columns,
                        hidden_units, optimizer, activation_fn, dropout, gradient_clip_norm),
            model_dir, config, feature_engineering_fn)


class LinearClassifier(_Classifier):
    """A linear model that chooses classes.

    Args:
        feature_columns: list of columns.
        model_dir: folder of the checkpoints and event files.
        n_classes: how many classes; labels are ids from 0.
        weight_column_name: name of the feature with the examples' weights.
        optimizer: an Optimizer, a function that returns one, or the name of one as for
            DNNClassifier with a learning rate of 0.2; default Ftrl with one of at most 0.2.
        gradient_clip_norm: gradients with a larger norm together are scaled down to it.
        enable_centered_bias, _joint_weight: must be False.
        config: a RunConfig.
        feature_engineering_fn: function of features and labels that returns both, changed.
        label_keys: list of texts, if labels are such; there must be more than two.

    Raises:
        ValueError: there are no columns, or an argument is not offered.

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
        refuse(False, enable_centered_bias=enable_centered_bias, _joint_weight=_joint_weight)
        super().__init__(
            _wide_model(classes_head(n_classes, weight_column_name, label_keys), feature_columns,
                        optimizer, gradient_clip_norm),
            model_dir, config, feature_engineering_fn)


class LinearRegressor(_Regressor):
    """A linear model that predicts numbers.

    Args:
        feature_columns, model_dir, weight_column_name, optimizer, gradient_clip_norm,
            enable_centered_bias, _joint_weights, config, feature_engineering_fn: as for
            LinearClassifier.
        label_dimension: how many numbers a label has.

    Raises:
        ValueError: there are no columns, or an argument is not offered.

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
        refuse(False, enable_centered_bias=enable_centered_bias, _joint_weights=_joint_weights)
        super().__init__(
            _wide_model(numbers_head(label_dimension, weight_column_name), feature_columns,
                        optimizer, gradient_clip_norm),
            model_dir, config, feature_engineering_fn)


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
        label_keys: list of texts, if labels are such; there must be more than two.
        enable_centered_bias, _joint_linear_weights: must be False.
        embedding_lr_multipliers: must be None.
        input_layer_min_slice_size: accepted.
        fix_global_step_increment_bug: whether a step counts once; else, as in TensorFlow 1, each of
            the two parts counts a step of its own.

    Raises:
        ValueError: there are no columns, or an argument is not offered.

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
                 _joint_linear_weights: bool = False, dnn_feature_columns: Any = None,
                 dnn_optimizer: Any = None, dnn_hidden_units: Any = None,
                 dnn_activation_fn: Any = relu, dnn_dropout: Any = None,
                 gradient_clip_norm: Any = None, enable_centered_bias: bool = False,
                 config: Any = None, feature_engineering_fn: Any = None,
                 embedding_lr_multipliers: Any = None, input_layer_min_slice_size: Any = None,
                 label_keys: Any = None, fix_global_step_increment_bug: bool = False) -> None:
        refuse(embedding_lr_multipliers=embedding_lr_multipliers)
        refuse(False, enable_centered_bias=enable_centered_bias,
               _joint_linear_weights=_joint_linear_weights)
        super().__init__(
            _combined_model(classes_head(n_classes, weight_column_name, label_keys),
                            linear_feature_columns, linear_optimizer, dnn_feature_columns,
                            dnn_optimizer, dnn_hidden_units, dnn_activation_fn, dnn_dropout,
                            gradient_clip_norm, fix_global_step_increment_bug),
            model_dir, config, feature_engineering_fn)


class DNNLinearCombinedRegressor(_Regressor):
    """A network beside a linear model that predict numbers.

    Args:
        model_dir, weight_column_name, linear_feature_columns, linear_optimizer,
            dnn_feature_columns, dnn_optimizer, dnn_hidden_units, dnn_activation_fn, dnn_dropout,
            gradient_clip_norm, config, feature_engineering_fn, enable_centered_bias,
            _joint_linear_weights, embedding_lr_multipliers, input_layer_min_slice_size,
            fix_global_step_increment_bug: as for DNNLinearCombinedClassifier.
        label_dimension: how many numbers a label has.

    Raises:
        ValueError: there are no columns, or an argument is not offered.

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
                 _joint_linear_weights: bool = False, dnn_feature_columns: Any = None,
                 dnn_optimizer: Any = None, dnn_hidden_units: Any = None,
                 dnn_activation_fn: Any = relu, dnn_dropout: Any = None,
                 gradient_clip_norm: Any = None, enable_centered_bias: bool = False,
                 label_dimension: int = 1, config: Any = None, feature_engineering_fn: Any = None,
                 embedding_lr_multipliers: Any = None, input_layer_min_slice_size: Any = None,
                 fix_global_step_increment_bug: bool = False) -> None:
        refuse(embedding_lr_multipliers=embedding_lr_multipliers)
        refuse(False, enable_centered_bias=enable_centered_bias,
               _joint_linear_weights=_joint_linear_weights)
        super().__init__(
            _combined_model(numbers_head(label_dimension, weight_column_name),
                            linear_feature_columns, linear_optimizer, dnn_feature_columns,
                            dnn_optimizer, dnn_hidden_units, dnn_activation_fn, dnn_dropout,
                            gradient_clip_norm, fix_global_step_increment_bug),
            model_dir, config, feature_engineering_fn)
