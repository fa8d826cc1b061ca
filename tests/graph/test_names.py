"""Unique names of operations, as TensorFlow 1 gives them."""

from __future__ import annotations

import pytest

import flowgraph as fg

SEQUENCES = [  # names asked for, names given
    (["a", "a", "a"], ["a", "a_1", "a_2"]),
    (["a", "A", "a_1"], ["a", "A_1", "a_1_1"]),
    (["a", "a", "A", "a_1", "a_1"], ["a", "a_1", "A_2", "a_1_1", "a_1_2"]),
    (["a_1", "a", "a", "a"], ["a_1", "a", "a_2", "a_3"]),
    (["b/c", "b/C", "b/c"], ["b/c", "b/C_1", "b/c_2"]),
    (["q/", "q", "q"], ["q", "q_1", "q_2"]),
    (["q", "q/"], ["q", "q_1"]),
    ([".a", "1a", "a-b", "a.b", "a_"], [".a", "1a", "a-b", "a.b", "a_"]),
    (["", None], ["NoOp", "NoOp_1"]),
]


@pytest.mark.parametrize(("asked", "given"), SEQUENCES, ids=lambda v: ",".join(map(str, v)))
def test_a_taken_name_gets_the_next_number_and_case_does_not_count(asked, given) -> None:
    assert [fg.no_op(name=name).name for name in asked] == given


def test_an_op_without_a_name_is_called_as_its_type() -> None:
    x = fg.constant([[1.0]])
    names = [fg.matmul(x, x).op.name for _ in range(3)]
    assert names == ["MatMul", "MatMul_1", "MatMul_2"]


@pytest.mark.parametrize("name", ["_a", "a b", "a:0", "-a", "/a", "ä", "a,b", "_"])
def test_an_invalid_name_raises_and_builds_nothing(name, fresh_graph) -> None:
    with pytest.raises(ValueError, match="is not a valid operation name: it must start with"):
        fg.no_op(name=name)
    assert fresh_graph.version == 0


@pytest.mark.parametrize("name", [3, b"a", ["a"]])
def test_a_name_must_be_a_string(name) -> None:
    with pytest.raises(TypeError, match="name must be a string"):
        fg.no_op(name=name)


def test_unique_name_takes_the_name_unless_told_to_look_only(fresh_graph) -> None:
    g = fresh_graph
    assert [g.unique_name("a"), g.unique_name("a"), g.unique_name("a", mark_as_used=False),
            g.unique_name("a", mark_as_used=False), g.unique_name("a")] == [
                "a", "a_1", "a_2", "a_2", "a_2"]


def test_names_within_a_path_are_separate_from_its_head(fresh_graph) -> None:
    g = fresh_graph
    assert [g.unique_name(name) for name in ("a/b", "a", "a/b/c", "a/b")] == [
        "a/b", "a", "a/b/c", "a/b_1"]


def test_no_two_operations_share_a_name(fresh_graph) -> None:
    for name in ("a", "a_1", "a", "A", "a/", "a_1/", "a_2", "a"):
        fg.no_op(name=name)
    names = [op.name for op in fresh_graph.get_operations()]
    assert len({name.lower() for name in names}) == len(names) == 8


def test_inputs_made_of_python_values_are_named_after_the_op_and_the_parameter(fresh_graph) -> None:
    x = fg.placeholder(fg.float32, name="x")
    x * 2.0
    2.0 - x
    fg.reduce_sum(x, axis=0, name="total")
    assert [op.name for op in fresh_graph.get_operations()][1:] == [
        "mul/y", "mul", "sub/x", "sub", "total/reduction_indices", "total"]
