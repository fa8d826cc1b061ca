"""Monitored sessions: the order of calls, how loops end, recovery, checkpoints, durability."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import flowgraph as tf

ROOT = Path(tf.__file__).parent.parent


class Noting(tf.train.SessionRunHook):
    """Notes each call; raises an error of its own where it is told to."""

    def __init__(self, calls, name="", error=None, at=None):
        self.calls, self.name, self.error, self.at = calls, name, error, at

    def _note(self, call):
        self.calls.append(self.name + call)
        if call == self.at:
            raise self.error

    def begin(self):
        self._note("begin")

    def after_create_session(self, session, coord):
        assert isinstance(session, tf.Session) and isinstance(coord, tf.train.Coordinator)
        self._note("create")

    def before_run(self, run_context):
        self._note("before")

    def after_run(self, run_context, run_values):
        assert run_values.results is None
        self._note("after")

    def end(self, session):
        self._note("end")


def counter():
    """(the global step, an op that adds 1 to it)"""
    step = tf.train.get_or_create_global_step()
    return step, step.assign_add(1)


# ---- the order of things -------------------------------------------------------------------------


def test_hooks_are_called_in_their_order() -> None:
    calls: list[str] = []
    x = tf.constant(3.0)
    hooks = [Noting(calls, "a "), Noting(calls, "b ")]
    with tf.train.MonitoredSession(hooks=hooks) as sess:
        assert sess.run({"x": [x, x]}) == {"x": [3.0, 3.0]}
    assert calls == [name + call for call in ("begin", "create", "before", "after", "end")
                     for name in ("a ", "b ")]


def test_the_graph_is_finalized_while_the_session_is_open(fresh_graph) -> None:
    x = tf.constant(1.0)
    with tf.train.MonitoredSession() as sess:
        assert fresh_graph.finalized and sess.graph is fresh_graph
        with pytest.raises(RuntimeError):
            tf.constant(2.0)
    assert not fresh_graph.finalized
    assert sess.graph is None and sess.should_stop()
    with pytest.raises(RuntimeError, match="already closed"):
        sess.run(x)
    with pytest.raises(RuntimeError, match="already closed"):
        sess.close()


def test_a_finalized_graph_stays_finalized(fresh_graph) -> None:
    x = tf.constant(1.0)
    tf.train.Scaffold().finalize()
    with tf.train.MonitoredSession() as sess:
        sess.run(x)
    assert fresh_graph.finalized


ERRORS = {  # where it is raised: (error, calls after the first run was asked for, is it passed on)
    "before": (ValueError("x"), ["before"], True),
    "after": (KeyError("x"), ["before", "after"], True),
    "end": (ValueError("x"), ["before", "after", "end"], True),
    "before of the end": (tf.errors.OutOfRangeError(None, None, "x"), ["before", "end"], False),
    "after of the end": (StopIteration("x"), ["before", "after", "end"], False),
}


@pytest.mark.parametrize("where", ERRORS)
@pytest.mark.parametrize("singular", [False, True], ids=["Monitored", "Singular"])
def test_errors_of_hooks_end_the_loop(where, singular, fresh_graph) -> None:
    error, expected, passed_on = ERRORS[where]
    calls: list[str] = []
    hook = Noting(calls, error=error, at=where.split()[0])
    x, raised = tf.constant(1.0), None
    make = tf.train.SingularMonitoredSession if singular else tf.train.MonitoredSession
    try:
        with make(hooks=[hook]) as sess:
            sess.run(x)
    except (ValueError, KeyError) as caught:
        raised = caught
    assert calls == ["begin", "create", *expected]
    assert (raised is error) == passed_on
    assert not fresh_graph.finalized


def test_an_error_of_the_user_keeps_hooks_from_ending() -> None:
    calls: list[str] = []
    tf.constant(1.0)
    with (pytest.raises(ZeroDivisionError),
          tf.train.MonitoredSession(hooks=[Noting(calls)])):
        raise ZeroDivisionError
    assert calls == ["begin", "create"]


def test_a_run_after_the_loop_should_have_ended_is_refused() -> None:
    _, train = counter()
    with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(last_step=1)]) as sess:
        sess.run(train)
        assert sess.should_stop()
        with pytest.raises(RuntimeError, match="should_stop"):
            sess.run(train)


# ---- fetches, feeds, options ---------------------------------------------------------------------


class Asking(tf.train.SessionRunHook):
    """Asks for something; keeps what came."""

    def __init__(self, *args):
        self.args, self.values = tf.train.SessionRunArgs(*args), None

    def before_run(self, run_context):
        assert run_context.original_args.fetches is not None
        return self.args

    def after_run(self, run_context, run_values):
        self.values = run_values


def test_hooks_fetch_and_feed_in_the_same_run() -> None:
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    z = tf.random_uniform([]) + x + y
    hooks = [Asking({"z": z}, {x: 1.0}), Asking([z, x], {y: 2.0}), Asking(None)]
    with tf.train.MonitoredSession(hooks=hooks) as sess:
        value = sess.run(z)
    assert 3.0 <= value < 4.0
    assert hooks[0].values.results == {"z": value} and hooks[1].values.results == [value, 1.0]
    assert hooks[2].values.results is None
    assert hooks[0].values.options.trace_level == 0


@pytest.mark.parametrize("users", [False, True], ids=["two hooks", "hook and user"])
def test_one_tensor_is_fed_once(users) -> None:
    x = tf.placeholder(tf.float32, [])
    hooks = [Asking(None, {x: 1.0}), Asking(None, {} if users else {x: 1.0})]
    with (pytest.raises(RuntimeError, match="Same tensor is fed"),
          tf.train.MonitoredSession(hooks=hooks) as sess):
        sess.run(x, {x: 2.0} if users else None)


def test_options_of_hooks_and_of_the_user_are_merged() -> None:
    x = tf.constant(1.0)
    full = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    hooks = [Asking(None, None, full), Asking(None, None, tf.RunOptions(timeout_in_ms=50000))]
    with tf.train.MonitoredSession(hooks=hooks) as sess:
        own = tf.RunOptions(timeout_in_ms=60000)
        sess.run(x, options=own)
        assert own.trace_level == 0
    values = hooks[0].values
    assert full.timeout_in_ms == 0  # nobody's own options are changed
    assert (values.options.trace_level, values.options.timeout_in_ms) == (3, 60000)
    assert len(values.run_metadata.step_stats.dev_stats) == 1


# ---- functions of a step -------------------------------------------------------------------------


def test_a_step_function_runs_with_and_without_hooks() -> None:
    calls: list[str] = []
    v = tf.get_variable("v", initializer=1.0)
    double = v.assign(v * 2.0)

    def step(step_context):
        return step_context.session.run(double), step_context.run_with_hooks(double)

    with tf.train.MonitoredSession(hooks=[Noting(calls)]) as sess:
        assert sess.run_step_fn(step) == (2.0, 4.0)
        assert calls == ["begin", "create", "before", "after"]


def test_a_step_function_ends_the_with_block() -> None:
    calls: list[str] = []
    tf.constant(1.0)
    with tf.train.MonitoredSession(hooks=[Noting(calls)]) as sess:
        sess.run_step_fn(lambda step_context: step_context.request_stop())
        calls.append("not here")
    assert calls == ["begin", "create", "end"]


@pytest.mark.parametrize("arguments", ["", "x", "step_context, y"])
def test_a_step_function_takes_a_step_context(arguments) -> None:
    tf.constant(1.0)
    with (tf.train.MonitoredSession() as sess,
          pytest.raises(ValueError, match="step_context")):
        sess.run_step_fn(eval(f"lambda {arguments}: 0"))


def test_methods_are_step_functions() -> None:
    class Model:
        def step(self, step_context):
            return step_context.run_with_hooks(x)

    x = tf.constant(5.0)
    with tf.train.MonitoredSession() as sess:
        assert sess.run_step_fn(Model().step) == 5.0


# ---- recovery ------------------------------------------------------------------------------------


class Failing(tf.train.SessionRunHook):
    """Raises an error after some runs; notes what each new session holds."""

    def __init__(self, errors, *watched):
        self.errors, self.watched, self.runs, self.started = errors, watched, 0, []

    def after_create_session(self, session, coord):
        self.started.append(session.run(list(self.watched)))

    def after_run(self, run_context, run_values):
        self.runs += 1
        if self.runs in self.errors:
            raise self.errors[self.runs](None, None, "lost")


def test_an_aborted_session_is_replaced_and_the_run_is_tried_again() -> None:
    step, train = counter()
    hook = Failing({2: tf.errors.AbortedError, 3: tf.errors.UnavailableError}, step)
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        assert [sess.run(train) for _ in range(3)] == [1, 1, 2]
    assert hook.started == [[0], [0], [0]] and hook.runs == 5


def test_recovery_restores_the_latest_checkpoint(tmp_path) -> None:
    step, train = counter()
    hooks = [Failing({5: tf.errors.AbortedError}, step), tf.train.StopAtStepHook(last_step=6)]
    with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), hooks=hooks,
                                           save_checkpoint_steps=3) as sess:
        seen = []
        while not sess.should_stop():
            seen.append(sess.run(train))
    assert seen == [1, 2, 3, 4, 4, 5, 6]
    assert hooks[0].started == [[0], [3]]


def test_a_singular_session_does_not_recover() -> None:
    _, train = counter()
    with (pytest.raises(tf.errors.AbortedError),
          tf.train.SingularMonitoredSession(hooks=[Failing({1: tf.errors.AbortedError})]) as sess):
        sess.run(train)


def test_a_step_function_is_called_again_in_the_new_session() -> None:
    _, train = counter()
    sessions = []

    def step(step_context):
        sessions.append(step_context.session)
        if len(sessions) == 2:
            raise tf.errors.AbortedError(None, None, "lost")
        return step_context.run_with_hooks(train)

    with tf.train.MonitoredSession() as sess:
        assert [sess.run_step_fn(step) for _ in range(2)] == [1, 1]
    assert sessions[0] is sessions[1] and sessions[1] is not sessions[2]


def test_creating_a_session_is_tried_again() -> None:
    tries = []

    class Creator(tf.train.SessionCreator):
        def create_session(self):
            tries.append(0)
            if len(tries) < 3:
                raise tf.errors.UnavailableError(None, None, "not yet")
            return tf.Session()

    x = tf.constant(1.0)
    with tf.train.MonitoredSession(Creator()) as sess:
        assert sess.run(x) == 1.0
    assert len(tries) == 3


def test_a_session_that_a_hook_refuses_is_closed() -> None:
    tf.train.range_input_producer(3)

    class Refusing(tf.train.SessionRunHook):
        def after_create_session(self, session, coord):
            self.session, self.coord = session, coord
            raise ValueError("no")

    hook = Refusing()
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="no"):
        tf.train.MonitoredSession(hooks=[hook])
    assert hook.coord.should_stop()
    with pytest.raises(RuntimeError, match="closed"):
        hook.session.run([])
    for thread in set(threading.enumerate()) - before:  # those that fill the queue end
        thread.join(20)
        assert not thread.is_alive()


# ---- threads -------------------------------------------------------------------------------------


class InThread(tf.train.SessionRunHook):
    """A thread that raises an error."""

    def __init__(self, error):
        self.error = error

    def after_create_session(self, session, coord):
        def work():
            with coord.stop_on_exception():
                if self.error is not None:
                    error, self.error = self.error, None
                    raise error
        thread = threading.Thread(target=work)
        coord.register_thread(thread)
        thread.start()
        thread.join()


def test_the_error_of_a_thread_comes_out_at_the_end() -> None:
    x = tf.constant(1.0)
    with (pytest.raises(ValueError, match="in a thread"),
          tf.train.MonitoredSession(hooks=[InThread(ValueError("in a thread"))]) as sess):
        assert sess.should_stop()
        sess.run(x)


def test_a_thread_may_ask_for_a_new_session() -> None:
    x = tf.constant(1.0)
    aborted = InThread(tf.errors.AbortedError(None, None, "lost"))
    with tf.train.MonitoredSession(hooks=[aborted]) as sess:
        assert not sess.should_stop()
        assert sess.run(x) == 1.0


def test_the_end_of_the_data_ends_the_block_quietly() -> None:
    numbers = tf.train.range_input_producer(4, num_epochs=2, shuffle=False)
    total = tf.get_variable("total", initializer=0)
    add = total.assign_add(numbers.dequeue())
    last = tf.train.FinalOpsHook(total)
    sums = []
    with tf.train.MonitoredSession(hooks=[last]) as sess:
        while not sess.should_stop():
            sums.append(int(sess.run(add)))
    assert sums == [0, 1, 3, 6, 6, 7, 9, 12] and last.final_ops_values == 12


# ---- checkpoints ---------------------------------------------------------------------------------


def linear_model():
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None])
    w = tf.get_variable("w", [3], initializer=tf.zeros_initializer())
    loss = tf.reduce_mean(tf.square(tf.reduce_sum(x * w, 1) - y))
    tf.summary.scalar("loss", loss)
    step = tf.train.get_or_create_global_step()
    return x, y, tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step), loss


def test_training_goes_on_where_it_ended(tmp_path) -> None:
    data = np.random.default_rng(0).random((32, 3)).astype(np.float32)
    results = []
    for folder, parts in (("once", [30]), ("in two", [17, 30])):
        for last_step in parts:
            with tf.Graph().as_default():
                x, y, train, loss = linear_model()
                with tf.train.MonitoredTrainingSession(
                        checkpoint_dir=str(tmp_path / folder), save_checkpoint_steps=10,
                        hooks=[tf.train.StopAtStepHook(last_step=last_step)]) as sess:
                    while not sess.should_stop():
                        _, value = sess.run([train, loss], {x: data, y: data.sum(1)})
        results.append(value)
        state = tf.train.get_checkpoint_state(str(tmp_path / folder))
        results.append([path.rpartition("-")[2] for path in state.all_model_checkpoint_paths])
    assert results[0] == results[2]
    assert results[1] == ["0", "10", "20", "30"] and results[3] == ["0", "10", "17", "27", "30"]


OPTIONS = {
    "default": ({}, "SSC", ["0", "4"]),
    "steps": ({"save_checkpoint_steps": 2}, "SSC", ["0", "2", "4"]),
    "no checkpoints": ({"save_checkpoint_secs": None}, "SS", None),
    "no summaries": ({"save_summaries_steps": None}, "SC", ["0", "4"]),
    "no speed": ({"log_step_count_steps": None, "save_summaries_secs": 60}, "SC", ["0", "4"]),
    "nothing": ({"save_checkpoint_steps": 0, "save_summaries_steps": 0,
                 "log_step_count_steps": 0}, "", None),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_hooks_of_training(name, tmp_path) -> None:
    options, hooks, saved = OPTIONS[name]
    _, train = counter()
    with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), **options) as sess:
        assert "".join(type(hook).__name__[0] for hook in sess._hooks) == hooks
        for _ in range(4):
            sess.run(train)
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert (state and [path.rpartition("-")[2] for path in state.all_model_checkpoint_paths]
            ) == saved


def test_the_users_hooks_come_after_those_of_the_chief_and_of_training(tmp_path) -> None:
    counter()
    mine, chiefs = tf.train.SessionRunHook(), tf.train.SessionRunHook()
    with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), hooks=[mine],
                                           chief_only_hooks=[chiefs]) as sess:
        assert [sess._hooks.index(hook) for hook in (chiefs, mine)] == [0, 4]


@pytest.mark.parametrize("what", ["checkpoint", "summaries"])
def test_seconds_and_steps_exclude_each_other(what, tmp_path) -> None:
    counter()
    names = {"checkpoint": ("save_checkpoint_secs", "save_checkpoint_steps"),
             "summaries": ("save_summaries_secs", "save_summaries_steps")}[what]
    with pytest.raises(ValueError, match="both"):
        tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), **dict.fromkeys(names, 5))


def test_a_worker_waits_for_variables_that_nobody_sets() -> None:
    tf.get_variable("v", initializer=1.0)
    with pytest.raises(tf.errors.DeadlineExceededError, match="not initialized: v"):
        tf.train.MonitoredTrainingSession(is_chief=False, max_wait_secs=0)


def test_programs_reach_the_session_through_the_layers() -> None:
    x = tf.constant(2.0)
    with tf.train.MonitoredTrainingSession() as monitored:
        sess = monitored
        while type(sess).__name__ != "Session":
            sess = sess._sess
        assert sess.run(x) == 2.0
    with tf.train.SingularMonitoredSession() as singular:
        assert singular.raw_session().run(x) == 2.0


KILLED = """
import os, signal, sys
import flowgraph as tf
step = tf.train.get_or_create_global_step()
v = tf.get_variable("v", initializer=0.0)
train = tf.group(step.assign_add(1), v.assign_add(2.0))
with tf.train.MonitoredTrainingSession(checkpoint_dir=sys.argv[1], save_checkpoint_steps=5) as sess:
    start = sess.run(step)
    for _ in range(12):
        sess.run(train)
    print(start, *sess.run([step, v]), flush=True)
    if sys.argv[2] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_killed_program_resumes_from_its_last_checkpoint(tmp_path) -> None:
    def run(how):
        done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "run"), how],
                              capture_output=True, text=True, cwd=ROOT, check=False)
        return done.stdout.split(), done.returncode

    assert run("kill") == (["0", "12", "24.0"], -signal.SIGKILL)
    assert run("end") == (["10", "22", "44.0"], 0)  # the checkpoint of step 10
    assert run("end") == (["22", "34", "68.0"], 0)
    assert os.path.basename(tf.train.latest_checkpoint(str(tmp_path / "run"))) == "model.ckpt-34"


def test_long_runs_do_not_grow(fresh_graph, tmp_path) -> None:
    _, train = counter()
    hooks = [tf.train.LoggingTensorHook({"x": tf.constant(1.0)}, every_n_iter=10)]
    with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), hooks=hooks,
                                           save_checkpoint_steps=50) as sess:
        for _ in range(120):
            sess.run(train)
        ops, plans = len(fresh_graph.get_operations()), len(sess._tf_sess()._executables)
        for _ in range(300):
            sess.run(train)
        assert len(fresh_graph.get_operations()) == ops
        assert len(sess._tf_sess()._executables) == plans
