"""Activations, initializers, regularizers and constraints by name, as tf.keras takes them.

A layer takes `activation="relu"` for `activation=tf.nn.relu`, and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.ops import activation, initializers
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.exponential import exp, sigmoid, tanh
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.softmax import softmax
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import sqrt, square

ZEROS, ONES = initializers.Zeros(), initializers.Ones()  # defaults in signatures


def _linear(x: Any) -> Any:
    return x


ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "elu": activation.elu, "exponential": exp, "linear": _linear, "relu": activation.relu,
    "selu": activation.selu, "sigmoid": sigmoid, "softmax": softmax,
    "softplus": activation.softplus, "softsign": activation.softsign, "tanh": tanh,
}

INITIALIZERS: dict[str, Callable[..., Any]] = {
    "constant": initializers.Constant, "glorot_normal": initializers.GlorotNormal,
    "glorot_uniform": initializers.GlorotUniform, "he_normal": initializers.he_normal,
    "he_uniform": initializers.he_uniform, "identity": initializers.Identity,
    "lecun_normal": initializers.lecun_normal, "lecun_uniform": initializers.lecun_uniform,
    "normal": lambda: initializers.RandomNormal(0.0, 0.05), "ones": initializers.Ones,
    "orthogonal": initializers.Orthogonal,
    "random_normal": lambda: initializers.RandomNormal(0.0, 0.05),
    "random_uniform": lambda: initializers.RandomUniform(-0.05, 0.05),
    "truncated_normal": lambda: initializers.TruncatedNormal(0.0, 0.05),
    "uniform": lambda: initializers.RandomUniform(-0.05, 0.05),
    "variance_scaling": initializers.VarianceScaling, "zeros": initializers.Zeros,
}


def _l1(weights: Any) -> Any:
    return 0.01 * reduce_sum(abs_(weights))


def _l2(weights: Any) -> Any:
    return 0.01 * reduce_sum(square(weights))


REGULARIZERS: dict[str, Callable[..., Any]] = {
    "l1": _l1, "l2": _l2, "l1_l2": lambda weights: _l1(weights) + _l2(weights),
}

_TINY = 1e-7  # keeps a norm of 0 from a division by it


def _norms(weights: Any) -> Any:
    """The norms along the first axis: of what goes into each unit."""
    return sqrt(reduce_sum(square(weights), axis=0, keepdims=True))


def _at_most_2(weights: Any) -> Any:
    norms = _norms(weights)
    return weights * (clip_by_value(norms, 0.0, 2.0) / (_TINY + norms))


def _from_0_to_1(weights: Any) -> Any:
    norms = _norms(weights)
    return weights * (clip_by_value(norms, 0.0, 1.0) / (_TINY + norms))


CONSTRAINTS: dict[str, Callable[..., Any]] = {
    "max_norm": _at_most_2, "min_max_norm": _from_0_to_1,
    "non_neg": lambda weights: weights * cast(weights >= 0.0, weights.dtype.base_dtype),
    "unit_norm": lambda weights: weights / (_TINY + _norms(weights)),
}


def activation_called(value: Any) -> Any:
    """The activation for a layer's argument: a function, a name, or None for none."""
    return _named(value, "activation", ACTIVATIONS) if isinstance(value, str) else value


def initializer_called(value: Any) -> Any:
    """The initializer for a layer's argument: a callable, a value, a name, or None."""
    return _named(value, "initializer", INITIALIZERS)() if isinstance(value, str) else value


def regularizer_called(value: Any) -> Any:
    """The regularizer for a layer's argument: a function, a name, or None for none."""
    return _named(value, "regularizer", REGULARIZERS) if isinstance(value, str) else value


def constraint_called(value: Any) -> Any:
    """The constraint for a layer's argument: a function, a name, or None for none."""
    return _named(value, "constraint", CONSTRAINTS) if isinstance(value, str) else value


def _named(name: str, kind: str, table: dict[str, Any]) -> Any:
    if name not in table:
        raise ValueError(located(f"there is no {kind} called {name!r}; there are "
                                 f"{', '.join(sorted(table))}"))
    return table[name]
