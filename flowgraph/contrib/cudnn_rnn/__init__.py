"""`tf.contrib.cudnn_rnn`: the layers that ran on NVIDIA's cuDNN, here on flowgraph's own ops."""

from flowgraph.core.lazy import lazy as _lazy

_SOURCES = {
    "cells": ("CudnnCompatibleGRUCell", "CudnnCompatibleLSTMCell"),
    "layers": ("CudnnGRU", "CudnnLSTM", "CudnnRNNRelu", "CudnnRNNTanh"),
}
_LAZY = {name: f"flowgraph.contrib.cudnn_rnn.{module}:{name}"
         for module, names in _SOURCES.items() for name in names}
__all__ = list(_LAZY)  # for `import *`
__getattr__ = _lazy("tf.contrib.cudnn_rnn", globals(), _LAZY)
