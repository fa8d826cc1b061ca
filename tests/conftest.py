"""Fixtures of all tests: a fresh default graph for each, and the checker after every pass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import flowgraph as fg
from flowgraph.program import pipeline


@pytest.fixture(autouse=True)
def fresh_graph() -> Iterator[fg.Graph]:
    """Each test builds into a graph of its own."""
    with fg.Graph().as_default() as graph:
        yield graph


@pytest.fixture(autouse=True)
def checked_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Program is checked after every pass."""
    monkeypatch.setattr(pipeline, "checking", True)
