"""The modules of benchmarks/ import each other by their short names, as where a script is run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

FOLDER = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(scope="module")
def module() -> Iterator[Callable[[str], Any]]:
    """Imports a module of the benchmarks by its short name; other tests do not see it."""
    path, loaded = list(sys.path), set(sys.modules)
    sys.path.insert(0, FOLDER)
    try:
        yield import_module
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - loaded:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(FOLDER):
                del sys.modules[name]
