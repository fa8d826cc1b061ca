"""Observers are handed every run: which, how often, with which hooks, and what they may do."""

from __future__ import annotations

import threading

import pytest

import flowgraph as fg
from flowgraph.runtime import observe
from flowgraph.runtime.observe import observing


class Watcher:
    """Notes the runs it is handed and the steps that they take."""

    def __init__(self) -> None:
        self.runs = []
        self.steps = []

    def observe(self, run):
        self.runs.append((run.session, run.fetches, run.feed_dict))
        return run(self)

    def before(self, step, arguments) -> None:
        self.steps.append(step.op.name)

    def after(self, step, arguments, results, seconds) -> None:
        pass


X = "x:0"


def ways():
    """By name, ways to run `y` with x = 3: a function from session, x and y."""
    def partly(sess, x, y):
        return sess.partial_run(sess.partial_run_setup(y, [x]), y, {x: 3.0})

    def monitored(sess, x, y):
        with fg.train.MonitoredSession(fg.train.ChiefSessionCreator()) as other:
            return other.run(y, {x: 3.0})

    def in_thread(sess, x, y):
        found = []
        thread = threading.Thread(target=lambda: found.append(sess.run(y, {x: 3.0})))
        thread.start()
        thread.join()
        return found[0]

    return {
        "run": lambda sess, x, y: sess.run(y, {x: 3.0}),
        "eval": lambda sess, x, y: y.eval({x: 3.0}, session=sess),
        "callable": lambda sess, x, y: sess.make_callable(y, [x])(3.0),
        "traced": lambda sess, x, y: sess.run(y, {x: 3.0}, fg.RunOptions(trace_level=3),
                                              fg.RunMetadata()),
        "with hooks": lambda sess, x, y: sess.run_with_hooks(y, {x: 3.0}, []),
        "recorded": lambda sess, x, y: sess.record(y, {x: 3.0}).results,
        "partial": partly, "monitored": monitored, "thread": in_thread}


@pytest.mark.parametrize("way", ways())
def test_every_way_to_run_is_observed(way) -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    y = fg.square(x, name="y")
    watcher = Watcher()
    with fg.Session() as sess, observing(watcher):
        assert ways()[way](sess, x, y) == 9
    assert watcher.steps.count("y") == 1


def test_a_run_tells_session_fetches_and_feeds() -> None:
    x = fg.placeholder(fg.float32, [])
    watcher, sess, feeds = Watcher(), fg.Session(), {x: 1.0}
    with observing(watcher):
        sess.run([x], feeds)
    assert watcher.runs == [(sess, [x], feeds)]


def test_nothing_is_observed_before_or_after() -> None:
    watcher, sess, y = Watcher(), fg.Session(), fg.constant(1) + 1
    sess.run(y)
    with observing(watcher):
        pass
    sess.run(y)
    assert not watcher.runs
    assert observe.observers == ()


def test_several_observers_see_the_same_run_and_may_end_in_any_order() -> None:
    first, second = Watcher(), Watcher()
    sess, y = fg.Session(), fg.square(fg.placeholder_with_default(3.0, []))
    contexts = observing(first), observing(second)
    for context in contexts:
        context.__enter__()
    sess.run(y)
    contexts[0].__exit__(None, None, None)
    sess.run(y)
    contexts[1].__exit__(None, None, None)
    assert (len(first.runs), len(second.runs)) == (1, 2)
    assert first.steps * 2 == second.steps


def test_what_an_observer_raises_reaches_the_program_and_observing_ends() -> None:
    class Stop(Watcher):
        def before(self, step, arguments) -> None:
            raise KeyboardInterrupt("stop here")

    v = fg.Variable(1.0)
    with fg.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(KeyboardInterrupt, match="stop here"), observing(Stop()):
            sess.run(fg.assign_add(v, 1.0))
        assert sess.run(v) == 1.0
    assert observe.observers == ()


def test_an_observer_may_answer_in_place_of_the_run() -> None:
    class Answer:
        def observe(self, run):
            return "no run"

    with observing(Answer()):
        assert fg.Session().run(fg.constant(1)) == "no run"
