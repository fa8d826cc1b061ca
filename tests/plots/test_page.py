"""The page of curves in a browser."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from tests.chromium import browser

NAME = "<img src=x onerror=document.title='bad'>"
NOISE = np.random.RandomState(0).normal(size=3000).cumsum()


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with fg.summary.FileWriter(str(folder / "logs" / "first")) as writer:
        for step in range(0, 50, 10):
            value = fg.Summary.Value(tag="loss", simple_value=100.0 / (step + 1))
            writer.add_summary(fg.Summary(value=[value]), step)
    pages = {
        "runs": fg.plots.plot_runs(folder / "logs", folder / "runs.html", smoothing=0.0),
        "curves": fg.plots.plot_curves(
            {"noise": {"a": NOISE, NAME: [1.0, float("nan"), -5.0]}, "one": [3.0]},
            folder / "curves.html", smoothing=0.9, xlabel="epoch"),
    }
    with browser() as page:
        page.urls = {name: f"file://{path}" for name, path in pages.items()}
        yield page


def hover(page, across: float, card: int = 0) -> str:
    """What the card says when the pointer is at a share of its width."""
    return page.driver.execute_script("""
        const svg = document.querySelectorAll("section svg")[arguments[1]];
        const box = svg.getBoundingClientRect();
        svg.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientY: box.top + 100,
          clientX: box.left + box.width * arguments[0]}));
        return document.querySelectorAll(".tip")[arguments[1]].textContent;
    """, across, card)


def test_values_under_the_pointer(chrome) -> None:
    chrome.open(chrome.urls["runs"])
    assert chrome.each("h2", "e.textContent") == ["loss"]
    assert hover(chrome, 0.99).endswith("first2.43940")  # 100 / 41 at step 40
    chrome.driver.execute_script("""
        const select = document.querySelector("select");
        select.value = "relative";
        select.dispatchEvent(new Event("change"));
    """)
    assert "relative" in hover(chrome, 0.5)
    assert chrome.errors() == []


def test_smoothing_is_the_same_in_the_page(chrome) -> None:
    chrome.open(chrome.urls["curves"])
    smoothed = chrome.driver.execute_script(
        "return window.flowgraphCurves.smooth(arguments[0], 0.9);", NOISE.tolist())
    np.testing.assert_allclose(smoothed, fg.plots.smooth(NOISE, 0.9), rtol=1e-9, atol=1e-12)


def test_names_are_text_and_odd_values_are_drawn(chrome) -> None:
    chrome.open(chrome.urls["curves"])
    assert chrome.each(".runs button", "e.textContent") == ["a", NAME]
    assert chrome.each(".note", "e.textContent") == ["× NaN or infinite: 1", ""]
    assert chrome.each("img") == []
    paths = chrome.each("section path", "e.getAttribute('d')")
    assert len(paths) == 6
    assert not [path for path in paths if "NaN" in path or "Infinity" in path]
    assert max(map(len, paths)) < 60_000, "a few points for each pixel"
    assert NAME in hover(chrome, 0.1)
    assert chrome.errors() == []
    assert chrome.driver.title == "Curves"


def test_controls(chrome) -> None:
    chrome.open(chrome.urls["curves"])
    chrome.click(".runs button", "a")
    assert len(chrome.each("section path")) == 4
    chrome.driver.execute_script("document.querySelector('input[type=checkbox]').click();")
    assert "not above 0 left out" in chrome.each(".note", "e.textContent")[0]
    chrome.driver.execute_script("""
        const search = document.querySelector("input[type=search]");
        search.value = "ONE";
        search.dispatchEvent(new Event("input"));
    """)
    assert chrome.each("section", "e.style.display") == ["none", ""]
    assert chrome.errors() == []
