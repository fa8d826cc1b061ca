"""Timeline: traces in Chrome's format, of flowgraph's runs and of TensorFlow's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.summary.timeline import Timeline


def metadata_of_a_run():
    x = fg.placeholder(fg.float32, [3], name="x")
    _, total = fg.while_loop(lambda i, s: i < 2, lambda i, s: (i + 1, s * x), [0, x])
    metadata = fg.RunMetadata()
    fg.Session().run(fg.reduce_sum(fg.exp(total, name="e"), name="sum"), {x: np.ones(3)},
                     fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE), metadata)
    return metadata


def metadata_of_tensorflow():
    path = Path(__file__).parent / "data" / "tf.tfevents"
    *_, last = fg.train.summary_iterator(path)
    return fg.RunMetadata.FromString(last.tagged_run_metadata.run_metadata)


SOURCES = {"flowgraph": metadata_of_a_run, "TensorFlow": metadata_of_tensorflow}


def trace_of(metadata, **show):
    return json.loads(Timeline(metadata.step_stats).generate_chrome_trace_format(**show))


@pytest.mark.parametrize("source", SOURCES)
def test_every_step_is_a_bar_with_what_chrome_needs(source) -> None:
    metadata = SOURCES[source]()
    steps = metadata.step_stats.dev_stats[0].node_stats
    trace = trace_of(metadata)
    bars = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert Counter(bar["args"]["name"] for bar in bars) == Counter(s.node_name for s in steps)
    named = {event["pid"] for event in trace["traceEvents"] if event["name"] == "process_name"}
    for bar in bars:
        assert bar["pid"] in named and bar["dur"] >= 0 and bar["cat"] == "Op"
        assert isinstance(bar["tid"], int) and bar["ts"] > 1e15
    device = [event["args"]["name"] for event in trace["traceEvents"] if event["ph"] == "M"]
    assert "/job:localhost/replica:0/task:0/device:CPU:0 Compute" in device


@pytest.mark.parametrize("source", SOURCES)
def test_bars_of_one_row_lie_apart_or_one_inside_the_other(source) -> None:
    trace = trace_of(SOURCES[source]())
    rows = {}
    for event in trace["traceEvents"]:
        if event["ph"] == "X":
            rows.setdefault((event["pid"], event["tid"]), []).append(
                (event["ts"], event["ts"] + event["dur"]))
    rounding = 0.5  # microseconds since 1970 in a float
    for bars in rows.values():
        for start, end in bars:
            for other, its_end in bars:
                assert (end <= other + rounding or its_end <= start + rounding
                        or (start - rounding <= other and its_end <= end + rounding)
                        or (other - rounding <= start and end <= its_end + rounding))


def test_a_bar_tells_type_and_inputs_and_the_loop_holds_its_body() -> None:
    trace = trace_of(metadata_of_a_run())
    bars = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    (exp,) = [bar for bar in bars if bar["name"] == "Exp"]
    assert exp["args"] == {"name": "e", "op": "Exp", "input0": "while/While:1"}
    (loop,) = [bar for bar in bars if bar["name"] == "While"]
    body = [bar for bar in bars if bar["name"] == "Mul"]
    assert len(body) == 2
    for bar in body:
        assert bar["tid"] == loop["tid"]
        assert loop["ts"] - 0.5 <= bar["ts"] <= loop["ts"] + loop["dur"] + 0.5


def test_arrows_go_from_row_to_row_and_only_when_asked_for() -> None:
    metadata = fg.RunMetadata()
    device = metadata.step_stats.dev_stats.add(device="/cpu:0")
    for name, inputs, start, end in (("a", "", 10, 20), ("b", "", 15, 18), ("c", "a, b", 30, 40)):
        device.node_stats.add(node_name=name, timeline_label=f"{name} = Add({inputs})",
                              all_start_micros=start, all_end_rel_micros=end - start).output.add()
    arrows = [(event["ph"], event["name"], event["tid"], event["ts"])
              for event in trace_of(metadata)["traceEvents"] if event.get("cat") == "DataFlow"]
    assert arrows == [("s", "b", 1, 18.0), ("t", "b", 0, 30.0)]  # a and c are in one row
    plain = trace_of(metadata, show_dataflow=False)["traceEvents"]
    assert not [event for event in plain if event["ph"] in "st"]


@pytest.mark.parametrize("source", SOURCES)
def test_memory_rises_and_falls_to_nothing(source) -> None:
    metadata = SOURCES[source]()
    analysis = Timeline(metadata.step_stats).analyze_step_stats(show_memory=True)
    counters = [event for event in analysis.chrome_trace.events if event["ph"] == "C"]
    assert counters
    last = {}
    for event in counters:
        ((allocator, held),) = event["args"].items()
        assert held >= 0
        last[allocator] = held
        assert held <= analysis.allocator_maximums[allocator].num_bytes
    assert set(last.values()) == {0}
    most = max(analysis.allocator_maximums.values(), key=lambda most: most.num_bytes)
    assert most.tensors
    phases = Counter(event["ph"] for event in analysis.chrome_trace.events)
    assert phases["N"] == phases["O"] == phases["D"] > 0


def test_labels_that_say_nothing_and_gpu_streams_are_shown() -> None:
    stats = fg.RunMetadata().step_stats
    stats.dev_stats.add(device="/gpu:0/stream:all").node_stats.add(
        node_name="conv:Conv2D", all_start_micros=5, all_end_rel_micros=2)
    stats.dev_stats.add(device="/cpu:0").node_stats.add(node_name="x", timeline_label="x",
                                                        all_start_micros=5)
    bars = [e for e in json.loads(Timeline(stats).generate_chrome_trace_format())["traceEvents"]
            if e["ph"] == "X"]
    assert [bar["name"] for bar in bars] == ["Conv2D", "unknown"]
    assert bars[0]["args"]["name"] == "conv"
    short = Timeline(stats).analyze_step_stats().chrome_trace.format_to_string()
    assert json.loads(short)["traceEvents"]
