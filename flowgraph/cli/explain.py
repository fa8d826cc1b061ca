"""`flowgraph explain`: the stages of a run, from the graph to NumPy."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from typing import Any

from flowgraph.cli.moment import Moment
from flowgraph.cli.output import standard_output


def run(options: argparse.Namespace) -> int:
    """Prints the stages; gives the exit code."""
    return Moment(options, explained).run(standard_output())


def explained(run: Any, fetches: Any, keep: Callable[[str], None]) -> None:
    """Keeps the stages of a run of `fetches`, as text."""
    if fetches is run.fetches:
        run()
    keep(str(run.session.explain(fetches, run.feed_dict, file=io.StringIO())).rstrip())
