"""Makes files/cudnn.npz: networks with tf.keras.layers.CuDNNLSTM and CuDNNGRU, and their results.

    TF_USE_LEGACY_KERAS=1 python tests/io/make_cudnn.py

Needs TensorFlow and tf_keras. Such layers run on a GPU only; what they give is computed by the
layers LSTM and GRU, with the weights that Keras makes of theirs. Per program the file holds the
frozen GraphDef ("name|graph"), the input ("name|x"), and the outputs ("name|out").
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
layers = tf.keras.layers
CELLS, INPUTS = 4, 3


def parts(matrix, gates):
    """The matrices of the gates as they stand in memory, [cells, inputs]."""
    return [np.ascontiguousarray(part).reshape(CELLS, -1).T
            for part in np.split(matrix, gates, axis=1)]


def plain_weights(kernel, recurrent, bias, gates):
    kernels = [np.concatenate(parts(matrix, gates), 1) for matrix in (kernel, recurrent)]
    return [*kernels, bias.reshape(2, -1).sum(0) if gates == 4 else bias.reshape(2, -1)]


def frozen(graph_def, values, names):
    """The graph with constants in place of variables, which a session without a GPU refuses."""
    for node in graph_def.node:
        node.attr.pop("_output_shapes", None)
        if node.op == "ReadVariableOp" and node.input[0] in values:
            value = tf.make_tensor_proto(values[node.input[0]])
            node.op = "Const"
            del node.input[:]
            node.attr.clear()
            node.attr["dtype"].type = value.dtype
            node.attr["value"].tensor.CopyFrom(value)
        elif node.op == "CudnnRNNV3":  # as TensorFlow 1.15 wrote it
            node.op = "CudnnRNN"
            del node.input[4]
            for name in ("num_proj", "time_major"):
                del node.attr[name]
    return tf.graph_util.extract_sub_graph(graph_def, names)


def program(fast, plain, gates, **options):
    rng = np.random.RandomState(3)
    x = rng.randn(2, 5, INPUTS).astype(np.float32)
    with tf.Graph().as_default() as graph:
        fed = tf.placeholder(tf.float32, [None, None, INPUTS], name="x")
        layer = fast(CELLS, return_sequences=True, return_state=True, **options)
        made = layer(fed)
        for i, output in enumerate(made):
            tf.identity(output, name=f"y{i}")
        weights = [rng.randn(*w.shape.as_list()).astype(np.float32) for w in layer.weights]
        graph_def = frozen(graph.as_graph_def(), {
            variable.op.name: value for variable, value in zip(layer.weights, weights)},
            [f"y{i}" for i in range(len(made))])
    with tf.Graph().as_default(), tf.Session() as session:
        layer = plain(CELLS, return_sequences=True, return_state=True,
                      recurrent_activation="sigmoid", **options,
                      **({"reset_after": True} if gates == 3 else {}))
        made = layer(tf.constant(x))
        for variable, value in zip(layer.weights, plain_weights(*weights, gates)):
            variable.load(value, session)
        out = session.run(made)
    return graph_def.SerializeToString(), x, out


if __name__ == "__main__":
    arrays = {}
    for name, row in {
            "lstm": (layers.CuDNNLSTM, layers.LSTM, 4), "gru": (layers.CuDNNGRU, layers.GRU, 3)
            }.items():
        graph, x, out = program(*row)
        arrays[f"{name}|graph"], arrays[f"{name}|x"] = np.frombuffer(graph, np.uint8), x
        arrays |= {f"{name}|out|{i}": value for i, value in enumerate(out)}
    np.savez_compressed(Path(__file__).parent / "files" / "cudnn.npz", **arrays)
