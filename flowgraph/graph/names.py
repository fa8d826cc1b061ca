"""Names of a graph: TensorFlow 1's rules for unique names, name scopes and valid characters."""

from __future__ import annotations

import functools
import re

from flowgraph.core.frames import located

_VALID_OP = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\\-/]*$")
_VALID_SCOPE = re.compile(r"^[A-Za-z0-9_.\\\-/]*$")


class NameTable:
    """Gives out unique names: "MatMul", "MatMul_1", …; case does not make names different."""

    __slots__ = ("_used",)

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def saved(self) -> dict[str, int]:
        """What is taken now, for `restore`."""
        return dict(self._used)

    def restore(self, saved: dict[str, int]) -> None:
        """Frees all names taken since `saved`: what had them is not in the graph after all."""
        self._used.clear()
        self._used.update(saved)

    def mark(self, name: str) -> None:
        """Notes that `name` is taken."""
        self._used.setdefault(name.lower(), 1)

    def unique(self, name: str, mark: bool = True) -> str:
        """A name not given out before, `name` itself if it is free.

        Args:
            name: full path, scopes included.
            mark: whether to take the name; False only looks.
        """
        key = name.lower()
        i = self._used.get(key, 0)
        if mark:
            self._used[key] = i + 1
        if i == 0:
            return name
        base = key
        while key in self._used:
            key = f"{base}_{i}"
            i += 1
        if mark:
            self._used[key] = 1
        return f"{name}_{i - 1}"


def check_op_name(name: str) -> None:
    """Raises ValueError unless `name` may be an operation's name."""
    if not isinstance(name, str):
        raise TypeError(located(f"an operation's name must be a string, not {name!r}"))
    if not _is_valid(name):
        raise ValueError(located(f"{name!r} is not a valid operation name: it must start with a "
                                 "letter, a digit or '.', and have only letters, digits and _ . "
                                 "\\ - / after that"))


@functools.lru_cache(1024)  # most ops of a graph ask for one of a few names
def _is_valid(name: str) -> bool:
    return _VALID_OP.match(name) is not None


def check_scope_name(name: str, at_root: bool) -> None:
    """Raises ValueError unless `name` may be a name scope."""
    pattern = _VALID_OP if at_root else _VALID_SCOPE
    if not isinstance(name, str) or not pattern.match(name):
        start = ", and it must not start with one of _ \\ - /" if at_root else ""
        raise ValueError(located(f"{name!r} is not a valid scope name: only letters, digits and "
                                 f"_ . \\ - / may be in it{start}"))


def node_name(text: str) -> str:
    """The name of the node that a text names: one of its tensors, "x:1", or the node, "x", "^x".

    Args:
        text: the text.
    """
    return text.removeprefix("^").partition(":")[0]


def in_scope(name: str, scope: str | None) -> str:
    """The name that a node, tensor, "^node" or "loc:@node" has inside a name scope.

    Args:
        name: its name outside.
        scope: the name scope, with or without its slash; None or "" for the root.
    """
    scope = (scope or "").rstrip("/")
    mark, rest = _marked(name)
    return f"{mark}{scope}/{rest}" if scope else name


def without_scope(name: str, scope: str | None) -> str | None:
    """The name that a node, tensor, "^node" or "loc:@node" of a name scope has outside of it.

    Args:
        name: its name in the scope.
        scope: the name scope, with or without its slash; None or "" for the root.

    Returns:
        The name; None if it is not in the scope.
    """
    scope = (scope or "").rstrip("/")
    if not scope:
        return name
    mark, rest = _marked(name)
    return mark + rest.removeprefix(scope + "/") if rest.startswith(scope + "/") else None


def _marked(name: str) -> tuple[str, str]:
    mark = next((mark for mark in ("^", "loc:@") if name.startswith(mark)), "")
    return mark, name.removeprefix(mark)
