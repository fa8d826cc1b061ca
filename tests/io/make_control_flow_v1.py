"""Makes files/control_flow_v1.npz: graphs with TensorFlow 1's control flow, and their results.

Needs TensorFlow and tf_keras; run it as
`TF_USE_LEGACY_KERAS=1 python tests/io/make_control_flow_v1.py`. Per program the file holds the
frozen GraphDef ("name.pb") and JSON ("name.json"): a list of runs, each with what is fed and what
TensorFlow computed for out0, out1, ….
"""

import json
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.disable_control_flow_v2()
RANDOM = np.random.RandomState(0)
EYE = np.eye(2).tolist()


def scalar(dtype=tf.float32):
    return tf.placeholder(dtype, [], name="x")


def branches():
    x = tf.placeholder(tf.float32, [3], name="x")
    return [tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2.0, lambda: x - 1.0)], [
        [1, 2, 3], [-1, -2, -3]]


def branches_of_constants():
    x = scalar()
    return [tf.cond(x > 0, lambda: tf.constant(5.0), lambda: tf.constant(7.0))], [1, -1]


def two_results():
    x = scalar()
    return list(tf.cond(x > 0, lambda: (x, x * 2), lambda: (x * 3, x))), [1, -1]


def nested_branches():
    x, ten = scalar(), tf.constant(10.0)
    return [tf.cond(x > 0, lambda: tf.cond(x > 5, lambda: x * ten, lambda: x + ten),
                    lambda: tf.cond(x < -5, lambda: x - ten, lambda: ten))], [1, 7, -1, -9]


def one_predicate_twice():
    x = scalar()
    positive = x > 0
    a = tf.cond(positive, lambda: x * 2, lambda: x * 3)
    return [a, tf.cond(positive, lambda: a + 1, lambda: a - x)], [1, -1]


def case():
    x = scalar()
    return [tf.case([(x < 0, lambda: -1.0), (x > 10, lambda: x)], default=lambda: x * x)], [
        -1, 4, 11]


def gradient_of_branches():
    x = scalar()
    y = tf.cond(x > 0, lambda: x ** 3, lambda: tf.sin(x))
    return [y, *tf.gradients(y, x)], [2, -1]


def gradient_through_branches():
    x = scalar()
    z = x * 2
    y = tf.cond(x > 0, lambda: z ** 3, lambda: tf.sin(z) * tf.exp(z))
    loss = y ** 2 + tf.sin(y)
    return [loss, *tf.gradients(loss, x)], [2, -1]


def checked():
    x = scalar()
    with tf.control_dependencies([tf.Assert(x > -100, [x])]):
        return [tf.identity(x) * 2], [1, 2]


def counting():
    n = scalar(tf.int32)
    return list(tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a * 2), [0, 1.0])), [
        0, 3, 10]


def matrix_loop():
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    w = tf.constant(RANDOM.randn(2, 2).astype("f"))
    return list(tf.while_loop(lambda i, a: i < 4,
                              lambda i, a: (i + 1, tf.tanh(tf.matmul(a, w)) + x), [0, x])), [EYE]


def nested_loops():
    n = scalar(tf.int32)

    def body(i, a):
        return i + 1, tf.while_loop(lambda j, b: j < i, lambda j, b: (
            j + 1, b + tf.cast(j * n, tf.float32)), [0, a])[1]

    return list(tf.while_loop(lambda i, a: i < n, body, [0, 0.0])), [0, 1, 5]


def branches_in_a_loop():
    n = scalar(tf.int32)
    return list(tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, tf.cond(
        tf.equal(i % 2, 0), lambda: a + i, lambda: a * 2)), [0, 1])), [0, 1, 5, 8]


def loop_in_a_branch():
    n = scalar(tf.int32)
    return [tf.cond(n > 3, lambda: tf.while_loop(
        lambda i, a: i < n, lambda i, a: (i + 1, a + i * n), [0, 1])[1], lambda: n * 100)], [
        0, 4, 6]


def growing():
    n = scalar(tf.int32)
    _, a = tf.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, tf.concat([a, [i]], 0)),
                         [0, tf.constant([7])],
                         shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])
    return [a + n], [0, 2]


def map_fn():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    return [tf.map_fn(lambda row: row * 2 + tf.reduce_sum(row), x)], [[[1, 2], [3, 4]], [[5, 6]]]


def scan():
    x = tf.placeholder(tf.float32, [None], name="x")
    return [tf.scan(lambda a, b: a * 0.5 + b, x), tf.foldl(lambda a, b: a + b * b, x)], [
        [1, 2, 3, 4]]


def tensor_array():
    x = tf.placeholder(tf.float32, [3, 2], name="x")
    rows = tf.TensorArray(tf.float32, 3).unstack(x)
    found = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[2],
                           clear_after_read=False)
    _, found = tf.while_loop(lambda i, t: i < 3,
                             lambda i, t: (i + 1, t.write(i, rows.read(2 - i) * 2)), [0, found])
    return [found.stack(), found.size(), found.read(1)], [[[0, 1], [2, 3], [4, 5]]]


def lstm():
    x = tf.placeholder(tf.float32, [2, 5, 3], name="x")
    cell = tf.nn.rnn_cell.BasicLSTMCell(4)
    outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, sequence_length=[5, 3])
    return [outputs, state.h, state.c], [RANDOM.randn(2, 5, 3).tolist() for _ in range(2)]


def both_directions():
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    cells = [tf.nn.rnn_cell.GRUCell(4) for _ in range(2)]
    outputs, _ = tf.nn.bidirectional_dynamic_rnn(*cells, x, dtype=tf.float32)
    return [tf.concat(outputs, 2)], [RANDOM.randn(2, 5, 3).tolist(),
                                     RANDOM.randn(1, 2, 3).tolist()]


def gradient_of_a_loop():
    x = scalar()
    _, y = tf.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, tf.sin(a) * x), [0, x])
    return [y, *tf.gradients(y, x)], [0.5, 1.5]


def gradient_of_nested_loops():
    x = scalar()

    def body(i, a):
        return i + 1, tf.while_loop(lambda j, b: j < 2, lambda j, b: (j + 1, tf.sin(b) * x),
                                    [0, a])[1]

    _, y = tf.while_loop(lambda i, a: i < 3, body, [0, x])
    return [y, *tf.gradients(y, x)], [0.5, 1.5]


def gradient_of_branches_in_a_loop():
    x = scalar()
    _, y = tf.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, tf.cond(
        tf.equal(i % 2, 0), lambda: tf.sin(a) * x, lambda: a * a)), [0, x])
    return [y, *tf.gradients(y, x)], [0.5, 1.5]


def gradient_of_a_loop_in_a_branch():
    x = scalar()
    y = tf.cond(x > 1, lambda: tf.while_loop(
        lambda i, a: i < 3, lambda i, a: (i + 1, tf.sin(a) * x), [0, x])[1], lambda: x * x)
    return [y, *tf.gradients(y * y, x)], [0.5, 1.5]


def gradient_of_lstm():
    x = tf.placeholder(tf.float32, [2, 5, 3], name="x")
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(4), x, dtype=tf.float32)
    return [outputs, *tf.gradients(tf.reduce_sum(outputs ** 2), x)], [
        RANDOM.randn(2, 5, 3).tolist()]


PROGRAMS = (
    branches, branches_of_constants, two_results, nested_branches, one_predicate_twice, case,
    gradient_of_branches, gradient_through_branches, checked, counting, matrix_loop, nested_loops,
    branches_in_a_loop, loop_in_a_branch, growing, map_fn, scan, tensor_array, lstm,
    both_directions, gradient_of_a_loop, gradient_of_nested_loops, gradient_of_branches_in_a_loop,
    gradient_of_a_loop_in_a_branch, gradient_of_lstm)


def frozen(program):
    """The frozen graph of a program, and its runs."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.set_random_seed(1)
        results, fed = program()
        outputs = [tf.identity(result, f"out{i}") for i, result in enumerate(results)]
        sess.run(tf.global_variables_initializer())
        graph_def = tf.graph_util.convert_variables_to_constants(
            sess, graph.as_graph_def(), [output.op.name for output in outputs])
        runs = [{"x": value, "out": [np.asarray(out).tolist() for out in
                                     sess.run(outputs, {"x:0": value})]} for value in fed]
    for node in graph_def.node:
        node.attr.pop("_output_shapes", None)
    return graph_def.SerializeToString(), json.dumps(runs).encode()


def training():
    """A graph that trains an LSTM and a loop with branches, and its losses, step by step.

    Its nodes init, train and loss are to be run; x is fed.
    """
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [2, 4, 3], name="x")
        weights = tf.get_variable("weights", [3, 3], initializer=tf.glorot_uniform_initializer(5))

        def body(i, h):
            h = tf.tanh(tf.matmul(h, weights) + x[:, i])
            return i + 1, tf.cond(tf.reduce_mean(h) > 0, lambda: h, lambda: h * 0.5 + x[:, 0])

        _, h = tf.while_loop(lambda i, h: i < 4, body, [0, x[:, 0]])
        outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(
            2, initializer=tf.glorot_uniform_initializer(6)), x, sequence_length=[4, 2],
            dtype=tf.float32)
        loss = tf.add(tf.reduce_sum(outputs ** 2), tf.reduce_mean((h - 1) ** 2), name="loss")
        pairs = tf.train.AdamOptimizer(0.1).compute_gradients(loss)
        clipped, _ = tf.clip_by_global_norm([gradient for gradient, _ in pairs], 1.0)
        optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
        optimizer.apply_gradients(zip(clipped, [v for _, v in pairs]), name="train")
        tf.group(tf.global_variables_initializer(), name="init")
        graph_def = graph.as_graph_def()
        sess.run("init")
        fed = RANDOM.randn(2, 4, 3).tolist()
        losses = [float(sess.run(["loss:0", "train"], {"x:0": fed})[0]) for _ in range(4)]
    for node in graph_def.node:
        node.attr.pop("_output_shapes", None)
    return graph_def.SerializeToString(), json.dumps({"x": fed, "losses": losses}).encode()


if __name__ == "__main__":
    pb, runs = training()
    arrays = {"training": np.frombuffer(pb, np.uint8), "losses": np.frombuffer(runs, np.uint8)}
    for program in PROGRAMS:
        for end, data in zip(("pb", "json"), frozen(program), strict=True):
            arrays[f"{program.__name__}.{end}"] = np.frombuffer(data, np.uint8)
    np.savez_compressed(Path(__file__).parent / "files" / "control_flow_v1.npz", **arrays)
