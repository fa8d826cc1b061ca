"""A headless Chromium for tests that look at pages; skips them where there is none."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import pytest

_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
              "--disable-background-networking", "--disable-component-update", "--disable-sync",
              "--window-size=1500,1000")
_BINARIES = ("chromium", "chromium-browser", "google-chrome")

# Elements of a page that stands in components of their own, which document.querySelectorAll omits.
_EVERYWHERE = """
    const found = [], look = (root) => {
        found.push(...root.querySelectorAll(arguments[0]));
        root.querySelectorAll("*").forEach((e) => { if (e.shadowRoot) look(e.shadowRoot); });
    };
    look(document);
"""


def missing() -> str:
    """Why there is no browser; "" if there is one."""
    if importlib.util.find_spec("selenium") is None:
        return "selenium is not installed (extra `test`)"
    if not shutil.which("chromedriver") or not any(map(shutil.which, _BINARIES)):
        return "chromium and chromedriver are not installed"
    return ""


class Page:
    """A page of a browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Opens a page anew, even where only what is behind # differs."""
        self.driver.get("about:blank")
        self.driver.get(url)

    def each(self, selector: str, expression: str = "true") -> list[Any]:
        """The value of an expression in `e`, for each element that the selector finds."""
        return self.driver.execute_script(f"{_EVERYWHERE} return found.map((e) => {expression});",
                                          selector)

    def click(self, selector: str, text: str) -> None:
        """Clicks the one element that says `text`."""
        self.until(lambda: self.each(selector, f"e.textContent.trim() === {text!r}").count(True))
        self.driver.execute_script(
            f"{_EVERYWHERE} found.find((e) => e.textContent.trim() === arguments[1]).click();",
            selector, text)

    def until(self, condition: Any, seconds: float = 60) -> Any:
        """Waits until a condition holds; its value."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                pytest.fail(f"the page did not come to it within {seconds:g} seconds")
            time.sleep(0.02)
        return value

    def errors(self) -> list[str]:
        """What went wrong since it was last asked: exceptions, pages that are not there."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE"]


@contextlib.contextmanager
def browser() -> Iterator[Page]:
    """A browser with a profile of its own; skips the test where there is none."""
    if missing():
        pytest.skip(missing())
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = next(filter(None, map(shutil.which, _BINARIES)))
        for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield Page(driver)
        finally:
            driver.quit()
