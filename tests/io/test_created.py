"""Operations made by the name of their type."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg


def attr(**value):
    return fg.AttrValue(**value)


@pytest.fixture(autouse=True)
def graph():
    """A graph of its own."""
    with fg.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize(("op_type", "inputs", "attrs", "expected"), [
    ("MatMul", [[[1.0, 2.0]], [[3.0], [4.0]]], {}, [[11.0]]),
    ("MatMul", [[[1.0, 2.0]], [[3.0, 4.0]]], {"transpose_b": {"b": True}}, [[11.0]]),
    ("ConcatV2", [[1.0], [2.0], [3.0], 0], {}, [1.0, 2.0, 3.0]),
    ("AddN", [[1.0], [2.0], [3.0]], {}, [6.0]),
    ("Pack", [1.0, 2.0], {"axis": {"i": 0}}, [1.0, 2.0]),
    ("Cast", [1.5], {"DstT": {"type": 3}}, 1),
])
def test_attributes_that_inputs_tell_may_be_left_out(graph, op_type, inputs, attrs, expected):
    op = graph.create_op(op_type, [fg.constant(x) for x in inputs],
                         attrs={key: attr(**value) for key, value in attrs.items()})
    assert op.type == op_type and op.name == op_type
    np.testing.assert_array_equal(fg.Session().run(op.outputs[0]), expected)


def test_names_are_made_unique_in_their_scope(graph) -> None:
    x = fg.constant(1.0)
    with fg.name_scope("a"):
        ops = [graph.create_op("Square", [x], [fg.float32], name="b") for _ in range(2)]
        last = graph.create_op("Square", [x], name="c/d/")
    assert [op.name for op in (*ops, last)] == ["a/b", "a/b_1", "c/d"]
    assert fg.gradients(ops[0].outputs[0], x)[0] is not None


@pytest.mark.parametrize(("act", "error", "words"), [
    (lambda g: g.create_op("Nothing", []), ValueError, "Op type not registered 'Nothing'"),
    (lambda g: g.create_op("Square", [2.0]), TypeError, "input 0 of Square is not a tensor"),
    (lambda g: g.create_op("Square", [fg.constant(1.0)], attrs={"T": 1}), TypeError,
     "no tf.AttrValue"),
    (lambda g: g.create_op("Square", [fg.constant(1.0)], [fg.int32]), TypeError, "dtypes= says"),
    (lambda g: g.create_op("MatMul", [fg.constant([1.0]), fg.constant([1.0])]), ValueError,
     "MatMul"),
])
def test_wrong_use_is_refused(graph, act, error, words) -> None:
    with pytest.raises(error, match=words):
        act(graph)


def test_sessions_share_nothing_that_reset_could_forget() -> None:
    v = fg.Variable(2.0)
    with fg.Session() as session:
        session.run(v.initializer)
        fg.Session.reset("")
        assert session.run(v) == 2.0
