"""Distribution: what all distributions have in common; the base for new ones.

A subclass writes the private methods it has formulas for, `_sample_n`, `_log_prob`, `_mean`...; the
public ones open the distribution's name scope, convert the value, and find another way where there
is no formula: `prob` is the exponential of `log_prob`, `stddev` the root of `variance`.

Shapes of what `sample` returns: [sample shape] + [batch shape] + [event shape]. The batch shape is
that of the parameters, broadcast: one distribution for each of them. The event shape is that of one
draw: () for numbers, (k,) for vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.distributions import divergence
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import constant
from flowgraph.ops.exponential import exp, log, log1p
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_prod
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import broadcast_dynamic_shape, broadcast_static_shape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.unary import sqrt, square


class ReparameterizationType:
    """Whether samples have gradients for the parameters of the distribution they come from.

    Args:
        rep_type: its name.

    Example:
        >>> import flowgraph as fg
        >>> normal = fg.distributions.Normal(0.0, 1.0)
        >>> normal.reparameterization_type is fg.distributions.FULLY_REPARAMETERIZED
        True
    """

    def __init__(self, rep_type: str) -> None:
        self._rep_type = rep_type

    def __repr__(self) -> str:
        return f"<Reparameterization Type: {self._rep_type}>"


FULLY_REPARAMETERIZED = ReparameterizationType("FULLY_REPARAMETERIZED")
NOT_REPARAMETERIZED = ReparameterizationType("NOT_REPARAMETERIZED")


def _without_formula(name: str) -> Callable[..., Any]:
    """The private method `_name` of a distribution that has no formula for it."""
    def missing(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(located(f"{name} is not implemented: {type(self).__name__}"))
    return missing


class Distribution:
    """Base of distributions; a subclass writes the private methods, as `_log_prob` and `_sample_n`.

    Args:
        dtype: dtype of the samples.
        reparameterization_type: `FULLY_REPARAMETERIZED` where samples have gradients for the
            parameters, else `NOT_REPARAMETERIZED`.
        validate_args: whether runs check parameters and values.
        allow_nan_stats: whether a statistic that is not defined is NaN; else the run fails.
        parameters: the constructor's arguments by name; for `copy`.
        graph_parents: tensors that it is made of.
        name: name of its scope.

    Raises:
        ValueError: something among `graph_parents` is no tensor.

    Example:
        >>> import flowgraph as fg
        >>> class Fixed(fg.distributions.Distribution):
        ...     def __init__(self, value, name="Fixed"):
        ...         self.value = fg.convert_to_tensor(value)
        ...         super().__init__(self.value.dtype, fg.distributions.NOT_REPARAMETERIZED, False,
        ...                          True, parameters={"value": value}, name=name)
        ...     def _mean(self):
        ...         return self.value
        ...     def _variance(self):
        ...         return fg.zeros_like(self.value)
        >>> fg.Session().run([Fixed(2.0).mean(), Fixed(2.0).stddev()])
        [np.float32(2.0), np.float32(0.0)]
    """

    def __init__(self, dtype: Any, reparameterization_type: Any, validate_args: bool,
                 allow_nan_stats: bool, parameters: dict[str, Any] | None = None,
                 graph_parents: Any = None, name: str | None = None) -> None:
        self._graph_parents = list(graph_parents or [])
        for i, parent in enumerate(self._graph_parents):
            if not isinstance(parent, Tensor):
                raise ValueError(located(f"graph_parents[{i}] must be a tensor, not {parent!r}"))
        if not name or not name.endswith("/"):
            with name_scope(name or type(self).__name__) as scope:
                name = scope
        self._dtype = dtype
        self._reparameterization_type = reparameterization_type
        self._validate_args = validate_args
        self._allow_nan_stats = allow_nan_stats
        self._parameters = dict(parameters or {})
        self._name = name

    # ---- what a subclass writes ------------------------------------------------------------------

    _batch_shape_tensor = _without_formula("batch_shape_tensor")
    _event_shape_tensor = _without_formula("event_shape_tensor")
    _sample_n = _without_formula("sample_n")
    _log_prob = _without_formula("log_prob")
    _prob = _without_formula("prob")
    _log_cdf = _without_formula("log_cdf")
    _cdf = _without_formula("cdf")
    _log_survival_function = _without_formula("log_survival_function")
    _survival_function = _without_formula("survival_function")
    _quantile = _without_formula("quantile")
    _entropy = _without_formula("entropy")
    _mean = _without_formula("mean")
    _mode = _without_formula("mode")
    _variance = _without_formula("variance")
    _stddev = _without_formula("stddev")
    _covariance = _without_formula("covariance")

    # ---- what it is ------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Its name scope, with the slash."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The dtype of its samples."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments it was made with, by name."""
        return {name: value for name, value in self._parameters.items()
                if not name.startswith("__") and name != "self"}

    @property
    def reparameterization_type(self) -> ReparameterizationType:
        """Whether its samples have gradients for its parameters."""
        return self._reparameterization_type

    @property
    def allow_nan_stats(self) -> bool:
        """Whether a statistic that is not defined is NaN."""
        return self._allow_nan_stats

    @property
    def validate_args(self) -> bool:
        """Whether runs check parameters and values."""
        return self._validate_args

    def copy(self, **override_parameters_kwargs: Any) -> Any:
        """Another distribution of this class, with some arguments replaced."""
        return type(self)(**self.parameters | override_parameters_kwargs)

    def __str__(self) -> str:
        return f"tfp.distributions.{type(self).__name__}(\"{self.name}\"" + "".join(
            f", {what}={shape}" for what, shape in (("batch_shape", self.batch_shape),
                                                    ("event_shape", self.event_shape))
            if shape.ndims is not None) + f", dtype={dt.as_dtype(self.dtype).name})"

    def __repr__(self) -> str:
        return (f"<tfp.distributions.{type(self).__name__} '{self.name}' "
                f"batch_shape={self.batch_shape} event_shape={self.event_shape} "
                f"dtype={dt.as_dtype(self.dtype).name}>")

    # ---- shapes ----------------------------------------------------------------------------------

    @property
    def batch_shape(self) -> TensorShape:
        """The static shape of its parameters, broadcast."""
        return TensorShape(self._batch_shape())

    @property
    def event_shape(self) -> TensorShape:
        """The static shape of one draw."""
        return TensorShape(self._event_shape())

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Any:
        """The shape of its parameters, broadcast, as a tensor."""
        with self._name_scope(name):
            return self._shape_tensor(self.batch_shape, self._batch_shape_tensor, "batch_shape")

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Any:
        """The shape of one draw, as a tensor."""
        with self._name_scope(name):
            return self._shape_tensor(self.event_shape, self._event_shape_tensor, "event_shape")

    def is_scalar_event(self, name: str = "is_scalar_event") -> Any:
        """Whether one draw is a number."""
        with self._name_scope(name):
            return _is_empty(self.event_shape, self.event_shape_tensor, name="is_scalar_event")

    def is_scalar_batch(self, name: str = "is_scalar_batch") -> Any:
        """Whether it is one distribution."""
        with self._name_scope(name):
            return _is_empty(self.batch_shape, self.batch_shape_tensor, name="is_scalar_batch")

    @classmethod
    def param_shapes(cls, sample_shape: Any, name: str = "DistributionParamShapes"
                     ) -> dict[str, Tensor]:
        """The shapes that the parameters need for samples of `sample_shape`, by name."""
        with name_scope(name, values=[sample_shape]):
            return cls._param_shapes(sample_shape)

    @classmethod
    def param_static_shapes(cls, sample_shape: Any) -> dict[str, TensorShape]:
        """Like `param_shapes`, as static shapes."""
        if isinstance(sample_shape, TensorShape):
            if not sample_shape.is_fully_defined():
                raise ValueError(located("TensorShape sample_shape must be fully defined, got "
                                         f"{sample_shape}"))
            sample_shape = sample_shape.as_list()
        static = {}
        for name, shape in cls.param_shapes(sample_shape).items():
            sizes = known_value(shape)
            if sizes is None or None in sizes:
                raise ValueError(located("sample_shape must be a fully-defined TensorShape or "
                                         "list/tuple"))
            static[name] = TensorShape(sizes)
        return static

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        raise NotImplementedError("_param_shapes not implemented")

    def _batch_shape(self) -> Any:
        return TensorShape(None)

    def _event_shape(self) -> Any:
        return TensorShape(None)

    # ---- samples ---------------------------------------------------------------------------------

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample"
               ) -> Any:
        """Draws of the shape `sample_shape + batch_shape + event_shape`."""
        return self._call_sample_n(sample_shape, seed, name)

    def _call_sample_n(self, sample_shape: Any, seed: int | None, name: str, **kwargs: Any
                       ) -> Any:
        with self._name_scope(name, [sample_shape]):
            sizes = convert_to_tensor(sample_shape, dt.int32, name="sample_shape")
            sizes, count = _as_vector(sizes)
            samples = self._sample_n(count, seed, **kwargs)
            sizes_of_one = shape_of(samples)[1:]
            samples = reshape(samples, concat([sizes, sizes_of_one], 0))
            return self._with_static_shape(samples, sizes)

    def _with_static_shape(self, samples: Any, sample_shape: Any) -> Any:
        """Tells the tensor all that is known of its shape."""
        known = known_value(sample_shape)
        of_one = self.batch_shape.concatenate(self.event_shape)
        whole = TensorShape(known).concatenate(of_one)
        rank = samples.shape.ndims
        if whole.ndims is None and rank is not None:  # the last axes are known at least
            tail = of_one if of_one.ndims is not None else self.event_shape
            if tail.ndims is not None:
                whole = TensorShape([None] * (rank - tail.ndims)).concatenate(tail)
        samples.set_shape(whole)
        return samples

    # ---- probabilities ---------------------------------------------------------------------------

    def log_prob(self, value: Any, name: str = "log_prob") -> Any:
        """The logarithm of the probability of `value`, or of its density."""
        return self._call_log_prob(value, name)

    def prob(self, value: Any, name: str = "prob") -> Any:
        """The probability of `value`, or its density."""
        return self._call_prob(value, name)

    def log_cdf(self, value: Any, name: str = "log_cdf") -> Any:
        """The logarithm of the probability of draws up to `value`."""
        return self._call_log_cdf(value, name)

    def cdf(self, value: Any, name: str = "cdf") -> Any:
        """The probability of draws up to `value`."""
        return self._call_cdf(value, name)

    def log_survival_function(self, value: Any, name: str = "log_survival_function") -> Any:
        """The logarithm of the probability of draws beyond `value`."""
        return self._call_log_survival_function(value, name)

    def survival_function(self, value: Any, name: str = "survival_function") -> Any:
        """The probability of draws beyond `value`."""
        return self._call_survival_function(value, name)

    def quantile(self, value: Any, name: str = "quantile") -> Any:
        """The number that a draw exceeds with probability `1 - value`."""
        return self._call_quantile(value, name)

    def _call_log_prob(self, value: Any, name: str, **kwargs: Any) -> Any:
        with self._name_scope(name, [value]):
            x = self._as_value(value)
            return _first_of(lambda: self._log_prob(x, **kwargs),
                             lambda: log(self._prob(x, **kwargs)))

    def _call_prob(self, value: Any, name: str, **kwargs: Any) -> Any:
        with self._name_scope(name, [value]):
            x = self._as_value(value)
            return _first_of(lambda: self._prob(x, **kwargs),
                             lambda: exp(self._log_prob(x, **kwargs)))

    def _call_log_cdf(self, value: Any, name: str, **kwargs: Any) -> Any:
        with self._name_scope(name, [value]):
            x = self._as_value(value)
            return _first_of(lambda: self._log_cdf(x, **kwargs),
                             lambda: log(self._cdf(x, **kwargs)))

    def _call_cdf(self, value: Any, name: str, **kwargs: Any) -> Any:
        with self._name_scope(name, [value]):
            x = self._as_value(value)
            return _first_of(lambda: self._cdf(x, **kwargs),
                             lambda: exp(self._log_cdf(x, **kwargs)))

    def _call_log_survival_function(self, value: Any, name: str, **kwargs: Any) -> Any:
        with self._name_scope(name, [value]):
            x = self._as_value(value)
            return _first_of(lambda: self._log_survival_function(x, **kwargs),
                             lambda: log1p(-self.cdf(x, **kwargs)))

    def _call_survival_function(self, value: Any, name: str, **kwargs: Any) -> Any:
        with self._name_scope(name, [value]):
            x = self._as_value(value)
            return _first_of(lambda: self._survival_function(x, **kwargs),
                             lambda: 1.0 - self.cdf(x, **kwargs))

    def _call_quantile(self, value: Any, name: str, **kwargs: Any) -> Any:
        with self._name_scope(name, [value]):
            return self._quantile(self._as_value(value), **kwargs)

    # ---- statistics ------------------------------------------------------------------------------

    def entropy(self, name: str = "entropy") -> Any:
        """The entropy, in nats."""
        with self._name_scope(name):
            return self._entropy()

    def mean(self, name: str = "mean") -> Any:
        """The mean."""
        with self._name_scope(name):
            return self._mean()

    def mode(self, name: str = "mode") -> Any:
        """The likeliest draw."""
        with self._name_scope(name):
            return self._mode()

    def variance(self, name: str = "variance") -> Any:
        """The variance of each number of a draw."""
        with self._name_scope(name):
            return _first_of(self._variance, lambda: square(self._stddev()))

    def stddev(self, name: str = "stddev") -> Any:
        """The standard deviation of each number of a draw."""
        with self._name_scope(name):
            return _first_of(self._stddev, lambda: sqrt(self._variance()))

    def covariance(self, name: str = "covariance") -> Any:
        """The covariance matrix of the numbers of a draw."""
        with self._name_scope(name):
            return self._covariance()

    def cross_entropy(self, other: Any, name: str = "cross_entropy") -> Any:
        """The cross entropy of this distribution and `other`, in nats."""
        with self._name_scope(name):
            return self._cross_entropy(other)

    def kl_divergence(self, other: Any, name: str = "kl_divergence") -> Any:
        """The Kullback-Leibler divergence of `other` from this distribution, in nats."""
        with self._name_scope(name):
            return self._kl_divergence(other)

    def _cross_entropy(self, other: Any) -> Any:
        return divergence.cross_entropy(self, other, allow_nan_stats=self.allow_nan_stats)

    def _kl_divergence(self, other: Any) -> Any:
        return divergence.kl_divergence(self, other, allow_nan_stats=self.allow_nan_stats)

    # ---- parts -----------------------------------------------------------------------------------

    @contextmanager
    def _name_scope(self, name: str | None = None, values: Any = None) -> Iterator[str]:
        with (name_scope(self.name),
              name_scope(name, values=[*(values or []), *self._graph_parents]) as scope):
            yield scope

    def _as_value(self, value: Any) -> Any:
        return convert_to_tensor(value, name="value", preferred_dtype=self.dtype)

    @staticmethod
    def _shape_tensor(static: TensorShape, dynamic: Callable[[], Any], name: str) -> Any:
        if static.is_fully_defined():
            return convert_to_tensor(static.as_list(), dt.int32, name=name)
        return dynamic()


class ScalarDistribution(Distribution):
    """A distribution of numbers; its batch shape is that of `_batched`, broadcast."""

    _batched: tuple[Tensor, ...]

    def _batch_shape(self) -> Any:
        shape = self._batched[0].shape
        for parameter in self._batched[1:]:
            shape = broadcast_static_shape(shape, parameter.shape)
        return shape

    def _batch_shape_tensor(self) -> Any:
        sizes = shape_of(self._batched[0])
        for parameter in self._batched[1:]:
            sizes = broadcast_dynamic_shape(sizes, shape_of(parameter))
        return sizes

    def _event_shape(self) -> Any:
        return TensorShape([])

    def _event_shape_tensor(self) -> Any:
        return constant([], dt.int32)


def parameter_shapes(names: tuple[str, ...], sample_shape: Any) -> dict[str, Tensor]:
    """The answer of `_param_shapes` where every parameter has the shape of the samples."""
    return dict.fromkeys(names, convert_to_tensor(sample_shape, dt.int32))


def _first_of(formula: Callable[[], Any], other: Callable[[], Any]) -> Any:
    """The result of `formula`; of `other` where there is none; the first's error if neither is."""
    try:
        return formula()
    except NotImplementedError as missing:
        try:
            return other()
        except NotImplementedError:
            raise missing from None


def _as_vector(sizes: Any) -> tuple[Tensor, Any]:
    """A scalar or vector as a vector, and the product of its entries."""
    known = known_value(sizes)
    if known is None or (isinstance(known, tuple) and None in known):
        known, count = None, reduce_prod(sizes)
    else:
        count = int(np.prod(known, dtype=np.int32))
    rank = sizes.shape.ndims
    if rank == 0:
        return (reshape(sizes, [1]) if known is None
                else convert_to_tensor([known], dt.int32, name="sample_shape")), count
    if rank is None:
        return reshape(sizes, [-1]), count
    if rank != 1:
        raise ValueError(located(f"sample_shape must be a number or a vector, not of rank {rank}"))
    return sizes, count


def _is_empty(static: TensorShape, dynamic: Callable[[], Any], name: str) -> Any:
    """Whether a shape has no sizes."""
    if static.ndims is not None:
        return convert_to_tensor(static.ndims == 0, name=name)
    return equal(shape_of(dynamic())[0], 0)
