"""`tf.contrib.distributions`: those of `tf.distributions`, and normal ones of several variables."""

from flowgraph.core.lazy import lazy as _lazy

_NAMES = (
    "Bernoulli", "Beta", "Categorical", "Dirichlet", "DirichletMultinomial", "Distribution",
    "Exponential", "FULLY_REPARAMETERIZED", "Gamma", "Laplace", "Multinomial",
    "NOT_REPARAMETERIZED", "Normal", "RegisterKL", "ReparameterizationType", "StudentT", "Uniform",
    "kl_divergence")
_HERE = "flowgraph.contrib.distributions."
_LAZY = {
    **{name: f"flowgraph.distributions:{name}" for name in _NAMES},
    "Mixture": _HERE + "mixture:Mixture",
    "MultivariateNormalDiag": _HERE + "multivariate_normal:MultivariateNormalDiag",
    "MultivariateNormalDiagWithSoftplusScale":
        _HERE + "multivariate_normal:MultivariateNormalDiagWithSoftplusScale",
    "NormalWithSoftplusScale": _HERE + "multivariate_normal:NormalWithSoftplusScale",
    "softplus_inverse": _HERE + "multivariate_normal:softplus_inverse",
}

__getattr__ = _lazy("tf.contrib.distributions", globals(), _LAZY)
