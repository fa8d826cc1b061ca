"""Formulas of the book: names of functions stand off from what they are applied to."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

convert = pytest.importorskip("latex2mathml.converter").convert
pytest.importorskip("sphinx")
SPACED = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "mathml.py"))["spaced"]
SPACE = '<mspace width="0.167em" />'


@pytest.mark.parametrize("source, spaces", [
    (r"\log p", 1), (r"p \log p", 2), (r"\log(p)", 0), (r"\sin^2 x", 1), (r"e^{\log x}", 1),
    ("x y", 0), (r"-\log \frac{a}{b}", 1)])
def test_a_function_stands_off_from_its_argument(source: str, spaces: int) -> None:
    assert SPACED(convert(source)).count(SPACE) == spaces


def test_powers_and_fractions_keep_their_two_parts() -> None:
    assert SPACE not in SPACED(convert(r"\sin^2 + \frac{\log}{n}"))
