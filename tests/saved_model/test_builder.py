"""SavedModels: what we write, what TensorFlow wrote, and damaged ones.

tests/io/files/meta and files were written by TensorFlow; tests/io/make_meta_graphs.py and
make_second_version.py tell how.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.io.graphs.meta_messages import AnyMessage, AssetFileDef, MetaGraphDef, SavedModel
from flowgraph.io.graphs.op_table import signature

META = Path(__file__).parent.parent / "io" / "files" / "meta"
EXPECTED = dict(np.load(META / "expected.npz"))
X = EXPECTED["x"]
SERVE = [tf.saved_model.SERVING]


def model():
    """y = x w, with its signature."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.matmul(x, tf.Variable([[1.0], [2.0]], name="w"), name="y")
    return {"serving_default": tf.saved_model.predict_signature_def({"x": x}, {"y": y})}


def started():
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess


def loaded(folder, tags=SERVE, **options):
    """(MetaGraphDef, Session) of a SavedModel, in a graph of its own."""
    with tf.Graph().as_default() as graph:
        sess = tf.Session(graph=graph)
        return tf.saved_model.load(sess, tags, str(folder), **options), sess


# ---- of TensorFlow -------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [None, "a/b"])
@pytest.mark.parametrize("name", ["saved", "saved_text", "saved_resource", "saved_vocabulary"])
def test_saved_models_of_tensorflow_predict_what_they_did_there(name, scope) -> None:
    meta, sess = loaded(META / name, import_scope=scope)
    signature = meta.signature_def["serving_default"]
    x, y = (tf.saved_model.get_tensor_from_tensor_info(info, sess.graph, scope)
            for info in (signature.inputs["x"], signature.outputs["y"]))
    np.testing.assert_allclose(sess.run(y, {x: X}), EXPECTED[name], rtol=1e-6)


def test_a_saved_model_of_the_second_version_predicts_what_it_did_there() -> None:
    meta, sess = loaded(Path(__file__).parent / "files" / "module")
    signature = meta.signature_def["serving_default"]
    found = sess.run(signature.outputs["y"].name, {
        signature.inputs["x"].name: np.ones((2, 3)), signature.inputs["words"].name: ["a", "z"]})
    np.testing.assert_allclose(found, [[8, 10], [6, 8]], rtol=1e-6)


def test_another_graph_of_a_saved_model_has_other_tags() -> None:
    meta, _ = loaded(META / "saved", {"gpu", "serve"})
    assert list(meta.signature_def) == ["other"]
    with pytest.raises(RuntimeError, match=r"tags 'train' could not be found(.|\n)*'serve'"):
        loaded(META / "saved", ["train"])


# ---- ours ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_text", [False, True])
def test_what_is_written_is_loaded(tmp_path, as_text) -> None:
    signatures, sess = model(), started()
    builder = tf.saved_model.builder.SavedModelBuilder(str(tmp_path / "a" / "b"))
    builder.add_meta_graph_and_variables(sess, SERVE, signatures, strip_default_attrs=True)
    builder.add_meta_graph(["train"], clear_devices=True)
    assert not tf.saved_model.contains_saved_model(tmp_path / "a" / "b")
    path = os.fsdecode(builder.save(as_text))
    assert os.path.basename(path) == "saved_model.pb" + "txt" * as_text
    folder = os.path.dirname(path)
    assert sorted(os.listdir(folder)) == [os.path.basename(path), "variables"]
    assert sorted(os.listdir(folder + "/variables")) == [
        "variables.data-00000-of-00001", "variables.index"]
    for tags in (SERVE, ["train"]):
        meta, sess = loaded(folder, tags)
        assert sess.run("y:0", {"x:0": [[1.0, 1.0]]}) == [[3.0]]
    assert list(meta.meta_info_def.tags) == ["train"] and not meta.signature_def


def trained_patches():
    """y = x w**3 by patches of an image, whose gradient is an op that TensorFlow has not."""
    x = tf.placeholder(tf.float32, name="x")
    w = tf.get_variable("w", initializer=2.0)
    patches = tf.image.extract_image_patches(tf.fill([1, 2, 2, 1], x * w ** 3), [1, 2, 2, 1],
                                             [1, 1, 1, 1], [1, 1, 1, 1], "VALID")
    y = tf.reduce_mean(patches, name="y")
    return x, y, tf.train.GradientDescentOptimizer(0.1).minimize(y)


def trained_loop():
    """y = x w**3 by a loop that writes to a TensorArray."""
    x = tf.placeholder(tf.float32, name="x")
    w = tf.get_variable("w", initializer=2.0)
    rows = tf.TensorArray(tf.float32, 3, clear_after_read=False)
    _, rows, y = tf.while_loop(lambda i, rows, y: i < 3,
                               lambda i, rows, y: (i + 1, rows.write(i, y), y * w), [0, rows, x])
    return x, tf.identity(y + 0.0 * rows.read(0), name="y")


def test_gradients_through_loops_are_served(tmp_path) -> None:
    """Items that no gradient reaches are zeros; only a run knows of which shape."""
    x, y = trained_loop()
    gradient, = tf.gradients(y, x)
    tf.saved_model.simple_save(started(), str(tmp_path / "m"), {"x": x}, {"dy": gradient})
    meta, sess = loaded(tmp_path / "m")
    name = meta.signature_def["serving_default"].outputs["dy"].name
    assert sess.run(name, {"x:0": 1.0}) == 8.0
    np.testing.assert_array_equal(sess.run(name, {"x:0": [1.0, 2.0]}), [8.0, 8.0])


def test_what_tensorflow_has_no_ops_for_is_left_out_of_a_saved_model(tmp_path) -> None:
    x, y, train_op = trained_patches()
    types = {node.op for node in tf.get_default_graph().as_graph_def().node}
    assert not all(signature(op_type) for op_type in types)
    sess = started()
    tf.add_to_collection("both", y)
    tf.add_to_collection("both", train_op)
    tf.saved_model.simple_save(sess, str(tmp_path / "m"), {"x": x}, {"y": y})
    meta, loaded_sess = loaded(tmp_path / "m")
    ops = [node.op for node in meta.graph_def.node]
    ops += [node.op for f in meta.graph_def.library.function for node in f.node_def]
    assert all(signature(op_type) for op_type in ops)
    assert loaded_sess.run("y:0", {"x:0": 1.5}) == sess.run(y, {x: 1.5}) == 12.0
    assert list(meta.collection_def["both"].node_list.value) == ["y:0"]
    assert "train_op" not in meta.collection_def


def test_what_is_served_stays_though_tensorflow_has_no_ops_for_it(tmp_path, caplog) -> None:
    x, y, _ = trained_patches()
    gradient, = tf.gradients(y, x)
    with caplog.at_level("WARNING", "tensorflow"):
        tf.saved_model.simple_save(started(), str(tmp_path / "m"), {"x": x}, {"dy": gradient})
    meta, sess = loaded(tmp_path / "m")
    assert sess.run(meta.signature_def["serving_default"].outputs["dy"].name, {"x:0": 1.0}) == 8.0
    assert "TensorFlow cannot load this SavedModel" in caplog.text


def vocabulary(folder, words=("a", "b")):
    """A table from a file."""
    os.makedirs(folder, exist_ok=True)
    (folder / "words.txt").write_text("".join(f"{word}\n" for word in words))
    return tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
        str(folder / "words.txt"), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER), -1)


def test_files_that_nodes_read_go_with_the_model(tmp_path) -> None:
    words = tf.placeholder(tf.string, [None], name="words")
    tables = [vocabulary(tmp_path / "1"), vocabulary(tmp_path / "2", ("b", "c"))]
    tf.stack([table.lookup(words) for table in tables], name="indices")
    builder = tf.saved_model.Builder(str(tmp_path / "model"))
    sess = started()
    sess.run(tf.tables_initializer())
    builder.add_meta_graph_and_variables(
        sess, SERVE, main_op=tf.tables_initializer(),
        assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS))
    builder.save()
    assert sorted(os.listdir(tmp_path / "model" / "assets")) == ["words.txt", "words.txt_1"]
    shutil.rmtree(tmp_path / "1")
    shutil.rmtree(tmp_path / "2")
    shutil.move(tmp_path / "model", tmp_path / "moved")
    for scope in (None, "in"):
        _, sess = loaded(tmp_path / "moved", import_scope=scope)
        prefix = f"{scope}/" if scope else ""
        found = sess.run(f"{prefix}indices:0", {f"{prefix}words:0": ["a", "b", "c"]})
        assert found.tolist() == [[0, 1, -1], [-1, 0, 1]]


def test_a_model_without_variables_is_saved_too(tmp_path) -> None:
    x = tf.placeholder(tf.float32, name="x")
    tf.saved_model.simple_save(tf.Session(), str(tmp_path / "m"), {"x": x}, {"y": 2 * x})
    meta, sess = loaded(tmp_path / "m")
    assert sess.run(meta.signature_def["serving_default"].outputs["y"].name, {"x:0": 3}) == 6


def test_simple_save_runs_the_init_op_when_loaded(tmp_path) -> None:
    count = tf.Variable(1.0, name="count", trainable=False)
    x = tf.placeholder(tf.float32, name="x")
    sess = started()
    tf.saved_model.simple_save(sess, str(tmp_path / "m"), {"x": x}, {"y": x + count},
                               legacy_init_op=count.assign(5.0).op)
    _, sess = loaded(tmp_path / "m")
    assert sess.run("count:0") == 5.0


def test_wrong_uses_of_a_builder_are_refused(tmp_path) -> None:
    signatures, sess = model(), started()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(AssertionError, match="isn't empty"):
        tf.saved_model.Builder(str(tmp_path / "full"))
    builder = tf.saved_model.Builder(str(tmp_path / "m"))
    with pytest.raises(AssertionError, match="has not been saved yet"):
        builder.add_meta_graph(SERVE)
    with pytest.raises(TypeError, match="main_op needs to be an Operation"):
        builder.add_meta_graph_and_variables(sess, SERVE, main_op=tf.constant(1))
    bad = tf.saved_model.build_signature_def({"x": tf.TensorInfo(name="x:0")})
    with pytest.raises(AssertionError, match="dtype"):
        builder.add_meta_graph_and_variables(sess, SERVE, {"a": bad})
    bad = tf.saved_model.build_signature_def({"x": tf.TensorInfo(dtype=1)})
    with pytest.raises(AssertionError, match="encoding"):
        builder.add_meta_graph_and_variables(sess, SERVE, {"a": bad})
    with pytest.raises(KeyError, match="reserved for initialization"):
        builder.add_meta_graph_and_variables(sess, SERVE, {
            "__saved_model_init_op": signatures["serving_default"]})
    builder.add_meta_graph_and_variables(sess, SERVE, signatures, main_op=tf.no_op())
    with pytest.raises(AssertionError, match="already been saved"):
        builder.add_meta_graph_and_variables(sess, SERVE)
    with pytest.raises(ValueError, match="one or more main ops"):
        builder.add_meta_graph(SERVE, main_op=tf.no_op())


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: "a.txt", TypeError, "must be a Tensor"),
    (lambda: tf.placeholder(tf.string), TypeError, "must be of type constant"),
    (lambda: tf.constant(1.0), TypeError, "dtype string"),
    (lambda: tf.constant(["a", "b"]), TypeError, "scalar"),
    (lambda: tf.constant("a/.."), ValueError, "no path of a file"),
    (lambda: tf.constant("/no/such/file"), tf.errors.NotFoundError, "/no/such/file"),
])
def test_assets_must_be_files(tmp_path, make, error, words) -> None:
    tf.Variable(1.0)
    sess, asset = started(), make()
    builder = tf.saved_model.Builder(str(tmp_path / "m"))
    with pytest.raises(error, match=words):
        builder.add_meta_graph_and_variables(sess, SERVE, assets_collection=[asset])


# ---- what is none --------------------------------------------------------------------------------


def test_a_folder_without_a_model_is_said_to_have_none(tmp_path) -> None:
    assert not tf.saved_model.loader.maybe_saved_model_directory(str(tmp_path))
    with pytest.raises(OSError, match="SavedModel file does not exist at"):
        loaded(tmp_path)


@pytest.mark.parametrize(("name", "content"), [
    ("saved_model.pb", b"hello"), ("saved_model.pb", b"\x12\xff\xff\xff\xff\x0f"),
    ("saved_model.pbtxt", b"meta_graphs {"), ("saved_model.pbtxt", b"\xff\xfe"),
    ("saved_model.pbtxt", b"meta_graphs { nope: 1 }")])
def test_a_damaged_model_is_refused(tmp_path, name, content) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OSError, match=f"Cannot parse file .*{name}"):
        loaded(tmp_path)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", "..\\b", "", "a\0b"])
@pytest.mark.parametrize("as_collection", [False, True])
def test_an_asset_that_is_outside_of_the_folder_is_refused(tmp_path, path, as_collection) -> None:
    asset = AssetFileDef(filename=path)
    asset.tensor_info.name = "c:0"
    meta = MetaGraphDef()
    meta.meta_info_def.tags.append("serve")
    if as_collection:
        held = AnyMessage()
        held.Pack(asset)
        meta.collection_def["saved_model_assets"].any_list.value.append(held)
    else:
        meta.asset_file_def.append(asset)
    saved = SavedModel(meta_graphs=[meta])
    (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
    with pytest.raises(ValueError, match="not in its folder of assets"):
        loaded(tmp_path)


def test_a_model_with_two_init_ops_is_refused(tmp_path) -> None:
    meta = MetaGraphDef()
    meta.meta_info_def.tags.append("serve")
    for name in "ab":
        meta.graph_def.node.add(name=name, op="NoOp")
        meta.collection_def["saved_model_main_op"].node_list.value.append(name)
    (tmp_path / "saved_model.pb").write_bytes(SavedModel(meta_graphs=[meta]).SerializeToString())
    with pytest.raises(RuntimeError, match="exactly one SavedModel init op"):
        loaded(tmp_path)


def test_a_model_without_its_variables_is_refused(tmp_path) -> None:
    shutil.copytree(META / "saved", tmp_path / "m")
    shutil.rmtree(tmp_path / "m" / "variables")
    with pytest.raises(ValueError, match="not a valid checkpoint"):
        loaded(tmp_path / "m")
