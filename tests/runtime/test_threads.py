"""Threads: one Session, sixteen of them, readers and writers."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import flowgraph as fg

THREADS = 16


@pytest.fixture(autouse=True)
def many_switches():
    """Threads take turns every few microseconds, so that races show."""
    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(old)


def in_threads(work, count=THREADS) -> list:
    """The results of work(i) in `count` threads; the first exception is raised."""
    results, errors = [None] * count, []
    gate = threading.Barrier(count)

    def run(i):
        try:
            gate.wait()
            results[i] = work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def started(**options):
    sess = fg.Session(**options)
    sess.run(fg.global_variables_initializer())
    return sess


@pytest.mark.parametrize("runner", ["auto", "interpreter", "source"])
def test_each_thread_gets_the_results_of_its_own_feed(runner) -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    y = fg.sin(fg.tanh(x) * 2.0 + 1.0) * fg.cos(x) - fg.sqrt(fg.abs(x))
    sess = started(runner=runner)
    feeds = [np.linspace(i, i + 1, 50 + i % 3, dtype=np.float32) for i in range(THREADS)]
    expected = [fg.Session(graph=x.graph).run(y, {x: feed}) for feed in feeds]

    def work(i):
        for _ in range(30):
            np.testing.assert_array_equal(sess.run(y, {x: feeds[i]}), expected[i])

    in_threads(work)


@pytest.mark.parametrize("runner", ["auto", "source"])
def test_a_counter_that_sixteen_threads_increment_loses_nothing(runner) -> None:
    counter = fg.Variable(0, name="counter")
    up = fg.assign_add(counter, 1)
    sess = started(runner=runner)
    seen = in_threads(lambda i: [int(sess.run(up)) for _ in range(50)])
    assert sess.run(counter) == THREADS * 50
    assert sorted(n for part in seen for n in part) == list(range(1, THREADS * 50 + 1))


def test_a_reader_never_sees_half_of_a_commit() -> None:
    a, b = fg.Variable(0, name="a"), fg.Variable(0, name="b")
    both = fg.group(fg.assign_add(a, 1), fg.assign_sub(b, 1))
    sess = started()

    def work(i):
        for _ in range(60):
            if i % 2:
                sess.run(both)
            else:
                x, y = sess.run([a, b])
                assert x == -y

    in_threads(work)
    assert sess.run([a, b]) == [THREADS // 2 * 60, -THREADS // 2 * 60]


def test_a_writer_that_reads_what_another_writes_sees_whole_commits() -> None:
    a, b, seen = (fg.Variable(0, name=name) for name in ("a", "b", "seen"))
    both = fg.group(fg.assign_add(a, 1), fg.assign_add(b, 1))
    look = fg.assign_add(seen, fg.abs(a - b))
    sess = started()
    in_threads(lambda i: [sess.run(both if i % 2 else look) and None for _ in range(40)])
    assert sess.run(seen) == 0


def test_writers_that_name_their_variables_in_other_orders_do_not_wait_for_each_other() -> None:
    a, b = fg.Variable(0, name="a"), fg.Variable(0, name="b")
    one = fg.group(fg.assign_add(a, 1), fg.assign_add(b, 1))
    other = fg.group(fg.assign_add(b, 1), fg.assign_add(a, 1))
    sess = started()
    in_threads(lambda i: [sess.run(one if i % 2 else other) for _ in range(40)])
    assert sess.run([a, b]) == [THREADS * 40] * 2


def test_runs_that_fail_among_runs_that_do_not_lose_nothing() -> None:
    counter = fg.Variable(0, name="counter")
    limit = fg.placeholder(fg.int32, [], name="limit")
    with fg.control_dependencies([fg.assign_add(counter, 1)]):
        checked = fg.Assert(limit > 0, [limit])
    sess = started()

    def work(i):
        done = 0
        for k in range(40):
            try:
                sess.run(checked, {limit: (i + k) % 2})
                done += 1
            except fg.errors.InvalidArgumentError:
                pass
        return done

    assert sum(in_threads(work)) == sess.run(counter) == THREADS * 20


def test_plans_for_new_shapes_are_made_while_others_run() -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    y = fg.reduce_sum(fg.square(x) + 1.0)
    sess = started()

    def work(i):
        return [float(sess.run(y, {x: np.ones(1 + (i + k) % 50)})) for k in range(40)]

    for i, sums in enumerate(in_threads(work)):
        assert sums == [2.0 * (1 + (i + k) % 50) for k in range(40)]


@pytest.mark.filterwarnings("ignore:the graph grows with every run")
def test_a_graph_may_grow_in_one_thread_while_others_run() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    y = fg.exp(x)
    sess, graph = started(), x.graph

    def work(i):
        if i == 0:
            with graph.as_default():
                for _ in range(200):
                    fg.tanh(x)
        for _ in range(40):
            assert sess.run(y, {x: [0, 0]}).tolist() == [1, 1]

    in_threads(work)


def test_random_numbers_are_not_given_out_twice() -> None:
    noise = fg.random_uniform([4], seed=3)
    sess = started()
    drawn = in_threads(lambda i: [tuple(sess.run(noise).tolist()) for _ in range(20)])
    assert len({numbers for part in drawn for numbers in part}) == THREADS * 20


def test_default_sessions_and_graphs_belong_to_their_thread() -> None:
    with fg.Session() as sess:
        assert fg.get_default_session() is sess
        assert in_threads(lambda i: fg.get_default_session(), 2) == [None, None]

        def work(i):
            with sess.as_default(), fg.Graph().as_default() as graph:
                return fg.get_default_session() is sess and fg.get_default_graph() is graph

        assert in_threads(work) == [True] * THREADS


def test_a_python_function_may_run_the_same_session() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    inner = fg.exp(x) * 2.0
    sess = fg.Session()
    y = fg.py_func(lambda a: sess.run(inner, {x: a}), [x], fg.float32) + fg.exp(x)
    for _ in range(3):
        assert sess.run(y, {x: [0, 0]}).tolist() == [3, 3]
