"""The distributions of the tests, and what is asked of each; shared with data/make_expected.py."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One distribution: its class, its arguments, and values to ask the probabilities of."""

    name: str
    kind: str
    arguments: dict[str, Any]
    values: Any


ROWS = [
    Row("normal", "Normal", {"loc": [0.0, 1.0], "scale": 2.0}, [[0.5], [2.0]]),
    Row("normal, checked", "Normal", {"loc": 0.0, "scale": [1.0, 3.0], "validate_args": True},
        [-30.0, 6.0]),
    Row("bernoulli of probs", "Bernoulli", {"probs": [0.2, 0.7], "validate_args": True}, [1, 0]),
    Row("bernoulli of logits", "Bernoulli", {"logits": [[0.2, -0.7]]}, [1, 0]),
    Row("beta", "Beta", {"concentration1": [1.5, 3.0], "concentration0": [2.0, 0.5]}, [0.3, 0.6]),
    Row("beta, checked", "Beta", {"concentration1": [1.5, 3.0], "concentration0": 2.0,
                                  "validate_args": True, "allow_nan_stats": False}, [0.3, 0.6]),
    Row("categorical", "Categorical", {"probs": [[0.2, 0.8], [0.5, 0.5]]}, [0, 1]),
    Row("categorical, checked", "Categorical", {"logits": [0.2, 0.8, -1.0], "validate_args": True},
        [0, 2]),
    Row("categorical of rank 3", "Categorical",
        {"logits": [[[0.0, 0.3, 0.1], [1.0, 0.5, 0.7]], [[0.9, 1.0, 2.0], [0.0, 0.0, 0.0]]]},
        [[0, 1], [2, 2]]),
    Row("dirichlet", "Dirichlet", {"concentration": [1.0, 2.0, 3.0]}, [0.2, 0.3, 0.5]),
    Row("dirichlet, checked", "Dirichlet",
        {"concentration": [[1.5, 2.0, 3.0], [2.0, 2.0, 2.0]], "validate_args": True,
         "allow_nan_stats": False}, [0.2, 0.3, 0.5]),
    Row("dirichlet-multinomial", "DirichletMultinomial",
        {"total_count": 4.0, "concentration": [1.0, 2.0, 3.0], "validate_args": True},
        [1.0, 1.0, 2.0]),
    Row("exponential", "Exponential", {"rate": [1.0, 2.0], "validate_args": True}, [1.2, 1.7]),
    Row("gamma", "Gamma", {"concentration": [0.5, 2.0], "rate": 3.0}, [1.2, 1.7]),
    Row("gamma, checked", "Gamma", {"concentration": [1.5, 2.0], "rate": 3.0, "validate_args": True,
                                    "allow_nan_stats": False}, [1.2, 1.7]),
    Row("laplace", "Laplace", {"loc": 0.0, "scale": [1.0, 2.0]}, [[-40.0, 1.7]]),
    Row("multinomial", "Multinomial", {"total_count": 4.0, "probs": [0.1, 0.4, 0.5],
                                       "validate_args": True}, [1.0, 1.0, 2.0]),
    Row("student t", "StudentT", {"df": [1.0, 1.5, 5.0], "loc": 0.0, "scale": 1.0},
        [0.3, -0.4, 1.0]),
    Row("student t, checked", "StudentT",
        {"df": [3.0, 4.0, 5.0], "loc": 0.0, "scale": [1.0, 2.0, 3.0], "allow_nan_stats": False,
         "validate_args": True}, [0.3, -0.4, 1.0]),
    Row("uniform", "Uniform", {"low": 1.0, "high": [2.0, 4.0], "validate_args": True},
        [[0.5, 1.5], [2.0, 3.5]]),
]
STATISTICS = ("mean", "mode", "variance", "stddev", "entropy", "covariance", "batch_shape_tensor",
              "event_shape_tensor", "is_scalar_event", "is_scalar_batch")
OF_VALUES = ("prob", "log_prob", "cdf", "log_cdf", "survival_function", "log_survival_function")


def questions(tf: Any, row: Row) -> dict[str, Any]:
    """What is asked of one row: from the name of the question to a function that builds tensors."""
    def make() -> Any:
        return getattr(tf.distributions, row.kind)(**row.arguments)

    def gradients(ask: Any) -> Any:
        distribution = make()
        parameters = [p for p in distribution._graph_parents if p.dtype.is_floating]
        found = tf.gradients(ask(distribution), parameters)
        return [dx for dx in found if dx is not None]

    asked = {name: lambda name=name: [getattr(make(), name)()] for name in STATISTICS}
    asked |= {name: lambda name=name: [getattr(make(), name)(row.values)] for name in OF_VALUES}
    asked["quantile"] = lambda: [make().quantile([0.3, 0.9])]
    asked["sample"] = lambda: [make().sample([2, 3], seed=7), make().sample(seed=7)]
    asked["kl_divergence"] = lambda: [tf.distributions.kl_divergence(make(), make().copy())]
    asked["cross_entropy"] = lambda: [make().cross_entropy(make())]
    asked["gradients of samples"] = lambda: gradients(lambda d: d.sample(2, seed=3))
    asked["gradients of log_prob"] = lambda: gradients(lambda d: d.log_prob(row.values))
    return asked
