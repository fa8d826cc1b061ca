"""`tf.keras.losses`: functions from true and predicted values to one loss per row; and as classes.

A function means over the last axis. A class reduces that to one number, by `reduction`.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.keras import backend
from flowgraph.keras.backend import epsilon
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import softplus
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.compare import equal
from flowgraph.ops.exponential import log
from flowgraph.ops.l2_loss import l2_normalize
from flowgraph.ops.logic import logical_or
from flowgraph.ops.reduce import reduce_all, reduce_max, reduce_mean, reduce_sum
from flowgraph.ops.select import where_v2
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import square


def _pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    y_pred = convert_to_tensor(y_pred)
    return cast(y_true, y_pred.dtype.base_dtype), y_pred


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of the squared differences, over the last axis.

    Args:
        y_true: the true values.
        y_pred: the predicted values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]]))
        array([2.5], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(square(y_pred - y_true), -1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of the absolute differences, over the last axis.

    Args:
        y_true: the true values.
        y_pred: the predicted values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.mean_absolute_error([[0.0, 1.0]], [[1.0, 3.0]]))
        array([1.5], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(abs_(y_pred - y_true), -1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of the differences in per cent of the true values, over the last axis.

    Args:
        y_true: the true values.
        y_pred: the predicted values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.mean_absolute_percentage_error([[2.0]], [[1.0]]))
        array([50.], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return 100.0 * reduce_mean(abs_((y_true - y_pred) / maximum(abs_(y_true), epsilon())), -1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of the squared differences of `log(1 + y)`, over the last axis.

    Args:
        y_true: the true values.
        y_pred: the predicted values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.mean_squared_logarithmic_error([[1.0]], [[1.0]]))
        array([0.], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    first = log(maximum(y_pred, epsilon()) + 1.0)
    second = log(maximum(y_true, epsilon()) + 1.0)
    return reduce_mean(square(first - second), -1)


def _signs(y_true: Any) -> Any:
    """Labels -1 and 1; those that are 0 and 1 are turned into them."""
    binary = reduce_all(logical_or(equal(y_true, 0), equal(y_true, 1)))
    return where_v2(binary, 2.0 * y_true - 1.0, y_true)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """The mean of `max(1 - true * predicted, 0)`, over the last axis.

    Args:
        y_true: -1 or 1; or 0 or 1.
        y_pred: the predicted values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.hinge([[1.0]], [[0.5]]))
        array([0.5], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(maximum(1.0 - _signs(y_true) * y_pred, 0.0), -1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """The mean of `max(1 - true * predicted, 0)^2`, over the last axis.

    Args:
        y_true: -1 or 1; or 0 or 1.
        y_pred: the predicted values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.squared_hinge([[1.0]], [[0.5]]))
        array([0.25], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(square(maximum(1.0 - _signs(y_true) * y_pred, 0.0)), -1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """The lead of the best wrong class over the true one, plus 1, at least 0.

    Args:
        y_true: 1 for the true class, else 0.
        y_pred: the predicted values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.categorical_hinge([[0.0, 1.0]], [[1.0, 3.0]]))
        array([0.], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    right = reduce_sum(y_true * y_pred, -1)
    wrong = reduce_max((1.0 - y_true) * y_pred, -1)
    return maximum(0.0, wrong - right + 1.0)


def logcosh(y_true: Any, y_pred: Any) -> Any:
    """The mean of the logarithm of the hyperbolic cosine of the difference, over the last axis.

    Args:
        y_true: the true values.
        y_pred: the predicted values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.logcosh([[1.0]], [[1.0]]))
        array([0.], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    x = y_pred - y_true
    return reduce_mean(x + softplus(-2.0 * x) - float(np.log(2.0)), -1)


def kullback_leibler_divergence(y_true: Any, y_pred: Any) -> Any:
    """The divergence of predicted probabilities from the true ones.

    Args:
        y_true: the true probabilities.
        y_pred: the predicted ones.

    Example:
        >>> import flowgraph as fg
        >>> kld = fg.keras.losses.kullback_leibler_divergence([[0.5, 0.5]], [[0.5, 0.5]])
        >>> fg.Session().run(kld)
        array([0.], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = clip_by_value(y_true, epsilon(), 1)
    y_pred = clip_by_value(y_pred, epsilon(), 1)
    return reduce_sum(y_true * log(y_true / y_pred), -1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """The mean of `predicted - true * log(predicted)`, over the last axis.

    Args:
        y_true: the true counts.
        y_pred: the predicted rates.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.poisson([[1.0]], [[1.0]])).round(3)
        array([1.], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(y_pred - y_true * log(y_pred + epsilon()), -1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between true and predicted vectors, as TensorFlow 1.15 has it.

    Args:
        y_true: the true vectors.
        y_pred: the predicted ones.
        axis: the axis of the vectors.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.cosine_similarity([[1.0, 0.0]], [[2.0, 0.0]]))
        array([1.], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_sum(l2_normalize(y_true, axis) * l2_normalize(y_pred, axis), axis)


def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False,
                        label_smoothing: float = 0) -> Any:
    """The mean cross entropy of probabilities, over the last axis.

    Args:
        y_true: 0 or 1.
        y_pred: probabilities, or log-odds.
        from_logits: whether it is log-odds.
        label_smoothing: how far the labels move towards 0.5.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
        >>> fg.Session().run(loss).round(3)
        array([0.693], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return reduce_mean(backend.binary_crossentropy(y_true, y_pred, from_logits), -1)


def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False,
                             label_smoothing: float = 0) -> Any:
    """The cross entropy of the probabilities of classes.

    Args:
        y_true: the true probabilities.
        y_pred: the predicted ones, or logits.
        from_logits: whether it is logits.
        label_smoothing: how far the true ones move towards all being equal.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
        >>> fg.Session().run(loss).round(3)
        array([0.693], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if label_smoothing:
        classes = cast(y_true.shape[1].value, y_pred.dtype.base_dtype)
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    return backend.categorical_crossentropy(y_true, y_pred, from_logits)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False,
                                    axis: int = -1) -> Any:
    """The cross entropy of the numbers of classes.

    Args:
        y_true: the numbers of the true classes.
        y_pred: predicted probabilities, or logits.
        from_logits: whether it is logits.
        axis: the axis of the classes, the last.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.sparse_categorical_crossentropy([1], [[0.5, 0.5]])
        >>> fg.Session().run(loss).round(3)
        array([0.693], dtype=float32)
    """
    return backend.sparse_categorical_crossentropy(
        convert_to_tensor(y_true), convert_to_tensor(y_pred), from_logits, axis)


def huber_loss(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Half the squared differences up to `delta`, straight beyond, without a mean.

    Args:
        y_true: the true values.
        y_pred: the predicted values.
        delta: where the loss becomes straight.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.losses.huber_loss([[0.0]], [[3.0]]))
        array([[2.5]], dtype=float32)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    error = abs_(y_pred - y_true)
    return where_v2(error <= delta, 0.5 * square(error), delta * error - 0.5 * delta ** 2)


MSE = mse = mean_squared_error
MAE = mae = mean_absolute_error
MAPE = mape = mean_absolute_percentage_error
MSLE = msle = mean_squared_logarithmic_error
KLD = kld = kullback_leibler_divergence
cosine = cosine_proximity = cosine_similarity


def get(identifier: Any) -> Any:
    """The loss for a name, a function or an object.

    Args:
        identifier: a name as "mse", a function, a Loss, or None.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.losses.get("mse") is fg.keras.losses.mean_squared_error
        True
    """
    if identifier is None or callable(identifier):
        return identifier
    known = isinstance(identifier, str) and not identifier.startswith("_")
    found = getattr(sys.modules[__name__], identifier, None) if known else None
    if not callable(found):
        raise ValueError(located(f"Could not interpret loss function identifier: {identifier!r}"))
    return found() if isinstance(found, type) else found


def deserialize(name: str, custom_objects: Any = None) -> Any:
    """The loss of a name.

    Args:
        name: as "mse".
        custom_objects: dict from further names to functions.
    """
    return (custom_objects or {}).get(name) or get(name)


def serialize(loss: Any) -> str:
    """The name of a loss.

    Args:
        loss: a function, or a Loss.
    """
    return loss.__name__ if hasattr(loss, "__name__") else type(loss).__name__


_CLASSES = "flowgraph.keras.loss_classes:"
_LAZY = {name: _CLASSES + name for name in (
    "BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalHinge", "CosineSimilarity",
    "Hinge", "Huber", "KLDivergence", "LogCosh", "Loss", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
    "Reduction", "SparseCategoricalCrossentropy", "SquaredHinge")}
__getattr__ = _lazy("tf.keras.losses", globals(), _LAZY)
