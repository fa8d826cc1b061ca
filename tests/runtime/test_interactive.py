"""InteractiveSession: the default session of shells and notebooks."""

from __future__ import annotations

import pytest

import flowgraph as fg


def test_it_is_the_default_until_it_is_closed() -> None:
    sess = fg.InteractiveSession()
    try:
        assert fg.get_default_session() is sess
        v = fg.Variable([1.0, 2.0])
        v.initializer.run()
        assert (v * 2.0).eval().tolist() == [2, 4]
    finally:
        sess.close()
    assert fg.get_default_session() is None
    with pytest.raises(RuntimeError, match="closed Session"):
        sess.run(v)


def test_with_a_graph_it_makes_that_the_default_graph_too(fresh_graph) -> None:
    graph = fg.Graph()
    sess = fg.InteractiveSession(graph=graph)
    assert fg.get_default_graph() is graph
    assert fg.constant(1.0).eval() == 1
    sess.close()
    assert fg.get_default_graph() is fresh_graph


def test_a_with_block_inside_comes_first_and_goes_back_to_it() -> None:
    outer = fg.InteractiveSession()
    with fg.Session() as inner:
        assert fg.get_default_session() is inner
    assert fg.get_default_session() is outer
    outer.close()


def test_the_later_of_two_is_the_default() -> None:
    first, second = fg.InteractiveSession(), fg.InteractiveSession()
    assert fg.get_default_session() is second
    second.close()
    assert fg.get_default_session() is first
    first.close()
    assert fg.get_default_session() is None


def test_closing_the_earlier_of_two_leaves_the_later_the_default() -> None:
    first, second = fg.InteractiveSession(), fg.InteractiveSession()
    first.close()
    assert fg.get_default_session() is second
    second.close()
    assert fg.get_default_session() is None


def test_closing_twice_is_harmless() -> None:
    sess = fg.InteractiveSession()
    with fg.Session() as inner:
        sess.close()
        sess.close()
        assert fg.get_default_session() is inner
    assert fg.get_default_session() is None


def test_it_takes_a_config() -> None:
    sess = fg.InteractiveSession(config=fg.ConfigProto(allow_soft_placement=True))
    sess.close()
    with pytest.raises(TypeError, match="config must be"):
        fg.InteractiveSession(config=3)
    assert fg.get_default_session() is None
