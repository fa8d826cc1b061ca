"""TensorFlow's own files: checkpoints, and the ops that write and read them.

Importing this room makes it `flowgraph.io`, so it has the names of `tf.io` too; they are listed in
`namespaces/io.py`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_NAMESPACE = "flowgraph.namespaces.io"


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    return getattr(import_module(_NAMESPACE), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(import_module(_NAMESPACE))})
