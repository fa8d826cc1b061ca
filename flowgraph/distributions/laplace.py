"""The Laplace distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.distributions.distribution import (
    FULLY_REPARAMETERIZED,
    ScalarDistribution,
    parameter_shapes,
)
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.exponential import exp, log, log1p
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.select import where_v2
from flowgraph.ops.type_checks import assert_same_float_dtype
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import sign


class Laplace(ScalarDistribution):
    """The Laplace distribution, with density `exp(-|x - loc| / scale) / (2 scale)`.

    Args:
        loc: floating tensor, the means.
        scale: positive tensor of the same dtype; broadcasts with `loc`.
        validate_args: whether runs check that `scale` is positive.
        allow_nan_stats: whether statistics may be NaN.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.distributions.Laplace(0.0, [1.0, 2.0]).prob(0.0)))
        [0.5  0.25]
    """

    loc: Any
    scale: Any

    def __init__(self, loc: Any, scale: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Laplace") -> None:
        parameters = {"loc": loc, "scale": scale, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with name_scope(name, values=[loc, scale]) as scope:
            with control_dependencies([assert_positive(scale)] if validate_args else []):
                self.loc = identity(loc, name="loc")
                self.scale = identity(scale, name="scale")
            assert_same_float_dtype([self.loc, self.scale])
        self._batched = (self.loc, self.scale)
        super().__init__(self.loc.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, self._batched, scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return parameter_shapes(("loc", "scale"), sample_shape)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = concat([[n], self.batch_shape_tensor()], 0)
        number = self.dtype.as_numpy_dtype
        above_minus_one = np.nextafter(number(-1), number(0))  # log1p(-1) is not finite
        uniform = random_uniform(shape, above_minus_one, 1.0, self.dtype, seed)
        return self.loc - self.scale * sign(uniform) * log1p(-abs_(uniform))

    def _log_prob(self, x: Any) -> Any:
        return -abs_(self._z(x)) - (math.log(2.0) + log(self.scale))

    def _prob(self, x: Any) -> Any:
        return exp(self._log_prob(x))

    def _log_cdf(self, x: Any) -> Any:
        return _log_cdf_of_standard(self._z(x))

    def _log_survival_function(self, x: Any) -> Any:
        return _log_cdf_of_standard(-self._z(x))

    def _cdf(self, x: Any) -> Any:
        z = self._z(x)
        return 0.5 + 0.5 * sign(z) * (1.0 - exp(-abs_(z)))

    def _entropy(self) -> Any:
        scale = self.scale + zeros_like(self.loc)
        return math.log(2.0) + 1.0 + log(scale)

    def _mean(self) -> Any:
        return self.loc + zeros_like(self.scale)

    def _stddev(self) -> Any:
        return math.sqrt(2.0) * self.scale + zeros_like(self.loc)

    def _mode(self) -> Any:
        return self._mean()

    def _z(self, x: Any) -> Any:
        return (x - self.loc) / self.scale


def _log_cdf_of_standard(x: Any, name: str = "log_cdf_laplace") -> Any:
    """log(exp(x) / 2) below 0, log(1 - exp(-x) / 2) above."""
    with name_scope(name, values=[x]):
        below = -math.log(2.0) + x
        above = log1p(-0.5 * exp(-abs_(x)))
        return where_v2(x < 0.0, below, above)
