"""`tf.io.gfile`: files and folders, under names like Python's own."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.platform.files import GFile
from flowgraph.platform.paths import (
    copy,
    exists,
    glob,
    isdir,
    listdir,
    makedirs,
    mkdir,
    remove,
    rename,
    rmtree,
    stat,
    walk,
)

__getattr__ = _lazy("tf.io.gfile", globals())
