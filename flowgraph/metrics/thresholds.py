"""Metrics of probabilities at thresholds: counts, precision, recall, area under a curve.

A prediction above a threshold counts as true there. All thresholds are counted at once: the
comparison is a matrix [thresholds, predictions], whose rows are summed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.graph.graph import control_dependencies
from flowgraph.graph.tensor import Tensor
from flowgraph.losses.weights import broadcast_weights
from flowgraph.metrics.parts import finished, fitted, metric_variable, value_of
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax, argmin
from flowgraph.ops.arithmetic import maximum, minimum, multiply
from flowgraph.ops.assertions import assert_greater_equal, assert_less_equal
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, greater
from flowgraph.ops.constant import constant, ones_like
from flowgraph.ops.cumulative import cumsum
from flowgraph.ops.division import div, div_no_nan
from flowgraph.ops.exponential import log
from flowgraph.ops.identity import identity
from flowgraph.ops.logic import logical_and, logical_not
from flowgraph.ops.reduce import reduce_min, reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.select import where
from flowgraph.ops.state import assign_add
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.variable_scope import variable_scope

_EPSILON = 1e-7
# kind of pair: (name of its variable, whether the label is true, whether the prediction is)
_KINDS = {"tp": ("true_positives", True, True), "fn": ("false_negatives", True, False),
          "tn": ("true_negatives", False, False), "fp": ("false_positives", False, True)}


def _counts(labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any,
            kinds: Sequence[str] = tuple(_KINDS)) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Per kind of pair: the variable with its count at each threshold, and the update of it."""
    predictions = convert_to_tensor(predictions)
    zero, one = (cast(limit, predictions.dtype.base_dtype) for limit in (0.0, 1.0))
    text = "predictions must be in [0, 1]"
    with control_dependencies([assert_greater_equal(predictions, zero, message=text),
                               assert_less_equal(predictions, one, message=text)]):
        predictions, labels, weights = fitted(cast(predictions, dt.float32),
                                              cast(labels, dt.bool_), weights)
    column = constant(list(thresholds), dt.float32, [len(thresholds), 1])
    predicted = greater(reshape(predictions, [1, -1]), column)
    labelled = reshape(labels, [1, -1])
    if weights is not None:
        weights = broadcast_weights(cast(weights, dt.float32), predictions)
        weights = reshape(weights, [1, -1])
    values, updates = {}, {}
    for kind in kinds:
        name, label, prediction = _KINDS[kind]
        pairs = logical_and(labelled if label else logical_not(labelled),
                            predicted if prediction else logical_not(predicted))
        each = cast(pairs, dt.float32)
        if weights is not None:
            each *= weights
        values[kind] = metric_variable([len(thresholds)], dt.float32, name)
        updates[kind] = assign_add(values[kind], reduce_sum(each, 1))
    return values, updates


def _even_thresholds(count: int, last: float) -> list[float]:
    """`count` thresholds from just below 0 to `last`."""
    inner = [(i + 1) * 1.0 / (count - 1) for i in range(count - 2)]
    return [0.0 - _EPSILON, *inner, last]


def _computed(compute: Callable[..., Tensor], values: Any, updates: Any, metrics_collections: Any,
              updates_collections: Any) -> tuple[Tensor, Tensor]:
    """`compute(counts, name)` of the variables and of the updates."""
    value = value_of(metrics_collections, lambda: compute(values, "value"))
    return finished(value, compute(updates, "update_op"), updates_collections)


# ---- counts, precision, recall -------------------------------------------------------------------


def _count_at(kind: str, labels: Any, predictions: Any, thresholds: Any, weights: Any,
              metrics_collections: Any, updates_collections: Any,
              name: str | None) -> tuple[Tensor, Tensor]:
    with variable_scope(name, _KINDS[kind][0], [predictions, labels, weights]):
        values, updates = _counts(labels, predictions, thresholds, weights, (kind,))
        value = value_of(metrics_collections, lambda: identity(values[kind]))
        return finished(value, updates[kind], updates_collections)


def true_positives_at_thresholds(labels: Any, predictions: Any, thresholds: Any,
                                 weights: Any = None, metrics_collections: Any = None,
                                 updates_collections: Any = None,
                                 name: str | None = None) -> tuple[Tensor, Tensor]:
    """How many predictions are true where the label is true, at each threshold.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        thresholds: list of numbers: predictions above one count as true there.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 vector with an entry for each threshold, and the op that
            adds this run and returns the new value.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> labels, predictions = [1, 1, 0], [0.3, 0.9, 0.4]
        >>> value, update = fg.metrics.true_positives_at_thresholds(labels, predictions, [0.2, 0.5])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        [2. 1.]
    """
    return _count_at("tp", labels, predictions, thresholds, weights, metrics_collections,
                     updates_collections, name)


def false_positives_at_thresholds(labels: Any, predictions: Any, thresholds: Any,
                                  weights: Any = None, metrics_collections: Any = None,
                                  updates_collections: Any = None,
                                  name: str | None = None) -> tuple[Tensor, Tensor]:
    """How many predictions are true where the label is false, at each threshold.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        thresholds: list of numbers: predictions above one count as true there.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 vector with an entry for each threshold, and the op that
            adds this run and returns the new value.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.false_positives_at_thresholds(
        ...     [1, 1, 0], [0.3, 0.9, 0.4], [0.2, 0.5])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        [1. 0.]
    """
    return _count_at("fp", labels, predictions, thresholds, weights, metrics_collections,
                     updates_collections, name)


def true_negatives_at_thresholds(labels: Any, predictions: Any, thresholds: Any,
                                 weights: Any = None, metrics_collections: Any = None,
                                 updates_collections: Any = None,
                                 name: str | None = None) -> tuple[Tensor, Tensor]:
    """How many predictions are false where the label is false, at each threshold.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        thresholds: list of numbers: predictions above one count as true there.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 vector with an entry for each threshold, and the op that
            adds this run and returns the new value.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> labels, predictions = [1, 1, 0], [0.3, 0.9, 0.4]
        >>> value, update = fg.metrics.true_negatives_at_thresholds(labels, predictions, [0.2, 0.5])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        [0. 1.]
    """
    return _count_at("tn", labels, predictions, thresholds, weights, metrics_collections,
                     updates_collections, name)


def false_negatives_at_thresholds(labels: Any, predictions: Any, thresholds: Any,
                                  weights: Any = None, metrics_collections: Any = None,
                                  updates_collections: Any = None,
                                  name: str | None = None) -> tuple[Tensor, Tensor]:
    """How many predictions are false where the label is true, at each threshold.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        thresholds: list of numbers: predictions above one count as true there.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 vector with an entry for each threshold, and the op that
            adds this run and returns the new value.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.false_negatives_at_thresholds(
        ...     [1, 1, 0], [0.3, 0.9, 0.4], [0.2, 0.5])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        [0. 1.]
    """
    return _count_at("fn", labels, predictions, thresholds, weights, metrics_collections,
                     updates_collections, name)


def precision_at_thresholds(labels: Any, predictions: Any, thresholds: Any, weights: Any = None,
                            metrics_collections: Any = None, updates_collections: Any = None,
                            name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of the true predictions is right, at each threshold.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        thresholds: list of numbers: predictions above one count as true there.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 vector with an entry for each threshold, and the op that
            adds this run and returns the new value.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> predictions = [0.3, 0.9, 0.4]
        >>> value, update = fg.metrics.precision_at_thresholds([1, 1, 0], predictions, [0.2, 0.5])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update).round(3))
        [0.667 1.   ]
    """
    with variable_scope(name, "precision_at_thresholds", [predictions, labels, weights]):
        values, updates = _counts(labels, predictions, thresholds, weights, ("tp", "fp"))

        def precision(counts: Any, which: str) -> Tensor:
            return div(counts["tp"], _EPSILON + counts["tp"] + counts["fp"],
                       name="precision_" + which)

        return _computed(precision, values, updates, metrics_collections, updates_collections)


def recall_at_thresholds(labels: Any, predictions: Any, thresholds: Any, weights: Any = None,
                         metrics_collections: Any = None, updates_collections: Any = None,
                         name: str | None = None) -> tuple[Tensor, Tensor]:
    """Which part of the true labels is found, at each threshold.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        thresholds: list of numbers: predictions above one count as true there.
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 vector with an entry for each threshold, and the op that
            adds this run and returns the new value.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> predictions = [0.3, 0.9, 0.4]
        >>> value, update = fg.metrics.recall_at_thresholds([1, 1, 0], predictions, [0.2, 0.5])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update))
        [1.  0.5]
    """
    with variable_scope(name, "recall_at_thresholds", [predictions, labels, weights]):
        values, updates = _counts(labels, predictions, thresholds, weights, ("tp", "fn"))

        def recall(counts: Any, which: str) -> Tensor:
            return div(counts["tp"], _EPSILON + counts["tp"] + counts["fn"],
                       name="recall_" + which)

        return _computed(recall, values, updates, metrics_collections, updates_collections)


# ---- along the whole range -----------------------------------------------------------------------

def sensitivity_at_specificity(labels: Any, predictions: Any, specificity: float,
                               weights: Any = None, num_thresholds: int = 200,
                               metrics_collections: Any = None, updates_collections: Any = None,
                               name: str | None = None) -> tuple[Tensor, Tensor]:
    """The sensitivity (recall) at the threshold whose specificity is nearest to one given.

    Specificity is the part of the false labels that is predicted false.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        specificity: number in [0, 1].
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        num_thresholds: number of thresholds, evenly spread over [0, 1].
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: `specificity` is not in [0, 1], or the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> predictions = [0.3, 0.9, 0.4, 0.1]
        >>> value, update = fg.metrics.sensitivity_at_specificity([1, 1, 0, 0], predictions, 0.9)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update).round(3))
        0.5
    """
    if not 0 <= specificity <= 1:
        raise ValueError(located(f"`specificity` must be in the range [0, 1], got {specificity}"))
    with variable_scope(name, "sensitivity_at_specificity", [predictions, labels, weights]):
        thresholds = _even_thresholds(num_thresholds, 1.0 + _EPSILON)
        values, updates = _counts(labels, predictions, thresholds, weights)

        def sensitivity(counts: Any, which: str) -> Tensor:
            tp, tn, fp, fn = (counts[kind] for kind in ("tp", "tn", "fp", "fn"))
            specificities = div(tn, tn + fp + _EPSILON)
            at = cast(argmin(abs_(specificities - specificity), 0), dt.int32)
            return div(tp[at], tp[at] + fn[at] + _EPSILON, which)

        return _computed(sensitivity, values, updates, metrics_collections, updates_collections)


def specificity_at_sensitivity(labels: Any, predictions: Any, sensitivity: float,
                               weights: Any = None, num_thresholds: int = 200,
                               metrics_collections: Any = None, updates_collections: Any = None,
                               name: str | None = None) -> tuple[Tensor, Tensor]:
    """The specificity at the threshold whose sensitivity (recall) is nearest to one given.

    Specificity is the part of the false labels that is predicted false.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        sensitivity: number in [0, 1].
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        num_thresholds: number of thresholds, evenly spread over [0, 1].
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        name: name of the variable scope.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: `sensitivity` is not in [0, 1], or the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> predictions = [0.3, 0.9, 0.4, 0.1]
        >>> value, update = fg.metrics.specificity_at_sensitivity([1, 1, 0, 0], predictions, 0.9)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update).round(3))
        0.5
    """
    if not 0 <= sensitivity <= 1:
        raise ValueError(located(f"`sensitivity` must be in the range [0, 1], got {sensitivity}"))
    with variable_scope(name, "specificity_at_sensitivity", [predictions, labels, weights]):
        thresholds = _even_thresholds(num_thresholds, 1.0 - _EPSILON)
        values, updates = _counts(labels, predictions, thresholds, weights)

        def specificity(counts: Any, which: str) -> Tensor:
            tp, tn, fp, fn = (counts[kind] for kind in ("tp", "tn", "fp", "fn"))
            distances = abs_(div(tp, tp + fn + _EPSILON) - sensitivity)
            nearest = cast(equal(distances, reduce_min(distances)), dt.int64)
            at = cast(argmax(cumsum(nearest), 0), dt.int32)  # the last of the nearest
            return div(tn[at], tn[at] + fp[at] + _EPSILON, which)

        return _computed(specificity, values, updates, metrics_collections, updates_collections)


def auc(labels: Any, predictions: Any, weights: Any = None, num_thresholds: int = 200,
        metrics_collections: Any = None, updates_collections: Any = None, curve: str = "ROC",
        name: str | None = None, summation_method: str = "trapezoidal",
        thresholds: Any = None) -> tuple[Tensor, Tensor]:
    """The area under the curve of a classifier, approximated at thresholds.

    Args:
        labels: tensor, cast to bool: what is true.
        predictions: tensor of the same shape, of numbers in [0, 1].
        weights: scalar, or tensor of the rank of the values with sizes that are 1 or theirs;
            default 1.
        num_thresholds: number of thresholds, evenly spread over [0, 1].
        metrics_collections: collections to put the value in.
        updates_collections: collections to put the update in.
        curve: "ROC" for recall over the rate of false positives, "PR" for precision over recall.
        name: name of the variable scope.
        summation_method: "trapezoidal", "minoring" or "majoring"; for "PR" also
            "careful_interpolation", which is right where the others are not.
        thresholds: list of numbers in [0, 1] to use instead of `num_thresholds`.

    Returns:
        The value over all runs, a float32 scalar, and the op that adds this run and returns the new
            value.

    Raises:
        ValueError: `curve` or `summation_method` is not one of these, or the shapes do not fit.
        InvalidArgumentError: a prediction is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> value, update = fg.metrics.auc([1, 1, 0, 0], [0.3, 0.9, 0.4, 0.1])
        >>> with fg.Session() as sess:
        ...     sess.run(fg.local_variables_initializer())
        ...     print(sess.run(update).round(3))
        0.75
    """
    with variable_scope(name, "auc", [labels, predictions, weights]):
        if curve not in ("ROC", "PR"):
            raise ValueError(located(f"curve must be either ROC or PR, {curve} unknown"))
        if thresholds is None:
            thresholds = _even_thresholds(num_thresholds, 1.0 + _EPSILON)
        else:
            thresholds = [0.0 - _EPSILON, *sorted(thresholds), 1.0 + _EPSILON]
        if curve == "PR" and summation_method == "trapezoidal":
            logger().warning("The trapezoidal rule gives wrong areas under PR curves; pass "
                             'summation_method="careful_interpolation".')
        values, updates = _counts(labels, predictions, thresholds, weights)

        def area(counts: Any, which: str) -> Tensor:
            if curve == "PR" and summation_method == "careful_interpolation":
                return _interpolated_area(counts)
            return _area(counts, curve, summation_method, which)

        return _computed(area, values, updates, metrics_collections, updates_collections)


def _area(counts: Any, curve: str, method: str, name: str) -> Tensor:
    small = 1e-6
    tp, fn, tn, fp = (counts[kind] for kind in ("tp", "fn", "tn", "fp"))
    recall = div(tp + small, tp + fn + small)
    if curve == "ROC":
        x, y = div(fp, fp + tn + small), recall
    else:
        x, y = recall, div(tp + small, tp + fp + small)
    left, right = y[:-1], y[1:]
    if method in ("trapezoidal", "careful_interpolation"):
        heights = (left + right) / 2.0
    elif method == "minoring":
        heights = minimum(left, right)
    elif method == "majoring":
        heights = maximum(left, right)
    else:
        raise ValueError(located(
            f"Invalid summation_method: {method}",
            "It must be 'trapezoidal', 'careful_interpolation', 'minoring' or 'majoring'."))
    return reduce_sum(multiply(x[:-1] - x[1:], heights), name=name)


def _interpolated_area(counts: Any) -> Tensor:
    """The area under a PR curve with hits and predictions interpolated, as they are linear.

    Between two thresholds the hits are `slope * predicted + intercept`, the precision is that over
    `predicted`, and its integral over the recall has a logarithm.
    """
    tp, fp, fn = (counts[kind] for kind in ("tp", "fp", "fn"))
    hits = tp[:-1] - tp[1:]
    predicted = tp + fp
    more, fewer = predicted[:-1], predicted[1:]
    slope = div_no_nan(hits, maximum(more - fewer, 0), name="prec_slope")
    intercept = tp[1:] - multiply(slope, fewer)
    ratio = where(logical_and(more > 0, fewer > 0),
                  div_no_nan(more, maximum(fewer, 0), name="recall_relative_ratio"),
                  ones_like(fewer))
    increments = div_no_nan(slope * (hits + intercept * log(ratio)),
                            maximum(tp[1:] + fn[1:], 0), name="pr_auc_increment")
    return reduce_sum(increments, name="interpolate_pr_auc")
