"""Makes files/old_graphs.npz: graphs of op types that flowgraph has no op of, and their results.

    TF_USE_LEGACY_KERAS=1 python tests/io/make_old_graphs.py

Needs TensorFlow 2. Such nodes become other ops on import. Per program the file holds the GraphDef
("name|graph"), what is fed ("name|feed|x:0"), and what TensorFlow gives for each output
("name|out|y:0").
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.get_logger().setLevel("ERROR")
raw = tf.raw_ops
RNG = np.random.RandomState(0)
FED = {}


def fed(name, array, shape=()):
    """A placeholder, of the array's shape unless another one is given."""
    array = np.asarray(array)
    FED[f"{name}:0"] = array
    return tf.placeholder(array.dtype, array.shape if shape == () else shape, name=name)


def normal(name, *sizes, shape=()):
    return fed(name, RNG.randn(*sizes).astype(np.float32), shape)


# ---- recurrent cells -----------------------------------------------------------------------------


def lstm_inputs(*time):
    return {"x": normal("x", *time, 2, 3), "cs_prev": normal("cs", 2, 4),
            "h_prev": normal("h", 2, 4), "w": normal("w", 7, 16), "wci": normal("wci", 4),
            "wcf": normal("wcf", 4), "wco": normal("wco", 4), "b": normal("b", 16)}


def lstm_step(use_peephole, **options):
    def build():
        given = lstm_inputs()
        step = raw.LSTMBlockCell(**given, use_peephole=use_peephole, name="y", **options)
        kept = {key: value for key, value in step._asdict().items() if key != "h"}
        raw.LSTMBlockCellGrad(**given, **kept, cs_grad=normal("dcs", 2, 4), name="dy",
                              h_grad=normal("dh", 2, 4), use_peephole=use_peephole)
    return build


def lstm_steps(forward, backward, use_peephole, steps, **options):
    def build():
        given = {"seq_len_max": fed("n", np.int64(steps)), **lstm_inputs(5)}
        made = forward(**given, use_peephole=use_peephole, name="y", **options)
        backward(**given, **made._asdict(), cs_grad=normal("dcs", 5, 2, 4),
                 h_grad=normal("dh", 5, 2, 4), use_peephole=use_peephole, name="dy")
    return build


def gru_step():
    given = {"x": normal("x", 2, 3), "h_prev": normal("h", 2, 4), "w_ru": normal("w_ru", 7, 8),
             "w_c": normal("w_c", 7, 4), "b_ru": normal("b_ru", 8), "b_c": normal("b_c", 4)}
    kept = {key: value for key, value in raw.GRUBlockCell(**given, name="y")._asdict().items()
            if key != "h"}
    raw.GRUBlockCellGrad(**given, **kept, d_h=normal("dh", 2, 4), name="dy")


PROGRAMS = {
    "lstm_step": lstm_step(False), "lstm_step_peepholes": lstm_step(True, cell_clip=-1.0),
    "lstm_step_clipped": lstm_step(True, cell_clip=0.3, forget_bias=0.5),
    "lstm_steps": lstm_steps(raw.BlockLSTM, raw.BlockLSTMGrad, False, 5),
    "lstm_steps_short": lstm_steps(raw.BlockLSTM, raw.BlockLSTMGrad, True, 3, cell_clip=0.5),
    "lstm_steps_none": lstm_steps(raw.BlockLSTM, raw.BlockLSTMGrad, True, 0),
    "lstm_steps_v2": lstm_steps(raw.BlockLSTMV2, raw.BlockLSTMGradV2, True, 4),
    "gru_step": gru_step,
}


def entries(name, build):
    FED.clear()
    with tf.Graph().as_default() as graph, tf.Session() as session:
        build()
        outputs = [output.name for op in graph.get_operations() for output in op.outputs
                   if op.name.strip("0123456789") in ("y", "dy")]
        graph_def = graph.as_graph_def()
        results = session.run(outputs, FED)
    yield f"{name}|graph", np.frombuffer(graph_def.SerializeToString(), np.uint8)
    for key, value in FED.items():
        yield f"{name}|feed|{key}", value
    for key, value in zip(outputs, results, strict=True):
        yield f"{name}|out|{key}", np.asarray(value)


if __name__ == "__main__":
    arrays = {key: array for name, build in PROGRAMS.items() for key, array in entries(name, build)}
    np.savez_compressed(Path(__file__).parent / "files" / "old_graphs.npz", **arrays)
