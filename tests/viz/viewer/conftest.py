"""One browser for all tests of the viewer, and the page that those of the panels click through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chromium import Page, browser
from tests.viz.viewer.panel_page import Panels, model_page


@pytest.fixture(scope="session")
def chrome() -> Iterator[Page]:
    """The browser; what goes wrong in it fails the test that looks at `chrome.errors()`."""
    with browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def shown(chrome: Page, tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """The page of the model, written once."""
    return Panels(chrome, tmp_path_factory.mktemp("page"), model_page())


@pytest.fixture
def page(shown: Panels) -> Iterator[Panels]:
    """The page, opened anew; nothing may go wrong in it."""
    shown.open()
    yield shown
    assert shown.chrome.errors() == []
