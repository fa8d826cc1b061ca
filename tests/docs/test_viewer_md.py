"""docs/viewer.md shows what the page does: its program, its keys, its search, its pictures."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEXT = (DOCS / "viewer.md").read_text(encoding="utf-8")
ASSETS = ROOT / "flowgraph" / "viz" / "viewer" / "assets"


def cells(heading: str) -> set[str]:
    """The first cells of the table under a heading."""
    table = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
    return set(rows[2:]) if rows[1].startswith("---") else set(rows[1:])


def test_the_blocks_print_what_the_page_shows() -> None:
    done = subprocess.run([sys.executable, "docs/run_page.py", "docs/viewer.md"], cwd=ROOT,
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


def test_each_key_of_the_help_is_told_and_no_other() -> None:
    help_text = (ASSETS / "help.js").read_text(encoding="utf-8")
    listed = re.search(r"const KEYS = (.*?);\n", help_text, re.DOTALL)[1]
    keys = {key for keys in re.findall(r'\["([^"]+)", "', listed) for key in keys.split()}
    told = {key for cell in cells("Keys") for key in re.findall(r"`([^`]+)`", cell)}
    assert told == keys


def test_each_kind_of_search_of_the_help_is_told_and_no_other() -> None:
    help_text = (ASSETS / "help.js").read_text(encoding="utf-8")
    listed = re.search(r"const SEARCH = (.*?);\n", help_text, re.DOTALL)[1]
    samples = {sample.replace("\\\\", "\\") for sample in re.findall(r'\["([^"]+)", "', listed)}
    told = {cell.strip("`") for cell in cells("Search")} - {"what is typed"}
    assert told == samples


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_a_link_leads_somewhere_and_pictures_are_small(link: str) -> None:
    assert (DOCS / link).exists()
    assert not link.endswith(".png") or (DOCS / link).stat().st_size < 150_000
