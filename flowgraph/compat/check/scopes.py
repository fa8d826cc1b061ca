"""What names stand for while a program is read from top to bottom.

A value is the set of chains that it may be; UNKNOWN among them says that it may be something else.
The empty set is None, or a name that is bound nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowgraph.compat.check.uses import CALLED, ROOT, UNKNOWN, Chain

Value = frozenset[Chain]

NOTHING: Value = frozenset()
ANYTHING: Value = frozenset([UNKNOWN])
_MOST = 4  # things that a name may stand for; with more it may be anything
_LONGEST = 24  # steps of a chain


class Scope:
    """The names of a module, a function or a class.

    Args:
        parent: the scope around it, where names are looked up that are not here.
        is_class: whether functions inside do not see its names.

    Attributes:
        names: from name to value.
        stars: modules whose names are all here, `from ... import *`; the last one counts first.
        attributes: of the object `self` of a class: from name to value.
        methods_of: the scope of the class whose method this is.
        self_name: what the method calls its object.
    """

    def __init__(self, parent: Scope | None = None, is_class: bool = False) -> None:
        self.parent = parent
        self.is_class = is_class
        self.names: dict[str, Value] = {}
        self.stars: list[Chain] = []
        self.has_star = False
        self.has_foreign_star = False
        self.outer: set[str] = set()
        self.attributes: dict[str, Value] = {}
        self.methods_of: Scope | None = None
        self.self_name = ""

    def module(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def bind(self, name: str, value: Value) -> None:
        """Lets a name stand for a value from here on."""
        if name in self.outer:
            scope = self.module()
            scope.names[name] = joined(scope.names.get(name, NOTHING), value)
        else:
            self.names[name] = value

    def find(self, name: str) -> Scope | None:
        """The scope where a name is bound, as Python looks for it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None


def joined(*values: Value) -> Value:
    """What a name may be that is one of these values."""
    together = frozenset().union(*values)
    return ANYTHING if len(together) > _MOST else together


def merged(branches: Iterable[dict[str, Value]]) -> dict[str, Value]:
    """The names after branches of which one ran."""
    result: dict[str, Value] = {}
    for names in branches:
        for name, value in names.items():
            result[name] = joined(result[name], value) if name in result else value
    return result


def extended(value: Value, step: str) -> Value:
    """What an attribute, or the call, of a value may be."""
    chains = {(*chain, step) if chain != UNKNOWN and len(chain) < _LONGEST else UNKNOWN
              for chain in value}
    return frozenset(chains) if chains else ANYTHING


def is_name(chain: Chain) -> bool:
    """Whether a chain names something of TensorFlow's below its root, rather than a result."""
    return chain != UNKNOWN and chain != (ROOT,) and chain[-1] not in (CALLED, "with")
