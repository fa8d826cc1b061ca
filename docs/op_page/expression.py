"""Expressions as trees, printed as a person would write them.

    let t1 = x - y
    grad(x) = 2 * dy * t1

What stands in an expression twice, or makes its line too long, gets a `let` line of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

WIDTH = 88
SHORT = 24  # what is shorter gets no `let` line only to make a line fit
ATOM = 100  # binds tightest
BINDING = {"**": 8, "-u": 6, "*": 6, "/": 6, "//": 5.5, "%": 5.5, "+": 5, "-": 5, "&": 4, "|": 3,
           "<": 2, "<=": 2, ">": 2, ">=": 2, "==": 2, "!=": 2}


@dataclass(frozen=True, eq=False)
class Expr:
    """A name or number (`head` alone), a call, an operator between two, a list, or an item.

    Equal expressions are the same object (`expr` sees to it), so that comparing them costs nothing.

    Args:
        kind: "atom", "call", "operator", "list" or "item".
        head: the name, function or operator; of an item its place.
        args: the parts.
        keywords: (name, value) of a call's keyword arguments.
        length: about how many characters it takes.
    """

    kind: str
    head: str
    args: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    length: int

    @property
    def parts(self) -> tuple[Expr, ...]:
        """The expressions right inside this one."""
        return self.args + tuple(value for _, value in self.keywords)


@cache
def expr(kind: str, head: str, args: tuple[Expr, ...] = (),
         keywords: tuple[tuple[str, Expr], ...] = ()) -> Expr:
    """The one expression of these parts."""
    length = (len(head) + sum(part.length + 2 for part in args)
              + sum(len(key) + part.length + 3 for key, part in keywords))
    return Expr(kind, head, args, keywords, length)


def atom(text) -> Expr:
    """A name or a number."""
    return expr("atom", str(text))


def call(name: str, *args: Expr, **keywords: Expr) -> Expr:
    """A function call."""
    return expr("call", name, args, tuple(keywords.items()))


def operator(sign: str, *args: Expr) -> Expr:
    """`a + b`, or `-a` for the sign "-u"."""
    return expr("operator", sign, args)


def text_of(whole: Expr, names: dict[Expr, str] | None = None) -> str:
    """The expression in one line; the parts in `names` by their names."""
    return _text(whole, names or {})[0]


def _text(whole: Expr, names: dict[Expr, str], top: bool = True) -> tuple[str, float]:
    """(text, how tightly its outermost operator binds)."""
    if whole in names and not top:
        return names[whole], ATOM
    parts = [_text(part, names, False) for part in whole.args]
    texts = [text for text, _ in parts]
    if whole.kind == "operator":
        return _operator_text(whole, parts)
    if whole.kind == "list":
        return f"[{', '.join(texts)}]", ATOM
    if whole.kind == "item":
        return f"{_wrapped(parts[0], ATOM)}[{whole.head}]", ATOM
    if whole.kind == "call":
        texts += [f"{key}={_text(value, names, False)[0]}" for key, value in whole.keywords]
        return f"{whole.head}({', '.join(texts)})", ATOM
    return whole.head, BINDING["/" if "/" in whole.head else "-u"] if (
        "/" in whole.head or whole.head.startswith("-")) else ATOM


def _operator_text(whole: Expr, parts: list[tuple[str, float]]) -> tuple[str, float]:
    strength = BINDING[whole.head]
    if whole.head == "-u":
        return f"-{_wrapped(parts[0], strength)}", strength
    left = _wrapped(parts[0], strength + (whole.head == "**"))  # ** is read from the right
    order_matters = whole.head not in "+*" or parts[1][1] != strength
    right = _wrapped(parts[1], strength + order_matters)
    return f"{left} {whole.head} {right}", strength


def _wrapped(part: tuple[str, float], strength: float) -> str:
    text, binds = part
    return text if binds >= strength else f"({text})"


# ---- let lines -----------------------------------------------------------------------------------


def lines_of(results: dict[str, Expr]) -> list[str]:
    """One line per result, and the `let` lines it needs right before it.

    Args:
        results: by the text before the equals sign, as "grad(x)".
    """
    uses: dict[Expr, int] = {}
    for whole in results.values():
        _count(whole, uses)
    lets = _Lets({e for e, n in uses.items() if n > 1 and _is_worth_a_name(e)})
    for left, whole in results.items():
        lets.prepare(whole, len(left) + 3)
        lets.lines.append(f"{left} = {lets.names.get(whole) or text_of(whole, lets.names)}")
    return lets.lines


def _count(whole: Expr, uses: dict[Expr, int]) -> None:
    uses[whole] = uses.get(whole, 0) + 1
    if uses[whole] == 1:
        for part in whole.parts:
            _count(part, uses)


def _is_worth_a_name(part: Expr) -> bool:
    return part.kind in ("call", "operator") and part.length > 12


class _Lets:
    """The `let` lines so far.

    Args:
        shared: the expressions that stand in more than one place.
    """

    def __init__(self, shared: set[Expr]) -> None:
        self.shared = shared
        self.lines: list[str] = []
        self.names: dict[Expr, str] = {}
        self._prepared: set[Expr] = set()

    def prepare(self, whole: Expr, margin: int) -> None:
        """Names what is shared inside `whole`, and more until its line fits."""
        if whole in self._prepared:
            return
        self._prepared.add(whole)
        for part in whole.parts:
            self.prepare(part, len("let t10 = "))
            if part in self.shared:
                self._name(part)
        while len(text_of(whole, self.names)) + margin > WIDTH:
            inside = [p for p in self._inside(whole) if p.kind in ("call", "operator")
                      and len(text_of(p, self.names)) > SHORT]
            if not inside:
                return
            self._name(max(inside, key=lambda p: min(len(text_of(p, self.names)), WIDTH // 2)))

    def _name(self, part: Expr) -> None:
        if part not in self.names:
            text = text_of(part, self.names)
            self.names[part] = f"t{len(self.names) + 1}"
            self.lines.append(f"let {self.names[part]} = {text}")

    def _inside(self, whole: Expr) -> list[Expr]:
        """What is inside an expression as it is printed now, outer parts first."""
        found: list[Expr] = []
        for part in whole.parts:
            if part not in self.names and part not in found:
                found += [part, *self._inside(part)]
        return found
