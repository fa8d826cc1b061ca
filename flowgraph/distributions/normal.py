"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.distributions.distribution import (
    FULLY_REPARAMETERIZED,
    ScalarDistribution,
    parameter_shapes,
)
from flowgraph.distributions.divergence import RegisterKL
from flowgraph.distributions.standard_normal import log_ndtr, ndtr
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.arithmetic import squared_difference
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.constant import constant, ones_like
from flowgraph.ops.error_function import ndtri
from flowgraph.ops.exponential import log
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import random_normal
from flowgraph.ops.type_checks import assert_same_float_dtype
from flowgraph.ops.unary import square


class Normal(ScalarDistribution):
    """The normal distribution, with mean `loc` and standard deviation `scale`.

    Args:
        loc: floating tensor, the means.
        scale: positive tensor of the same dtype, the standard deviations; broadcasts with `loc`.
        validate_args: whether runs check that `scale` is positive.
        allow_nan_stats: whether statistics may be NaN.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> normal = fg.distributions.Normal(loc=[0.0, 2.0], scale=1.0)
        >>> print(fg.Session().run(normal.cdf(2.0)))
        [0.97724986 0.5       ]
    """

    loc: Any
    scale: Any

    def __init__(self, loc: Any, scale: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Normal") -> None:
        parameters = {"loc": loc, "scale": scale, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with name_scope(name, values=[loc, scale]) as scope:
            with control_dependencies([assert_positive(scale)] if validate_args else []):
                self.loc = identity(loc, name="loc")
                self.scale = identity(scale, name="scale")
            assert_same_float_dtype([self.loc, self.scale])
        self._batched = (self.loc, self.scale)
        super().__init__(self.scale.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, self._batched, scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return parameter_shapes(("loc", "scale"), sample_shape)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = concat([[n], self.batch_shape_tensor()], 0)
        drawn = random_normal(shape, mean=0.0, stddev=1.0, dtype=self.loc.dtype, seed=seed)
        return drawn * self.scale + self.loc

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        return -0.5 * square(self._z(x))

    def _log_normalization(self) -> Any:
        return 0.5 * math.log(2.0 * math.pi) + log(self.scale)

    def _log_cdf(self, x: Any) -> Any:
        return log_ndtr(self._z(x))

    def _cdf(self, x: Any) -> Any:
        return ndtr(self._z(x))

    def _log_survival_function(self, x: Any) -> Any:
        return log_ndtr(-self._z(x))

    def _survival_function(self, x: Any) -> Any:
        return ndtr(-self._z(x))

    def _quantile(self, p: Any) -> Any:
        z = ndtri(p)
        with name_scope("reconstruct", values=[z]):
            return z * self.scale + self.loc

    def _entropy(self) -> Any:
        scale = self.scale * ones_like(self.loc)
        return 0.5 * math.log(2.0 * math.pi * math.e) + log(scale)

    def _mean(self) -> Any:
        return self.loc * ones_like(self.scale)

    def _stddev(self) -> Any:
        return self.scale * ones_like(self.loc)

    def _mode(self) -> Any:
        return self._mean()

    def _z(self, x: Any) -> Any:
        with name_scope("standardize", values=[x]):
            return (x - self.loc) / self.scale


@RegisterKL(Normal, Normal)
def _kl_normal_normal(a: Normal, b: Normal, name: str | None = None) -> Any:
    with name_scope(name, "kl_normal_normal", [a.loc, b.loc]):
        one, two, half = (constant(number, a.dtype) for number in (1, 2, 0.5))
        a_squared = square(a.scale)
        b_squared = square(b.scale)
        ratio = a_squared / b_squared
        return (squared_difference(a.loc, b.loc) / (two * b_squared)
                + half * (ratio - one - log(ratio)))
