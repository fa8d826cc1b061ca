"""`tf.contrib`: the parts of it that programs use, each a package or a module of this folder."""

from flowgraph.core.lazy import lazy as _lazy

_PARTS = (
    "boosted_trees",
    "crf",
    "cudnn_rnn",
    "data",
    "distributions",
    "estimator",
    "factorization",
    "framework",
    "image",
    "layers",
    "learn",
    "legacy_seq2seq",
    "lookup",
    "losses",
    "metrics",
    "nn",
    "opt",
    "predictor",
    "rnn",
    "seq2seq",
    "slim",
    "tensor_forest",
    "tensorboard",
    "training",
    "util",
)

# Parts that are what they became later.
_ALIASES = {
    "keras": "flowgraph.keras",
    "saved_model": "flowgraph.saved_model",
    "signal": "flowgraph.namespaces.signal",
}

__getattr__ = _lazy("tf.contrib", globals(),
                    {**{part: f"flowgraph.contrib.{part}" for part in _PARTS}, **_ALIASES})
