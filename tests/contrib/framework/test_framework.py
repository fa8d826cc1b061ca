"""Argument scopes, variables and shapes of `tf.contrib.framework`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.contrib import framework


@framework.add_arg_scope
def layer(x: Any, depth: int = 1, name: str = "a") -> tuple[Any, int, str]:
    return x, depth, name


@framework.add_arg_scope
def other(depth: int = 7) -> int:
    return depth


def test_inner_scopes_add_to_outer_ones_and_calls_count_most() -> None:
    with framework.arg_scope([layer, other], depth=2):
        with framework.arg_scope([layer], name="b") as kept:
            assert layer(0) == (0, 2, "b") and layer(0, depth=5) == (0, 5, "b")
        assert layer(0) == (0, 2, "a") and other() == 2
    assert layer(0) == (0, 1, "a") and framework.current_arg_scope() == {}
    with framework.arg_scope(kept):
        assert layer(0) == (0, 2, "b") and other() == 2


def test_a_scope_ends_when_its_block_raises() -> None:
    with pytest.raises(KeyError), framework.arg_scope([layer], depth=2):
        raise KeyError
    assert layer(0) == (0, 1, "a")


@pytest.mark.parametrize(("scope", "keywords", "error", "words"), [
    ([print], {"depth": 2}, ValueError, "not decorated"),
    (layer, {"depth": 2}, TypeError, "list/tuple"),
    ({}, {"depth": 2}, ValueError, "kwargs must be empty"),
])
def test_wrong_scopes_are_told_of(scope: Any, keywords: Any, error: type[Exception],
                                  words: str) -> None:
    with pytest.raises(error, match=words), framework.arg_scope(scope, **keywords):
        pass


def test_variables_are_found_by_scope_suffix_and_name() -> None:
    with tf.Graph().as_default():
        with tf.variable_scope("a"):
            w = framework.model_variable("w", [2])
            bias = framework.variable("bias", [2], trainable=False)
        step = framework.get_or_create_global_step()
        assert framework.get_variables("a") == [w, bias]
        assert framework.get_variables("a", "bias") == [bias]
        assert framework.get_model_variables() == [w]
        assert framework.get_variables_to_restore(exclude=["a"]) == [step]
        assert framework.get_trainable_variables() == [w]
        with pytest.raises(ValueError, match="Couldn't find"):
            framework.get_unique_variable("b/w")
        with pytest.raises(TypeError, match="exclude"):
            framework.get_variables_to_restore(exclude="a")


def test_variables_take_what_a_checkpoint_has_and_no_other_shape(tmp_path: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        w = tf.get_variable("w", initializer=[1.0, 2.0])
        session.run(w.initializer)
        path = tf.train.Saver().save(session, str(tmp_path / "model"))
    with tf.Graph().as_default(), tf.Session() as session:
        new, wrong = tf.get_variable("new", [2]), tf.get_variable("wrong", [3])
        session.run(*framework.assign_from_checkpoint(path, {"w": [new]}))
        assert session.run(new).tolist() == [1.0, 2.0]
        with pytest.raises(ValueError, match="Total size"):
            framework.assign_from_checkpoint(path, {"w": wrong})
        with pytest.raises(ValueError, match=r"missing variable \[new\]"):
            framework.assign_from_checkpoint(path, [new])
        assert framework.assign_from_checkpoint_fn(path, [wrong], True) is None


@pytest.mark.parametrize(("wanted", "value", "works"), [
    ([2, 3], np.zeros([2, 3], "float32"), True),
    ([-1, 3], np.zeros([2, 3], "float32"), True),
    ([3, 3], np.zeros([2, 3], "float32"), False),
    ([2], np.zeros([2, 3], "float32"), False),
])
def test_a_shape_is_checked_when_it_is_known(wanted: Any, value: Any, works: bool) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32)
        checked = framework.with_shape(wanted, x)
        if works:
            assert session.run(checked, {x: value}).shape == value.shape
            assert framework.with_shape(wanted, tf.constant(value)).shape.as_list() == [2, 3]
        else:
            with pytest.raises(tf.errors.InvalidArgumentError, match="where the graph says"):
                session.run(checked, {x: value})
            with pytest.raises(ValueError, match="Invalid shape"):
                framework.with_shape(wanted, tf.constant(value))


def test_a_python_function_takes_keywords_and_gives_a_structure() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [2])
        y = framework.py_func(lambda a, b, scale: (a + b["c"], {"d": scale * a}), [x, {"c": x}],
                              {"scale": tf.constant(3.0)}, (tf.float32, {"d": tf.float32}),
                              lambda *args, **kwargs: ([2], {"d": [None]}))
        total, more = session.run(y, {x: [1.0, 2.0]})
        assert y[0].shape.as_list() == [2] and y[1]["d"].shape.as_list() == [None]
    assert total.tolist() == [2.0, 4.0] and more["d"].tolist() == [3.0, 6.0]


@pytest.mark.parametrize(("pairs", "more", "expected"), [
    ([(False, 1), (True, 2), (None, 3)], {}, 2),
    ([(False, 1)], {"default": lambda: 9}, 9),
    ([(None, 1), (True, 2)], {}, 2),
    ([(None, 1), (False, 2)], {"default": lambda: tf.constant(9), "exclusive": True}, 9),
])
def test_a_smart_case_leaves_out_what_is_known(pairs: Any, more: Any, expected: int) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        unknown = tf.placeholder_with_default(False, [])
        result = framework.smart_case(
            [(unknown if known is None else known, lambda n=n: tf.constant(n))
             for known, n in pairs], **more)
        types = {op.type for op in graph.get_operations()}
        value = session.run(result) if isinstance(result, tf.Tensor) else result
    assert value == expected
    assert any(kind in types for kind in ("If", "Cond")) == (pairs[0][0] is None)


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda: framework.py_func(len, tf.constant(1.0)), TypeError, "args must be a list or tuple"),
    (lambda: framework.py_func(len, [], [1]), TypeError, "kwargs must be a dict"),
    (lambda: framework.py_func(len, [tf.constant(1.0)]), TypeError, "needs output_types"),
    (lambda: framework.smart_case([(False, int)]), ValueError, "No predicate can be true"),
    (lambda: framework.smart_constant_value(np.zeros(2)), TypeError, "`pred` must be a Tensor"),
    (lambda: framework.smart_case([(True, int), (True, int)], exclusive=True), ValueError,
     "More than one predicate is true"),
])
def test_wrong_use_of_functions_is_told_of(build: Any, error: type, words: str) -> None:
    with tf.Graph().as_default(), pytest.raises(error, match=words):
        build()
