"""What is said of each use: offered, offered with a difference, or missing and what to use."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType

from flowgraph.compat.check.differences import difference_for
from flowgraph.compat.check.old_programs import old_call
from flowgraph.compat.check.resolve import Found, Made, Missing, Resolver
from flowgraph.compat.check.signatures import misfit
from flowgraph.compat.check.uses import CALLED, ENTERED, UNKNOWN, Chain, Use, is_member, shown
from flowgraph.core.api import tensorflow_names
from flowgraph.core.api.before_one import before_one

OFFERED, DIFFERS, MISSING = "offered", "differs", "missing"
_ORDER = (OFFERED, DIFFERS, MISSING)


@dataclass(frozen=True)
class Verdict:
    """What is said of one use of a name.

    Attributes:
        line: counted from 1.
        column: counted from 1.
        symbol: the name, as `tf.nn.relu`; methods as `tf.train.Saver.save`.
        status: "offered", "differs" or "missing".
        text: which difference, or why it is missing and what to use; "" for what is offered.
        docs: the section of the docs about it; "" where there is none.
        parameter: the parameter that is missing; None where the name is.
        is_conditional: whether it stands in a branch, a loop or a function.
        is_import: whether an import names it.
        cell: the code cell of a notebook, counted from 1; 0 in a program.
    """

    line: int
    column: int
    symbol: str
    status: str
    text: str = ""
    docs: str = ""
    parameter: str | None = None
    is_conditional: bool = False
    is_import: bool = False
    cell: int = 0


class Judge:
    """Says of uses what is offered.

    Args:
        resolver: looks names up.
        legacy: whether programs of before 1.0 run as they are.
    """

    def __init__(self, resolver: Resolver, legacy: bool = False) -> None:
        self._resolver = resolver
        self._legacy = legacy
        self._imports: set[Chain] = set()

    def verdicts(self, uses: Sequence[Use], defined: set[Chain]) -> list[Verdict]:
        """What is said of the uses of one file, by line.

        Args:
            uses: what was read.
            defined: names that the file sets itself.
        """
        self._imports = {chain[:i] for use in uses if use.is_import for chain in use.chains
                         for i in range(2, len(chain) + 1)}
        judged = [(use, verdict) for use in uses
                  if (verdict := self._of_use(use, defined)) is not None]
        failed = {use.guard.number for use, verdict in judged
                  if use.guard and not use.guard.is_fallback and use.guard.number >= 0
                  and verdict.status == MISSING}
        result: dict[tuple[int, int, str, str | None], Verdict] = {}
        for use, verdict in judged:
            verdict = _forgiven(use, verdict, failed)
            key = verdict.cell, verdict.line, verdict.symbol, verdict.parameter
            known = result.get(key)
            if known is None or _ORDER.index(known.status) < _ORDER.index(verdict.status):
                result[key] = verdict
        return sorted(result.values(), key=lambda v: (v.cell, v.line, v.column))

    def _of_use(self, use: Use, defined: set[Chain]) -> Verdict | None:
        best: Verdict | None = None
        is_unsure = UNKNOWN in use.chains and all(is_member(c) for c in use.chains if c != UNKNOWN)
        for chain in use.chains:
            if chain == UNKNOWN:
                continue
            verdict = self._of_chain(use, chain, defined)
            if verdict is None:
                if is_member(chain):
                    is_unsure = True
                    continue
                return None
            if best is None or _ORDER.index(verdict.status) < _ORDER.index(best.status):
                best = verdict
        return None if best is not None and best.status == MISSING and is_unsure else best

    def _of_chain(self, use: Use, chain: Chain, defined: set[Chain]) -> Verdict | None:
        place = self._resolver.place(chain)
        is_of_missing = (isinstance(place, Missing) and is_member(chain)
                         and not is_member(chain[:place.steps - 1]))  # told where it is made
        if place is None or is_of_missing:
            return self._of_known_part(use, chain, defined)
        symbol = self._name(chain)
        made = Verdict(use.line, use.column + 1, symbol, OFFERED,
                       is_conditional=use.is_conditional, is_import=use.is_import,
                       cell=use.cell)
        if any(chain[:i] in defined for i in range(2, len(chain) + 1)):
            return made
        if isinstance(place, Missing):
            return _missing(made, place, chain)
        not_imported = self._not_imported(chain)
        if not_imported:
            return _missing(made, not_imported, chain)
        if use.is_import and isinstance(place, Found) and place.module:
            return made
        if use.call is not None and isinstance(place, Found):
            old = old_call(symbol, use.call)
            if old and not self._legacy:
                return _with(made, MISSING, old, "migrating#programs-of-before-10", "")
            wrong = None if old else misfit(place.value, use.call, place.drops_first)
            if wrong is not None:
                return _with(made, MISSING, wrong[1], "", wrong[0])
        function, drops = (place.value, place.drops_first) if isinstance(place, Found) else (
            None, False)
        difference = difference_for(symbol, use.call, function, drops)
        if difference is not None:
            return _with(made, DIFFERS, difference.what, difference.docs)
        return made

    def _not_imported(self, chain: Chain) -> Missing | None:
        """The first part of a chain that is there only once a program has imported it."""
        for i in range(2, len(chain) + 1):
            place = self._resolver.place(chain[:i])
            if isinstance(place, Found) and place.needs_import and chain[:i] not in self._imports:
                name = ".".join(chain[:i])
                return Missing(i, f"it is a module that is there after `import {name}`.")
        return None

    def _of_known_part(self, use: Use, chain: Chain, defined: set[Chain]) -> Verdict | None:
        """For `tf.float32.name`, the name that leads there; nothing of a result's attributes."""
        if is_member(chain):
            return None
        while len(chain) > 2 and self._resolver.place(chain) is None:
            chain = chain[:-1]
        return self._of_chain(use._replace(call=None), chain, defined)

    def _name(self, chain: Chain) -> str:
        """What to call a name: of a method its class in front, however the object was made."""
        if not is_member(chain):
            return shown(chain)
        last = max(i for i, step in enumerate(chain) if step in (CALLED, ENTERED))
        owner = self._resolver.place(chain[:last + 1])
        if not isinstance(owner, Made) or len(chain) - last < 2:
            return shown(chain)
        maker = chain[:last]
        place = self._resolver.place(maker)
        if isinstance(place, Found) and place.value is owner.kind:
            return f"{shown(maker)}.{'.'.join(chain[last + 1:])}"
        return f"{public_name(owner.kind)}.{'.'.join(chain[last + 1:])}"


def public_name(kind: type) -> str:
    """What a class of flowgraph's is called in `tf`, as far as its module tells."""
    import flowgraph
    for space in ("", "train", "data", "nn.rnn_cell", "summary", "layers", "estimator"):
        module: object = flowgraph
        for part in filter(None, space.split(".")):
            module = getattr(module, part, None)
        if isinstance(module, ModuleType) and inspect.getattr_static(
                module, kind.__name__, None) is kind:
            return ".".join(filter(None, ["tf", space, kind.__name__]))
    return f"tf.{kind.__name__}"


def _with(made: Verdict, status: str, text: str, docs: str = "",
          parameter: str | None = None) -> Verdict:
    return replace(made, status=status, text=text, docs=docs, parameter=parameter)


def _missing(made: Verdict, place: Missing, chain: Chain) -> Verdict:
    steps = place.steps
    if is_member(chain):
        symbol = made.symbol
    else:
        while steps < len(chain) and shown(chain[:steps]) not in tensorflow_names():
            steps += 1
        symbol = shown(chain[:steps])
    section = "programs-of-before-10" if before_one(symbol) else "what-is-missing"
    text = place.message.removeprefix(f"flowgraph does not offer {symbol}: ")
    if text.startswith(f"{symbol} is "):
        text = f"it{text.removeprefix(symbol)}"
    return _with(replace(made, symbol=symbol), MISSING, text, f"migrating#{section}")


def _forgiven(use: Use, verdict: Verdict, failed: set[int]) -> Verdict:
    """A missing name does no harm where the program is prepared for that."""
    guard = use.guard
    if verdict.status != MISSING or guard is None:
        return verdict
    if verdict.parameter is not None and guard.catches != "all":
        return verdict
    if guard.is_fallback and guard.number in failed:
        return verdict
    if guard.is_fallback:
        why = f"it is missing, but runs only if line {guard.line} and what follows fails"
    elif guard.number >= 0:
        why = f"it is missing, and the program catches that (line {guard.line})"
    else:
        why = f"it is missing, and the program asks first (line {guard.line})"
    return _with(verdict, DIFFERS, f"{why}. {verdict.text}", verdict.docs, verdict.parameter)


__all__ = ["DIFFERS", "MISSING", "OFFERED", "Judge", "Verdict"]
