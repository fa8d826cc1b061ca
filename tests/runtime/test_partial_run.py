"""Partial runs: nothing runs twice, later feeds follow earlier results, mistakes are named."""

from __future__ import annotations

import pytest

import flowgraph as tf

MISTAKE = tf.errors.InvalidArgumentError


@pytest.fixture
def sums():
    """(a session, three placeholders, a + b, (a + b) * c)"""
    a, b, c = (tf.placeholder(tf.float32, [], name=name) for name in "abc")
    r1 = tf.add(a, b, name="r1")
    return tf.Session(), (a, b, c), r1, tf.multiply(r1, c, name="r2")


def test_later_feeds_follow_earlier_results(sums) -> None:
    sess, (a, b, c), r1, r2 = sums
    for start in range(3):
        run = sess.partial_run_setup([r1, r2], [a, b, c])
        first = sess.partial_run(run, r1, {a: start, b: 1.0})
        assert sess.partial_run(run, {"r": [r2]}, {c: first}) == {"r": [first * first]}
    assert len(sess._executables) == 2


def test_random_numbers_are_drawn_once() -> None:
    drawn = tf.random_uniform([])
    double = drawn * 2.0
    both = drawn + double
    with tf.Session() as sess:
        run = sess.partial_run_setup([drawn, double, both])
        x, y, z = (sess.partial_run(run, fetch) for fetch in (drawn, double, both))
    assert y == 2.0 * x and z == pytest.approx(3.0 * x)


def test_variables_are_written_once_and_read_as_they_are_then() -> None:
    v = tf.get_variable("v", initializer=1.0)
    up = v.assign_add(10.0)
    with tf.control_dependencies([up]):
        after = tf.identity(v) * 2.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        run = sess.partial_run_setup([up.op, after, v])
        assert sess.partial_run(run, up.op) is None and sess.run(v) == 11.0
        assert sess.partial_run(run, after) == 22.0
        v.load(5.0, sess)
        assert sess.partial_run(run, v) == 5.0


def test_runs_do_not_mix(sums) -> None:
    sess, (a, b, c), r1, r2 = sums
    runs = [sess.partial_run_setup([r1, r2], [a, b, c]) for _ in range(2)]
    assert [sess.partial_run(run, r1, {a: i, b: 1.0}) for i, run in enumerate(runs)] == [1.0, 2.0]
    assert [sess.partial_run(run, r2, {c: 3.0}) for run in runs] == [3.0, 6.0]


def test_tensors_in_the_middle_are_fed(sums) -> None:
    sess, (a, b, c), r1, r2 = sums
    run = sess.partial_run_setup([r2], [r1, c])
    assert sess.partial_run(run, r2, {r1: 2.0, c: 4.0}) == 8.0
    waiting = sess.partial_run_setup([r2], [r1, a, b, c])
    with pytest.raises(MISTAKE, match="r1:0 is needed"):
        sess.partial_run(waiting, r2, {a: 1.0, b: 1.0, c: 1.0})


def test_tables_are_kept() -> None:
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [5]), -1)
    key = tf.placeholder(tf.string, [])
    size, found = table.size(), table.lookup(key)
    with tf.Session() as sess:
        sess.run(tf.tables_initializer())
        run = sess.partial_run_setup([size, found], [key])
        assert [sess.partial_run(run, size), sess.partial_run(run, found, {key: "a"})] == [1, 5]


def test_sparse_tensors_are_announced_and_fed() -> None:
    x = tf.sparse_placeholder(tf.float32, [3])
    total = tf.sparse_reduce_sum(x)
    with tf.Session() as sess:
        run = sess.partial_run_setup([total], [x])
        assert sess.partial_run(run, total, {x: tf.SparseTensorValue([[1]], [4.0], [3])}) == 4.0


MISTAKES = {
    "the run is not known": (lambda s, r, r1, r2, a, c: s.partial_run("other", r1), "setup"),
    "fetched twice": (lambda s, r, r1, r2, a, c: s.partial_run(r, r1), "r1:0 has already been fet"),
    "fed twice": (lambda s, r, r1, r2, a, c: s.partial_run(r, r2, {a: 1.0}), "a:0 has already"),
    "fetch not announced": (lambda s, r, r1, r2, a, c: s.partial_run(r, a), "fetch a:0 was not"),
    "feed not announced": (lambda s, r, r1, r2, a, c: s.partial_run(r, r2, {r1: 1.0}),
                           "feed r1:0 was not"),
    "not fed": (lambda s, r, r1, r2, a, c: s.partial_run(r, r2), "c:0 is needed"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name, sums) -> None:
    sess, (a, b, c), r1, r2 = sums
    run = sess.partial_run_setup([r1, r2], [a, b, c])
    sess.partial_run(run, r1, {a: 1.0, b: 2.0})
    act, words = MISTAKES[name]
    with pytest.raises(MISTAKE, match=words):
        act(sess, run, r1, r2, a, c)
    assert sess.partial_run(run, r2, {c: 2.0}) == 6.0  # a mistake ends nothing
    with pytest.raises(MISTAKE, match="setup"):
        sess.partial_run(run, r2)


def test_a_part_that_fails_can_be_run_again() -> None:
    x = tf.placeholder(tf.int32, [])
    one = tf.constant(1)
    whole = one // x
    with tf.Session() as sess:
        run = sess.partial_run_setup([one, whole], [x])
        sess.partial_run(run, one)
        with pytest.raises(MISTAKE):
            sess.partial_run(run, whole, {x: 0})
        assert sess.partial_run(run, whole, {x: 1}) == 1


def test_a_closed_session_runs_no_parts(sums) -> None:
    sess, (a, b, _), r1, _ = sums
    run = sess.partial_run_setup([r1], [a, b])
    sess.close()
    with pytest.raises(RuntimeError, match="closed"):
        sess.partial_run(run, r1, {a: 1.0, b: 1.0})
