"""`tf.keras.metrics`, the functions: one number for each row.

For metrics that add up over batches take `tf.metrics`; a Model averages these over its batches.
"""

from __future__ import annotations

import sys
from typing import Any

from flowgraph.core.dtypes import float32, int32, int64
from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.reduce import reduce_mean
from flowgraph.ops.reshape import reshape, squeeze
from flowgraph.ops.sort import in_top_k


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """The share of predictions on the right side of a threshold, over the last axis.

    Args:
        y_true: 0 or 1.
        y_pred: probabilities of 1.
        threshold: predictions above it mean 1.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.metrics.binary_accuracy([[0.0, 1.0]], [[0.2, 0.3]]))
        array([0.5], dtype=float32)
    """
    y_pred = convert_to_tensor(y_pred)
    decided = cast(y_pred > threshold, y_pred.dtype)
    return reduce_mean(cast(equal(cast(y_true, y_pred.dtype), decided), float32), -1)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the likeliest class is the true one.

    Args:
        y_true: the true probabilities.
        y_pred: the predicted ones.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.metrics.categorical_accuracy([[0.0, 1.0]], [[0.2, 0.8]]))
        array([1.], dtype=float32)
    """
    return cast(equal(argmax(y_true, axis=-1), argmax(y_pred, axis=-1)), float32)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the likeliest class is the true one, given by its number.

    Args:
        y_true: the numbers of the true classes.
        y_pred: the predicted probabilities.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.metrics.sparse_categorical_accuracy([1], [[0.2, 0.8]]))
        array([1.], dtype=float32)
    """
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    if y_true.shape.ndims is not None and y_true.shape.ndims == y_pred.shape.ndims:
        y_true = squeeze(y_true, [-1])
    return cast(equal(cast(y_true, int64), argmax(y_pred, axis=-1)), float32)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the true class is among the likeliest.

    Args:
        y_true: the true probabilities.
        y_pred: the predicted ones.
        k: how many count.

    Example:
        >>> import flowgraph as fg
        >>> hit = fg.keras.metrics.top_k_categorical_accuracy([[0.0, 1.0]], [[0.2, 0.8]], k=1)
        >>> fg.Session().run(hit)
        array([1.], dtype=float32)
    """
    return cast(in_top_k(y_pred, argmax(y_true, axis=-1), k), float32)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the true class, given by its number, is among the likeliest.

    Args:
        y_true: the numbers of the true classes.
        y_pred: the predicted probabilities.
        k: how many count.

    Example:
        >>> import flowgraph as fg
        >>> hit = fg.keras.metrics.sparse_top_k_categorical_accuracy([1], [[0.2, 0.8]], k=1)
        >>> fg.Session().run(hit)
        array([1.], dtype=float32)
    """
    return cast(in_top_k(y_pred, cast(reshape(y_true, [-1]), int32), k), float32)


def accuracy_for(y_true: Any, y_pred: Any, loss: Any) -> Any:
    """The accuracy that "accuracy" means for a loss and the shapes of its arguments."""
    classes = y_pred.shape[-1].value
    name = getattr(loss, "__name__", None) or getattr(loss, "name", "") or ""
    if classes == 1 or name == "binary_crossentropy":
        return binary_accuracy
    return sparse_categorical_accuracy if "sparse" in name else categorical_accuracy


def get(identifier: Any) -> Any:
    """The metric for a name or a function.

    Args:
        identifier: a name as "mae", or a function.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.metrics.get("mae") is fg.keras.metrics.mean_absolute_error
        True
    """
    if callable(identifier):
        return identifier
    known = isinstance(identifier, str) and not identifier.startswith("_")
    found = getattr(sys.modules[__name__], identifier, None) if known else None
    if not callable(found):
        raise ValueError(located(f"Could not interpret metric identifier: {identifier!r}",
                                 "Metrics as objects are not offered: pass a function."))
    return found


_LAZY = {name: f"flowgraph.keras.losses:{name}" for name in (
    "KLD", "MAE", "MAPE", "MSE", "MSLE", "binary_crossentropy", "categorical_crossentropy",
    "categorical_hinge", "cosine", "cosine_proximity", "cosine_similarity", "hinge", "kld",
    "kullback_leibler_divergence", "logcosh", "mae", "mape", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error",
    "mse", "msle", "poisson", "sparse_categorical_crossentropy", "squared_hinge")}
__getattr__ = _lazy("tf.keras.metrics", globals(), _LAZY)
