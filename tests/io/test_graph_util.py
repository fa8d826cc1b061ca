"""tf.graph_util, tf.train.write_graph: parts of graphs, frozen graphs, files."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.io.graphs.graph_messages import GraphDef
from tests.io.test_graph_import import ENTRIES


def network():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable([[1.0], [2.0]], name="w")
    b = tf.Variable([0.5], name="b")
    return tf.identity(tf.matmul(x, w) + b, name="y")


def test_a_frozen_graph_gives_the_same_without_variables() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        network()
        session.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])
        part = tf.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["y"], variable_names_blacklist=["b"])
    assert {node.op for node in frozen.node} == {"Placeholder", "Const", "Identity", "MatMul",
                                                 "AddV2"}
    assert [node.name for node in part.node if node.op == "VariableV2"] == ["b"]
    with tf.Graph().as_default(), tf.Session() as session:
        y, = tf.import_graph_def(frozen, return_elements=["y:0"])
        assert session.run(y, {"import/x:0": [[1.0, 1.0]]}).tolist() == [[3.5]]


def test_resource_variables_are_frozen_too() -> None:
    graph_def = GraphDef.FromString(ENTRIES["rows, resource|graph"].tobytes())
    assert "ResourceGather" in {node.op for node in graph_def.node}
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(graph_def, name="")
        session.run(graph.get_operation_by_name("init"))
        frozen = tf.graph_util.convert_variables_to_constants(session, graph_def, ["loss"])
        want = session.run("loss:0", {"ids:0": [1, 4]})
    assert not {node.op for node in frozen.node} & {"VarHandleOp", "ReadVariableOp",
                                                    "ResourceGather", "VariableV2"}
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(frozen, name="")
        np.testing.assert_allclose(session.run("loss:0", {"ids:0": [1, 4]}), want)


def test_a_variable_without_a_value_cannot_be_frozen() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        network()
        with pytest.raises(tf.errors.FailedPreconditionError):
            tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])


def test_a_part_keeps_order_controls_and_versions() -> None:
    with tf.Graph().as_default() as graph:
        a = tf.constant(1.0, name="a")
        with tf.control_dependencies([tf.no_op(name="n")]):
            tf.negative(a, name="b")
        tf.exp(a, name="c")
    part = tf.graph_util.extract_sub_graph(graph.as_graph_def(), ["b"])
    assert [node.name for node in part.node] == ["a", "n", "b"] and part.versions.producer == 134


@pytest.mark.parametrize("arguments, error", [
    ((3, ["a"]), TypeError), ((GraphDef(), "a"), TypeError), ((GraphDef(), ["a"]), AssertionError)])
def test_what_extract_sub_graph_refuses(arguments, error) -> None:
    with pytest.raises(error):
        tf.graph_util.extract_sub_graph(*arguments)


def test_training_nodes_are_spliced_out() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.check_numerics(tf.placeholder(tf.float32, name="x"), "bad", name="check")
        y = tf.identity(tf.identity(x, name="i1"), name="i2")
        waited = tf.identity(y, name="waited")
        with tf.control_dependencies([waited]):
            tf.negative(y, name="z")
        tf.identity(y, name="out")
    smaller = tf.graph_util.remove_training_nodes(graph.as_graph_def(), ["out"])
    assert {node.name: list(node.input) for node in smaller.node} == {
        "x": [], "waited": ["x"], "z": ["x", "^waited"], "out": ["x"]}


def test_which_nodes_run_on_the_cpu() -> None:
    assert tf.graph_util.must_run_on_cpu(tf.constant("a").op)
    assert not tf.graph_util.must_run_on_cpu(tf.constant(1.0).op)
    variable = tf.Variable(1.0).op.node_def
    assert not tf.graph_util.must_run_on_cpu(variable)
    assert tf.graph_util.must_run_on_cpu(variable, pin_variables_on_cpu=True)


@pytest.mark.parametrize("as_text", [True, False])
def test_a_graph_in_a_file(tmp_path, as_text) -> None:
    with tf.Graph().as_default() as graph:
        network()
    path = tf.train.write_graph(graph, tmp_path / "new", "graph", as_text=as_text)
    assert tf.io.read_graph(path) == graph.as_graph_def()
    assert path == tf.io.write_graph(graph.as_graph_def(), str(tmp_path / "new"), "graph", as_text)


def test_a_graph_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(tf.errors.FailedPreconditionError, match="Not a directory"):
        tf.train.write_graph(tf.Graph(), tmp_path / "file" / "in", "graph.pb", as_text=False)
    advice = r"(?s)needs a Graph.*session\.graph"
    with tf.Session() as session, pytest.raises(TypeError, match=advice):
        tf.train.write_graph(session, tmp_path, "graph.pbtxt")


def test_a_file_that_holds_no_graph(tmp_path) -> None:
    (tmp_path / "x.pb").write_bytes(b"hello")
    with pytest.raises(ValueError, match="holds no GraphDef"):
        tf.io.read_graph(tmp_path / "x.pb")
