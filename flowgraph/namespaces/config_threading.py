"""`tf.config.threading`: threads of sessions without a ConfigProto."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.runtime.default_config import (
    get_inter_op_parallelism_threads,
    get_intra_op_parallelism_threads,
    set_inter_op_parallelism_threads,
    set_intra_op_parallelism_threads,
)

__getattr__ = _lazy("tf.config.threading", globals())
