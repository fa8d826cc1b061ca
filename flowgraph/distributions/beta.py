"""The beta distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.distributions.distribution import (
    FULLY_REPARAMETERIZED,
    ScalarDistribution,
    parameter_shapes,
)
from flowgraph.distributions.divergence import RegisterKL
from flowgraph.distributions.parameters import new_seed
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.assertions import assert_less, assert_positive
from flowgraph.ops.constant import fill, ones, ones_like
from flowgraph.ops.exponential import exp, log, log1p
from flowgraph.ops.gamma import digamma, lgamma
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.incomplete_gamma import betainc
from flowgraph.ops.join import broadcast_to
from flowgraph.ops.logic import logical_and
from flowgraph.ops.random_rejection import random_gamma
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import broadcast_dynamic_shape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.special import xlogy
from flowgraph.ops.type_checks import assert_same_float_dtype


class Beta(ScalarDistribution):
    """The beta distribution of (0, 1), with density like `x^(a - 1) (1 - x)^(b - 1)`.

    Args:
        concentration1: positive floating tensor, the `a` above.
        concentration0: positive tensor of the same dtype, the `b`; broadcasts with it.
        validate_args: whether runs check that parameters are positive and values within (0, 1).
        allow_nan_stats: whether the mode is NaN where a parameter is at most 1; else the run fails.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.distributions.Beta([1.0, 3.0], 1.0).mean()))
        [0.5  0.75]
    """

    concentration1: Any
    concentration0: Any
    total_concentration: Any

    def __init__(self, concentration1: Any = None, concentration0: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Beta"
                 ) -> None:
        parameters = {"concentration1": concentration1, "concentration0": concentration0,
                      "validate_args": validate_args, "allow_nan_stats": allow_nan_stats,
                      "name": name}
        with name_scope(name, values=[concentration1, concentration0]) as scope:
            self.concentration1, self.concentration0 = (
                _positive(convert_to_tensor(value, name=label), validate_args)
                for label, value in (("concentration1", concentration1),
                                     ("concentration0", concentration0)))
            assert_same_float_dtype([self.concentration1, self.concentration0])
            self.total_concentration = self.concentration1 + self.concentration0
        self._batched = (self.total_concentration,)
        super().__init__(self.total_concentration.dtype, FULLY_REPARAMETERIZED, validate_args,
                         allow_nan_stats, parameters,
                         [self.concentration1, self.concentration0, self.total_concentration],
                         scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return parameter_shapes(("concentration1", "concentration0"), sample_shape)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        of_one = ones_like(self.total_concentration, dtype=self.dtype) * self.concentration1
        of_zero = ones_like(self.total_concentration, dtype=self.dtype) * self.concentration0
        one = random_gamma([n], of_one, dtype=self.dtype, seed=seed)
        zero = random_gamma([n], of_zero, dtype=self.dtype, seed=new_seed(seed, "beta"))
        return one / (one + zero)

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _prob(self, x: Any) -> Any:
        return exp(self._log_prob(x))

    def _log_cdf(self, x: Any) -> Any:
        return log(self._cdf(x))

    def _cdf(self, x: Any) -> Any:
        return broadcast_betainc(self.concentration1, self.concentration0, x)

    def _log_unnormalized_prob(self, x: Any) -> Any:
        if self.validate_args:
            x = with_dependencies([
                assert_positive(x, message="sample must be positive"),
                assert_less(x, ones([], self.dtype), message="sample must be less than `1`.")], x)
        return (xlogy(self.concentration1 - 1.0, x)
                + (self.concentration0 - 1.0) * log1p(-x))

    def _log_normalization(self) -> Any:
        return (lgamma(self.concentration1) + lgamma(self.concentration0)
                - lgamma(self.total_concentration))

    def _entropy(self) -> Any:
        return (self._log_normalization()
                - (self.concentration1 - 1.0) * digamma(self.concentration1)
                - (self.concentration0 - 1.0) * digamma(self.concentration0)
                + (self.total_concentration - 2.0) * digamma(self.total_concentration))

    def _mean(self) -> Any:
        return self.concentration1 / self.total_concentration

    def _variance(self) -> Any:
        return self._mean() * (1.0 - self._mean()) / (1.0 + self.total_concentration)

    def _mode(self) -> Any:
        mode = (self.concentration1 - 1.0) / (self.total_concentration - 2.0)
        if self.allow_nan_stats:
            nan = fill(self.batch_shape_tensor(), self.dtype.as_numpy_dtype(np.nan), name="nan")
            return where_v2(logical_and(self.concentration1 > 1.0, self.concentration0 > 1.0),
                            mode, nan)
        return with_dependencies([
            assert_less(ones([], dtype=self.dtype), parameter,
                        message=f"Mode undefined for {label} <= 1.")
            for label, parameter in (("concentration1", self.concentration1),
                                     ("concentration0", self.concentration0))], mode)


def broadcast_betainc(a: Any, b: Any, x: Any) -> Any:
    """`betainc` of tensors that broadcast; the op itself takes one shape, and scalars.

    Where shapes are not known it is left to the op, whose result then has the shape that is.
    """
    parts = [convert_to_tensor(part, x.dtype) for part in (a, b, x)]
    shapes = {tuple(part.shape.as_list()) for part in parts if part.shape.is_fully_defined()}
    if len(shapes - {()}) > 1:
        sizes = shape_of(parts[0])
        for part in parts[1:]:
            sizes = broadcast_dynamic_shape(sizes, shape_of(part))
        parts = [broadcast_to(part, sizes) for part in parts]
    return betainc(*parts)


def _positive(concentration: Any, validate_args: bool) -> Any:
    if not validate_args:
        return concentration
    return with_dependencies([assert_positive(
        concentration, message="Concentration parameter must be positive.")], concentration)


@RegisterKL(Beta, Beta)
def _kl_beta_beta(a: Beta, b: Beta, name: str | None = None) -> Any:
    with name_scope(name, "kl_beta_beta", values=[*a._graph_parents, *b._graph_parents]):
        return ((b._log_normalization() - a._log_normalization())
                - digamma(a.concentration1) * (b.concentration1 - a.concentration1)
                - digamma(a.concentration0) * (b.concentration0 - a.concentration0)
                + (digamma(a.total_concentration)
                   * (b.total_concentration - a.total_concentration)))
