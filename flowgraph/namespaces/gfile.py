"""`tf.gfile`: files and folders."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.platform.files import FastGFile, GFile
from flowgraph.platform.files import GFile as Open
from flowgraph.platform.gfile import (
    Copy,
    DeleteRecursively,
    Exists,
    Glob,
    IsDirectory,
    ListDirectory,
    MakeDirs,
    MkDir,
    Remove,
    Rename,
    Stat,
    Walk,
)

__getattr__ = _lazy("tf.gfile", globals())
