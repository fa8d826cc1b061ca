"""SummarySaverHook and ProfilerHook: what is in their files."""

from __future__ import annotations

import json

import pytest

import flowgraph as tf


def values_in(folder):
    """(step, tag) of each summary in a folder's event file; the step alone of the start."""
    tf.summary.FileWriterCache.get(str(folder)).flush()
    (file,) = [path for path in folder.iterdir() if path.name.startswith("events")]
    found = []
    for event in tf.train.summary_iterator(str(file)):
        if event.WhichOneof("what") == "session_log":
            assert event.session_log.status == tf.SessionLog.START
            found.append(event.step)
        found += [(event.step, value.tag) for value in event.summary.value]
    return found


def train_with(hook, runs, scaffold=None):
    train = tf.train.get_or_create_global_step().assign_add(1)
    with tf.train.SingularMonitoredSession(hooks=[hook], scaffold=scaffold) as sess:
        for _ in range(runs):
            sess.run(train)


@pytest.fixture
def two():
    """Two summaries."""
    return [tf.summary.scalar(name, tf.constant(1.0)) for name in "ab"]


def test_summaries_of_the_first_run_and_of_every_so_many_steps(tmp_path, two) -> None:
    train_with(tf.train.SummarySaverHook(save_steps=3, output_dir=str(tmp_path),
                                         summary_op=two[0]), 6)
    assert values_in(tmp_path) == [1, (1, "a"), (4, "a")]


def test_a_list_of_summaries(tmp_path, two) -> None:
    train_with(tf.train.SummarySaverHook(save_secs=1000, output_dir=str(tmp_path),
                                         summary_op=two), 3)
    assert values_in(tmp_path) == [1, (1, "a"), (1, "b")]


@pytest.mark.parametrize("some", [True, False], ids=["summaries", "none"])
def test_all_summaries_of_a_scaffold(some, tmp_path) -> None:
    if some:
        tf.summary.scalar("a", tf.constant(1.0))
    scaffold = tf.train.Scaffold()
    hook = tf.train.SummarySaverHook(save_steps=1, output_dir=str(tmp_path), scaffold=scaffold)
    train_with(hook, 2, scaffold)
    assert values_in(tmp_path) == ([1, (1, "a"), (2, "a")] if some else [1])


def test_a_writer_of_the_users(tmp_path, two) -> None:
    writer = tf.summary.FileWriter(str(tmp_path))
    train_with(tf.train.SummarySaverHook(save_steps=9, summary_writer=writer, summary_op=two[1]), 2)
    writer.close()
    (file,) = tmp_path.iterdir()
    assert [event.summary.value[0].tag for event in tf.train.summary_iterator(str(file))
            if event.summary.value] == ["b"]


@pytest.mark.parametrize("options", [{"save_steps": 1}, {"summary_op": "s"},
                                     {"save_steps": 1, "summary_op": "s", "scaffold": "s"},
                                     {"save_steps": 1, "save_secs": 1, "summary_op": "s"}], ids=str)
def test_what_cannot_go_together(options) -> None:
    with pytest.raises(ValueError):
        tf.train.SummarySaverHook(**options)


def test_timelines_of_every_so_many_steps(tmp_path) -> None:
    train_with(tf.train.ProfilerHook(save_steps=3, output_dir=str(tmp_path)), 8)
    traces = sorted(path.name for path in tmp_path.glob("*.json"))
    assert traces == ["timeline-3.json", "timeline-6.json"]
    bars = [event["name"] for event in json.loads((tmp_path / traces[0]).read_text())["traceEvents"]
            if event["ph"] == "X"]
    assert "AssignAdd" in bars
    tf.summary.FileWriterCache.get(str(tmp_path)).flush()
    (file,) = tmp_path.glob("events*")
    assert [event.tagged_run_metadata.tag for event in tf.train.summary_iterator(str(file))
            if event.WhichOneof("what") == "tagged_run_metadata"] == ["step_3", "step_6"]
