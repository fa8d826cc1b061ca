"""The exponential distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.distributions.distribution import parameter_shapes
from flowgraph.distributions.gamma import Gamma
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.constant import ones
from flowgraph.ops.exponential import log
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.shape import shape as shape_of


class Exponential(Gamma):
    """The exponential distribution, with density `rate exp(-rate x)`.

    Args:
        rate: positive floating tensor, the inverse of the mean.
        validate_args: whether runs check that `rate` and values are positive.
        allow_nan_stats: whether the mode may be NaN; else the run fails.
        name: name of its scope.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.distributions.Exponential([0.5, 2.0]).mean()))
        [2.  0.5]
    """

    def __init__(self, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Exponential") -> None:
        parameters = {"rate": rate, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with name_scope(name, values=[rate]) as scope:
            given = convert_to_tensor(rate, name="rate")
        super().__init__(ones([], dtype=given.dtype), given, validate_args, allow_nan_stats, scope)
        self._parameters = parameters
        self._graph_parents.append(self._rate)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return parameter_shapes(("rate",), sample_shape)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = concat([[n], shape_of(self.rate)], 0)
        smallest = np.finfo(self.dtype.as_numpy_dtype).tiny  # the logarithm of 0 is not finite
        uniform = random_uniform(shape, smallest, 1.0, self.dtype, seed)
        return -log(uniform) / self.rate

    def _log_survival_function(self, value: Any) -> Any:
        return self._log_prob(value) - log(self.rate)
