"""docs/errors.md: every program on it raises what it shows, every cure runs, no section is missing.

    python tests/docs/test_errors_md.py     # makes the page show the messages of now
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest

import flowgraph as fg
from flowgraph import errors
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.program import pipeline

PACKAGE = Path(fg.__file__).parent
PAGE = PACKAGE.parent / "docs" / "errors.md"
SECTION = re.compile(r"^## (?P<title>.*)\n(?P<body>(?:(?!## ).*\n)*)", re.MULTILINE)
BLOCK = re.compile(r"^```(?P<kind>python|text)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Section(NamedTuple):
    """A section: its anchor, and its blocks as (kind, text)."""

    anchor: str
    blocks: list[tuple[str, str]]


def sections(page: str) -> list[Section]:
    return [Section(found["title"].lower().replace(" ", "-"),
                    [(b["kind"], b["text"]) for b in BLOCK.finditer(found["body"])])
            for found in SECTION.finditer(page)]


SECTIONS = sections(PAGE.read_text(encoding="utf-8"))


@contextlib.contextmanager
def undone():
    """Takes back what the programs do to the whole process."""
    passes, checking, ops = dict(pipeline.PASSES), pipeline.checking, dict(REGISTRY)
    networkx = sys.modules.get("networkx")
    try:
        with fg.Graph().as_default(), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        if sys.modules.get("networkx", True) is None:
            del sys.modules["networkx"]
        if networkx is not None:
            sys.modules["networkx"] = networkx
        pipeline.PASSES.update(passes)
        pipeline.checking = checking
        REGISTRY.update(ops)
        for name in [name for name, op in REGISTRY.items() if op.__module__ == "__main__"]:
            del REGISTRY[name]  # flowgraph's own stay: their files are not imported again


def run(code: str) -> None:
    """Runs a program as the file model.py, warnings as errors."""
    with undone(), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, "model.py", "exec"), {"__name__": "__main__"})


def shown(code: str) -> str:
    """What Python prints last when this program stops with an error."""
    try:
        run(code)
    except Exception as error:
        return "".join(traceback.format_exception_only(error))
    return "no error\n"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.anchor)
def test_a_section_shows_a_program_its_error_and_the_cure(section) -> None:
    assert [kind for kind, _ in section.blocks] == ["python", "text", "python"]
    (_, bad), (_, text), (_, cure) = section.blocks
    assert shown(bad) == text
    run(cure)


def test_each_error_links_to_the_section_that_shows_it() -> None:
    for section in SECTIONS:
        link = re.search(r"docs: errors#([a-z-]+)", section.blocks[1][1])
        assert link is None or link[1] == section.anchor


def anchors_in_code() -> dict[str, set[str]]:
    """Every anchor that a message names, and the files that do."""
    found: dict[str, set[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        where = str(file.relative_to(PACKAGE))
        text = file.read_text(encoding="utf-8")
        if not re.search(r"\b(message|located)\(", text):
            continue
        tree = ast.parse(text)
        for node in ast.walk(tree):
            function = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if function in ("message", "located"):
                place = 3 if function == "message" else 2
                section = next((k.value for k in node.keywords if k.arg == "section"),
                               node.args[place] if len(node.args) > place else None)
                for anchor in _texts(section, tree) if section is not None else []:
                    found.setdefault(anchor, set()).add(where)
    return found


def _texts(node: ast.AST, tree: ast.AST) -> list[str]:
    """The strings that an expression may be; a name stands for what is assigned to it."""
    if isinstance(node, ast.Name):
        values = []
        for other in ast.walk(tree):
            if isinstance(other, ast.Assign):
                for target in other.targets:
                    names = target.elts if isinstance(target, ast.Tuple) else [target]
                    if any(isinstance(n, ast.Name) and n.id == node.id for n in names):
                        values.append(other.value)
        found = [text for value in values for text in _texts(value, tree)]
    else:
        found = [n.value for n in ast.walk(node)
                 if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [text for text in found if re.fullmatch(r"[a-z]+(-[a-z]+)+", text)]


def test_every_anchor_that_the_code_names_has_a_section() -> None:
    used = anchors_in_code()
    assert {"shape-error", "feed-error", "value-error", "no-gradient"} <= set(used)
    missing = set(used) - {section.anchor for section in SECTIONS}
    assert not missing, {anchor: used[anchor] for anchor in missing}


def test_every_class_of_building_errors_is_in_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8").split("\n## ")[0]
    own = [cls.__name__ for cls in vars(errors).values()
           if isinstance(cls, type) and issubclass(cls, errors.FlowgraphError)
           and cls is not errors.FlowgraphError]
    assert [name for name in own if f"`{name}`" not in page] == []


def test_links_within_the_page_lead_somewhere() -> None:
    links = set(re.findall(r"\]\(#([a-z-]+)\)", PAGE.read_text(encoding="utf-8")))
    assert links <= {section.anchor for section in SECTIONS}


def rewritten(page: str) -> str:
    """The page with the messages of now."""
    def section(found: re.Match[str]) -> str:
        last = [""]

        def block(b: re.Match[str]) -> str:
            if b["kind"] == "text":
                return f"```text\n{shown(last[0])}```"
            last[0] = b["text"]
            return b[0]

        return BLOCK.sub(block, found[0])

    return SECTION.sub(section, page)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
