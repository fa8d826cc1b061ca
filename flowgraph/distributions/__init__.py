"""`tf.distributions`: probability distributions over batches of parameters.

    distribution            the base: name scopes, shapes, what follows from what
    divergence              Kullback-Leibler divergences of pairs of distributions
    parameters              logits and probabilities, checks for runs
    normal, gamma, ...      one file for each distribution
"""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.distributions."
_LAZY = {
    "Bernoulli": _HERE + "bernoulli:Bernoulli",
    "Beta": _HERE + "beta:Beta",
    "Categorical": _HERE + "categorical:Categorical",
    "Dirichlet": _HERE + "dirichlet:Dirichlet",
    "DirichletMultinomial": _HERE + "dirichlet_multinomial:DirichletMultinomial",
    "Distribution": _HERE + "distribution:Distribution",
    "Exponential": _HERE + "exponential:Exponential",
    "FULLY_REPARAMETERIZED": _HERE + "distribution:FULLY_REPARAMETERIZED",
    "Gamma": _HERE + "gamma:Gamma",
    "Laplace": _HERE + "laplace:Laplace",
    "Multinomial": _HERE + "multinomial:Multinomial",
    "NOT_REPARAMETERIZED": _HERE + "distribution:NOT_REPARAMETERIZED",
    "Normal": _HERE + "normal:Normal",
    "RegisterKL": _HERE + "divergence:RegisterKL",
    "ReparameterizationType": _HERE + "distribution:ReparameterizationType",
    "StudentT": _HERE + "student_t:StudentT",
    "Uniform": _HERE + "uniform:Uniform",
    "kl_divergence": _HERE + "divergence:kl_divergence",
}
__getattr__ = _lazy("tf.distributions", globals(), _LAZY)
