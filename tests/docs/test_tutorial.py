"""Every example has a chapter in English and in Chinese, with the same code, and it is true.

The solutions have a section per chapter and a paragraph per exercise, which begins with its bold
number. A block of theirs that begins with an import is a program and runs by itself; other blocks
are changes to an example, which the paragraph above them names.
"""

from __future__ import annotations

import ast
import builtins
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NAMES = [path.stem for path in sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))
         if not path.stem.startswith("00")]
SOLUTIONS = {"solutions_01_16": NAMES[:16], "solutions_17_32": NAMES[16:]}
LANGUAGES = ["tutorial", "zh/tutorial"]
FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def chapter(name: str, language: str) -> str:
    return (DOCS / language / f"{name}.md").read_text(encoding="utf-8")


def prose(text: str) -> str:
    return FENCE.sub("", text)


PAIR = re.compile(r"^```python\n((?:import|from) .*?)^```\n(?:\n```text\n(.*?)^```$)?",
                  re.MULTILINE | re.DOTALL)
PROGRAMS = [pytest.param(*found, id=f"{name}-{number}") for name in SOLUTIONS
            for number, found in enumerate(PAIR.findall(chapter(name, "tutorial")), 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_links_every_chapter_by_its_title(language: str) -> None:
    titles = [(chapter(name, language).splitlines()[0].removeprefix("# "), f"{name}.md")
              for name in [*NAMES, *SOLUTIONS]]
    links = re.findall(r"^(?:- |(\d+\. ))\[(.*)\]\((.*)\)$", prose(chapter("index", language)),
                       re.MULTILINE)
    assert [(number + title, file) for number, title, file in links] == titles


@pytest.mark.parametrize("name", [*NAMES, *SOLUTIONS])
def test_both_languages_show_the_same_code(name: str) -> None:
    english, chinese = (FENCE.findall(chapter(name, language)) for language in LANGUAGES)
    assert english == chinese
    assert any(kind == "python" for kind, _ in english)


@pytest.mark.parametrize("name", [*NAMES, *SOLUTIONS])
def test_both_languages_have_the_same_parts_pictures_and_formulas(name: str) -> None:
    english, chinese = (prose(chapter(name, language)) for language in LANGUAGES)
    for pattern in (r"^#+ ", r"\]\((?:\.\./)*(images/\S+?)\)", r"^\$\$$|^\$\$.*\$\$$"):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (english, chinese)]
        assert found[0] == found[1], pattern
    assert len(CHINESE.findall(english)) < 60  # words of a poem, no more
    assert len(CHINESE.findall(chinese)) > 400


@pytest.mark.parametrize("name", NAMES)
def test_the_blocks_print_what_the_chapter_shows(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "docs/run_page.py", f"docs/tutorial/{name}.md"], cwd=ROOT, text=True,
        encoding="utf-8", capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nIf the new output is right: "
        f"python docs/run_page.py --write docs/tutorial/{name}.md, and the Chinese page from it")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_chapter_includes_and_links_to_is_there(name: str, language: str) -> None:
    text = chapter(name, language)
    for file, options in re.findall(r"^```\{literalinclude\} (\S+)\n(.*?)^```$", text,
                                    re.MULTILINE | re.DOTALL):
        included = DOCS / file.removeprefix("/")
        source = included.read_text(encoding="utf-8")
        for wanted in re.findall(r"^:pyobject: (\S+)", options, re.MULTILINE):
            assert wanted in {node.name for node in ast.walk(ast.parse(source))
                              if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose(text)):
        assert (DOCS / language / link).exists(), link
    assert f"examples/{name}.py" in text
    assert f"/results/{name}.txt" in text
    assert max(map(len, prose(text).splitlines())) <= 120


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SOLUTIONS)
def test_every_exercise_has_a_solution(name: str, language: str) -> None:
    text = chapter(name, language)
    assert max(map(len, prose(text).splitlines())) <= 120
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    for file, section in zip(SOLUTIONS[name], sections, strict=True):
        page = chapter(file, language)
        title = page.splitlines()[0].removeprefix("# ")
        assert section.splitlines()[0] == f"[{title}]({file}.md)"
        exercises = re.split(r"^## ", page, flags=re.MULTILINE)[-1]
        assert (re.findall(r"^\*\*(\d+)\.\*\*", section, re.MULTILINE)
                == re.findall(r"^(\d+)\. ", exercises, re.MULTILINE)), file


@pytest.mark.parametrize(("code", "shown"), PROGRAMS)
def test_a_program_of_the_solutions_prints_what_they_show(code: str, shown: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, encoding="utf-8",
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.rstrip() for line in done.stdout.splitlines()] == shown.splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SOLUTIONS)
def test_a_change_in_the_solutions_fits_the_example_that_it_names(name: str, language: str) -> None:
    """It is Python, and what it takes is there: in the example, in itself, or named above it."""
    text, end = chapter(name, language), 0
    for block in FENCE.finditer(text):
        before, end = text[end:block.start()], block.end()
        if block[1] != "python" or block[2].startswith(("import ", "from ")):
            continue
        file = re.findall(r"`(\d\d_\w+\.py)`", before)
        assert file, block[2]
        example = (ROOT / "examples" / file[-1]).read_text(encoding="utf-8")
        told = re.findall(r"`(\w+)`", before) + re.findall(r"# (\w+):", block[2])
        change = ast.parse(textwrap.dedent(block[2]))
        taken = {node.id for node in ast.walk(change) if isinstance(node, ast.Name)}
        unknown = taken - made(change) - made(ast.parse(example)) - {*told, *dir(builtins)}
        assert not unknown, f"{file[-1]} has no {unknown}:\n{block[2]}"


def made(tree: ast.AST) -> set[str]:
    """The names that a program makes: variables, parameters, functions, classes, imports."""
    nodes = list(ast.walk(tree))
    return ({node.id for node in nodes if isinstance(node, ast.Name)
             and isinstance(node.ctx, ast.Store)}
            | {node.arg for node in nodes if isinstance(node, ast.arg)}
            | {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
            | {name.asname or name.name for node in nodes
               if isinstance(node, (ast.Import, ast.ImportFrom)) for name in node.names})
