"""Writes the pages of docs/api when the book is built: one per namespace, every public name once.

A name stands where programs write it most: under the shortest of its aliases. The text is its
docstring, signature and methods included. (Sphinx's autodoc would do, and takes four minutes.)
"""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flowgraph as fg
from flowgraph.core.api import tensorflow_names
from flowgraph.core.message import Message

FOLDER = Path(__file__).with_name("api")
HEAD = """\
# API

Every public name, by namespace. What TensorFlow 1.15 has too takes the same arguments here, in the
same order; [the op pages](../ops/README.md) tell dtypes, shapes and gradients, and
[api_coverage](../api_coverage.md) what is missing.

"""
OWN = ("data", "plots", "profiling", "testing", "train")  # where flowgraph has names of its own
SECTION = re.compile(
    r"^(Args|Arguments|Attributes|Returns|Raises|Yields|Examples?|References):\s*$")
ENTRY = re.compile(r"^(\*{0,2}\w[\w., *`]*(?: \([^)]*\))?):\s+(.*)", re.DOTALL)
NAMED_LINES = re.compile(r"\w+: .*(\n( .*|\w+: .*))*")


def public_names() -> dict[str, Any]:
    """Every name that is offered, as `nn.relu`, with its object: TensorFlow's and our own."""
    found = {}
    for name in {*(name.removeprefix("tf.") for name in tensorflow_names()),
                 *(name for name in dir(fg) if not name.startswith("_")),
                 *(f"{space}.{name}" for space in OWN
                   for name in dir(importlib.import_module(f"flowgraph.{space}"))
                   if not name.startswith("_"))}:
        thing: Any = fg
        try:
            for part in name.split("."):
                thing = getattr(thing, part)
        except AttributeError:
            continue  # one of those that api_coverage.md names
        if callable(thing):  # no constants, no namespaces
            found[name] = thing
    return found


def by_namespace(names: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Per namespace its names, each with its other names."""
    aliases: dict[int, list[str]] = {}
    for name, thing in names.items():
        aliases.setdefault(id(thing), []).append(name)
    spaces: dict[str, dict[str, list[str]]] = {}
    for known in aliases.values():
        first, *others = sorted(known, key=lambda name: (name.startswith(("compat.", "contrib.")),
                                                         name.count("."), len(name), name))
        spaces.setdefault(first.rpartition(".")[0], {})[first] = sorted(others)
    return {space: dict(sorted(spaces[space].items())) for space in sorted(spaces)}


def page(space: str, names: dict[str, list[str]], things: dict[str, Any],
         places: dict[Any, str]) -> str:
    """The Markdown of a namespace's page; `places` tells under which name each class stands."""
    lines = [f"# {f'tf.{space}' if space else 'tf'}"]
    for name, others in names.items():
        thing = things[name]
        lines += ["", f"## {name.rpartition('.')[2]}", "",
                  f"```python\n{_folded(f'tf.{name}{signature(thing)}')}\n```"]
        if others:
            lines += ["", "Also " + ", ".join(f"`tf.{other}`" for other in others) + "."]
        lines += ["", *described(inspect.getdoc(thing) or "")]
        inherited: dict[str, list[str]] = {}
        for method, function, base in methods(thing, places):
            if base:
                inherited.setdefault(base, []).append(method)
            else:
                lines += ["", f"**`.{method}{signature(function)}`**", "",
                          *described(inspect.getdoc(function) or "")]
        for base, found in inherited.items():
            lines += ["", f"As in [`tf.{base}`]({link(base)}): "
                      + ", ".join(f"`.{method}`" for method in found) + "."]
    return "\n".join(lines) + "\n"


def signature(thing: Any) -> str:
    """`(x, y, name=None)`, without annotations and `self`."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):  # of a builtin class
        return "(...)"
    shown = [p.replace(annotation=p.empty) for p in found.parameters.values()
             if p.name not in ("self", "cls")]
    text = str(found.replace(parameters=shown, return_annotation=found.empty))
    return re.sub(r"<(?:class '|function )?([\w.]+)[^>]*>", r"\1", text)


def _folded(call: str) -> str:
    """A signature in lines that a page shows without scrolling."""
    return textwrap.fill(call, 88, subsequent_indent="    ", break_long_words=False,
                         break_on_hyphens=False)


def methods(thing: Any, places: dict[Any, str]) -> Iterator[tuple[str, Any, str]]:
    """A class's public methods that say what they do, and the name of the base that has them.

    The name is "" for its own ones, and for those of a base that has no place of its own.
    """
    if not inspect.isclass(thing):
        return
    seen = set()
    public = [base for base in thing.__mro__[1:] if base in places]
    for owner in thing.__mro__:
        if owner is Message or not owner.__module__.startswith("flowgraph"):
            continue  # what all messages have is not told for each of them
        # What a base without a page gives to one that has a page is told there.
        found = next((base for base in public
                      if owner is not thing and issubclass(base, owner)), None)
        for name, method in vars(owner).items():
            function = getattr(method, "__func__", method)  # of static and class methods
            if name in seen or name.startswith("_") or not inspect.isfunction(function):
                continue
            seen.add(name)
            is_kept = isinstance(method, staticmethod) and "." not in function.__qualname__
            if function.__doc__ and not is_kept:  # a function that a class keeps is no method
                yield name, function, places[found] if found else ""


def link(name: str) -> str:
    """Where a name stands, seen from a page of the API."""
    space, _, last = name.rpartition(".")
    return f"{space or 'tf'}.md#{last.lower()}"


def described(text: str) -> Iterator[str]:
    """A docstring as Markdown: its sections, its arguments as a list, its examples as code."""
    lines = text.splitlines()
    start = 0
    while start < len(lines):
        heading = SECTION.match(lines[start])
        end = start + 1
        while end < len(lines) and not SECTION.match(lines[end]) and not (
                heading and re.match(r"\S", lines[end])):  # text again, behind a section
            end += 1
        body = textwrap.dedent("\n".join(lines[start + bool(heading):end])).strip("\n")
        if heading and heading[1].startswith("Example"):
            yield from ("", "**Example**", "", f"```pycon\n{body}\n```" if ">>>" in body else body)
        elif heading:
            is_text = heading[1] in ("Returns", "Yields") and not NAMED_LINES.fullmatch(body)
            yield from ("", f"**{heading[1]}**", "",
                        *(_paragraphs(body) if is_text else _entries(body)))
        else:
            yield from _paragraphs(body)
        start = end


def _entries(body: str) -> Iterator[str]:
    """`x: what it is`, one list item each, its further lines joined."""
    for entry in re.split(r"\n(?=\S)", body):
        words = " ".join(entry.split())
        named = ENTRY.match(words)
        yield f"- `{named[1]}`: {named[2]}" if named else f"- {words}"


def _paragraphs(body: str) -> Iterator[str]:
    """Text; what is indented or shows a prompt is code."""
    for paragraph in re.split(r"\n\s*\n", body):
        is_code = paragraph.lstrip().startswith(">>>") or paragraph.startswith("    ")
        yield f"\n```pycon\n{textwrap.dedent(paragraph)}\n```" if is_code else f"\n{paragraph}"


def write() -> None:
    """Writes all pages; what has not changed keeps its time, so that it is not read again."""
    things = public_names()
    spaces = by_namespace(things)
    FOLDER.mkdir(exist_ok=True)
    places = {things[name]: name for names in spaces.values() for name in names
              if inspect.isclass(things[name])}
    texts = {f"{space or 'tf'}.md": page(space, names, things, places)
             for space, names in spaces.items()}
    texts["README.md"] = HEAD + "".join(
        f"- [`{f'tf.{space}' if space else 'tf'}`]({space or 'tf'}.md): "
        f"{len(names)} {'name' if len(names) == 1 else 'names'}\n"
        for space, names in spaces.items())
    for old in FOLDER.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda _: write())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
