"""SyncReplicasOptimizer: averaged updates by a thread of the chief, tokens, staleness."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import flowgraph as tf


def synchronized(aggregate, total=None, **options):
    return tf.train.SyncReplicasOptimizer(tf.train.MomentumOptimizer(0.5, 0.0), aggregate, total,
                                          **options)


def wait_until(sess, tensor, value):
    for _ in range(12_000):
        if sess.run(tensor) >= value:
            return
        threading.Event().wait(0.005)
    raise AssertionError("the chief did not update")


def test_a_step_takes_the_mean_of_gradients() -> None:
    w = tf.get_variable("w", initializer=[1.0, 2.0])
    x = tf.placeholder(tf.float32, [])
    step = tf.train.get_or_create_global_step()
    sync = synchronized(2, 1)
    train = sync.minimize(tf.reduce_sum(w * x), global_step=step)
    with tf.train.MonitoredTrainingSession(hooks=[sync.make_session_run_hook(True)]) as sess:
        sess.run(train, {x: 1.0})
        sess.run(train, {x: 3.0})
        wait_until(sess._tf_sess(), step, 1)
        assert sess._tf_sess().run(w).tolist() == [0.0, 1.0]  # minus 0.5 * 2.0


def test_gradients_of_an_earlier_step_are_dropped() -> None:
    w = tf.get_variable("w", initializer=0.0)
    x = tf.placeholder(tf.float32, [])
    step = tf.train.get_or_create_global_step()
    sync = synchronized(1)
    train = sync.minimize(w * x, global_step=step)
    with tf.train.MonitoredTrainingSession(hooks=[sync.make_session_run_hook(True)]) as sess:
        raw = sess._tf_sess()
        raw.run(train, {x: 2.0})
        wait_until(raw, step, 1)
        raw.run(train, {x: 100.0})  # its local step is that of the first token still: 0
        raw.run(train, {x: 4.0})
        wait_until(raw, step, 2)
        assert raw.run(w) == -3.0


def test_rows_of_sparse_gradients() -> None:
    w = tf.get_variable("w", initializer=[[1.0], [2.0], [3.0]])
    step = tf.train.get_or_create_global_step()
    sync = synchronized(1)
    train = sync.minimize(tf.reduce_sum(tf.gather(w, [0, 2])), global_step=step)
    with tf.train.MonitoredTrainingSession(hooks=[sync.make_session_run_hook(True)]) as sess:
        sess.run(train)
        wait_until(sess._tf_sess(), step, 1)
        assert sess._tf_sess().run(w).tolist() == [[0.5], [2.0], [2.5]]


def test_workers_in_threads_train_together() -> None:
    w = tf.get_variable("w", initializer=np.ones(3, np.float32))
    step = tf.train.get_or_create_global_step()
    sync = synchronized(2)
    train = sync.minimize(tf.reduce_sum(w), global_step=step)
    hooks = [sync.make_session_run_hook(True)]
    with tf.train.MonitoredTrainingSession(hooks=hooks, stop_grace_period_secs=10) as sess:
        raw = sess._tf_sess()

        def work():
            try:
                while raw.run(step) < 5:
                    raw.run(train)
            except (tf.errors.CancelledError, RuntimeError) as error:
                # It waited for a token when the session was closed, or came after that.
                assert "cancel" in str(error).lower() or "closed Session" in str(error)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        wait_until(raw, step, 5)
        steps, value = raw.run([step, w])
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert value.tolist() == [1.0 - 0.5 * steps] * 3


def test_the_chief_stops_with_the_session() -> None:
    w = tf.get_variable("w", initializer=0.0)
    sync = synchronized(1)
    sync.minimize(w, global_step=tf.train.get_or_create_global_step())
    before = set(threading.enumerate())
    with tf.train.MonitoredTrainingSession(hooks=[sync.make_session_run_hook(True)]):
        runners = [thread for thread in threading.enumerate() if thread not in before
                   and thread.name.startswith("QueueRunnerThread")]
    assert len(runners) == 2
    for thread in runners:
        thread.join(60)
        assert not thread.is_alive()


def test_averages_follow_the_step() -> None:
    w = tf.get_variable("w", initializer=1.0)
    step = tf.train.get_or_create_global_step()
    average = tf.train.ExponentialMovingAverage(0.5)
    sync = synchronized(1, variable_averages=average, variables_to_average=[w])
    train = sync.minimize(w, global_step=step)
    smaller = average.average(w) * -1.0
    with tf.train.MonitoredTrainingSession(hooks=[sync.make_session_run_hook(True)]) as sess:
        raw = sess._tf_sess()
        raw.run(train)
        wait_until(raw, smaller, -0.75)
        assert raw.run(w) == 0.5


def test_slots_are_those_of_the_other_optimizer() -> None:
    w = tf.get_variable("w", initializer=1.0)
    sync = synchronized(1)
    sync.minimize(w, global_step=tf.train.get_or_create_global_step())
    assert sync.get_slot_names() == ["momentum"]
    assert sync.get_slot(w, "momentum").name == "w/Momentum:0"
    assert [v.name for v in sync.variables()] == ["w/Momentum:0"]
    assert [v.name for v in tf.local_variables()] == ["sync_rep_local_step:0"]


def test_tokens_for_the_first_step() -> None:
    w = tf.get_variable("w", initializer=1.0)
    sync = synchronized(5, 2)
    sync.minimize(w, global_step=tf.train.get_or_create_global_step())
    with pytest.raises(ValueError, match="Too few tokens"):
        sync.get_init_tokens_op(2)
    assert sync.get_init_tokens_op(3).type == "QueueEnqueueManyV2"
    many = synchronized(2, 2)
    many.minimize(w, global_step=tf.train.get_global_step())
    assert many.get_init_tokens_op(0).type == "NoOp"


@pytest.mark.parametrize("use", ["get_chief_queue_runner", "get_init_tokens_op", "hook",
                                 "no step", "no variables"])
def test_wrong_uses(use) -> None:
    w, sync = tf.get_variable("w", initializer=1.0), synchronized(1)
    with pytest.raises(ValueError):
        if use == "hook":
            sync.make_session_run_hook(True).begin()
        elif use == "no step":
            sync.minimize(w)
        elif use == "no variables":
            sync.apply_gradients([], tf.train.get_or_create_global_step())
        else:
            getattr(sync, use)()
