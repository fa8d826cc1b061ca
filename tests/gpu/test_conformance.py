"""The conformance vectors on a GPU: on the one that is there, and in part on the stand-in.

    python -m tests.gpu.conformance          all of them on the stand-in
"""

from __future__ import annotations

import logging
from contextlib import nullcontext

import pytest

from flowgraph.core import gpu
from flowgraph.program import placement
from tests.conformance.vectors import FAMILIES
from tests.gpu.conformance import mistakes_in

LEAST = 0.99  # of the cases of all families agree on a GPU; what does not is told


@pytest.fixture(autouse=True)
def quiet():
    """Deprecated names are called on purpose here."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_case_of_each_op_agrees_on_the_stand_in(family: str) -> None:
    tried, wrong = mistakes_in(family, of_each_op=1)
    assert tried
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not gpu.found(), reason="there is no GPU that CuPy can use: "
                    "`flowgraph doctor` says what is missing")
def test_the_cases_agree_on_the_gpu(monkeypatch) -> None:
    monkeypatch.setattr(placement, "SMALL", -1)
    count, wrong = 0, {}
    for family in FAMILIES:
        tried, found = mistakes_in(family, nullcontext)
        count += tried
        wrong.update(found)
    told = "\n".join(f"{name}: {text}" for name, text in wrong.items())
    print(f"{count - len(wrong)} of {count} agree\n{told}")
    assert len(wrong) <= (1 - LEAST) * count, told
