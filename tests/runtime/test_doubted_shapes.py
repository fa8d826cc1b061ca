"""Static shapes that a run does not keep: numbers stay right, or an error says what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

RUNNERS = [{"runner": "interpreter", "poison": True}, {"runner": "source"}]


@pytest.fixture(params=RUNNERS, ids=["interpreter", "source"])
def sess(request) -> fg.Session:
    return fg.Session(**request.param)


def test_a_variable_may_take_another_shape_where_the_assign_allows_it(sess) -> None:
    v = fg.Variable([1.0, 2.0])
    total = fg.reduce_sum(v * 2.0 + 1.0)
    shorter = fg.assign(v, [5.0], validate_shape=False)
    sess.run(v.initializer)
    assert sess.run(total) == 8.0
    sess.run(shorter)
    assert sess.run([total, v]) == [11.0, [5.0]]


def test_an_assign_built_after_a_run_makes_plans_doubt_the_shape(sess) -> None:
    v = fg.Variable([1.0, 2.0])
    total = fg.reduce_sum(v * 2.0 + 1.0)
    sess.run(v.initializer)
    assert sess.run(total) == 8.0
    sess.run(fg.assign(fg.assign(v, [0.0, 0.0]), [1.0, 1.0, 1.0], validate_shape=False))
    assert sess.run(total) == 9.0


def test_a_constant_that_shapes_something_may_be_fed(sess) -> None:
    n = fg.constant(5)
    filled = fg.reduce_sum(fg.fill([n], 1.0) * 2.0 + 1.0)
    sizes = fg.constant([4, 2])
    x = fg.placeholder(fg.float32, [None])
    rows = fg.reduce_sum(fg.exp(fg.reshape(x, sizes)) * 2.0, 1)
    assert sess.run(filled) == 15.0
    assert sess.run(filled, {n: 1}) == 3.0
    np.testing.assert_array_equal(sess.run(rows, {sizes: [1, 2], x: [0, 0]}), [4.0])


@pytest.mark.parametrize("build", [
    lambda y: fg.reduce_sum(y * 2.0), lambda y: fg.reduce_sum(fg.sin(y) + 1.0), fg.identity])
def test_a_shape_claimed_with_set_shape_is_checked_in_the_run(sess, build) -> None:
    x = fg.placeholder(fg.float32, [])
    y = fg.py_func(lambda a: np.float32(7), [x], fg.float32)
    y.set_shape([3])
    with pytest.raises(fg.errors.InvalidArgumentError, match=r"\(\) is not.*\(3,\)"):
        sess.run(build(y), {x: 1.0})


def test_a_true_claim_is_used(sess) -> None:
    y = fg.py_func(lambda: np.ones(3, np.float32), [], fg.float32)
    y.set_shape([3])
    assert sess.run(fg.reduce_sum(y * 2.0)) == 6.0
