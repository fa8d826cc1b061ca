"""LoggingTensorHook, StepCounterHook, NanTensorHook: their lines and when they write them."""

from __future__ import annotations

import logging
import re

import pytest

import flowgraph as tf


@pytest.fixture
def lines(caplog):
    """A function that gives the lines logged so far, and forgets them."""
    caplog.set_level(logging.INFO, "tensorflow")

    def taken():
        found = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return [re.sub(r"\d+\.\d{3} sec", "T sec", line) for line in found
                if "Graph was finalized" not in line and "local_init_op" not in line]
    return taken


def run(hook, fetch, feeds):
    with tf.train.SingularMonitoredSession(hooks=[hook]) as sess:
        for feed in feeds:
            sess.run(fetch, feed)


def losses(*values):
    x = tf.placeholder(tf.float32, [], name="loss")
    return x, [{x: value} for value in values]


# ---- LoggingTensorHook ---------------------------------------------------------------------------

LINES = {
    "every second": (["loss:0"], {"every_n_iter": 2},
                     ["loss:0 = 0.5", "loss:0 = 2.5 (T sec)"]),
    "dict, sorted": ({"step": "n", "loss": "loss"}, {"every_n_iter": 3},
                     ["loss = 0.5, step = 7"]),
    "at the end too": (["n"], {"every_n_iter": 2, "at_end": True},
                       ["n = 7", "n = 7 (T sec)", "n = 7 (T sec)"]),
    "only at the end": (["n"], {"at_end": True}, ["n = 7"]),
    "by time": (["n"], {"every_n_secs": 1000}, ["n = 7"]),
    "small numbers": (["m"], {"every_n_iter": 9}, ["m = [0.00000001 2.        ]"]),
    "float32": (["f"], {"every_n_iter": 9}, ["f = 0.1"]),
    "formatter": ({"l": "loss"}, {"every_n_iter": 2, "formatter": lambda v: f"<{v['l']}>"},
                  ["<0.5>", "<2.5>"]),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_of_values(name, lines) -> None:
    tensors, options, expected = LINES[name]
    x, feeds = losses(0.5, 1.5, 2.5)
    tf.constant(7, name="n")
    tf.constant([1e-8, 2.0], name="m")
    tf.constant(0.1, name="f")
    if "at_end" in options:  # nothing is fed then
        x, feeds = tf.constant(0.5), [None] * 3
    run(tf.train.LoggingTensorHook(tensors, **options), x, feeds)
    assert lines() == expected


def test_tensors_are_called_as_they_look(lines) -> None:
    x = tf.constant(2.0, name="x")
    run(tf.train.LoggingTensorHook([x], every_n_iter=1), x, [None])
    assert lines() == [f"{x} = 2.0"]


@pytest.mark.parametrize("options", [{}, {"every_n_iter": 1, "every_n_secs": 1},
                                     {"every_n_iter": 0}, {"every_n_iter": -2},
                                     {"at_end": True, "every_n_iter": 1, "every_n_secs": 1}],
                         ids=str)
def test_when_to_log_is_said_once(options) -> None:
    with pytest.raises(ValueError):
        tf.train.LoggingTensorHook(["x"], **options)


NAMES = {"two_outputs": ValueError, "none": KeyError, "none:0": KeyError, 3.0: ValueError}


@pytest.mark.parametrize("name", NAMES)
def test_tensors_must_be_in_the_graph(name) -> None:
    tf.split([1.0, 2.0], 2, name="two_outputs")
    with pytest.raises(NAMES[name]):
        tf.train.SingularMonitoredSession(
            hooks=[tf.train.LoggingTensorHook([name], every_n_iter=1)])


def test_tensors_of_another_graph_are_refused() -> None:
    with tf.Graph().as_default():
        other = tf.constant(1.0)
    tf.constant(1.0)
    with pytest.raises(ValueError, match="graph"):
        tf.train.SingularMonitoredSession(
            hooks=[tf.train.LoggingTensorHook([other], every_n_iter=1)])


# ---- StepCounterHook -----------------------------------------------------------------------------


def test_speed_is_logged_and_written(tmp_path, lines) -> None:
    train = tf.train.get_or_create_global_step().assign_add(1)
    writer = tf.summary.FileWriter(str(tmp_path))
    run(tf.train.StepCounterHook(every_n_steps=3, summary_writer=writer), train, [None] * 8)
    writer.close()
    assert [re.sub(r"[\d.e+]+$", "N", line) for line in lines()] == ["global_step/sec: N"] * 2
    (file,) = tmp_path.iterdir()
    events = [(event.step, value.tag) for event in tf.train.summary_iterator(str(file))
              for value in event.summary.value]
    assert events == [(4, "global_step/sec"), (7, "global_step/sec")]


def test_a_step_that_stands_still_is_warned_of_five_times(lines) -> None:
    tf.train.get_or_create_global_step()
    run(tf.train.StepCounterHook(), tf.constant(1.0), [None] * 9)
    found = lines()
    assert len(found) == 5 and all("not increased: it is 0" in line for line in found)


@pytest.mark.parametrize("options", [{"every_n_steps": None},
                                     {"every_n_steps": 1, "every_n_secs": 1}], ids=str)
def test_when_to_count_is_said_once(options) -> None:
    with pytest.raises(ValueError):
        tf.train.StepCounterHook(**options)


# ---- NanTensorHook -------------------------------------------------------------------------------


def test_nan_raises(lines) -> None:
    x, feeds = losses(1.0, float("nan"), 1.0)
    with pytest.raises(tf.train.NanLossDuringTrainingError, match="NaN loss during training"):
        run(tf.train.NanTensorHook(x), x, feeds)
    assert lines() == ["Model diverged with loss = NaN."]


def test_nan_ends_the_loop_quietly(lines) -> None:
    x, feeds = losses(1.0, float("nan"), 1.0)
    runs = 0
    hook = tf.train.NanTensorHook(x, fail_on_nan_loss=False)
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        while not sess.should_stop():
            sess.run(x, feeds[runs])
            runs += 1
    assert runs == 2 and lines() == ["Model diverged with loss = NaN."]
