"""Traces for Perfetto and chrome://tracing: rows, bars, nesting, memory."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.profiling.trace import chrome_trace
from flowgraph.runtime import notes as notes_module

SLACK = 0.5  # microseconds: a time since 1970 has no more digits


def events_of(recordings, phase):
    return [event for event in json.loads(chrome_trace(recordings))["traceEvents"]
            if event["ph"] == phase]


def nested(bars, slack=SLACK):
    """Whether bars of one row lie inside of each other, or beside each other."""
    open_ends = []
    for bar in sorted(bars, key=lambda bar: (bar["ts"], -bar["dur"])):
        while open_ends and open_ends[-1] <= bar["ts"] + slack:
            open_ends.pop()
        if open_ends and bar["ts"] + bar["dur"] > open_ends[-1] + slack:
            return False
        open_ends.append(bar["ts"] + bar["dur"])
    return True


def loop(rounds):
    def body(i, a):
        return i + 1, fg.while_loop(lambda j, b: j < 2, lambda j, b: (j + 1, b * 0.5), [0, a])[1]

    return fg.while_loop(lambda i, a: i < rounds, body, [0, 1.0])[1]


@pytest.mark.parametrize("whole", [10, 10_000], ids=["added up", "whole"])
def test_steps_nest_in_steps_and_steps_in_the_run(monkeypatch, whole) -> None:
    monkeypatch.setattr(notes_module, "WHOLE", whole)
    recording = fg.Session().record(loop(30))
    bars = events_of([recording], "X")
    assert bars[0]["name"] == recording.title
    assert len(bars) == 1 + len(recording.steps)
    assert nested(bars, 1e-3)


def test_each_thread_has_a_row() -> None:
    y = fg.square(fg.Variable(1.0), name="y")
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        with fg.profile() as profile:
            sess.run(y)
            thread = threading.Thread(target=sess.run, args=(y,), name="other")
            thread.start()
            thread.join()
    rows = {event["args"]["name"]: event["tid"] for event in events_of(profile.recordings, "M")
            if event["name"] == "thread_name"}
    assert set(rows) == {"MainThread", "other"}
    assert [bar["tid"] for bar in events_of(profile.recordings, "X") if bar["cat"] == "Run"] == [
        rows["MainThread"], rows["other"]]


def test_memory_is_a_track() -> None:
    x = fg.placeholder(fg.float32, [1000])
    recording = fg.Session().record(fg.reduce_sum(fg.tanh(fg.concat([x, x], 0))),
                                    {x: np.ones(1000)})
    points = events_of([recording], "C")
    assert [point["args"]["bytes"] for point in points] == [8000, 8000, 4]
    assert [point["ts"] for point in points] == sorted(point["ts"] for point in points)


def test_a_bar_tells_what_its_step_was() -> None:
    x = fg.placeholder(fg.float32, [2, 2], name="x")
    recording = fg.Session().record(fg.matmul(x, x, name="y"), {x: np.ones((2, 2))})
    bar = events_of([recording], "X")[1]
    assert (bar["name"], bar["cat"]) == ("MatMul", "Op")
    told = bar["args"]
    assert (told["name"], told["inputs"], told["outputs"], told["flops"]) == (
        "y", "x:0, x:0", "y:0 float32[2, 2]", 16)
    assert told["line"].startswith("test_trace.py:")


def test_a_run_inside_of_a_run_lies_in_its_step() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    sess = fg.Session()
    inner = fg.square(x)
    outer = fg.py_func(lambda v: sess.run(inner, {x: v}), [x], fg.float32)
    with fg.profile() as profile:
        sess.run(outer, {x: [1.0, 2.0]})
    assert nested(events_of(profile.recordings, "X"))


def test_a_run_that_raised_says_so(tmp_path) -> None:
    x = fg.placeholder(fg.float32, [])
    with (fg.profile() as profile, fg.Session() as sess,
          pytest.raises(fg.errors.InvalidArgumentError)):
        sess.run(fg.check_numerics(x, "bad"), {x: np.nan})
    (run, _) = events_of(profile.recordings, "X")
    assert run["args"]["raised"].startswith("InvalidArgumentError")
    profile.recordings[0].to_chrome_trace(tmp_path / "one.json")
    profile.to_chrome_trace(str(tmp_path / "all.json"))
    assert (tmp_path / "one.json").read_text() == (tmp_path / "all.json").read_text()
