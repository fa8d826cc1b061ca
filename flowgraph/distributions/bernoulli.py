"""The Bernoulli distribution: 1 with a probability, else 0."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.distributions import parameters as check
from flowgraph.distributions.distribution import (
    NOT_REPARAMETERIZED,
    ScalarDistribution,
    parameter_shapes,
)
from flowgraph.distributions.divergence import RegisterKL
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.activation import softplus
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import less
from flowgraph.ops.constant import ones_like
from flowgraph.ops.cross_entropy import sigmoid_cross_entropy_with_logits
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import random_uniform


class Bernoulli(ScalarDistribution):
    """The Bernoulli distribution: 1 with probability `probs`, else 0.

    Args:
        logits: floating tensor, the log-odds of 1; or None.
        probs: floating tensor, the probabilities of 1; or None. One of the two is given.
        dtype: dtype of the samples.
        validate_args: whether runs check that `probs` are probabilities and values 0 or 1.
        allow_nan_stats: whether statistics may be NaN.
        name: name of its scope.

    Raises:
        ValueError: both `logits` and `probs` are given, or neither.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.distributions.Bernoulli(probs=[0.25, 0.5]).prob([1, 0])))
        [0.25 0.5 ]
    """

    logits: Any
    probs: Any

    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = dt.int32,
                 validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Bernoulli") -> None:
        parameters = {"logits": logits, "probs": probs, "dtype": dtype,
                      "validate_args": validate_args, "allow_nan_stats": allow_nan_stats,
                      "name": name}
        with name_scope(name) as scope:
            self.logits, self.probs = check.logits_and_probs(logits, probs, validate_args, scope)
        self._batched = (self.logits,)
        super().__init__(dt.as_dtype(dtype), NOT_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, [self.logits, self.probs], scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return parameter_shapes(("logits",), sample_shape)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = concat([[n], self.batch_shape_tensor()], 0)
        uniform = random_uniform(shape, seed=seed, dtype=self.probs.dtype)
        return cast(less(uniform, self.probs), self.dtype)

    def _log_prob(self, event: Any) -> Any:
        if self.validate_args:
            event = check.castable(event, dt.bool_)
        event = cast(event, self.logits.dtype)
        logits = self.logits
        if not (event.shape.is_fully_defined() and logits.shape.is_fully_defined()
                and event.shape == logits.shape):
            logits, event = ones_like(event) * logits, ones_like(logits) * event
        return -sigmoid_cross_entropy_with_logits(labels=event, logits=logits)

    def _entropy(self) -> Any:
        return -self.logits * (sigmoid(self.logits) - 1) + softplus(-self.logits)

    def _mean(self) -> Any:
        return identity(self.probs)

    def _variance(self) -> Any:
        return self._mean() * (1.0 - self.probs)

    def _mode(self) -> Any:
        return cast(self.probs > 0.5, self.dtype)


@RegisterKL(Bernoulli, Bernoulli)
def _kl_bernoulli_bernoulli(a: Bernoulli, b: Bernoulli, name: str | None = None) -> Any:
    with name_scope(name, "kl_bernoulli_bernoulli", values=[a.logits, b.logits]):
        one = softplus(-b.logits) - softplus(-a.logits)
        zero = softplus(b.logits) - softplus(a.logits)
        return sigmoid(a.logits) * one + sigmoid(-a.logits) * zero
