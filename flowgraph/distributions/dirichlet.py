"""The Dirichlet distribution: of vectors of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from flowgraph.distributions.divergence import RegisterKL
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.assertions import assert_less, assert_near, assert_positive
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import fill, ones
from flowgraph.ops.diagonal import matrix_set_diag
from flowgraph.ops.exponential import exp
from flowgraph.ops.gamma import digamma, lbeta
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.matmul import matmul
from flowgraph.ops.random_rejection import random_gamma
from flowgraph.ops.reduce import reduce_all, reduce_sum
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.shape_checks import assert_rank_at_least
from flowgraph.ops.special import xlogy
from flowgraph.ops.unary import rsqrt


class Vectors(Distribution):
    """A distribution of vectors, whose parameter `concentration` has one entry for each place."""

    concentration: Any
    total_concentration: Any

    def _batch_shape(self) -> Any:
        return self.total_concentration.shape

    def _batch_shape_tensor(self) -> Any:
        return shape_of(self.total_concentration)

    def _event_shape(self) -> Any:
        return self.concentration.shape.with_rank_at_least(1)[-1:]

    def _event_shape_tensor(self) -> Any:
        return shape_of(self.concentration)[-1:]


class Dirichlet(Vectors):
    """The Dirichlet distribution, with density like the product of `x_i^(concentration_i - 1)`.

    Args:
        concentration: positive floating tensor of rank 1 or more; the last axis is that of a draw.
        validate_args: whether runs check parameters and values.
        allow_nan_stats: whether the mode is NaN where an entry is at most 1; else the run fails.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.distributions.Dirichlet([1.0, 3.0]).mean()))
        [0.25 0.75]
    """

    def __init__(self, concentration: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Dirichlet") -> None:
        parameters = {"concentration": concentration, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with name_scope(name, values=[concentration]) as scope:
            given = convert_to_tensor(concentration, name="concentration")
            self.concentration = _checked(given) if validate_args else given
            self.total_concentration = reduce_sum(self.concentration, -1)
        super().__init__(self.concentration.dtype, FULLY_REPARAMETERIZED, validate_args,
                         allow_nan_stats, parameters,
                         [self.concentration, self.total_concentration], scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        drawn = random_gamma([n], self.concentration, dtype=self.dtype, seed=seed)
        return drawn / reduce_sum(drawn, -1, keepdims=True)

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _prob(self, x: Any) -> Any:
        return exp(self._log_prob(x))

    def _log_unnormalized_prob(self, x: Any) -> Any:
        if self.validate_args:
            x = with_dependencies([
                assert_positive(x, message="samples must be positive"),
                assert_near(ones([], dtype=self.dtype), reduce_sum(x, -1),
                            message="sample last-dimension must sum to `1`")], x)
        return reduce_sum(xlogy(self.concentration - 1.0, x), -1)

    def _log_normalization(self) -> Any:
        return lbeta(self.concentration)

    def _entropy(self) -> Any:
        k = cast(self.event_shape_tensor()[0], self.dtype)
        return (self._log_normalization()
                + (self.total_concentration - k) * digamma(self.total_concentration)
                - reduce_sum((self.concentration - 1.0) * digamma(self.concentration), axis=-1))

    def _mean(self) -> Any:
        return self.concentration / self.total_concentration[..., None]

    def _covariance(self) -> Any:
        x = self._scale() * self._mean()
        return matrix_set_diag(-matmul(x[..., None], x[..., None, :]), self._variance())

    def _variance(self) -> Any:
        scale = self._scale()
        x = scale * self._mean()
        return x * (scale - x)

    def _scale(self) -> Any:
        return rsqrt(1.0 + self.total_concentration[..., None])

    def _mode(self) -> Any:
        k = cast(self.event_shape_tensor()[0], self.dtype)
        mode = (self.concentration - 1.0) / (self.total_concentration[..., None] - k)
        if self.allow_nan_stats:
            nan = fill(shape_of(mode), self.dtype.as_numpy_dtype(np.nan), name="nan")
            return where_v2(reduce_all(self.concentration > 1.0, axis=-1, keepdims=True), mode, nan)
        return with_dependencies([assert_less(
            ones([], self.dtype), self.concentration,
            message="Mode undefined when any concentration <= 1")], mode)


def _checked(concentration: Any) -> Any:
    return with_dependencies([
        assert_positive(concentration, message="Concentration parameter must be positive."),
        assert_rank_at_least(concentration, 1,
                             message="Concentration parameter must have >=1 dimensions."),
        assert_less(1, shape_of(concentration)[-1],
                    message="Concentration parameter must have event_size >= 2.")], concentration)


@RegisterKL(Dirichlet, Dirichlet)
def _kl_dirichlet_dirichlet(a: Dirichlet, b: Dirichlet, name: str | None = None) -> Any:
    """The mean of log x_i is digamma(c_i) - digamma(sum of c); the rest is normalisation."""
    with name_scope(name, "kl_dirichlet_dirichlet", values=[a.concentration, b.concentration]):
        of_total = digamma(reduce_sum(a.concentration, axis=-1, keepdims=True))
        mean_log = digamma(a.concentration) - of_total
        difference = a.concentration - b.concentration
        return (reduce_sum(difference * mean_log, axis=-1)
                - lbeta(a.concentration) + lbeta(b.concentration))
