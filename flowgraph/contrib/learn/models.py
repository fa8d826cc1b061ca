"""`tf.contrib.learn.models`: linear and logistic regression, as model functions of 2016 end in.

Each makes its weights and its bias in a variable scope of its name, and gives the pair
(predictions, loss).
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.losses import mean_squared_error, softmax_cross_entropy
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.bias import xw_plus_b
from flowgraph.ops.initializers import RandomNormal
from flowgraph.ops.reshape import squeeze
from flowgraph.ops.softmax import softmax
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope
from flowgraph.summary import histogram

_Pair = tuple[Any, Any]


def linear_regression(x: Any, y: Any, init_mean: float | None = None,
                      init_stddev: float = 1.0) -> _Pair:
    """Predicts numbers: `x w + b`, and the mean of the squared errors.

    Args:
        x: features, [rows, features], the features of a known number.
        y: targets, [rows] or [rows, outputs].
        init_mean: mean of a normal distribution that the variables start from; None for
            `tf.get_variable`'s own initializer.
        init_stddev: its standard deviation, with `init_mean`.

    Returns:
        The predictions, of y's shape, and the scalar loss.

    Raises:
        ValueError: x has not two axes, or the number of features is unknown.

    Example:
        >>> import flowgraph as fg
        >>> x, y = fg.constant([[1.0, 2.0], [3.0, 4.0]]), fg.constant([1.0, 3.0])
        >>> predictions, loss = fg.contrib.learn.models.linear_regression(x, y)
        >>> predictions.shape.as_list(), [v.name for v in fg.trainable_variables()]
        ([2], ['linear_regression/weights:0', 'linear_regression/bias:0'])
    """
    with variable_scope("linear_regression"):
        outputs = 1 if y.shape.ndims == 1 else y.shape[1]
        weights, bias = _variables(x, y, outputs, init_mean, init_stddev)
        with name_scope("mean_squared_error_regressor", values=[x, y]):
            predictions = xw_plus_b(x, weights, bias)
            if y.shape.ndims == 1:
                predictions = squeeze(predictions, axis=[1])
            return predictions, mean_squared_error(y, predictions)


def logistic_regression(x: Any, y: Any, class_weight: Any = None, init_mean: float | None = None,
                        init_stddev: float = 1.0) -> _Pair:
    """Predicts classes: `softmax(x w + b)`, and its cross entropy with the classes.

    Args:
        x: features, [rows, features], the features of a known number.
        y: classes in one-hot rows, [rows, classes].
        class_weight: [classes], which the logits are multiplied by; None for the graph's tensor
            "class_weight:0", if there is one.
        init_mean: mean of a normal distribution that the variables start from; None for
            `tf.get_variable`'s own initializer.
        init_stddev: its standard deviation, with `init_mean`.

    Returns:
        The probabilities, [rows, classes], and the scalar loss.

    Raises:
        ValueError: x has not two axes, or the number of features is unknown.

    Example:
        >>> import flowgraph as fg
        >>> x, y = fg.constant([[1.0, 2.0], [3.0, 4.0]]), fg.one_hot([0, 2], 3)
        >>> probabilities, loss = fg.contrib.learn.models.logistic_regression(x, y)
        >>> probabilities.shape.as_list(), [v.name for v in fg.trainable_variables()]
        ([2, 3], ['logistic_regression/weights:0', 'logistic_regression/bias:0'])
    """
    with variable_scope("logistic_regression"):
        weights, bias = _variables(x, y, y.shape[-1], init_mean, init_stddev)
        if class_weight is None:
            class_weight = _tensor_named("class_weight:0")
        with name_scope("softmax_classifier", values=[x, y]):
            logits = xw_plus_b(x, weights, bias)
            if class_weight is not None:
                logits = multiply(logits, class_weight)
            return softmax(logits), softmax_cross_entropy(y, logits)


def linear_regression_zero_init(x: Any, y: Any) -> _Pair:
    """`linear_regression` whose variables start from zeros.

    Args:
        x: features, [rows, features].
        y: targets, [rows] or [rows, outputs].

    Returns:
        The predictions and the scalar loss.

    Example:
        >>> import flowgraph as fg
        >>> x, y = fg.constant([[1.0, 2.0], [3.0, 4.0]]), fg.constant([1.0, 3.0])
        >>> _, loss = fg.contrib.learn.models.linear_regression_zero_init(x, y)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     float(sess.run(loss))
        5.0
    """
    return linear_regression(x, y, init_mean=0.0, init_stddev=0.0)


def logistic_regression_zero_init(x: Any, y: Any) -> _Pair:
    """`logistic_regression` whose variables start from zeros.

    Args:
        x: features, [rows, features].
        y: classes in one-hot rows, [rows, classes].

    Returns:
        The probabilities and the scalar loss.

    Example:
        >>> import flowgraph as fg
        >>> x, y = fg.constant([[1.0, 2.0], [3.0, 4.0]]), fg.one_hot([0, 3], 4)
        >>> p, _ = fg.contrib.learn.models.logistic_regression_zero_init(x, y)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(p)[0]
        array([0.25, 0.25, 0.25, 0.25], dtype=float32)
    """
    return logistic_regression(x, y, init_mean=0.0, init_stddev=0.0)


def _variables(x: Any, y: Any, outputs: Any, mean: float | None, stddev: float) -> _Pair:
    """The weights and the bias, and the histograms that TensorFlow 1 writes of all four."""
    if x.shape.ndims != 2 or x.shape[1].value is None:
        raise ValueError(located(f"x must be [rows, features] of so many features, got {x.shape}",
                                 "Use tf.reshape, or give the placeholder a shape."))
    start = None if mean is None else RandomNormal(mean, stddev, dtype=x.dtype)
    scope = get_variable_scope().name
    histogram(f"{scope}.x", x)
    histogram(f"{scope}.y", y)
    weights = get_variable("weights", [x.shape[1], outputs], x.dtype, initializer=start)
    bias = get_variable("bias", [outputs], x.dtype, initializer=start)
    histogram(f"{scope}.weights", weights)
    histogram(f"{scope}.bias", bias)
    return weights, bias


def _tensor_named(name: str) -> Any:
    """The graph's tensor of that name, or None."""
    try:
        return get_default_graph().get_tensor_by_name(name)
    except KeyError:
        return None
