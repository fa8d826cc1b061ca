"""Which public functions build an op, and under which names they are offered.

A function builds an op when its code names the op's class, or a private helper of the same file
that does. The code is read, not run.
"""

from __future__ import annotations

import ast
import enum
import inspect
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import flowgraph as fg
from flowgraph.core.api import tensorflow_names

from .cases import OPS, file_of

# Functions that come to their op by way of private functions of another file.
FURTHER = {"If": ["tf.cond"], "Case": ["tf.case", "tf.switch_case"], "While": ["tf.while_loop"]}


@cache
def public_names() -> dict[int, list[str]]:
    """By the identity of a function or class its public names, the shortest first."""
    found: dict[int, set[str]] = {}
    own = {f"tf.{name}" for name in dir(fg) if not name.startswith("_")}
    for name in sorted(tensorflow_names() | own):
        value = value_of(name)
        if inspect.isfunction(value) or inspect.isclass(value):
            found.setdefault(id(value), set()).add(name)
    return {key: sorted(names, key=lambda n: (n.count("."), n)) for key, names in found.items()}


def value_of(name: str) -> object:
    """What a public name, as "tf.nn.relu", stands for; None if it is not offered."""
    value: object = fg
    for part in name.split(".")[1:]:
        value = getattr(value, part, None)
    return value


def modules() -> list[ModuleType]:
    """The modules of flowgraph that public names come from."""
    public_names()  # this loads them
    return [module for name, module in sorted(sys.modules.items())
            if name.startswith("flowgraph.") and getattr(module, "__file__", None)]


def _mentions(node: ast.AST) -> set[str]:
    """Every name in a piece of code, and every text: op_def("Sum") names an op too."""
    found: set[str] = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Name):
            found.add(n.id)
        elif isinstance(n, ast.Attribute):
            found.add(n.attr)
        elif isinstance(n, ast.Constant) and isinstance(n.value, str):
            found.add(n.value)
    return found


def _built(node: ast.AST) -> set[str]:
    """The op types that a piece of code builds outright, as `Sum.build(...)`."""
    owners = [n.value for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr == "build"]
    return {getattr(owner, "id", getattr(owner, "attr", "")) for owner in owners}


def _builders_in(module: ModuleType) -> dict[str, list[object]]:
    """Per op type the public functions and classes of this module that build it, in order.

    For an op of this very file it is enough to name it; those right under its class come first.
    """
    code = Path(module.__file__).read_text(encoding="utf-8")  # type: ignore[arg-type]
    if ".build" not in code:
        return {}
    tree = ast.parse(code)
    lines = {n.name: n.lineno for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    own = {n.name: n for n in tree.body if n.__class__ in (ast.FunctionDef, ast.ClassDef)
           and n.name not in OPS}
    mentions = {name: _mentions(node) for name, node in own.items()}
    built = {name: _built(node) for name, node in own.items()}
    found: dict[str, list[str]] = {}
    for name in own:
        if id(getattr(module, name, None)) not in public_names():
            continue
        seen, waiting = set(), {name}
        while waiting:
            seen |= waiting
            reached = set().union(*(mentions[w] for w in waiting))
            waiting = {r for r in reached if r in own and r not in seen
                       and id(getattr(module, r, None)) not in public_names()}
        for kind in OPS.keys() & set().union(*(mentions[s] | built[s] for s in seen)):
            if kind in lines or any(kind in built[s] for s in seen):
                found.setdefault(kind, []).append(name)
    return {kind: [getattr(module, name) for name in
                   sorted(names, key=lambda n: (lines[n] < lines.get(kind, 0), lines[n]))]
            for kind, names in found.items()}


@cache
def builders() -> dict[str, list[object]]:
    """Per op type the public functions and classes that build it, the main one first.

    Those of the op's own file; where there is none, those of other files.
    """
    at_home: dict[str, list[object]] = {}
    abroad: dict[str, list[object]] = {}
    for module in modules():
        for kind, values in _builders_in(module).items():
            if file_of(kind) == module.__name__:
                at_home[kind] = values
            else:
                abroad.setdefault(kind, []).extend(values)
    for kind, names in FURTHER.items():
        abroad[kind] = [value_of(name) for name in names]
    return {kind: at_home.get(kind) or sorted(abroad.get(kind, []), key=lambda v: names_of(v)[0])
            for kind in OPS}


def names_of(value: object) -> list[str]:
    """The public names of a function or class."""
    return public_names()[id(value)]


def signature_of(value) -> str:
    """`tf.add(x, y, name=None)`, under the shortest name."""
    parameters = []
    for p in inspect.signature(value).parameters.values():
        stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        default = "" if p.default is p.empty else f"={_default(p.default)}"
        parameters.append(f"{stars}{p.name}{default}")
    return f"{names_of(value)[0]}({', '.join(parameters)})"


def _default(value) -> str:
    """A default as in the source; objects that print their address by their type."""
    if isinstance(value, enum.Enum):
        return str(value)
    text = repr(value)
    return f"<{type(value).__name__}>" if " at 0x" in text else text
