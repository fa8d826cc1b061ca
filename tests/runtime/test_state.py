"""State: what a Session remembers, all or nothing, and what it says when there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.runtime.state import State, reader, variable_key
from tests.program.programs import program_of

RUNNERS = ["interpreter", "source"]


@pytest.fixture
def v():
    return fg.Variable([1.0, 2.0], name="v")


def started(**options):
    sess = fg.Session(**options)
    sess.run(fg.global_variables_initializer())
    return sess


# ---- remembering ---------------------------------------------------------------------------------


def test_a_variable_stays_from_run_to_run(v) -> None:
    up = fg.assign_add(v, [1.0, 1.0])
    sess = started()
    assert [sess.run(up).tolist() for _ in range(3)] == [[2, 3], [3, 4], [4, 5]]
    assert sess.run(v).tolist() == [4, 5]


def test_each_session_has_its_own_values(v) -> None:
    one, other = started(), started()
    one.run(fg.assign(v, [7.0, 7.0]).op)
    assert (one.run(v).tolist(), other.run(v).tolist()) == ([7, 7], [1, 2])


def test_load_sets_a_value_without_growing_the_graph(v) -> None:
    sess = started()
    version = v.graph.version
    v.load([8, 9], sess)
    assert sess.run(v).tolist() == [8, 9]
    assert v.graph.version == version


def test_random_ops_go_on_from_run_to_run_and_start_anew_in_a_new_session() -> None:
    noise = fg.random_uniform([3], seed=7)
    one, other = fg.Session(), fg.Session()
    first, second = one.run(noise), one.run(noise)
    assert first.tolist() != second.tolist()
    assert other.run(noise).tolist() == first.tolist()


def test_variables_with_one_shared_name_share_their_value() -> None:
    shared = {"container": "", "shared_name": "same"}
    a, b = (fg.Variable([1.0]).op for _ in range(2))
    a.attrs.update(shared)
    b.attrs.update(shared)
    assert variable_key(a) == variable_key(b) == "same"
    b.attrs["container"] = "box"
    assert variable_key(b) == "box/same"


# ---- all or nothing ------------------------------------------------------------------------------


def values(sess, *variables):
    return [np.array(a).tolist() for a in sess.run(list(variables))]


def raises_value_error(a):
    raise ValueError("no luck")


def interrupted(a):
    raise KeyboardInterrupt


FAILURES = {
    "a Python function raises": (lambda x: fg.py_func(raises_value_error, [x], fg.float32),
                                 Exception),
    "an assertion fails": (lambda x: fg.Assert(fg.reduce_all(x > 100.0), [x]),
                           fg.errors.InvalidArgumentError),
    "a kernel fails": (lambda x: fg.gather([1.0, 2.0], fg.cast(x, fg.int32)),
                       fg.errors.InvalidArgumentError),
    "a check of numbers fails": (lambda x: fg.check_numerics(x / 0.0, "bad"),
                                 fg.errors.InvalidArgumentError),
    "the user interrupts": (lambda x: fg.py_func(interrupted, [x], fg.float32),
                            KeyboardInterrupt),
}


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("build, error", FAILURES.values(), ids=FAILURES)
def test_a_run_that_raises_leaves_every_variable_as_it_was(build, error, runner, v) -> None:
    w = fg.Variable(10.0, name="w")
    x = fg.placeholder(fg.float32, [2], name="x")
    ups = [fg.assign_add(v, x), fg.assign_add(w, 1.0)]
    with fg.control_dependencies(ups):
        failing = build(x)
    with fg.control_dependencies([failing]):
        after = fg.assign(v, [0.0, 0.0])
    sess = started(runner=runner)
    for _ in range(2):
        with pytest.raises(error):
            sess.run([*ups, failing, after], {x: [5, 6]})
        assert values(sess, v, w) == [[1, 2], 10]
    sess.run(ups, {x: [5, 6]})
    assert values(sess, v, w) == [[6, 8], 11]


@pytest.mark.parametrize("runner", RUNNERS)
def test_an_interrupt_leaves_memory_and_locks_free_for_the_next_run(runner, v) -> None:
    stop = [True]

    def maybe(a):
        if stop[0]:
            raise KeyboardInterrupt
        return a

    x = fg.placeholder(fg.float32, [2], name="x")
    middle = fg.sin(fg.cos(x)) * 2.0
    up = fg.assign_add(v, fg.reshape(fg.py_func(maybe, [middle], fg.float32), [2]))
    sess = started(runner=runner)
    feed = {x: [0.5, 1.5]}
    with pytest.raises(KeyboardInterrupt):
        sess.run(up, feed)
    runner_of = sess._executables[up, (x,), sess.graph.changes]._plans[((2,),)].runner
    assert len(runner_of._arenas) == 1
    stop[0] = False
    expected = np.float32([1, 2]) + np.sin(np.cos(np.float32([0.5, 1.5]))) * 2
    np.testing.assert_allclose(sess.run(up, feed), expected, rtol=1e-6)
    assert len(runner_of._arenas) == 1


def test_an_initializer_that_fails_leaves_the_variable_uninitialized() -> None:
    w = fg.Variable(fg.check_numerics(fg.constant([np.nan]), "start"), name="w")
    sess = fg.Session()
    with pytest.raises(fg.errors.InvalidArgumentError, match="start"):
        sess.run(w.initializer)
    assert not sess.run(fg.is_variable_initialized(w))


def test_a_feed_that_does_not_fit_writes_nothing(v) -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    sess = started()
    with pytest.raises((ValueError, fg.errors.InvalidArgumentError)):
        sess.run(fg.assign_add(v, x), {x: [1, 2, 3]})
    assert values(sess, v) == [[1, 2]]


# ---- nothing to read -----------------------------------------------------------------------------


def test_reading_an_uninitialized_variable_says_which_and_what_to_do(v) -> None:
    fg.Variable(1.0, name="other")
    with pytest.raises(fg.errors.FailedPreconditionError) as caught:
        fg.Session().run(v * 2.0)
    for word in ("Attempting to use uninitialized value v (test_state.py:",
                 "tf.global_variables_initializer()", "docs: errors#uninitialized-variable"):
        assert word in str(caught.value)
    assert caught.value.op is v.op


@pytest.mark.parametrize(("collections", "cure"), [
    ([fg.GraphKeys.LOCAL_VARIABLES], "tf.local_variables_initializer()"),
    ([], "its own `initializer`"),
    (["mine"], "tf.variables_initializer([variable])"),
    ([fg.GraphKeys.GLOBAL_VARIABLES, "mine"], "Run tf.global_variables_initializer()"),
])
def test_what_to_do_goes_by_the_collection_of_the_uninitialized_variable(collections, cure) -> None:
    variable = fg.Variable(0.0, collections=collections, trainable=False)
    with pytest.raises(fg.errors.FailedPreconditionError) as caught:
        fg.Session().run(variable)
    assert cure in str(caught.value)


def test_metrics_that_are_not_initialized_ask_for_the_local_initializer() -> None:
    value, _ = fg.metrics.accuracy([1], [1])
    sess = fg.Session()
    sess.run(fg.global_variables_initializer())
    with pytest.raises(fg.errors.FailedPreconditionError, match=r"tf\.local_variables_initializer"):
        sess.run(value)


def test_the_first_of_several_uninitialized_variables_is_named(v) -> None:
    w = fg.Variable(1.0, name="w")
    sess = fg.Session()
    sess.run(v.initializer)
    with pytest.raises(fg.errors.FailedPreconditionError, match="uninitialized value w "):
        sess.run(fg.reduce_sum(v) + w)


def test_adding_to_an_uninitialized_variable_fails_but_assigning_does_not(v) -> None:
    sess = fg.Session()
    with pytest.raises(fg.errors.FailedPreconditionError):
        sess.run(fg.assign_add(v, [1.0, 1.0]))
    assert sess.run(fg.assign(v, [3.0, 3.0])).tolist() == [3, 3]
    assert sess.run(fg.assign_add(v, [1.0, 1.0])).tolist() == [4, 4]


def test_an_initializer_and_a_read_in_one_run_see_the_order_of_edges(v) -> None:
    sess = fg.Session()
    with fg.control_dependencies([v.initializer]):
        now = v.read_value()
    assert sess.run(now).tolist() == [1, 2]


def test_the_reader_takes_optional_variables_as_none(v) -> None:
    w = fg.Variable(1.0, name="w")
    program = program_of([fg.is_variable_initialized(v), w.value()])
    read = reader(program.reads, State())
    assert {r.variable.name: r.optional for r in program.reads} == {"v": True, "w": False}
    assert dict(zip([r.variable.name for r in program.reads], read({"w": 5}), strict=True)) == {
        "v": None, "w": 5}
    with pytest.raises(fg.errors.FailedPreconditionError):
        read({"v": 1})


def test_locks_come_in_one_order_whatever_order_they_are_asked_in() -> None:
    state = State()
    one, other = state.locks(["b", "a", "b"]), state.locks(["a", "b"])
    assert one == other
    assert len(one) == 2


def test_closing_forgets_the_values(v) -> None:
    sess = started()
    sess.close()
    assert not sess._state.values
