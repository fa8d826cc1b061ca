"""Normal distributions of vectors whose elements are independent."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from flowgraph.distributions.divergence import RegisterKL
from flowgraph.distributions.normal import Normal
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import softplus
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones_like, zeros_like
from flowgraph.ops.diagonal import matrix_diag
from flowgraph.ops.exponential import expm1, log
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import random_normal
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import square


def softplus_inverse(x: Any, name: str | None = None) -> Any:
    """The number whose softplus is `x`: log(exp(x) - 1).

    Args:
        x: tensor of positive numbers.
        name: name of the ops.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import distributions
        >>> y = fg.nn.softplus(distributions.softplus_inverse(fg.constant(3.0)))
        >>> fg.Session().run(y).round(4)
        np.float32(3.0)
    """
    with name_scope(name, "softplus_inverse", [x]):
        x = convert_to_tensor(x, name="x")
        return x + log(-expm1(-x))  # log(exp(x) - 1) without the overflow of exp(x)


class NormalWithSoftplusScale(Normal):
    """The normal distribution whose standard deviation is softplus(scale).

    Args:
        loc: floating tensor, the means.
        scale: tensor whose softplus is the standard deviations.
        validate_args, allow_nan_stats, name: as for `tf.distributions.Normal`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import distributions
        >>> normal = distributions.NormalWithSoftplusScale(0.0, 0.0)
        >>> fg.Session().run(normal.stddev()).round(4)
        np.float32(0.6931)
    """

    def __init__(self, loc: Any, scale: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "NormalWithSoftplusScale") -> None:
        super().__init__(loc, softplus(scale, name="softplus_scale"), validate_args,
                         allow_nan_stats, name)


class MultivariateNormalDiag(Distribution):
    """The normal distribution of vectors with independent elements.

    Args:
        loc: [..., k] floating tensor, the means; default zeros.
        scale_diag: [..., k] tensor, the standard deviations; default ones.
        scale_identity_multiplier: [...] tensor that multiplies them, or is added to `scale_diag`
            where both are given, as in TensorFlow.
        validate_args, allow_nan_stats, name: as for `tf.distributions.Normal`.

    Raises:
        ValueError: neither `loc` nor `scale_diag` is given.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import distributions
        >>> normal = distributions.MultivariateNormalDiag([0.0, 1.0], [1.0, 2.0])
        >>> normal.event_shape, normal.sample(5).shape.as_list()
        (TensorShape([Dimension(2)]), [5, 2])
        >>> fg.Session().run(normal.log_prob([0.0, 1.0])).round(4)
        np.float32(-2.531)
    """

    loc: Any
    scale_diag: Any

    def __init__(self, loc: Any = None, scale_diag: Any = None,
                 scale_identity_multiplier: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "MultivariateNormalDiag") -> None:
        parameters = {"loc": loc, "scale_diag": scale_diag,
                      "scale_identity_multiplier": scale_identity_multiplier,
                      "validate_args": validate_args, "allow_nan_stats": allow_nan_stats,
                      "name": name}
        if loc is None and scale_diag is None:
            raise ValueError(located("MultivariateNormalDiag needs loc or scale_diag"))
        with name_scope(name, values=[loc, scale_diag]) as scope:
            self.loc = None if loc is None else convert_to_tensor(loc, name="loc")
            self.scale_diag = (None if scale_diag is None
                               else convert_to_tensor(scale_diag, name="scale_diag"))
            if scale_identity_multiplier is not None:
                factor = expand_dims(convert_to_tensor(scale_identity_multiplier), -1)
                self.scale_diag = (factor * ones_like(self.loc) if self.scale_diag is None
                                   else self.scale_diag + factor)
            if self.loc is None:
                self.loc = zeros_like(self.scale_diag)
            if self.scale_diag is None:
                self.scale_diag = ones_like(self.loc)
            self._all_loc = self.loc + zeros_like(self.scale_diag)
            self._all_scale = self.scale_diag + zeros_like(self.loc)
        super().__init__(self.loc.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats,
                         parameters, [self.loc, self.scale_diag], scope)

    def _batch_shape(self) -> Any:
        return self._all_loc.shape[:-1]

    def _batch_shape_tensor(self) -> Any:
        return shape_of(self._all_loc)[:-1]

    def _event_shape(self) -> Any:
        return TensorShape([self._all_loc.shape[-1]])

    def _event_shape_tensor(self) -> Any:
        return shape_of(self._all_loc)[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = concat([[n], shape_of(self._all_loc)], 0)
        return random_normal(shape, dtype=self.dtype, seed=seed) * self._all_scale + self._all_loc

    def _log_prob(self, x: Any) -> Any:
        z = (x - self._all_loc) / self._all_scale
        return -0.5 * reduce_sum(square(z), -1) - self._log_normalization()

    def _log_normalization(self) -> Any:
        size = cast(shape_of(self._all_loc)[-1], self.dtype)
        return 0.5 * math.log(2 * math.pi) * size + reduce_sum(log(abs_(self._all_scale)), -1)

    def _entropy(self) -> Any:
        size = cast(shape_of(self._all_loc)[-1], self.dtype)
        return 0.5 * size + self._log_normalization()

    def _mean(self) -> Any:
        return self._all_loc

    def _mode(self) -> Any:
        return self._all_loc

    def _variance(self) -> Any:
        return square(self._all_scale)

    def _stddev(self) -> Any:
        return abs_(self._all_scale)

    def _covariance(self) -> Any:
        return matrix_diag(square(self._all_scale))


class MultivariateNormalDiagWithSoftplusScale(MultivariateNormalDiag):
    """`MultivariateNormalDiag` whose standard deviations are softplus(scale_diag).

    Args:
        loc: [..., k] floating tensor, the means.
        scale_diag: [..., k] tensor whose softplus is the standard deviations.
        validate_args, allow_nan_stats, name: as for `tf.distributions.Normal`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import distributions
        >>> normal = distributions.MultivariateNormalDiagWithSoftplusScale([0.0], [0.0])
        >>> fg.Session().run(normal.stddev()).round(4)
        array([0.6931], dtype=float32)
    """

    def __init__(self, loc: Any, scale_diag: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True,
                 name: str = "MultivariateNormalDiagWithSoftplusScale") -> None:
        super().__init__(loc, softplus(scale_diag), validate_args=validate_args,
                         allow_nan_stats=allow_nan_stats, name=name)


@RegisterKL(MultivariateNormalDiag, MultivariateNormalDiag)
def _kl(a: MultivariateNormalDiag, b: MultivariateNormalDiag, name: str | None = None) -> Any:
    with name_scope(name, "kl_mvn", [a.loc, b.loc]):
        ratio = square(a._all_scale / b._all_scale)
        shift = square((a._all_loc - b._all_loc) / b._all_scale)
        return 0.5 * reduce_sum(shift + ratio - 1 - log(ratio), -1)
