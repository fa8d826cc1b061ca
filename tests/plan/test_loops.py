"""Loops in generated source: they give what the kernel of `While` gives round by round."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.blas import held_to_one_thread
from flowgraph.errors import InvalidArgumentError
from flowgraph.program.pipeline import PLANNING
from tests.plan.plans import assert_same_everywhere, plan_of, source_of

X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)


def loops_of(fetches, feed=None):
    """The loops that stand in the source of a run."""
    return list(plan_of(fetches, feed).loops.values())


def results(fetches, feed, **options):
    with fg.Session(**options) as session:
        session.run(fg.global_variables_initializer())
        session.run(fetches, feed)
        return session.run(fetches, feed)  # once more, in the same memory


def assert_same(fetches, feed=None) -> None:
    """Source gives what the interpreter without passes gives; without passes, bit for bit."""
    with held_to_one_thread:  # on a busy machine one run may get two threads, and the next one
        expected = results(fetches, feed, runner="interpreter", passes=[])
        exact = results(fetches, feed, runner="source", passes=list(PLANNING))
    found = results(fetches, feed, runner="source")
    for a, b, c in zip(expected, exact, found, strict=True):
        np.testing.assert_array_equal(np.asarray(b), np.asarray(a))
        assert np.asarray(b).dtype == np.asarray(a).dtype == np.asarray(c).dtype
        np.testing.assert_allclose(np.asarray(c), np.asarray(a), rtol=1e-5, atol=1e-6)


# ---- programs: each gives fetches, and uses x of 2x3 and the whole number n ----------------------


def counted(x, n):
    return fg.while_loop(lambda i, h: i < n, lambda i, h: (i + 1, fg.tanh(h) + x), [0, x])


def counted_down(x, n):
    return fg.while_loop(lambda i, h: fg.less(0, i), lambda i, h: (i - 2, h * 0.5 + x), [n, x])


def inclusive(x, n):
    return fg.while_loop(lambda i, h: i <= n, lambda i, h: (i + 3, h - x), [-2, x])


def two_counters(x, n):
    return fg.while_loop(lambda i, j, h: fg.logical_and(i < n, j > -3),
                         lambda i, j, h: (i + 1, j - 1, h + x * fg.cast(i * j, fg.float32)),
                         [0, 3, x])


def free_counter(x, n):
    return fg.while_loop(lambda i, j, h: i < n,
                         lambda i, j, h: (i + 1, j + 7, h + fg.cast(j, fg.float32)), [0, -5, x])


def most_rounds(x, n):
    return fg.while_loop(lambda i, h: fg.reduce_sum(h) < 100.0, lambda i, h: (i + 1, h + 1.0),
                         [0, x], maximum_iterations=n)


def until_data_says(x, n):
    return fg.while_loop(lambda i, h: fg.logical_and(i < 50, fg.reduce_max(fg.abs(h)) < 9.0),
                         lambda i, h: (i + 1, h * 1.5 + 0.1), [n, x])


def no_counter(x, n):
    return [fg.while_loop(lambda h: fg.reduce_max(h) < 40.0, lambda h: h * 2.0 + 1.0, [x])]


def no_rounds(x, n):
    return fg.while_loop(lambda i, h: i < 0, lambda i, h: (i + 1, h * 2.0), [n, x])


def swapped(x, n):
    return fg.while_loop(lambda i, a, b: i < n, lambda i, a, b: (i + 1, b, a), [0, x, x + 1.0])


def shifted(x, n):
    """Each variable takes over the one before: memory is needed for several rounds."""
    return fg.while_loop(lambda i, a, b, c: i < n + 3,
                         lambda i, a, b, c: (i + 1, fg.sin(a) + c, a, b), [0, x, x * 2.0, x * 3.0])


def viewed(x, n):
    """A variable that shares memory with another one's new value."""
    def body(i, a, b):
        new = fg.cos(a) + fg.reshape(b, [2, 3])
        return i + 1, new, fg.reshape(new, [3, 2])
    return fg.while_loop(lambda i, a, b: i < n + 2, body, [0, x, fg.reshape(x, [3, 2])])


def same_twice(x, n):
    def body(i, a, b):
        new = a * 0.9 + b
        return i + 1, new, new
    return fg.while_loop(lambda i, a, b: i < n, body, [0, x, x])


def constants(x, n):
    return fg.while_loop(lambda i, h, c: i < n,
                         lambda i, h, c: (i + 1, h + c, fg.constant([[1.0, 2.0, 3.0]])),
                         [0, x, fg.zeros([1, 3])])


def nested(x, n):
    def body(i, h):
        _, inner = fg.while_loop(lambda j, g: j < i, lambda j, g: (j + 1, fg.sin(g) + x), [0, h])
        return i + 1, inner
    return fg.while_loop(lambda i, h: i < n, body, [0, x])


def branch_inside(x, n):
    def body(i, h):
        return i + 1, fg.cond(fg.equal(i % 2, 0), lambda: h + x, lambda: h * 0.5)
    return fg.while_loop(lambda i, h: i < n, body, [0, x])


def loop_in_branch(x, n):
    return [fg.cond(n > 2, lambda: counted(x, n)[1], lambda: x)]


def grows(x, n):
    return fg.while_loop(lambda i, h: i < n, lambda i, h: (i + 1, fg.concat([h, x], 0)), [0, x],
                         shape_invariants=[fg.TensorShape([]), fg.TensorShape([None, 3])])


def integers(x, n):
    return fg.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s * 3 + i), [0, 1])


def used_as_array(x, n):
    def body(i, h):
        return i + 1, h + fg.gather(x, i % 2) + fg.cast(fg.stack([i, i + 1, -i]), fg.float32)
    return fg.while_loop(lambda i, h: i < n, body, [0, x])


def rows(x, n):
    def body(i, h):
        return i + 1, h + x[i] + fg.gather(x, i)
    return fg.while_loop(lambda i, h: i < 2, body, [0, x])


def written(x, n):
    ta = fg.TensorArray(fg.float32, size=n, element_shape=[2, 3])
    _, h, ta = fg.while_loop(lambda i, h, ta: i < n,
                             lambda i, h, ta: (i + 1, h * 0.5 + 1.0, ta.write(i, h)), [0, x, ta])
    return h, ta.stack(), ta.size()


def partly_written(x, n):
    ta = fg.TensorArray(fg.float32, size=n + 4, element_shape=[2, 3])
    _, ta = fg.while_loop(lambda i, ta: i < n, lambda i, ta: (i + 1, ta.write(i + 1, x)), [0, ta])
    return [ta.stack()]


def written_backwards(x, n):
    ta = fg.TensorArray(fg.float32, size=n, element_shape=[2, 3])
    _, ta = fg.while_loop(lambda i, ta: i >= 0, lambda i, ta: (
        i - 1, ta.write(i, x * fg.cast(i, fg.float32))), [n - 1, ta])
    return [ta.stack()]


def grown_array(x, n):
    ta = fg.TensorArray(fg.float32, size=0, dynamic_size=True)
    _, ta = fg.while_loop(lambda i, ta: i < n + 1, lambda i, ta: (i + 1, ta.write(i, x)), [0, ta])
    return [ta.concat()]


def uneven(x, n):
    ta = fg.TensorArray(fg.float32, size=n + 1, infer_shape=False)
    _, ta = fg.while_loop(lambda i, ta: i < n + 1,
                          lambda i, ta: (i + 1, ta.write(i, fg.ones([i, 2]))), [0, ta])
    return [ta.concat()]


def written_before(x, n):
    ta = fg.TensorArray(fg.float32, size=n + 1).write(n, x)
    _, ta = fg.while_loop(lambda i, ta: i < n, lambda i, ta: (i + 1, ta.write(i, x)), [0, ta])
    return [ta.stack()]


def read_and_written(x, n):
    """Reads what the rounds before have written."""
    ta = fg.TensorArray(fg.float32, size=n + 2, clear_after_read=False).write(0, x).write(1, x)
    _, ta = fg.while_loop(lambda i, ta: i < n + 2, lambda i, ta: (
        i + 1, ta.write(i, ta.read(i - 1) + ta.read(i - 2))), [2, ta])
    return [ta.stack()]


def unstacked(x, n):
    ta = fg.TensorArray(fg.float32, size=2).unstack(x)
    return fg.while_loop(lambda i, h: i < 2, lambda i, h: (i + 1, h + ta.read(i)),
                         [0, fg.zeros([3])])


def mapped(x, n):
    return [fg.map_fn(lambda row: fg.sin(row) * 2.0, x), fg.scan(lambda a, row: a + row, x),
            fg.foldl(lambda a, row: a * row, x), fg.foldr(lambda a, row: a - row, x)]


def recurrent(x, n):
    cell = fg.nn.rnn_cell.BasicLSTMCell(4)
    inputs = fg.stack([x, x * 2.0, x + 1.0, x - 1.0])  # four of two steps
    with fg.variable_scope("rnn", initializer=fg.constant_initializer(0.3)):
        out, state = fg.nn.dynamic_rnn(cell, inputs, sequence_length=[2, 1, 0, 2],
                                       dtype=fg.float32)
    loss = fg.reduce_sum(fg.square(out))
    return [out, *state, *fg.gradients(loss, [x, *fg.trainable_variables()])]


def sparse_sums(x, n):
    table = fg.get_variable("table", [5, 3], initializer=fg.constant_initializer(0.5))
    _, h = fg.while_loop(lambda i, h: i < n, lambda i, h: (
        i + 1, h * fg.gather(table, [i % 5, 1])), [0, x])
    slices = fg.gradients(h, table)[0]
    return [h, fg.convert_to_tensor(slices)]


def in_steps(x, n):
    """Uses of the round's number in a gradient."""
    _, h = fg.while_loop(lambda i, h: i < n, lambda i, h: (
        i + 1, h * fg.cast(i + 1, fg.float32) * fg.tanh(x)), [0, x])
    return [h, fg.gradients(h, x)[0]]


def gradients_of(program):
    def gradient(x, n):
        ys = [y for y in program(x, n) if y.dtype == fg.float32]
        first = fg.gradients(ys, x)[0]
        second = None if first is None else fg.gradients(fg.square(first), x)[0]
        return [*ys, *(g for g in (first, second) if g is not None)]
    gradient.__name__ = f"gradient_of_{program.__name__}"
    return gradient


PROGRAMS = [counted, counted_down, inclusive, two_counters, free_counter, most_rounds,
            until_data_says, no_counter, no_rounds, swapped, shifted, viewed, same_twice, constants,
            nested, branch_inside, loop_in_branch, grows, integers, used_as_array, rows, written,
            partly_written, written_backwards, grown_array, uneven, written_before,
            read_and_written, unstacked, mapped]
GRADIENTS = [gradients_of(program) for program in PROGRAMS if program not in (
    integers, uneven)]


@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize("program", [*PROGRAMS, *GRADIENTS, recurrent, sparse_sums, in_steps],
                         ids=lambda program: getattr(program, "__name__", program))
def test_source_gives_what_the_kernel_gives(program, n) -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    count = fg.placeholder(fg.int32, [], name="n")
    assert_same(list(program(x, count)), {x: X, count: n})


# ---- what stands in the source -------------------------------------------------------------------


def test_a_counted_loop_is_a_for_without_arrays_for_its_counter() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    _, h = fg.while_loop(lambda i, h: i < 10, lambda i, h: (i + 1, fg.tanh(h) + x), [0, x])
    text = source_of(h, {x: [1, 2, 3]})
    assert "for i in i_steps:" in text
    assert "np.less" not in text
    assert "range(0, 10)" in text


@pytest.mark.parametrize("program, kinds", [
    (counted, [True]), (counted_down, [True]), (inclusive, [True]), (two_counters, [True]),
    (until_data_says, [False]), (no_counter, [False]), (nested, [True]), (written, [True])])
def test_counters_tell_the_number_of_rounds(program, kinds) -> None:
    x, n = fg.placeholder(fg.float32, [2, 3]), fg.placeholder(fg.int32, [])
    assert [loop.is_counted for loop in loops_of(list(program(x, n)), {x: X, n: 3})] == kinds


def test_a_variable_that_is_needed_no_more_is_written_over() -> None:
    x, n = fg.placeholder(fg.float32, [2, 3]), fg.placeholder(fg.int32, [])
    _, h, g = fg.while_loop(lambda i, h, g: i < n, lambda i, h, g: (
        i + 1, fg.tanh(h) + x, fg.sin(g) + h), [0, x, x])
    loop, = loops_of([h, g], {x: X, n: 3})
    assert loop.places == {1: "in turn", 2: "in place"}


def test_shapes_that_change_run_in_the_general_way() -> None:
    x, n = fg.placeholder(fg.float32, [2, 3]), fg.placeholder(fg.int32, [])
    assert loops_of(grows(x, n)[1], {x: X, n: 3}) == []


def test_without_the_technique_no_loop_stands_in_the_source() -> None:
    x, n = fg.placeholder(fg.float32, [2, 3]), fg.placeholder(fg.int32, [])
    names = [name for name in PLANNING if name != "loops_as_source"]
    assert plan_of(counted(x, n)[1], {x: X, n: 3}, names).loops == {}


# ---- numbers at the edge -------------------------------------------------------------------------


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_a_counter_overflows_as_int32_does(runner) -> None:
    start = fg.placeholder(fg.int32, [], name="start")
    i, rounds = fg.while_loop(lambda i, r: fg.logical_and(i > 0, r < 10),
                              lambda i, r: (i + 3, r + 1), [start, 0])
    with fg.Session(runner=runner) as session:
        found = session.run([i, rounds], {start: 2147483640})
    assert [int(value) for value in found] == [-2147483647, 3]


@pytest.mark.parametrize("runner", ["interpreter", "source"])
@pytest.mark.parametrize("by, limit, rounds", [(1, 2147483647, 7), (5, 2147483647, 2),
                                               (3, 2147483646, 2)])
def test_a_limit_near_the_largest_number(runner, by, limit, rounds) -> None:
    most = fg.placeholder(fg.int32, [], name="most")
    start = 2147483647 - 7
    count = fg.while_loop(lambda i, c: fg.logical_and(i < most, i >= start),
                          lambda i, c: (i + by, c + 1), [start, 0])[1]
    j = fg.while_loop(lambda j: j <= most, lambda j: [j + 5], [2147483630])
    with fg.Session(runner=runner) as session:
        assert int(session.run(count, {most: limit})) == rounds
        assert int(session.run(j, {most: 2147483641})) == 2147483645


# ---- effects, state, errors ----------------------------------------------------------------------


@pytest.mark.parametrize("passes", [None, list(PLANNING)], ids=["passes", "planning"])
def test_random_numbers_in_a_loop_are_those_of_the_kernel(passes) -> None:
    def numbers(runner, passes):
        with fg.Graph().as_default():
            fg.set_random_seed(5)
            _, total = fg.while_loop(lambda i, s: i < 4, lambda i, s: (
                i + 1, s + fg.random_normal([3])), [0, fg.zeros([3])])
            with fg.Session(runner=runner, passes=passes) as session:
                return [session.run(total) for _ in range(3)]
    for a, b in zip(numbers("interpreter", []), numbers("source", passes), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_variables_assigned_in_a_loop(runner) -> None:
    v = fg.Variable(1.0, name="v")

    def body(i, h):
        with fg.control_dependencies([v.assign_add(2.0)]):
            return i + 1, h * v.read_value()
    _, h = fg.while_loop(lambda i, h: i < 3, body, [0, 1.0])
    with fg.Session(runner=runner) as session:
        session.run(v.initializer)
        assert session.run(h) == 3.0 * 5.0 * 7.0
        assert session.run(v) == 7.0


def failing(x):
    """Fails in round 3, in the op `bad`."""
    def body(i, h):
        return i + 1, h + fg.gather(x, i * 2, name="bad")
    return fg.while_loop(lambda i, h: i < 5, body, [0, fg.zeros([])])[1]


def test_an_error_in_a_round_names_the_op_and_the_users_line() -> None:
    x = fg.placeholder(fg.float32, [6], name="x")
    y = failing(x)
    texts = []
    for runner in ("interpreter", "source"):
        with fg.Session(runner=runner) as session, pytest.raises(InvalidArgumentError) as caught:
            session.run(y, {x: np.ones(6)})
        texts.append((str(caught.value).splitlines()[0], caught.value.op.name))
    assert texts[0] == texts[1]
    assert "bad" in texts[0][0]
    assert "test_loops.py" in texts[0][0]


def test_an_index_written_twice_is_an_error() -> None:
    ta = fg.TensorArray(fg.float32, size=3)
    _, ta = fg.while_loop(lambda i, ta: i < 3, lambda i, ta: (i + 1, ta.write(i, 1.0)), [0, ta])
    again = fg.while_loop(lambda i, ta: i < 3, lambda i, ta: (i + 1, ta.write(i, 1.0)), [0, ta])
    stacked = again[1].stack()
    for runner in ("interpreter", "source"):
        with fg.Session(runner=runner) as session, pytest.raises(
                InvalidArgumentError, match="already been written"):
            session.run(stacked)


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_an_item_read_twice_is_an_error(runner) -> None:
    ta = fg.TensorArray(fg.float32, size=3).unstack([1.0, 2.0, 3.0])
    _, s = fg.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s + ta.read(i)), [0, 0.0])
    _, t = fg.while_loop(lambda i, t: i < 3, lambda i, t: (i + 1, t + ta.read(i)), [0, s])
    with fg.Session(runner=runner) as session:
        assert session.run(s) == 6.0
        with pytest.raises(InvalidArgumentError, match="twice"):
            session.run(t)


def test_an_index_beyond_the_end_is_an_error() -> None:
    ta = fg.TensorArray(fg.float32, size=3)
    n = fg.placeholder(fg.int32, [])
    _, ta = fg.while_loop(lambda i, ta: i < n, lambda i, ta: (i + 1, ta.write(i, 1.0)), [0, ta])
    with fg.Session(runner="source") as session:
        assert session.run(ta.size(), {n: 3}) == 3
        with pytest.raises(InvalidArgumentError, match="not resizeable"):
            session.run(ta.size(), {n: 4})


def test_python_functions_and_prints_run_in_every_round(capfd) -> None:
    seen = []
    x = fg.placeholder(fg.float32, [2], name="x")

    def body(i, h):
        h = fg.Print(h, [i], message="round ")
        h = fg.py_func(lambda value, k: seen.append(int(k)) or value + 1, [h, i], fg.float32)
        h.set_shape([2])
        with fg.control_dependencies([fg.Assert(i < 9, [i])]):
            return i + 1, fg.identity(h)
    _, h = fg.while_loop(lambda i, h: i < 3, body, [0, x])
    with fg.Session(runner="source") as session:
        np.testing.assert_array_equal(session.run(h, {x: [1, 2]}), [4, 5])
    assert seen == [0, 1, 2]
    assert capfd.readouterr().err.count("round ") == 3


def test_a_python_function_may_run_the_same_session() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    inner = counted(x, 3)[1]
    with fg.Session(runner="source") as session:
        def again(value):
            return session.run(inner, {x: value})

        def body(i, h):
            h = fg.py_func(again, [h], fg.float32)
            h.set_shape([2])
            return i + 1, h
        y = fg.while_loop(lambda i, h: i < 2, body, [0, x])[1]
        first = np.array([0.5, -0.5], np.float32)
        expected = session.run(inner, {x: session.run(inner, {x: first})})
        np.testing.assert_array_equal(session.run(y, {x: first}), expected)


def test_threads_share_a_loop() -> None:
    x, n = fg.placeholder(fg.float32, [2, 3]), fg.placeholder(fg.int32, [])
    y = counted(x, n)[1]
    with fg.Session(runner="source") as session:
        expected = {k: session.run(y, {x: X * k, n: 20}) for k in range(4)}
        wrong = []

        def work(k):
            for _ in range(50):
                if not np.array_equal(session.run(y, {x: X * k, n: 20}), expected[k]):
                    wrong.append(k)
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_control_c_ends_a_loop_that_does_not(control_c) -> None:
    x = fg.placeholder(fg.float32, [2])
    y = fg.while_loop(lambda h: fg.reduce_sum(h) < 1e30, lambda h: [h * 1.0], [x])
    with fg.Session(runner="source") as session:
        signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            session.run(y, {x: [1, 1]})
        assert session.run(x, {x: [1, 1]}).tolist() == [1, 1]


def test_a_fetched_result_is_the_callers_own() -> None:
    x, n = fg.placeholder(fg.float32, [2, 3]), fg.placeholder(fg.int32, [])
    ta = fg.TensorArray(fg.float32, size=2).unstack(x)
    fetches = [counted(x, n)[1], swapped(x, n)[1], ta.stack(), same_twice(x, n)[1]]
    given = X.copy()
    with fg.Session(runner="source") as session:
        for _ in range(2):
            found = session.run(fetches, {x: given, n: 0})
            for array in found:
                array[...] = 7.0
    np.testing.assert_array_equal(given, X)


def test_profiles_still_see_every_round() -> None:
    x, n = fg.placeholder(fg.float32, [2, 3]), fg.placeholder(fg.int32, [])
    y = counted(x, n)[1]
    with fg.Session(runner="source") as session:
        session.run(y, {x: X, n: 4})
        with fg.profile() as profile:
            session.run(y, {x: X, n: 4})
    assert "Tanh" in str(profile)


def test_a_block_of_convolution_is_the_next_value_of_a_variable() -> None:
    images = np.linspace(-1, 1, 2 * 16 * 16 * 32, dtype=np.float32).reshape(2, 16, 16, 32)
    x = fg.placeholder(fg.float32, images.shape)
    w = fg.constant(np.cos(np.arange(9 * 32 * 32)).reshape(3, 3, 32, 32), fg.float32) * 0.03

    def convolved(i, h):
        return i + 1, fg.nn.relu(fg.nn.conv2d(h, w, padding="SAME") + np.linspace(0, 1, 32))

    _, last = fg.while_loop(lambda i, h: i < 3, convolved, [0, x])
    loop, = loops_of(last, {x: images})
    assert any(step.instr.op_def.type == "ConvBlock" for step in loop.body.steps)
    assert_same([last], {x: images})
    assert_same([last, fg.gradients(last, x)[0]], {x: images})


def test_the_next_number_of_a_counter_is_used_in_a_loop_that_data_end() -> None:
    x = fg.placeholder(fg.float32, [5, 3])
    rows = fg.tanh(x)
    _, total = fg.while_loop(lambda i, h: (i < 5) & (fg.reduce_sum(h) < 4.0),
                             lambda i, h: (i + 1, h + fg.square(rows[i])), [0, fg.zeros([3])])
    _, _, places = fg.while_loop(lambda i, h, t: (i < 5) & (fg.reduce_sum(h) < 4.0),
                                 lambda i, h, t: (i + 1, h + x[i], t.write(i, i + 1)),
                                 [0, fg.zeros([3]), fg.TensorArray(fg.int32, 0, dynamic_size=True)])
    fetches = [*fg.gradients(fg.reduce_sum(total), x), total, places.stack()]
    for scale in (0.5, 3.0):
        feed = {x: np.linspace(0.1, 1.0, 15).reshape(5, 3) * scale}
        assert_same_everywhere(fetches, feed)
