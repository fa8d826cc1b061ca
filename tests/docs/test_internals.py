"""docs/internals.md shows the five stages as they are, and the op contract in full."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flowgraph.opdef.opdef import OpDef

ROOT = Path(__file__).parents[2]
PAGE = "docs/internals.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [PAGE, "docs/adding_an_op.md", "docs/training.md",
                                  "docs/profiling.md", "docs/cli.md", "docs/passes.md",
                                  "docs/gpu.md"])
def test_the_blocks_print_what_the_page_shows(page) -> None:
    done = subprocess.run([sys.executable, "docs/run_page.py", page], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nIf the new output is right: "
        f"python docs/run_page.py --write {page}")


def test_the_table_of_facts_names_every_fact_of_opdef() -> None:
    not_facts = {"grad", "type", "params", "attr_defaults", "takes_out", "takes_state", "plain"}
    facts = set(inspect.get_annotations(OpDef)) - not_facts
    table = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]*)\|", TEXT, re.MULTILINE))))
    assert facts - table == set()
    assert table - facts == set()


def test_every_file_it_names_exists() -> None:
    named = set(re.findall(r"`?((?:program|plan|runtime)/[\w/]+\.py)", TEXT))
    assert named
    for file in named:
        assert (ROOT / "flowgraph" / file).exists(), file
