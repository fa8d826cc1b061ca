"""Collections of a graph."""

from __future__ import annotations

import pytest

import flowgraph as fg


def test_a_collection_keeps_what_is_added_in_order_and_gives_copies(fresh_graph) -> None:
    fresh_graph.add_to_collection("k", 1)
    fg.add_to_collection("k", 2)
    fg.add_to_collection("k", 2)
    assert fg.get_collection("k") == [1, 2, 2]
    fg.get_collection("k").append(3)
    assert fresh_graph.get_collection("k") == [1, 2, 2]
    assert fg.get_collection("other") == []


def test_a_reference_to_a_collection_changes_the_graph(fresh_graph) -> None:
    fg.get_collection_ref("k").append(1)
    fg.get_collection_ref("k").append(2)
    assert fg.get_collection("k") == [1, 2]
    fresh_graph.clear_collection("k")
    assert fg.get_collection("k") == []
    fresh_graph.clear_collection("nosuch")


@pytest.mark.parametrize(("names", "keys"), [
    (["a", "b", "a"], ["a", "b"]), ("abc", ["abc"]), ((), []), (None, []), ({"a"}, ["a"])])
def test_a_value_goes_once_into_each_of_several_collections(names, keys, fresh_graph) -> None:
    fg.add_to_collections(names, 1)
    assert fresh_graph.collections == keys
    assert all(fg.get_collection(key) == [1] for key in keys)


def test_the_keys_are_those_that_are_text_empty_ones_too(fresh_graph) -> None:
    fg.get_collection_ref("empty")
    fg.add_to_collection(("a", "tuple"), 1)
    assert fresh_graph.get_all_collection_keys() == ["empty"]
    assert fresh_graph.get_collection(("a", "tuple")) == [1]


def test_a_scope_selects_by_a_regular_expression_from_the_start_of_the_name() -> None:
    with fg.name_scope("s"):
        a = fg.constant(1.0, name="a")
    b = fg.constant(1.0, name="t")
    for value in (a, b, 3):
        fg.add_to_collection("k", value)
    for scope, found in (("s", [a]), ("s/", [a]), (".*a", [a]), ("", [a, b]), ("a", []),
                         ("s|t", [a, b])):
        assert fg.get_collection("k", scope) == found


def test_a_finalized_graph_takes_nothing_into_collections(fresh_graph) -> None:
    fresh_graph.finalize()
    for add in (fg.add_to_collection, fg.add_to_collections):
        with pytest.raises(RuntimeError, match=r"'k'.*is finalized and cannot be modified"):
            add("k", 1)
    assert fg.get_collection("k") == []


def test_standard_keys_have_tensorflows_names() -> None:
    keys = fg.GraphKeys
    assert keys.GLOBAL_VARIABLES == keys.VARIABLES == "variables"
    assert keys.TRAINABLE_VARIABLES == "trainable_variables"
    assert keys.REGULARIZATION_LOSSES == "regularization_losses"
    assert keys.UPDATE_OPS == "update_ops"
    assert keys.TABLE_INITIALIZERS == "table_initializer"
