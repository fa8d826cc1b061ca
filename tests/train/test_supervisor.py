"""Supervisor: its parts, managed sessions, its threads, restarts; basic_train_loop."""

from __future__ import annotations

import time

import pytest

import flowgraph as tf


def model():
    """(the global step, a training step)"""
    step = tf.train.get_or_create_global_step()
    v = tf.get_variable("v", initializer=0.0)
    tf.summary.scalar("value", v)
    return step, tf.group(step.assign_add(1), v.assign_add(2.0))


def values_in(folder):
    """What the event files hold: tags of summaries, status of session logs."""
    found = []
    for file in sorted(folder.glob("events*")):
        for event in tf.train.summary_iterator(str(file)):
            if event.WhichOneof("what") == "session_log":
                found.append(event.session_log.status)
            found += [(event.step, value.tag) for value in event.summary.value]
    return found


def test_parts_are_found_or_made(fresh_graph) -> None:
    step, _ = model()
    mine = tf.train.Saver()
    tf.add_to_collection(tf.GraphKeys.SAVERS, mine)
    sv = tf.train.Supervisor()
    assert sv.saver is mine and sv.global_step is step
    assert sv.init_op is tf.get_collection(tf.GraphKeys.INIT_OP)[0]
    assert sv.ready_op is tf.get_collection(tf.GraphKeys.READY_OP)[0]
    assert sv.summary_op is tf.get_collection(tf.GraphKeys.SUMMARY_OP)[0]
    assert sv.ready_for_local_init_op is None and sv.init_feed_dict is None
    assert sv.summary_writer is None and sv.save_path is None
    assert (sv.save_summaries_secs, sv.save_model_secs, sv.is_chief) == (120, 600, True)
    assert fresh_graph.finalized


def test_parts_may_be_left_out(tmp_path) -> None:
    model()
    sv = tf.train.Supervisor(logdir=str(tmp_path), saver=None, summary_op=None, global_step=None,
                             summary_writer=None, local_init_op=None)
    assert [sv.saver, sv.summary_op, sv.global_step, sv.summary_writer] == [None] * 4
    with sv.managed_session():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["graph.pbtxt"]


def test_a_global_step_of_another_kind_is_not_taken(caplog) -> None:
    tf.Variable(0.5, name="global_step")
    assert tf.train.Supervisor().global_step is None
    assert "not an int type" in caplog.text


def test_a_loop_ends_when_someone_asks_for_it() -> None:
    step, train = model()
    sv = tf.train.Supervisor()
    with sv.managed_session() as sess:
        while not sv.should_stop():
            sess.run(train)
            if sess.run(step) == 3:
                sv.request_stop()
    assert sv.should_stop()
    with pytest.raises(RuntimeError, match="closed"):
        sess.run(train)


@pytest.mark.parametrize("error", [ValueError("bad"), tf.errors.OutOfRangeError(None, None, "end")],
                         ids=["an error", "the end of the data"])
def test_errors_come_out_of_the_block_but_for_the_end_of_the_data(error) -> None:
    model()
    sv = tf.train.Supervisor()
    raised = None
    try:
        with sv.managed_session():
            raise error
    except ValueError as caught:
        raised = caught
    assert raised is (error if isinstance(error, ValueError) else None)
    with sv.managed_session():  # it can start again
        assert not sv.should_stop()


def test_an_error_in_a_thread_stops_all() -> None:
    model()
    sv = tf.train.Supervisor()

    def work():
        raise KeyError("in a thread")

    with pytest.raises(KeyError, match="in a thread"), sv.managed_session():
        sv.loop(0.01, work)
        sv.wait_for_stop()


def test_a_function_is_called_again_and_again() -> None:
    model()
    sv = tf.train.Supervisor()
    sv.prepare_or_wait_for_session()
    calls = []

    def work(a, b):
        calls.append((a, b))
        if len(calls) == 3:
            sv.request_stop()

    thread = sv.loop(0.01, work, args=(1,), kwargs={"b": 2})
    sv.wait_for_stop()
    sv.stop()
    assert calls == [(1, 2)] * 3 and not thread.is_alive()


def test_names_of_the_first_version() -> None:
    _, train = model()
    sv = tf.train.Supervisor()
    sess = sv.PrepareSession(start_standard_services=False)
    assert not sv.ShouldStop()
    sess.run(train)
    sv.RequestStop()
    sv.WaitForStop()
    sv.Stop()
    assert sv.ShouldStop()


def test_training_goes_on_where_it_ended(tmp_path) -> None:
    seen = []
    for _ in range(2):
        with tf.Graph().as_default():
            step, train = model()
            sv = tf.train.Supervisor(logdir=str(tmp_path), save_model_secs=0,
                                     save_summaries_secs=0)
            with sv.managed_session() as sess:
                seen.append(sess.run(step))
                for _ in range(3):
                    sess.run(train)
                sv.summary_computed(sess, sess.run(sv.summary_op))
                sv.summary_computed(sess, sess.run(sv.summary_op), global_step=70)
                sv.saver.save(sess, sv.save_path, global_step=sv.global_step)
    assert seen == [0, 3]
    names = {path.name for path in tmp_path.iterdir()}
    assert {"graph.pbtxt", "checkpoint", "model.ckpt-3.index", "model.ckpt-6.meta"} <= names
    log = tf.SessionLog
    assert values_in(tmp_path) == [log.START, (3, "value"), (70, "value"), log.STOP,
                                   log.START, (6, "value"), (70, "value"), log.STOP]


def test_threads_save_and_write(tmp_path, caplog) -> None:
    caplog.set_level("INFO", "tensorflow")
    _, train = model()
    sv = tf.train.Supervisor(logdir=str(tmp_path), save_model_secs=0.02, save_summaries_secs=0.02)

    def written():
        return {value[1] if isinstance(value, tuple) else value for value in values_in(tmp_path)}

    with sv.managed_session() as sess:
        wanted, end = {"value", "global_step/sec", tf.SessionLog.CHECKPOINT}, time.monotonic() + 60
        while not wanted <= written() and time.monotonic() < end:
            sess.run(train)
            sv.summary_writer.flush()
    assert written() == wanted | {tf.SessionLog.START, tf.SessionLog.STOP}
    assert "Recording summary at step" in caplog.text and "Saving checkpoint to path" in caplog.text
    assert tf.train.latest_checkpoint(str(tmp_path)) is not None


def test_queue_runners_are_started() -> None:
    numbers = tf.train.range_input_producer(3, num_epochs=2, shuffle=False)
    total = tf.get_variable("total", initializer=0)
    add = total.assign_add(numbers.dequeue())
    sv = tf.train.Supervisor()
    sums = []
    with sv.managed_session() as sess:
        while not sv.should_stop():
            sums.append(int(sess.run(add)))
    assert sums == [0, 1, 3, 3, 4, 6]


def test_wrong_uses() -> None:
    model()
    sv = tf.train.Supervisor()
    with pytest.raises(RuntimeError, match="logdir"):
        sv.summary_computed(None, b"")
    with pytest.raises(ValueError, match="device"):
        tf.train.Supervisor(is_chief=False)
    with tf.Graph().as_default():
        tf.constant(1.0)
        worker = tf.train.Supervisor(is_chief=False)
        with pytest.raises(RuntimeError, match="chief"):
            worker.start_standard_services(None)


def test_the_basic_loop_starts_again_when_aborted() -> None:
    _, train = model()
    sv = tf.train.Supervisor()
    sessions = []

    def step(sess, last, by):
        sessions.append(sess)
        sess.run(train)
        if len(sessions) == 2:
            raise tf.errors.AbortedError(None, None, "again")
        if len(sessions) == last + by:
            sv.request_stop()

    tf.train.basic_train_loop(sv, step, args=(3,), kwargs={"by": 1})
    assert len(sessions) == 4 and len(set(sessions)) == 2
