"""`import flowgraph.python.framework.ops`, for programs in which "tensorflow" was replaced.

Asked behind all other finders; the tables of flowgraph.compat say what is meant, or what is wrong.
"""

import sys
from importlib import import_module
from typing import Any


class InnerPaths:
    """Finds what is no file of flowgraph's."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> Any:
        """What importlib asks."""
        if fullname.startswith("flowgraph.") and not fullname.startswith("flowgraph.compat."):
            return import_module("flowgraph.compat.paths").spec_of(fullname)
        return None


def find_inner_paths() -> None:
    """Puts the finder behind all others."""
    if InnerPaths not in sys.meta_path:
        sys.meta_path.append(InnerPaths)
