"""`tf.logging`: messages of programs."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.platform.logging import (
    DEBUG,
    ERROR,
    FATAL,
    INFO,
    WARN,
    TaskLevelStatusMessage,
    debug,
    error,
    fatal,
    flush,
    get_verbosity,
    info,
    log,
    log_every_n,
    log_first_n,
    log_if,
    set_verbosity,
    vlog,
    warn,
    warning,
)

__getattr__ = _lazy("tf.logging", globals())
