"""`tf.config.optimizer`: passes of sessions without a ConfigProto."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.runtime.default_config import (
    get_experimental_options,
    get_jit,
    set_experimental_options,
    set_jit,
)

__getattr__ = _lazy("tf.config.optimizer", globals())
