"""The multinomial distribution: counts of draws of classes."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.distributions import parameters as check
from flowgraph.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.assertions import assert_equal
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones_like
from flowgraph.ops.diagonal import matrix_set_diag
from flowgraph.ops.functional import map_fn
from flowgraph.ops.identity import identity, with_dependencies
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.random_ops import multinomial
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape, transpose
from flowgraph.ops.select import one_hot
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.softmax import log_softmax


class Multinomial(Distribution):
    """Counts of how often each class comes in `total_count` draws.

    Args:
        total_count: floating tensor of whole numbers, how many draws; broadcasts with the batch
            axes of the probabilities.
        logits: floating tensor, unnormalised log-probabilities; the last axis is that of the
            classes. Or None.
        probs: floating tensor, probabilities. One of the two is given.
        validate_args: whether runs check parameters and values.
        allow_nan_stats: whether statistics may be NaN.
        name: name of its scope.

    Raises:
        ValueError: both `logits` and `probs` are given, or neither.

    Example:
        >>> import flowgraph as fg
        >>> counts = fg.distributions.Multinomial(2.0, probs=[0.5, 0.5])
        >>> print(fg.Session().run(counts.prob([1.0, 1.0])).round(3))
        0.5
    """

    logits: Any
    probs: Any
    total_count: Any

    def __init__(self, total_count: Any, logits: Any = None, probs: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Multinomial") -> None:
        parameters = {"total_count": total_count, "logits": logits, "probs": probs,
                      "validate_args": validate_args, "allow_nan_stats": allow_nan_stats,
                      "name": name}
        with name_scope(name, values=[total_count, logits, probs]) as scope:
            self.total_count = convert_to_tensor(total_count, name="total_count")
            if validate_args:
                self.total_count = check.whole_numbers(self.total_count)
            self.logits, self.probs = check.logits_and_probs(logits, probs, validate_args, scope,
                                                             multidimensional=True)
            self._mean_counts = self.total_count[..., None] * self.probs
        super().__init__(self.probs.dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, [self.total_count, self.logits, self.probs], scope)

    def _batch_shape(self) -> Any:
        return self._mean_counts.shape.with_rank_at_least(1)[:-1]

    def _batch_shape_tensor(self) -> Any:
        return shape_of(self._mean_counts)[:-1]

    def _event_shape(self) -> Any:
        return self._mean_counts.shape.with_rank_at_least(1)[-1:]

    def _event_shape_tensor(self) -> Any:
        return shape_of(self._mean_counts)[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        counts = cast(self.total_count, dt.int32)
        k = self.event_shape_tensor()[0]
        counts = ones_like(self.logits[..., 0], dtype=counts.dtype) * counts
        logits = ones_like(counts[..., None], dtype=self.logits.dtype) * self.logits

        def draw(row: Any) -> Any:
            """The counts of n samples of one distribution of the batch."""
            classes = multinomial(row[0][None, ...], row[1], seed)
            return reduce_sum(one_hot(reshape(classes, [n, -1]), depth=k, dtype=self.dtype),
                              axis=-2)

        rows = [reshape(logits, [-1, k]), n * reshape(counts, [-1])]
        drawn = transpose(map_fn(draw, rows, dtype=self.dtype), perm=[1, 0, 2])
        return reshape(drawn, concat([[n], self.batch_shape_tensor(), [k]], 0))

    def _log_prob(self, counts: Any) -> Any:
        counts = self._checked(counts)
        in_order = reduce_sum(counts * log_softmax(self.logits), -1)
        return in_order - (-check.log_combinations(self.total_count, counts))

    def _mean(self) -> Any:
        return identity(self._mean_counts)

    def _covariance(self) -> Any:
        p = self.probs * ones_like(self.total_count)[..., None]
        return matrix_set_diag(-matmul(self._mean_counts[..., None], p[..., None, :]),
                               self._variance())

    def _variance(self) -> Any:
        p = self.probs * ones_like(self.total_count)[..., None]
        return self._mean_counts - self._mean_counts * p

    def _checked(self, counts: Any) -> Any:
        if not self.validate_args:
            return counts
        counts = check.whole_numbers(counts)
        return with_dependencies([assert_equal(
            self.total_count, reduce_sum(counts, -1),
            message="counts must sum to `self.total_count`")], counts)
