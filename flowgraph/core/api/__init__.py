"""What TensorFlow 1.15 has and flowgraph has not, and what to use instead.

`tf115.txt` lists the public names of TensorFlow 1.15. `REASONS` says why names are missing, by
pattern; the first pattern that fits counts. `docs/api_coverage.md` is made from both.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import NamedTuple

from flowgraph.core.api.before_one import before_one
from flowgraph.core.api.by_path import by_path
from flowgraph.core.api.contrib import CLUSTER, CONTRIB, EAGER
from flowgraph.core.api.of_one import of_one


class Reason(NamedTuple):
    """Why names are missing.

    Attributes:
        pattern: of full names, as `tf.data.*`.
        why: the reason, a clause that follows "it".
        instead: what to use, a sentence; "" where there is nothing.
    """

    pattern: str
    why: str
    instead: str = ""


CLAIM = ", and neither has TensorFlow 1.15."
# Parts of TensorFlow 1.15 that its listing of public names leaves out.
UNLISTED = ("tf.app", "tf.audio", "tf.compat", "tf.contrib", "tf.experimental", "tf.feature_column",
            "tf.flags", "tf.lite", "tf.nest", "tf.pywrap_tensorflow", "tf.raw_ops", "tf.tools",
            "tf.tpu", "tf.user_ops", "tf.xla")
LISTED_OF_KERAS = ("tf.keras.activations.", "tf.keras.initializers.", "tf.keras.layers.",
                   "tf.keras.regularizers.")

REASONS = (
    # -- eager execution and functions
    Reason("tf.GradientTape", EAGER, "Use tf.gradients."),
    Reason("tf.enable_tensor_equality", EAGER, "Compare with tf.equal; == asks for the object."),
    Reason("tf.wrap_function", EAGER, "Build the ops once and run them with Session.run."),
    Reason("tf.Module", EAGER, "Use tf.variable_scope or tf.make_template."),
    Reason("tf.py_function", EAGER, "Use tf.py_func."),
    Reason("tf.enable_eager_execution", EAGER, "Use a Session, or InteractiveSession and eval()."),
    Reason("tf.enable_v2_*", EAGER, "Programs of TensorFlow 1 need no such call."),
    Reason("tf.autograph.*", EAGER, "Use tf.cond and tf.while_loop."),
    Reason("tf.config.experimental_run_functions_eagerly", EAGER),
    Reason("tf.config.experimental.*_synchronous_execution", EAGER),
    Reason("tf.config.experimental.*_device_policy", EAGER),
    Reason("tf.vectorized_map", "rewrites functions into vector form", "Use tf.map_fn."),
    # -- structures of the second version's API
    Reason("tf.Ragged*", "needs ragged tensors, which flowgraph has not",
           "Pad to one length (tf.sequence_mask tells the lengths), or use a SparseTensor."),
    Reason("tf.ragged.*", "needs ragged tensors, which flowgraph has not",
           "Pad to one length (tf.sequence_mask tells the lengths), or use a SparseTensor."),
    Reason("tf.strings.ngrams", "returns ragged tensors, which flowgraph has not",
           "Split with tf.string_split and join neighbours with tf.strings.join."),
    Reason("tf.strings.unicode_decode_with_offsets", "returns ragged tensors, which flowgraph has "
           "not", "Use tf.strings.unicode_decode on one string."),
    Reason("tf.strings.unicode_split*", "returns ragged tensors, which flowgraph has not",
           "Use tf.strings.substr with unit='UTF8_CHAR'."),
    Reason("tf.strings.unicode_script", "needs the table of Unicode's scripts, which Python has "
           "not", "Use tf.py_func with a package that has it."),
    # -- machines
    Reason("tf.distribute.*", CLUSTER),
    Reason("tf.config.experimental_connect_*", CLUSTER),
    Reason("tf.test.create_local_cluster", CLUSTER),
    Reason("tf.nn.compute_average_loss", CLUSTER, "Use tf.reduce_mean."),
    Reason("tf.nn.scale_regularization_loss", CLUSTER, "Use the loss as it is."),
    Reason("tf.*bfloat16", "is a number format of TPUs, which NumPy has not", "Use tf.float32."),
    # -- compiled parts of TensorFlow
    Reason("tf.load_*", "loads code compiled for TensorFlow", "Write the op as a class: docs/ops."),
    Reason("tf.sysconfig.*", "tells how to compile code for TensorFlow"),
    Reason("tf.COMPILER_VERSION", "tells how TensorFlow was compiled"),
    Reason("tf.CXX11_ABI_FLAG", "tells how TensorFlow was compiled"),
    Reason("tf.MONOLITHIC_BUILD", "tells how TensorFlow was compiled"),
    Reason("tf.version.COMPILER_VERSION", "tells how TensorFlow was compiled"),
    Reason("tf.nn.quantized_*", "computes on 8-bit integers for small devices",
           "Use the op on floats, and tf.quantization.fake_quant_* to see the effect."),
    Reason("tf.train.sdca_*", "is an internal of an estimator of TensorFlow's"),
    Reason("tf.train.do_quantize_training_on_graphdef", "rewrites a graph for small devices"),
    Reason("tf.train.experimental.*", "is for mixed precision on GPUs"),
    Reason("tf.nondifferentiable_batch_function", "batches requests of a model server"),
    Reason("tf.LMDBReader", "reads a database that needs a library of its own",
           "Read it with the lmdb package and feed the values."),
    Reason("tf.io.decode_proto", "needs compiled descriptions of messages",
           "Use tf.parse_example, or tf.py_func with the protobuf package."),
    Reason("tf.io.encode_proto", "needs compiled descriptions of messages",
           "Use tf.py_func with the protobuf package."),
    Reason("tf.image.generate_bounding_box_proposals", "is one op of a detection model",
           "Use tf.image.non_max_suppression."),
    # -- parts of data, estimator, keras
    Reason("tf.data.experimental.RaggedTensorStructure",
           "needs ragged tensors, which flowgraph has not",
           "Pad to one length, or use a SparseTensor."),
    Reason("tf.data.experimental.SqlDataset", "reads a database",
           "Use tf.data.Dataset.from_generator with the sqlite3 module."),
    Reason("tf.data.experimental.*Stats*", "measures TensorFlow's own threads",
           "Use Session.run_with_hooks, or a profiler."),
    Reason("tf.data.experimental.*_stats", "measures TensorFlow's own threads",
           "Use Session.run_with_hooks, or a profiler."),
    Reason("tf.data.experimental.CheckpointInputPipelineHook", "saves where an iterator stands",
           "Start the pipeline anew; a seed gives the same order."),
    Reason("tf.data.experimental.make_saveable_from_iterator", "saves where an iterator stands",
           "Start the pipeline anew; a seed gives the same order."),
    Reason("tf.estimator.Head.*metrics", "needs metrics of the second version's API",
           "Use create_estimator_spec; its eval_metric_ops are the metrics."),
    Reason("tf.feature_column.sequence_*", "is for columns of sequences",
           "Look the ids up with tf.nn.embedding_lookup, and pad with Dataset.padded_batch."),
    Reason("tf.keras.applications.*", "needs weights from the network", "Restore a checkpoint."),
    Reason("tf.keras.preprocessing.*", "is one of the rarely used functions of keras's "
           "preprocessing", "Use ImageDataGenerator, or NumPy."),
    Reason("tf.keras.metrics.*", "adds up over batches by variables of its own",
           "Use tf.metrics, or the functions of tf.keras.metrics."),
    Reason("tf.keras.estimator.*", "makes an Estimator", "Train the model with fit."),
    Reason("tf.keras.experimental.*", "is experimental in TensorFlow 1.15 too"),
    Reason("tf.keras.mixed_precision.*", "is for mixed precision on GPUs"),
    Reason("tf.keras.wrappers.*", "wraps models for scikit-learn"),
    Reason("tf.keras.backend.*", "is one of the rarely used functions of keras's backend",
           "Use the op of tf that does it."),
    Reason("tf.keras.callbacks.*", "is one of the rarely used callbacks of keras",
           "Write a class with on_epoch_end."),
    Reason("tf.keras.models.*", "saves models in files that need HDF5 or code",
           "Use model.save_weights, and build the model anew."),
    Reason("tf.keras.utils.*", "belongs to saving models, to downloads, or to threads"),
    Reason("tf.keras.layers.CuDNN*", "runs on NVIDIA's cuDNN alone",
           "Use LSTM, or GRU(reset_after=True), with recurrent_activation='sigmoid'."),
    Reason("tf.keras.*", "is a rarely used part of keras",
           "Use a layer of tf.keras.layers, or an op in a Lambda layer."),
    Reason("tf.train.Checkpoint", "saves objects of the second version's API",
           "Use tf.train.Saver; it restores what tf.train.Checkpoint saved, by variables' names."),
    Reason("tf.train.CheckpointManager", "saves objects of the second version's API",
           "Use tf.train.Saver(max_to_keep=...)."),
    Reason("tf.summary.initialize", "is for summaries that write files from inside the graph, of "
           "the second version's API", "Write what Session.run gives with "
           "tf.summary.FileWriter.add_summary."),
    Reason("tf.summary.all_v2_summary_ops", "is for summaries that write files from inside the "
           "graph, of the second version's API", "Use tf.summary.merge_all."),
    Reason("tf.profiler.advise", "tells what is wrong with a graph by rules for TensorFlow's own "
           "kernels", "Look at tf.profiler.profile(cmd='op') and at the timeline."),
    Reason("tf.profiler.AdviceProto", "is what tf.profiler.advise gives"),
    Reason("tf.profiler.OpLogProto", "gives ops types of the user's own for tf.profiler",
           "Choose them by name: ProfileOptionBuilder.with_node_names."),
    Reason("tf.profiler.write_op_log", "writes types of ops for a program of TensorFlow's",
           "Write the RunMetadata with tf.summary.FileWriter.add_run_metadata."),
    Reason("tf.saved_model.load_v2", EAGER, "Use tf.saved_model.load(sess, tags, export_dir)."),
    Reason("tf.saved_model.save", EAGER, "Use tf.saved_model.simple_save, or Builder."),
    Reason("tf.saved_model.experimental.*", EAGER),
    *(Reason(*row) for row in CONTRIB),
    Reason("tf.get_session_*", "keeps values on a device between runs", "Use a tf.Variable."),
    Reason("tf.delete_session_tensor", "keeps values on a device between runs",
           "Use a tf.Variable."),
    Reason("tf.CriticalSection", "orders steps that run at the same time; a run is in order here",
           "Leave it out."),
    Reason("tf.errors.raise_exception_on_not_ok_status", "is an internal of TensorFlow"),
)


@cache
def tensorflow_names() -> frozenset[str]:
    """The public names of TensorFlow 1.15, as `tf.nn.relu`."""
    return frozenset((Path(__file__).parent / "tf115.txt").read_text().split())


def reason_for(name: str) -> Reason | None:
    """Why a name of TensorFlow 1.15 is missing; None when nothing is said about it.

    A pattern speaks of TensorFlow's names: not of a slip such as `tf.keras.layers.Densee`, which
    the listing of them tells, where there is one.
    """
    reason = next((reason for reason in REASONS if fnmatchcase(name, reason.pattern)
                   or fnmatchcase(name + ".", reason.pattern)), None)
    if reason is None or "*" not in reason.pattern or not _is_listed(name):
        return reason
    return reason if is_of_tensorflow(name) else None


def _is_listed(name: str) -> bool:
    """Whether the listing of TensorFlow's public names tells if it has the name."""
    if name.startswith("tf.keras."):
        return name.startswith(LISTED_OF_KERAS)
    return not any(f"{name}.".startswith(f"{part}.") for part in UNLISTED)


def is_of_tensorflow(name: str) -> bool:
    """Whether TensorFlow 1.15 has this name, or names below it."""
    return name in tensorflow_names() or any(other.startswith(name + ".")
                                             for other in tensorflow_names())


def absence(name: str) -> str:
    """What to say of a name that flowgraph does not have: one or two sentences."""
    old = before_one(name) or of_one(name) or by_path(name)
    if old:
        return old
    reason = reason_for(name)
    if reason is not None:
        return f"flowgraph does not offer {name}: it {reason.why}. {reason.instead}".rstrip()
    if is_of_tensorflow(name):
        return (f"flowgraph does not offer {name} of TensorFlow 1.15 yet; docs/api_coverage.md "
                "lists what is offered.")
    return f"flowgraph has no {name}{CLAIM if _is_listed(name) else '.'}"
