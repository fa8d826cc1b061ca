"""Activations and initializers by name: `activation="relu"`, as tf.keras takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.ops import activation, initializers
from flowgraph.ops.exponential import exp, sigmoid, tanh
from flowgraph.ops.softmax import softmax

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


def activation_called(value: Any) -> Any:
    """The activation for a layer's argument: a function, a name, or None for none."""
    return _named(value, "activation", ACTIVATIONS) if isinstance(value, str) else value


def initializer_called(value: Any) -> Any:
    """The initializer for a layer's argument: a callable, a value, a name, or None."""
    return _named(value, "initializer", INITIALIZERS)() if isinstance(value, str) else value


def _named(name: str, kind: str, table: dict[str, Any]) -> Any:
    if name not in table:
        raise ValueError(f"there is no {kind} called {name!r}; there are "
                         f"{', '.join(sorted(table))}")
    return table[name]
