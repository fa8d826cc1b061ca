"""Scaffold: what it makes, takes from collections, and takes over from another one."""

from __future__ import annotations

import pytest

import flowgraph as tf


def test_what_is_made_is_named_as_in_tensorflow(fresh_graph) -> None:
    tf.get_variable("v", initializer=1.0)
    scaffold = tf.train.Scaffold().finalize()
    assert [getattr(scaffold, part).name for part in (
        "init_op", "ready_op", "ready_for_local_init_op", "local_init_op")] == [
            "group_deps", "concat:0", "concat_1:0", "group_deps_1"]
    assert scaffold.summary_op is None and fresh_graph.finalized
    types = {op.name: op.type for op in fresh_graph.get_operations()}
    assert all(types[name] == "NoOp" for name in ("init", "init_1", "init_2", "init_3",
                                                  "init_all_tables"))


def test_what_is_made_is_found_again(fresh_graph) -> None:
    tf.get_variable("v", initializer=1.0)
    first = tf.train.Scaffold().finalize()
    fresh_graph._unsafe_unfinalize()
    second = tf.train.Scaffold().finalize()
    for part in ("init_op", "ready_op", "ready_for_local_init_op", "local_init_op", "saver"):
        assert getattr(first, part) is getattr(second, part), part


def test_two_things_of_one_purpose_are_refused() -> None:
    v = tf.get_variable("v", initializer=1.0)
    for _ in range(2):
        tf.add_to_collection(tf.GraphKeys.INIT_OP, v.initializer)
    with pytest.raises(RuntimeError, match="init_op") as caught:
        tf.train.Scaffold().finalize()
    assert "Scaffold(init_op=...)" in str(caught.value)


def test_an_item_or_else_a_new_one() -> None:
    find = tf.train.Scaffold.get_or_default
    assert find("x", "things", lambda: None) is None and tf.get_collection("things") == []
    assert [find("x", "things", lambda: 7), find("x", "things", lambda: 8)] == [7, 7]


def test_initialization_with_feeds_and_a_function() -> None:
    v, w = tf.get_variable("v", initializer=1.0), tf.get_variable("w", initializer=2.0)
    x = tf.placeholder(tf.float32, [])
    given = []

    def init_fn(scaffold, session):
        given.append(scaffold)
        w.load(session.run(v) + 1.0, session)

    scaffold = tf.train.Scaffold(init_op=tf.group(v.assign(x), w.initializer),
                                 init_feed_dict={x: 5.0}, init_fn=init_fn)
    with tf.train.MonitoredTrainingSession(scaffold=scaffold) as sess:
        assert sess.run([v, w]) == [5.0, 6.0]
    assert given == [scaffold]


def test_local_variables_and_tables_are_initialized() -> None:
    local = tf.get_local_variable("local", initializer=3)
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)
    found = table.lookup(tf.constant(["b", "c"]))
    with tf.train.MonitoredSession() as sess:
        assert sess.run(local) == 3
        assert sess.run(found).tolist() == [2, -1]


def test_variables_that_the_init_op_leaves_out_are_named() -> None:
    v = tf.get_variable("v", initializer=1.0)
    tf.get_variable("forgotten", initializer=1.0)
    scaffold = tf.train.Scaffold(init_op=v.initializer)
    with pytest.raises(RuntimeError, match=r"did not make model ready.*forgotten"):
        tf.train.MonitoredTrainingSession(scaffold=scaffold)


def test_parts_of_another_scaffold_are_taken_over() -> None:
    v = tf.get_variable("v", initializer=1.0)
    other = tf.train.Scaffold(init_fn=lambda scaffold, session: seen.append(scaffold),
                              summary_op="s", init_feed_dict={v: 1.0}).finalize()
    seen: list[object] = []
    copy = tf.train.Scaffold(summary_op="mine", copy_from_scaffold=other)
    assert copy.summary_op == "mine" and copy.saver is other.saver
    assert copy.init_feed_dict is other.init_feed_dict
    copy.init_fn(None)
    assert seen == [copy]  # the function gets the Scaffold that it is used by


def test_a_scaffold_is_copied_from_a_scaffold_only() -> None:
    with pytest.raises(TypeError):
        tf.train.Scaffold(copy_from_scaffold="scaffold")
