"""The uniform distribution of an interval."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.distributions.distribution import (
    FULLY_REPARAMETERIZED,
    ScalarDistribution,
    parameter_shapes,
)
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.assertions import assert_less
from flowgraph.ops.constant import ones, ones_like, zeros, zeros_like
from flowgraph.ops.exponential import log
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.logic import logical_or
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.rounding import is_nan
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import broadcast_dynamic_shape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.type_checks import assert_same_float_dtype
from flowgraph.ops.unary import square


class Uniform(ScalarDistribution):
    """The uniform distribution of [low, high).

    Args:
        low: floating tensor, where the intervals begin.
        high: tensor of the same dtype, where they end; broadcasts with `low`.
        validate_args: whether runs check that `low` is less than `high`.
        allow_nan_stats: whether statistics may be NaN.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.distributions.Uniform(0.0, [1.0, 4.0]).prob(0.5)))
        [1.   0.25]
    """

    low: Any
    high: Any

    def __init__(self, low: Any = 0.0, high: Any = 1.0, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Uniform") -> None:
        parameters = {"low": low, "high": high, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with name_scope(name, values=[low, high]) as scope:
            checks = [assert_less(low, high, message="uniform not defined when low >= high.")
                      ] if validate_args else []
            with control_dependencies(checks):
                self.low = identity(low, name="low")
                self.high = identity(high, name="high")
            assert_same_float_dtype([self.low, self.high])
        self._batched = (self.low, self.high)
        super().__init__(self.low.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, self._batched, scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return parameter_shapes(("low", "high"), sample_shape)

    def range(self, name: str = "range") -> Any:
        """The length of the interval, `high - low`."""
        with self._name_scope(name):
            return self.high - self.low

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = concat([[n], self.batch_shape_tensor()], 0)
        return self.low + self.range() * random_uniform(shape, dtype=self.dtype, seed=seed)

    def _prob(self, x: Any) -> Any:
        x = x * ones(self.batch_shape_tensor(), dtype=x.dtype)
        outside = logical_or(x < self.low, x >= self.high)
        return where_v2(is_nan(x), x,
                        where_v2(outside, zeros_like(x), ones_like(x) / self.range()))

    def _cdf(self, x: Any) -> Any:
        shape = broadcast_dynamic_shape(shape_of(x), self.batch_shape_tensor())
        none, all_ = zeros(shape, dtype=self.dtype), ones(shape, dtype=self.dtype)
        share = where_v2(x < self.low, none, (x * all_ - self.low) / self.range())
        return where_v2(x >= self.high, all_, share)

    def _entropy(self) -> Any:
        return log(self.range())

    def _mean(self) -> Any:
        return (self.low + self.high) / 2.0

    def _variance(self) -> Any:
        return square(self.range()) / 12.0

    def _stddev(self) -> Any:
        return self.range() / math.sqrt(12.0)
