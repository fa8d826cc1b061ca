"""`import flowgraph.python.framework.ops`, for programs in which "tensorflow" was replaced.

Asked behind all other finders; the tables of `paths` say what is meant, or what is wrong. They are
loaded when such a path is first asked for.
"""

import sys
from importlib import import_module
from typing import Any

from flowgraph.core import lazy


class InnerPaths:
    """Finds what is no file of flowgraph's."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> Any:
        """What importlib asks."""
        if fullname.startswith("flowgraph.") and not fullname.startswith("flowgraph.compat."):
            return import_module("flowgraph.compat.paths").spec_of(fullname)
        return None


def find_inner_paths() -> None:
    """Puts the finder behind all others, and `python` into the packages of `tf.contrib`."""
    if InnerPaths not in sys.meta_path:
        sys.meta_path.append(InnerPaths)
        lazy.further.append(_python_of_contrib)


def _python_of_contrib(namespace: str, name: str) -> str | None:
    if name == "python" and namespace.startswith("tf.contrib."):
        return f"flowgraph{namespace.removeprefix('tf')}.python"
    return None
