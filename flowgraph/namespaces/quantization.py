"""`tf.quantization`: numbers of few bits."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.fake_quantize import (
    fake_quant_with_min_max_args,
    fake_quant_with_min_max_args_gradient,
    fake_quant_with_min_max_vars,
    fake_quant_with_min_max_vars_gradient,
    fake_quant_with_min_max_vars_per_channel,
    fake_quant_with_min_max_vars_per_channel_gradient,
    quantize_and_dequantize,
)
from flowgraph.ops.quantize import dequantize, quantize, quantized_concat

__getattr__ = _lazy("tf.quantization", globals())
