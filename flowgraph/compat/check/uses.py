"""What the reading of a program gives: each use of a name of TensorFlow, where and how.

A name is written as a chain of steps from `tensorflow` on, for methods through the calls that made
their object:

    tf.train.AdamOptimizer(0.1).minimize(loss)
    ("tensorflow", "train", "AdamOptimizer", "()", "minimize")
"""

from __future__ import annotations

from typing import NamedTuple

CALLED = "()"  # the step of a chain to what a call returns
ENTERED = "with"  # the step to what `with ... as` gives; a keyword, so that no name is like it
UNKNOWN: Chain = ("?",)  # among the chains of a value: it may be something else, too
ROOT = "tensorflow"

Chain = tuple[str, ...]


class Call(NamedTuple):
    """The arguments of a call, as far as they can be read.

    Attributes:
        positional: how many are given by position, apart from those by `*`.
        keywords: the names of those given by name.
        has_star: whether more come by `*`.
        kinds: what the arguments by position look like: "int", "str", "None", "list" (a tuple too),
            "label" for a name with that word, "*" for those by `*`, "blank" for False or an
            empty text, "" for anything else.
        blank: the names of those given by name as None, False or an empty text.
    """

    positional: int
    keywords: tuple[str, ...] = ()
    has_star: bool = False
    kinds: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()


class Guard(NamedTuple):
    """A place where a name may be missing without harm.

    Attributes:
        number: the number of the `try` in its file; -1 for a condition on what there is.
        line: its line.
        is_fallback: whether the use stands in a handler, and so only runs if the `try` failed.
        catches: "names" if a missing name is caught, "all" if a wrong argument is, too.
    """

    number: int
    line: int
    is_fallback: bool
    catches: str


class Use(NamedTuple):
    """One use of a name.

    Attributes:
        chains: what the name may stand for; UNKNOWN among them if for something else, too.
        line: counted from 1.
        column: counted from 0.
        call: how it is called; None where it is not.
        guard: the place that allows it to be missing, if any.
        is_conditional: whether it stands in a branch, a loop or a function: it may never run.
        is_import: whether an import names it.
        cell: the code cell of a notebook, counted from 1; 0 in a program.
    """

    chains: tuple[Chain, ...]
    line: int
    column: int
    call: Call | None = None
    guard: Guard | None = None
    is_conditional: bool = False
    is_import: bool = False
    cell: int = 0


def is_member(chain: Chain) -> bool:
    """Whether a chain goes through an object that the program made."""
    return CALLED in chain or ENTERED in chain


def shown(chain: Chain) -> str:
    """A chain as people write it: `tf.train.AdamOptimizer.minimize`."""
    steps = [step for step in chain if step not in (CALLED, ENTERED)]
    if steps[1:3] == ["compat", "v1"] and len(steps) > 3:
        del steps[1:3]
    if steps[:2] == [ROOT, "python"] and len(steps) > 2:
        return ".".join(steps)
    return ".".join(["tf", *steps[1:]]) if len(steps) > 1 else ROOT


__all__ = ["CALLED", "ENTERED", "ROOT", "UNKNOWN", "Call", "Chain", "Guard", "Use", "is_member",
           "shown"]
