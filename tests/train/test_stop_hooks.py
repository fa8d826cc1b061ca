"""StopAtStepHook, GlobalStepWaiterHook, FinalOpsHook, FeedFnHook."""

from __future__ import annotations

import threading

import pytest

import flowgraph as tf


def run(hooks, fetch, most=20):
    """What each run gave, until the loop ends."""
    values = []
    with tf.train.MonitoredSession(hooks=hooks) as sess:
        while not sess.should_stop() and len(values) < most:
            values.append(int(sess.run(fetch)))
    return values


STOPS = [({"num_steps": 3}, 1, [1, 2, 3]), ({"last_step": 2}, 1, [1, 2]),
         ({"last_step": 5}, 2, [2, 4, 6]), ({"num_steps": 4}, 3, [3, 6]),
         ({"last_step": 0}, 1, [1])]


@pytest.mark.parametrize("options, by, expected", STOPS, ids=[f"{o} by {b}" for o, b, _ in STOPS])
def test_the_loop_ends_at_a_step(options, by, expected) -> None:
    train = tf.train.get_or_create_global_step().assign_add(by)
    assert run([tf.train.StopAtStepHook(**options)], train) == expected


def test_steps_to_make_are_counted_from_the_checkpoint(tmp_path) -> None:
    train = tf.train.get_or_create_global_step().assign_add(1)
    for expected in ([1, 2], [3, 4]):
        hooks = [tf.train.StopAtStepHook(num_steps=2)]
        seen = []
        with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), hooks=hooks) as sess:
            while not sess.should_stop():
                seen.append(sess.run(train))
        assert seen == expected


def test_a_run_that_makes_no_step_does_not_end_the_loop() -> None:
    step = tf.train.get_or_create_global_step()
    train, look = step.assign_add(1), step + 0
    with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(last_step=2)]) as sess:
        sess.run(train)
        sess.run(look)  # it sees 1, and the step might be 2 after it
        assert not sess.should_stop()
        sess.run(train)
        assert sess.should_stop()


@pytest.mark.parametrize("options", [{}, {"num_steps": 1, "last_step": 1}], ids=str)
def test_where_to_stop_is_said_once(options) -> None:
    with pytest.raises(ValueError):
        tf.train.StopAtStepHook(**options)


def test_a_graph_without_global_step_is_refused() -> None:
    tf.constant(1)
    with pytest.raises(RuntimeError, match="Global step should be created to use StopAtStepHook"):
        tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(last_step=2)])


def test_training_waits_for_a_step() -> None:
    train = tf.train.get_or_create_global_step().assign_add(1)
    hook = tf.train.GlobalStepWaiterHook(3)
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        raw = sess._tf_sess()
        other = threading.Thread(target=lambda: [raw.run(train) for _ in range(3)])
        other.start()
        assert sess.run(train) == 4
        other.join()
        assert sess.run(train) == 5


def test_the_last_ops_are_run_at_the_end() -> None:
    step, x = tf.train.get_or_create_global_step(), tf.placeholder(tf.int64, [])
    last = tf.train.FinalOpsHook([step, {"sum": step + x}], {x: 10})
    nothing = tf.train.FinalOpsHook(None)
    assert last.final_ops_values is None
    run([last, nothing, tf.train.StopAtStepHook(num_steps=3)], step.assign_add(1))
    assert last.final_ops_values == [3, {"sum": 13}] and nothing.final_ops_values is None


def test_last_ops_must_not_read_an_input_that_has_ended(caplog) -> None:
    queue = tf.FIFOQueue(1, tf.int32, shapes=[()])
    element, close = queue.dequeue(), queue.close()
    with (pytest.raises(tf.errors.OutOfRangeError),
          tf.train.MonitoredSession(hooks=[tf.train.FinalOpsHook(element)]) as sess):
        sess.run(close)
    assert "FinalOpsHook" in caplog.text


def test_each_run_is_fed() -> None:
    x, values = tf.placeholder(tf.int32, []), iter(range(3))
    assert run([tf.train.FeedFnHook(lambda: {x: next(values)})], x, most=3) == [0, 1, 2]
