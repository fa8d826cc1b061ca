"""The how-to guides run as they stand, and both languages' contents lead to them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GUIDES = sorted(path.stem for path in (DOCS / "howto").glob("*.md") if path.stem != "index")


def anchors(page: Path) -> set[str]:
    """What `page#...` may say, as Markdown makes it of headings."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("guide", GUIDES)
def test_the_blocks_print_what_the_guide_shows(guide: str) -> None:
    done = subprocess.run([sys.executable, "docs/run_page.py", f"docs/howto/{guide}.md"], cwd=ROOT,
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nIf the new output is right: "
        f"python docs/run_page.py --write docs/howto/{guide}.md")


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_says_what_can_go_wrong(guide: str) -> None:
    text = (DOCS / "howto" / f"{guide}.md").read_text(encoding="utf-8")
    assert "\n## What can go wrong\n" in text
    assert "```python\n" in text


@pytest.mark.parametrize("guide", ["index", *GUIDES])
def test_its_links_lead_somewhere(guide: str) -> None:
    page = DOCS / "howto" / f"{guide}.md"
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    assert links
    for link in links:
        name, _, anchor = link.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


@pytest.mark.parametrize("contents", ["index.md", "howto/index.md", "zh/index.md"])
def test_the_contents_name_every_guide(contents: str) -> None:
    text = (DOCS / contents).read_text(encoding="utf-8")
    for guide in GUIDES:
        assert re.search(rf"[/(]{guide}(\.md\)|\n)", text), guide
