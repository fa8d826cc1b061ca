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
tf.disable_control_flow_v2()
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
        # TensorFlow does not set all of these behind the last step
        return [f"y:{i}" for i in (0, 2, 3, 4, 5)] if steps < 5 else []
    return build


def gru_step():
    given = {"x": normal("x", 2, 3), "h_prev": normal("h", 2, 4), "w_ru": normal("w_ru", 7, 8),
             "w_c": normal("w_c", 7, 4), "b_ru": normal("b_ru", 8), "b_c": normal("b_c", 4)}
    kept = {key: value for key, value in raw.GRUBlockCell(**given, name="y")._asdict().items()
            if key != "h"}
    raw.GRUBlockCellGrad(**given, **kept, d_h=normal("dh", 2, 4), name="dy")


# ---- images --------------------------------------------------------------------------------------


def pools():
    x = normal("x", 2, 5, 6, 3)
    windows = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
    y = raw.MaxPoolV2(input=x, **windows, name="y")
    dy = normal("g", 2, 3, 3, 3)
    raw.MaxPoolGradV2(orig_input=x, orig_output=y, grad=dy, **windows, name="y1")
    raw.MaxPoolGradGradV2(orig_input=x, orig_output=y, grad=normal("gg", 2, 5, 6, 3), **windows,
                          name="y2")


def distorted_box():
    box = fed("x", np.float32([[[0.2, 0.2, 0.8, 0.7]]]))
    raw.SampleDistortedBoundingBox(image_size=[40, 60, 3], bounding_boxes=box, seed=3, seed2=4,
                                   min_object_covered=0.4, name="y")


# ---- records -------------------------------------------------------------------------------------


def sequence_record(word, numbers, steps):
    record = tf.train.SequenceExample()
    record.context.feature["word"].bytes_list.value.append(word)
    record.context.feature["numbers"].int64_list.value.extend(numbers)
    for step in steps:
        feature = record.feature_lists.feature_list["steps"].feature.add()
        feature.float_list.value.extend(step)
        record.feature_lists.feature_list["many"].feature.add().int64_list.value.extend(
            range(len(steps)))
    return record.SerializeToString()


RECORDS = [sequence_record(b"a", [1, 2], [[1, 2], [3, 4]]), sequence_record(b"b", [], [[5, 6]])]
KEYS = {"context_sparse_keys": ["numbers"], "context_dense_keys": ["word", "none"],
        "feature_list_sparse_keys": ["many"], "feature_list_dense_keys": ["steps", "missing"]}
TYPES = {"context_sparse_types": [tf.int64], "context_dense_shapes": [[], [2]],
         "context_dense_defaults": [b"", np.int64([7, 8])],
         "feature_list_dense_types": [tf.float32, tf.int64],
         "feature_list_sparse_types": [tf.int64], "feature_list_dense_shapes": [[2], []]}


def sequence_examples():
    raw.ParseSequenceExample(
        serialized=RECORDS, debug_name=["p", "q"], **KEYS, **TYPES,
        feature_list_dense_missing_assumed_empty=["missing"], Ncontext_dense=2, name="y",
        Ncontext_sparse=1, Nfeature_list_sparse=1, Nfeature_list_dense=2)


def one_sequence_example():
    raw.ParseSingleSequenceExample(
        serialized=RECORDS[0], debug_name="p", **KEYS, **TYPES,
        feature_list_dense_missing_assumed_empty=["missing"], name="y")


def shards():
    raw.ShardedFilespec(basename="a/model", num_shards=fed("n", np.int32(12)), name="y")


# ---- TensorArrays --------------------------------------------------------------------------------


def tensor_array():
    """Rows are put in and changed in a loop; then a TensorArray of gradients."""
    def op(kind, **inputs):
        return getattr(raw, f"TensorArray{kind}V3")(**inputs)

    x = normal("x", 3, 2)
    made = op("", size=3, dtype=tf.float32, clear_after_read=False).handle
    results = op("", size=3, dtype=tf.float32).handle
    flow = op("Scatter", handle=made, indices=[0, 1, 2], value=x, flow_in=0.0)

    def body(i, written):
        row = op("Read", handle=made, index=i, flow_in=flow, dtype=tf.float32)
        return i + 1, op("Write", handle=results, index=i, value=row ** 2, flow_in=written)

    _, written = tf.while_loop(lambda i, written: i < 3, body, [0, 0.0])
    op("Gather", handle=results, indices=[2, 0, 1], flow_in=written, dtype=tf.float32, name="y")
    op("Size", handle=results, flow_in=written, name="y1")
    gradients = op("Grad", handle=made, flow_in=written, source="gradients").grad_handle
    flow = op("Scatter", handle=gradients, indices=[1, 1, 0], value=x, flow_in=0.0)
    op("Gather", handle=gradients, indices=[0, 1, 2], flow_in=flow, dtype=tf.float32, name="y2")
    parts = op("", size=2, dtype=tf.float32).handle
    flow = op("Split", handle=parts, value=x, lengths=np.int64([1, 2]), flow_in=0.0)
    op("Concat", handle=parts, flow_in=flow, dtype=tf.float32, name="y3")
    op("Close", handle=gradients)


def with_strings(graph_def):
    """The graph with handles that are strings, as they were before TensorFlow 1.0."""
    graph_def.versions.producer = 15
    for node in graph_def.node:
        if node.op.startswith("TensorArray"):
            node.op = node.op.replace("V3", "V2")
            node.attr.pop("identical_element_shapes", None)
        elif node.op == "Enter" and node.attr["T"].type == tf.resource.as_datatype_enum:
            node.attr["T"].type = tf.string.as_datatype_enum


# ---- sounds --------------------------------------------------------------------------------------


def sounds():
    """The first steps of a network that knows words."""
    times = np.arange(500, dtype=np.float32)[:, None] / 4000
    waves = np.sin(times * [[2000.0, 9000.0]]) * np.exp(-times * 3)
    wav = raw.EncodeWav(audio=fed("x", waves.astype(np.float32)), sample_rate=4000, name="y")
    sound = raw.DecodeWav(contents=wav, desired_channels=3, desired_samples=520, name="y1")
    strong = raw.AudioSpectrogram(input=sound.audio, window_size=240, stride=100, name="y2",
                                  magnitude_squared=True)
    raw.AudioSpectrogram(input=sound.audio, window_size=128, stride=100, name="y3")
    raw.Mfcc(spectrogram=strong, sample_rate=sound.sample_rate, dct_coefficient_count=12,
             filterbank_channel_count=20, upper_frequency_limit=1900, name="y4")
    raw.Mfcc(spectrogram=strong, sample_rate=sound.sample_rate, name="y5",
             upper_frequency_limit=1500)


PROGRAMS = {
    "lstm_step": lstm_step(False), "lstm_step_peepholes": lstm_step(True, cell_clip=-1.0),
    "lstm_step_clipped": lstm_step(True, cell_clip=0.3, forget_bias=0.5),
    "lstm_steps": lstm_steps(raw.BlockLSTM, raw.BlockLSTMGrad, False, 5),
    "lstm_steps_short": lstm_steps(raw.BlockLSTM, raw.BlockLSTMGrad, True, 3, cell_clip=0.5),
    "lstm_steps_none": lstm_steps(raw.BlockLSTM, raw.BlockLSTMGrad, True, 0),
    "lstm_steps_v2": lstm_steps(raw.BlockLSTMV2, raw.BlockLSTMGradV2, True, 4),
    "gru_step": gru_step, "pools": pools, "distorted_box": distorted_box,
    "sequence_examples": sequence_examples, "one_sequence_example": one_sequence_example,
    "shards": shards, "tensor_array": tensor_array,
    "sounds": sounds,
}


OLDER = {"tensor_array": with_strings}


def entries(name, build):
    FED.clear()
    with tf.Graph().as_default() as graph:
        unset = build() or ()
        outputs = [output.name for op in graph.get_operations() for output in op.outputs
                   if op.name.strip("0123456789") in ("y", "dy") and output.name not in unset]
        graph_def = graph.as_graph_def()
    for node in graph_def.node:
        node.attr.pop("_output_shapes", None)
    OLDER.get(name, lambda graph_def: None)(graph_def)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph_def, name="")
        results = session.run(outputs, FED)
    yield f"{name}|graph", np.frombuffer(graph_def.SerializeToString(), np.uint8)
    for key, value in FED.items():
        yield f"{name}|feed|{key}", value
    for key, value in zip(outputs, results, strict=True):
        value = np.asarray(value)
        yield f"{name}|out|{key}", value.astype("S") if value.dtype == object else value


if __name__ == "__main__":
    arrays = {key: array for name, build in PROGRAMS.items() for key, array in entries(name, build)}
    np.savez_compressed(Path(__file__).parent / "files" / "old_graphs.npz", **arrays)
