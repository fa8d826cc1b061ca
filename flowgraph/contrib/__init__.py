"""`tf.contrib`: the parts of it that programs use, each a package or a module of this folder."""

from flowgraph.core.lazy import lazy as _lazy

_PARTS = (
    "crf",
    "framework",
    "layers",
    "legacy_seq2seq",
    "losses",
    "metrics",
    "rnn",
    "seq2seq",
    "slim",
    "training",
)

__getattr__ = _lazy("tf.contrib", globals(),
                    {part: f"flowgraph.contrib.{part}" for part in _PARTS})
