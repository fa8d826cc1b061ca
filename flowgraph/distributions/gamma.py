"""The gamma distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.distributions.distribution import (
    FULLY_REPARAMETERIZED,
    ScalarDistribution,
    parameter_shapes,
)
from flowgraph.distributions.divergence import RegisterKL
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.assertions import assert_less, assert_positive
from flowgraph.ops.constant import fill, ones
from flowgraph.ops.exponential import log
from flowgraph.ops.gamma import digamma, lgamma
from flowgraph.ops.identity import identity, with_dependencies
from flowgraph.ops.incomplete_gamma import igamma
from flowgraph.ops.random_rejection import random_gamma
from flowgraph.ops.select import where_v2
from flowgraph.ops.special import xlogy
from flowgraph.ops.type_checks import assert_same_float_dtype
from flowgraph.ops.unary import sqrt, square


class Gamma(ScalarDistribution):
    """The gamma distribution, with density `rate^c x^(c - 1) exp(-rate x) / gamma(c)`.

    Args:
        concentration: positive floating tensor, the `c` above.
        rate: positive tensor of the same dtype, the inverse scale; broadcasts with it.
        validate_args: whether runs check that parameters and values are positive.
        allow_nan_stats: whether the mode is NaN where `concentration` is at most 1; else the run
            fails.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> gamma = fg.distributions.Gamma(concentration=[2.0, 3.0], rate=2.0)
        >>> fg.Session().run([gamma.mean(), gamma.variance()])
        [array([1. , 1.5], dtype=float32), array([0.5 , 0.75], dtype=float32)]
    """

    def __init__(self, concentration: Any, rate: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Gamma") -> None:
        parameters = {"concentration": concentration, "rate": rate, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with name_scope(name, values=[concentration, rate]) as scope:
            with control_dependencies([assert_positive(concentration), assert_positive(rate)]
                                      if validate_args else []):
                self._concentration = identity(concentration, name="concentration")
                self._rate = identity(rate, name="rate")
            assert_same_float_dtype([self._concentration, self._rate])
        self._batched = (self._concentration, self._rate)
        super().__init__(self._concentration.dtype, FULLY_REPARAMETERIZED, validate_args,
                         allow_nan_stats, parameters, self._batched, scope)

    @property
    def concentration(self) -> Any:
        """The shape parameter."""
        return self._concentration

    @property
    def rate(self) -> Any:
        """The inverse scale."""
        return self._rate

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return parameter_shapes(("concentration", "rate"), sample_shape)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        return random_gamma([n], self.concentration, self.rate, self.dtype, seed)

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        x = self._checked(x)
        return xlogy(self.concentration - 1.0, x) - self.rate * x

    def _log_normalization(self) -> Any:
        return lgamma(self.concentration) - self.concentration * log(self.rate)

    def _cdf(self, x: Any) -> Any:
        return igamma(self.concentration, self.rate * self._checked(x))

    def _entropy(self) -> Any:
        return (self.concentration - log(self.rate) + lgamma(self.concentration)
                + (1.0 - self.concentration) * digamma(self.concentration))

    def _mean(self) -> Any:
        return self.concentration / self.rate

    def _variance(self) -> Any:
        return self.concentration / square(self.rate)

    def _stddev(self) -> Any:
        return sqrt(self.concentration) / self.rate

    def _mode(self) -> Any:
        mode = (self.concentration - 1.0) / self.rate
        if self.allow_nan_stats:
            nan = fill(self.batch_shape_tensor(), self.dtype.as_numpy_dtype(np.nan), name="nan")
            return where_v2(self.concentration > 1.0, mode, nan)
        return with_dependencies([assert_less(
            ones([], self.dtype), self.concentration,
            message="mode not defined when any concentration <= 1")], mode)

    def _checked(self, x: Any) -> Any:
        assert_same_float_dtype([x], self.dtype)
        return with_dependencies([assert_positive(x)], x) if self.validate_args else x


@RegisterKL(Gamma, Gamma)
def _kl_gamma_gamma(a: Gamma, b: Gamma, name: str | None = None) -> Any:
    with name_scope(name, "kl_gamma_gamma",
                    values=[a.concentration, a.rate, b.concentration, b.rate]):
        return ((a.concentration - b.concentration) * digamma(a.concentration)
                + lgamma(b.concentration) - lgamma(a.concentration)
                + b.concentration * log(a.rate) - b.concentration * log(b.rate)
                + a.concentration * (b.rate / a.rate - 1.0))
