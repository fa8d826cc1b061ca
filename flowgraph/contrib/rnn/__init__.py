"""`tf.contrib.rnn`: recurrent cells and networks; those of `tf.nn` stand here under old names."""

from flowgraph.core.lazy import lazy as _lazy

_SOURCES = {
    "attention_cell": ("AttentionCellWrapper",),
    "block_cells": ("GRUBlockCell", "GRUBlockCellV2", "LSTMBlockCell", "LSTMBlockFusedCell",
                    "LSTMBlockWrapper"),
    "compiled": ("CompiledWrapper",),
    "conv_lstm": ("Conv1DLSTMCell", "Conv2DLSTMCell", "Conv3DLSTMCell", "ConvLSTMCell"),
    "coupled_lstm": ("CoupledInputForgetGateLSTMCell",),
    "embedding": ("EmbeddingWrapper",),
    "fused": ("FusedRNNCell", "FusedRNNCellAdaptor", "TimeReversedFusedRNN"),
    "gated_cells": ("IntersectionRNNCell", "SRUCell", "UGRNNCell"),
    "grid_lstm": ("BidirectionalGridLSTMCell", "GridLSTMCell"),
    "group_lstm": ("GLSTMCell",),
    "highway": ("HighwayWrapper",),
    "independent": ("IndRNNCell", "IndyGRUCell", "IndyLSTMCell"),
    "layer_norm_lstm": ("LayerNormBasicLSTMCell", "LayerNormLSTMCell"),
    "nas_cell": ("NASCell",),
    "phased_lstm": ("PhasedLSTMCell",),
    "stacked_bidirectional": ("stack_bidirectional_dynamic_rnn", "stack_bidirectional_rnn"),
    "time_freq_lstm": ("TimeFreqLSTMCell",),
    "time_major": ("best_effort_input_batch_size", "transpose_batch_time"),
}
_OF_NN = {
    "nn.rnn_cell": ("BasicLSTMCell", "BasicRNNCell", "DeviceWrapper", "DropoutWrapper", "GRUCell",
                    "LSTMCell", "LSTMStateTuple", "MultiRNNCell", "RNNCell", "ResidualWrapper"),
    "nn.rnn_cell.base": ("LayerRNNCell",),
    "nn.rnn_cell.projections": ("InputProjectionWrapper", "OutputProjectionWrapper"),
    "nn.rnn_static": ("static_bidirectional_rnn", "static_rnn", "static_state_saving_rnn"),
}
_LAZY = {
    **{name: f"flowgraph.contrib.rnn.{module}:{name}"
       for module, names in _SOURCES.items() for name in names},
    **{name: f"flowgraph.{module}:{name}" for module, names in _OF_NN.items() for name in names},
}
__all__ = list(_LAZY)  # for `import *`
__getattr__ = _lazy("tf.contrib.rnn", globals(), _LAZY)
