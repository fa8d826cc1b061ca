"""Names on the command line: what `--fetch loss` means in a graph."""

from __future__ import annotations

import difflib
from typing import Any

from flowgraph.cli.failure import Usage
from flowgraph.core.text import counted
from flowgraph.graph.graph import Graph


def split(given: list[str] | None) -> list[str]:
    """The names in `--fetch a,b --fetch c`.

    Raises:
        Usage: there is none in them, as where a variable of the shell is empty.
    """
    found = [name.strip() for text in given or [] for name in text.split(",") if name.strip()]
    if given and not found:
        raise Usage(f"--fetch {given[0]!r} names no operation")
    return found


def elements(graph: Graph, names: list[str], values: bool = False) -> list[Any]:
    """The tensors and operations of these names.

    Args:
        graph: the graph.
        names: names of operations, or of tensors as `name:0`.
        values: whether the name of an operation means its first output, where it has one.

    Raises:
        Usage: there is no such name; the message tells near ones.
    """
    found = []
    for name in names:
        try:
            element = graph.as_graph_element(name)
        except (KeyError, ValueError, TypeError):
            raise Usage(_unknown(graph, name)) from None
        outputs = getattr(element, "outputs", None)
        found.append(outputs[0] if values and outputs else element)
    return found


def has(graph: Graph, names: list[str]) -> bool:
    """Whether a graph has all these names."""
    try:
        elements(graph, names)
    except Usage:
        return False
    return True


def _unknown(graph: Graph, name: str) -> str:
    """What to say of a name that is not in the graph."""
    operations = [op.name for op in graph.get_operations()]
    plain, _, number = name.partition(":")
    if plain in operations:
        count = len(graph.get_operation_by_name(plain).outputs)
        return (f"--fetch {name}: {plain!r} has {counted(count, 'output')}, so "
                f"there is no {number!r}; outputs are counted from 0")
    last = plain.rpartition("/")[2]
    near = [other for other in operations if other.rpartition("/")[2] == last]
    by_lower = {other.lower(): other for other in operations}
    close = difflib.get_close_matches(plain.lower(), by_lower, n=3, cutoff=0.7)
    near += [by_lower[other] for other in close]
    if len(last) > 2:  # fewer letters are in many names
        near += [other for other in operations if last in other.rpartition("/")[2]]
    shown = list(dict.fromkeys(near))[:4]
    return (f"--fetch {name}: the graph has no such operation"
            + (f"; did you mean {' or '.join(shown)}?" if shown else ""))
