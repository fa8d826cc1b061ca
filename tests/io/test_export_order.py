"""Exported training steps read variables before they write them."""

from __future__ import annotations

import pytest

import flowgraph as tf


def controls(optimizer, *, inner=False):
    """The control inputs that writes to weights get when a step is exported, less their scopes."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = [tf.get_variable(f"w{i}", [2, 2]) for i in range(2)]
    y = tf.matmul(tf.matmul(x, w[0]), w[1])
    step = optimizer.minimize(tf.reduce_sum(y), var_list=w[:1] if inner else None)
    assert step.graph is tf.get_default_graph()
    return {node.name: [text for text in node.input if text.startswith("^gradients")]
            for node in tf.get_default_graph().as_graph_def().node
            if any(text.startswith("^gradients") for text in node.input) and "update" in node.name}


@pytest.mark.parametrize("optimizer", [
    tf.train.AdamOptimizer(0.1), tf.train.AdagradOptimizer(0.1),
    tf.train.MomentumOptimizer(0.1, 0.9), tf.train.GradientDescentOptimizer(0.1)],
    ids=lambda optimizer: type(optimizer).__name__)
def test_a_weight_is_written_after_the_gradient_that_needs_it(optimizer) -> None:
    found = controls(optimizer)
    assert len(found) == 1
    (name, waits), = found.items()
    assert "/update_w1/" in name and waits == ["^gradients/MatMul_1_grad/MatMul"]


def test_a_step_waits_for_nothing_that_it_does_not_need() -> None:
    assert controls(tf.train.AdamOptimizer(0.1), inner=True) == {}


def test_rows_of_slots_are_read_from_what_has_written_them() -> None:
    ids = tf.placeholder(tf.int32, [None], name="ids")
    rows = tf.nn.embedding_lookup(tf.get_variable("e", [4, 2]), ids)
    tf.train.AdagradOptimizer(0.1).minimize(tf.reduce_sum(rows))
    nodes = {node.name: node for node in tf.get_default_graph().as_graph_def().node}
    (add,) = (node for node in nodes.values() if node.op == "ScatterAdd")
    slot = add.input[0]
    readers = {node.op for node in nodes.values() if slot in node.input}
    assert "GatherV2" not in readers
    assert [node.op for node in nodes.values() if add.name in node.input] == ["GatherV2"]
    assert not [text for text in add.input if text.startswith("^")]


def test_reads_that_are_after_a_write_stay_there() -> None:
    w = tf.Variable(1.0, name="w")
    grad, = tf.gradients(w * w, w)
    write = w.assign_sub(grad)
    with tf.control_dependencies([write]):
        after = w.read_value() * 2.0
    tf.group(write, after)
    nodes = {node.name: node for node in tf.get_default_graph().as_graph_def().node}
    assert f"^{after.op.name}" not in nodes[write.op.name].input


def test_graphs_without_training_stay_as_they_are() -> None:
    w = tf.Variable(1.0, name="w")
    tf.group(w.assign_add(w * 2.0))
    nodes = {node.name: list(node.input)
             for node in tf.get_default_graph().as_graph_def().node}
    assert nodes["AssignAdd"] == ["w", "mul"]


def test_no_write_and_read_wait_for_each_other() -> None:
    """Of two reads that lead to other writes, an added edge may turn the next one into a circle."""
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    a, b = (tf.get_variable(name, [2, 2]) for name in "ab")
    loss = tf.reduce_sum(tf.matmul(tf.matmul(x, a * b), tf.matmul(b, a)))
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    nodes = {node.name: node for node in tf.get_default_graph().as_graph_def().node}
    seen: set[str] = set()

    def visit(name: str, around: frozenset[str]) -> None:
        assert name not in around, f"{name} waits for itself"
        if name not in seen:
            for text in nodes[name].input:
                visit(text.removeprefix("^").partition(":")[0], around | {name})
            seen.add(name)

    for name in nodes:
        visit(name, frozenset())
