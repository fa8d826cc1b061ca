"""Makes files/old_graphs.npz and files/fused_graphs.npz: graphs with op types that flowgraph does
not have, and their results.

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
OLD = []


def fed(name, array, shape=()):
    """A placeholder, of the array's shape unless another one is given."""
    array = np.asarray(array)
    FED[f"{name}:0"] = array
    return tf.placeholder(array.dtype, array.shape if shape == () else shape, name=name)


def normal(name, *sizes, shape=()):
    return fed(name, RNG.randn(*sizes).astype(np.float32), shape)


def old(op_type, *inputs, name, **attrs):
    """A node that today's TensorFlow runs, but does not build."""
    node = tf.NodeDef(op=op_type, name=name,
                      input=[tf.convert_to_tensor(value).name for value in inputs])
    for key, value in {"T": tf.float32, **attrs}.items():
        attr = node.attr[key]
        if isinstance(value, list) and isinstance(value[0], str):
            attr.list.s.extend(text.encode() for text in value)
        elif isinstance(value, list) and isinstance(value[0], tf.DType):
            attr.list.type.extend(dtype.as_datatype_enum for dtype in value)
        elif isinstance(value, list):
            attr.list.i.extend(value)
        elif isinstance(value, tf.DType):
            attr.type = value.as_datatype_enum
        else:
            field = {str: "s", bool: "b", int: "i", float: "f"}[type(value)]
            setattr(attr, field, value.encode() if field == "s" else value)
    OLD.append(node)


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
    # No QuantizedAvgPool: TensorFlow 1 drops the fraction, today's may round.
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


# ---- several ops in one --------------------------------------------------------------------------


def convolutions():
    x, w = normal("x", 1, 4, 5, 3), normal("w", 2, 2, 3, 4)  # for more images they go wrong there
    paddings = [[0, 0], [1, 2], [2, 1], [0, 0]]
    options = {"strides": [1, 2, 1, 1], "padding": "VALID", "filter": w, "mode": "REFLECT"}
    raw.FusedPadConv2D(input=x, paddings=paddings, **options, name="y")
    raw.FusedResizeAndPadConv2D(input=x, size=[7, 6], paddings=paddings, **options, name="y1")
    raw.FusedResizeAndPadConv2D(input=x, size=[6, 8], paddings=paddings, **options, name="y2",
                                resize_align_corners=True)
    old("BiasAddV1", x, normal("b", 3), name="y3")
    x, w, dy = normal("x3", 1, 3, 4, 3, 2), normal("w3", 2, 2, 2, 2, 3), normal("g", 1, 2, 3, 2, 3)
    options = {"strides": [1, 1, 1, 1, 1], "padding": "VALID"}
    old("Conv3DBackpropInput", x, w, dy, **options, name="y4")
    old("Conv3DBackpropFilter", x, w, dy, **options, name="y5")


def optimized():
    """Nodes that TensorFlow's optimizer made of several."""
    x, w = normal("x", 2, 4, 5, 3), normal("w", 2, 2, 3, 4)
    vectors = [normal("a", 4), normal("b", 4), normal("c", 4),
               fed("d", RNG.rand(4).astype(np.float32) + 1)]
    conv = {"strides": [1, 1, 2, 1], "padding": "SAME", "epsilon": 0.01, "TArgs": [tf.float32]}
    old("_FusedConv2D", x, w, vectors[0], **conv, num_args=1, fused_ops=["BiasAdd"], name="y")
    old("_FusedConv2D", x, w, vectors[0], **conv, num_args=1, fused_ops=["BiasAdd", "Relu6"],
        name="y1")
    conv["TArgs"] = conv["TArgs"] * 4
    old("_FusedConv2D", x, w, *vectors, **conv, num_args=4, fused_ops=["FusedBatchNorm", "Elu"],
        name="y2")
    old("_FusedMatMul", normal("e", 3, 2), normal("f", 4, 3), vectors[1], num_args=1, name="y3",
        fused_ops=["BiasAdd", "Relu"], transpose_a=True, transpose_b=True)


def together():
    """Rows of several runs at once, as tf.contrib.batching built it."""
    x = normal("x", 4, 2)
    made = raw.Batch(in_tensors=[x, x + 1], num_batch_threads=1, max_batch_size=10,
                     batch_timeout_micros=1, grad_timeout_micros=1000)
    raw.Unbatch(batched_tensor=made.batched_tensors[1] * 2, batch_index=made.batch_index,
                id=made.id, timeout_micros=100000, name="y")


def seen_from_the_side():
    """As tf.contrib.image.transform built it."""
    x = normal("x", 2, 5, 6, 2)
    turned = fed("t", np.float32([[0.8, -0.5, 0.7, 0.6, 0.9, -0.4, 0.02, -0.01],
                                  [1, 0, -0.25, 0, 1, 1.5, 0, 0]]))
    for i, kind in enumerate(("NEAREST", "BILINEAR")):
        raw.ImageProjectiveTransformV2(images=x, transforms=turned, output_shape=[4, 7],
                                       interpolation=kind, name=f"y{i}")


def batch_norms():
    x, dy = normal("x", 2, 3, 3, 4), normal("g", 2, 3, 3, 4)
    mean, scale = normal("m", 4), normal("s", 4)
    variance = fed("v", RNG.rand(4).astype(np.float32) + 1)
    raw.FusedBatchNormGradV2(y_backprop=dy, x=x, scale=scale, reserve_space_1=mean,
                             reserve_space_2=variance, is_training=False, name="y")
    for i, after in enumerate((False, True)):
        old("BatchNormWithGlobalNormalizationGrad", x, mean, variance, scale, dy,
            variance_epsilon=0.01, scale_after_normalization=after, name=f"y{i + 1}")
    return ["y:3", "y:4"]  # of no meaning


def ranges():
    x = normal("x", 3, 4)
    raw.ClipByValue(t=x, clip_value_min=-0.5, clip_value_max=0.7, name="y")
    raw.QuantizeAndDequantizeV3(input=x, input_min=-1.0, input_max=1.0, num_bits=5, name="y1")
    raw.QuantizeAndDequantizeV3(input=x, input_min=0.0, input_max=0.0, num_bits=8, name="y2",
                                range_given=False, signed_input=False)
    old("QuantizeAndDequantize", x, num_bits=4, input_min=-2.0, input_max=1.5, range_given=True,
        name="y3")


def rearranged():
    raw.DataFormatDimMap(x=fed("i", np.int32([0, 1, 3, -1, -2])), name="y1")
    raw.DataFormatDimMap(x=[1, 2], src_format="NCHW", dst_format="NHWC", name="y2")
    raw.DataFormatVecPermute(x=fed("j", np.int32([7, 4, 9, 3])), name="y3")
    raw.DataFormatVecPermute(x=fed("k", np.int32([[1, 2], [3, 4], [5, 6], [7, 8]])), name="y4",
                             src_format="NCHW", dst_format="NHWC")
    raw.DataFormatVecPermute(x=fed("l", np.int32([7, 4])), name="y5")
    for i, kind in enumerate(("Update", "Add", "Sub")):
        getattr(raw, f"Inplace{kind}")(x=normal(f"x{i}", 4, 6) * (i + 2), i=[3, 1],
                                       v=normal(f"r{i}", 2, 6), name=f"y{i + 6}")
    raw.NearestNeighbors(points=normal("p", 5, 3), centers=normal("c", 4, 3), k=np.int64(2),
                         name="y9")


def matrices():
    x = RNG.randn(2, 3, 3).astype(np.float32)
    x = fed("x", x @ x.swapaxes(1, 2) + np.eye(3, dtype=np.float32))
    lower = tf.linalg.cholesky(x)
    raw.CholeskyGrad(l=lower[0], grad=normal("g", 3, 3), name="y")
    old("BatchCholeskyGrad", lower, normal("gs", 2, 3, 3), name="y1")
    diagonal = fed("d", np.diag(np.float32([3, -1, 2])))  # its eigenvectors have but one form
    old("SelfAdjointEig", diagonal, name="y2")


def temporary():
    """A sum as tf.accumulate_n made it."""
    x = normal("x", 2, 3)
    variable = raw.TemporaryVariable(shape=[2, 3], dtype=tf.float32, var_name="sum")
    with tf.control_dependencies([raw.Assign(ref=variable, value=tf.zeros([2, 3]))]):
        adds = [raw.AssignAdd(ref=variable, value=value, use_locking=True)
                for value in (x, x * 2, tf.ones([2, 3]))]
    with tf.control_dependencies(adds):
        raw.DestroyTemporaryVariable(ref=variable, var_name="sum", name="y")


def calls():
    from tensorflow.python.framework import function
    from tensorflow.python.ops import functional_ops

    @function.Defun(tf.float32, tf.float32, tf.int32)
    def both(a, b, n):
        return a * tf.sin(b), b * b, n

    x, y, n = normal("a", 3), normal("b", 3), fed("n", np.int32(3))
    gradients = functional_ops.symbolic_gradient(
        [x, y, n, normal("da", 3), normal("db", 3), tf.zeros([], tf.int32)],
        [tf.float32, tf.float32, tf.int32], both)
    for i, dx in enumerate(gradients[:2]):
        tf.identity(dx, name=f"y{i}")
    together = tf.nondifferentiable_batch_function(1, 10, 1)(lambda x: (x * 2, x + 1))
    for i, part in enumerate(together(normal("x", 4, 2))):
        tf.identity(part, name=f"y{i + 2}")


def quantized():
    """Layers in integers of 8 bits, as the tools for phones made them."""
    def numbers(name, *sizes, low=0, high=256, dtype=tf.quint8):
        x = fed(name, RNG.randint(low, high, sizes).astype(np.uint8 if low >= 0 else np.int8))
        return tf.bitcast(x, dtype)

    x, w = numbers("x", 2, 6, 5, 3), numbers("w", 3, 3, 3, 4)
    conv = raw.QuantizedConv2D(input=x, filter=w, min_input=-1.3, max_input=2.1, min_filter=-0.7,
                               max_filter=0.9, strides=[1, 2, 2, 1], padding="SAME")
    raw.QuantizeDownAndShrinkRange(input=conv.output, input_min=conv.min_output,
                                   input_max=conv.max_output, out_type=tf.quint8, name="y")
    used = raw.RequantizationRange(input=conv.output, input_min=conv.min_output,
                                   input_max=conv.max_output, name="y1")
    eight = raw.Requantize(input=conv.output, input_min=conv.min_output, out_type=tf.quint8,
                           input_max=conv.max_output, requested_output_min=used.output_min,
                           requested_output_max=used.output_max, name="y2")
    raw.Requantize(input=conv.output, input_min=conv.min_output, input_max=conv.max_output,
                   requested_output_min=-3.0, requested_output_max=2.5, out_type=tf.qint8,
                   name="y3")
    biased = raw.QuantizedBiasAdd(
        input=eight.output, bias=numbers("b", 4), min_input=eight.output_min,
        max_input=eight.output_max, min_bias=-0.4, max_bias=0.5, out_type=tf.qint32, name="y4")
    raw.QuantizedRelu(features=eight.output, min_features=eight.output_min, name="y5",
                      max_features=eight.output_max)
    raw.QuantizedRelu6(features=x, min_features=-5.0, max_features=20.0, name="y6")
    raw.QuantizedRelu(features=biased.output, min_features=biased.min_out, out_type=tf.qint32,
                      max_features=biased.max_out, name="y7")
    windows = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 2, 1], "min_input": -1.0, "max_input": 2.0}
    raw.QuantizedMaxPool(input=x, padding="SAME", **windows, name="y8")
    raw.QuantizedMatMul(a=numbers("a", 4, 5), b=numbers("c", 5, 3), min_a=-1.0, max_a=1.0,
                        min_b=0.0, max_b=3.0, name="y10")
    raw.QuantizedMatMul(a=numbers("d", 5, 4), b=numbers("e", 3, 5), min_a=-1.0, max_a=2.0,
                        min_b=-2.0, max_b=3.0, transpose_a=True, transpose_b=True, name="y11")
    both = {"min_x": -1.0, "max_x": 2.0, "min_y": -0.5, "max_y": 0.25}
    for i, y in enumerate((numbers("f", 2, 6, 5, 3), numbers("g", 3), numbers("h"))):
        raw.QuantizedAdd(x=x, y=y, **both, name=f"y{12 + 2 * i}")
        raw.QuantizedMul(x=x, y=y, **both, name=f"y{13 + 2 * i}")
    norm = {}
    for name, low, high in (("m", -0.5, 0.6), ("v", 0.1, 2.0), ("beta", -1.0, 1.0),
                            ("gamma", 0.5, 1.5)):
        norm |= {name: numbers(f"{name}0", 3), f"{name}_min": low, f"{name}_max": high}
    for i, after in enumerate((True, False)):
        raw.QuantizedBatchNormWithGlobalNormalization(
            t=x, t_min=-2.0, t_max=3.0, **norm, out_type=tf.qint32, variance_epsilon=0.01,
            scale_after_normalization=after, name=f"y{19 + i}")
    raw.QuantizedReshape(tensor=x, shape=[3, -1], input_min=-1.0, input_max=1.0, name="y18")


FUSED = {build.__name__: build for build in (
    convolutions, optimized, together, seen_from_the_side, batch_norms, ranges, rearranged,
    matrices, temporary, calls, quantized)}


def of_2015(graph_def):
    graph_def.versions.producer = 2


OLDER = {"tensor_array": with_strings, "convolutions": of_2015, "batch_norms": of_2015,
         "ranges": of_2015, "rearranged": of_2015, "matrices": of_2015}


def entries(name, build):
    FED.clear()
    OLD.clear()
    with tf.Graph().as_default() as graph:
        unset = build() or ()
        graph_def = graph.as_graph_def()
    graph_def.node.extend(OLD)
    for node in graph_def.node:
        node.attr.pop("_output_shapes", None)
    OLDER.get(name, lambda graph_def: None)(graph_def)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(graph_def, name="")
        outputs = [output.name for op in graph.get_operations() for output in op.outputs
                   if op.name.strip("0123456789") in ("y", "dy") and output.name not in unset]
        results = session.run(outputs, FED)
    yield f"{name}|graph", np.frombuffer(graph_def.SerializeToString(), np.uint8)
    for key, value in FED.items():
        yield f"{name}|feed|{key}", value
    for key, value in zip(outputs, results, strict=True):
        value = np.asarray(value)
        if value.dtype.names:  # TensorFlow marks quantized numbers
            value = value.view(value.dtype[0])
        yield f"{name}|out|{key}", value.astype("S") if value.dtype == object else value


if __name__ == "__main__":
    for file, programs in (("old_graphs", PROGRAMS), ("fused_graphs", FUSED)):
        arrays = {key: array for name, build in programs.items()
                  for key, array in entries(name, build)}
        np.savez_compressed(Path(__file__).parent / "files" / f"{file}.npz", **arrays)
