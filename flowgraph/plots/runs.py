"""Runs: the scalars in the event files of folders, as TensorBoard finds and names them.

A folder with event files is a run; the folders below it are runs of their own. What a run wrote
again after it had been stopped and continued from an earlier checkpoint replaces what it had
written from that step on.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.message import DecodeError
from flowgraph.core.system_error import local_path
from flowgraph.core.tfrecord import read_records
from flowgraph.core.wire import FIXED32, FIXED64, WireError, fields, signed
from flowgraph.errors import DataLossError, NotFoundError
from flowgraph.summary.messages import SessionLog, Value

_EVENT_FILE = "tfevents"  # TensorBoard's own sign of one


@dataclass(frozen=True, slots=True)
class Curve:
    """The values of one tag in one run.

    Args:
        steps: int64 of shape (n,).
        values: float64 of shape (n,).
        times: when each was written, float64 of shape (n,), in seconds since 1970.

    Example:
        >>> import flowgraph as fg
        >>> curve = fg.plots.Curve([1, 2], [0.5, 0.25], [0.0, 1.0])
        >>> curve.values
        [0.5, 0.25]
    """

    steps: np.ndarray
    values: np.ndarray
    times: np.ndarray


@dataclass(slots=True)
class Run:
    """The scalars of one run.

    Args:
        name: the folder below the one that was asked for.
        curves: Curves by tag, in the order in which the tags first came.
        problems: what could not be read, one sentence each.

    Example:
        >>> import flowgraph as fg
        >>> fg.plots.Run("train").curves
        {}
    """

    name: str
    curves: dict[str, Curve] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_runs(logdirs: Any, tags: str | None = None) -> list[Run]:
    """Reads the scalars in the event files of folders.

    Args:
        logdirs: a folder, an event file, a list of these, or a dict of them by the name that the
            run is to have.
        tags: a regular expression; only tags in which it is found are read.

    Returns:
        The Runs that have scalars, sorted by name. An event file that ends in the middle of a
        record, as one does that is being written, gives what stands before.

    Raises:
        NotFoundError: a folder or file is not there.
        ValueError: `tags` is no regular expression, or no event file holds such a scalar.

    Example:
        >>> import flowgraph as fg, tempfile
        >>> with tempfile.TemporaryDirectory() as logs:
        ...     with fg.summary.FileWriter(logs + "/train") as writer:
        ...         for step in range(3):
        ...             loss = fg.Summary.Value(tag="loss", simple_value=1.0 / (step + 1))
        ...             writer.add_summary(fg.Summary(value=[loss]), step)
        ...     run, = fg.plots.read_runs(logs)
        >>> run.name, run.curves["loss"].steps
        ('train', array([0, 1, 2]))
    """
    try:
        wanted = re.compile(tags or "")
    except re.error as error:
        raise ValueError(located(f"tags must be a regular expression, not {tags!r}: {error}"
                                 )) from None
    runs, files, seen = [], 0, set()
    for name, paths in sorted(_folders(logdirs).items()):
        found = _Scalars(name, wanted)
        for path in paths:
            found.read(path)
        files += len(paths)
        seen |= found.tags
        if found.by_tag or found.problems:
            runs.append(found.run())
    if not any(run.curves for run in runs):
        raise ValueError(located(*_nothing(files, tags, seen, runs)))
    return [run for run in runs if run.curves]


def _nothing(files: int, tags: str | None, seen: set[str], runs: list[Run]) -> tuple[str, str]:
    """Why there is no scalar, and what to do."""
    if not files:
        return ("there is no event file in these folders (their names contain 'tfevents')",
                "tf.summary.FileWriter writes them.")
    if seen:
        known = ", ".join(sorted(seen)[:20])
        return f"no tag matches {tags!r}", f"The tags are {known}."
    problems = "".join(f" {problem}" for run in runs for problem in run.problems[:1])
    return (f"the event files hold no scalars.{problems}",
            "tf.summary.scalar and FileWriter.add_summary write them.")


class _Scalars:
    """The scalars of one run, while they are read."""

    def __init__(self, name: str, wanted: re.Pattern[str]) -> None:
        self.by_tag: dict[str, list[tuple[int, float, float]]] = {}
        self.tags: set[str] = set()
        self.problems: list[str] = []
        self._name, self._wanted = name, wanted

    def read(self, path: str) -> None:
        begun: set[str] = set()  # tags that this file has had
        try:
            for record in read_records(path):
                time, step, summary, log = _event(record)
                if log and SessionLog.FromString(log).status == SessionLog.START:
                    for tag in self.by_tag:
                        self._continue_from(tag, step)
                for tag, number in _numbers(summary):
                    self.tags.add(tag)
                    if not self._wanted.search(tag):
                        continue
                    if tag not in begun:
                        begun.add(tag)
                        self._continue_from(tag, step)
                    self.by_tag.setdefault(tag, []).append((step, number, time))
        except (DataLossError, WireError, DecodeError) as error:
            self.problems.append(f"{path} ends early: {getattr(error, 'message', error)}")

    def _continue_from(self, tag: str, step: int) -> None:
        """Forgets what a tag had from a step on: it is written again."""
        points = self.by_tag.get(tag)
        if points and points[-1][0] >= step:
            self.by_tag[tag] = [point for point in points if point[0] < step]

    def run(self) -> Run:
        curves = {}
        for tag, points in self.by_tag.items():
            if points:
                steps, values, times = zip(*points, strict=True)
                curves[tag] = Curve(np.array(steps, np.int64), np.array(values, np.float64),
                                    np.array(times, np.float64))
        return Run(self._name, curves, self.problems)


# Of the messages only what is needed is read: as Events they would take four times as long.


def _event(record: bytes) -> tuple[float, int, bytes, bytes]:
    """(wall time, step, serialized Summary or b"", serialized SessionLog or b"") of an Event."""
    time, step, summary, log = 0.0, 0, b"", b""
    for number, kind, content in fields(record):
        if number == 1 and kind == FIXED64:
            time = struct.unpack("<d", content)[0]  # type: ignore[arg-type]
        elif number == 2 and isinstance(content, int):
            step = signed(content)
        elif number == 5 and isinstance(content, bytes):
            summary += content
        elif number == 7 and isinstance(content, bytes):
            log = content
    return time, step, summary, log


def _numbers(summary: bytes) -> Iterator[tuple[str, float]]:
    """The tags of a serialized Summary that hold a number, each with it."""
    for number, _, content in fields(summary):
        if number != 1 or not isinstance(content, bytes):
            continue
        tag, found = b"", None
        for part, kind, held in fields(content):
            if part == 1 and isinstance(held, bytes):
                tag = held
            elif part == 2 and kind == FIXED32:
                found = struct.unpack("<f", held)[0]  # type: ignore[arg-type]
            elif part == 8:
                found = _number(Value.FromString(content))
        if found is not None:
            yield tag.decode("utf-8", "backslashreplace"), found


def _number(value: Value) -> float | None:
    """The number in a value that holds a tensor; None where it is something else."""
    if any(dim.size != 1 for dim in value.tensor.tensor_shape.dim):
        return None
    if value.metadata.plugin_data.plugin_name not in ("", "scalars"):
        return None
    from flowgraph.ops.make_tensor_proto import make_ndarray  # late: few files hold tensors
    try:
        array = make_ndarray(value.tensor)
    except (TypeError, ValueError):  # of a dtype or a form that no number has
        return None
    return float(array.reshape(())) if array.dtype.kind in "fiub" and array.size == 1 else None


# ---- folders -------------------------------------------------------------------------------------


def _folders(logdirs: Any) -> dict[str, list[str]]:
    """The event files of each run, by the run's name."""
    if isinstance(logdirs, dict):
        given = {str(name): local_path(path) for name, path in logdirs.items()}
    else:
        paths = [logdirs] if isinstance(logdirs, (str, bytes, os.PathLike)) else list(logdirs)
        given = _names([local_path(path) for path in paths])
    several = len(given) > 1 or isinstance(logdirs, dict)
    found: dict[str, list[str]] = {}
    for name, path in given.items():
        for below, files in _below(path):
            label = f"{name}/{below}" if several and below else below or name
            found.setdefault(label, []).extend(files)
    return found


def _names(paths: list[str]) -> dict[str, str]:
    """Paths by the shortest ends of theirs that differ."""
    paths = list(dict.fromkeys(paths))
    parts = [os.path.abspath(path).strip(os.sep).split(os.sep) for path in paths]
    for count in range(1, max(map(len, parts), default=0) + 1):
        names = ["/".join(part[-count:]) for part in parts]
        if len(set(names)) == len(names):
            return dict(zip(names, paths, strict=True))
    return dict(zip(paths, paths, strict=True))


def _below(path: str) -> Iterator[tuple[str, list[str]]]:
    """(folder below `path`, its event files), for each folder that has some."""
    path = os.path.expanduser(path)
    if os.path.isfile(path):
        yield "", [path]
        return
    if not os.path.isdir(path):
        raise NotFoundError(None, None, f"{path}: no such folder or event file")
    for folder, subfolders, names in os.walk(path, followlinks=False):
        subfolders.sort()
        files = [os.path.join(folder, name) for name in sorted(names) if _EVENT_FILE in name]
        if files:
            below = os.path.relpath(folder, path)
            yield "" if below == "." else below.replace(os.sep, "/"), files
