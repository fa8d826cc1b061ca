"""A fresh default graph for every test and every doctest, so that names do not depend on others.

And what kernels ask of the array module in any of them is held against what CuPy has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import flowgraph as fg
from tests.gpu.shadow import shadowed, told

collect_ignore_glob = ["tests/*/make_*.py", "tests/*/data/make_*.py"]  # they need TensorFlow
collect_ignore = ["flowgraph/compat/v1.py"]  # it puts flowgraph in its place when it is imported


@pytest.fixture(autouse=True)
def fresh_graph() -> Iterator[fg.Graph]:
    """Each test builds into a graph of its own."""
    with fg.Graph().as_default() as graph:
        yield graph


@pytest.fixture(autouse=True, scope="session")
def shadowed_kernels() -> Iterator[None]:
    """Kernels are tried on the stand-in for CuPy as well, see tests/gpu/shadow.py."""
    with shadowed():
        yield
    if file := os.environ.get("FLOWGRAPH_TEST_COUNTS"):
        with Path(file).open("a") as out:
            out.write(f"{told()}\n")
