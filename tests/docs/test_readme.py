"""The README says what its program prints, and only what is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def test_the_blocks_print_what_the_readme_shows() -> None:
    done = subprocess.run([sys.executable, "docs/run_page.py", "README.md"], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nIf the new output is right: "
        "python docs/run_page.py --write README.md")


def test_the_program_has_twenty_lines() -> None:
    program = re.search(r"```python\n(# line\.py\n.*?)```", README, re.DOTALL)[1]
    assert len([line for line in program.splitlines()[1:] if line]) <= 20


def test_the_chinese_page_has_the_same_code_parts_tables_and_pictures() -> None:
    for pattern in (r"^```.*?^```$", r"^#+ ", r"^\| `\d\d_\w+\.py` ", r"^\| ",
                    r"\]\((docs/images/.*?)\)"):
        found = [re.findall(pattern, text, re.MULTILINE | re.DOTALL) for text in (README, CHINESE)]
        assert found[0] == found[1], pattern


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", README + CHINESE))))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_it_names_every_example_and_make_target_it_should() -> None:
    for example in (ROOT / "examples").glob("[0-9]*.py"):
        assert example.name in README
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile
