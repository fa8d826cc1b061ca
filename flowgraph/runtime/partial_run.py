"""Partial runs: one run in several parts, each fed what the one before it has shown.

    handle = sess.partial_run_setup([a, b], [x, y])
    first = sess.partial_run(handle, a, {x: 1.0})
    second = sess.partial_run(handle, b, {y: 2.0 * first})

An operation runs at most once: what a part computed and a later one needs is kept and fed to it.
Each part is a run of its own to variables: what it writes is written when it ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.runtime.feeds import feed_tensor
from flowgraph.runtime.fetches import Fetches, conversions, fetch_key
from flowgraph.runtime.runner import Hook

# Known anew in each part: nothing is gained by keeping them, or there is nothing to keep.
_NOT_KEPT = frozenset({"Const", "VariableV2"})


class PartialRun:
    """What is known of a run in several parts.

    Args:
        session: the session.
        fetches: all that may be fetched, each once.
        feeds: all that may be fed, each once.
    """

    def __init__(self, session: Any, fetches: Any, feeds: Any) -> None:
        self._session = session
        self._pending = dict.fromkeys(Fetches(session.graph, fetches).elements)
        session._check_devices(session.graph)
        self._fetched: set[Tensor | Operation] = set()
        self._feeds = {tensor for feed in feeds or () for tensor in self._tensors_of(feed)}
        self._fed: set[Tensor] = set()
        self._values: dict[Tensor, Any] = {}  # what was fed, and what later parts need
        self._done: frozenset[Operation] = frozenset()

    @property
    def finished(self) -> bool:
        """Whether all was fetched."""
        return not self._pending

    def part(self, fetches: Any, feed_dict: dict[Any, Any] | None,
             hooks: tuple[Hook, ...] = ()) -> Any:
        """Runs a part; the values of `fetches`.

        Args:
            fetches, feed_dict: as for `Session.run`.
            hooks: called around each step.

        Raises:
            InvalidArgumentError: something was not announced, or was fed or fetched before, or
                needs more feeds.
        """
        session = self._session
        tensors, arrays = session._feeds(feed_dict or {})
        asked = Fetches(session.graph, fetches).elements
        self._check(tensors, asked)
        values = {**self._values, **dict(zip(tensors, arrays, strict=True))}
        now = self._needed(asked, values, self._feeds)
        later = [element for element in self._pending if element not in asked]
        kept = self._kept(now, later, values)
        feeds = tuple(values)
        key = (fetch_key([fetches, kept]), feeds, session.graph.changes, self._done)
        executable = session._executables.get(key)
        if executable is None:
            executable = session._executable(key, [fetches, kept], feeds, self._done)
        plan = executable.plan(tuple([np.shape(value) for value in values.values()]))
        result, more = executable.nest(plan.run_with_hooks(tuple(values.values()), hooks))
        self._values = {**values, **{tensor: np.asarray(value) for tensor, value in
                                     zip(kept, more, strict=True)}}
        self._done |= {op for op in now if op.type not in _NOT_KEPT
                       and not any(t.dtype.name == "resource" for t in op.outputs)}
        self._fed.update(tensors)
        self._fetched.update(asked)
        for element in asked:
            del self._pending[element]
        return result

    def _tensors_of(self, feed: Any) -> list[Tensor]:
        parts = next((c.fetch(feed)[0] for c in conversions if isinstance(feed, c.type)), [feed])
        return [feed_tensor(self._session.graph, part) for part in parts]

    def _check(self, tensors: tuple[Tensor, ...], asked: list[Tensor | Operation]) -> None:
        for what, elements, known, before in (("feed", tensors, self._feeds, self._fed),
                                              ("fetch", asked, self._pending, self._fetched)):
            for element in elements:
                if element in before:
                    verb = "fed" if what == "feed" else "fetched"
                    raise _mistake(f"The {what} {element.name} has already been {verb}.")
                if element not in known:
                    raise _mistake(f"The {what} {element.name} was not specified in "
                                   "partial_run_setup.")

    def _needed(self, elements: Any, values: dict[Tensor, Any], unfed: set[Tensor]
                ) -> set[Operation]:
        """The operations that have yet to run for some elements.

        Args:
            elements: tensors and operations.
            values: the tensors that are known.
            unfed: those of which no other is to be computed.
        """
        found: set[Operation] = set()
        stack = list(elements)
        while stack:
            element = stack.pop()
            if element in values:
                continue
            if element in unfed:
                raise _mistake(f"{element.name} is needed, and is not fed yet.")
            op = element.op if isinstance(element, Tensor) else element
            if op not in found and op not in self._done:
                found.add(op)
                stack += [*op.inputs, *op._control_inputs]
        return found

    def _kept(self, now: set[Operation], later: list[Any], values: dict[Tensor, Any]
              ) -> list[Tensor]:
        """The results of this part that later parts need."""
        rest = self._needed(later, values, set()) - now
        wanted = {t for op in rest for t in op.inputs} | {e for e in later if isinstance(e, Tensor)}
        return sorted((t for t in wanted if t.op in now and t not in values
                       and t.op.type not in _NOT_KEPT and not t.dtype._is_ref_dtype
                       and t.dtype.name != "resource"), key=lambda t: t.name)


def _mistake(problem: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, located(problem))
