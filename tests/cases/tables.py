"""All case tables of the ops, found by name: `CASES` and `BAD` of every module of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from flowgraph.testing import BadCase, Case


def _all(name: str) -> list:
    folder = Path(__file__).parent
    modules = sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if m.name != "tables")
    return [row for module in modules
            for row in getattr(importlib.import_module(f"tests.cases.{module}"), name, [])]


CASES: list[Case] = _all("CASES")
BAD: list[BadCase] = _all("BAD")
