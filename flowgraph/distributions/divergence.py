"""Kullback-Leibler divergences: a formula for each pair of distributions, and their register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.ops.identity import identity
from flowgraph.ops.logic import logical_not
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_any
from flowgraph.ops.rounding import is_nan

_formulas: dict[tuple[type, type], Callable[..., Any]] = {}


class RegisterKL:
    """Decorator: registers the divergence of two classes of distributions.

    Args:
        dist_cls_a: class of the distribution that the expectation is over.
        dist_cls_b: class of the other.

    Raises:
        TypeError: what is decorated is no function.
        ValueError: the pair has a formula already.

    Example:
        >>> import flowgraph as fg
        >>> class Half(fg.distributions.Normal):
        ...     pass
        >>> @fg.distributions.RegisterKL(Half, Half)
        ... def half_from_half(a, b, name=None):
        ...     return fg.constant(0.5)
        >>> fg.Session().run(fg.distributions.kl_divergence(Half(0.0, 1.0), Half(1.0, 1.0)))
        np.float32(0.5)
    """

    def __init__(self, dist_cls_a: type, dist_cls_b: type) -> None:
        self._key = (dist_cls_a, dist_cls_b)

    def __call__(self, kl_fn: Callable[..., Any]) -> Callable[..., Any]:
        """Registers `kl_fn(a, b, name=None)` and returns it."""
        if not callable(kl_fn):
            raise TypeError(located(f"kl_fn must be callable, received: {kl_fn!r}"))
        if self._key in _formulas:
            a, b = self._key
            raise ValueError(located(f"KL({a.__name__} || {b.__name__}) has already been "
                                     f"registered to: {_formulas[self._key]}"))
        _formulas[self._key] = kl_fn
        return kl_fn


def kl_divergence(distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True,
                  name: str | None = None) -> Any:
    """Computes the Kullback-Leibler divergence KL(a || b), in nats.

    Args:
        distribution_a: the distribution that the expectation is over.
        distribution_b: the other.
        allow_nan_stats: whether the result may be NaN; else the run fails then.
        name: name of the scope of the formula.

    Returns:
        A tensor of the batch shapes, broadcast.

    Raises:
        NotImplementedError: there is no formula for the two.

    Example:
        >>> import flowgraph as fg
        >>> a, b = fg.distributions.Normal(0.0, 1.0), fg.distributions.Normal(1.0, 1.0)
        >>> fg.Session().run(fg.distributions.kl_divergence(a, b))
        np.float32(0.5)
    """
    formula = _formula_for(type(distribution_a), type(distribution_b))
    if formula is None:
        raise NotImplementedError(located(
            f"there is no KL(distribution_a || distribution_b) for distribution_a of type "
            f"{type(distribution_a).__name__} and distribution_b of type "
            f"{type(distribution_b).__name__}", "Register one with tf.distributions.RegisterKL."))
    with name_scope("KullbackLeibler"):
        result = formula(distribution_a, distribution_b, name=name)
        if allow_nan_stats:
            return result
        result = identity(result, name="kl")
        check = assert_true(logical_not(reduce_any(is_nan(result))), [
            f"KL calculation between {distribution_a.name} and {distribution_b.name} returned NaN "
            "values (and was called with allow_nan_stats=False). Values:", result])
        with control_dependencies([check]):
            return identity(result, name="checked_kl")


def cross_entropy(ref: Any, other: Any, allow_nan_stats: bool = True, name: str | None = None
                  ) -> Any:
    """The cross entropy of `ref` and `other`: the entropy of `ref` plus KL(ref || other)."""
    with name_scope(name, "cross_entropy"):
        return ref.entropy() + kl_divergence(ref, other, allow_nan_stats=allow_nan_stats)


def _formula_for(class_a: type, class_b: type) -> Callable[..., Any] | None:
    """The formula of the classes, or of the bases that are nearest to them."""
    found = [(i + j, _formulas[a, b]) for i, a in enumerate(class_a.__mro__)
             for j, b in enumerate(class_b.__mro__) if (a, b) in _formulas]
    return min(found, key=lambda entry: entry[0])[1] if found else None
