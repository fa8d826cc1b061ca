"""One run of a program, caught while its session is open: for `step` and `explain`.

Which run: of the fetches that were asked for, in the first run of the program's whose feeds are
enough for them; else what the program itself runs most often, which is known at its second run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from flowgraph.cli import names
from flowgraph.cli.failure import Failure, Usage, one_line
from flowgraph.cli.output import Output
from flowgraph.cli.sources import chosen_graph, with_program
from flowgraph.cli.watch import Fetched, Watcher
from flowgraph.errors import FeedError, InvalidArgumentError
from flowgraph.runtime.observe import ObservedRun


class Moment:
    """Looks for the run, and has something done with it.

    Args:
        options: the command line.
        look: called with (run, fetches, keep) in the place of the run that is meant; what it gives
            to `keep` is shown in the end. With the program's own fetches it calls `run`.
        show: what was kept, as text.
    """

    def __init__(self, options: argparse.Namespace,
                 look: Callable[[Any, Any, Callable[[Any], None]], None],
                 show: Callable[[Any], str] = str) -> None:
        self._options = options
        self._look = look
        self._fetch = names.split(options.fetch)
        self._problem: Exception | None = None
        self._show = show
        self._seen: dict[Fetched, Any] = {}
        self._kept: Any = None
        self.watcher = Watcher(options.run_all and not self._fetch, self._each)

    def run(self, output: Output) -> int:
        """Runs the program and prints what was found; gives the exit code."""
        return with_program(self._options, output, self.watcher,
                            lambda watcher, failed: output.text(self._show(self._found())))

    def _each(self, run: ObservedRun, found: Fetched) -> Any:
        number = self._options.graph
        if number is not None and found.graph is not (self.watcher.graphs + [None] * number)[
                number - 1]:
            return run()
        if not self._fetch:
            if found in self._seen:
                return run()
            own = _OwnRun(run)
            self._look(own, run.fetches, lambda kept: self._seen.update({found: kept}))
            return own.results
        if not names.has(found.graph, self._fetch):
            return run()
        wanted = names.elements(found.graph, self._fetch, values=True)
        try:
            self._look(run, wanted[0] if len(wanted) == 1 else wanted, self._keep)
        except (FeedError, InvalidArgumentError) as problem:
            self._problem = self._problem or problem  # it may get its feeds in a later run
            return run()
        self.watcher.stop(None, "what was asked for is known")

    def _keep(self, kept: Any) -> None:
        self._kept = kept

    def _found(self) -> Any:
        if self._kept is not None:
            return self._kept
        if self._fetch:
            if self._problem is not None:
                raise Failure("no run of the program feeds what these fetches need: "
                              + one_line(self._problem))
            names.elements(chosen_graph(self.watcher, self._options.graph), self._fetch)
            raise Failure("the program has made no run in which these could be fetched")
        most = [found for found in self.watcher.fetched.values() if found in self._seen]
        if not most:
            if self._options.graph is not None and self.watcher.graphs:
                raise Usage(f"--graph {self._options.graph}: the program has run "
                            f"{len(self.watcher.graphs)} graphs, counted from 1")
            raise Failure("the program has run nothing")
        return self._seen[max(most, key=lambda found: (found.count, -found.number))]


class _OwnRun:
    """The program's own run, whose results are kept.

    Args:
        run: the run.
    """

    def __init__(self, run: ObservedRun) -> None:
        self._run = run
        self.session, self.fetches, self.feed_dict = run.session, run.fetches, run.feed_dict
        self.results: Any = None

    def __call__(self, *hooks: Any) -> Any:
        self.results = self._run(*hooks)
        return self.results
