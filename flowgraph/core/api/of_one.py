"""Names of TensorFlow 1.0 and 1.1 that 1.15 has not, and what came in their place.

They are parts of contrib, which took them back within months. The arguments have changed too: a
program is rewritten by hand, so `flowgraph run --legacy` does not offer them.
"""

from __future__ import annotations

_TRAIN = ("BasicDecoder(cell, TrainingHelper(inputs, lengths), state, output_layer) and "
          "dynamic_decode")
_INFER = ("BasicDecoder(cell, GreedyEmbeddingHelper(embeddings, start_tokens, end_token), state, "
          "output_layer) and dynamic_decode")
_ATTENTION = ("AttentionWrapper(cell, BahdanauAttention(units, memory, lengths)), or "
              "LuongAttention, as the cell")

# From the name to (version, what to write today).
OF_ONE: dict[str, tuple[str, str]] = {
    f"tf.contrib.seq2seq.{name}": entry for name, entry in {
        "simple_decoder_fn_train": ("1.0", _TRAIN),
        "simple_decoder_fn_inference": ("1.0", _INFER),
        "attention_decoder_fn_train": ("1.0", f"{_TRAIN}, with {_ATTENTION}"),
        "attention_decoder_fn_inference": ("1.0", f"{_INFER}, with {_ATTENTION}"),
        "prepare_attention": ("1.0", _ATTENTION),
        "dynamic_rnn_decoder": ("1.0", "BasicDecoder with a TrainingHelper or a "
                                "GreedyEmbeddingHelper, and dynamic_decode"),
        "DynamicAttentionWrapper": ("1.1", _ATTENTION),
        "DynamicAttentionWrapperState": ("1.1", "AttentionWrapperState"),
    }.items()
}


def of_one(name: str) -> str:
    """What to say of a name of TensorFlow 1.0 or 1.1 that 1.15 has not; "" of any other.

    Args:
        name: the full name, as `tf.contrib.seq2seq.prepare_attention`.

    Example:
        >>> of_one("tf.contrib.seq2seq.prepare_attention").partition(". ")[0]
        'tf.contrib.seq2seq.prepare_attention is a name of TensorFlow 1.0, which 1.15 has not'
    """
    if name not in OF_ONE:
        return ""
    version, new = OF_ONE[name]
    return (f"{name} is a name of TensorFlow {version}, which 1.15 has not. In its place, "
            f"tf.contrib.seq2seq has {new}.")
