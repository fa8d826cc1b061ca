"""Graphs with their collections in files: ours, TensorFlow's, and damaged ones.

tests/io/files/meta was written by TensorFlow; `make_meta_graphs.py` tells how.
"""

from __future__ import annotations

import logging
import os
import random
from pathlib import Path

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.io.graphs.meta_graph import read_meta_graph_file

META = Path(__file__).parent / "files" / "meta"
EXPECTED = dict(np.load(META / "expected.npz"))
X = EXPECTED["x"]


def imported(name, **options):
    """A Session with the graph and the variables of a file of TensorFlow's."""
    saver = tf.train.import_meta_graph(str(META / f"{name}.meta"), **options)
    sess = tf.Session()
    saver.restore(sess, str(META / name))
    return sess, saver


@pytest.mark.parametrize("name", ["plain", "sharded", "partitioned", "resource"])
def test_graphs_of_tensorflow_compute_what_they_did_there(name) -> None:
    sess, _ = imported(name)
    np.testing.assert_allclose(sess.run("y:0", {"x:0": X}), EXPECTED[name], rtol=1e-6)


def test_collections_of_tensorflow_come_back() -> None:
    sess, saver = imported("plain")
    graph = tf.get_default_graph()
    y = graph.get_tensor_by_name("y:0")
    assert tf.get_collection("tensors") == [y] and tf.get_collection("operations") == [y.op]
    assert tf.get_collection("numbers") == [3, -4] and tf.get_collection("floats") == [0.5]
    assert tf.get_collection("texts") == [b"a/b"]
    assert [v.name for v in tf.trainable_variables()] == ["layer/w:0", "layer/b:0"]
    assert [v.name for v in tf.global_variables()] == [
        "layer/w:0", "layer/b:0", "layer/scale:0", "global_step:0"]
    assert tf.trainable_variables()[0] is tf.global_variables()[0]
    assert tf.train.global_step(sess, tf.train.get_global_step()) == 7
    assert saver.saver_def.max_to_keep == 3 and len(tf.get_collection("savers")) == 1


@pytest.mark.parametrize("name", ["training", "adam", "branches"])
def test_training_goes_on_as_in_tensorflow(name) -> None:
    sess, _ = imported(name)
    train_op = tf.get_collection("train_op")[0]
    losses = [sess.run(["loss:0", train_op], {"x:0": X})[0] for _ in range(4)]
    np.testing.assert_allclose(losses, EXPECTED[f"{name}_losses"], rtol=1e-5)


@pytest.mark.parametrize("name", ["plain", "sharded", "partitioned", "resource"])
def test_a_saver_of_tensorflow_saves_and_restores_here(tmp_path, name) -> None:
    sess, saver = imported(name)
    path = saver.save(sess, str(tmp_path / "m"), global_step=3)
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", "m-3.data-00000-of-00001", "m-3.index",
                                            "m-3.meta"]
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(path + ".meta").restore(sess, path)
        np.testing.assert_allclose(sess.run("y:0", {"x:0": X}), EXPECTED[name], rtol=1e-6)


def test_a_graph_of_tensorflow_is_put_into_a_scope() -> None:
    x = tf.constant(X)
    sess, _ = imported("plain", import_scope="a", input_map={"x:0": x})
    np.testing.assert_allclose(sess.run("a/y:0"), EXPECTED["plain"], rtol=1e-6)
    assert [v.name for v in tf.trainable_variables()] == ["a/layer/w:0", "a/layer/b:0"]
    assert tf.get_collection("tensors")[0].name == "a/y:0"
    sess, _ = imported("plain", import_scope="a", input_map={"x:0": x})
    np.testing.assert_allclose(sess.run("a_1/y:0"), EXPECTED["plain"], rtol=1e-6)


def test_text_of_tensorflow_is_read() -> None:
    binary, text = (read_meta_graph_file(META / f"plain.{end}") for end in ("meta", "pbtxt"))
    assert [node.name for node in text.graph_def.node] == [
        node.name for node in binary.graph_def.node]
    assert text.collection_def["numbers"] == binary.collection_def["numbers"]
    assert str(type(text).FromString(text.SerializeToString())) == str(text)


# ---- what we write -------------------------------------------------------------------------------


def small_model():
    """y = x w + b, in the scope "net", and what it takes from outside."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    with tf.name_scope("net"), tf.device("/cpu:0"):
        w = tf.Variable([[1.0], [2.0]], name="w")
        y = tf.matmul(x, w, name="y")
    return x, w, y


def test_what_was_saved_is_rebuilt_from_the_file(tmp_path) -> None:
    x, w, y = small_model()
    step = tf.train.get_or_create_global_step()
    train_op = tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(y), step)
    tf.add_to_collection("given", x)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    path = tf.train.Saver().save(sess, str(tmp_path / "m"))
    rows = np.float32([[1, 2], [3, 4]])
    before = sess.run([y, train_op], {x: rows})[0]
    after = sess.run(w)
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(path + ".meta")
        saver.restore(sess, tf.train.latest_checkpoint(tmp_path))
        (x,), (train_op,) = tf.get_collection("given"), tf.get_collection("train_op")
        np.testing.assert_array_equal(sess.run(["net/y:0", train_op], {x: rows})[0], before)
        np.testing.assert_array_equal(sess.run(tf.trainable_variables()[0]), after)
        assert tf.train.global_step(sess, tf.train.get_global_step()) == 1


def test_collections_are_written_by_kind(caplog) -> None:
    small_model()
    for value in ("text", b"\xff", 3, 0.5, tf.constant(1.0, name="c")):
        tf.add_to_collection(type(value).__name__, value)
    tf.add_to_collection(("no", "text"), 1)
    tf.add_to_collection("objects", object())
    with caplog.at_level(logging.WARNING, "tensorflow"):
        meta = tf.train.export_meta_graph()
    kinds = {key: meta.collection_def[key].WhichOneof("kind") for key in meta.collection_def}
    assert kinds == {"variables": "bytes_list", "trainable_variables": "bytes_list",
                     "str": "bytes_list", "bytes": "bytes_list", "int": "int64_list",
                     "float": "float_list", "Tensor": "node_list"}
    assert "serializing objects" in caplog.text
    assert list(tf.train.export_meta_graph(collection_list=["int"]).collection_def) == ["int"]


def test_a_scope_is_exported_by_itself() -> None:
    _, w, _ = small_model()
    meta = tf.train.export_meta_graph(export_scope="net", clear_devices=True)
    assert [node.name for node in meta.graph_def.node] == [
        "w/initial_value", "w", "w/Assign", "w/read", "y"]
    assert not any(node.device for node in meta.graph_def.node)
    assert list(meta.graph_def.node[-1].input) == ["$unbound_inputs_x", "w/read"]
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        with pytest.raises(ValueError, match=r"unbound inputs: \$unbound_inputs_x"):
            tf.train.import_meta_graph(meta)
        x = tf.constant([[3.0, 4.0]])
        tf.train.import_meta_graph(meta, import_scope="again", input_map={"$unbound_inputs_x": x})
        sess.run(tf.global_variables_initializer())
        assert sess.run(graph.get_tensor_by_name("again/y:0")) == [[11.0]]
    assert w.to_proto("other") is None


def test_nodes_of_other_savers_are_left_out() -> None:
    small_model()
    first, second = tf.train.Saver(), tf.train.Saver()
    tf.add_to_collection(tf.GraphKeys.SAVERS, first)
    meta = tf.train.export_meta_graph(saver_def=second.saver_def, clear_extraneous_savers=True)
    names = {node.name.partition("/")[0] for node in meta.graph_def.node}
    assert "save_1" in names and "save" not in names
    assert meta.saver_def == second.saver_def
    assert len(meta.collection_def["savers"].bytes_list.value) == 1


def test_op_types_are_listed_and_defaults_stripped() -> None:
    small_model()
    whole = tf.train.export_meta_graph()
    assert [op.name for op in whole.meta_info_def.stripped_op_list.op] == [
        "Assign", "Const", "Identity", "MatMul", "Placeholder", "VariableV2"]
    stripped = tf.train.export_meta_graph(strip_default_attrs=True)
    assert stripped.meta_info_def.stripped_default_attrs
    (matmul,) = (node for node in stripped.graph_def.node if node.op == "MatMul")
    assert "T" in matmul.attr and "transpose_a" not in matmul.attr
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(stripped)
        sess.run(tf.global_variables_initializer())
        assert sess.run("net/y:0", {"x:0": [[1.0, 1.0]]}) == [[3.0]]


@pytest.mark.parametrize(("arguments", "words"), [
    ({"graph": 1}, "graph must be of type Graph"),
    ({"graph_def": 1}, "graph_def must be of type GraphDef"),
    ({"saver_def": 1}, "saver_def must be of type SaverDef"),
    ({"meta_info_def": 1}, "meta_info_def must be of type MetaInfoDef"),
])
def test_arguments_of_another_class_are_refused(arguments, words) -> None:
    with pytest.raises(TypeError, match=words):
        tf.train.export_meta_graph(**arguments)


# ---- the file beside a checkpoint ----------------------------------------------------------------


def test_the_graph_is_written_anew_when_it_has_grown(tmp_path) -> None:
    small_model()
    sess, saver = tf.Session(), tf.train.Saver()
    sess.run(tf.global_variables_initializer())
    path = str(tmp_path / "m")

    def nodes_and_collections():
        saver.save(sess, path)
        meta = read_meta_graph_file(path + ".meta")
        return len(meta.graph_def.node), sorted(meta.collection_def)

    first = nodes_and_collections()
    assert nodes_and_collections() == first
    tf.add_to_collection("seen", tf.get_default_graph().get_tensor_by_name("net/y:0"))
    assert nodes_and_collections() == (first[0], sorted([*first[1], "seen"]))
    tf.constant(1.0)
    assert nodes_and_collections()[0] == first[0] + 1
    saver.save(sess, str(tmp_path / "n"), write_meta_graph=False)
    assert not os.path.exists(tmp_path / "n.meta")


def test_a_graph_that_tensorflow_cannot_hold_does_not_stop_saving(tmp_path, caplog) -> None:
    w = tf.Variable(1.0)
    tf.py_func(lambda x: x, [w], tf.float32)
    sess = tf.Session()
    sess.run(w.initializer)
    with caplog.at_level(logging.WARNING, "tensorflow"):
        path = tf.train.Saver().save(sess, str(tmp_path / "m"))
    assert tf.train.latest_checkpoint(tmp_path) == path
    assert os.path.exists(path + ".meta") or "graph is not written" in caplog.text


# ---- files that are no such files ----------------------------------------------------------------


def test_a_missing_file_is_said_to_be_missing() -> None:
    with pytest.raises(OSError, match=r"File /no/such.meta does not exist"):
        tf.train.import_meta_graph("/no/such.meta")


@pytest.mark.parametrize("content", [b"hello", b"\xff\xfe\x00", b"graph_def { node {", b"\n\x05a",
                                     b"nope: 3", b"graph_def " * 300 + b"{" * 300])
def test_other_files_are_refused(tmp_path, content) -> None:
    path = tmp_path / "x.meta"
    path.write_bytes(content)
    with pytest.raises(OSError, match="Cannot parse file"):
        tf.train.import_meta_graph(str(path))


def damaged(content: bytes, seed: int) -> bytes:
    rng = random.Random(seed)
    data = bytearray(content)
    for _ in range(rng.choice((1, 3, 20))):
        at = rng.randrange(len(data))
        if rng.random() < 0.5:
            data[at] = rng.randrange(256)
        else:
            del data[at:at + rng.choice((1, 7, 400))]
    return bytes(data)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("file", ["plain.meta", "plain.pbtxt"])
def test_a_damaged_file_is_read_or_refused(tmp_path, file, seed) -> None:
    path = tmp_path / "x.meta"
    path.write_bytes(damaged((META / file).read_bytes(), seed))
    try:
        tf.train.import_meta_graph(str(path))
    except (OSError, ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        assert str(error)


def test_a_collection_that_names_what_is_not_there_is_refused() -> None:
    small_model()
    meta = tf.train.export_meta_graph()
    meta.collection_def["bad"].node_list.value.append("gone:0")
    with tf.Graph().as_default(), pytest.raises(KeyError, match="'bad' names 'gone:0'"):
        tf.train.import_meta_graph(meta)


def test_versions_before_1_9_tell_what_is_trainable_by_the_collection() -> None:
    small_model()
    meta = tf.train.export_meta_graph()
    meta.meta_info_def.tensorflow_version = "1.4.0"
    for key in ("variables", "trainable_variables"):
        values = meta.collection_def[key].bytes_list.value
        proto = tf.global_variables()[0].to_proto()
        proto.trainable = False
        values[:] = [proto.SerializeToString()]
    with tf.Graph().as_default():
        tf.train.import_meta_graph(meta)
        assert tf.trainable_variables()[0].trainable
