"""GraphDefs of programs whose branches and loops write to variables: these are resources there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.io.graphs.op_table import names, signature
from flowgraph.ops.variable_handles import is_used_inside, takers
from tests.io.state_programs import PROGRAMS

# what TensorFlow gave for these graphs
EXPECTED = json.loads((Path(__file__).parent / "files" / "state_programs.json").read_text())


def name_of(element) -> str:
    return element if isinstance(element, str) else element.name


def built(program):
    """(graph, runs by names, name of the initializer) of a program."""
    with tf.Graph().as_default() as graph:
        runs = [([name_of(t) for t in fetches], {name_of(key): fed for key, fed in feeds.items()})
                for fetches, feeds in PROGRAMS[program](tf)]
        start = tf.group(tf.global_variables_initializer(), tf.local_variables_initializer())
    return graph, runs, start.name


def check(program, graph, runs, start) -> None:
    with graph.as_default(), tf.Session() as sess:
        sess.run(start)
        for (fetches, feeds), expected in zip(runs, EXPECTED[program], strict=True):
            found = [np.asarray(value) for value in sess.run(fetches, feeds) if value is not None]
            for value, wanted in zip(found, expected, strict=True):
                if isinstance(wanted, str):
                    assert str(value.tolist()) == wanted
                else:
                    np.testing.assert_allclose(value, wanted, 1e-5, 1e-6)


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_give_the_same_as_their_graphs_in_tensorflow(program) -> None:
    check(program, *built(program))


@pytest.mark.parametrize("program", PROGRAMS)
def test_written_graphs_go_on_here(program) -> None:
    graph, runs, start = built(program)
    with graph.as_default():
        meta = tf.train.export_meta_graph()
    with tf.Graph().as_default() as again:
        tf.train.import_meta_graph(meta)
    check(program, again, runs, start)
    variables = [v.name for v in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)]
    assert [v.name for v in again.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)] == variables


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_graph_that_was_read_is_written_with_the_same_nodes(program) -> None:
    graph_def = built(program)[0].as_graph_def()
    with tf.Graph().as_default() as again:
        tf.import_graph_def(graph_def, name="")
    first, second = ({node.name: node.op for node in g.node if "/While/" not in node.name
                      and node.op not in ("Switch", "VarIsInitializedOp")}
                     for g in (graph_def, again.as_graph_def()))
    assert first.items() - second.items() == set()


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_function_takes_a_reference(program) -> None:
    library = built(program)[0].as_graph_def().library
    assert library.function, "the program has no branch or loop"
    for function in library.function:
        assert not any(arg.is_ref for arg in function.signature.input_arg)
        for node in function.node_def:
            row = signature(node.op)
            assert node.op in names() and not any(arg.is_ref for arg in row.inputs), node.op


# ---- what the nodes are --------------------------------------------------------------------------


def nodes_of(build):
    """(name, op type, inputs) of the nodes of a graph and of its functions, less constants."""
    with tf.Graph().as_default() as graph:
        build()
    graph_def = graph.as_graph_def()
    functions = {f.signature.name: f.node_def for f in graph_def.library.function}
    return {part: [(node.name, node.op, *node.input) for node in nodes if node.op != "Const"]
            for part, nodes in {"": graph_def.node, **functions}.items()}


def test_nodes_of_a_variable_and_of_a_write_in_a_branch() -> None:
    def build():
        v = tf.Variable(1.0, name="v")
        yes = tf.placeholder(tf.bool, [], name="yes")
        tf.cond(yes, lambda: tf.assign_add(v, 2.0), lambda: tf.identity(v) * 1.0)
        tf.assign_sub(v, 3.0)

    assert nodes_of(build) == {
        "": [("v", "VarHandleOp"), ("v/Assign", "AssignVariableOp", "v", "v/initial_value"),
             ("v/read", "ReadVariableOp", "v"), ("yes", "Placeholder"),
             ("cond/If", "If", "yes", "v", "v/read"), ("cond/Merge", "Identity", "cond/If"),
             ("AssignSub/write", "AssignSubVariableOp", "v", "AssignSub/value"),
             ("AssignSub", "ReadVariableOp", "v", "^AssignSub/write")],
        "cond_If_then": [
            ("cond/AssignAdd/write", "AssignAddVariableOp", "arg_0",
             "cond/AssignAdd/value:output:0"),
            ("cond/AssignAdd", "ReadVariableOp", "arg_0", "^cond/AssignAdd/write"),
            ("cond/Identity", "Identity", "cond/AssignAdd:value:0")],
        "cond_If_else": [("cond/Identity_1", "Identity", "arg_1"),
                         ("cond/mul", "Mul", "cond/Identity_1:output:0", "cond/mul/y:output:0")]}


def test_other_variables_stay_as_they_are() -> None:
    def build():
        v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
        tf.cond(tf.constant(True), lambda: tf.assign_add(v, w), lambda: w.read_value())
        tf.assign_add(w, 3.0, name="add")

    found = {row[0]: row[1] for row in nodes_of(build)[""]}
    assert [found[name] for name in ("v", "w", "w/read", "add")] == [
        "VarHandleOp", "VariableV2", "Identity", "AssignAdd"]


def test_writes_of_a_branch_come_in_order_and_after_reads() -> None:
    def build():
        v = tf.Variable(1.0, name="v")

        def branch():
            first, second = tf.assign(v, 2.0, name="first"), tf.assign_add(v, 3.0, name="second")
            old = v.read_value()
            with tf.control_dependencies([first, second]):
                return tf.identity(old, name="old"), v.read_value()
        tf.cond(tf.constant(True), branch, lambda: (0.0, 0.0))

    rows = {row[0]: row[1:] for row in nodes_of(build)["cond_If_then"]}
    assert rows["cond/first"][0] == "AssignVariableOp"  # nobody asks for its value
    assert "^cond/read" in rows["cond/first"]
    assert "^cond/first" in rows["cond/second"]
    assert {"^cond/first", "^cond/second"} <= {*rows["cond/read_1"]}


def test_a_loop_reads_anew_in_each_round_what_it_writes() -> None:
    def build():
        v = tf.Variable(1.0, name="v")

        def body(s):
            with tf.control_dependencies([tf.assign_add(v, 1.0, name="add")]):
                return tf.identity(s * 2.0)
        tf.while_loop(lambda s: s + v < 9.0, body, [0.0])

    found = nodes_of(build)
    reads = [row for row in found["while_While_cond"] if row[1] == "ReadVariableOp"]
    assert reads == [("while/While/read", "ReadVariableOp", "arg_3")]
    assert {row[1] for row in found[""]} >= {"While", "VarHandleOp"}


def test_other_ops_take_the_value_from_a_read_of_their_own() -> None:
    def build():
        v = tf.Variable([1.0], name="v")
        tf.cond(tf.constant(True), lambda: tf.assign_add(v, [1.0]), lambda: v + 0.0)
        tf.train.Saver()

    rows = {row[0]: row[1:] for row in nodes_of(build)[""]}
    assert rows["save/SaveV2/read"] == ("ReadVariableOp", "v")
    assert rows["save/SaveV2"][-1] == "save/SaveV2/read"
    assert rows["save/Assign/write"][:2] == ("AssignVariableOp", "v")


# ---- messages about variables --------------------------------------------------------------------


def test_messages_say_that_a_variable_is_a_resource() -> None:
    v, w = tf.Variable([1.0, 2.0], name="v"), tf.Variable(1.0, name="w")
    tf.cond(tf.constant(True), lambda: tf.assign(v, [3.0, 4.0]), lambda: v + 0.0)
    assert (v.to_proto().is_resource, w.to_proto().is_resource) == (True, False)
    assert is_used_inside(v._ref()) and not is_used_inside(w._ref())
    assert sorted((op.type, inside) for op, inside in takers(v._ref())) == [
        ("Assign", False), ("Assign", True)]
    graph_def = v.graph.as_graph_def(add_shapes=True)
    shapes = {node.name: node.attr["_output_shapes"].list.shape for node in graph_def.node}
    assert shapes["v"][0].unknown_rank and [dim.size for dim in shapes["v/read"][0].dim] == [2]
    attrs = next(node.attr for node in graph_def.node if node.name == "v")
    assert attrs["shared_name"].s == b"v" and [dim.size for dim in attrs["shape"].shape.dim] == [2]
    assert v.op.node_def.op == v.op.type == "VariableV2"


def test_ops_inside_of_branches_are_left_out_of_collections() -> None:
    with tf.Graph().as_default():
        v = tf.Variable(1.0, name="v")
        step = tf.cond(tf.constant(True), lambda: tf.group(
            tf.train.GradientDescentOptimizer(0.1).minimize(v * v)), tf.no_op)
        tf.add_to_collection(tf.GraphKeys.TRAIN_OP, step)
        meta = tf.train.export_meta_graph()
    assert list(meta.collection_def["train_op"].node_list.value) == [step.name]
    with tf.Graph().as_default():
        tf.train.import_meta_graph(meta)
        assert [t.name for t in tf.get_collection("train_op")] == [step.name]


def test_a_variable_whose_shape_a_branch_changes_has_a_handle_of_no_shape() -> None:
    v = tf.Variable([1.0], name="v", validate_shape=False)
    tf.cond(tf.constant(True), lambda: tf.assign(v, [1.0, 2.0], validate_shape=False),
            lambda: v + 0.0)
    node = next(node for node in v.graph.as_graph_def().node if node.name == "v")
    assert node.attr["shape"].shape.unknown_rank
