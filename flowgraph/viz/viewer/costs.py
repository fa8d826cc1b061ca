"""Recorded runs as rows of the payload: what each step took, gave and cost.

    {"title": str, "seconds": float,
     "steps": [[op, start, duration, self time, parent step, bytes, NumPy line, [input names],
                [output: [spec, min, max, mean, std, NaNs, infs, zeros, sample]], bytes alive,
                round, calls, [other ops that it stands for]]],
     "costs": [[op, self time, calls, bytes, flops]]}

Times are in microseconds. Counts of -1 and figures of null were not noted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import Graph
from flowgraph.graph.operation import Operation
from flowgraph.profiling import Recording
from flowgraph.viz import labels

_NO_VALUES = [None, None, None, None, -1, -1, -1, ""]
_LONGEST = 400  # characters of a NumPy line


def run_rows(profile: Any, graph: Graph, numbers: Mapping[Operation, int]) -> list[dict[str, Any]]:
    """The runs of a profile; none without a profile.

    Args:
        profile: a `fg.profile`, a `Recording` of `Session.record`, a list of these; or None.
        graph: the graph that is shown.
        numbers: the place of each of its ops in the payload.

    Returns:
        A dict per run. A profile of several runs begins with the sums of all.

    Raises:
        ValueError: all that was recorded ran another graph.
        TypeError: something else was given.
    """
    items = list(profile) if isinstance(profile, (list, tuple)) else [profile]
    rows: list[dict[str, Any]] = []
    for item in items:
        if item is None:
            continue
        if isinstance(item, Recording):
            rows += _recordings([item], graph, numbers)
        elif hasattr(item, "recordings") and hasattr(item, "costs"):
            if item.runs > 1:
                rows += _sums(item, graph, numbers)
            rows += _recordings(item.recordings, graph, numbers)
        else:
            raise TypeError(located("profile must be a fg.profile or a Recording of "
                                    f"Session.record, not {type(item).__name__}"))
    if not rows and any(item is not None and getattr(item, "runs", 1) for item in items):
        raise ValueError(located("what was recorded ran another graph than the one that is shown"))
    return rows


def _recordings(recordings: Iterable[Recording], graph: Graph, numbers: Mapping[Operation, int],
                ) -> list[dict[str, Any]]:
    return [_recording(one, numbers) for one in recordings if one.graph is graph]


def _recording(recording: Recording, numbers: Mapping[Operation, int]) -> dict[str, Any]:
    costs: dict[int, list[float]] = {}
    steps: list[list[Any]] = []
    places: dict[int, int] = {}  # steps of ops that are not in the picture are left out
    for i, step in enumerate(recording.steps):
        op = _number(step, numbers)
        if op < 0:
            continue
        places[i] = len(steps)
        steps.append([
            op, _micros(step.start), _micros(step.seconds), _micros(step.self_seconds),
            places.get(step.parent, -1), step.bytes, step.line[:_LONGEST], list(step.inputs),
            [_output(output) for output in step.outputs], step.live_bytes,
            step.round if step.parent >= 0 else -1, step.calls,
            [numbers[origin] for origin in step.origins if numbers.get(origin, op) != op]])
        if step.is_group:
            continue  # its members are steps of their own
        sums = costs.setdefault(op, [0.0, 0, 0, 0])
        for k, amount in enumerate((_micros(step.self_seconds), step.calls, step.bytes,
                                    step.flops)):
            sums[k] += amount
    title = f"{recording.title} (raised {recording.error})" if recording.error else recording.title
    return {"title": title, "seconds": recording.seconds, "steps": steps,
            "costs": [[op, *sums] for op, sums in costs.items()]}


def _sums(profile: Any, graph: Graph, numbers: Mapping[Operation, int]) -> list[dict[str, Any]]:
    rows = [[numbers[op], _micros(cost.seconds), cost.calls, cost.bytes, cost.flops]
            for op, cost in profile.costs().items() if op in numbers]
    if not rows:
        return []
    return [{"title": f"all {profile.runs} runs", "seconds": profile.seconds, "steps": [],
             "costs": rows}]


def _number(step: Any, numbers: Mapping[Operation, int]) -> int:
    """The place of the op that a step stands for; of one that passes made, that of its origin."""
    for op in (step.op, *step.origins):
        if op in numbers:
            return numbers[op]
    return -1


def _output(output: Any) -> list[Any]:
    spec = f"{labels.shape(output.shape)} {output.dtype}"
    found = output.statistics
    if found is None:
        return [spec, *_NO_VALUES]
    return [spec, *(_finite(n) for n in (found.min, found.max, found.mean, found.std)), found.nans,
            found.infs, found.zeros, found.sample]


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _micros(seconds: float) -> float:
    return round(seconds * 1e6, 3)
