"""The categorical distribution: of the numbers of classes."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape, dimension_value
from flowgraph.distributions import parameters as check
from flowgraph.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from flowgraph.distributions.divergence import RegisterKL
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmax
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant, ones, ones_like, zeros_like
from flowgraph.ops.cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import multinomial
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape, transpose
from flowgraph.ops.select import sequence_mask, where
from flowgraph.ops.shape import rank
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.softmax import log_softmax, softmax


class Categorical(Distribution):
    """The categorical distribution: class i with probability `softmax(logits)[i]`.

    Args:
        logits: floating tensor of rank 1 or more, unnormalised log-probabilities; the last axis is
            that of the classes. Or None.
        probs: floating tensor of the same kind, probabilities. One of the two is given.
        dtype: dtype of the samples.
        validate_args: whether runs check that `probs` are probabilities and values are classes.
        allow_nan_stats: whether statistics may be NaN.
        name: name of its scope.

    Raises:
        ValueError: both `logits` and `probs` are given, or neither.

    Example:
        >>> import flowgraph as fg
        >>> dice = fg.distributions.Categorical(probs=[0.25, 0.75])
        >>> print(fg.Session().run(dice.prob([0, 1, 1])))
        [0.25 0.75 0.75]
    """

    logits: Any
    probs: Any

    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = dt.int32,
                 validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Categorical") -> None:
        parameters = {"logits": logits, "probs": probs, "dtype": dtype,
                      "validate_args": validate_args, "allow_nan_stats": allow_nan_stats,
                      "name": name}
        with name_scope(name, values=[logits, probs]) as scope:
            self.logits, self.probs = check.logits_and_probs(logits, probs, validate_args, scope,
                                                             multidimensional=True)
            if validate_args:
                self.logits = check.with_classes(self.logits)
            self._name_sizes()
        super().__init__(dt.as_dtype(dtype), NOT_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, [self.logits, self.probs], scope)

    def _name_sizes(self) -> None:
        """Makes nodes for the batch rank, the number of classes and the batch shape."""
        static = self.logits.shape.with_rank_at_least(1)
        if static.ndims is not None:
            self._batch_rank = convert_to_tensor(static.ndims - 1, dt.int32, name="batch_rank")
        else:
            with name_scope("batch_rank"):
                self._batch_rank = rank(self.logits) - 1
        sizes = shape_of(self.logits, name="logits_shape")
        classes = None if static.ndims is None else dimension_value(static[-1])
        if classes is not None:
            self.event_size = convert_to_tensor(classes, dt.int32, name="event_size")
        else:
            with name_scope("event_size"):
                self.event_size = sizes[self._batch_rank]
        if static[:-1].is_fully_defined():
            self._batch_sizes = constant(static[:-1].as_list(), dt.int32, name="batch_shape")
        else:
            with name_scope("batch_shape"):
                self._batch_sizes = sizes[:-1]

    def _batch_shape(self) -> Any:
        return self.logits.shape[:-1]

    def _batch_shape_tensor(self) -> Any:
        return identity(self._batch_sizes)

    def _event_shape(self) -> Any:
        return TensorShape([])

    def _event_shape_tensor(self) -> Any:
        return constant([], dt.int32)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        rows = (self.logits if self.logits.shape.ndims == 2
                else reshape(self.logits, [-1, self.event_size]))
        drawn = multinomial(rows, n, seed=seed,
                            output_dtype=dt.int64 if self.dtype.size > 4 else dt.int32)
        shape = concat([[n], self.batch_shape_tensor()], 0)
        return cast(reshape(transpose(drawn), shape), self.dtype)

    def _cdf(self, k: Any) -> Any:
        k, probs = self._same_batch(k, self.probs)
        rows = reshape(probs, (-1, self.event_size))
        up_to = sequence_mask(reshape(k, [-1]), self.event_size)
        sums = reduce_sum(where(up_to, rows, zeros_like(rows)), axis=-1)
        return reshape(sums, shape_of(k))

    def _log_prob(self, k: Any) -> Any:
        k, logits = self._same_batch(k, self.logits)
        return -sparse_softmax_cross_entropy_with_logits(labels=k, logits=logits)

    def _entropy(self) -> Any:
        return -reduce_sum(log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Any:
        mode = cast(argmax(self.logits, axis=self._batch_rank), self.dtype)
        mode.set_shape(self.batch_shape)
        return mode

    def _same_batch(self, k: Any, parameter: Any) -> tuple[Tensor, Tensor]:
        """Classes as integers, and a parameter, of one batch shape."""
        if self.validate_args:
            k = check.castable(k, dt.int32)
        if k.dtype.is_floating:
            k = cast(k, dt.int32)
        elif not k.dtype.is_integer:
            raise TypeError(located("value must have an integer dtype or that of the distribution, "
                                    f"{self.dtype.name}, not {k.dtype.name}",
                                    section="dtype-error"))
        batch = parameter.shape[:-1]
        if not (batch.is_fully_defined() and k.shape.is_fully_defined() and batch == k.shape):
            parameter = parameter * ones_like(k[..., None], dtype=parameter.dtype)
            k = k * ones(shape_of(parameter)[:-1], dtype=k.dtype)
            if parameter.shape.ndims is not None:
                k.set_shape(parameter.shape[:-1])
        return k, parameter


@RegisterKL(Categorical, Categorical)
def _kl_categorical_categorical(a: Categorical, b: Categorical, name: str | None = None) -> Any:
    with name_scope(name, "kl_categorical_categorical", values=[a.logits, b.logits]):
        difference = log_softmax(a.logits) - log_softmax(b.logits)
        return reduce_sum(softmax(a.logits) * difference, axis=-1)
