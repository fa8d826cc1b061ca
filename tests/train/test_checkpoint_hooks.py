"""CheckpointSaverHook: what it saves and writes, and when it calls its listeners."""

from __future__ import annotations

import os

import pytest

import flowgraph as tf


class Listener(tf.train.CheckpointSaverListener):
    """Notes its calls; asks for the end of training at a step."""

    def __init__(self, calls, stop_at=None):
        self.calls, self.stop_at = calls, stop_at

    def begin(self):
        self.calls.append("begin")

    def before_save(self, session, global_step_value):
        self.calls.append(f"before {global_step_value}")

    def after_save(self, session, global_step_value):
        self.calls.append(f"after {global_step_value}")
        return global_step_value == self.stop_at

    def end(self, session, global_step_value):
        self.calls.append(f"end {global_step_value}")


def train_with(folder, runs, **options):
    """Runs with a hook; returns the steps of the checkpoints."""
    step = tf.train.get_or_create_global_step()
    train = step.assign_add(1)
    scaffold = tf.train.Scaffold()
    hook = tf.train.CheckpointSaverHook(str(folder), scaffold=scaffold, **options)
    with tf.train.SingularMonitoredSession(hooks=[hook], scaffold=scaffold) as sess:
        for _ in range(runs):
            if sess.should_stop():
                break
            sess.run(train)
    return steps_in(folder)


def steps_in(folder):
    state = tf.train.get_checkpoint_state(str(folder))
    return [int(path.rpartition("-")[2]) for path in state.all_model_checkpoint_paths]


def events_in(folder):
    """What the folder's event file holds, as text."""
    tf.summary.FileWriterCache.get(str(folder)).flush()
    (file,) = [path for path in folder.iterdir() if path.name.startswith("events")]
    return [(event.step, event.WhichOneof("what"), event.session_log.status)
            for event in tf.train.summary_iterator(str(file))]


def test_checkpoints_of_the_start_of_every_so_many_steps_and_of_the_end(tmp_path) -> None:
    assert train_with(tmp_path, 7, save_steps=3) == [0, 3, 6, 7]


def test_the_last_checkpoint_is_not_saved_twice(tmp_path) -> None:
    assert train_with(tmp_path, 6, save_steps=3) == [0, 3, 6]
    checkpoints = [event for event in events_in(tmp_path) if event[1] == "session_log"]
    assert checkpoints == [(step, "session_log", tf.SessionLog.CHECKPOINT) for step in (0, 3, 6)]


def test_checkpoints_by_time(tmp_path) -> None:
    assert train_with(tmp_path / "often", 2, save_secs=0) == [0, 1, 2]
    with tf.Graph().as_default():
        assert train_with(tmp_path / "rarely", 2, save_secs=1000) == [0, 2]


def test_the_graph_is_written(tmp_path) -> None:
    train_with(tmp_path, 1, save_steps=3, checkpoint_basename="m")
    assert 'name: "global_step"' in (tmp_path / "graph.pbtxt").read_text()
    assert {"m-0.index", "m-0.meta", "m-1.data-00000-of-00001"} <= set(os.listdir(tmp_path))
    kinds = [kind for _, kind, _ in events_in(tmp_path)]
    # First the graph as it is when training begins, and then with what the Scaffold has made.
    assert kinds[:5] == ["file_version", *["graph_def", "meta_graph_def"] * 2]


def test_listeners_are_called_around_each_save(tmp_path) -> None:
    calls: list[str] = []
    train_with(tmp_path, 3, save_steps=2, listeners=[Listener(calls)])
    assert calls == ["begin", "before 0", "after 0", "before 2", "after 2", "before 3", "after 3",
                     "end 3"]


def test_a_listener_ends_training(tmp_path) -> None:
    assert train_with(tmp_path, 9, save_steps=2, listeners=[Listener([], 4)]) == [0, 2, 4]


def test_the_saver_of_the_collection_is_used(tmp_path) -> None:
    train = tf.train.get_or_create_global_step().assign_add(1)
    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2)
    with tf.train.SingularMonitoredSession(hooks=[hook]) as sess:  # whose Scaffold puts one there
        sess.run(train)
    assert steps_in(tmp_path) == [0, 1]


def test_two_savers_in_the_collection_are_one_too_many(tmp_path) -> None:
    tf.train.get_or_create_global_step()
    savers = [tf.train.Saver(), tf.train.Saver()]
    for saver in savers:
        tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2)
    with pytest.raises(RuntimeError, match="savers holds 2"):
        tf.train.SingularMonitoredSession(hooks=[hook],
                                          scaffold=tf.train.Scaffold(saver=savers[0]))


@pytest.mark.parametrize("options", [{"save_steps": 1, "saver": 1, "scaffold": 2}, {},
                                     {"save_steps": 1, "save_secs": 1}], ids=str)
def test_what_cannot_go_together(options, tmp_path) -> None:
    with pytest.raises(ValueError):
        tf.train.CheckpointSaverHook(str(tmp_path), **options)
