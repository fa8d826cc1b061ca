"""`tf.lookup`: tables from keys to values."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.lookup_initializers import (
    KeyValueTensorInitializer,
    TextFileIndex,
    TextFileInitializer,
)
from flowgraph.ops.lookup_static import StaticHashTable, StaticVocabularyTable

_LAZY = {"experimental": "flowgraph.namespaces.lookup_experimental"}
__getattr__ = _lazy("tf.lookup", globals(), _LAZY)
