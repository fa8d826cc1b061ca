"""Heads for numbers, whose arguments come in another order than in `tf.estimator`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.estimator.regression_heads import PoissonRegressionHead, RegressionHead
from flowgraph.losses import Reduction


def regression_head(weight_column: Any = None, label_dimension: int = 1,
                    loss_reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
                    loss_fn: Callable[..., Any] | None = None,
                    inverse_link_fn: Callable[[Any], Any] | None = None,
                    name: str | None = None) -> RegressionHead:
    """A head for numbers, trained by their squared errors.

    Args:
        weight_column, label_dimension, loss_reduction, loss_fn, inverse_link_fn, name: as for
            `tf.estimator.RegressionHead`.

    Returns:
        The head.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.contrib.estimator.regression_head(label_dimension=3)
        >>> head.logits_dimension
        3
    """
    return RegressionHead(label_dimension, weight_column, loss_reduction, loss_fn,
                          inverse_link_fn, name)


def poisson_regression_head(weight_column: Any = None, label_dimension: int = 1,
                            loss_reduction: str = Reduction.SUM_OVER_BATCH_SIZE,
                            compute_full_loss: bool = True,
                            name: str | None = None) -> PoissonRegressionHead:
    """A head for counts, trained by their likelihoods.

    Args:
        weight_column, label_dimension, loss_reduction, compute_full_loss, name: as for
            `tf.estimator.PoissonRegressionHead`.

    Returns:
        The head.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.estimator.poisson_regression_head().logits_dimension
        1
    """
    return PoissonRegressionHead(label_dimension, weight_column, loss_reduction,
                                 compute_full_loss, name)
