"""Tensor: what it tells, and what a symbolic value cannot do."""

from __future__ import annotations

import copy
import sys

import numpy as np
import pytest

import flowgraph as fg


def this_line() -> int:
    return sys._getframe(1).f_lineno


def test_a_tensor_tells_its_op_number_dtype_shape_and_graph(fresh_graph) -> None:
    a, b = fg.split(fg.zeros([4, 2]), 2, name="halves")
    assert (b.name, b.op.name, b.value_index, a.value_index) == ("halves:1", "halves", 1, 0)
    assert b.op.outputs[1] is b
    assert b.dtype is fg.float32
    assert b.shape.as_list() == b.get_shape().as_list() == [2, 2]
    assert b.graph is fresh_graph


def test_consumers_are_listed_once_per_use() -> None:
    x = fg.constant(1.0)
    y, z = x + x, fg.identity(x)
    assert x.consumers() == [y.op, y.op, z.op]
    x.consumers().clear()
    assert len(x.consumers()) == 3
    assert z.consumers() == []


@pytest.mark.parametrize(("make", "text", "representation"), [
    (lambda: fg.constant([1.0, 2.0], name="c"), 'Tensor("c:0", shape=(2,), dtype=float32)',
     "<tf.Tensor 'c:0' shape=(2,) dtype=float32>"),
    (lambda: fg.placeholder(fg.int32, [None, 2], name="p"),
     'Tensor("p:0", shape=(?, 2), dtype=int32)', "<tf.Tensor 'p:0' shape=(?, 2) dtype=int32>"),
    (lambda: fg.placeholder(fg.float32, name="p"), 'Tensor("p:0", dtype=float32)',
     "<tf.Tensor 'p:0' shape=<unknown> dtype=float32>"),
    (lambda: fg.constant("a", name="s"), 'Tensor("s:0", shape=(), dtype=string)',
     "<tf.Tensor 's:0' shape=() dtype=string>")])
def test_tensors_print_as_in_tensorflow(make, text, representation) -> None:
    tensor = make()
    assert (str(tensor), repr(tensor)) == (text, representation)


def test_a_tensor_equals_only_itself_and_is_a_key() -> None:
    a, b = fg.constant(1.0), fg.constant(1.0)
    assert a == a
    assert (a == b) is False
    assert (a != b) is True
    assert (a == 1.0) is False
    assert {a: "a", b: "b"}[b] == "b"
    assert b in [a, b]


def test_copies_of_a_tensor_are_the_tensor() -> None:
    a = fg.constant(1.0)
    assert copy.copy(a) is a
    assert copy.deepcopy({"a": [a]})["a"][0] is a
    assert copy.deepcopy(a.op) is copy.copy(a.op) is a.op


# ---- set_shape -----------------------------------------------------------------------------------


def test_set_shape_adds_to_what_is_known() -> None:
    x = fg.placeholder(fg.float32)
    for added, known in ((None, None), ([None, 3], [None, 3]), ([2, None], [2, 3]),
                         (fg.TensorShape([None, None]), [2, 3]), ([2, 3], [2, 3])):
        x.set_shape(added)
        assert x.shape.as_tuple() == (None if known is None else tuple(known))


@pytest.mark.parametrize("shape", [[3], [2, 4], []])
def test_set_shape_refuses_what_contradicts(shape) -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    with pytest.raises(ValueError, match="contradicts it") as caught:
        x.set_shape(shape)
    assert "'x:0' (test_tensor.py:" in str(caught.value)
    assert "has shape (2, 3)" in str(caught.value)
    assert x.shape.as_list() == [2, 3]


def test_set_shape_after_a_run_counts_in_the_next_one() -> None:
    x = fg.placeholder(fg.float32, name="x")
    y = x * 2.0
    with fg.Session() as sess:
        assert sess.run(y, {x: [1, 2, 3]}).shape == (3,)
        x.set_shape([2])
        with pytest.raises(ValueError, match=r"which has shape \(2,\)"):
            sess.run(y, {x: [1, 2, 3]})


# ---- misuse --------------------------------------------------------------------------------------

MISUSES = [  # use, error, words
    (bool, TypeError, ["its truth value", "tf.cond"]),
    (lambda t: not t, TypeError, ["its truth value"]),
    (lambda t: t and 1, TypeError, ["its truth value", "tf.logical_and"]),
    (lambda t: [1] if t else [], TypeError, ["its truth value"]),
    (len, TypeError, ["no Python length", "t.shape[0]", "tf.shape(t)[0]"]),
    (list, TypeError, ["cannot be iterated over", "tf.unstack"]),
    (lambda t: [*t], TypeError, ["cannot be iterated over"]),
    (lambda t: max(t, key=str), TypeError, ["cannot be iterated over"]),
    (lambda t: 1.0 in t, TypeError, ["`in` needs its values", "tf.reduce_any"]),
    (lambda t: t.__setitem__(0, 1.0), TypeError, ["cannot be assigned to", "tf.Variable"]),
    (np.sin, NotImplementedError, ["NumPy cannot read its values", "tf function"]),
    (np.array, NotImplementedError, ["NumPy cannot read its values", "Session.run"]),
    (np.mean, NotImplementedError, ["NumPy cannot read its values"]),
    (lambda t: np.asarray([t]), NotImplementedError, ["NumPy cannot read its values"]),
    (lambda t: np.zeros(2).dot(t), NotImplementedError, ["NumPy cannot read its values"]),
    (float, TypeError, ["it is not a Python number", "Session.run"]),
    (int, TypeError, ["it is not a Python number"]),
    (complex, TypeError, ["it is not a Python number"]),
    (range, TypeError, ["it is not a Python number"]),
    (lambda t: [1, 2][t], TypeError, ["it is not a Python number"]),
]


@pytest.mark.parametrize(("use", "error", "words"), MISUSES)
def test_using_a_tensor_as_values_raises_and_says_what_to_write(use, error, words) -> None:
    line = this_line() + 1
    tensor = fg.constant([1.0, 2.0], name="c")
    with pytest.raises(error) as caught:
        use(tensor)
    for word in [f"'c:0' (test_tensor.py:{line}) is symbolic", "docs: errors#tensor-use-error",
                 *words]:
        assert word in str(caught.value)
    assert isinstance(caught.value, TypeError)


def test_a_chained_comparison_needs_the_truth_value_of_its_first_half() -> None:
    with pytest.raises(TypeError, match=r"'Greater:0' \(test_tensor.py:.* its truth value"):
        assert 0.0 < fg.constant(1.0) < 2.0


@pytest.mark.parametrize(("shape", "words"), [
    ([], "it is a scalar"), ([None], "its first size is unknown"), (None, "its first size")])
def test_iterating_says_why_it_cannot_even_be_unstacked(shape, words) -> None:
    with pytest.raises(TypeError, match=words):
        list(fg.placeholder(fg.float32, shape))


def test_numpy_operands_leave_the_operation_to_the_tensor() -> None:
    array, t = np.array([1.0, 2.0], np.float32), fg.constant([3.0, 4.0])
    for y in (array * t, t * array, np.float32(2) * t, array - t, array[None] @ fg.ones([2, 1])):
        assert isinstance(y, fg.Tensor)
    assert fg.Session().run(array - t).tolist() == [-2.0, -2.0]


def test_attributes_that_are_not_there_raise() -> None:
    with pytest.raises(AttributeError):
        fg.constant(1.0).numpy()


# ---- eval ----------------------------------------------------------------------------------------


def test_eval_and_run_use_the_default_session_or_the_one_given() -> None:
    x = fg.placeholder(fg.float32, name="x")
    y = x + 1.0
    with fg.Session() as sess:
        assert y.eval({x: 1.0}) == 2.0
        assert y.op.run({x: 1.0}) is None
    with fg.Session() as other:
        assert y.eval(feed_dict={x: 2.0}, session=other) == 3.0
    with pytest.raises(RuntimeError, match="closed Session"):
        y.eval({x: 1.0}, session=sess)


@pytest.mark.parametrize(("use", "words"), [
    (lambda: fg.constant(1.0, name="c").eval(), "cannot eval 'c:0': there is no default session"),
    (lambda: fg.no_op(name="n").run(), "cannot run 'n': there is no default session")])
def test_without_a_session_eval_and_run_say_so(use, words) -> None:
    with pytest.raises(ValueError, match=words):
        use()


def test_a_session_of_another_graph_cannot_eval() -> None:
    x = fg.constant(1.0)
    with fg.Session(graph=fg.Graph()), pytest.raises(ValueError, match="runs another graph"):
        x.eval()
