"""The pages about TensorBoard and notebooks run, and their pictures are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["docs/jupyter.md", "docs/tensorboard.md"]


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_print_what_the_page_shows(page) -> None:
    done = subprocess.run([sys.executable, "docs/run_page.py", page], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nIf the new output is right: "
        f"python docs/run_page.py --write {page}")


@pytest.mark.parametrize("page", PAGES)
def test_its_pictures_are_there_and_small(page) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for picture in re.findall(r"\]\((images/[^)]+)\)", text):
        assert 1000 < (ROOT / "docs" / picture).stat().st_size < 150_000
    assert ("images/" in text) == (page == "docs/tensorboard.md")
