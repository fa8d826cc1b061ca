"""Session: life, caching of plans, hooks, and what it says when the graph grows in a loop."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import blas
from flowgraph.runtime import executable, runner, session
from flowgraph.runtime.session import MOST_EXECUTABLES


@pytest.fixture
def x():
    return fg.placeholder(fg.float32, [None], name="x")


# ---- life ----------------------------------------------------------------------------------------


def test_a_with_block_makes_session_and_graph_the_default_and_closes_the_session() -> None:
    graph = fg.Graph()
    with fg.Session(graph=graph) as sess:
        assert fg.get_default_session() is sess
        assert fg.get_default_graph() is graph
        c = fg.constant(1.0)
        assert c.eval() == 1
    assert fg.get_default_session() is None
    with pytest.raises(RuntimeError, match=r"Attempted to use a closed Session\."):
        sess.run(c)


def test_a_closed_session_says_so_everywhere() -> None:
    c = fg.constant(1.0)
    sess = fg.Session()
    call = sess.make_callable(c)
    sess.close()
    sess.close()
    for use in (lambda: sess.run(c), lambda: c.eval(session=sess), call, sess.__enter__,
                lambda: sess.explain(c), lambda: sess.make_callable(c)()):
        with pytest.raises(RuntimeError, match=r"closed Session[^/]*docs: errors#closed-session"):
            use()


def test_a_run_that_another_thread_closes_under_says_so() -> None:
    """It waits for the lock of its variable; when it has it, there are no variables any more."""
    step = fg.assign_add(fg.Variable(1.0, name="w"), 1.0)
    sess = fg.Session()
    sess.run(fg.global_variables_initializer())

    class ClosesMeanwhile:
        def acquire(self) -> None:
            sess.close()

        def release(self) -> None:
            pass

    sess._state._locks["w"] = ClosesMeanwhile()  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match=r"closed Session"):
        sess.run(step)


def test_a_session_closes_when_its_block_raises() -> None:
    with pytest.raises(ZeroDivisionError), fg.Session() as sess:
        raise ZeroDivisionError
    assert sess._closed
    assert fg.get_default_session() is None


def test_blocks_nest() -> None:
    with fg.Session() as outer:
        with fg.Session() as inner:
            assert fg.get_default_session() is inner
        assert fg.get_default_session() is outer
        with outer.as_default() as again:
            assert again is outer
        assert outer.run(fg.constant(1.0)) == 1


def test_as_default_does_not_close() -> None:
    sess = fg.Session()
    with sess.as_default():
        assert fg.constant(2.0).eval() == 2
    assert sess.run(fg.constant(3.0)) == 3


def test_eval_and_run_use_the_default_session_or_the_one_given() -> None:
    v = fg.Variable([1.0, 2.0])
    with fg.Session() as sess:
        v.initializer.run()
        assert v.eval().tolist() == [1, 2]
        x = fg.placeholder(fg.float32, [2])
        assert (x + v).eval({x: [1, 1]}).tolist() == [2, 3]
    other = fg.Session()
    v.initializer.run(session=other)
    assert v.eval(session=other).tolist() == [1, 2]
    assert sess is not other


@pytest.mark.parametrize("use, verb", [
    (lambda c: c.eval(), "eval 'c:0'"), (lambda c: c.op.run(), "run 'c'")], ids=["eval", "run"])
def test_without_a_default_session_eval_and_run_say_what_to_write(use, verb) -> None:
    with pytest.raises(ValueError) as caught:
        use(fg.constant(1.0, name="c"))
    assert f"cannot {verb}: there is no default session" in str(caught.value)
    assert "docs: errors#no-default-session" in str(caught.value)


def test_eval_in_a_session_of_another_graph_is_refused() -> None:
    c = fg.constant(1.0, name="c")
    with fg.Session(graph=fg.Graph()), pytest.raises(ValueError, match="runs another graph"):
        c.eval()


def test_a_session_without_a_graph_takes_the_default_one(fresh_graph) -> None:
    assert fg.Session().graph is fresh_graph


@pytest.mark.parametrize("feeds", [None, {}, {"save/Const:0": "model"}], ids=str)
def test_running_an_empty_graph_is_refused(feeds) -> None:
    with pytest.raises(RuntimeError, match="The Session graph is empty"):
        fg.Session().run([], feeds)


@pytest.mark.parametrize("options, error, words", [
    ({"graph": "g"}, TypeError, "graph must be a tf.Graph, not 'g'"),
    ({"config": {}}, TypeError, "config must be a tf.ConfigProto"),
    ({"runner": "fast"}, ValueError, "runner must be 'auto', 'interpreter' or 'source'"),
], ids=str)
def test_wrong_arguments_are_refused(options, error, words) -> None:
    with pytest.raises(error, match=words):
        fg.Session(**options)


def test_target_and_devices_are_told() -> None:
    sess = fg.Session("grpc://somewhere", config=fg.ConfigProto(device_count={"GPU": 0}))
    assert sess.sess_str == "grpc://somewhere"
    assert [(device.name, device.device_type) for device in sess.list_devices()] == [
        ("/job:localhost/replica:0/task:0/device:CPU:0", "CPU")]


def test_a_finalized_graph_still_runs(x) -> None:
    y = x * 2.0
    x.graph.finalize()
    assert fg.Session().run(y, {x: [1]}).tolist() == [2]
    with pytest.raises(RuntimeError, match="the graph is finalized"):
        fg.constant(1.0)
    with pytest.raises(RuntimeError, match="the graph is finalized"):
        y.op._add_control_input(x.op)


def test_ops_built_after_a_run_are_found(x) -> None:
    sess = fg.Session()
    assert sess.run(x + 1.0, {x: [1]}).tolist() == [2]
    assert sess.run(x + 2.0, {x: [1]}).tolist() == [3]


# ---- plans ---------------------------------------------------------------------------------------


def plans(sess, fetch, *feeds):
    return sess._executables[fetch, feeds, sess.graph.changes]._plans


def test_a_plan_is_made_per_shapes_of_the_feeds_and_used_again(x) -> None:
    y = x * 2.0
    sess = fg.Session()
    for size in (1, 2, 1, 2, 1):
        sess.run(y, {x: np.zeros(size)})
    assert list(plans(sess, y, x)) in ([((1,),), ((2,),)], [((2,),), ((1,),)])


def test_plans_are_bounded_and_the_one_not_used_for_longest_goes_first(x, monkeypatch) -> None:
    monkeypatch.setattr(executable, "MOST_PLANS", 3)
    monkeypatch.setattr(executable, "OWN_AT_ONCE", 9)
    y = x * 2.0
    sess = fg.Session()
    for size in (1, 2, 3, 1, 4, 5):
        assert sess.run(y, {x: np.zeros(size)}).shape == (size,)
    assert {shapes[0][0] for shapes in plans(sess, y, x)} == {1, 4, 5}


def test_executables_are_bounded() -> None:
    constants = [fg.constant(float(i)) for i in range(MOST_EXECUTABLES + 10)]
    sess = fg.Session()
    for c in constants:
        sess.run(c)
    sess.run(constants[0])
    assert len(sess._executables) <= MOST_EXECUTABLES
    assert [sess.run(c) for c in constants[:20]] == list(range(20))


def test_a_plan_is_dropped_when_set_shape_says_more(x) -> None:
    y = fg.py_func(lambda a: a, [x], fg.float32)
    z = fg.tanh(y)
    sess = fg.Session()
    sess.run(z, {x: [1, 2]})
    before = sess._executables[z, (x,), sess.graph.changes]
    y.set_shape([2])
    assert sess.run(z, {x: [0, 0]}).tolist() == [0, 0]
    assert sess._executables[z, (x,), sess.graph.changes] is not before


def test_a_plan_is_dropped_when_a_control_input_comes_late() -> None:
    v = fg.Variable(0.0)
    sess = fg.Session()
    sess.run(v.initializer)
    read, up = v.read_value(), fg.assign_add(v, 1.0)
    assert sess.run(read) == 0
    read.op._add_control_input(up.op)
    assert [sess.run(read), sess.run(read)] == [1, 2]


def test_a_plan_is_compiled_only_when_it_runs_again(x) -> None:
    y = x * 2.0
    sess = fg.Session()
    sess.run(y, {x: [1]})
    runner = plans(sess, y, x)[((1,),)].runner
    assert runner._function is None
    sess.run(y, {x: [1]})
    assert runner._function is not None


def test_arenas_are_kept_for_later_runs_but_not_many(x) -> None:
    y = fg.sin(fg.tanh(x)) * 2.0
    sess = fg.Session()
    for _ in range(5):
        sess.run(y, {x: np.zeros(100)})
    assert len(plans(sess, y, x)[((100,),)].runner._arenas) == 1


# ---- hooks ---------------------------------------------------------------------------------------


class Recorder:
    """Notes what it is told."""

    def __init__(self):
        self.before_names, self.after_names, self.seconds = [], [], []

    def before(self, step, arguments):
        self.before_names.append(step.op.name)

    def after(self, step, arguments, results, seconds):
        self.after_names.append((step.op.name, [np.array(r).tolist() for r in results]))
        self.seconds.append(seconds)


def test_hooks_see_every_step_with_its_results_and_time(x) -> None:
    y = fg.multiply(fg.add(x, 1.0, name="a"), 2.0, name="m")
    sess, hook, second = fg.Session(runner="source"), Recorder(), Recorder()
    sess.run(y, {x: [1]})
    assert sess.run_with_hooks(y, {x: [1]}, [hook, second]).tolist() == [4]
    assert hook.before_names == second.before_names == ["a", "m"]
    assert hook.after_names == [("a", [[2]]), ("m", [[4]])]
    assert all(s >= 0 for s in hook.seconds)


def test_a_run_with_hooks_keeps_state_like_any_run() -> None:
    v = fg.Variable(1.0)
    sess = fg.Session()
    sess.run_with_hooks(v.initializer, None, [Recorder()])
    assert sess.run_with_hooks(fg.assign_add(v, 1.0), None, []) == 2
    assert sess.run(v) == 2


def test_a_hook_that_raises_stops_the_run_and_leaves_variables_alone() -> None:
    class Stop:
        def before(self, step, arguments):
            pass

        def after(self, step, arguments, results, seconds):
            raise StopIteration("enough")

    v = fg.Variable(1.0)
    sess = fg.Session()
    sess.run(v.initializer)
    with pytest.raises(StopIteration):
        sess.run_with_hooks(fg.assign_add(v, 1.0), None, [Stop()])
    assert sess.run(v) == 1


# ---- a graph that grows in a loop ----------------------------------------------------------------


def grow(sess, runs):
    for _ in range(runs):
        sess.run(fg.constant(1.0))


def test_a_graph_that_grows_in_a_loop_is_warned_of_once_with_the_line() -> None:
    sess = fg.Session()
    with pytest.warns(RuntimeWarning) as caught:
        grow(sess, 3 * session._GROWN_RUNS)
    text = str(caught[0].message)
    assert len(caught) == 1
    assert f"test_session.py:{grow.__code__.co_firstlineno + 2} has added ops" in text
    assert "docs: errors#graph-grows-in-a-loop" in text
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grow(fg.Session(), 3 * session._GROWN_RUNS)  # the same graph: said already


def test_the_warning_points_at_the_users_line_from_eval_too() -> None:
    with fg.Session(), pytest.warns(RuntimeWarning) as caught:
        for _ in range(session._GROWN_RUNS + 1):
            fg.constant(1.0).eval()
    assert caught[0].filename == __file__


def test_building_step_by_step_in_a_notebook_is_not_warned_of(x) -> None:
    sess = fg.Session()
    lines = "\n".join("sess.run(x + 1.0, {x: [1]})" for _ in range(3 * session._GROWN_RUNS))
    exec(compile(lines, "notebook", "exec"), {"sess": sess, "x": x})


def test_runs_that_build_nothing_are_never_warned_of(x) -> None:
    y = x + 1.0
    sess = fg.Session()
    for _ in range(3 * session._GROWN_RUNS):
        sess.run(y, {x: [1]})


@pytest.mark.parametrize(("fail", "link"), [
    (lambda queue: fg.gather([1], 2), "docs: errors#invalid-argument-error"),
    (lambda queue: queue.dequeue(), "docs: errors#out-of-range-error"),
    (lambda queue: queue.enqueue(1), None)], ids=["invalid", "end", "cancelled"])
def test_an_error_of_a_run_links_to_what_is_said_of_its_class(fail, link) -> None:
    queue = fg.FIFOQueue(3, fg.int32)
    close, failing = queue.close(), fail(queue)
    with fg.Session() as sess:
        sess.run(close)
        with pytest.raises(fg.errors.OpError) as raised:
            sess.run(failing)
    text = str(raised.value)
    assert link in text if link else "docs:" not in text


# ---- large and deep graphs -----------------------------------------------------------------------


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_a_chain_of_20000_ops_runs(runner, monkeypatch) -> None:
    monkeypatch.setattr("flowgraph.program.pipeline.checking", False)
    x = y = fg.placeholder(fg.float32, [1], name="x")
    for _ in range(20_000):
        y = fg.abs(y)
    sess = fg.Session(runner=runner)
    assert sess.run(y, {x: [-3]}).tolist() == [3]
    assert sess.run(y, {x: [-4]}).tolist() == [4]


def test_a_wide_graph_runs() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    total = fg.add_n([x * float(i) for i in range(500)])
    assert fg.Session().run(total, {x: 1.0}) == sum(range(500))


@pytest.mark.parametrize("size,free,threads", [(128, 2.0, 2), (128, 0.3, 1), (8, 0.3, 2)])
def test_a_run_that_multiplies_uses_the_cores_that_are_free(monkeypatch, size, free,
                                                            threads) -> None:
    library = blas.find()
    if library is None:
        pytest.skip("NumPy's BLAS has no threads to set here")
    x = fg.placeholder(fg.float32, [None, None])
    product = fg.matmul(x, x)
    seen = []

    def interpret(*args):
        seen.append(library.get_threads())
        return real(*args)

    real = runner.interpret
    monkeypatch.setattr(runner, "interpret", interpret)
    monkeypatch.setattr(blas, "free_cores", lambda: free)
    before = library.get_threads()
    library.set_threads(2)
    try:
        fg.Session().run(product, {x: np.zeros((size, size), np.float32)})
        assert (seen, library.get_threads()) == ([threads], 2)
    finally:
        library.set_threads(before)
