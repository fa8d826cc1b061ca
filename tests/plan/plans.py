"""Helpers of the tests of Plans."""

from __future__ import annotations

import re

import numpy as np

import flowgraph as fg
from flowgraph.plan.plan import Plan
from flowgraph.plan.source import Source
from flowgraph.program.pipeline import PLANNING


def plan_of(fetches, feed=None, passes=None) -> Plan:
    """The Plan of a run."""
    feed = {key: np.asarray(value, key.dtype.as_numpy_dtype) for key, value in (feed or {}).items()}
    executable, _, shapes = fg.Session(passes=passes)._prepare(fetches, feed)
    return executable.plan(shapes).runner.plan


def source_of(fetches, feed=None, passes=None) -> str:
    """The generated source of a run, blanks before comments and the user's lines left out."""
    text = Source(plan_of(fetches, feed, passes)).text
    text = re.sub(r"  test_\w+\.py:\d+$", "", text, flags=re.MULTILINE)
    return re.sub(r" {3,}# ", "  # ", text)


def run_everywhere(fetches, feed=None) -> list:
    """The results of every runner, the plain interpreter without passes and reuse first."""
    ways = [{"runner": "interpreter", "passes": []}, {"runner": "interpreter", "poison": True},
            {"runner": "source"}, {"runner": "source", "passes": []},
            {"runner": "source", "passes": list(PLANNING)}]
    results = []
    for options in ways:
        session = fg.Session(**options)
        session.run(fg.global_variables_initializer())
        results.append(session.run(fetches, feed))
        session.run(fetches, feed)  # once more, in the same arena
    return results


def assert_same_everywhere(fetches, feed=None) -> None:
    """All runners give bit for bit the same."""
    first, *others = run_everywhere(fetches, feed)
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_array_equal(a, b)
