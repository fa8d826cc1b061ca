"""Student's t distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.distributions.beta import broadcast_betainc
from flowgraph.distributions.distribution import (
    FULLY_REPARAMETERIZED,
    ScalarDistribution,
    parameter_shapes,
)
from flowgraph.distributions.parameters import new_seed
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.assertions import assert_less, assert_positive
from flowgraph.ops.compare import greater, less
from flowgraph.ops.constant import fill, ones, ones_like
from flowgraph.ops.exponential import log, log1p
from flowgraph.ops.gamma import digamma, lbeta, lgamma
from flowgraph.ops.identity import identity, with_dependencies
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import random_normal
from flowgraph.ops.random_rejection import random_gamma
from flowgraph.ops.select import where_v2
from flowgraph.ops.type_checks import assert_same_float_dtype
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import rsqrt, square


class StudentT(ScalarDistribution):
    """Student's t distribution, with density like `(1 + y^2 / df)^(-(df + 1) / 2)`.

    There, `y = (x - loc) / scale`.

    Args:
        df: positive floating tensor, the degrees of freedom.
        loc: tensor of the same dtype, where the distributions are symmetric about.
        scale: tensor of the same dtype; its sign does not matter. All three broadcast.
        validate_args: whether runs check that `df` is positive.
        allow_nan_stats: whether mean and variance are NaN where `df` is at most 1; else the run
            fails.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> student = fg.distributions.StudentT(df=4.0, loc=[0.0, 1.0], scale=2.0)
        >>> fg.Session().run([student.mean(), student.variance()])
        [array([0., 1.], dtype=float32), array([8., 8.], dtype=float32)]
    """

    df: Any
    loc: Any
    scale: Any

    def __init__(self, df: Any, loc: Any, scale: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "StudentT") -> None:
        parameters = {"df": df, "loc": loc, "scale": scale, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with name_scope(name, values=[df, loc, scale]) as scope:
            with control_dependencies([assert_positive(df)] if validate_args else []):
                self.df = identity(df, name="df")
                self.loc = identity(loc, name="loc")
                self.scale = identity(scale, name="scale")
            assert_same_float_dtype((self.df, self.loc, self.scale))
        self._batched = (self.df, self.loc, self.scale)
        super().__init__(self.scale.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, self._batched, scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return parameter_shapes(("df", "loc", "scale"), sample_shape)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        """A normal number over the root of a chi-squared one divided by its degrees of freedom."""
        shape = concat([[n], self.batch_shape_tensor()], 0)
        normal = random_normal(shape, dtype=self.dtype, seed=seed)
        df = self.df * ones(self.batch_shape_tensor(), dtype=self.dtype)
        gamma = random_gamma([n], 0.5 * df, beta=0.5, dtype=self.dtype,
                             seed=new_seed(seed, "student_t"))
        return normal * rsqrt(gamma / df) * self.scale + self.loc

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        y = (x - self.loc) / self.scale
        return -0.5 * (self.df + 1.0) * log1p(y ** 2.0 / self.df)

    def _log_normalization(self) -> Any:
        return (log(abs_(self.scale)) + 0.5 * log(self.df) + 0.5 * math.log(math.pi)
                + lgamma(0.5 * self.df) - lgamma(0.5 * (self.df + 1.0)))

    def _cdf(self, x: Any) -> Any:
        y = (x - self.loc) / abs_(self.scale)
        tail = 0.5 * broadcast_betainc(0.5 * self.df, 0.5, self.df / (y ** 2.0 + self.df))
        return where_v2(less(y, 0.0), tail, 1.0 - tail)

    def _entropy(self) -> Any:
        one = ones(self.batch_shape_tensor(), dtype=self.dtype)[..., None]
        halves = concat([one * self.df[..., None], one], -1) / 2.0
        return (log(abs_(self.scale)) + 0.5 * log(self.df) + lbeta(halves)
                + 0.5 * (self.df + 1.0) * (digamma(0.5 * (self.df + 1.0)) - digamma(0.5 * self.df)))

    def _mean(self) -> Any:
        mean = self.loc * ones(self.batch_shape_tensor(), dtype=self.dtype)
        return self._where_defined(mean, "mean")

    def _variance(self) -> Any:
        # A choice inside the choice, so that no division by 0 reaches the gradient.
        above_two = where_v2(greater(self.df, 2.0), self.df - 2.0, ones_like(self.df))
        variance = (ones(self.batch_shape_tensor(), dtype=self.dtype) * square(self.scale)
                    * self.df / above_two)
        two = fill(self.batch_shape_tensor(), self.dtype.as_numpy_dtype(2))
        infinity = fill(self.batch_shape_tensor(), self.dtype.as_numpy_dtype(np.inf), name="inf")
        return self._where_defined(where_v2(self.df > two, variance, infinity), "variance")

    def _where_defined(self, statistic: Any, what: str) -> Any:
        """The statistic where there are more than one degree of freedom."""
        if not self.allow_nan_stats:
            return with_dependencies([assert_less(
                ones([], dtype=self.dtype), self.df,
                message=f"{what} not defined for components of df <= 1")], statistic)
        one = ones(self.batch_shape_tensor(), dtype=self.dtype)
        nan = fill(self.batch_shape_tensor(), self.dtype.as_numpy_dtype(np.nan), name="nan")
        return where_v2(greater(self.df, one), statistic, nan)

    def _mode(self) -> Any:
        return identity(self.loc)
