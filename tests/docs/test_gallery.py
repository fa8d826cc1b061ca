"""docs/gallery.md: its programs run, and its pictures are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "gallery.md"
TEXT = PAGE.read_text(encoding="utf-8")
SHOWN = re.findall(r"!\[[^\]]+\]\(images/(\w+\.svg)\)", TEXT)
MADE = re.findall(r'path = \w+\.render\("(\w+\.svg)"', TEXT)


def test_the_programs_print_what_the_page_shows() -> None:
    pytest.importorskip("pygraphviz")
    done = subprocess.run([sys.executable, "docs/run_page.py", "docs/gallery.md"], cwd=ROOT,
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nIf the new output is right: "
        "python docs/run_page.py --write docs/gallery.md")


def test_every_picture_made_is_shown_and_small() -> None:
    assert set(MADE) <= set(SHOWN) and set(SHOWN) - set(MADE) == {"musicnn.svg"}
    for name in SHOWN:
        assert (ROOT / "docs" / "images" / name).stat().st_size < 200_000
