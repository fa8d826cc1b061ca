"""What flowgraph offers and does otherwise than TensorFlow 1.15, knowingly.

One row per difference. `flowgraph check` tells them where a program uses the name, and
`docs/migrating.md` has them as a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from flowgraph.compat.check.uses import Call


class Difference(NamedTuple):
    """Something that is offered and differs.

    Attributes:
        patterns: of full names, as `tf.data.*`, separated by spaces.
        what: what differs, a sentence.
        docs: the section of the docs about it, as "training#checkpoints".
        parameter: the parameter without which nothing differs; "" if it always does.
    """

    patterns: str
    what: str
    docs: str = "migrating#what-differs"
    parameter: str = ""


DIFFERENCES: tuple[Difference, ...] = (
)


def difference_for(name: str, call: Call | None = None) -> Difference | None:
    """The difference that a use of a name meets; None where there is none.

    Args:
        name: as `tf.set_random_seed`.
        call: the arguments, where it is called.
    """
    for difference in _rows(name):
        if not difference.parameter or (call and difference.parameter in call.keywords):
            return difference
    return None


@cache
def _rows(name: str) -> tuple[Difference, ...]:
    return tuple(_matching(name))


def _matching(name: str) -> Iterator[Difference]:
    for difference in DIFFERENCES:
        if any(fnmatchcase(name, pattern) for pattern in difference.patterns.split()):
            yield difference
