"""docs/ops: the pages are up to date and whole, and their formulas can be read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "ops"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
load_every_op()
OPS = {kind: op_def for kind, op_def in REGISTRY.items()
       if type(op_def).__module__.startswith("flowgraph.")}
ENTRY = re.compile(r"^## (?P<kind>\w+)\n(?P<body>(?:(?!## ).*\n)*)", re.MULTILINE)
GRADIENT = re.compile(r"^\*\*Gradient\.\*\* (?P<words>[^\n]*)\n"
                      r"(?:\n```text\n(?P<formula>.*?)^```)?", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"(?<![\w.'])[A-Za-z_]\w*(?:\.\w+)*(?!\w|=[^=])")
WORDS = {"let", "grad", "dtype", "newaxis", "pi", "None", "True", "False", "IndexedSlices"}


def entries() -> dict[str, str]:
    return {found["kind"]: found["body"] for name, text in PAGES.items() if name != "README.md"
            for found in ENTRY.finditer(text)}


ENTRIES = entries()
FORMULAS = {kind: found for kind, body in ENTRIES.items()
            if (found := GRADIENT.search(body)) and found["formula"]}


@pytest.mark.slow
def test_the_pages_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, "docs/op_pages.py"], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout[:5000]}{done.stderr}\nIf the new text is right: "
        "python docs/op_pages.py --write")


def test_every_op_has_an_entry_and_every_entry_an_op() -> None:
    assert set(OPS) - set(ENTRIES) == set()
    assert set(ENTRIES) - set(OPS) == set()


@pytest.mark.parametrize("name", PAGES)
def test_the_links_of_a_page_lead_somewhere(name: str) -> None:
    for page, anchor in re.findall(r"\]\(([\w.]*)(?:#([\w-]+))?\)", PAGES[name]):
        assert (page or name) in PAGES
        headings = re.findall(r"^#+ (\w+)$", PAGES[page or name], re.MULTILINE)
        assert not anchor or anchor in {heading.lower() for heading in headings}, anchor


def test_the_index_names_every_op_once() -> None:
    listed = re.findall(r"^- \[`(\w+)`\]", PAGES["README.md"], re.MULTILINE)
    assert sorted(listed) == sorted(OPS)


def test_every_entry_says_where_its_gradient_flows() -> None:
    assert [kind for kind, body in ENTRIES.items() if not GRADIENT.search(body)] == []
    assert len(FORMULAS) > 200


@pytest.mark.parametrize("kind", FORMULAS)
def test_a_formula_names_only_what_the_op_has_and_known_functions(kind: str) -> None:
    found, op_def = FORMULAS[kind], OPS[kind]
    known = {*op_def.params, *op_def.attr_defaults, *WORDS,
             *re.findall(r"`(\w+)`", found["words"]),
             *re.findall(r"^let (\w+) =", found["formula"], re.MULTILINE)}
    for name in NAME.findall(re.sub(r"'[^']*'", "", found["formula"])):
        assert name.partition(".")[0] in known or is_function(name), name


def is_function(name: str) -> bool:
    """Whether a formula's name is one of `tf`, or an op's."""
    value: object = fg
    for part in name.split("."):
        value = getattr(value, part, None)
    return value is not None or name in OPS
