"""`tf.random`: random numbers."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.random_ops import (
    categorical,
    get_seed,
    multinomial,
    set_random_seed,
    truncated_normal,
)
from flowgraph.ops.random_ops import random_normal as normal
from flowgraph.ops.random_ops import random_shuffle as shuffle
from flowgraph.ops.random_ops import random_uniform as uniform

_SAMPLING = "flowgraph.ops.candidate_sampling:"
_LAZY = {name: _SAMPLING + name for name in (
    "all_candidate_sampler", "fixed_unigram_candidate_sampler",
    "learned_unigram_candidate_sampler", "log_uniform_candidate_sampler",
    "uniform_candidate_sampler")}
_STATELESS = "flowgraph.ops.stateless_random:"
_LAZY.update(
    gamma="flowgraph.ops.random_rejection:random_gamma",
    poisson="flowgraph.ops.random_rejection:random_poisson",
    stateless_categorical=_STATELESS + "stateless_categorical",
    stateless_multinomial=_STATELESS + "stateless_multinomial",
    stateless_normal=_STATELESS + "stateless_random_normal",
    stateless_truncated_normal=_STATELESS + "stateless_truncated_normal",
    stateless_uniform=_STATELESS + "stateless_random_uniform",
)
__getattr__ = _lazy("tf.random", globals(), _LAZY)
