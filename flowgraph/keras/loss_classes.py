"""The losses of `tf.keras.losses` as classes: called with true and predicted values, one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.keras.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    cosine_similarity,
    hinge,
    huber_loss,
    kullback_leibler_divergence,
    logcosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.shape import size


class Reduction:
    """How a loss of a class becomes one number.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.losses.Reduction.SUM
        'sum'
    """

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"


class Loss:
    """Base of losses as classes: write `call(y_true, y_pred)`, a loss for each row.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> class Difference(fg.keras.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return y_pred - y_true
        >>> fg.Session().run(Difference()(fg.constant([1.0, 2.0]), fg.constant([2.0, 5.0])))
        np.float32(2.0)
    """

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        if reduction not in ("auto", "none", "sum", "sum_over_batch_size"):
            raise ValueError(located(f"Invalid Reduction Key {reduction!r}"))
        self.reduction, self.name = reduction, name

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row."""
        raise NotImplementedError("Must be implemented in subclasses.")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The losses, weighed and reduced.

        Args:
            y_true: the true values.
            y_pred: the predicted values.
            sample_weight: a number, or one for each row.
        """
        losses = self.call(y_true, y_pred)
        if sample_weight is not None:
            weights = cast(convert_to_tensor(sample_weight), losses.dtype)
            if weights.shape.ndims == losses.shape.ndims + 1:
                weights = squeeze(weights, [-1])
            elif weights.shape.ndims and weights.shape.ndims == losses.shape.ndims - 1:
                weights = expand_dims(weights, -1)
            losses = losses * weights
        if self.reduction == "none":
            return losses
        total = reduce_sum(losses)
        return total if self.reduction == "sum" else total / cast(size(losses), losses.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"reduction": self.reduction, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new loss from what `get_config` gave."""
        return cls(**config)


class _OfFunction(Loss):
    function: Callable[..., Any]
    default_name = ""

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None, **options: Any
                 ) -> None:
        super().__init__(reduction, name or self.default_name)
        self._options = options

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row."""
        return type(self).function(y_true, y_pred, **self._options)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return super().get_config() | self._options


class MeanSquaredError(_OfFunction):
    """The mean squared difference.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.MeanSquaredError()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.250
    """

    function = mean_squared_error
    default_name = "mean_squared_error"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class MeanAbsoluteError(_OfFunction):
    """The mean absolute difference.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.MeanAbsoluteError()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.500
    """

    function = mean_absolute_error
    default_name = "mean_absolute_error"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class MeanAbsolutePercentageError(_OfFunction):
    """The mean difference in per cent.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.MeanAbsolutePercentageError()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        250000032.000
    """

    function = mean_absolute_percentage_error
    default_name = "mean_absolute_percentage_error"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class MeanSquaredLogarithmicError(_OfFunction):
    """The mean squared difference of logarithms.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.124
    """

    function = mean_squared_logarithmic_error
    default_name = "mean_squared_logarithmic_error"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class Hinge(_OfFunction):
    """The hinge loss.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.Hinge()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        1.000
    """

    function = hinge
    default_name = "hinge"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class SquaredHinge(_OfFunction):
    """The squared hinge loss.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.SquaredHinge()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        1.250
    """

    function = squared_hinge
    default_name = "squared_hinge"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class CategoricalHinge(_OfFunction):
    """The hinge loss of classes.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        1.000
    """

    function = categorical_hinge
    default_name = "categorical_hinge"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class Poisson(_OfFunction):
    """The Poisson loss.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.Poisson()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.847
    """

    function = poisson
    default_name = "poisson"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class LogCosh(_OfFunction):
    """The logarithm of the hyperbolic cosine of the difference.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.LogCosh()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.120
    """

    function = logcosh
    default_name = "logcosh"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class KLDivergence(_OfFunction):
    """The Kullback-Leibler divergence.

    Args:
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.KLDivergence()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.693
    """

    function = kullback_leibler_divergence
    default_name = "kullback_leibler_divergence"

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name)


class BinaryCrossentropy(_OfFunction):
    """The cross entropy of probabilities.

    Args:
        from_logits: whether predictions are log-odds.
        label_smoothing: how far the labels move towards 0.5.
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.BinaryCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.693
    """

    function = binary_crossentropy
    default_name = "binary_crossentropy"

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0,
                 reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(_OfFunction):
    """The cross entropy of the probabilities of classes.

    Args:
        from_logits: whether predictions are logits.
        label_smoothing: how far the true ones move towards all being equal.
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.693
    """

    function = categorical_crossentropy
    default_name = "categorical_crossentropy"

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0,
                 reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name, from_logits=from_logits, label_smoothing=label_smoothing)


class SparseCategoricalCrossentropy(_OfFunction):
    """The cross entropy of the numbers of classes.

    Args:
        from_logits: whether predictions are logits.
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.693
    """

    function = sparse_categorical_crossentropy
    default_name = "sparse_categorical_crossentropy"

    def __init__(self, from_logits: bool = False,
                 reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name, from_logits=from_logits)


class CosineSimilarity(_OfFunction):
    """The cosine of the angle between vectors.

    Args:
        axis: the axis of the vectors.
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.CosineSimilarity()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.707
    """

    function = cosine_similarity
    default_name = "cosine_similarity"

    def __init__(self, axis: int = -1,
                 reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name, axis=axis)


class Huber(_OfFunction):
    """Half the squared differences up to `delta`, straight beyond.

    Args:
        delta: where the loss becomes straight.
        reduction: a value of `tf.keras.losses.Reduction`.
        name: name of the loss.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.keras.losses.Huber()([[0.0, 1.0]], [[0.5, 0.5]])
        >>> print(f"{fg.Session().run(loss):.3f}")
        0.125
    """

    function = huber_loss
    default_name = "huber_loss"

    def __init__(self, delta: float = 1.0,
                 reduction: str = Reduction.AUTO, name: str | None = None) -> None:
        super().__init__(reduction, name, delta=delta)
