"""docs/migrating.md: its blocks run, its tables are those of today, its links lead somewhere."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from flowgraph.compat.check.differences import DIFFERENCES, difference_for
from flowgraph.compat.check.resolve import Missing, Resolver
from flowgraph.compat.check.uses import CALLED, Call
from flowgraph.compat.hook import TensorFlowFinder

ROOT = Path(__file__).parents[2]
MADE = runpy.run_path(str(ROOT / "docs" / "migrating.py"))
NAMES = [name for row in DIFFERENCES for name in row.patterns.split() if "*" not in name]


def anchors(page: str) -> set[str]:
    """What `page#...` may say, as Markdown makes it of headings."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
            for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def test_the_blocks_print_what_the_page_shows() -> None:
    done = subprocess.run([sys.executable, "docs/run_page.py", "docs/migrating.md"], cwd=ROOT,
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nIf the new output is right: "
        "python docs/run_page.py --write docs/migrating.md")


def test_the_tables_are_up_to_date() -> None:
    assert MADE["PAGE"].read_text(encoding="utf-8") == MADE["page"](), (
        "run python docs/migrating.py --write")


@pytest.mark.parametrize("section", sorted({row.docs for row in DIFFERENCES} | {
    "migrating#what-is-missing", "migrating#programs-of-before-10"}))
def test_the_section_about_a_difference_is_there(section: str) -> None:
    page, _, anchor = section.partition("#")
    assert anchor in anchors(page)


@pytest.mark.parametrize("name", NAMES)
def test_what_differs_is_offered_and_said_to_differ(name: str) -> None:
    finder = TensorFlowFinder()
    resolver = Resolver(finder.tensorflow, finder._module)
    steps = name.removeprefix("tf.").removeprefix("tensorflow.").split(".")
    owner, method = steps[:-1], steps[-1:]
    is_method = bool(owner) and owner[-1][0].isupper()
    chain = ("tensorflow", *owner, CALLED, *method) if is_method else ("tensorflow", *steps)
    assert resolver.place(chain) is not None
    assert not isinstance(resolver.place(chain), Missing)
    row = difference_for(name, Call(0, tuple(row.parameter for row in DIFFERENCES)))
    assert row is not None


def test_a_parameter_can_be_what_differs() -> None:
    assert difference_for("tf.train.Saver") is None
    assert difference_for("tf.train.Saver", Call(0, ("max_to_keep",))) is None
    assert difference_for("tf.train.Saver", Call(0, ("sharded",))) is not None
    assert difference_for("tf.nn.relu") is None
