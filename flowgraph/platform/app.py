"""`tf.app.run`: reads the command line and calls the program's `main`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from flowgraph.core.frames import located
from flowgraph.platform.flag_values import FLAGS, HELP, show_help


def run(main: Callable[[list[str]], Any] | None = None,
        argv: Sequence[str] | None = None) -> NoReturn:
    """Reads the flags, calls `main`, and ends the program with what that returns.

    Args:
        main: called with the program's name and the arguments that are no flags; by default the
            function `main` of the program.
        argv: the program's name and its arguments; by default those of the program.

    Example:
        >>> import flowgraph as fg
        >>> fg.app.run(lambda argv: print("hello"), ["program"])
        Traceback (most recent call last):
        SystemExit
    """
    if main is None:
        main = getattr(sys.modules["__main__"], "main", None)
        if main is None:
            raise AttributeError(located(
                "tf.app.run needs a function to call, and the program defines no main",
                "Write def main(argv): ... above, or pass another function."))
    given = list(sys.argv if argv is None else argv)
    if any(argument in HELP and argument.lstrip("-") not in FLAGS for argument in given[1:]):
        show_help(FLAGS, "--helpfull" in given)
    sys.exit(main(FLAGS(given, known_only=True)))
