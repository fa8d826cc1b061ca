"""Mixtures: one of several distributions, chosen at random."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from flowgraph.graph.graph import name_scope
from flowgraph.ops.join import stack
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reduced_statistics import reduce_logsumexp
from flowgraph.ops.select import one_hot
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.ops.unary import square


class Mixture(Distribution):
    """A mixture of distributions of one kind of values.

    Args:
        cat: Categorical distribution: which component.
        components: list of the distributions, of the batch shape of `cat`.
        validate_args, allow_nan_stats: as for `tf.distributions.Normal`.
        use_static_graph: accepted; all components are drawn from in any case.
        name: name scope of its ops.

    Raises:
        TypeError: `cat` is no Categorical distribution, or a component no distribution.
        ValueError: there are no components, or another number of them than classes.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import distributions
        >>> parts = [distributions.Normal(0.0, 1.0), distributions.Normal(4.0, 1.0)]
        >>> mixture = distributions.Mixture(distributions.Categorical(probs=[0.25, 0.75]), parts)
        >>> [value.round(4) for value in fg.Session().run([mixture.mean(), mixture.prob(4.0)])]
        [np.float32(3.0), np.float32(0.2992)]
    """

    def __init__(self, cat: Any, components: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, use_static_graph: bool = False,
                 name: str = "Mixture") -> None:
        from flowgraph.distributions.categorical import Categorical
        parameters = {"cat": cat, "components": components, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "use_static_graph": use_static_graph,
                      "name": name}
        if not isinstance(cat, Categorical):
            raise TypeError(located(f"cat must be a Categorical distribution, but saw: {cat}"))
        if not components:
            raise ValueError(located("components must be non-empty"))
        for component in components:
            if not isinstance(component, Distribution):
                raise TypeError(located("all entries in components must be Distribution "
                                        f"instances, but saw: {component}"))
        classes = cat.logits.shape[-1].value
        if classes is not None and classes != len(components):
            raise ValueError(located(f"cat.num_classes {classes} must be the number of "
                                     f"components {len(components)}"))
        self.cat, self.components, self.num_components = cat, list(components), len(components)
        with name_scope(name) as scope:
            pass
        super().__init__(components[0].dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, [cat.logits], scope)

    def _batch_shape(self) -> Any:
        return self.components[0].batch_shape

    def _batch_shape_tensor(self) -> Any:
        return self.components[0].batch_shape_tensor()

    def _event_shape(self) -> Any:
        return self.components[0].event_shape

    def _event_shape_tensor(self) -> Any:
        return self.components[0].event_shape_tensor()

    def _weighted(self, values: list[Any]) -> Any:
        """The sum of what the components give, weighted by their probabilities."""
        return reduce_sum(self._beside_events(softmax(self.cat.logits)) * stack(values, -1), -1)

    def _beside_events(self, weights: Any) -> Any:
        """[..., components] weights, with axes of size 1 before the last for those of an event."""
        for _ in range(self.event_shape.ndims or 0):
            weights = weights[..., None, :]
        return weights

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        seeds = [None if seed is None else seed + i for i in range(self.num_components + 1)]
        drawn = stack([component.sample(n, seed=one) for component, one in
                       zip(self.components, seeds[1:], strict=True)], -1)
        chosen = one_hot(self.cat.sample(n, seed=seeds[0]), self.num_components, dtype=drawn.dtype)
        return reduce_sum(self._beside_events(chosen) * drawn, -1)

    def _log_prob(self, x: Any) -> Any:
        each = stack([component.log_prob(x) for component in self.components], -1)
        return reduce_logsumexp(log_softmax(self.cat.logits) + each, -1)

    def _mean(self) -> Any:
        return self._weighted([component.mean() for component in self.components])

    def _variance(self) -> Any:
        squares = [component.variance() + square(component.mean())
                   for component in self.components]
        return self._weighted(squares) - square(self._mean())
