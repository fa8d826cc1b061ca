"""`Session.make_callable`: a run with its feeds as arguments."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg


@pytest.fixture
def x():
    return fg.placeholder(fg.float32, [None], name="x")


def test_arguments_are_fed_in_order(x) -> None:
    y = fg.placeholder(fg.float32, [], name="y")
    call = fg.Session().make_callable(x - y, [x, y])
    assert call([1, 2], 1).tolist() == [0, 1]
    assert call(np.float32([5]), 2.0).tolist() == [3]


def test_it_returns_the_nest_that_was_asked_for(x) -> None:
    call = fg.Session().make_callable({"a": [x, x.op]}, ["x:0"])
    found = call([1])
    assert found["a"][0].tolist() == [1]
    assert found["a"][1] is None


def test_without_feeds_it_takes_no_arguments() -> None:
    v = fg.Variable(0.0)
    sess = fg.Session()
    sess.run(v.initializer)
    call = sess.make_callable(fg.assign_add(v, 1.0))
    assert [call(), call(), sess.run(v)] == [1, 2, 2]


def test_it_takes_new_shapes_at_each_call(x) -> None:
    call = fg.Session().make_callable(fg.reduce_sum(x), [x])
    assert [call(np.ones(n)) for n in (1, 5, 2)] == [1, 5, 2]


@pytest.mark.parametrize("arguments", [(), (1, 2)], ids=str)
def test_a_wrong_number_of_arguments_is_refused(arguments, x) -> None:
    call = fg.Session().make_callable(x, [x])
    with pytest.raises(TypeError, match=f"takes 1 arguments, got {len(arguments)}"):
        call(*arguments)


def test_mistakes_show_when_the_callable_is_made(x) -> None:
    sess = fg.Session()
    with pytest.raises(TypeError, match="Cannot interpret feed_dict key"):
        sess.make_callable(x, ["nope:0"])
    with pytest.raises(ValueError, match="cannot be interpreted as a Tensor"):
        sess.make_callable("nope:0")
    with pytest.raises(fg.errors.InvalidArgumentError, match="You must feed a value"):
        sess.make_callable(x * 1.0)


def test_options_need_to_be_announced(x) -> None:
    sess = fg.Session()
    options = fg.RunOptions()
    assert sess.make_callable(x, [x], accept_options=True)([1], options=options).tolist() == [1]
    with pytest.raises(TypeError, match="accept_options=True"):
        sess.make_callable(x, [x])([1], options=options)


def test_it_follows_late_changes_of_the_graph() -> None:
    v = fg.Variable(0.0)
    sess = fg.Session()
    sess.run(v.initializer)
    read, up = v.read_value(), fg.assign_add(v, 1.0)
    call = sess.make_callable(read)
    assert call() == 0
    read.op._add_control_input(up.op)
    assert call() == 1


def test_it_does_not_run_in_a_closed_session(x) -> None:
    sess = fg.Session()
    call = sess.make_callable(x, [x])
    sess.close()
    with pytest.raises(RuntimeError, match="closed Session"):
        call([1])
