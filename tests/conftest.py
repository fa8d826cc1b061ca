"""Fixture of all tests: the checker after every pass. The fresh graph is in the root conftest."""

from __future__ import annotations

import pytest

from flowgraph.program import pipeline


@pytest.fixture(autouse=True)
def checked_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Program is checked after every pass."""
    monkeypatch.setattr(pipeline, "checking", True)
