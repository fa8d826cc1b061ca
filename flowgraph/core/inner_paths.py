"""Imports of TensorFlow's inner modules by flowgraph's name: `flowgraph.python.framework.ops`.

Programs in which "tensorflow" was replaced by "flowgraph" reach into modules that flowgraph does
not have as files. The finder stands behind all others, so that it is asked only for what is no
file; the tables of `flowgraph.compat` say what such a path stands for, and are imported then. They
also say what is wrong with a name that is nowhere.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any


class InnerPaths(MetaPathFinder):
    """Finds `flowgraph.a.b` that is no file, by the tables of flowgraph.compat."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What importlib asks; None for other packages.

        Args:
            fullname: the dotted name.
            path, target: not looked at.

        Raises:
            ModuleNotFoundError: there is no such module of flowgraph; the message says what to use.
        """
        if not fullname.startswith("flowgraph.") or fullname.startswith("flowgraph.compat."):
            return None
        found: ModuleSpec = import_module("flowgraph.compat.paths").spec_of(fullname)
        return found


def find_inner_paths() -> None:
    """Puts the finder behind all others, once."""
    if not any(isinstance(finder, InnerPaths) for finder in sys.meta_path):
        sys.meta_path.append(InnerPaths())
