"""The calls of the array module as they are written in kernels, found without running them.

A run sees only the branches that it takes; the source shows the others too. What cannot be read off
the source (`getattr(xp, name)`, `f(*args)`) is left to the run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WrittenCall:
    """A name of the array module in a file.

    Attributes:
        name: "linalg.inv".
        positional: number of positional arguments; None where it is not called there, or with `*`.
        keywords: names of the others.
        file: where it stands.
        line: the line there.
        owner: the class around it; "" outside of classes.
    """

    name: str
    positional: int | None
    keywords: tuple[str, ...]
    file: Path
    line: int
    owner: str


def written_calls(file: Path) -> Iterator[WrittenCall]:
    """All uses of `xp.name` in a file."""
    text = file.read_text()
    if "xp." not in text:
        return
    waiting: list[tuple[ast.AST, str]] = [(ast.parse(text), "")]
    while waiting:
        node, owner = waiting.pop()
        if isinstance(node, ast.ClassDef):
            owner = node.name
        inside = list(ast.iter_child_nodes(node))
        name = _path(node.func if isinstance(node, ast.Call) else node)
        if name and isinstance(node, ast.Call):
            inside = [*node.args, *node.keywords]
            words = tuple(sorted(k.arg for k in node.keywords if k.arg))
            starred = any(isinstance(a, ast.Starred) for a in node.args) or any(
                k.arg is None for k in node.keywords)
            yield WrittenCall(name, None if starred else len(node.args), words, file, node.lineno,
                              owner)
        elif name and isinstance(node, ast.Attribute):
            inside = []
            yield WrittenCall(name, None, (), file, node.lineno, owner)
        waiting += [(child, owner) for child in inside]


def _path(node: ast.AST) -> str:
    """The `linalg.inv` of `xp.linalg.inv` and of `self.xp.linalg.inv`; "" for other nodes."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        if node.attr in ("xp", "_xp"):
            return ".".join(reversed(parts))
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in ("xp", "_xp"):
        return ".".join(reversed(parts))
    return ""
