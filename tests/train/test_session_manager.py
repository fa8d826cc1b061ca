"""SessionManager: sessions that are ready, or why they are not."""

from __future__ import annotations

import os
import threading
import time

import pytest

import flowgraph as tf


@pytest.fixture
def model():
    """(v, w, a manager that wants both set, what sets both)"""
    v, w = tf.get_variable("v", initializer=1.0), tf.get_variable("w", initializer=2.0)
    return (v, w, tf.train.SessionManager(ready_op=tf.report_uninitialized_variables()),
            tf.global_variables_initializer())


def saved(folder, init, value, saver, variable):
    """A checkpoint in which a variable has another value."""
    with tf.Session() as sess:
        sess.run(init)
        variable.load(value, sess)
        return saver.save(sess, str(folder / "model"), global_step=3)


def test_a_session_is_initialized(model) -> None:
    v, w, manager, init = model
    assert manager.prepare_session("", init_op=init).run([v, w]) == [1.0, 2.0]
    assert manager.prepare_session("", init_fn=lambda sess: sess.run(init)).run(v) == 1.0


@pytest.mark.parametrize("report", [True, False], ids=["names", "an op that fails"])
def test_a_session_that_is_not_ready_is_refused(model, report) -> None:
    v, _, manager, _ = model
    if not report:
        manager = tf.train.SessionManager(ready_op=tf.assert_variables_initialized())
    with pytest.raises(RuntimeError, match=r"did not make model ready.*w"):
        manager.prepare_session("", init_op=v.initializer)


def test_another_failure_of_the_ready_op_is_passed_on(model) -> None:
    with tf.control_dependencies([tf.Assert(False, ["no"])]):
        manager = tf.train.SessionManager(ready_op=tf.no_op())
    with pytest.raises(tf.errors.InvalidArgumentError):
        manager.prepare_session("", init_op=model[3])


def test_there_must_be_something_to_initialize_with(model) -> None:
    with pytest.raises(RuntimeError, match="no init_op"):
        model[2].prepare_session("")


def test_the_local_init_op_runs_when_it_may(model) -> None:
    v, w, _, _ = model
    ready = tf.report_uninitialized_variables([v])
    manager = tf.train.SessionManager(local_init_op=w.initializer, ready_for_local_init_op=ready)
    assert manager.prepare_session("", init_op=v.initializer).run(w) == 2.0
    with pytest.raises(RuntimeError, match=r"ready for local_init.*v"):
        manager.prepare_session("", init_op=w.initializer)
    with pytest.raises(ValueError, match="local_init_op"):
        tf.train.SessionManager(ready_for_local_init_op=ready)


def test_a_checkpoint_is_restored(model, tmp_path) -> None:
    v, _, manager, init = model
    saver = tf.train.Saver()
    path = saved(tmp_path, init, 7.0, saver, v)
    fresh = tf.train.Saver()
    sess = manager.prepare_session("", init_op=init, saver=fresh, checkpoint_dir=str(tmp_path))
    assert sess.run(v) == 7.0
    assert [os.path.basename(p) for p in fresh.last_checkpoints] == ["model-3"]
    for source in ({"checkpoint_dir": str(tmp_path)}, {"checkpoint_filename_with_path": path}):
        sess, restored = manager.recover_session("", saver=saver, **source)
        assert restored and sess.run(v) == 7.0
    with pytest.raises(ValueError, match="both"):
        manager.recover_session("", saver=saver, checkpoint_dir=str(tmp_path),
                                checkpoint_filename_with_path=path)


def test_what_is_not_in_the_checkpoint_is_not_recovered(model, tmp_path, caplog) -> None:
    v, _, manager, init = model
    caplog.set_level("INFO", "tensorflow")
    saver = tf.train.Saver([v])
    saved(tmp_path, init, 7.0, saver, v)
    sess, restored = manager.recover_session("", saver=saver, checkpoint_dir=str(tmp_path))
    assert not restored and sess.run(v) == 7.0
    assert "did not make model ready: Variables not initialized: w" in caplog.text
    assert manager.recover_session("", saver=saver, checkpoint_dir="/no/such")[1] is False


def test_a_checkpoint_is_waited_for(model, tmp_path) -> None:
    v, _, _, init = model
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables(),
                                      recovery_wait_secs=0.01)
    saver = tf.train.Saver()

    graph = tf.get_default_graph()

    def later():
        time.sleep(0.05)
        with graph.as_default():
            saved(tmp_path, init, 9.0, saver, v)

    thread = threading.Thread(target=later)
    thread.start()
    sess, restored = manager.recover_session("", saver=saver, checkpoint_dir=str(tmp_path),
                                             wait_for_checkpoint=True, max_wait_secs=30)
    thread.join()
    assert restored and sess.run(v) == 9.0


def test_waiting_ends(model) -> None:
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables(),
                                      recovery_wait_secs=0.01)
    with pytest.raises(tf.errors.DeadlineExceededError, match="v, w"):
        manager.wait_for_session("", max_wait_secs=0.05)


def test_a_model_that_initializes_itself_is_ready(model) -> None:
    v, _, _, init = model
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables(),
                                      local_init_op=init)
    assert manager.wait_for_session("").run(v) == 1.0
