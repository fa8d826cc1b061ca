"""Conditional accumulators across threads: who takes waits for who applies."""

import threading

import numpy as np
import pytest

import flowgraph as fg


def in_thread(function):
    """Starts a function in a thread; what it returns or raises is put in the list."""
    result = []

    def call():
        try:
            result.append(function())
        except fg.errors.OpError as error:
            result.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread, result


def test_taking_waits_until_others_have_applied():
    total = fg.ConditionalAccumulator(fg.float32, [])
    gradient = fg.placeholder(fg.float32, [])
    apply, take, count = total.apply_grad(gradient), total.take_grad(3), total.num_accumulated()
    with fg.Session() as session:
        session.run(count)
        thread, result = in_thread(lambda: session.run(take))
        for value in (1.0, 2.0):
            session.run(apply, {gradient: value})
        assert thread.is_alive() and session.run(count) == 2
        session.run(apply, {gradient: 6.0})
        thread.join(60)
        assert result == [3.0] and session.run(count) == 0


def test_closing_the_session_ends_the_waiting():
    total = fg.ConditionalAccumulator(fg.float32, [])
    take, count = total.take_grad(1), total.num_accumulated()
    session = fg.Session()
    session.run(count)
    thread, result = in_thread(lambda: session.run(take))
    session.close()
    thread.join(60)
    assert not thread.is_alive()
    assert isinstance(result[0], (fg.errors.CancelledError, RuntimeError))


def test_each_take_makes_older_gradients_stale():
    total = fg.ConditionalAccumulator(fg.float32, [])
    step = fg.placeholder(fg.int64, [])
    apply, take, count = total.apply_grad(2.0, step), total.take_grad(1), total.num_accumulated()
    with fg.Session() as session:
        session.run(apply, {step: 0})
        assert session.run(take) == 2.0
        session.run(apply, {step: 0})
        assert session.run(count) == 0
        session.run(apply, {step: 1})
        assert session.run(count) == 1


def test_accumulators_of_one_shared_name_are_one():
    first, second = (fg.ConditionalAccumulator(fg.float32, shared_name="sum") for _ in range(2))
    with fg.Session() as session:
        session.run(first.apply_grad(1.0))
        assert session.run(second.num_accumulated()) == 1


def test_indexed_slices_go_in_and_come_out():
    total = fg.SparseConditionalAccumulator(fg.float32)
    rows = fg.IndexedSlices(fg.constant([[1.0, 2.0]]), fg.constant([3]), fg.constant([4, 2]))
    apply, taken = total.apply_indexed_slices_grad(rows), total.take_indexed_slices_grad(1)
    with fg.Session() as session:
        session.run(apply)
        values, indices = session.run([taken.values, taken.indices])
    assert values.tolist() == [[1.0, 2.0]] and indices.tolist() == [3]


def test_rows_that_are_not_sorted_are_merged_as_they_come():
    total = fg.SparseConditionalAccumulator(fg.float64)
    first = total.apply_grad([2, 0], [[1.0], [2.0]])
    second, taken = total.apply_grad([0, 2], [[10.0], [20.0]]), total.take_grad(2)
    with fg.Session() as session:
        session.run(first)
        session.run(second)
        indices, values, _ = session.run(list(taken))
    np.testing.assert_array_equal(indices, [0, 2, 0])
    np.testing.assert_array_equal(values, [[10.0], [10.5], [2.0]])


def test_a_gradient_of_another_dtype_is_refused():
    with pytest.raises(ValueError, match="int32"):
        fg.ConditionalAccumulator(fg.float32).apply_grad(fg.constant(1))


def test_taking_may_wait_for_a_time_only():
    total = fg.ConditionalAccumulator(fg.float32)
    add, mean = total.apply_grad(1.0), total.take_grad(1)
    with fg.Session() as sess:
        with pytest.raises(fg.errors.DeadlineExceededError):
            sess.run(mean, options=fg.RunOptions(timeout_in_ms=20))
        sess.run(add)
        assert sess.run(mean) == 1.0
