"""Makes files/tf_graphs.npz: graphs that TensorFlow wrote, and what running them gives.

    TF_USE_LEGACY_KERAS=1 python make_tf_graphs.py

Needs TensorFlow 2 (its compat.v1) and tf_keras. For each program there are: the GraphDef, the
arrays to feed, the names to run one after the other, and the results.
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import function

tf.disable_v2_behavior()
tf.get_logger().setLevel("ERROR")
rng = np.random.RandomState(0)
POINTS = rng.rand(4, 3).astype(np.float32)
TARGETS = rng.rand(4, 2).astype(np.float32)
IMAGES = rng.rand(2, 6, 6, 2).astype(np.float32)
THREE = np.array([1.0, 2.0, 3.0], np.float32)


def start(shape):
    return tf.constant(rng.rand(*shape).astype(np.float32))


def training(optimizer):
    """A small network, trained for two steps."""
    def build():
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        y = tf.placeholder(tf.float32, [None, 2], name="y")
        with tf.variable_scope("layer"):
            w = tf.get_variable("w", initializer=start((3, 5)))
            b = tf.get_variable("b", [5], initializer=tf.zeros_initializer())
        w2 = tf.get_variable("w2", initializer=start((5, 2)))
        p = tf.matmul(tf.nn.relu(tf.matmul(x, w) + b), w2)
        loss = tf.reduce_mean(tf.square(p - y), name="loss")
        optimizer().minimize(loss, name="train")
        return {"x:0": POINTS, "y:0": TARGETS}, ["init", "train", "train", "loss:0"]
    return build


def rows():
    """Rows of a variable, trained with sparse gradients."""
    table = tf.get_variable("table", initializer=start((6, 3)))
    found = tf.nn.embedding_lookup(table, tf.placeholder(tf.int32, [None], name="ids"))
    loss = tf.reduce_sum(found * found, name="loss")
    tf.train.AdamOptimizer(0.1).minimize(loss, name="train")
    return {"ids:0": np.array([1, 1, 4], np.int32)}, ["init", "train", "loss:0", "train", "loss:0"]


def variables():
    """All that can be done to a variable."""
    v = tf.get_variable("v", initializer=tf.constant(THREE))
    up = tf.assign_add(v, [1.0, 1.0, 1.0])
    with tf.control_dependencies([up]):
        tf.identity(v.read_value(), name="after")
    tf.group(tf.scatter_update(v, [0], [9.0]), tf.scatter_add(v, [1], [9.0]), name="scatter")
    tf.identity(v[1:], name="part")
    tf.identity(tf.shape(v), name="sizes")
    tf.identity(tf.is_variable_initialized(v), name="ready")
    return {}, ["init", "after:0", "scatter", "part:0", "sizes:0", "ready:0", "after:0"]


def averages():
    """An average of a variable, which starts from the variable's initialized value."""
    v = tf.get_variable("v", initializer=3.0)
    average = tf.train.ExponentialMovingAverage(0.9)
    tf.group(tf.assign(v, v + 1.0), name="up")
    tf.group(average.apply([v]), name="apply")
    tf.identity(average.average(v), name="average")
    return {}, ["init", "average:0", "up", "apply", "average:0"]


def branches():
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.placeholder(tf.float32, [3], name="x")
    y = tf.cond(p, lambda: tf.square(x), lambda: x + 1.0)
    z = tf.cond(tf.reduce_sum(x) > 0, lambda: (x * 2, tf.constant(1)), lambda: (x, tf.constant(0)))
    tf.identity(y, name="y")
    tf.identity(z[0], name="z")
    tf.identity(tf.gradients(y, x)[0], name="dx")
    return {"p:0": np.array(True), "x:0": THREE}, ["y:0", "z:0", "dx:0"]


def loops():
    n = tf.placeholder(tf.int32, [], name="n")
    x = tf.placeholder(tf.float32, [3], name="x")
    i, a = tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a * x + 1.0), [0, tf.ones([3])])
    tf.identity(i, name="i")
    tf.identity(a, name="a")
    tf.identity(tf.gradients(a, x)[0], name="dx")
    return {"n:0": np.int32(4), "x:0": THREE}, ["i:0", "a:0", "dx:0"]


def functionals():
    x = tf.placeholder(tf.float32, [4, 3], name="x")
    squares = tf.map_fn(lambda row: tf.reduce_sum(row * row), x)
    tf.identity(squares, name="mapped")
    tf.identity(tf.scan(lambda a, row: a + row, x), name="scanned")
    tf.identity(tf.foldl(lambda a, row: a * row, x), name="folded")
    tf.identity(tf.gradients(squares, x)[0], name="dx")
    return {"x:0": POINTS}, ["mapped:0", "scanned:0", "folded:0", "dx:0"]


def changed_inside():
    """A variable written to in a branch and in a loop."""
    v = tf.get_variable("v", initializer=1.0)
    p = tf.placeholder(tf.bool, [], name="p")
    tf.identity(tf.cond(p, lambda: tf.assign_add(v, 2.0), lambda: tf.identity(v)), name="branch")

    def body(i):
        with tf.control_dependencies([tf.assign_add(v, 1.0)]):
            return i + 1

    tf.identity(tf.while_loop(lambda i: i < 3, body, [0]), name="loop")
    tf.identity(v.read_value(), name="value")
    return {"p:0": np.array(True)}, ["init", "branch:0", "loop:0", "value:0"]


def recurrent():
    x = tf.placeholder(tf.float32, [2, 4, 3], name="x")
    cell = tf.nn.rnn_cell.LSTMCell(3, initializer=tf.ones_initializer())
    outputs, _ = tf.nn.dynamic_rnn(cell, x, sequence_length=[4, 2], dtype=tf.float32)
    tf.identity(outputs, name="outputs")
    return {"x:0": rng.rand(2, 4, 3).astype(np.float32)}, ["init", "outputs:0"]


def images():
    x = tf.placeholder(tf.float32, [None, 6, 6, 2], name="x")
    h = tf.layers.conv2d(x, 3, 3, padding="same", activation=tf.nn.relu,
                         kernel_initializer=tf.ones_initializer())
    h = tf.layers.max_pooling2d(tf.layers.batch_normalization(h, training=True), 2, 2)
    h = tf.layers.dense(tf.layers.flatten(h), 4, kernel_initializer=tf.ones_initializer())
    tf.nn.softmax(h, name="p")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1, 2], logits=h),
                          name="loss")
    tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss, name="train")
    return {"x:0": IMAGES}, ["init", "p:0", "loss:0", "train", "loss:0"]


def calls():
    @function.Defun(tf.float32, tf.float32)
    def both(a, b):
        return a * b + 1.0, tf.reduce_sum(a)

    x = tf.placeholder(tf.float32, [3], name="x")
    y, z = both(x, x * 2.0)
    tf.identity(y, name="y")
    tf.identity(z, name="z")
    tf.identity(tf.function(lambda a: tf.nn.relu(a) - 1.0)(x), name="w")
    return {"x:0": THREE}, ["y:0", "z:0", "w:0"]


def arrays():
    x = tf.placeholder(tf.float32, [4, 3], name="x")
    left, right = tf.split(tf.concat([x, x], 1), 2, 1)
    stacked = tf.stack([left, right])
    values, places = tf.nn.top_k(x, 2)
    results = [tf.transpose(stacked, [2, 0, 1])[:, 1, ::2], values, places, tf.one_hot(places, 3),
               tf.unique(tf.cast(x * 3, tf.int32)[:, 0])[0], tf.where(x > 0.5, x, -x),
               tf.strings.join(["a", tf.as_string(places)]), tf.unstack(stacked)[1],
               tf.image.resize_bilinear(tf.reshape(x, [1, 4, 3, 1]), [8, 6]),
               tf.einsum("ij,kj->ik", x, x), tf.tile(x, [1, 2]),
               tf.gradients(tf.concat([x * 2, tf.pad(x, [[0, 0], [1, 1]])], 1) ** 2, x)[0]]
    for i, result in enumerate(results):
        tf.identity(result, name=f"result_{i}")
    return {"x:0": POINTS}, [f"result_{i}:0" for i in range(len(results))]


def choices():
    k = tf.placeholder(tf.int32, [], name="k")
    tf.identity(tf.switch_case(k, [lambda: tf.constant(1.0), lambda: tf.constant(2.0)]), name="r")
    return {"k:0": np.int32(1)}, ["r:0"]


def objects():
    """A table and a queue."""
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(
        ["a", "b"], tf.constant([1, 2], tf.int64)), -1)
    tf.identity(table.lookup(tf.constant(["b", "z"])), name="found")
    tf.tables_initializer(name="fill")
    queue = tf.FIFOQueue(10, [tf.float32, tf.int32], shapes=[[], [2]])
    queue.enqueue((1.0, [1, 2]), name="put")
    tf.identity(queue.dequeue()[1], name="get")
    return {}, ["fill", "found:0", "put", "get:0"]


OPTIMIZERS = {
    "sgd": lambda: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adam": lambda: tf.train.AdamOptimizer(0.1), "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01)}

# name -> (program, resource variables, control flow of version 2)
PROGRAMS = {
    **{f"{name}, reference": (training(make), False, False) for name, make in OPTIMIZERS.items()},
    "adam, resource": (training(OPTIMIZERS["adam"]), True, False),
    "momentum, resource": (training(OPTIMIZERS["momentum"]), True, False),
    "rows, reference": (rows, False, False), "rows, resource": (rows, True, False),
    "variables, reference": (variables, False, False),
    "variables, resource": (variables, True, False),
    "averages, reference": (averages, False, False),
    "averages, resource": (averages, True, False),
    **{f"{build.__name__}, v{1 + v2}": (build, True, v2) for v2 in (False, True)
       for build in (branches, loops, functionals, changed_inside)},
    "recurrent, v1": (recurrent, False, False), "recurrent, v2": (recurrent, True, True),
    "images": (images, True, False), "calls": (calls, False, False),
    "arrays": (arrays, False, False), "choices": (choices, False, True),
    "objects": (objects, False, False)}


def main():
    entries = {}
    for name, (build, resource, v2) in PROGRAMS.items():
        (tf.enable_resource_variables if resource else tf.disable_resource_variables)()
        (tf.enable_control_flow_v2 if v2 else tf.disable_control_flow_v2)()
        with tf.Graph().as_default() as graph, tf.Session() as session:
            feeds, fetches = build()
            tf.group(tf.global_variables_initializer(), name="init")
            entries[f"{name}|graph"] = np.frombuffer(
                graph.as_graph_def().SerializeToString(), np.uint8)
            entries[f"{name}|fetches"] = np.array(fetches)
            for key, array in feeds.items():
                entries[f"{name}|feed|{key}"] = array
            for i, fetch in enumerate(fetches):
                result = session.run(fetch if ":" in fetch else
                                     graph.get_operation_by_name(fetch), feeds)
                if result is not None:
                    result = np.asarray(result)
                    entries[f"{name}|result|{i}"] = (result.astype("S") if result.dtype == object
                                                     else result)
    np.savez_compressed(Path(__file__).parent / "files" / "tf_graphs.npz", **entries)


if __name__ == "__main__":
    main()
