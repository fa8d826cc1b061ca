"""`tf.contrib.seq2seq`: decoders that run step by step, attention, beam search, and their loss."""

from flowgraph.core.lazy import lazy as _lazy

_SOURCES = {
    "attention_wrapper": ("AttentionWrapper", "AttentionWrapperState"),
    "basic_decoder": ("BasicDecoder", "BasicDecoderOutput"),
    "beam_search": ("BeamSearchDecoder",),
    "beam_types": ("BeamSearchDecoderOutput", "BeamSearchDecoderState",
                   "FinalBeamSearchDecoderOutput"),
    "decoder": ("Decoder", "dynamic_decode"),
    "embedding_helpers": ("GreedyEmbeddingHelper", "SampleEmbeddingHelper"),
    "helper": ("CustomHelper", "Helper", "InferenceHelper", "TrainingHelper"),
    "mechanisms": ("AttentionMechanism", "BahdanauAttention", "LuongAttention", "hardmax"),
    "monotonic": ("BahdanauMonotonicAttention", "LuongMonotonicAttention", "monotonic_attention",
                  "monotonic_probability_fn", "safe_cumprod"),
    "scheduled_helpers": ("ScheduledEmbeddingTrainingHelper", "ScheduledOutputTrainingHelper"),
    "tile_beams": ("gather_tree_from_array", "tile_batch"),
}
_LAZY = {
    **{name: f"flowgraph.contrib.seq2seq.{module}:{name}"
       for module, names in _SOURCES.items() for name in names},
    "gather_tree": "flowgraph.ops.gather_tree:gather_tree",
    "sequence_loss": "flowgraph.nn.sequence_loss:sequence_loss",
}
__all__ = list(_LAZY)  # for `import *`
__getattr__ = _lazy("tf.contrib.seq2seq", globals(), _LAZY)
