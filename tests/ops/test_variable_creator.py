"""tf.variable_creator_scope: which functions are asked, in which order, and what they see."""

from __future__ import annotations

import inspect

import pytest

import flowgraph as fg


def noting(seen, label):
    def creator(next_creator, **kwargs):
        seen.append((label, kwargs["name"]))
        return next_creator(**kwargs)
    return creator


def test_the_innermost_function_is_asked_first() -> None:
    seen: list = []
    with fg.variable_creator_scope(noting(seen, "outer")):
        with fg.variable_creator_scope(noting(seen, "inner")):
            fg.Variable(1.0, name="a")
        fg.Variable(1.0, name="b")
    fg.Variable(1.0, name="c")
    assert seen == [("inner", "a"), ("outer", "a"), ("outer", "b")]


def test_get_variable_asks_when_it_makes_one_and_not_when_it_finds_one() -> None:
    seen: list = []
    with (fg.variable_creator_scope(noting(seen, "")),
          fg.variable_scope("s", reuse=fg.AUTO_REUSE)):
        first = fg.get_variable("v", [2])
        second = fg.get_variable("v", [2])
    assert first is second
    assert seen == [("", "s/v")]


def test_a_creator_sees_all_arguments_by_name_and_may_change_them() -> None:
    seen = {}

    def creator(next_creator, **kwargs):
        seen.update(kwargs)
        return next_creator(**{**kwargs, "trainable": False, "name": "renamed"})

    with fg.variable_creator_scope(creator):
        v = fg.Variable(1.0, name="v")
    assert (v.op.name, v.trainable, fg.trainable_variables()) == ("renamed", False, [])
    assert list(seen) == list(inspect.signature(fg.Variable).parameters)
    assert (seen["initial_value"], seen["trainable"], seen["validate_shape"]) == (1.0, None, True)


def test_a_creator_may_return_what_it_likes() -> None:
    shared = fg.Variable(1.0)
    with fg.variable_creator_scope(lambda next_creator, **kwargs: shared):
        assert fg.Variable(2.0) is shared
        assert fg.get_variable("w", []) is shared


def test_the_scope_belongs_to_the_graph_and_reaches_into_branches() -> None:
    seen: list = []
    with fg.variable_creator_scope(noting(seen, "")):
        with fg.Graph().as_default():
            fg.Variable(1.0)

        def branch():
            fg.Variable(1.0, name="inside")
            return fg.constant(1)

        fg.cond(fg.placeholder(fg.bool, []), branch, lambda: fg.constant(2))
    assert seen == [("", "inside")]


def test_the_scope_ends_when_an_error_leaves_it() -> None:
    seen: list = []
    with pytest.raises(KeyError), fg.variable_creator_scope(noting(seen, "")):
        raise KeyError
    fg.Variable(1.0)
    assert seen == []
