"""Makes tests/io/files/meta: MetaGraphs, checkpoints and SavedModels. Needs TensorFlow; not a test.

    python tests/io/make_meta_graphs.py

Each model computes "y:0" from "x:0"; expected.npz holds x and y of each.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

FOLDER = Path(__file__).parent / "files" / "meta"
X = np.linspace(-1, 2, 6, dtype=np.float32).reshape(2, 3)
expected: dict[str, np.ndarray] = {"x": X}


def variable(name, value, **options):
    return tf.get_variable(name, initializer=tf.constant(value, tf.float32), **options)


def linear(resource=False):
    """y = relu(x w + b) with two trainable variables and one that is not."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.variable_scope("layer", use_resource=resource):
        w = variable("w", np.arange(6).reshape(3, 2) / 4)
        b = variable("b", [0.5, -0.25])
        scale = variable("scale", 2.0, trainable=False)
    y = tf.multiply(tf.nn.relu(tf.matmul(x, w) + b), scale, name="y")
    return x, y


def with_model(name, build, save):
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        x, y = build()
        sess.run([tf.global_variables_initializer(), tf.tables_initializer()])
        save(sess, x, y)
        expected[name] = sess.run(y, {x: X})


def collections(sess, x, y):
    tf.add_to_collection("tensors", y)
    tf.add_to_collection("operations", y.op)
    for value in (3, -4):
        tf.add_to_collection("numbers", value)
    tf.add_to_collection("floats", 0.5)
    tf.add_to_collection("texts", "a/b")
    step = tf.train.get_or_create_global_step()
    sess.run(step.initializer)
    sess.run(tf.assign_add(step, 7))
    saver = tf.train.Saver(max_to_keep=3)
    tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
    saver.save(sess, str(FOLDER / "plain"), write_state=False)
    tf.train.export_meta_graph(str(FOLDER / "plain.pbtxt"), as_text=True, saver_def=saver.saver_def,
                               meta_info_def=None)


def training(sess, x, y):
    loss = tf.reduce_mean(tf.square(y - 1.0), name="loss")
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.1, step, 2, 0.5)
    optimizer = tf.train.GradientDescentOptimizer(rate)
    tf.add_to_collection("train_op", optimizer.minimize(loss, step))
    sess.run(tf.global_variables_initializer())
    train_op = tf.get_collection("train_op")[0]
    tf.train.Saver().save(sess, str(FOLDER / "training"), write_state=False)
    expected["training_losses"] = np.array([sess.run([loss, train_op], {x: X})[0]
                                            for _ in range(4)])


def adam(sess, x, y):
    loss = tf.reduce_mean(tf.square(y - 1.0), name="loss")
    tf.train.AdamOptimizer(0.1).minimize(loss, name="train")
    sess.run(tf.global_variables_initializer())
    tf.train.Saver().save(sess, str(FOLDER / "adam"), write_state=False)
    expected["adam_losses"] = np.array([sess.run([loss, "train"], {x: X})[0] for _ in range(4)])


def sharded(sess, x, y):
    tf.train.Saver(sharded=True).save(sess, str(FOLDER / "sharded"), write_state=False)


def partitioned():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", initializer=tf.constant(np.arange(12).reshape(3, 4) / 4, tf.float32),
                        partitioner=tf.fixed_size_partitioner(3))
    return x, tf.matmul(x, w, name="y")


def dropout():
    """y = x w, with a dropout that is off; tf.cond makes an If."""
    tf.enable_control_flow_v2()
    tf.experimental.output_all_intermediates(True)  # the gradient is built after a run
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    on = tf.placeholder_with_default(False, [], name="on")
    w = variable("w", np.arange(6).reshape(3, 2) / 4)
    kept = tf.cond(on, lambda: tf.nn.dropout(x * w[0, 1], rate=0.5), lambda: x * w[0, 1])
    return x, tf.matmul(kept, w, name="y")


def branches(sess, x, y):
    loss = tf.reduce_mean(tf.square(y - 1.0), name="loss")
    tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="train")
    tf.train.Saver().save(sess, str(FOLDER / "branches"), write_state=False)
    expected["branches_losses"] = np.array([sess.run([loss, "train"], {x: X})[0]
                                            for _ in range(4)])
    tf.disable_control_flow_v2()


def plain(name):
    return lambda sess, x, y: tf.train.Saver().save(sess, str(FOLDER / name), write_state=False)


def vocabulary():
    """y = the indices of words, from a file; x is not used."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    path = Path(tempfile.gettempdir()) / "vocabulary.txt"  # the model remembers where it lay
    path.write_text("apple\nbanana\ncherry\n")
    table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
        str(path), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER), -1)
    words = tf.placeholder_with_default(["cherry", "apple", "pear"], [None], name="words")
    offset = tf.get_variable("offset", initializer=tf.constant(10, tf.int64))
    return x, tf.add(table.lookup(words), offset, name="y")


def saved_model(name, as_text=False, **options):
    def save(sess, x, y):
        builder = tf.saved_model.Builder(str(FOLDER / name))
        signature = tf.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(
            sess, ["serve"], {"serving_default": signature}, main_op=tf.tables_initializer(),
            assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS), **options)
        with tf.Graph().as_default():
            other_x, other_y = linear() if name != "saved_vocabulary" else vocabulary()
            builder.add_meta_graph(["serve", "gpu"], {
                "other": tf.saved_model.predict_signature_def({"x": other_x}, {"y": other_y})})
        builder.save(as_text)
    return save


def main():
    tf.disable_v2_behavior()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with_model("plain", linear, collections)
    with_model("training", linear, training)
    with_model("adam", linear, adam)
    with_model("sharded", linear, sharded)
    with_model("partitioned", partitioned, plain("partitioned"))
    with_model("resource", lambda: linear(resource=True), plain("resource"))
    with_model("saved", linear, saved_model("saved"))
    with_model("saved_text", linear, saved_model("saved_text", as_text=True))
    with_model("saved_resource", lambda: linear(resource=True), saved_model("saved_resource"))
    with_model("saved_vocabulary", vocabulary, saved_model("saved_vocabulary"))
    with_model("branches", dropout, branches)
    (Path(tempfile.gettempdir()) / "vocabulary.txt").unlink()
    np.savez(FOLDER / "expected.npz", **expected)


if __name__ == "__main__":
    main()
