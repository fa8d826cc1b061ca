"""`tf.contrib.crf`: linear-chain conditional random fields, for tagging sequences."""

from flowgraph.core.lazy import lazy as _lazy

_SOURCES = {
    "decode": ("CrfDecodeBackwardRnnCell", "CrfDecodeForwardRnnCell", "crf_decode",
               "viterbi_decode"),
    "scores": ("CrfForwardRnnCell", "crf_binary_score", "crf_log_likelihood", "crf_log_norm",
               "crf_multitag_sequence_score", "crf_sequence_score", "crf_unary_score"),
}
_LAZY = {name: f"flowgraph.contrib.crf.{module}:{name}"
         for module, names in _SOURCES.items() for name in names}
__all__ = list(_LAZY)  # for `import *`
__getattr__ = _lazy("tf.contrib.crf", globals(), _LAZY)
