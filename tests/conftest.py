"""Fixtures of all tests: the checker after every pass. The fresh graph is in the root conftest."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from flowgraph.program import pipeline


@pytest.fixture(autouse=True)
def checked_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Program is checked after every pass."""
    monkeypatch.setattr(pipeline, "checking", True)


@pytest.fixture
def control_c() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, also where tests are started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
