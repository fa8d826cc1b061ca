"""A fresh default graph for every test and every doctest, so that names do not depend on others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import flowgraph as fg

collect_ignore_glob = ["tests/*/make_*.py", "tests/*/data/make_*.py"]  # they need TensorFlow
collect_ignore = ["flowgraph/compat/v1.py"]  # it puts flowgraph in its place when it is imported


@pytest.fixture(autouse=True)
def fresh_graph() -> Iterator[fg.Graph]:
    """Each test builds into a graph of its own."""
    with fg.Graph().as_default() as graph:
        yield graph
