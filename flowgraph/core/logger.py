"""The logger "tensorflow": where deprecations and `tf.logging` go.

As in TensorFlow 1, it writes lines like "WARNING:tensorflow:..." to stderr unless the program has
set up Python's logging itself.
"""

from __future__ import annotations

import functools
import logging
import sys


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what `sys.stderr` is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        self.stream = sys.stderr
        super().emit(record)


@functools.cache
def logger() -> logging.Logger:
    """The logger; it gets its handler when first asked for."""
    result = logging.getLogger("tensorflow")
    if not logging.getLogger().handlers and not result.handlers:
        handler = _Stderr()
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        result.addHandler(handler)
    return result
