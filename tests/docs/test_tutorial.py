"""Every example has a chapter in English and in Chinese, with the same code, and it is true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NAMES = [path.stem for path in sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))
         if not path.stem.startswith("00")]
LANGUAGES = ["tutorial", "zh/tutorial"]
FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def chapter(name: str, language: str) -> str:
    return (DOCS / language / f"{name}.md").read_text(encoding="utf-8")


def prose(text: str) -> str:
    return FENCE.sub("", text)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_show_the_same_code(name: str) -> None:
    english, chinese = (FENCE.findall(chapter(name, language)) for language in LANGUAGES)
    assert english == chinese
    assert any(kind == "python" for kind, _ in english)


@pytest.mark.parametrize("name", NAMES)
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
