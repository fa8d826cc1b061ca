"""`tf.contrib.legacy_seq2seq`: sequence to sequence over lists of tensors, one per time step."""

from flowgraph.core.lazy import lazy as _lazy

_SOURCES = {
    "contrib.legacy_seq2seq.attention": (
        "attention_decoder", "embedding_attention_decoder", "embedding_attention_seq2seq"),
    "contrib.legacy_seq2seq.buckets": ("model_with_buckets",),
    "contrib.legacy_seq2seq.embedding": (
        "embedding_rnn_decoder", "embedding_rnn_seq2seq", "embedding_tied_rnn_seq2seq",
        "one2many_rnn_seq2seq", "tied_rnn_seq2seq"),
    "nn.legacy_seq2seq": (
        "basic_rnn_seq2seq", "rnn_decoder", "sequence_loss", "sequence_loss_by_example"),
}
_LAZY = {name: f"flowgraph.{module}:{name}"
         for module, names in _SOURCES.items() for name in names}
__all__ = list(_LAZY)  # for `import *`
__getattr__ = _lazy("tf.contrib.legacy_seq2seq", globals(), _LAZY)
