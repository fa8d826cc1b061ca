"""The Dirichlet-multinomial distribution: counts of draws whose probabilities are random too."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.distributions import parameters as check
from flowgraph.distributions.dirichlet import Vectors
from flowgraph.distributions.distribution import NOT_REPARAMETERIZED
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.assertions import assert_equal, assert_positive
from flowgraph.ops.cast import cast
from flowgraph.ops.diagonal import matrix_set_diag
from flowgraph.ops.exponential import exp, log
from flowgraph.ops.gamma import lbeta
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.random_ops import multinomial
from flowgraph.ops.random_rejection import random_gamma
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.select import one_hot
from flowgraph.ops.unary import sqrt


class DirichletMultinomial(Vectors):
    """Counts of `total_count` draws, whose probabilities are a draw of a Dirichlet distribution.

    Args:
        total_count: floating tensor of whole numbers, how many draws; broadcasts with the batch
            axes of `concentration`.
        concentration: positive floating tensor; the last axis is that of the classes.
        validate_args: whether runs check parameters and values.
        allow_nan_stats: whether statistics may be NaN.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> counts = fg.distributions.DirichletMultinomial(4.0, [1.0, 3.0])
        >>> print(fg.Session().run(counts.mean()))
        [1. 3.]
    """

    total_count: Any

    def __init__(self, total_count: Any, concentration: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "DirichletMultinomial") -> None:
        parameters = {"total_count": total_count, "concentration": concentration,
                      "validate_args": validate_args, "allow_nan_stats": allow_nan_stats,
                      "name": name}
        with name_scope(name, values=[total_count, concentration]) as scope:
            self.total_count = convert_to_tensor(total_count, name="total_count")
            if validate_args:
                self.total_count = check.whole_numbers(self.total_count)
            self.concentration = convert_to_tensor(concentration, name="concentration")
            if validate_args:
                self.concentration = _checked(self.concentration)
            self.total_concentration = reduce_sum(self.concentration, -1)
        super().__init__(self.concentration.dtype, NOT_REPARAMETERIZED, validate_args,
                         allow_nan_stats, parameters, [self.total_count, self.concentration], scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        draws = cast(self.total_count, dt.int32)
        k = self.event_shape_tensor()[0]
        drawn = random_gamma([n], self.concentration, dtype=self.dtype, seed=seed)
        logits = reshape(log(drawn), shape=[-1, k])
        classes = multinomial(logits, draws, check.new_seed(seed, "dirichlet_multinomial"))
        counts = reduce_sum(one_hot(classes, depth=k), -2)
        shape = concat([[n], self.batch_shape_tensor(), [k]], 0)
        return cast(reshape(counts, shape), self.dtype)

    def _log_prob(self, counts: Any) -> Any:
        if self.validate_args:
            counts = check.whole_numbers(counts)
            counts = with_dependencies([assert_equal(
                self.total_count, reduce_sum(counts, -1),
                message="counts last-dimension must sum to `self.total_count`")], counts)
        in_order = lbeta(self.concentration + counts) - lbeta(self.concentration)
        return in_order + check.log_combinations(self.total_count, counts)

    def _prob(self, counts: Any) -> Any:
        return exp(self._log_prob(counts))

    def _mean(self) -> Any:
        return self.total_count * (self.concentration / self.total_concentration[..., None])

    def _covariance(self) -> Any:
        x = self._scale() * self._mean()
        return matrix_set_diag(-matmul(x[..., None], x[..., None, :]), self._variance())

    def _variance(self) -> Any:
        scale = self._scale()
        x = scale * self._mean()
        return x * (self.total_count * scale - x)

    def _scale(self) -> Any:
        total = self.total_concentration[..., None]
        return sqrt((1.0 + total / self.total_count) / (1.0 + total))


def _checked(concentration: Any) -> Any:
    concentration = check.with_classes(concentration)
    return with_dependencies([assert_positive(
        concentration, message="Concentration parameter must be positive.")], concentration)
