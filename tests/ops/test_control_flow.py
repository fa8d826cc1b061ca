"""Branches and loops beyond the rows of the tables: what runs, what is written, what is kept."""

from __future__ import annotations

import collections

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.testing import check_gradients


def ran(log, value):
    """A tensor that notes when it is computed."""
    return fg.py_func(lambda x: log.append(value) or x, [fg.constant(value)], fg.float32)


def value_of(fetch, feed=None):
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        return session.run(fetch, feed)


# ---- what runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("truth", [True, False])
def test_only_the_branch_taken_runs(truth) -> None:
    log, pred = [], fg.placeholder(fg.bool, [])
    chosen = fg.cond(pred, lambda: ran(log, 1.0), lambda: ran(log, 2.0))
    assert value_of(chosen, {pred: truth}) == (1.0 if truth else 2.0)
    assert log == [1.0 if truth else 2.0]


def test_what_a_branch_uses_from_outside_runs_always() -> None:
    log, pred = [], fg.placeholder(fg.bool, [])
    outside = ran(log, 5.0)
    chosen = fg.cond(pred, lambda: outside + 1.0, lambda: fg.constant(0.0))
    assert value_of(chosen, {pred: False}) == 0.0
    assert log == [5.0]


def test_a_result_no_one_asks_for_is_not_computed() -> None:
    log = []
    first, _ = fg.cond(fg.placeholder_with_default(True, []),
                       lambda: (ran(log, 1.0), ran(log, 2.0)), lambda: (3.0, 4.0))
    value_of(first)
    assert log == [1.0]


def test_an_operation_from_a_branch_runs() -> None:
    v = fg.Variable(1.0)
    done = fg.cond(fg.placeholder_with_default(True, []), lambda: fg.group(v.assign(7.0)), fg.no_op)
    with fg.Session() as session:
        session.run(v.initializer)
        session.run(done)
        assert session.run(v) == 7.0


def test_an_assertion_inside_a_branch_stops_the_run_when_it_is_taken() -> None:
    pred = fg.placeholder(fg.bool, [])

    def checked():
        with fg.control_dependencies([fg.Assert(False, ["never this one"])]):
            return fg.constant(1.0)

    chosen = fg.cond(pred, checked, lambda: 2.0)
    with fg.Session() as session:
        assert session.run(chosen, {pred: False}) == 2.0
        with pytest.raises(fg.errors.InvalidArgumentError, match="never this one"):
            session.run(chosen, {pred: True})


@pytest.mark.parametrize("options", [{}, {"passes": []}, {"runner": "interpreter"}], ids=str)
def test_shapes_that_do_not_fit_matter_only_in_the_branch_taken(options) -> None:
    a, b = fg.placeholder(fg.int64), fg.placeholder(fg.float32)
    chosen = fg.cond(fg.equal(fg.rank(a), fg.rank(b)), lambda: fg.squeeze(a, [-1]), lambda: a)
    with fg.Session(**options) as session:
        assert session.run(chosen, {a: [1, 2, 3], b: np.ones((3, 4))}).tolist() == [1, 2, 3]
        with pytest.raises(fg.errors.InvalidArgumentError, match="Squeeze 'cond/Squeeze'"):
            session.run(chosen, {a: [1, 2, 3], b: np.ones(3)})


# ---- variables -----------------------------------------------------------------------------------


def test_a_branch_writes_variables_and_reads_them_after_the_write() -> None:
    pred = fg.placeholder(fg.bool, [])
    v, w = fg.Variable(1.0), fg.Variable(10.0)

    def write():
        with fg.control_dependencies([v.assign_add(2.0)]):
            return w.assign(v.read_value() * 2.0)

    chosen = fg.cond(pred, write, lambda: w + 0.5)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        assert session.run(chosen, {pred: False}) == 10.5
        assert session.run([v, w]) == [1.0, 10.0]
        assert session.run(chosen, {pred: True}) == 6.0
        assert session.run([v, w]) == [3.0, 6.0]


def test_a_loop_writes_a_variable_in_each_round() -> None:
    v = fg.Variable(0.0)

    def body(i):
        with fg.control_dependencies([v.assign_add(fg.cast(i, fg.float32))]):
            return i + 1

    last = fg.while_loop(lambda i: i < 5, body, [0])
    with fg.Session() as session:
        session.run(v.initializer)
        assert session.run(last) == 5
        assert session.run(v) == 10.0


def test_a_loop_that_fails_leaves_variables_as_they_were() -> None:
    v = fg.Variable(1.0)

    def body(i):
        with fg.control_dependencies([v.assign_add(1.0), fg.Assert(i < 2, ["far enough"])]):
            return i + 1

    last = fg.while_loop(lambda i: i < 5, body, [0])
    with fg.Session() as session:
        session.run(v.initializer)
        with pytest.raises(fg.errors.InvalidArgumentError, match="far enough"):
            session.run(last)
        assert session.run(v) == 1.0


USES = {
    "read": lambda v: v.read_value(),
    "assign_add": lambda v: fg.assign_add(v, 2.0),
    "in_a_branch_of_a_branch": lambda v: fg.cond(fg.constant(True), v.read_value, lambda: 1.0),
    "in_a_loop": lambda v: fg.while_loop(lambda x: x < 1.0, lambda x: x + v.read_value(), [0.0]),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_only_the_branch_taken_needs_a_variable(use) -> None:
    v = fg.Variable(1.0, name="v")
    taken = fg.placeholder(fg.bool, [])
    y = fg.cond(taken, lambda: use(v), lambda: -1.0)
    with fg.Session() as sess:
        for _ in range(3):
            assert sess.run(y, {taken: False}) == -1.0
        with pytest.raises(fg.errors.FailedPreconditionError, match="uninitialized value v "):
            sess.run(y, {taken: True})
        sess.run(v.initializer)
        assert sess.run(y, {taken: False}) == -1.0
        assert sess.run(y, {taken: True}) >= 1.0


def test_a_loop_without_rounds_needs_no_variable() -> None:
    v = fg.Variable(1.0)
    n = fg.placeholder(fg.int32, [])
    _, total = fg.while_loop(lambda i, _: i < n, lambda i, t: (i + 1, t + v.read_value()),
                             [0, 0.0])
    with fg.Session() as sess:
        assert sess.run(total, {n: 0}) == 0.0
        with pytest.raises(fg.errors.FailedPreconditionError, match="uninitialized value"):
            sess.run(total, {n: 1})


def test_a_branch_not_taken_leaves_a_variable_uninitialised() -> None:
    pred, v = fg.placeholder(fg.bool, []), fg.Variable(1.0)
    start = fg.cond(pred, lambda: v.assign(5.0), lambda: fg.constant(0.0))
    with fg.Session() as session:
        session.run(start, {pred: False})
        assert session.run(fg.report_uninitialized_variables()).tolist() == [b"Variable"]
        session.run(start, {pred: True})
        assert session.run(v) == 5.0


def test_a_condition_that_writes_is_refused() -> None:
    v = fg.Variable(0.0)
    last = fg.while_loop(lambda i: v.assign_add(1.0) < 3.0, lambda i: i + 1, [0])
    with fg.Session() as session, pytest.raises(ValueError, match="condition of the loop"):
        session.run(v.initializer)
        session.run(last)


def test_variables_made_inside_belong_to_the_graph_around() -> None:
    x = fg.placeholder(fg.float32, [None, 3])
    with fg.variable_scope("layer"):
        y = fg.cond(fg.shape(x)[0] > 1, lambda: fg.matmul(x, fg.get_variable("w", [3, 2])),
                    lambda: fg.zeros([fg.shape(x)[0], 2]))
    w, = fg.trainable_variables()
    assert w.name == "layer/w:0"
    slope = fg.gradients(y, w)[0]
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        np.testing.assert_array_equal(session.run(slope, {x: np.ones((2, 3))}), np.full((3, 2), 2))
        np.testing.assert_array_equal(session.run(slope, {x: np.ones((1, 3))}), np.zeros((3, 2)))


def test_a_branch_reads_a_variable_after_the_writes_it_waits_for() -> None:
    pred, v = fg.placeholder(fg.bool, []), fg.Variable(0.0)
    with fg.control_dependencies([v.assign_add(10.0)]):
        around = fg.cond(pred, lambda: v + 1.0, lambda: fg.identity(v))
        rounds = fg.while_loop(lambda i: i < v, lambda i: i + v, [1.0])

    def write():
        with fg.control_dependencies([v.assign_add(100.0)]):
            return v + 1.0

    inside = fg.cond(pred, write, lambda: 0.0)
    waits = v.assign(7.0)

    def wait():
        with fg.control_dependencies([waits]):
            return fg.identity(v)

    outside = fg.cond(pred, wait, lambda: 0.0)
    for fetch, truth, expected in ((around, True, 11.0), (around, False, 10.0),
                                   (rounds, True, 11.0), (inside, True, 101.0),
                                   (outside, True, 7.0)):
        assert value_of(fetch, {pred: truth}) == expected


def test_a_round_sees_what_the_rounds_before_it_wrote() -> None:
    w = fg.Variable([2.0, 1.0])
    step = fg.train.GradientDescentOptimizer(0.1)

    def body(i):
        train = fg.cond(fg.equal(i, 1), fg.no_op, lambda: step.minimize(fg.reduce_sum(w * w)))
        with fg.control_dependencies([train]):
            return i + 1

    last = fg.while_loop(lambda i: (i < 4) & (w[0] > 1.2), body, [0])
    with fg.Session() as session:
        session.run(w.initializer)
        assert session.run(last) == 4
        np.testing.assert_allclose(session.run(w), [1.024, 0.512], rtol=1e-6)


def test_a_loop_in_a_loop_sees_what_the_rounds_before_it_wrote() -> None:
    a, b = fg.Variable(1.0), fg.Variable(2.0)

    def inner(_):
        more = fg.cond(a > 1.6, lambda: b.assign_add(10.0), lambda: fg.constant(0.0))
        with fg.control_dependencies([more, a.assign_add(0.5)]):
            return fg.constant(1)

    def outer(i):
        with fg.control_dependencies([fg.while_loop(lambda j: j < 1, inner, [0])]):
            return i + 1

    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        session.run(fg.while_loop(lambda i: i < 4, outer, [0]))
        assert session.run([a, b]) == [3.0, 22.0]


def test_what_was_read_before_a_loop_stays_while_the_loop_writes() -> None:
    v = fg.Variable(2.0)
    before = fg.identity(v)

    def body(i, total):
        with fg.control_dependencies([v.assign_add(1.0)]):
            return i + 1, total + before

    assert value_of(fg.while_loop(lambda i, _: i < 3, body, (0, 0.0))) == (3, 6.0)


@pytest.mark.parametrize("optimizer", [
    lambda: fg.train.AdamOptimizer(0.1), lambda: fg.train.MomentumOptimizer(0.1, 0.9),
    lambda: fg.train.FtrlOptimizer(0.1), lambda: fg.train.RMSPropOptimizer(0.1)])
def test_optimizers_minimize_inside_a_branch(optimizer) -> None:
    def trained(step_of):
        with fg.Graph().as_default(), fg.Session() as session:
            pred, w = fg.placeholder(fg.bool, []), fg.Variable([2.0, 1.0])
            opt = optimizer()
            step = step_of(pred, lambda: opt.minimize(fg.reduce_sum(w * w)))
            session.run(fg.global_variables_initializer())
            for truth in (True, True):
                session.run(step, {pred: truth})
            return session.run(w), len(opt.variables())

    inside, made = trained(lambda pred, f: fg.cond(pred, f, fg.no_op))
    alone, as_many = trained(lambda pred, f: f())
    np.testing.assert_array_equal(inside, alone)
    assert made == as_many


def test_averages_are_made_and_moved_inside_a_branch() -> None:
    pred, w = fg.placeholder(fg.bool, []), fg.Variable(4.0)
    average = fg.train.ExponentialMovingAverage(0.5)
    move = fg.cond(pred, lambda: average.apply([w]), fg.no_op)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        session.run(w.assign(0.0))
        session.run(move, {pred: True})
        assert session.run(average.average(w)) == 2.0


# ---- gradients -----------------------------------------------------------------------------------


def test_gradients_inside_a_loop_reach_what_is_outside() -> None:
    x = fg.Variable(3.0)

    def descend(i):
        slope, = fg.gradients((x.read_value() - 1.0) ** 2, x)
        with fg.control_dependencies([x.assign_sub(0.25 * slope)]):
            return i + 1

    last = fg.while_loop(lambda i: i < 3, descend, [0])
    with fg.Session() as session:
        session.run(x.initializer)
        session.run(last)
        assert session.run(x) == 1.25


def test_a_training_step_can_be_a_branch() -> None:
    x = fg.Variable(3.0)
    step = fg.cond(fg.placeholder_with_default(True, []),
                   lambda: fg.train.GradientDescentOptimizer(0.5).minimize((x - 1.0) ** 2),
                   fg.no_op)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        session.run(step)
        assert session.run(x) == 1.0


def test_gradients_of_gathered_rows_stay_sparse_through_branches_and_loops() -> None:
    table = fg.Variable(np.arange(12.0).reshape(6, 2))
    picked = fg.cond(fg.placeholder_with_default(True, []), lambda: fg.gather(table, [1, 1]),
                     lambda: fg.gather(table, [3]))
    total = fg.while_loop(lambda i, s: i < 3, lambda i, s: (
        i + 1, s + fg.reduce_sum(fg.gather(table, [i, 5]))), [0, fg.zeros([], fg.float64)])[1]
    found = fg.gradients([picked, total], table)[0]
    assert isinstance(found, fg.IndexedSlices)
    np.testing.assert_array_equal(
        value_of(fg.convert_to_tensor(found))[:, 0], [1.0, 3.0, 1.0, 0.0, 0.0, 3.0])


def test_back_prop_false_ends_gradients() -> None:
    x = fg.constant(2.0)
    y = fg.while_loop(lambda i, s: i < 2, lambda i, s: (i + 1, s * x), [0, x], back_prop=False)[1]
    assert fg.gradients(y, x) == [None]


def test_gradients_of_order_three_go_through_a_loop_in_a_branch() -> None:
    def build(x):
        return fg.cond(x[0] > 0.0, lambda: fg.while_loop(
            lambda i, s: i < 3, lambda i, s: (i + 1, s * fg.sin(x)), [0, x])[1], lambda: x)
    check_gradients(build, [np.array([0.7, -0.4])], order=3)


def test_values_for_a_gradient_are_kept_only_when_it_is_run() -> None:
    x = fg.placeholder(fg.float32, [2])
    y = fg.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, fg.tanh(s) * x), [0, x])[1]
    slope = fg.gradients(y, x)[0]
    with fg.Session() as session:
        forward = session.explain(y, {x: [1.0, 2.0]}).optimised
        both = session.explain([y, slope], {x: [1.0, 2.0]}).optimised
    loops = [i for i in forward.instrs if i.op_def.type == "While"]
    assert [len(loop.bodies[1].fetches) for loop in loops] == [2]  # the loop variables alone
    loops = [i for i in both.instrs if i.op_def.type == "While"]
    assert len(loops[0].bodies[1].fetches) > 2


# ---- names, random numbers, errors ---------------------------------------------------------------


def test_names_are_those_of_tensorflow() -> None:
    y = fg.cond(fg.constant(True), lambda: fg.constant(1.0), lambda: fg.constant(2.0))
    i = fg.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    z = fg.cond(fg.constant(True), lambda: fg.constant(1.0), lambda: fg.constant(2.0))
    assert [y.name, i.name, z.name] == ["cond/Merge:0", "while/Exit:0", "cond_1/Merge:0"]


def test_random_numbers_inside_a_loop_differ_from_round_to_round() -> None:
    draws = fg.while_loop(lambda i, a: i < 4, lambda i, a: (
        i + 1, fg.concat([a, fg.random_uniform([1], seed=3)], 0)), [0, fg.zeros([0])],
        shape_invariants=[fg.TensorShape([]), fg.TensorShape([None])])[1]
    with fg.Session() as session:
        first, second = session.run(draws), session.run(draws)
    assert len(set(first.tolist() + second.tolist())) == 8


def test_an_error_inside_names_the_op_and_the_line() -> None:
    i = fg.placeholder(fg.int32, [])
    y = fg.cond(fg.placeholder_with_default(True, []),
                lambda: fg.gather([1.0, 2.0], i, name="pick"), lambda: 0.0)
    with fg.Session() as session, pytest.raises(fg.errors.InvalidArgumentError) as caught:
        session.run(y, {i: 7})
    assert caught.value.op.name == "cond/pick"
    assert "test_control_flow.py" in str(caught.value)


def test_what_is_inside_cannot_be_fetched() -> None:
    inside = []
    fg.cond(fg.constant(True), lambda: inside.append(fg.constant(1.0) + 1.0) or inside[0],
            lambda: 2.0)
    with fg.Session() as session, pytest.raises(ValueError, match="inside a branch"):
        session.run(inside[0])


def test_a_user_function_that_raises_inside_keeps_its_class() -> None:
    def broken(x):
        raise KeyError("mine")
    y = fg.while_loop(lambda i, s: i < 2, lambda i, s: (
        i + 1, fg.py_func(broken, [s], fg.float32)), [0, 1.0],
        shape_invariants=[fg.TensorShape([]), fg.TensorShape(None)])
    with fg.Session() as session, pytest.raises(KeyError, match="mine"):
        session.run(y)


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_shapes_may_differ_from_call_to_call(runner) -> None:
    x = fg.placeholder(fg.float32, [None])
    y = fg.while_loop(lambda i, s: i < 2, lambda i, s: (i + 1, s + x), [0, x])[1]
    with fg.Session(runner=runner) as session:
        for size in (1, 3, 0, 3):
            np.testing.assert_array_equal(session.run(y, {x: np.ones(size)}), np.full(size, 3.0))


def test_strings_go_through_lists_and_loops() -> None:
    words = fg.constant(["b", "a", "q"])
    shouted = fg.map_fn(lambda word: fg.string_join([word, "!"]), words)
    joined = fg.foldl(lambda a, word: fg.string_join([a, word]), words)
    parts = fg.TensorArray(fg.string, 2, clear_after_read=False).scatter([1], ["x"])
    found = value_of([shouted, joined, parts.read(1), parts.stack()])
    assert found[0].tolist() == [b"b!", b"a!", b"q!"]
    assert found[1:3] == [b"baq", b"x"]
    assert found[3].tolist() == [b"", b"x"]


Pair = collections.namedtuple("Pair", "i total")


@pytest.mark.parametrize("start", [list, tuple, Pair._make], ids=["list", "tuple", "Pair"])
@pytest.mark.parametrize("kind", [list, tuple, Pair._make], ids=["list", "tuple", "Pair"])
def test_a_loop_returns_the_kind_of_list_that_its_body_returns(start, kind) -> None:
    last = fg.while_loop(lambda i, total: i < 3, lambda i, total: kind([i + 1, total * 2.0]),
                         start([0, 1.0]))
    assert type(last) is type(kind([0, 1.0])) and value_of(last[1]) == 8.0


def test_a_list_inside_the_loop_variables_stays_a_list() -> None:
    with pytest.raises(TypeError, match="same structure"):
        fg.while_loop(lambda i, p: i < 3, lambda i, p: (i + 1, (p[0], p[1])), [0, [1.0, 2.0]])


def test_a_loop_over_one_nest_returns_it_in_its_list() -> None:
    start = {"i": fg.constant(0), "x": fg.constant(1.0)}
    result = fg.while_loop(lambda d: d["i"] < 3, lambda d: [{"i": d["i"] + 1, "x": d["x"] * 2.0}],
                           [start])
    assert isinstance(result, list)
    assert value_of(result) == [{"i": 3, "x": 8.0}]
    bounded = fg.while_loop(lambda d: d["i"] < 3, lambda d: {"i": d["i"] + 1, "x": d["x"] * 2.0},
                            [start], maximum_iterations=2)
    assert value_of(bounded) == {"i": 2, "x": 4.0}


@pytest.mark.parametrize("build", [
    lambda: fg.cond(fg.constant([True]), lambda: 1, lambda: 2),
    lambda: fg.switch_case(fg.constant([1]), [lambda: 1, lambda: 2])])
def test_a_choice_must_be_a_scalar(build) -> None:
    with pytest.raises(ValueError, match="rank 0"):
        build()


@pytest.mark.parametrize("function", [fg.matmul, fg.div, fg.divide, fg.truediv, fg.floordiv,
                                      fg.mod, fg.subtract, fg.linalg.matvec, fg.tensordot])
def test_a_variable_may_be_the_first_operand_inside(function) -> None:
    axes = {"axes": 1} if function is fg.tensordot else {}
    w = fg.Variable([[2.0, 1.0], [1.0, 3.0]])
    h = fg.constant([1.0, 2.0] if function is fg.linalg.matvec else [[1.0, 2.0], [2.0, 1.0]])
    outside = function(w, function(w, h, **axes), **axes)
    _, inside = fg.while_loop(lambda i, h: i < 2,
                             lambda i, h: (i + 1, function(w, h, **axes)), [0, h])
    branch = fg.cond(fg.constant(True), lambda: function(w, fg.identity(h), **axes), lambda: h)
    got = value_of([inside, outside, branch, function(w, h, **axes)])
    np.testing.assert_array_equal(got[0], got[1])
    np.testing.assert_array_equal(got[2], got[3])


def test_a_shape_told_after_a_capture_is_known_inside() -> None:
    x = fg.placeholder(fg.float32, [None])

    def branch():
        doubled = x * 2.0
        x.set_shape([3])
        return doubled + x

    assert fg.cond(fg.constant(True), branch, lambda: fg.zeros([3])).shape == [3]


def test_the_parts_of_a_clipped_norm_are_used_inside() -> None:
    x = fg.constant([3.0, 4.0])
    (clipped,), norm = fg.clip_by_global_norm([x * 2.0], 1.0)
    y = fg.cond(norm > 5.0, lambda: clipped, lambda: x)
    np.testing.assert_allclose(value_of(y), [0.6, 0.8], rtol=1e-6)
    with fg.name_scope("outer"):
        assert fg.identity(x, name="_0").name == "outer/_0:0"


def test_what_one_branch_made_is_not_for_the_other() -> None:
    made, x = [], fg.constant(1.0)
    with pytest.raises(ValueError, match="is inside a branch"):
        fg.cond(x > 0.0, lambda: made.append(x * 2.0) or made[0], lambda: made[0])
